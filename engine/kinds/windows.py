"""Endpoints that are read by windows of dates: the parameters of a window, and which windows some days are cut into.

Which days are read in a run is decided by the run; nothing is kept here. Next: `kinds/answer`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from engine.kinds.changes import DateFormat
from engine.kinds.word import Duration, TemplateText, Word, problem, seconds

Window = tuple[date, date]
"""The first day and the last."""
_DURATION = TypeAdapter(Duration)


def days(duration: str) -> int:
    """Return a duration in days; a part of one counts as a whole one."""
    return math.ceil(seconds(duration) / 86_400)


def day_before(text: str, today: date) -> date | None:
    """Return the day that a text names, as a date or as so long before today; None where it is neither."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        pass
    try:
        return today - timedelta(days=days(_DURATION.validate_python(text.strip())))
    except (ValidationError, OverflowError):
        return None


def _check_since(text: str) -> str:
    if "{{" not in text and "{%" not in text and day_before(text, date(2000, 1, 1)) is None:
        raise problem("bad-value", f"{text!r} is no date of the form yyyy-mm-dd, and no duration such as 400d")
    return text


class Windows(Word):
    """Records asked for by the days that they belong to. A window that is read replaces itself, never more."""

    from_: Annotated[str, Field(alias="from", description="the parameter that holds a window's first day")]
    to: Annotated[
        str | None,
        Field(description="the parameter that holds its last day; without one, `from` holds the one day of `by: day`"),
    ] = None
    by: Annotated[Literal["day", "week", "month"], Field(description="how long a window is; weeks begin on Mondays")]
    field: Annotated[
        str,
        Field(
            description="the field by whose day a record belongs to a window; a set without it belongs by its link to "
            "the key of a set of the same endpoint that has it"
        ),
    ]
    since: Annotated[
        TemplateText,
        AfterValidator(_check_since),
        Field(
            description="the first day that is read, by a read in full: a date, a duration before today, or a template "
            "of `config` and `settings` that gives one of them"
        ),
    ]
    last: Annotated[Duration, Field(description="how far back from the last read each run reads again")] = "14d"
    format: Annotated[DateFormat, Field(description="how days are written in the parameters, as in strftime")] = (
        "%Y-%m-%d"
    )
    inclusive: Annotated[
        bool, Field(description="`to` holds the last day of a window; if not, it holds the day after")
    ] = True
    full_every: Annotated[
        Duration | None, Field(description="after so long everything since the first day is read anew; never by itself")
    ] = None

    @model_validator(mode="after")
    def _fits(self) -> Windows:
        if self.to is None and self.by != "day":
            raise problem("missing-key", f"windows by {self.by} need a parameter for their last day", "add to: PARAM")
        return self

    def cut(self, first: date, last: date) -> list[Window]:
        """Return the windows of some days, both ends included; those at the ends are as short as the days are."""
        found = []
        while first <= last:
            end = min(self._end(first), last)
            found.append((first, end))
            first = end + timedelta(days=1)
        return found

    def again(self, before: date) -> date:
        """Return the first day that is read again after a read up to a day: that of the whole window it falls into."""
        day = before - timedelta(days=days(self.last))
        if self.by == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self.by == "month" else day

    def params(self, window: Window) -> dict[str, str]:
        """Return the parameters that ask for a window."""
        return dict(self._params(window))

    def _params(self, window: Window) -> Iterator[tuple[str, str]]:
        first, last = window
        yield self.from_, first.strftime(self.format)
        if self.to is not None:
            yield self.to, (last if self.inclusive else last + timedelta(days=1)).strftime(self.format)

    def _end(self, day: date) -> date:
        """Return the last day of the window that a day falls into."""
        if self.by == "day":
            return day
        if self.by == "week":
            return day + timedelta(days=6 - day.weekday())
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
