"""The full copy of a record set: what was read before, with what changed and without what is gone, by key.

Everything is one statement of DuckDB's. A key that is blank, or that stands on several records, tells nothing apart:
then nothing is merged (`MirrorError`), and the caller reads in full. A record that is both changed and gone stays: a
record that is lost is worse than one that stays until the next read in full. Where days were read, or what belongs to
some records, what came takes the place of all that was there of them (`splice`). Imports `sql`, `kinds/types`.
Next: `stages/transform`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError, StorageError
from engine.journal import cannot_write
from engine.kinds.types import literal, parquet, quote
from engine.sql import ROW_GROUP, connect, reworded

if TYPE_CHECKING:
    import duckdb


class MirrorError(Exception):
    """What was read before and what changed do not go together; `why` is one line, without a record's value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Shape:
    """What a file of a mirror holds."""

    columns: frozenset[str]
    rows: int


@dataclass(frozen=True)
class Merged:
    """What a merge came to: rows in all; records that are new, changed, deleted.

    `unknown`: deletions of what was not there; `kept`: records that were both changed and deleted.
    """

    rows: int
    new: int
    changed: int
    deleted: int
    unknown: int
    kept: int


def look_at(file: Path) -> Shape | None:
    """Return what a file of a mirror holds; None where it is missing or cannot be read."""
    if not file.is_file():
        return None
    try:
        with connect(file.parent.parent) as database, reworded("looking at a mirror", StorageError):
            columns = database.execute(f"DESCRIBE SELECT * FROM {parquet(file)}").fetchall()
            found = database.execute(f"SELECT count(*) FROM {parquet(file)}").fetchone()
    except EngineError:
        return None
    return Shape(frozenset(row[0] for row in columns) - {"_page", "_row"}, int(found[0]) if found else 0)


def merge(
    key: Sequence[str], fields: Sequence[str], mirror: Path, changes: Path, deleted: Path | None, out: Path
) -> Merged:
    """Write `out`: the records of a mirror, with changed ones in their place, without deleted ones.

    `changes` has all `fields`; what the mirror lacks of them is null in its records. `deleted` has columns `key_0`,
    `key_1`, ... in the order of the key. Records of the mirror stand first, on a page of their own, which is none
    of the answers'.
    """
    part = out.with_name(f".{out.name}.part")
    make(out.parent)
    folders = {mirror.parent.parent, *(file.parent for file in (changes, deleted) if file is not None)}
    with connect(out.parent, *sorted(folders)) as database:
        try:
            _define(database, key, fields, mirror, changes, deleted)
            merged = _count(database)
            kept = "old ANTI JOIN came USING (_key) ANTI JOIN gone USING (_key)"
            _copy(database, _whole(fields, kept), part, out)
        except StorageError as error:
            if "make room" in error.fix or "memory" in error.what:
                raise
            raise MirrorError("what was read before cannot be read") from None
        finally:
            part.unlink(missing_ok=True)
    return merged


def of_days(first: str, last: str, day: str) -> str:
    """Return the SQL condition that a record is of days, ISO dates, both ends included; `day` is the SQL of its day."""
    return f"{day} BETWEEN DATE {literal(first)} AND DATE {literal(last)}"


def strays(file: Path, day: str, windows: Iterable[tuple[int, str, str]]) -> tuple[int, int]:
    """Return how many landed records have no day, and how many one outside of the window that they came in.

    `windows` are the page of an answer, and the first and last day of what it answers.
    """
    rows = ", ".join(f"({page}, DATE {literal(first)}, DATE {literal(last)})" for page, first, last in windows)
    if not rows:
        return 0, 0
    with connect(file.parent) as database, reworded("looking at the days of records", StorageError):
        found = database.execute(
            "SELECT count(*) FILTER (WHERE _day IS NULL), count(*) FILTER (WHERE _day NOT BETWEEN _first AND _last)"
            f" FROM (SELECT _page, {day} AS _day FROM {parquet(file)})"
            f" JOIN (VALUES {rows}) AS windows (_page, _first, _last) USING (_page)"
        ).fetchone()
    assert found is not None
    return int(found[0]), int(found[1])


