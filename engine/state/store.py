"""What a project remembers: mirrors, what was sent, runs, and who holds a school. Next: `state/lock`.

Every method is one transaction. Threads and processes may share a state; a school's is changed only by who holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.state.lock import Lock
from engine.state.record import Consented, Holder, Mirror, RunRecord, Sent

if TYPE_CHECKING:
    from sqlalchemy import Table

    from engine.clock import Clock
    from engine.state.database import Database


class State:
    """The state of one project."""

    def __init__(self, database: Database) -> None:
        from engine.state import table
        from engine.state.budget import Budgets

        self._database, self._tables = database, table
        self._lock = Lock(database, table.LOCKS)
        self.budget = Budgets(database)

    @classmethod
    def open(cls, where: Path | str) -> State:
        """Open the state at the path of a SQLite file, which is made if it is not there, or at a URL."""
        from engine.state.database import Database

        return cls(Database(where))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> State:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def mirrors(self, school: str) -> dict[str, Mirror]:
        """Return a school's mirrors by the names of their sets."""
        found = self._of(self._tables.MIRRORS, school)
        return {row["set_name"]: Mirror(**{**row, "present": tuple(row["present"])}) for row in found}

    def put_mirrors(self, school: str, mirrors: Sequence[Mirror]) -> None:
        """Put these mirrors, with their tokens, in the place of those of the same sets: all or none."""
        self._replace(self._tables.MIRRORS, school, "set_name", [asdict(each) for each in mirrors])

    def sent(self, school: str) -> dict[str, Sent]:
        """Return what was last sent of a school, by entity."""
        return {row["entity"]: Sent(**row) for row in self._of(self._tables.SENT, school)}

    def put_sent(self, school: str, sent: Sent) -> None:
        """Put down what was sent of an entity, in the place of what was sent before."""
        self._replace(self._tables.SENT, school, "entity", [asdict(sent)])

    def consents(self, school: str) -> dict[str, Consented]:
        """Return what was granted of a school, by api."""
        found = self._of(self._tables.CONSENTS, school)
        return {row["api"]: Consented(**{**row, "scopes": tuple(row["scopes"])}) for row in found}

    def put_consents(self, school: str, consents: Sequence[Consented]) -> None:
        """Put down what is granted of a school, in the place of what was granted before by the same apis."""
        rows = [{**asdict(each), "scopes": list(each.scopes)} for each in consents]
        self._replace(self._tables.CONSENTS, school, "api", rows)

    def begin_run(self, run: RunRecord) -> None:
        """Put down a run that begins, or that is gone on with."""
        facts = asdict(run)
        self._replace(self._tables.RUNS, facts.pop("school"), "run", [facts])

    def end_run(self, school: str, run: str, ended: datetime, outcome: str, summary: dict[str, Any]) -> None:
        """Put down how a run ended."""
        runs = self._tables.RUNS
        with self._database.writing() as connection:
            ours = runs.update().where(runs.c.school == school, runs.c.run == run)
            connection.execute(ours.values(ended=ended, outcome=outcome, summary=summary))

    def runs(self, school: str | None = None, limit: int = 50) -> list[RunRecord]:
        """Return the latest runs, of one school or of all, the newest first."""
        runs = self._tables.RUNS
        wanted = runs.select().order_by(runs.c.began.desc(), runs.c.run.desc(), runs.c.school).limit(limit)
        if school is not None:
            wanted = wanted.where(runs.c.school == school)
        with self._database.reading() as connection:
            return [RunRecord(**row) for row in connection.execute(wanted).mappings()]

    def run(self, run: str) -> list[RunRecord]:
        """Return the runs of this name, which is a school's own: several schools may have one each."""
        runs = self._tables.RUNS
        with self._database.reading() as connection:
            found = connection.execute(runs.select().where(runs.c.run == run).order_by(runs.c.school))
            return [RunRecord(**row) for row in found.mappings()]

    def drop_runs(self, school: str, before: datetime, keep: Collection[str]) -> int:
        """Forget a school's runs that began before a time, but for some by name; return how many."""
        runs = self._tables.RUNS
        old = runs.delete().where(runs.c.school == school, runs.c.began < before, runs.c.run.not_in(sorted(keep)))
        with self._database.writing() as connection:
            return int(connection.execute(old).rowcount)

    def schools(self) -> list[str]:
        """Return the schools that have runs."""
        column = self._tables.RUNS.c.school
        with self._database.reading() as connection:
            return list(connection.execute(self._tables.RUNS.select().with_only_columns(column).distinct()).scalars())

    def forget(self, school: str) -> dict[str, int]:
        """Remove what is known of a school; return how many rows went, by table. Who holds it stays."""
        own = self._tables
        tables = {"mirrors": own.MIRRORS, "sent": own.SENT, "consents": own.CONSENTS, "runs": own.RUNS}
        with self._database.writing() as connection:
            return {
                name: connection.execute(table.delete().where(table.c.school == school)).rowcount
                for name, table in tables.items()
            }

    def lock(
        self, school: str, run: str, clock: Clock, tell: Callable[[str], None] = lambda _: None
    ) -> AbstractContextManager[None]:
        """Hold a school against runs on other machines; the caller holds the lock of its folder on this one."""
        return self._lock.held(school, run, clock, tell)

    def require_lock(self, school: str, run: str) -> None:
        """Refuse to go on if another run has taken the school over meanwhile."""
        self._lock.require(school, run)

    def holder(self, school: str) -> Holder | None:
        """Return who holds a school, dead or alive; None if nobody does."""
        return self._lock.holder(school)

    def _of(self, table: Table, school: str) -> list[dict[str, Any]]:
        wanted = table.select().where(table.c.school == school).order_by(*table.primary_key)
        with self._database.reading() as connection:
            found = [dict(row) for row in connection.execute(wanted).mappings()]
        for row in found:
            del row["school"]
        return found

    def _replace(self, table: Table, school: str, key: str, rows: Sequence[dict[str, Any]]) -> None:
        """Put rows in the place of those of the same key, in one transaction."""
        with self._database.writing() as connection:
            for row in rows:
                connection.execute(table.delete().where(table.c.school == school, table.c[key] == row[key]))
                connection.execute(table.insert().values(school=school, **row))
