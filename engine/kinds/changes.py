"""How a source is asked for what changed only: one class per kind, registered in `Changes` on the last line.

A kind says which parameters open a read in full and which go on from the last one; what was last read lives in the
state, never here. Next: `kinds/answer`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.expression import pattern_problem
from engine.kinds.select import PathText
from engine.kinds.word import Duration, Word, problem, seconds

RestartWhen = Literal["params", "fields", "scopes"]


def _check_format(text: str) -> str:
    wrong = pattern_problem(text)
    if wrong is not None:
        raise problem("bad-format", f"{text!r} is no pattern of a date or a time: {wrong}")
    return text


DateFormat = Annotated[str, AfterValidator(_check_format)]
"""How dates or times are written, as in strftime."""
FullEvery = Annotated[
    Duration, Field(description="after so long everything is read anew, so that what went wrong heals by itself")
]
RestartWords = Annotated[
    list[RestartWhen],
    Field(
        description="what makes the next read one in full: other parameters or options, a field that was not read "
        "before, other fields in the records"
    ),
]
Total = Annotated[
    PathText | None,
    Field(description="where an answer says how many records there are, those that did not change included"),
]


class NoChanges(Word):
    """Everything is read each time."""

    kind: Literal["none"]


class ChangeToken(Word):
    """Each read gives a token; asked with it, the source answers what changed since, and what is gone."""

    kind: Literal["token"]
    param: Annotated[str, Field(description="the parameter that holds the token")]
    first: Annotated[str, Field(description="what is asked with in place of a token, to get everything")] = "*"
    next: Annotated[PathText, Field(description="where an answer gives the token for the next read")]
    restart_when: RestartWords = ["params", "fields", "scopes"]
    full_every: FullEvery = "7d"
    total: Total = None

    def begin(self) -> dict[str, str]:
        """Return the parameters of a read in full."""
        return {self.param: self.first}

    def go_on(self, token: str | None, since: datetime) -> dict[str, str] | None:
        """Return the parameters that ask for changes only; None where that cannot be asked."""
        return None if token is None else {self.param: token}


class ChangedSince(Word):
    """The source answers what changed since a date, and nothing of what is gone: that is seen by reads in full."""

    kind: Literal["since"]
    param: Annotated[str, Field(description="the parameter that holds the date")]
    format: Annotated[
        DateFormat,
        Field(description="how the date is written, as in strftime; in the school's time"),
    ] = "%Y-%m-%d"
    overlap: Annotated[Duration, Field(description="how long before the last read the date is set")] = "1d"
    restart_when: RestartWords = ["params", "fields", "scopes"]
    full_every: FullEvery = "7d"
    total: Total = None

    def begin(self) -> dict[str, str]:
        """Return the parameters of a read in full."""
        return {}

    def go_on(self, token: str | None, since: datetime) -> dict[str, str] | None:
        """Return the parameters that ask for changes only; None where that cannot be asked."""
        return {self.param: (since - timedelta(seconds=seconds(self.overlap))).strftime(self.format)}


class DeletedSets(Word):
    """Where an answer lists the records that are gone: in a list beside each set's own."""

    suffix: Annotated[str, Field(min_length=1, description="follows the name of the list of records")]


class DataTime(Word):
    """Where an answer says of when its data are."""

    at: Annotated[PathText, Field(description="where the time stands; in the school's time, if it has no zone")]
    format: Annotated[
        str | None,
        AfterValidator(lambda text: text if text is None else _check_format(text)),
        Field(description="how it is written, as in strftime, if it is no ISO time"),
    ] = None


Changes = Annotated[NoChanges | ChangeToken | ChangedSince, Field(discriminator="kind")]
