"""A target entity: its fields, what must be true of them, and the order in which rows are written.

Next: `spec/mapping`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engine.kinds.types import TargetField
from engine.kinds.value import Constant
from engine.kinds.word import Name, Word


class Unique(Word):
    """Fields that together tell rows apart, beside the key; a row that lacks one of them is not looked at."""

    fields: Annotated[list[Name], Field(description="the fields; no two rows may have the same in all of them")]
    where: Annotated[dict[Name, Constant], Field(description="only rows with these values are looked at")] = {}
    as_: Annotated[
        Literal["error", "warning"],
        Field(alias="as", description="rows that are alike are held back, all of them; or they are sent, and told"),
    ] = "error"


class Schema(Word):
    """What one row of an entity holds, whatever system it comes from."""

    schema_: Annotated[Name, Field(description="the name of the entity", alias="schema")]
    title: Annotated[str, Field(description="its name for people")] = ""
    description: Annotated[str, Field(description="what one row is")] = ""
    key: Annotated[Name, Field(description="the field that tells rows apart; always text")] = "source_id"
    sort: Annotated[list[Name], Field(description="the order of the rows in what we write")] = ["source_id"]
    unique: Annotated[list[Unique], Field(description="what no two rows may have in common, beside the key")] = []
    fields: Annotated[dict[Name, TargetField], Field(description="its fields")]

    def order(self) -> list[str]:
        """Return the fields by which rows are sorted: the last one tells them apart."""
        return list(dict.fromkeys([*self.sort, self.key]))

    def refs(self) -> set[str]:
        """Return the entities that rows of this one point to, itself left out."""
        found = {entity for field in self.fields.values() for entity in field.refs()}
        return found - {self.schema_}
