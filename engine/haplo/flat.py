"""Records as flat rows of text, for data files that are not JSON: tab-separated, or XML with attributes.

A cell that is NULL is left out. A blank one is the empty text, which tab-separated files cannot tell from one that is
left out. Lists and records have no cells. Stands on `kinds`, `spec` and `record`. Next: `layout`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from engine.haplo.record import (
    CODE,
    REMOVED,
    WITHHELD,
    Key,
    first_sql,
    is_there,
    keys,
    needed_sql,
    own_code_sql,
    plain_sql,
    withheld_sql,
)
from engine.kinds.types import TargetField, literal, quote
from engine.spec.binding import Binding, BoundName
from engine.spec.schema import Schema

Told = tuple[str, str]

BLANK: Final = {"json": None, "xml": ""}
"""What a record holds where the source has nothing; tab-separated files have no word for it."""


def column_of(structure: str, part: str) -> str:
    """Return the column of a structure's part: a name that XML takes for an attribute."""
    return f"{structure.replace('/', '..').replace(':', '.')}.{part}"


def cells(schema: Schema, binding: Binding, prefix: str, absent: Collection[str]) -> dict[str, str]:
    """Return the columns of the rows, each with the SQL expression of its text."""
    found = {CODE: own_code_sql(schema, prefix)}
    if binding.removed is not None:
        found[REMOVED] = "NULL::VARCHAR"
    for key in keys(schema, binding):
        if not is_there(key, absent):
            continue
        if key.parts:
            found |= _parts(key, schema, prefix, absent)
        else:
            text = f"coalesce({_single(key, schema, prefix)}, '')"
            found[key.name] = f"CASE WHEN {withheld_sql(key)} THEN NULL ELSE {text} END"
    return found


def _single(key: Key, schema: Schema, prefix: str) -> str:
    name = key.fields[0]
    field = schema.fields[name]
    if not key.first:
        return plain_sql(field, quote(name), prefix)
    item = field.of
    assert item is not None
    return first_sql(quote(name), lambda value: plain_sql(item, value, prefix))


def _parts(key: Key, schema: Schema, prefix: str, absent: Collection[str]) -> Iterator[tuple[str, str]]:
    """A structure's cells: all of them blank when the part that Haplo needs is."""
    for part, name in key.parts.items():
        if name in absent:
            continue
        text = f"CASE WHEN {needed_sql(key)} THEN {plain_sql(schema.fields[name], quote(name), prefix)} END"
        shown = f"coalesce({text}, '')"
        if key.partial:
            own = f"list_contains({WITHHELD}, {literal(name)})"
            yield column_of(key.name, part), f"CASE WHEN {withheld_sql(key)} AND NOT {own} THEN {shown} END"
        else:
            yield column_of(key.name, part), f"CASE WHEN {withheld_sql(key)} THEN NULL ELSE {shown} END"


def format_problems(bound: BoundName, origin: TargetField | None, binding: Binding) -> Iterator[Told]:
    """Tell what the form of the data files cannot carry of a name."""
    form = binding.format
    if form == "json":
        return
    if origin is not None and origin.type == "list" and not bound.first:
        yield (
            "not-carried",
            f"is taken from a list, and {form} files hold single values; use format: json, or first: true",
        )
    if bound.part is not None:
        yield "not-carried", f"is taken from a part of a record, and {form} files hold single values; use format: json"
    if bound.clear and form not in BLANK and "value" not in bound.model_fields_set:
        why = "cannot tell a blank value from one that was not asked for"
        yield "not-carried", f"is to be cleared, and {form} files {why}; use format: json"
