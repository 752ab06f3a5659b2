"""Just the records: a school's sets as Parquet files, every declared field, values as they were on the wire.

Next: `run/preview`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.journal import Journal
from engine.problem_text import did_you_mean
from engine.run.choosing import Terms, all_windows
from engine.run.folder import locked, school_folder
from engine.run.plan import settings_of, source_of
from engine.run.secrets import Secrets
from engine.run.windowing import parts_of
from engine.spec.project import NotFoundError, Project
from engine.spec.source import Source
from engine.stages.events import Tell
from engine.stages.extract import Want, extract
from engine.stages.land import SetFacts, land


def extract_sets(
    project: Project,
    name: str,
    only: Iterable[str],
    out: Path,
    environ: Mapping[str, str],
    tell: Tell,
    clock: Clock | None = None,
) -> list[SetFacts]:
    """Read a school's record sets, or some of them, into `out`. A call that was killed goes on where it stopped.

    Endpoints with windows are read from their first day on.
    """
    school = project.school(name)
    source = source_of(project, school)
    wants = _wants(source, list(only))
    config = Secrets(environ).config(source, school)
    home, clock = school_folder(project.root, school.school), clock or Clock()
    terms = Terms(clock.now(), ZoneInfo(school.time_zone), settings=settings_of(project, school))
    windows = {want.endpoint: all_windows(source, school, want, {}, terms) for want in wants}
    parts = [part for want in wants for part in parts_of(source, want, windows[want.endpoint])]
    with locked(home):
        folder = home / "extract"
        folder.mkdir(mode=0o700, exist_ok=True)
        with Journal(folder / "journal.jsonl") as journal:
            answers = extract(source, config, parts, folder, journal, clock, tell)
            facts = []
            for want in wants:
                own = [answer for answer in answers if answer.endpoint == want.endpoint]
                facts += [land(source, set_name, None, own, out) for set_name in want.sets]
        shutil.rmtree(folder)
    return facts


def _wants(source: Source, only: list[str]) -> list[Want]:
    known = [set_name for _, set_name, _ in source.sets()]
    for set_name in only:
        if set_name not in known:
            fix = did_you_mean(set_name, known) or f"it has {', '.join(known)}"
            raise NotFoundError(f"'{source.source}' has no record set '{set_name}'", fix=fix)
    wants = []
    for endpoint_name, endpoint in source.endpoints.items():
        sets = {set_name: None for set_name in endpoint.sets if not only or set_name in only}
        if sets:
            wants.append(Want(endpoint_name, sets))
    return wants
