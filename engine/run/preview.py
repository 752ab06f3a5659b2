"""Rows of one entity as the documents make them now, from the answers of the last run where they still fit.

Nothing is emitted or sent. What an answer is missing for is asked of the source. Next: `run/runner`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.journal import Journal
from engine.run.folder import locked, runs, school_folder
from engine.run.making import circumstances_of
from engine.run.plan import Plan, make_plan, world_of
from engine.run.reading import set_read
from engine.run.secrets import Secrets
from engine.spec.project import Project
from engine.stages.events import Tell
from engine.stages.extract import extract
from engine.stages.land import land
from engine.stages.transform import Transformed, transform


def preview_rows(
    project: Project, plan: Plan, environ: Mapping[str, str], tell: Tell, clock: Clock | None = None
) -> tuple[Path, Transformed]:
    """Make the rows of the plan's one entity; return their Parquet file and their books.

    Endpoints are asked for as a whole run asks for them, so that its answers serve here too.
    """
    (entity,) = plan.entities
    school, clock = plan.school, clock or Clock()
    endpoints = {want.endpoint for want in plan.wants()}
    wants = [want for want in make_plan(project, school.school).wants() if want.endpoint in endpoints]
    home = school_folder(project.root, school.school)
    folder = home / "preview"
    with locked(home):
        shutil.rmtree(folder, ignore_errors=True)
        _take_over(home, folder)
        config = Secrets(environ, lenient=True).config(plan.source, school)
        with Journal(folder / "journal.jsonl") as journal:
            answers = extract(plan.source, config, wants, folder, journal, clock, tell)
        sets = {}
        for want in plan.wants():
            own = [answer for answer in answers if answer.endpoint == want.endpoint]
            for name, fields in want.sets.items():
                sets[name] = set_read(land(plan.source, name, fields, own, folder / "sets"), fields)
        today = clock.now().astimezone(ZoneInfo(school.time_zone)).date()
        mapping = project.mapping(school.source, entity, school)
        world = world_of(project, school, plan.source, entity)
        books = transform(mapping, world, sets, circumstances_of(project, school, today), folder)
    return folder / "rows" / f"{entity}.parquet", books


def _take_over(home: Path, folder: Path) -> None:
    """Link the answers of the latest run into a fresh folder, with what its journal says of them."""
    folder.mkdir(mode=0o700)
    latest = next(reversed(runs(home)), None)
    if latest is None or not (latest / "answers").is_dir():
        return
    shutil.copytree(latest / "answers", folder / "answers", copy_function=os.link)
    with Journal(latest / "journal.jsonl") as old, Journal(folder / "journal.jsonl") as new:
        for prefix in ("read:", "answer:"):
            for key in old.keys(prefix):
                new.record(key, **(old.get(key) or {}))
