"""Rows that are alike where the schema says that no two may be: held back, or sent and told.

Works on the table `result` of a mapping. Shared by stages. Imports `kinds`, `spec`. Next: `stages/identity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.kinds.types import literal, quote
from engine.spec.schema import Schema, Unique

if TYPE_CHECKING:
    import duckdb

NOT_UNIQUE: Final = "not-unique"


def mark_alike(database: duckdb.DuckDBPyConnection, schema: Schema) -> None:
    """Hold back the emitted rows of `result` that are alike, or say so in what is told of them."""
    for unique in schema.unique:
        name, level = "+".join(unique.fields), "row" if unique.as_ == "error" else "warning"
        told = f"{{'field': {literal(name)}, 'rule': {literal(NOT_UNIQUE)}, 'level': {literal(level)}}}"
        held = f", _state = 'quarantined', _reason = {literal(NOT_UNIQUE)}" if unique.as_ == "error" else ""
        fields, looked_at = ", ".join(map(quote, unique.fields)), _looked_at(unique)
        alike = f"SELECT {fields} FROM result WHERE {looked_at} GROUP BY ALL HAVING count(*) > 1"
        database.execute(
            f"UPDATE result SET _told = list_append(_told, {told}){held} WHERE {looked_at} AND ({fields}) IN ({alike})"
        )


def _looked_at(unique: Unique) -> str:
    there = [f"{quote(name)} IS NOT NULL" for name in unique.fields]
    chosen = [f"{quote(name)} IS NOT DISTINCT FROM {literal(value)}" for name, value in unique.where.items()]
    return " AND ".join(["_state = 'emitted'", *there, *chosen])
