"""When an endpoint that is asked for each record of a set is asked for a record again. Next: `kinds/answer`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.kinds.word import Duration, Word, problem

Reason = Literal["new", "changed", "oldest"]
"""Why a record is asked for: it never was, it has changed since, or it was so long ago."""
REASONS: tuple[Reason, ...] = ("new", "changed", "oldest")


def _check_once(order: list[Reason]) -> list[Reason]:
    if len(set(order)) < len(order):
        raise problem("bad-value", "a word stands twice in `order`")
    return order


class Refresh(Word):
    """Which records are asked for in a run; what came of the others before stands until their turn has come.

    New records are always asked for. With neither `parent_changed` nor `after`, so are all others.
    """

    parent_changed: Annotated[
        bool | list[str],
        Field(description="those that have changed since they were asked for: in any field in use, or in one of these"),
    ] = False
    after: Annotated[Duration | None, Field(description="those that were asked for so long ago, or longer")] = None
    order: Annotated[
        list[Reason],
        AfterValidator(_check_once),
        Field(
            description="which are asked for first; what is not named comes after, in the order new, changed, oldest"
        ),
    ] = list(REASONS)
    budget: Annotated[
        int | None,
        Field(ge=1, description="for how many records it is asked in one run at most; the rest comes next time"),
    ] = None

    @property
    def every_run(self) -> bool:
        """Whether all records are asked for in every run, as far as the budget goes."""
        return not self.parent_changed and self.after is None

    @property
    def looked_at(self) -> list[str]:
        """The fields that are named, by which a record has changed."""
        return self.parent_changed if isinstance(self.parent_changed, list) else []

    def rank(self, reason: Reason) -> int:
        """Return the place of a reason in the order."""
        ordered = [*self.order, *(each for each in REASONS if each not in self.order)]
        return ordered.index(reason)
