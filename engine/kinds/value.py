"""How a target field gets its value: the forms of a mapping's `fields`.

A value has one origin (`from`, `first_of`, `case`, `value`, `setting`, `sql`, `collect`) and then, always in this
order: `clean`, `split`, `lookup`, `default`. A plain name is short for `{from: name}`. These classes only say what
was written; `spec/derive` makes SQL of them. Next: `kinds/rule`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from engine.kinds.word import Name, SqlText, Word, problem

Constant = str | bool | int | float | None
CleanWord = Literal["trim", "squeeze", "upper", "lower", "nfc", "digits", "one_line", "line_feeds"]
CLEAN_SQL = {
    "trim": "trim({0}, ' \t\r\n\u00a0')",
    "squeeze": "trim(regexp_replace({0}, '[\\s\u00a0]+', ' ', 'g'))",
    "upper": "upper({0})",
    "lower": "lower({0})",
    "nfc": "nfc_normalize({0})",
    "digits": "regexp_replace({0}, '[^0-9]+', '', 'g')",
    "one_line": "regexp_replace(trim({0}, ' \t\r\n'), '\\s*(\\r\\n|\\r|\\n)\\s*', ', ', 'g')",
    "line_feeds": "regexp_replace({0}, '\\r\\n?', '\n', 'g')",
}
ORIGINS = ("from_", "first_of", "case", "value", "setting", "sql", "collect")


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _plain_name(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


def yaml_key(field: str) -> str:
    """Return the YAML key of a Python field: they differ only where Python keeps the word for itself."""
    return field.rstrip("_")


def _plain_order(value: Any) -> Any:
    return {"by": value} if isinstance(value, str) else value


class Order(Word):
    """A field to sort by. A plain name is short for `{by: name}`."""

    by: Annotated[str, Field(description="the field")]
    descending: Annotated[bool, Field(description="the largest first")] = False
    as_: Annotated[
        Literal["text", "integer", "number", "date"] | None,
        Field(description="read the field as this type before sorting", alias="as"),
    ] = None


Orders = Annotated[list[Annotated[Order, BeforeValidator(_plain_order, json_schema_input_type=str | Order)]], Field()]


class Value(Word):
    """One way to get a value."""

    from_: Annotated[str | None, Field(alias="from", description="a field in view: `name`, or `join.name`")] = None
    first_of: Annotated[list[str] | None, Field(description="the first of these fields that has a value")] = None
    case: Annotated[str | None, Field(description="a field whose values are told apart by `map`")] = None
    map: Annotated[dict[str, Constant] | None, Field(description="what each value of `case` gives")] = None
    else_: Annotated[str | None, Field(alias="else", description="the field that other values of `case` give")] = None
    value: Annotated[Constant, Field(description="a constant")] = None
    setting: Annotated[str | None, Field(description="a setting: `group.name`")] = None
    sql: Annotated[SqlText | None, Field(description="a DuckDB expression over converted source fields")] = None
    collect: Annotated[str | None, Field(description="a set or table whose matching records become a list")] = None
    by: Annotated[dict[str, str] | None, Field(description="their field: the field in view that it equals")] = None
    where: Annotated[dict[str, Constant] | None, Field(description="their fields and the values these must have")] = (
        None
    )
    fields: Annotated[dict[Name, Nested] | None, Field(description="what each record gives; a list of records")] = None
    item: Annotated[Nested | None, Field(description="what each record gives; a plain list")] = None
    order: Annotated[Orders, Field(description="the order of the list's items")] = []
    clean: Annotated[
        Annotated[list[CleanWord], BeforeValidator(_one_or_more, json_schema_input_type=CleanWord | list[CleanWord])],
        Field(description="what is done to the text, in this order"),
    ] = []
    split: Annotated[str | None, Field(description="a regular expression that parts the items of a list")] = None
    lookup: Annotated[Name | None, Field(description="a table of codes")] = None
    default: Annotated[Constant, Field(description="used where there is no value")] = None

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        given = [name for name in ORIGINS if name in self.model_fields_set]
        if len(given) != 1:
            words = ", ".join(map(yaml_key, ORIGINS))
            said = " and ".join(map(yaml_key, given)) or "none"
            raise problem("one-origin", f"a value has exactly one of {words}; here: {said}")
        for word, owner in (
            ("map", "case"),
            ("else_", "case"),
            ("by", "collect"),
            ("fields", "collect"),
            ("item", "collect"),
        ):
            if word in self.model_fields_set and owner not in given:
                raise problem("one-origin", f"{yaml_key(word)!r} goes with {owner!r} only")
        if self.case is not None and self.map is None:
            raise problem("missing-key", "'case' needs 'map'")
        if self.collect is not None and (self.by is None or (self.fields is None) == (self.item is None)):
            raise problem("missing-key", "'collect' needs 'by', and either 'fields' or 'item'")
        return self

    @property
    def origin(self) -> str:
        """Return the key of where it comes from."""
        return next(yaml_key(name) for name in ORIGINS if name in self.model_fields_set)

    @property
    def has_default(self) -> bool:
        return "default" in self.model_fields_set


Nested = Annotated[Value, BeforeValidator(_plain_name, json_schema_input_type=str | Value)]
Value.model_rebuild()


class Join(Word):
    """Another set or table seen beside each record, under the join's name.

    Without `keep` a second match is a problem of the record (rule `ambiguous-<name>`).
    """

    set: Annotated[str, Field(description="the record set, or the table, that is looked into")]
    by: Annotated[dict[str, str], Field(description="their field: the field in view that it equals", min_length=1)]
    where: Annotated[dict[str, Constant], Field(description="their fields and the values these must have")] = {}
    fold_case: Annotated[bool, Field(description="keys match in any case, and without blanks around them")] = False
    keep: Annotated[Literal["first", "last"] | None, Field(description="which of several matches is used")] = None
    order: Annotated[Orders, Field(description="the order in which `keep` chooses")] = []


class OnePer(Word):
    """Several records of one key become one row: the first in this order; the others count as merged."""

    order: Annotated[Orders, Field(description="the record that comes first in this order is used", min_length=1)]
