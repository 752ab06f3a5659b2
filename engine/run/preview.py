"""Rows of one entity as the documents make them now, from what the last run has read where it still fits.

Nothing is emitted or sent, and no mirror changes. What was not read is asked of the source. Of a recording rows are
made without asking anyone. Next: `run/beside`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.journal import Journal
from engine.run.consent import Before, narrow
from engine.run.folder import locked, school_folder
from engine.run.history import open_state
from engine.run.making import circumstances_of
from engine.run.plan import Plan, world_of
from engine.run.reading import Reading
from engine.run.recorded import LandedRecording, land_recorded
from engine.run.recording import Recording
from engine.run.report import Report
from engine.run.secrets import Secrets
from engine.spec.project import Project
from engine.spec.school import School
from engine.stages.events import Tell
from engine.stages.transform import STATES, SetRead, Transformed, transform

ALWAYS: Final = timedelta.max
"""However long ago something was read, it will do."""


@dataclass(frozen=True)
class Preview:
    """What was made: files of rows, of states and of what was held back, the books, and the records that were read."""

    rows: Path
    states: Path
    quarantine: Path
    books: Transformed
    sets: Mapping[str, SetRead]


def preview_rows(
    project: Project, plan: Plan, environ: Mapping[str, str], tell: Tell, clock: Clock | None = None
) -> Preview:
    """Make the rows of the plan's one entity."""
    (entity,) = plan.entities
    school, clock = plan.school, clock or Clock()
    home = school_folder(project.root, school.school)
    folder = home / "preview"
    today = clock.now().astimezone(ZoneInfo(school.time_zone)).date()
    report = Report(school.school, folder.name, today.isoformat(), "none")
    with open_state(project.root) as state, locked(home, state):
        shutil.rmtree(folder, ignore_errors=True)
        config, known = Secrets(environ, lenient=True).config(plan.source, school), state.consents(school.school)
        granted = {api: each.scopes for api, each in known.items()}
        plan = narrow(project, plan, granted, Before(known), today, home)
        with Journal(folder / "journal.jsonl") as journal:
            around = (clock, tell, report, state)
            reading = Reading(plan, folder, journal, *around, reuse=ALWAYS, mirrors=False, today=today)
            sets = reading.read(config)
        mapping = project.mapping(school.source, entity, school)
        world = world_of(project, school, plan.source, entity)
        books = transform(mapping, world, sets, circumstances_of(project, school, today), folder)
    return _preview(folder, entity, books, sets)


def preview_recorded(
    project: Project, school: School, entity: str, recording: Recording
) -> tuple[Preview, LandedRecording]:
    """Make the rows of one entity of a recording, as of its day; what it cannot tell is in the notes of what landed."""
    home = school_folder(project.root, school.school)
    folder = home / "preview"
    with open_state(project.root) as state, locked(home, state):
        shutil.rmtree(folder, ignore_errors=True)
        landed = land_recorded(project, school, recording, folder, [entity])
        mapping = project.mapping(school.source, entity, school)
        world = world_of(project, school, landed.plan.source, entity)
        books = transform(mapping, world, landed.sets, circumstances_of(project, school, landed.today), folder)
    return _preview(folder, entity, books, landed.sets), landed


def _preview(folder: Path, entity: str, books: Transformed, sets: Mapping[str, SetRead]) -> Preview:
    rows, states, held = (folder / name / f"{entity}.parquet" for name in ("rows", STATES, "quarantine"))
    return Preview(rows, states, held, books, sets)