def splice(
    key: Sequence[str],
    fields: Sequence[str],
    mirror: Path,
    came: Path,
    taken: str,
    out: Path,
    *,
    by_key: bool = True,
) -> Merged:
    """Write `out`: those records of a mirror whose place is not `taken`, an SQL condition, and those that came.

    With `by_key`, a record that came stands once, wherever it stood before: found by its key, where there is one and it
    is not blank.
    """
    part = out.with_name(f".{out.name}.part")
    make(out.parent)
    with connect(out.parent.parent, mirror.parent.parent, came.parent) as database:
        try:
            with reworded("reading what came of some records", StorageError):
                _define_taken(database, key, fields, mirror, came, taken)
                stays = "old ANTI JOIN came USING (_key)" if by_key else "old"
                database.execute(f"CREATE VIEW kept AS SELECT * FROM {stays} WHERE NOT _read")
                found = database.execute(
                    "SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM new), (SELECT count(*) FROM came),"
                    " (SELECT count(*) FROM came SEMI JOIN old USING (_key)),"
                    " (SELECT count(*) FROM old ANTI JOIN came USING (_key) WHERE _read)"
                ).fetchone()
            assert found is not None
            kept, new, keys, known, gone = map(int, found)
            _copy(database, _whole(fields, "kept"), part, out)
        except StorageError as error:
            if "make room" in error.fix or "memory" in error.what:
                raise
            raise MirrorError("what was read before cannot be read") from None
        finally:
            part.unlink(missing_ok=True)
    return Merged(kept + new, keys - known, known, gone, 0, 0)


def _define_taken(
    database: duckdb.DuckDBPyConnection, key: Sequence[str], fields: Sequence[str], mirror: Path, came: Path, taken: str
) -> None:
    """Make the views `old` and `new`, and the table `came` of the keys that are not blank."""
    there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {parquet(mirror)}").fetchall()}
    columns = ", ".join(quote(name) if name in there else f"NULL::VARCHAR AS {quote(name)}" for name in fields)
    named = ", ".join(map(quote, fields))
    own = f"row({', '.join(map(quote, key))})" if key else "NULL"
    database.execute(
        f"CREATE VIEW old AS SELECT *, {own} AS _key, coalesce({taken}, false) AS _read"
        f" FROM (SELECT _page, _row, {columns} FROM {parquet(mirror)})"
    )
    database.execute(f"CREATE VIEW new AS SELECT _page, _row, {named} FROM {parquet(came)}")
    filled = f"NOT ({_blank(key)})" if key else "false"
    database.execute(f"CREATE TABLE came AS SELECT DISTINCT {own} AS _key FROM new WHERE {filled}")


def _define(
    database: duckdb.DuckDBPyConnection,
    key: Sequence[str],
    fields: Sequence[str],
    mirror: Path,
    changes: Path,
    deleted: Path | None,
) -> None:
    """Make the views `old` and `new`, and the tables `came` and `gone` of their keys."""
    with reworded("reading what changed", StorageError):
        there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {parquet(mirror)}").fetchall()}
        if not set(key) <= there:
            raise MirrorError("what was read before lacks the key")
        columns = ", ".join(quote(name) if name in there else f"NULL::VARCHAR AS {quote(name)}" for name in fields)
        own = f"row({', '.join(map(quote, key))}) AS _key, ({_blank(key)}) AS _blank"
        database.execute(f"CREATE VIEW old AS SELECT _page, _row, {columns}, {own} FROM {parquet(mirror)}")
        named = ", ".join(map(quote, fields))
        database.execute(f"CREATE VIEW new AS SELECT _page, _row, {named}, {own} FROM {parquet(changes)}")
        _require_key(database, "old", "what was read before")
        _require_key(database, "new", "what changed")
        database.execute("CREATE TABLE came AS SELECT _key FROM new")
        if deleted is None:
            database.execute("CREATE TABLE gone AS SELECT _key FROM came WHERE false")
            return
        parts = [f"key_{at}" for at in range(len(key))]
        gone = f"row({', '.join(parts)}) AS _key, ({_blank(parts)}) AS _blank FROM {parquet(deleted)}"
        blank = database.execute(f"SELECT count(*) FROM (SELECT {gone}) WHERE _blank").fetchone()
        if blank is None or blank[0]:
            raise MirrorError("a record that is gone is not named")
        database.execute(f"CREATE TABLE gone AS SELECT DISTINCT _key FROM (SELECT {gone})")


