"""The first half of runs, in this process: what is read of a project night after night, and what it cost.

As a program it reads one night and kills itself before its Nth step, for the probe of every boundary.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from project import SCHOOL, Project

from engine.clock import Clock
from engine.journal import Journal
from engine.run import reading as module
from engine.run.folder import new_run, school_folder
from engine.run.history import open_state
from engine.run.plan import Plan, make_plan
from engine.run.reading import Reading
from engine.run.report import Report, SetReport
from engine.run.secrets import Secrets
from engine.spec.project import open_project
from engine.stages.transform import SetRead
from engine.state import Mirror, State

BEGAN = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
Records = dict[str, dict[str, Any]]


class SetClock(Clock):
    """A clock whose time of day one sets."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


@dataclass
class Read:
    """One night's read: the sets, the report's lines of them, notes, and how many requests for records it took."""

    sets: dict[str, SetRead]
    lines: dict[str, SetReport]
    notes: list[str]
    requests: int
    folder: Path

    def records(self, name: str) -> Records:
        """Return the records of a set by their keys."""
        frame = pl.read_parquet(self.sets[name].file)
        assert frame.select("_page", "_row").n_unique() == len(frame)
        rows = frame.drop("_page", "_row").to_dicts()
        found = {row["Id"]: row for row in rows}
        assert len(found) == len(rows) == self.sets[name].rows
        return found

    def ways(self) -> set[str]:
        return {line.read for line in self.lines.values()}

    def told(self, text: str) -> list[str]:
        return [note for note in self.notes if text in note]


@dataclass
class Nights:
    """A project that is read night after night."""

    project: Project
    clock: SetClock = field(default_factory=lambda: SetClock(BEGAN))
    only: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        return school_folder(self.project.folder, SCHOOL)

    def plan(self) -> Plan:
        return make_plan(open_project(self.project.folder), SCHOOL, self.only)

    def mirrors(self) -> dict[str, Mirror]:
        with open_state(self.project.folder) as state:
            return state.mirrors(SCHOOL)

    def pass_days(self, days: int = 1) -> None:
        """Let days go by, at the source and here."""
        self.clock.time += timedelta(days=days)
        self.project.xporter.move_to(self.project.xporter.today + timedelta(days=days))

    def read(self, folder: Path | None = None, *, bare: bool = False, **how: Any) -> Read:
        """Read a night; `bare` is without a state, which is in full; a folder is gone on with."""
        if folder is None:
            folder = new_run(self.home, self.clock.now())
        before = len(self.project.pages_asked())
        report = Report(SCHOOL, folder.name, "", "none")
        plan = self.plan()
        config = Secrets(self.project.environ).config(plan.source, plan.school)
        with open_state(self.project.folder) as state, Journal(folder / "journal.jsonl") as journal:
            kept: State | None = None if bare else state
            sets = Reading(plan, folder, journal, self.clock, lambda event: None, report, kept, **how).read(config)
        asked = len(self.project.pages_asked()) - before
        return Read(sets, {line.set: line for line in report.sets}, report.notes, asked, folder)

    def same_as_in_full(self, read: Read) -> bool:
        """Say whether what was read is what a read in full gives, and read that."""
        whole = self.read(bare=True)
        for name in whole.sets:
            assert read.records(name) == whole.records(name), name
            assert read.sets[name].present == whole.sets[name].present, name
        return True


def die_before(step: int) -> Callable[[], int]:
    """Kill this process before its Nth step: a line of the journal, a file of a mirror, the state, or a removal."""
    taken = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **more: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **more)

        return wrapped

    Journal.record = counted(Journal.record)  # type: ignore[method-assign]
    State.put_mirrors = counted(State.put_mirrors)  # type: ignore[method-assign]
    module.keep = counted(module.keep)
    module.clear = counted(module.clear)
    return lambda: taken


def main() -> None:
    """Read as told by the JSON on the command line; print how many steps it took."""
    told = json.loads(sys.argv[1])
    project = Project(Path(told["project"]), _Silent(), None, told["environ"])  # type: ignore[arg-type]
    nights = Nights(project, SetClock(datetime.fromisoformat(told["now"])), tuple(told["only"]))
    steps = die_before(told["step"])
    read = nights.read(Path(told["folder"]))
    print(json.dumps({"steps": steps(), "ways": sorted(read.ways())}))


class _Silent:
    """In place of a simulator that another process runs."""

    requests: tuple[Any, ...] = ()


if __name__ == "__main__":
    main()
