"""The mapping document: how records of one source become rows of one entity.

Next: `spec/derive`, which makes SQL of it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from engine.kinds.rule import Rule
from engine.kinds.value import Join, Nested, OnePer
from engine.kinds.word import Name, Word, problem
from engine.spec.settings import SettingValues, switch
from engine.spec.tests_of import Case


class From(Word):
    """Where the records come from: one set or table, several of the same form, or the items of a list field."""

    set: Annotated[str | None, Field(description="a record set of the source, or a table of this mapping")] = None
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

    from_: Annotated[Origin, Field(description="where its records come from", alias="from")]
    join: Annotated[
        dict[Name, Join],
        Field(description="other sets or tables beside each record, by the name under which they are seen"),
    ] = {}
    where: Annotated[list[Rule], Field(description="records are kept where all of these hold")] = []
    fields: Annotated[dict[str, Nested], Field(description="fields of its own, beside those of its records")] = {}
    when: Annotated[
        str | None,
        Field(description="a true/false setting; where it is false the table is empty, and nothing is asked for it"),
    ] = None
    unless: Annotated[
        str | None,
        Field(description="a true/false setting; where it is true the table is empty, and nothing is asked for it"),
    ] = None

    def is_off(self, values: SettingValues) -> bool:
        """Say whether a school's settings leave it empty; not where they are not known."""
        return (self.when is not None and switch(values, self.when) is False) or (
            self.unless is not None and switch(values, self.unless) is True
        )


class Mapping(Word):
    """From the record sets of one source to one entity."""

    mapping: Annotated[Name, Field(description="the entity that is built")]
    source: Annotated[Name, Field(description="the source whose records are mapped")]
    note: Annotated[str, Field(description="for the reader")] = ""
    when: Annotated[
        str | None,
        Field(description="a true/false setting; where it is false nothing is asked for, made or sent of the entity"),
    ] = None
    tables: Annotated[dict[Name, Table], Field(description="steps that fields, joins and other tables can name")] = {}
    from_: Annotated[Origin, Field(description="where the records come from", alias="from")]
    join: Annotated[
        dict[Name, Join],
        Field(description="other sets or tables beside each record, by the name under which they are seen"),
    ] = {}
    one_per: Annotated[
        OnePer | None, Field(description="many records, one row; without it a repeated key is a fault")
    ] = None
    where: Annotated[
        list[Rule], Field(description="records are kept where all of these hold; the others count as filtered, by rule")
    ] = []
    known_by: Annotated[
        dict[Name, Nested],
        Field(
            description="further natural keys of a row, the most trusted first: a row that bears one of a row that was "
            "sent before is that row, whatever its own key has become"
        ),
    ] = {}
    fields: Annotated[dict[Name, Nested], Field(description="how each field of the entity gets its value")]
    tests: Annotated[
        list[Case], Field(description="what must come of given records: `haplomap test` tries it, a run does not look")
    ] = []

    def is_off(self, values: SettingValues) -> bool:
        """Say whether a school's settings switch the entity off; not where they are not known."""
        return self.when is not None and switch(values, self.when) is False
