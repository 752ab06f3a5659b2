"""Where a value stands in an XML answer: element paths, the second class of paths beside JSONPath.

Names are steps down, `@Id` is an attribute, `..` the element above, `.` the element itself: `Town`,
`Address/Town`, `Child/Grandchild/@Id`, `../../@Id`. Names are local names: a namespace is passed over. The path of a
record set begins below the root element. `PlaceText` is for words that hold either class; `spec/check_paths` says
which it is. Next: `kinds/types`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from engine.kinds.select import path
from engine.kinds.word import problem

_NAME = r"(?!xmlns\b)[^\W\d][\w.\-]*"
_PATH = re.compile(rf"\.|(?:(?:\.\./)*(?:\.\.|{_NAME}(?:/{_NAME})*))(?:/@{_NAME})?|@{_NAME}")


@dataclass(frozen=True)
class ElementPath:
    """A path of elements: so many up, these down, and the attribute there; without one, the element's own text."""

    text: str
    up: int
    steps: tuple[str, ...]
    attribute: str | None

    @property
    def first_key(self) -> str:
        """Return what stands first on it in the record itself, as `Town` or `@Id`; '' for what stands elsewhere."""
        if self.up:
            return ""
        return self.steps[0] if self.steps else f"@{self.attribute}" if self.attribute else ""


@lru_cache(maxsize=1024)
def element_path(text: str) -> ElementPath:
    """Read an element path; raises ValueError with one line when it is none."""
    if not _PATH.fullmatch(text):
        raise ValueError("names, separated by '/'; '@' before the name of an attribute at the end; '..' at the start")
    parts = [part for part in text.split("/") if part != "."]
    up = parts.count("..")
    attribute = parts.pop()[1:] if parts and parts[-1].startswith("@") else None
    return ElementPath(text, up, tuple(parts[up:]), attribute)


def is_element_path(text: str) -> bool:
    """Say whether a text is an element path."""
    return _PATH.fullmatch(text) is not None


def _check(text: str) -> str:
    try:
        element_path(text)
    except ValueError as error:
        raise problem("bad-path", f"{text!r} is not an element path: {error}") from None
    return text


def _check_either(text: str) -> str:
    if is_element_path(text):
        return text
    try:
        path(text)
    except ValueError as error:
        raise problem("bad-path", f"{text!r} is not a JSONPath: {error}") from None
    return text


ElementText = Annotated[str, AfterValidator(_check), Field(json_schema_extra={"element": True})]
PlaceText = Annotated[str, AfterValidator(_check_either), Field(json_schema_extra={"place": True})]
"""A JSONPath, or an element path where the api's answers are XML."""
