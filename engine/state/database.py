"""The database behind the state: opened, brought up to date, and its errors in our words.

SQLite as it comes: one private file, made whole under another name, so that a file that is there and is not whole is
damage and never a beginning. Any other URL of SQLAlchemy's is used as it is. Nothing here but `_prepare` is SQLite's
own. Imports SQLAlchemy. Next: `state/store`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from engine.errors import StorageError
from engine.journal import cannot_write
from engine.state.table import STEPS, VERSION

NEWEST = len(STEPS)
BUSY_SECONDS = 30
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_MISMATCH", "SQLITE_FORMAT")
_FORBIDDEN = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN", "SQLITE_AUTH")


class Database:
    """A database that is up to date."""

    def __init__(self, where: Path | str) -> None:
        self.file = _file(where)
        url = URL.create("sqlite", database=str(self.file)) if self.file else _url(str(where))
        self.name = str(self.file) if self.file else url.render_as_string(hide_password=True)
        with self._reworded():
            if self.file is not None:
                _make(self.file)
                self._require_content(self.file)
            self.engine = _engine(url)
            self._bring_up_to_date()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection for questions that belong together."""
        try:
            with (
                self._reworded(),
                self.engine.connect().execution_options(reads=True) as connection,
                connection.begin(),
            ):
                yield connection
        except (ValueError, TypeError) as error:
            raise self._damaged(f"a value in it cannot be read ({type(error).__name__})") from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes come together at the end, or not at all."""
        with self._reworded(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _bring_up_to_date(self) -> None:
        try:
            with self.reading() as connection:
                version = self._version(connection)
            if version < NEWEST:
                with self.writing() as connection:
                    migrate(connection, self._version(connection))
        except BaseException:
            self.close()
            raise

    def _version(self, connection: Connection) -> int:
        if not inspect(connection).has_table(VERSION.name):
            if self.file is not None:
                raise self._damaged("it is no state of haplomap's")
            return 0
        found = connection.execute(VERSION.select()).scalars().all()
        if len(found) != 1:
            raise self._damaged("it does not say its version")
        if found[0] > NEWEST:
            raise StorageError(
                f"{self.name}: the state was written by a newer haplomap",
                why=f"it has version {found[0]}, and this haplomap knows {NEWEST}",
                fix="use the newer haplomap for this project",
                code="state-newer",
            )
        return int(found[0])

    def _require_content(self, file: Path) -> None:
        """Refuse a file without content before SQLite takes it for a new database."""
        try:
            empty = file.stat().st_size == 0
        except OSError as error:
            raise cannot_write(file, error) from None
        if empty:
            raise self._damaged("the file is empty")

    def _damaged(self, why: str) -> StorageError:
        return StorageError(
            f"{self.name}: the state of this project is damaged",
            why=why,
            fix="put back a copy of it; without one take the file away: everything is then read and sent in full",
            code="state-damaged",
        )

    @contextmanager
    def _reworded(self) -> Iterator[None]:
        """Raise what SQLAlchemy raises as errors of ours; nothing of its message is kept."""
        try:
            yield
        except DBAPIError as error:
            raise self._in_our_words(error) from None

    def _in_our_words(self, error: DBAPIError) -> StorageError:
        said = str(getattr(error.orig, "sqlite_errorname", ""))
        path = Path(self.name)
        if said.startswith(_DAMAGE):
            return self._damaged(f"SQLite says {said}")
        if said.startswith("SQLITE_FULL"):
            return cannot_write(path, OSError(errno.ENOSPC, ""))
        if said.startswith(_FORBIDDEN):
            return cannot_write(path, OSError(errno.EACCES, os.strerror(errno.EACCES)))
        if said.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            why = f"other processes kept it for {BUSY_SECONDS} seconds"
            return StorageError(f"{self.name}: the state is busy", why=why, fix="give the same command again")
        if said:
            return cannot_write(path, OSError(errno.EIO, said))
        return StorageError(f"{self.name}: the state cannot be used", why=f"the database said {type(error).__name__}")


def migrate(connection: Connection, version: int) -> None:
    """Lead a database from a version to the newest, inside the caller's transaction."""
    if version == 0:
        VERSION.create(connection)
        connection.execute(VERSION.insert().values(number=0))
    for step in STEPS[version:]:
        for statement in step:
            connection.exec_driver_sql(statement)
    connection.execute(VERSION.update().values(number=NEWEST))


def _file(where: Path | str) -> Path | None:
    if isinstance(where, Path):
        return where
    return None if "://" in where else Path(where)


def _url(text: str) -> URL:
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError):
        raise StorageError(
            "the URL of the state names no database that is known",
            why="it has the form postgresql+psycopg://user@host/database, or is the path of a SQLite file",
        ) from None
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
    _prepare(engine)
    return engine


def _prepare(engine: Engine, wal: bool = True) -> None:
    """Have SQLite begin transactions when we do, and keep what it is told."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # Python's sqlite3 would begin transactions of its own
        for pragma in ("foreign_keys = ON", *(["journal_mode = WAL"] if wal else []), "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _make(file: Path) -> None:
    """Make the file if it is not there: whole, and private; whoever else makes one meanwhile may be first."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if file.exists():
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise cannot_write(file, error) from None
    try:
        engine = create_engine(URL.create("sqlite", database=str(draft)), poolclass=NullPool)
        _prepare(engine, wal=False)
        with engine.begin() as connection:
            migrate(connection, 0)
        with suppress(FileExistsError):
            os.link(draft, file)
    except OSError as error:
        raise cannot_write(file, error) from None
    finally:
        draft.unlink(missing_ok=True)
