"""DuckDB, here and in the stages that store: connections that are shut in, and its errors in our words.

A connection sees the folders it is given and nothing else; its settings are locked. To start DuckDB costs more than
most statements, so one that was started is lent again, with an empty database, to whoever needs the same folders; a
run says `within` which folder all that it needs lies, and one serves it.
What DuckDB says about a failure can hold data, so `reworded` keeps only what kind of failure it was. Imports DuckDB
inside functions.
Next: `stages/land`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import EngineError, Interrupted, StorageError

if TYPE_CHECKING:
    import duckdb

Terms = tuple[tuple[str, ...], int]
"""Folders and threads of a database."""
STORAGE_FAILURES = (
    "IOException",
    "OutOfMemoryException",
    "PermissionException",
    "HTTPException",
    "FatalException",
)


ROW_GROUP: Final = 20_480
"""Rows in a group of a Parquet file: so few that writing takes little time and memory."""
_MEMORY: Final = "1GB"  # it takes what it needs; below that it gives up early, or works with one thread
_BLOCK: Final = 2048  # rows, as many as DuckDB works on at a time
_KEPT: Final = 8
_idle: list[tuple[Terms, duckdb.DuckDBPyConnection]] = []
"""Started ones that nobody uses, the latest last."""
_turn = threading.Lock()
_within: ContextVar[Path | None] = ContextVar("within", default=None)
_number = count(1)


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Let databases for folders below this one see all of it, so that one can be lent for all of them."""
    token = _within.set(folder.resolve())
    try:
        yield
    finally:
        _within.reset(token)


@contextmanager
def connect(folder: Path, *more: Path, threads: int = 2) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a database in memory that reads and writes below these folders only; it spills into the first."""
    places, wide = [path.resolve() for path in (folder, *more)], _within.get()
    if wide is not None and all(place.is_relative_to(wide) for place in places):
        places = [wide]
    terms = (tuple(dict.fromkeys(map(str, places))), threads)
    started = _found(terms) or _start(*terms)
    name = f"lent_{next(_number)}"
    try:
        with started.cursor() as connection:
            connection.execute(f"ATTACH ':memory:' AS {name}")
            connection.execute(f"USE {name}")
            yield connection
        started.execute(f"DETACH {name}")
    except BaseException:
        started.close()  # what went wrong may have gone wrong in it
        raise
    _put_back(terms, started)


def _found(terms: Terms) -> duckdb.DuckDBPyConnection | None:
    with _turn:
        places = [place for place, (known, _) in enumerate(_idle) if known == terms]
        return _idle.pop(places[-1])[1] if places else None


def _put_back(terms: Terms, started: duckdb.DuckDBPyConnection) -> None:
    with _turn:
        _idle.append((terms, started))
        left = _idle[:-_KEPT]
        del _idle[:-_KEPT]
    for _, old in left:
        old.close()


def _start(folders: tuple[str, ...], threads: int) -> duckdb.DuckDBPyConnection:
    import duckdb

    allowed = ", ".join("'" + path.replace("'", "''") + "'" for path in folders)
    spill = str(Path(folders[0]) / ".duckdb").replace("'", "''")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": threads})
    for statement in (
        "autoload_known_extensions = false",
        f"memory_limit = '{_MEMORY}'",
        f"temp_directory = '{spill}'",
        "preserve_insertion_order = true",
        "enable_progress_bar = false",
        f"allowed_directories = [{allowed}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {statement}")
    return connection


def dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the rows that a statement gives, each by the names of its columns; for few rows."""
    names = [str(column[0]) for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@dataclass(frozen=True)
class Block:
    """The texts of some rows, one after the other in UTF-8: row n is `text[ends[n]:ends[n + 1]]`."""

    ends: memoryview
    text: memoryview


def blocks(connection: duckdb.DuckDBPyConnection, statement: str) -> Iterator[Block]:
    """Carry out a statement of one column of text, never NULL, and give its rows some thousands at a time."""
    reader = connection.sql(statement).to_arrow_reader(_BLOCK)
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except OSError as error:  # what Arrow makes of an error of DuckDB
            raise _as_it_was(error) from None
        column = batch.column(0)
        assert column.null_count == 0
        _, ends, text = column.buffers()
        yield Block(
            memoryview(ends).cast("i")[column.offset : column.offset + len(column) + 1], memoryview(text or b"")
        )


def _as_it_was(error: OSError) -> Exception:
    import duckdb

    kinds = {
        "IO Error": duckdb.IOException,
        "Out of Memory Error": duckdb.OutOfMemoryException,
        "INTERRUPT Error": duckdb.InterruptException,
    }
    kind, _, said = str(error).partition(":")
    return kinds.get(kind, duckdb.InvalidInputException)(said)


@contextmanager
def reworded(doing: str, failed: type[EngineError], why: str = "", fix: str = "") -> Iterator[None]:
    """Raise what DuckDB raises as errors of ours: of storage, or as `failed`, saying what we were doing."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise Interrupted(f"{doing}: interrupted") from None
    except RuntimeError as error:
        if "interrupted" not in str(error).lower():
            raise
        raise Interrupted(f"{doing}: interrupted") from None  # what DuckDB makes of Ctrl-C
    except duckdb.Error as error:
        raise in_our_words(error, doing, failed, why, fix) from None


def in_our_words(error: Exception, doing: str, failed: type[EngineError], why: str = "", fix: str = "") -> EngineError:
    """Return our error for one of DuckDB's; nothing of its message is kept."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "OutOfMemoryException" in kinds:
        return StorageError(f"{doing}: not enough memory", why="DuckDB reached its limit of memory or of disk")
    if kinds & set(STORAGE_FAILURES):
        full = "No space left" in str(error)
        return StorageError(
            f"{doing}: {'the disk is full' if full else 'a file cannot be read or written'}",
            fix="make room on the disk" if full else "check that the folder is there and can be written",
        )
    return failed(f"{doing} failed", why=why or f"DuckDB refused it ({type(error).__name__})", fix=fix)
