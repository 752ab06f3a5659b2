"""Just the records: a school's sets as Parquet files, every declared field, values as they were on the wire.

Next: `run/preview`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.journal import Journal
from engine.problem_text import did_you_mean
from engine.run.choosing import Terms, all_windows
from engine.run.folder import locked, school_folder
from engine.run.history import open_state
from engine.run.parting import Parting, land_kept, levels
from engine.run.plan import make_plan, source_of
from engine.run.secrets import Secrets
from engine.spec.asking import with_parents
from engine.spec.project import NotFoundError, Project
from engine.spec.source import Source
from engine.stages.answer import Answer
from engine.stages.clients import Clients
from engine.stages.earlier import Earlier
from engine.stages.events import Tell
from engine.stages.extract import extract_with
from engine.stages.land import SetFacts, land
from engine.stages.want import Want


def extract_sets(
    project: Project,
    name: str,
    only: Iterable[str],
    out: Path,
    environ: Mapping[str, str],
    tell: Tell,
    clock: Clock | None = None,
) -> list[SetFacts]:
    """Read the record sets that a school uses, or those named, into `out`. A call that was killed goes on.

    Endpoints with windows are read from their first day on. Sets for whose records others are asked come along.
    """
    school = project.school(name)
    source = source_of(project, school)
    wants = wants_of(source, list(only) or list(make_plan(project, name).fields()))
    config = Secrets(environ).config(source, school)
    home, clock = school_folder(project.root, school.school), clock or Clock()
    terms = Terms(clock.now(), ZoneInfo(school.time_zone), settings=project.values(school))
    with locked(home):
        folder = home / "extract"
        folder.mkdir(mode=0o700, exist_ok=True)
        parting = Parting(source, school, config, terms.settings, terms.day, out)
        facts: list[SetFacts] = []
        with (
            open_state(project.root) as state,
            Clients(source, config, clock, tell, state.budget) as clients,
            Journal(folder / "journal.jsonl") as journal,
        ):
            for level in levels(source, wants):
                windows = {want.endpoint: all_windows(source, school, want, {}, terms) for want in level}
                parts = [part for want in level for part in parting.parts(want, windows[want.endpoint])]
                answers = extract_with(clients, parts, folder, journal, Earlier((), clock))
                for want in level:
                    own = [answer for answer in answers if answer.endpoint == want.endpoint]
                    facts += _land(source, want, own, parts, out)
        shutil.rmtree(folder)
    return facts


def _land(
    source: Source, want: Want, answers: Sequence[Answer], parts: Sequence[Want], out: Path
) -> Iterator[SetFacts]:
    for name in want.sets:
        own = [answer for answer in answers if name in answer.sets]
        if source.endpoints[want.endpoint].for_each is None:
            yield land(source, name, None, own, out)
        else:
            yield land_kept(source, want, name, own, [part for part in parts if part.endpoint == want.endpoint], out)


def wants_of(source: Source, only: list[str]) -> list[Want]:
    """Return what is wanted for whole records of these sets, and of those that must be read before."""
    known = [set_name for _, set_name, _ in source.sets()]
    for set_name in only:
        if set_name not in known:
            fix = did_you_mean(set_name, known) or f"it has {', '.join(known)}"
            raise NotFoundError(f"'{source.source}' has no record set '{set_name}'", fix=fix)
    wants, chosen = [], with_parents(source, {name: [] for name in only})
    for endpoint_name, endpoint in source.endpoints.items():
        sets = {set_name: None for set_name in endpoint.sets if set_name in chosen}
        if sets:
            wants.append(Want(endpoint_name, sets))
    return wants
