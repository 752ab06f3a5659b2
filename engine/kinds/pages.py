"""How a long answer is cut into pages: one class per kind, registered in `Pages` on the last line.

A kind says which parameters ask for page N and what an answer says about the whole. It holds no state.
Next: `kinds/answer`.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

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


class _Whole(Word):
    """What every kind answers; by itself: everything comes in one answer."""

    def params(self, page: int) -> dict[str, str]:
        """Return the parameters that ask for a page."""
        return {}

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

    def first_page(self) -> int:
        """Return the number of the first page."""
        return 1

    def page_size(self) -> int | None:
        """Return how many records a full page has, where that is known."""
        return None

    def requests_for(self, records: int) -> int:
        """Return how many requests a list of so many records takes, if pages are as large as they are asked for."""
        return 1


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

    def params(self, page: int) -> dict[str, str]:
        own = {self.param: str(page)}
        return own if self.size is None else {**own, self.size.param: str(self.size.value)}

    def paths(self) -> list[str]:
        return [text for text in (self.last.at, self.total, self.page) if text is not None]

    def last_page(self, envelope: Any) -> int | None:
        found = path(self.last.at).first(envelope)
        if found is MISSING or found is None:
            return self.first if self.last.absent == "one" else None
        return whole_number(found)

    def stated_total(self, envelope: Any) -> int | None:
        return None if self.total is None else whole_number(path(self.total).first(envelope))

    def stated_page(self, envelope: Any) -> int | None:
        return None if self.page is None else whole_number(path(self.page).first(envelope))

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

    def params(self, page: int) -> dict[str, str]:
        own = {self.param: str(page)}
        return own if self.size is None else {**own, self.size.param: str(self.size.value)}

    def states_last(self) -> bool:
        return False

    def last_page(self, envelope: Any) -> int | None:
        return None

    def first_page(self) -> int:
        return self.first

    def requests_for(self, records: int) -> int:
        size = records if self.size is None else self.size.value
        full, rest = divmod(records, size) if records else (0, 0)
        return full + 1 if rest == 0 or full else 2  # the end is seen by a page that is shorter than the one before


def whole_number(value: Any) -> int | None:
    """Return a count that a source wrote as a number or as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


Pages = Annotated[OnePage | NumberedPages | OpenPages, Field(discriminator="kind")]
