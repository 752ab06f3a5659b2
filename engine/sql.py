"""DuckDB, here and in the stages that store: connections that are shut in, and its errors in our words.

A connection sees the folders it is given and nothing else; its settings are locked. What DuckDB says about a
failure can hold data, so `reworded` keeps only what kind of failure it was. Imports DuckDB inside functions.
Next: `stages/land`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError, Interrupted, StorageError

if TYPE_CHECKING:
    import duckdb

STORAGE_FAILURES = (
    "IOException",
    "OutOfMemoryException",
    "PermissionException",
    "HTTPException",
    "FatalException",
)


def connect(folder: Path, *more: Path, memory: str = "400MB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that reads and writes below these folders only; it spills into the first."""
    import duckdb

    folders = [str(path.resolve()) for path in (folder, *more)]
    allowed = ", ".join("'" + path.replace("'", "''") + "'" for path in folders)
    spill = str(Path(folders[0]) / ".duckdb").replace("'", "''")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": threads})
    for statement in (
        "autoload_known_extensions = false",
        f"memory_limit = '{memory}'",
        f"temp_directory = '{spill}'",
        "preserve_insertion_order = true",
        "enable_progress_bar = false",
        f"allowed_directories = [{allowed}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {statement}")
    return connection


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
