"""Filters: what happens to a value between `mapInputValue` and its type. Each is a function of value and users.

None is "nothing", and is handed on to the next filter. Stands on `javascript`. Next: `values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.haplo.javascript import text
from engine.haplo.outcome import StopError

Filter = Callable[[Any], Any]

_REF: Final = re.compile(r"[0-9qv-z]+\Z")
_TO_HEX: Final = str.maketrans("qvwxyz", "abcdef")
_FROM_HEX: Final = str.maketrans("abcdef", "qvwxyz")
_HOST: Final = re.compile(r"[a-zA-Z][a-zA-Z+.\-/]+\Z")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object, between a filter and the value that holds it. `str` gives its written form."""

    written: str

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Directory:
    """Where filters look things up; each function gives the written form of a reference, or None."""

    by_behaviour: Callable[[str], str | None]
    by_username: Mapping[str, str | None]
    by_email: Mapping[str, str | None]


def _ref(found: str | None) -> Ref | None:
    return None if found is None else Ref(found)


def _string_to_ref(_: Directory, value: Any) -> Any:
    if not isinstance(value, str) or not _REF.match(value):
        return None
    number = int(value.translate(_TO_HEX), 16)
    return Ref(format(number, "x").translate(_FROM_HEX)) if number < 2**63 else None


def _code_to_ref(directory: Directory, value: Any) -> Any:
    return _ref(directory.by_behaviour(value)) if isinstance(value, str) else None


def _username_to_ref(directory: Directory, value: Any) -> Any:
    if not isinstance(value, str):
        raise StopError(None, "haplo:username-to-ref was given a value that is not text")
    return _ref(directory.by_username.get(value.lower()))


def _email_to_ref(directory: Directory, value: Any) -> Any:
    return _ref(directory.by_email.get(value.lower())) if isinstance(value, str) else None


def _fix_up_url(_: Directory, value: Any) -> Any:
    if not isinstance(value, str):
        return None
    # The pattern has no digits: a host such as h2.example.org stays as it is.
    return f"https://{value}" if _HOST.match(value) else value


def _to_lower_case(_: Directory, value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _to_upper_case(_: Directory, value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _to_string(_: Directory, value: Any) -> Any:
    if value is None:
        raise StopError(None, "haplo:to-string was given nothing by the filter before it")
    return text(value)


FILTERS: Final[Mapping[str, Callable[[Directory, Any], Any]]] = {
    "haplo:string-to-ref": _string_to_ref,
    "haplo:code-to-ref": _code_to_ref,
    "haplo:username-to-ref": _username_to_ref,
    "haplo:email-to-ref": _email_to_ref,
    "haplo:fix-up-url": _fix_up_url,
    "haplo:to-lower-case": _to_lower_case,
    "haplo:to-upper-case": _to_upper_case,
    "haplo:to-string": _to_string,
}


def find_filter(name: Any, directory: Directory) -> Filter:
    """The filter of that name; an unknown one stops the job."""
    known = FILTERS.get(name) if isinstance(name, str) else None
    if known is None:
        raise StopError(f"no filter defined for name: {text(name)}")
    apply = known
    return lambda value: apply(directory, value)
