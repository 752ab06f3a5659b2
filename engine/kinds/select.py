"""Where a value stands in an answer: JSONPath, read once, applied many times. The home of jsonpath-ng.

Simple paths (`$.a.b[0]`, `a.b`) are steps that native readers can be told; `Path.simple` says so. Others
(`$..x`, `[*]`, `[?(...)]`) are left to jsonpath-ng. Paths in answers of XML are another class. Next: `kinds/element`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from engine.kinds.word import problem

Step = str | int
_SIMPLE = re.compile(r"(?:\$\.|\$(?=\[))?([\w@-]+|\[\d+\]|\['[^']+'\])((?:\.[\w@-]+|\[\d+\]|\['[^']+'\])*)")
_STEP = re.compile(r"\['([^']+)'\]|\[(\d+)\]|([\w@-]+)")


class _Missing:
    """What a path gives where nothing stands: not the same as null."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True)
class Path:
    """A JSONPath. `steps` is None where only jsonpath-ng can follow it."""

    text: str
    steps: tuple[Step, ...] | None

    @property
    def simple(self) -> bool:
        return self.steps is not None

    def first(self, data: Any) -> Any:
        """Return the first value at this path, or MISSING."""
        if self.steps is None:
            found = self.all(data)
            return found[0] if found else MISSING
        for step in self.steps:
            if isinstance(step, int):
                if not isinstance(data, list) or step >= len(data):
                    return MISSING
                data = data[step]
            elif isinstance(data, dict) and step in data:
                data = data[step]
            else:
                return MISSING
        return data

    def all(self, data: Any) -> list[Any]:
        """Return every value at this path, in the order of the document."""
        if self.steps is not None:
            found = self.first(data)
            return [] if found is MISSING else [found]
        return [match.value for match in _compiled(self.text).find(data)]


@lru_cache(maxsize=1024)
def path(text: str) -> Path:
    """Read a path; raises ValueError with one line when it is not JSONPath."""
    if text in ("$", ""):
        return Path(text, ())
    if _SIMPLE.fullmatch(text):
        body = text[1:] if text.startswith("$") else text
        return Path(text, tuple(int(i) if i else quoted or name for quoted, i, name in _STEP.findall(body)))
    _compiled(text)
    return Path(text, None)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext.parser import parse

    try:
        return parse(text)
    except JSONPathError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def _check(text: str) -> str:
    try:
        path(text)
    except ValueError as error:
        raise problem("bad-path", f"{text!r} is not a JSONPath: {error}") from None
    return text


PathText = Annotated[str, AfterValidator(_check), Field(json_schema_extra={"path": True})]
