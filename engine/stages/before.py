"""What an entity's rows were when they were last sent, beside what they are tonight; and what is sent once they go out.

A file of sent rows holds the fields that Haplo is told, `_state` (`current` or `gone`), `_again` (sent once more the
next time), `_set` and `_source_key` (the record a row comes from), and `_digest`. Shared by stages; a home of DuckDB.
Imports `kinds`, `spec`, `sql`. Next: `stages/compare`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import TransformError
from engine.journal import cannot_write
from engine.kinds.types import TargetField, literal, parquet, quote
from engine.spec.schema import Schema
from engine.sql import ROW_GROUP, connect, reworded

if TYPE_CHECKING:
    import duckdb

CHANGES: Final = "changes"
NEXT: Final = "next"
_MARKS: Final = {
    "_state": "VARCHAR",
    "_again": "BOOLEAN",
    "_set": "VARCHAR",
    "_source_key": "VARCHAR",
    "_digest": "UBIGINT",
}
"""What a file of sent rows holds beside their fields."""


@dataclass(frozen=True)
class Pair:
    """One entity on two nights: the folder of tonight's run, and the file of what was last sent (None: nothing was).

    `fields` are those that Haplo is told; `absent` are withheld from every row of tonight. `touched` are those that a
    row which is gone does not have in Haplo any more as it had them, each with whether only some rows may have it.
    `identities` says which rows are, by now, known to be others that were sent before.
    """

    schema: Schema
    fields: Sequence[str]
    folder: Path
    sent: Path | None
    absent: Collection[str] = ()
    touched: Mapping[str, bool] = field(default_factory=dict)
    identities: Path | None = None


class Before:
    """A pair in a database: the view `was`, and the places of tonight's files.

    `unlike`: fields that were not sent before, or as another type; `withheld`: those left out of some row tonight.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, pair: Pair) -> None:
        self.database, self.pair = database, pair
        self.entity, self.key = pair.schema.schema_, quote(pair.schema.key)
        self.fields = [name for name in pair.schema.fields if name in {*pair.fields, pair.schema.key}]
        self.compared = [name for name in self.fields if name != pair.schema.key]
        self.rows, self.states = self.file("rows"), self.file("states")
        held = f"SELECT DISTINCT unnest(_withheld) FROM {self.rows}"
        self.withheld = {name for (name,) in database.execute(held).fetchall()}
        self._prepare()

    def file(self, kind: str) -> str:
        """Return one of tonight's files, as SQL reads it."""
        return parquet(self.pair.folder / kind / f"{self.entity}.parquet")

    def columns(self, place: str) -> dict[str, str]:
        """Return columns and their types."""
        return {name: kind for name, kind, *_ in self.database.execute(f"DESCRIBE FROM {place}").fetchall()}

    def digest(self) -> str:
        """Return what tells rows apart without their fields, as SQL; where it differs, the fields are looked at."""
        return f"hash(row({', '.join(quote(name) for name in self.fields)}))"

    def write(self, select: str, kind: str) -> int:
        """Write one of tonight's files; return its rows."""
        file = self.pair.folder / kind / f"{self.entity}.parquet"
        part = file.with_name(file.name + ".part")
        target = literal(str(part.resolve()))
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            form = f"(FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
            found = self.database.execute(f"COPY ({select}) TO {target} {form}").fetchone()
            part.replace(file)
        except OSError as error:
            raise cannot_write(file, error) from None
        finally:
            part.unlink(missing_ok=True)
        return int(found[0]) if found else 0

    def _prepare(self) -> None:
        """Make `was` in the columns of tonight's rows; a field that has changed its type counts as never sent."""
        sent, now = self.pair.sent, self.columns(self.rows)
        before = {} if sent is None else self.columns(parquet(sent))
        other = self.unlike = {name for name in self.fields if before.get(name) != now[name]}
        columns = [f"NULL::{now[name]} AS {quote(name)}" if name in other else quote(name) for name in self.fields]
        unknown = {*_MARKS} if sent is None else {"_digest"} if other else set()
        marks = [f"NULL::{kind} AS {name}" if name in unknown else name for name, kind in _MARKS.items()]
        place = f"FROM {parquet(sent)}" if sent is not None else "LIMIT 0"
        self.database.execute(f"CREATE VIEW was AS SELECT {', '.join([*columns, *marks])} {place}")


@contextmanager
def beside(pair: Pair, doing: str) -> Iterator[Before]:
    """Open a pair in a database of its own."""
    more = [] if pair.sent is None else [pair.sent.parent.parent]  # that of all entities
    said = f"{pair.schema.schema_}: {doing}"
    with reworded(said, TransformError), connect(pair.folder, *more) as database:
        yield Before(database, pair)


