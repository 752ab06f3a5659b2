"""Who holds a school: a row that is renewed each minute, so that runs on other machines are seen.

On one machine the lock of the school's folder keeps processes apart, and the system frees it however a process ends.
So whoever takes the row here already holds that lock, and a row of this machine's beside the same file is a dead
process's. A row of another machine's is taken over when nobody renewed it for a quarter of an hour.
Next: `run/history`.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.clock import Clock
from engine.errors import StorageError
from engine.state.record import Holder, SchoolBusyError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table

    from engine.state.database import Database

STALE = timedelta(minutes=15)
BEAT = timedelta(minutes=1)


def this_host() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def lives(holder: Holder, now: datetime) -> bool:
    """Say whether a holder is likely at work: seen lately and, on this machine, a process that is there."""
    return now - holder.seen < STALE and (holder.host != this_host() or _is_there(holder.pid))


class Lock:
    """The rows of who holds which school."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database, self._table = database, table

    def holder(self, school: str) -> Holder | None:
        """Return who holds a school, dead or alive."""
        with self._database.reading() as connection:
            return self._holder(connection, school)

    @contextmanager
    def held(self, school: str, run: str, clock: Clock, tell: Callable[[str], None]) -> Iterator[None]:
        """Hold a school; `tell` hears of a dead holder that it was taken from."""
        now = clock.now()
        ours = Holder(school, this_host(), os.getpid(), run, now, now)
        with self._database.writing() as connection:
            before = self._holder(connection, school)
            if before is not None:
                self._require_dead(before, now)
                connection.execute(self._table.delete().where(*self._is(before)))
            connection.execute(self._table.insert().values(**asdict(ours)))
        if before is not None:
            tell(f"the lock of {before} was taken over: that process is gone")
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(ours, clock, over), name=f"lock of {school}", daemon=True)
        beat.start()
        try:
            yield
        finally:
            over.set()
            beat.join()
            with suppress(StorageError), self._database.writing() as connection:  # what stays is recognised as dead
                connection.execute(self._table.delete().where(*self._is(ours)))

    def require(self, school: str, run: str) -> None:
        """Refuse to go on if somebody took the school over, because this machine had been asleep for long."""
        holder = self.holder(school)
        if holder is None or (holder.host, holder.pid, holder.run) != (this_host(), os.getpid(), run):
            raise SchoolBusyError(
                f"'{school}' was taken over by another run" + (f": {holder}" if holder else ""),
                why=f"this run was not seen for {_minutes(STALE)} minutes",
                fix="wait until that run has ended",
            )

    def _beat(self, ours: Holder, clock: Clock, over: threading.Event) -> None:
        while not over.wait(BEAT.total_seconds()):
            with suppress(StorageError), self._database.writing() as connection:  # the next beat tries again
                connection.execute(self._table.update().where(*self._is(ours)).values(seen=clock.now()))

    def _holder(self, connection: Connection, school: str) -> Holder | None:
        row = connection.execute(self._table.select().where(self._table.c.school == school)).mappings().first()
        return None if row is None else Holder(**row)

    def _is(self, holder: Holder) -> list[ColumnElement[bool]]:
        columns = self._table.c
        return [columns[name] == getattr(holder, name) for name in ("school", "host", "pid", "run")]

    def _require_dead(self, holder: Holder, now: datetime) -> None:
        beside_us = self._database.file is not None and holder.host == this_host()
        if beside_us or not lives(holder, now):
            return
        raise SchoolBusyError(
            f"another run of '{holder.school}' is under way: {holder}",
            why=f"it was last seen at {holder.seen:%H:%M:%S} UTC; it counts as dead after {_minutes(STALE)} minutes",
            fix="wait until it has ended",
        )


def _minutes(time: timedelta) -> int:
    return round(time.total_seconds() / 60)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
