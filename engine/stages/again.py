"""Records of an entity that share a key: one of them becomes the row, or, where nobody says which, all are held back.

Works on the table `result` of a mapping, so that only keys which are there twice cost anything. Shared by stages.
Imports `kinds`, `spec`. Next: `stages/unique`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.kinds.types import literal, quote
from engine.spec.mapping import Mapping
from engine.spec.schema import Schema
from engine.spec.statement import order_columns

if TYPE_CHECKING:
    import duckdb

DUPLICATE: Final = "duplicate-key"


def settle_again(database: duckdb.DuckDBPyConnection, mapping: Mapping, schema: Schema) -> None:
    """Merge, or hold back, the records of `result` whose key another record has too; filtered ones do not count."""
    key = quote(schema.key)
    counted = f"SELECT {key} AS key FROM result WHERE _state <> 'filtered' AND {key} IS NOT NULL GROUP BY ALL"
    database.execute(f"CREATE TEMP TABLE shared_keys AS {counted} HAVING count(*) > 1")
    if not database.execute("SELECT 1 FROM shared_keys LIMIT 1").fetchall():
        return
    chosen = f"_state <> 'filtered' AND {key} IN (SELECT key FROM shared_keys)"
    database.execute(_held_back(mapping, schema, chosen) if mapping.one_per is None else _merged(mapping, key, chosen))


def _merged(mapping: Mapping, key: str, chosen: str) -> str:
    """Return the statement that leaves, of the records of a key, the first in the mapping's order."""
    assert mapping.one_per is not None
    named = zip(mapping.one_per.order, order_columns(mapping.one_per), strict=True)
    by = [f"{quote(column)} {'DESC' if item.descending else 'ASC'} NULLS LAST" for item, column in named]
    nth = f"row_number() OVER (PARTITION BY {key} ORDER BY {', '.join([*by, '_set', '_row'])})"
    later = f"SELECT rowid FROM result WHERE {chosen} QUALIFY {nth} > 1"
    return f"UPDATE result SET _state = 'merged' WHERE rowid IN ({later})"


def _held_back(mapping: Mapping, schema: Schema, chosen: str) -> str:
    """Return the statement that holds all records of a key back; what was found wrong before stays the reason."""
    hard = [name for name in mapping.fields if name == schema.key or schema.fields[name].required]
    before = literal(hard[: hard.index(schema.key)]) + "::VARCHAR[]"
    stays = f"_state = 'quarantined' AND (_field IS NULL OR list_contains({before}, _field))"
    name, rule = literal(schema.key), literal(DUPLICATE)
    sound = f"NOT list_contains(list_transform(_told, lambda t: t.field), {name})"
    return (
        f"UPDATE result SET _state = 'quarantined', _reason = CASE WHEN {stays} THEN _reason ELSE {rule} END, "
        f"_field = CASE WHEN {stays} THEN _field ELSE {name} END, "
        f"_told = list_append(_told, {{'field': {name}, 'rule': {rule}, 'level': 'row'}}) WHERE {chosen} AND {sound}"
    )
