"""How a long answer is cut into pages: one class per kind, registered in `Pages` on the last line.

A kind says which parameters ask for page N and what an answer says about the whole. It holds no state.
Next: `kinds/answer`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from engine.kinds.select import MISSING, PathText, path
from engine.kinds.word import Word


class PageSize(Word):
    """The parameter that asks for a page size, and the size that is asked for."""

    param: Annotated[str, Field(description="the name of the parameter")]
    value: Annotated[int, Field(description="how many records are asked for", gt=0)]


class LastPage(Word):
    """Where an answer says how many pages there are; `absent: one` when it may leave that out on a single page."""

    at: Annotated[PathText, Field(description="where the number of pages stands")]
    absent: Annotated[
        Literal["one", "error"], Field(description="what it means if it is not there: one page, or a wrong answer")
    ] = "error"


@dataclass(frozen=True)
class Came:
    """What the pages before have brought: how many records, and what the last of them says asks for the next."""

    records: int = 0
    next: str = ""


NOTHING_CAME = Came()


class _Whole(Word):
    """What every kind answers; by itself: everything comes in one answer."""

    def params(self, page: int, came: Came = NOTHING_CAME) -> dict[str, str]:
        """Return the parameters that ask for a page."""
        return {}

    def chained(self) -> bool:
        """Say whether each answer says what asks for the next, so that none can be asked for without those before."""
        return False

    def after(self, envelope: Any) -> str | None:
        """Return what asks for the next page, where an answer says so; None on the last. Raises ValueError."""
        return None

    def states_last(self) -> bool:
        """Say whether it is known after the first page which is the last."""
        return True

    def paths(self) -> list[str]:
        """Return the paths that `last_page` and `stated_total` look at."""
        return []

    def last_page(self, envelope: Any) -> int | None:
        """Return the number of the last page, or None where the answer should say and does not."""
        return 1

    def stated_total(self, envelope: Any) -> int | None:
        """Return how many records the source says there are in all, where it says so."""
        return None

    def stated_page(self, envelope: Any) -> int | None:
        """Return which page the answer says it is, where it says so."""
        return None

    def tells_pages(self) -> list[str]:
        """Return the parameters by which pages are told from each other."""
        param: str | None = getattr(self, "param", None)
        return [] if param is None else [param]

    def first_page(self) -> int:
        """Return the number of the first page."""
        return 1

    def page_size(self) -> int | None:
        """Return how many records a full page has, where that is known."""
        return None

    def requests_for(self, records: int) -> int:
        """Return how many requests a list of so many records takes, if pages are as large as they are asked for."""
        return 1


def _asked(size: PageSize | None) -> dict[str, str]:
    return {} if size is None else {size.param: str(size.value)}


class OnePage(_Whole):
    """Everything comes in one answer."""

    kind: Literal["none"]


class NumberedPages(_Whole):
    """Pages asked for by number; the answer states how many there are."""

    kind: Literal["number"]
    param: Annotated[str, Field(description="the parameter that holds the page")]
    first: Annotated[int, Field(description="the number of the first page")] = 1
    size: Annotated[PageSize | None, Field(description="how large a page is asked for")] = None
    last: Annotated[LastPage, Field(description="how the number of the last page is found")]
    total: Annotated[PathText | None, Field(description="where an answer says how many records there are")] = None
    page: Annotated[PathText | None, Field(description="where an answer says which page it is")] = None

    def params(self, page: int, came: Came = NOTHING_CAME) -> dict[str, str]:
        return {self.param: str(page), **_asked(self.size)}

    def paths(self) -> list[str]:
        return [text for text in (self.last.at, self.total, self.page) if text is not None]

    def last_page(self, envelope: Any) -> int | None:
        found = path(self.last.at).first(envelope)
        if found is MISSING or found is None:
            return self.first if self.last.absent == "one" else None
        return whole_number(found)

    def stated_total(self, envelope: Any) -> int | None:
        return _number_at(self.total, envelope)

    def stated_page(self, envelope: Any) -> int | None:
        return _number_at(self.page, envelope)

    def first_page(self) -> int:
        return self.first

    def page_size(self) -> int | None:
        return self.size.value if self.size else None

    def requests_for(self, records: int) -> int:
        return 1 if self.size is None else max(1, math.ceil(records / self.size.value))


class OpenPages(_Whole):
    """Pages asked for by number, one after the other, until one is empty or has fewer records than the one before it.

    For answers that do not say how many there are. The size that was asked for ends nothing: a source may give less.
    """

    kind: Literal["open"]
    param: Annotated[str, Field(description="the parameter that holds the page")]
    first: Annotated[int, Field(description="the number of the first page")] = 1
    size: Annotated[PageSize | None, Field(description="how large a page is asked for")] = None

    def params(self, page: int, came: Came = NOTHING_CAME) -> dict[str, str]:
        return {self.param: str(page), **_asked(self.size)}

    def states_last(self) -> bool:
        return False

    def last_page(self, envelope: Any) -> int | None:
        return None

    def first_page(self) -> int:
        return self.first

    def requests_for(self, records: int) -> int:
        return _until_shorter(records, records if self.size is None else self.size.value)


def _until_shorter(records: int, size: int) -> int:
    """Return how many requests it takes until a page is seen that is shorter than the one before it."""
    full, rest = divmod(records, size) if records else (0, 0)
    return full + 1 if rest == 0 or full else 2


class OffsetPages(_Whole):
    """Pages asked for by how many records come before them.

    Where answers state the `total`, it says which page is the last, and each page must be as large as it was asked for.
    Else pages are asked for one after the other, each from where the one before it ended, until one is empty or has
    fewer records than the one before it.
    """

    kind: Literal["offset"]
    param: Annotated[str, Field(description="the parameter that holds how many records come before")]
    first: Annotated[int, Field(description="what it is for the first page, 0 or 1")] = 0
    size: Annotated[PageSize, Field(description="how large a page is asked for")]
    total: Annotated[PathText | None, Field(description="where an answer says how many records there are")] = None

    def params(self, page: int, came: Came = NOTHING_CAME) -> dict[str, str]:
        before = came.records if self.total is None else (page - 1) * self.size.value
        return {self.param: str(self.first + before), **_asked(self.size)}

    def states_last(self) -> bool:
        return self.total is not None

    def paths(self) -> list[str]:
        return [] if self.total is None else [self.total]

    def last_page(self, envelope: Any) -> int | None:
        total = self.stated_total(envelope)
        return None if total is None else max(1, math.ceil(total / self.size.value))

    def stated_total(self, envelope: Any) -> int | None:
        return _number_at(self.total, envelope)

    def page_size(self) -> int | None:
        return self.size.value if self.total is not None else None

    def requests_for(self, records: int) -> int:
        if self.total is None:
            return _until_shorter(records, self.size.value)
        return max(1, math.ceil(records / self.size.value))


class NextPage(Word):
    """Where an answer says what asks for the page after it: null or an empty text there is the end."""

    at: Annotated[PathText, Field(description="where it stands")]
    absent: Annotated[
        Literal["last", "error"], Field(description="what it means if nothing stands there: the end, or a wrong answer")
    ] = "error"
    url: Annotated[bool, Field(description="it is a URL, in whose query the value of `param` stands")] = False


class CursorPages(_Whole):
    """Pages of which each says what asks for the next: a cursor, a token, or a URL; the last one says nothing."""

    kind: Literal["cursor"]
    param: Annotated[str, Field(description="the parameter that holds what the page before gave")]
    next: Annotated[NextPage, Field(description="where an answer says what asks for the next page")]
    size: Annotated[PageSize | None, Field(description="how large a page is asked for")] = None
    total: Annotated[PathText | None, Field(description="where an answer says how many records there are")] = None

    def params(self, page: int, came: Came = NOTHING_CAME) -> dict[str, str]:
        own = {self.param: came.next} if came.next else {}
        return {**own, **_asked(self.size)}

    def chained(self) -> bool:
        return True

    def after(self, envelope: Any) -> str | None:
        found = path(self.next.at).first(envelope)
        if found is MISSING and self.next.absent == "error":
            raise ValueError(f"nothing stands at {self.next.at}")
        if found is MISSING or found is None or found == "":
            return None
        if isinstance(found, bool) or not isinstance(found, str | int):
            raise ValueError("it is neither text nor a number")
        if not self.next.url:
            return str(found)
        values = parse_qs(urlsplit(str(found)).query).get(self.param)
        if not values:
            raise ValueError(f"it is no URL that gives '{self.param}' a value")
        return values[0]

    def states_last(self) -> bool:
        return False

    def paths(self) -> list[str]:
        return [text for text in (self.next.at, self.total) if text is not None]

    def last_page(self, envelope: Any) -> int | None:
        return None

    def stated_total(self, envelope: Any) -> int | None:
        return _number_at(self.total, envelope)

    def requests_for(self, records: int) -> int:
        return 1 if self.size is None else max(1, math.ceil(records / self.size.value))


def _number_at(where: str | None, envelope: Any) -> int | None:
    return None if where is None else whole_number(path(where).first(envelope))


def whole_number(value: Any) -> int | None:
    """Return a count that a source wrote as a number or as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


Pages = Annotated[OnePage | NumberedPages | OpenPages | OffsetPages | CursorPages, Field(discriminator="kind")]
