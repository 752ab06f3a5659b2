"""What became of one key in a run, by the run's own files: which record has it, its state, what is told of it.

A home of DuckDB. Next: `run/explaining`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from engine.kinds.types import literal, parquet, quote
from engine.spec.project import NotFoundError
from engine.spec.schema import Schema
from engine.sql import connect, dicts, reworded
from engine.stages.before import CHANGES
from engine.stages.identity import IDENTITIES, SAME
from engine.stages.transform import STATES

ALIKE = 3
"""How many keys are named that are like one that is not there."""


@dataclass(frozen=True)
class Told:
    """What is told of a record: of which field, by which rule, and whether of the row or of a value in it."""

    field: str | None
    rule: str
    level: str


@dataclass(frozen=True)
class OfRecord:
    """One record in a run: its set and its key there, the key of its row if it has one, its state, and the rule.

    `page` and `row` are where it stands, by which records that the source calls the same are told apart.
    """

    set: str
    source_key: str
    key: str | None
    state: str
    rule: str | None
    page: int
    row: int
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Fate:
    """What became of a key. `key` is the one under which the row is known; `change`: since it was last sent."""

    key: str
    records: tuple[OfRecord, ...] = ()
    change: str = ""
    changed: tuple[str, ...] = ()
    merged_into: str = ""
    row: dict[str, Any] = field(default_factory=dict)


class Files:
    """The files that a run has of one entity."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self._folder, self._schema = folder, schema

    def path(self, kind: str) -> Path:
        """Return the file of a kind."""
        return self._folder / kind / f"{self._schema.schema_}.parquet"

    def fate(self, asked: str, *, personal: bool) -> Fate:
        """Return what became of a key, or of the record that the source calls so; stop where there is neither."""
        with self._opened() as database:
            key = self._stable(database, asked)
            records, change = self._records(database, "key", key), self._change(database, key)
            if not records and not change:
                records = self._records(database, "source_key", asked)
                key = next((each.key for each in records if each.key is not None), key)
                change = self._change(database, key)
            if not records and not change:
                raise self._unknown(database, asked, personal=personal)
            merged = "SELECT merged_into FROM {} WHERE key = ? AND merged_into IS NOT NULL"
            into = self._found(database, IDENTITIES, merged, key)
            said = (str(change[0][0]), tuple(change[0][1])) if change else ("", ())
            return Fate(key, tuple(records), *said, into[0][0] if into else "", self._row(database, key))

    def _change(self, database: Any, key: str) -> list[Any]:
        return self._found(database, CHANGES, "SELECT change, fields FROM {} WHERE key = ?", key)

    def _stable(self, database: Any, asked: str) -> str:
        """Return the key under which a row is known that the source calls so."""
        found = self._found(database, SAME, "SELECT key FROM {} WHERE own = ?", asked)
        return found[0][0] if found else asked

    def _records(self, database: Any, by: str, key: str) -> list[OfRecord]:
        columns = "set, source_key, key, state, rule, page, row"
        records = self._found(database, STATES, f"SELECT DISTINCT {columns} FROM {{}} WHERE {by} = ? ORDER BY ALL", key)
        told = "SELECT DISTINCT field, rule, level FROM {} WHERE set = ? AND page = ? AND row = ? ORDER BY ALL"
        found = []
        for of_set, source_key, key, state, rule, page, row in records:
            marks = tuple(Told(*each) for each in self._found(database, "quarantine", told, of_set, page, row))
            found.append(OfRecord(of_set, source_key, key, state, rule, page, row, marks))
        return found

    def _row(self, database: Any, key: str) -> dict[str, Any]:
        place = f"SELECT * FROM {parquet(self.path('rows'))} WHERE {quote(self._schema.key)} = {literal(key)}"
        return next(iter(dicts(database.execute(place))), {})

    def _unknown(self, database: Any, asked: str, *, personal: bool) -> NotFoundError:
        """Return the error for a key that the run knows nothing of. Keys that are like it are named only if wished."""
        alike = "levenshtein(key, $1) <= 2 OR lower(trim(key)) = lower(trim($1))"
        like_it = f"SELECT key FROM {{}} WHERE {alike} GROUP BY key ORDER BY levenshtein(key, $1), key LIMIT {ALIKE}"
        near = self._found(database, STATES, like_it, asked)
        named = " or ".join(f"'{key}'" for (key,) in near)
        hidden = f"{len(near)} key{'s are' if len(near) > 1 else ' is'} nearly the same; --show-personal names them"
        fix = (f"did you mean {named}?" if personal else hidden) if near else ""
        entity = self._schema.schema_
        return NotFoundError(
            f"the run {self._folder.name} has no record of '{entity}' with this key",
            why="no record that it read became, or would have become, a row with the key, and none was sent before",
            fix=fix or f"'haplomap preview --show-personal' shows rows of {entity} with their keys",
        )

    def _found(self, database: Any, kind: str, statement: str, *given: str | int) -> list[Any]:
        file = self.path(kind)
        if not file.exists():
            return []
        found: list[Any] = database.execute(statement.format(parquet(file)), given).fetchall()
        return found

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        with connect(self._folder) as database, reworded("looking into the files of a run", StorageError):
            yield database