def _blank(key: Sequence[str]) -> str:
    return " OR ".join(f"{quote(name)} IS NULL" for name in key)


def _require_key(database: duckdb.DuckDBPyConnection, view: str, said: str) -> None:
    found = database.execute(
        f"SELECT count(*) FILTER (WHERE _blank), count(*) - count(DISTINCT _key) FROM {view}"
    ).fetchone()
    assert found is not None
    if found[0]:
        raise MirrorError(f"{found[0]:,} records of {said} have no key")
    if found[1]:
        raise MirrorError(f"a key stands on several records of {said}")


def _count(database: duckdb.DuckDBPyConnection) -> Merged:
    with reworded("counting what changed", StorageError):
        found = database.execute(
            "SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM came),"
            " (SELECT count(*) FROM came SEMI JOIN old USING (_key)),"
            " (SELECT count(*) FROM gone SEMI JOIN old USING (_key) ANTI JOIN came USING (_key)),"
            " (SELECT count(*) FROM gone ANTI JOIN old USING (_key) ANTI JOIN came USING (_key)),"
            " (SELECT count(*) FROM gone SEMI JOIN came USING (_key))"
        ).fetchone()
    assert found is not None
    old, came, changed, deleted, unknown, kept = map(int, found)
    new = came - changed
    return Merged(old + new - deleted, new, changed, deleted, unknown, kept)


def _copy(database: duckdb.DuckDBPyConnection, statement: str, part: Path, out: Path) -> None:
    with reworded(f"writing {out.name}", StorageError):
        database.execute(
            f"COPY ({statement}) TO {literal(str(part.resolve()))} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})"
        )
    put(part, out)


def _whole(fields: Sequence[str], kept: str) -> str:
    """Return the statement of all records; answers whose pages count from 0 leave the page -1 to the mirror's."""
    named = "".join(f", {quote(name)}" for name in fields)
    page = "(SELECT least(0, min(_page) - 1) FROM new)"
    return (
        f"SELECT coalesce({page}, 0)::INTEGER AS _page, row_number() OVER (ORDER BY _page, _row)::BIGINT AS _row{named}"
        f" FROM {kept} UNION ALL SELECT _page, _row{named} FROM new ORDER BY _page, _row"
    )


def keep(file: Path, kept: Path) -> None:
    """Have a file stand under another name too, on the disk for good; a copy where the disk knows no links."""
    part = kept.with_name(f".{kept.name}.part")
    make(kept.parent)
    try:
        part.unlink(missing_ok=True)
        try:
            os.link(file, part)
        except OSError:
            shutil.copyfile(file, part)
            part.chmod(0o600)
        for path in (part, kept.parent):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        part.replace(kept)
        part.unlink(missing_ok=True)  # a rename of a link onto the same file leaves both
    except OSError as error:
        raise cannot_write(kept, error) from None


def clear(folder: Path, kept: str) -> None:
    """Remove the files of a mirror that are no longer needed: all but one."""
    for file in folder.iterdir():
        if file.name != kept and file.is_file():
            try:
                file.unlink()
            except OSError as error:
                raise cannot_write(file, error) from None


def make(folder: Path) -> None:
    """Make a folder, private to its user, if it is not there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None


def put(part: Path, file: Path) -> None:
    """Put a file that is whole in its place, private to its user."""
    try:
        part.chmod(0o600)
        part.replace(file)
    except OSError as error:
        raise cannot_write(file, error) from None
