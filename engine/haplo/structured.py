"""Values made of parts: names of persons and postal addresses, out of an object with those parts.

Stands on `javascript` and `countries`. Next: `values`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.haplo.countries import COUNTRIES
from engine.haplo.javascript import in_order, is_true, text, to_json
from engine.haplo.models import STRUCTURED
from engine.haplo.outcome import StopError

_RUBY_SPACE: Final = " \t\n\v\f\r\0"
_BAD_COUNTRY: Final = "Missing or invalid country code in postal address, must be two letter ISO code"
_UNKNOWN_COUNTRY: Final = (
    "org.jruby.exceptions.RuntimeError: (RuntimeError) Postal addresses must use a recognised country"
)


def person_name(value: Any) -> dict[str, str] | None:
    """A person's name, or None without a last name; parts that the platform does not take stop the job."""
    if not isinstance(value, dict) or not is_true(value.get("last")):
        return None
    fault = _fault(value, "person-name", "O.T_TEXT_PERSON_NAME")
    if fault is not None:
        raise StopError(fault)
    trimmed = ((part, value[part].strip(_RUBY_SPACE)) for part in STRUCTURED["person-name"] if part in value)
    return {"type": "person-name", **{part: written for part, written in trimmed if written}}


def person_title(value: dict[str, Any]) -> str:
    """A person's name as one text, as titles are compared."""
    return " ".join(value[part] for part in STRUCTURED["person-name"] if value.get(part))


def postal_address(value: Any, report: Callable[[str, str], None]) -> dict[str, str] | None:
    """A postal address; `report` gets the summary and the whole message when there is something wrong with it."""
    if not isinstance(value, (dict, list)):
        return None
    country = value.get("country") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(country, str) or len(country) != 2:
        report(_BAD_COUNTRY, f"{_BAD_COUNTRY}: {to_json(value)}")
        return None
    fault = _fault(value, "postal-address", "O.T_IDENTIFIER_POSTAL_ADDRESS")
    if fault is None and country not in COUNTRIES:
        fault = _UNKNOWN_COUNTRY
    if fault is not None:
        report(f"Invalid postal address ({fault})", f"Invalid postal address: {to_json(value)} ({fault})")
        return None
    return {"type": "postal-address", **{part: value[part] for part in STRUCTURED["postal-address"] if part in value}}


def _fault(value: dict[str, Any], kind: str, constant: str) -> str | None:
    for key in in_order(value):
        part = value[key]
        if key not in STRUCTURED[kind]:
            return f"Invalid key '{text(key)}' in dictionary passed to O.text({constant},...)"
        if not isinstance(part, str):
            return f"Values in the dictionary passed to O.text({constant},...) must be strings."
    return None
