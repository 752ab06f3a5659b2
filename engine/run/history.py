"""Runs as the state remembers them: begun, ended, and what each came to, in figures.

`<project>/.haplomap/state.sqlite` is made by the first run. A run that did not end and whose process is gone is
shown as `died`. Next: `run/expiry`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.errors import EngineError, SourceClosed, StorageError
from engine.journal import Journal
from engine.problem_text import did_you_mean
from engine.run.folder import STATE
from engine.run.report import Report
from engine.spec.project import NotFoundError
from engine.state import RunRecord, SchoolBusyError, State
from engine.state.lock import lives, this_host

_REFUSED = ("import-refused", "application-unknown", "control-not-installed", "school-busy")
"""Codes of errors by which we, and not what we talk to, let a run deliver nothing; so does a guard."""
_GUARD_EXIT = 5
_MOST_NOTES = 100


def state_file(root: Path) -> Path:
    """Return where the state of a project is."""
    return root / STATE / "state.sqlite"


def open_state(root: Path) -> State:
    """Open the state of a project; it is made if it is not there."""
    return State.open(state_file(root))


@contextmanager
def known_state(root: Path) -> Iterator[State | None]:
    """Open the state of a project if there is one, and make none."""
    if not state_file(root).exists():
        yield None
        return
    with open_state(root) as state:
        yield state


@dataclass(frozen=True)
class Beginning:
    """What is known of a run when it begins, or goes on."""

    state: State
    clock: Clock
    report: Report
    journal: Journal

    def record(self) -> RunRecord:
        """Return the record of the run under way."""
        report, begun = self.report, self.journal.get("run")
        assert begun is not None
        began = datetime.fromisoformat(begun["began"])
        today = date.fromisoformat(report.today)
        names = (report.run, report.school, Path(report.folder).name)
        return RunRecord(*names, today, report.mode, began, None, "running", this_host(), os.getpid())


@contextmanager
def recorded(beginning: Beginning) -> Iterator[None]:
    """Put down that a run begins, and how it ends, however it ends."""
    state, report = beginning.state, beginning.report
    state.begin_run(beginning.record())

    def ended(outcome: str, code: str = "") -> None:
        summary = {**summary_of(report, beginning.journal), **({"error": code} if code else {})}
        state.end_run(report.school, report.run, beginning.clock.now(), outcome, summary)

    try:
        yield
    except BaseException as error:
        with suppress(StorageError):  # what went wrong first is what is told
            ended(_outcome(error), error.code if isinstance(error, EngineError) else "")
        raise
    ended(report.outcome)


def record_refusal(root: Path, error: SchoolBusyError, school: str, today: date, mode: str, clock: Clock) -> None:
    """Put down a run that did not even begin, because another one holds the school."""
    now, pid = clock.now(), os.getpid()
    name, summary = f"{now:%Y%m%d-%H%M%S}-refused-{pid}", {"error": error.code, "notes": [error.what]}
    record = RunRecord(name, school, "", today, mode, now, now, "refused", this_host(), pid, summary)
    with suppress(StorageError), open_state(root) as state:
        state.begin_run(record)


def _outcome(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt) or getattr(error, "code", "") == "interrupted":
        return "interrupted"
    if isinstance(error, SourceClosed):
        return error.level
    refused = isinstance(error, EngineError) and (error.code in _REFUSED or error.exit_code == _GUARD_EXIT)
    return "refused" if refused else "failed"


def summary_of(report: Report, journal: Journal) -> dict[str, Any]:
    """Return what a run came to: figures and notes, no values of records, no secrets."""
    requests = Counter(key.split(":")[1] for key in journal.keys("answer:"))
    return {
        "seconds": report.seconds,
        "requests": dict(sorted(requests.items())),
        "records": {each.set: each.rows for each in report.sets},
        "rows": {each.entity: each.emitted for each in report.entities},
        "quarantined": {each.entity: sum(each.quarantined.values()) for each in report.entities},
        "sent": {each.entity: each.sent for each in report.entities},
        "changes": report.changes,
        "data": report.data_age(),
        "guards": report.guards,
        "notes": report.notes[:_MOST_NOTES],
    }


def past_runs(root: Path, school: str | None, limit: int, now: datetime) -> list[RunRecord]:
    """Return the latest runs, the newest first; none where nothing was ever run."""
    if not state_file(root).exists():
        return []
    with open_state(root) as state:
        found = state.runs(school, limit)
        if not found and school is not None:
            _require_school(root, state, school)
        return [_as_it_is(state, run, now) for run in found]


def past_run(root: Path, name: str, school: str | None, now: datetime) -> RunRecord:
    """Return the run of this name; of several schools' runs that of the school that is named."""
    if not state_file(root).exists():
        raise NotFoundError(f"there is no run '{name}'", why="nothing was run in this project yet")
    with open_state(root) as state:
        found = [run for run in state.run(name) if school in (None, run.school)]
        if not found:
            names = [run.run for run in state.runs(school, 200)]
            fix = did_you_mean(name, names) or "'haplomap runs' lists them"
            raise NotFoundError(f"there is no run '{name}'" + (f" of '{school}'" if school else ""), fix=fix)
        if len(found) > 1:
            schools = ", ".join(run.school for run in found)
            raise NotFoundError(f"several schools have a run '{name}': {schools}", fix="add --school SCHOOL")
        return _as_it_is(state, found[0], now)


def _require_school(root: Path, state: State, school: str) -> None:
    if not (root / STATE / school / "lock").exists() and not (root / "schools" / f"{school}.yaml").exists():
        fix = did_you_mean(school, state.schools())
        raise NotFoundError(f"there is no run of a school '{school}'", fix=fix)


def _as_it_is(state: State, run: RunRecord, now: datetime) -> RunRecord:
    """Return a run as it is now: one that did not end has died, if nobody is at work on it."""
    if run.ended is not None:
        return run
    holder = state.holder(run.school)
    at_work = holder is not None and holder.run == run.run and lives(holder, now)
    return run if at_work else replace(run, outcome="died")


def facts_of(run: RunRecord) -> dict[str, Any]:
    """Return a run as JSON has it."""
    facts = {name: value for name, value in asdict(run).items() if name != "summary"}
    times = {name: value.isoformat() for name, value in facts.items() if isinstance(value, date)}
    return {**facts, **times, **run.summary}


def home_of(root: Path, run: RunRecord) -> Path | None:
    """Return the folder of a run, None where it has expired."""
    folder = root / STATE / run.school / run.folder
    return folder if run.folder and folder.is_dir() else None
