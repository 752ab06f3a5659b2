"""A school that must be asked a thousand times, night after night, within the limits of its source.

Time is that of a clock that jumps over waits, in the engine and in the simulator alike.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
from fast_clock import JumpClock, carry_out

from engine.clock import Clock
from engine.run.demo import Simulator as Started
from engine.run.demo import fill_in, write_project
from engine.run.folder import runs, school_folder
from engine.run.outlook import outlook
from engine.run.plan import make_plan
from engine.run.price import Bill
from engine.simulators.hubmis import SIMULATOR as HubmisSimulator
from engine.spec.project import open_project

SCHOOL, DAY = "larch-house", date(2026, 3, 2)
EVENING = datetime(2026, 3, 2, 20, tzinfo=UTC)
BURST, REFILL = 500, 5


@dataclass
class Night:
    """What a night cost: planned, and in truth. Times are in seconds."""

    bill: Bill
    took: float
    requests: int
    allowed: float
    refused: int
    asked: Counter[str]
    """Distinct requests by their path without ids."""
    students: dict[str, tuple[str, ...]]
    """What was read of students, by their ids."""


@dataclass
class Evenings:
    """A project that points at a simulated HUBmis, and the clock of both."""

    folder: Path
    source: HubmisSimulator
    clock: JumpClock
    seen: int = field(default=0)

    def pass_days(self, days: int) -> None:
        """Let days go by, at the source and here."""
        self.source.move_to(self.source.today + timedelta(days=days))
        self.clock.wait_until(EVENING + (self.source.today - DAY))

    def run(self) -> Night:
        """Plan a night, and carry it out."""
        limits = self.source.limits
        self.source.requests.clear()
        bill, began, before = bill_of(self.folder, self.clock), self.clock.seconds(), limits.counted()
        assert carry_out(self.folder, SCHOOL, self.clock).outcome == "complete"
        now, ended = limits.counted(), self.clock.seconds()
        paths = {each.path for each in self.source.requests}
        asked = Counter("/".join(part for part in path.split("/") if not part.isdecimal()) for path in paths)
        allowed = BURST + (now["last"] - began) / REFILL
        figures = (ended - began, now["total"] - before["total"], allowed, now["refused"] - before["refused"])
        return Night(bill, *figures, asked, self._students())

    def _students(self) -> dict[str, tuple[str, ...]]:
        last = runs(school_folder(self.folder, SCHOOL))[-1]
        frame = pl.read_parquet(last / "sets" / "students.parquet").drop("_page", "_row")
        return {row["id"]: tuple(row.values()) for row in frame.to_dicts()}


def bill_of(folder: Path, clock: Clock) -> Bill:
    """Return what a run would cost."""
    project = open_project(folder, in_use=True)
    return outlook(project, make_plan(project, SCHOOL), clock).bill


def put_project(folder: Path, source: HubmisSimulator) -> dict[str, str]:
    """Write the example's project, with the address of a simulator; return the secrets that it asks for."""
    write_project("hubmis", folder)
    nowhere = Started("haplo", "http://127.0.0.1:1", {"base_url": "http://127.0.0.1:1", "api_key": "none"})
    return fill_in("hubmis", folder, [Started("hubmis", source.url, source.config), nowhere])


@contextmanager
def evenings(folder: Path, pupils: int, **more: Any) -> Iterator[Evenings]:
    """Start a school at the published limits, on its first evening."""
    clock = JumpClock(EVENING)
    with (
        HubmisSimulator(pupils=pupils, seed=1, today=DAY, now=clock.seconds, **more) as source,
        mock.patch.dict(os.environ, put_project(folder, source)),
    ):
        yield Evenings(folder, source, clock)