def write_next(pair: Pair, targets: Mapping[str, Path]) -> int:
    """Write `next/<entity>.parquet`: what will have been sent once tonight's rows are; return its rows.

    `targets` are the `changes` of other entities of this run: a row that points to one that is new there is sent
    again the next time, because Haplo passes over references to what it does not have yet.
    """
    with beside(pair, "keeping what is sent") as before:
        return before.write(_Next(before, targets).sql(), NEXT)


class _Next:
    """The statement of what will have been sent."""

    def __init__(self, before: Before, targets: Mapping[str, Path]) -> None:
        self._before, self._targets, self._key = before, targets, before.key
        self._changes = before.file(CHANGES)

    def sql(self) -> str:
        """Return tonight's rows as Haplo then has them, and those that are not sent tonight."""
        before = self._before
        plain = ", ".join(quote(name) for name in before.fields)
        here = ", ".join(self._effective(name) for name in before.fields)
        state = "CASE WHEN change IN ('held', 'kept') THEN _state ELSE 'gone' END AS _state"
        left = (
            f"SELECT {plain}, {state}, FALSE AS _again, _set, _source_key FROM was JOIN {self._changes} c "
            f"ON c.key = was.{self._key} AND change IN ('held', 'kept', 'gone', 'rescoped', 'merged', 'past')"
        )
        whole = (
            f"SELECT {here}, 'current' AS _state, {self._points_to_new()} AS _again, _set, _source_key "
            f"FROM ({self._with_before()}) n UNION ALL {left}"
        )
        return f"SELECT *, {before.digest()} AS _digest FROM ({whole})"

    def _with_before(self) -> str:
        """Return tonight's rows with their records, and what Haplo has of the fields that are withheld from some."""
        before = self._before
        origin = (
            "SELECT key AS _key, any_value(set) AS _set, any_value(source_key) AS _source_key "
            f"FROM {before.states} WHERE state = 'emitted' GROUP BY key"
        )
        on = f"ON o._key = n.{self._key}"
        rows = f"SELECT n.*, o._set, o._source_key FROM {before.rows} n LEFT JOIN ({origin}) o {on}"
        taken = [name for name in before.fields if name in before.withheld or name in before.pair.absent]
        if not taken:
            return rows
        were = ", ".join([f"{self._key} AS _key", *(f"{self._had(name)} AS {quote('w:' + name)}" for name in taken)])
        return (
            f"SELECT n.*, w.* EXCLUDE (_key) FROM ({rows}) n "
            f"LEFT JOIN (SELECT {were} FROM was) w ON w._key = n.{self._key}"
        )

    def _had(self, name: str) -> str:
        """Return what Haplo has of a field; references that it lost when their row was gone are not sent again."""
        pair = self._before.pair
        lost = name in pair.touched and name not in pair.absent and pair.schema.fields[name].refs()
        return f"CASE WHEN _state <> 'gone' THEN {quote(name)} END" if lost else quote(name)

    def _effective(self, name: str) -> str:
        """Return a field as Haplo has it once tonight's row is there: what is withheld stays as it was."""
        column, were = quote(name), quote(f"w:{name}")
        if name in self._before.pair.absent:
            return f"{were} AS {column}"
        if name in self._before.withheld:
            return f"CASE WHEN list_contains(n._withheld, {literal(name)}) THEN {were} ELSE n.{column} END AS {column}"
        return f"n.{column}"

    def _points_to_new(self) -> str:
        """Return whether a row points to one that is sent for the first time tonight, as SQL."""
        before, tests = self._before, []
        for name in before.compared:
            for entity, keys in _targets_of(before.pair.schema.fields[name], quote(name)):
                changes = self._changes if entity == before.entity else None
                if entity in self._targets:
                    changes = parquet(self._targets[entity])
                if changes is not None:
                    points = f"SELECT {self._key} AS key, unnest({keys}) AS target FROM {before.rows}"
                    new = f"SELECT key FROM {changes} WHERE change = 'new'"
                    tests.append(f"n.{self._key} IN (SELECT key FROM ({points}) WHERE target IN ({new}))")
        return " OR ".join(tests) or "FALSE"


def _targets_of(of: TargetField, value: str) -> list[tuple[str, str]]:
    """Return the entities that a field points to, each with the keys in a value, as an SQL list."""
    if of.ref is not None:
        return [(of.ref, f"[{value}]")]
    if of.type == "record" and of.fields is not None:
        return [pair for name, part in of.fields.items() for pair in _targets_of(part, f"{value}.{quote(name)}")]
    if of.type == "list" and of.of is not None:
        inner = _targets_of(of.of, "item")
        return [(entity, f"flatten(list_transform({value}, lambda item: {keys}))") for entity, keys in inner]
    return []
