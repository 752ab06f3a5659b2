"""The mapping document: how records of one source become rows of one entity.

Next: `spec/derive`, which makes SQL of it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from engine.kinds.rule import Rule
from engine.kinds.value import Join, Nested, OnePer
from engine.kinds.word import Name, Word, problem


class From(Word):
    """Where the records come from: one set or table, several of the same form, or the items of a list field."""

    set: str | None = None
    union: Annotated[list[str] | None, Field(description="sets or tables whose records follow each other")] = None
    each: Annotated[str | None, Field(description="a list field of `set`: a record for each item")] = None
    name: Annotated[Name, Field(description="the field that holds the item, with `each`")] = "item"

    @model_validator(mode="after")
    def _one(self) -> From:
        if (self.set is None) == (self.union is None):
            raise problem("one-origin", "'from' names a set, or a union of sets")
        if self.each is not None and self.set is None:
            raise problem("one-origin", "'each' goes with 'set' only")
        return self

    @property
    def sets(self) -> list[str]:
        return [self.set] if self.set is not None else list(self.union or [])


def _plain_set(value: Any) -> Any:
    return {"set": value} if isinstance(value, str) else value


Origin = Annotated[From, BeforeValidator(_plain_set, json_schema_input_type=str | From)]


class Table(Word):
    """A step that several fields, or mappings, may share: records with joins, filters and fields of its own."""

    from_: Annotated[Origin, Field(alias="from")]
    join: dict[Name, Join] = {}
    where: list[Rule] = []
    fields: dict[str, Nested] = {}


class Mapping(Word):
    """From the record sets of one source to one entity."""

    mapping: Annotated[Name, Field(description="the entity that is built")]
    source: Name
    note: str = ""
    tables: dict[Name, Table] = {}
    from_: Annotated[Origin, Field(alias="from")]
    join: dict[Name, Join] = {}
    one_per: Annotated[
        OnePer | None, Field(description="many records, one row; without it a repeated key is a fault")
    ] = None
    where: list[Rule] = []
    fields: dict[Name, Nested]
