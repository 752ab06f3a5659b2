"""Which records of a set an endpoint is asked for in a run, where it is not asked for all of them each time.

What is remembered is a *walk*: one row for each record, with the time at which it was asked for, a digest of the
record then, and whether its turn has come and was put off. Tonight's walk is written before anything is asked, as it
will be when all is done; it counts from the moment the run's mirrors do. Imports `kinds`, `sql`, `kept`.
Next: `run/walking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StorageError
from engine.kinds.refresh import REASONS, Refresh
from engine.kinds.request import ForEach
from engine.kinds.types import literal, parquet, quote
from engine.kinds.word import seconds
from engine.sql import ROW_GROUP, connect, reworded
from engine.stages.kept import among
from engine.stages.mirror import make, put

if TYPE_CHECKING:
    import duckdb

_NO_END = 2**62


@dataclass(frozen=True)
class Walk:
    """What an endpoint was asked for before: a file of records, and the fields that their digests are of."""

    file: Path
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Tonight:
    """When a walk is chosen, in Unix time; `anew`: what came before is out of date; `everything`: all are asked for."""

    at: float
    anew: bool = False
    everything: bool = False


@dataclass(frozen=True)
class Round:
    """What of a walk is done tonight.

    `asked` are the records to be asked for, in order, each with its number and its digest; `reasons` says how many of
    them for what reason. Of all others, `left` is how many have their turn and do not fit into the budget, `never` how
    many were never asked for, and `stands` how many were, so that what came of them stands. `blank` records lack a
    value that they are asked for by.
    """

    asked: list[tuple[int, dict[str, str], str]]
    reasons: dict[str, int]
    left: int
    never: int
    stands: int
    blank: int

    @property
    def others(self) -> int:
        """How many are not asked for."""
        return self.never + self.stands


def watched(columns: Iterable[str], refresh: Refresh) -> tuple[str, ...]:
    """Return the fields, of those that were landed of a set, by which its records are seen to change."""
    if not refresh.parent_changed:
        return ()
    return tuple(sorted(refresh.looked_at or columns))


def choose_records(
    parents: Path, word: ForEach, refresh: Refresh, walk: Walk | None, tonight: Tonight, out: Path | None
) -> Round:
    """Choose the records that are asked for, and write to `out`, if it is given, the walk as it is when they are."""
    folders = [] if walk is None else [walk.file.parent.parent]
    folders += [] if out is None else [out.parent.parent]
    with connect(parents.parent, *folders) as database, reworded("choosing records", StorageError):
        _define(database, parents, word, refresh, walk, tonight)
        kept = ", ".join(map(quote, word.keep))
        rows = database.execute(
            f"SELECT _number, _reason, coalesce(_digest, ''), {kept} FROM chosen WHERE _tonight ORDER BY _turn"
        ).fetchall()
        held, blank = among(word)
        counts = database.execute(
            "SELECT count(*) FILTER (WHERE _reason IS NOT NULL), count(*) FILTER (WHERE _then IS NULL),"
            " count(*) FILTER (WHERE _then IS NOT NULL),"
            f" (SELECT count(*) FROM {parquet(parents)} WHERE ({held}) AND ({blank})) FROM chosen WHERE NOT _tonight"
        ).fetchone()
        if out is not None:
            _write(database, kept, tonight, out)
    assert counts is not None
    reasons = {reason: sum(row[1] == reason for row in rows) for reason in REASONS}
    asked = [(int(row[0]), dict(zip(word.keep, row[3:], strict=True)), str(row[2])) for row in rows]
    return Round(asked, {name: count for name, count in reasons.items() if count}, *map(int, counts))


def _define(
    database: duckdb.DuckDBPyConnection,
    parents: Path,
    word: ForEach,
    refresh: Refresh,
    walk: Walk | None,
    tonight: Tonight,
) -> None:
    """Make the table `chosen`: each record once, with its reason, its turn, and whether it is asked for tonight."""
    found = database.execute(f"DESCRIBE SELECT * FROM {parquet(parents)}").fetchall()
    own = {row[0] for row in found} - {"_page", "_row"}
    fields = watched(own, refresh)
    old = fields if walk is None else walk.fields
    comparable = set(old) <= own
    kept = ", ".join(f"{quote(field)} AS {quote(name)}" for name, field in word.keep.items())
    digests = f"{_digest(fields)} AS _digest, {_digest(old if comparable else ())} AS _before"
    together = f"min((_page, _row)) AS _first, {_together('_digest')}, {_together('_before')}"
    named = ", ".join(map(quote, word.keep))
    held, blank = among(word)
    rows = f"SELECT _page, _row, {digests}, {kept} FROM {parquet(parents)} WHERE ({held}) AND NOT ({blank})"
    database.execute(
        "CREATE TABLE tonight AS SELECT *, row_number() OVER (ORDER BY _first) AS _number"
        f" FROM (SELECT {named}, {together} FROM ({rows}) GROUP BY ALL)"
    )
    was = f"SELECT * FROM {parquet(walk.file)} WHERE _asked IS NOT NULL" if walk is not None else _nothing(word)
    changed = "true" if tonight.anew else "w._again"
    if refresh.parent_changed:
        changed += " OR w._digest IS DISTINCT FROM t._before" if comparable else " OR true"
    after = "" if refresh.after is None else f" OR w._asked <= {tonight.at - seconds(refresh.after)!r}"
    due = "true" if tonight.everything or refresh.every_run else f"false{after}"
    reason = f"CASE WHEN w._asked IS NULL THEN 'new' WHEN {changed} THEN 'changed' WHEN {due} THEN 'oldest' END"
    rank = " ".join(f"WHEN {literal(each)} THEN {refresh.rank(each)}" for each in REASONS)
    budget = _NO_END if tonight.everything or refresh.budget is None else refresh.budget
    database.execute(
        f"CREATE TABLE chosen AS SELECT *, _reason IS NOT NULL AND _turn <= {budget} AS _tonight FROM (SELECT *,"
        f" row_number() OVER (ORDER BY CASE _reason {rank} ELSE 9 END, _then NULLS FIRST, _number) AS _turn FROM"
        f" (SELECT t.* EXCLUDE (_first, _before), w._asked AS _then, {reason} AS _reason"
        f" FROM tonight t LEFT JOIN ({was}) w USING ({named})))"
    )


def _write(database: duckdb.DuckDBPyConnection, kept: str, tonight: Tonight, out: Path) -> None:
    part = out.with_name(f".{out.name}.part")
    make(out.parent)
    asked = f"CASE WHEN _tonight THEN {tonight.at!r}::DOUBLE ELSE _then END AS _asked"
    again = "NOT _tonight AND coalesce(_reason = 'changed', false) AS _again"
    database.execute(
        f"COPY (SELECT {kept}, {asked}, _digest, {again}, _tonight FROM chosen ORDER BY _number)"
        f" TO {literal(str(part.resolve()))} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    put(part, out)


def standing(walk: Path, kept: Sequence[str]) -> str:
    """Return the SQL condition that a record which was read before is of one that is still there, and not asked for."""
    named = ", ".join(map(quote, kept))
    return f"({named}) IN (SELECT ({named}) FROM {parquet(walk)} WHERE NOT _tonight AND _asked IS NOT NULL)"


def _nothing(word: ForEach) -> str:
    kept = ", ".join(f"NULL::VARCHAR AS {quote(name)}" for name in word.keep)
    return f"SELECT {kept}, NULL::DOUBLE AS _asked, NULL::VARCHAR AS _digest, false AS _again WHERE false"


def _digest(fields: Sequence[str]) -> str:
    """Return the SQL expression of the digest of a record; a blank value differs from one that is not there."""
    told = ", ".join(f"coalesce('=' || {quote(name)}, '-')" for name in fields)
    return f"md5(concat_ws(chr(31), {told}))" if fields else "NULL::VARCHAR"


def _together(digest: str) -> str:
    """Return one digest of all records of which the same is kept."""
    return f"md5(string_agg({digest}, '' ORDER BY {digest})) AS {digest}"
