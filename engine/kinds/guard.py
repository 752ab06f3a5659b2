"""What may happen to an entity in one night before a run stops and asks: `guards` of a school file.

A limit is a count of rows, or a share of them (`10%`). Next: `spec/school`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic.json_schema import WithJsonSchema

from engine.kinds.word import Duration, Name, Word, problem

FEW: Final = 3
"""So few rows never are too large a share: of ten rows two may go."""
_SHARE: Final = re.compile(r"(100|[0-9]{1,2}(?:\.[0-9]+)?)%")


def _check_limit(value: int | str) -> int | str:
    good = value >= 0 if isinstance(value, int) else _SHARE.fullmatch(value) is not None
    if not good:
        raise problem("bad-unit", f"{value!r} is no limit: write a count such as 50, or a share such as 10%")
    return value


Limit = Annotated[
    int | str,
    AfterValidator(_check_limit),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_SHARE.pattern}$"}]}
    ),
]
"""A count of rows, or a share of them."""


def rows_of(limit: int | str, base: int) -> float:
    """Return a limit in rows, of so many."""
    return float(limit) if isinstance(limit, int) else base * float(limit.removesuffix("%")) / 100


def exceeds(figure: int, limit: int | str, base: int) -> bool:
    """Say whether a figure is above a limit; a few rows are no share worth a stop."""
    few = isinstance(limit, str) and figure <= FEW and rows_of(limit, base) > 0
    return figure > rows_of(limit, base) and not few


class Limits(Word):
    """What may happen to an entity's rows in one night; null switches a guard off."""

    max_removed: Annotated[
        Limit | None, Field(description="rows that are gone at the source; a share is of those sent before")
    ] = "10%"
    max_changed: Annotated[
        Limit | None,
        Field(description="rows that change, or are merged with others; a share is of those sent before"),
    ] = "50%"
    max_quarantined: Annotated[
        Limit | None, Field(description="rows held back; a share is of all that should go out")
    ] = "10%"
    min_rows: Annotated[Limit | None, Field(description="rows that there must be; a share is of those sent before")] = (
        "1%"
    )
    max_age: Annotated[Duration | None, Field(description="how old the source's data may be by its own account")] = None
    max_rescoped: Annotated[
        Limit | None, Field(description="rows lost because a mapping, a setting or what is asked for was changed")
    ] = 0


class Guards(Limits):
    """The limits of all entities, and those of some."""

    entities: Annotated[dict[Name, Limits], Field(description="limits of single entities, where they differ")] = {}

    def of(self, entity: str) -> Limits:
        """Return an entity's limits: its own, then those of all, then what is sane."""
        own = self.entities.get(entity)
        given: Mapping[str, object] = {} if own is None else {name: getattr(own, name) for name in own.model_fields_set}
        return Limits.model_validate({**{name: getattr(self, name) for name in Limits.model_fields}, **given})
