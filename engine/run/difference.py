"""What a run would send, row by row: the first rows of each kind of change, what is personal masked.

Next: `cli/commands/diff`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.kinds.types import literal, parquet, quote
from engine.run.guarding import MASK
from engine.run.runner import Looked
from engine.spec.schema import Schema
from engine.sql import connect, dicts
from engine.stages.identity import IDENTITIES

SHOWN: Final = ("new", "changed", "returned", "gone", "rescoped", "merged", "held")


@dataclass(frozen=True)
class RowChange:
    """One row: what became of it, and of each field that differs what Haplo has, and what it would get."""

    entity: str
    key: str
    change: str
    fields: dict[str, tuple[Any, Any]]


def row_changes(schema: Schema, looked: Looked, limit: int, *, personal: bool) -> Iterator[RowChange]:
    """Yield the first rows of each kind of change, `limit` of each; personal values only where so wished."""
    entity, sent = schema.schema_, looked.sent[schema.schema_]
    hidden = set() if personal else {name for name, field in schema.fields.items() if field.personal()}
    more = [] if sent is None else [sent.parent]
    with connect(looked.folder, *more) as database:
        changes = parquet(looked.folder / "changes" / f"{entity}.parquet")
        for kind in SHOWN:
            chosen = f"SELECT key, fields FROM {changes} WHERE change = {literal(kind)} ORDER BY key LIMIT {limit}"
            found = database.execute(chosen).fetchall()
            keys = [key for key, _ in found]
            after = _rows(database, parquet(looked.folder / "rows" / f"{entity}.parquet"), schema.key, keys)
            before = {} if sent is None else _rows(database, parquet(sent), schema.key, keys)
            stays = (
                _merged(database, looked.folder / IDENTITIES / f"{entity}.parquet", keys) if kind == "merged" else {}
            )
            for key, fields in found:
                pairs = {name: (before.get(key, {}).get(name), after.get(key, {}).get(name)) for name in fields}
                pairs |= {schema.key: (key, stays[key])} if key in stays else {}
                shown = {name: (_mask(a), _mask(b)) if name in hidden else (a, b) for name, (a, b) in pairs.items()}
                yield RowChange(entity, MASK if schema.key in hidden else key, kind, shown)


def _merged(database: Any, file: Path, keys: Collection[str]) -> dict[str, str]:
    """Return the keys that stay, by those that are merged into them."""
    chosen = f"SELECT key, merged_into FROM {parquet(file)} WHERE merged_into IS NOT NULL AND list_contains($1, key)"
    return dict(database.execute(chosen, [list(keys)]).fetchall()) if keys else {}


def _mask(value: object) -> object:
    return None if value is None else MASK


def _rows(database: Any, place: str, key: str, keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return rows by their keys."""
    if not keys:
        return {}
    result = database.execute(
        f"SELECT * FROM {place} WHERE {quote(key)} IN ({', '.join(literal(one) for one in keys)})"
    )
    return {row[key]: row for row in dicts(result)}
