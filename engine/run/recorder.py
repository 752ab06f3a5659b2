"""Makes a recording: reads whole records, chooses some, disguises them, and writes the folder in one step.

What was read lies meanwhile in the school's private folder, and is removed in the end. Next: `run/recording_report`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.journal import Journal
from engine.problem_text import did_you_mean
from engine.run.consent import Closing
from engine.run.folder import STALE, locked, school_folder
from engine.run.gathering import Gathering
from engine.run.history import open_state
from engine.run.inherited_tags import inherited_tags, tagged
from engine.run.inquiry import Inquiry, apis_of
from engine.run.links import Edge, edges_of
from engine.run.plan import make_plan
from engine.run.recording import RecordingError
from engine.run.recording_choice import Choosing, root_of
from engine.run.recording_folder import Made, Wish, Writing
from engine.run.records import wants_of
from engine.run.secrets import Secrets
from engine.spec.project import NotFoundError, Project
from engine.spec.source import RecordSet, Source
from engine.stages.clients import Clients
from engine.stages.envelope import records_path
from engine.stages.events import Event, Tell
from engine.stages.want import Want


def record(project: Project, wish: Wish, environ: Mapping[str, str], tell: Tell, clock: Clock | None = None) -> Made:
    """Record a school's answers into a folder that is not there yet."""
    _require_free(wish.to)
    clock = clock or Clock()
    plan = make_plan(project, wish.school)
    school, source = plan.school, plan.source
    wants = wants_of(source, list(dict.fromkeys([*plan.fields(), *wish.sets])))
    config = Secrets(environ).config(source, school)
    home = school_folder(project.root, school.school)
    with open_state(project.root) as state, locked(home, state):
        folder = _begun(home / "record", clock)
        edges = edges_of(project, source)
        inherited = inherited_tags(project, source, edges, school)
        sets = {name: tagged(name, each, inherited) for _, name, each in source.sets()}
        settings, today = project.values(school), clock.now().astimezone(ZoneInfo(school.time_zone)).date()
        with Inquiry(source, config, today, clock, tell, state.budget) as inquiry:
            inquiry.standing()
            granted = inquiry.granted(apis_of(plan))
        wants = list(_granted(_followed(wants, source, tell), Closing(source, granted)))
        choosing = Choosing(sets, edges, _root(wish, wants, sets, edges), wish.records)
        gathering = Gathering(source, school, config, settings, wants, folder, clock, choosing)
        with (
            Clients(source, config, clock, tell, state.budget) as clients,
            Journal(folder / "journal.jsonl") as journal,
        ):
            gathering.read(clients, journal)
        made = Writing(project, plan, wish, gathering, config, granted, inherited).write()
        shutil.rmtree(folder)
    return made


def _followed(wants: Iterable[Want], source: Source, tell: Tell) -> Iterator[Want]:
    """Yield what of these stands at paths of plain steps; what does not cannot be put together again, and is told."""
    for want in wants:
        json = source.apis[source.endpoints[want.endpoint].api].answers == "json"
        lost = [name for name in want.sets if json and not records_path(source.find(name)[2].records).simple]
        for name in lost:
            tell(Event("note", f"{name} is not recorded: the path of its records is more than steps", want.endpoint))
        sets = {name: fields for name, fields in want.sets.items() if name not in lost}
        if sets:
            yield replace(want, sets=sets)


def _granted(wants: Iterable[Want], closing: Closing) -> Iterator[Want]:
    """Yield what of these is granted."""
    for want in wants:
        sets = {name: fields for name, fields in want.sets.items() if name not in closing.sets}
        closed = {name: frozenset(key for use, key in closing.fields if use == name) for name in sets}
        if sets:
            yield replace(want, sets=sets, withheld=closed)


def _root(wish: Wish, wants: Iterable[Want], sets: Mapping[str, RecordSet], edges: list[Edge]) -> str:
    """Return the set whose records are chosen first."""
    known = [name for want in wants for name in want.sets]
    if wish.root and wish.root not in known:
        fix = did_you_mean(wish.root, known) or f"one of {', '.join(known)}"
        raise NotFoundError(f"'{wish.root}' is no record set that is recorded", fix=fix)
    return wish.root or root_of(sets, edges, known)


def _require_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RecordingError(
            f"{folder} is there already, and is not empty",
            why="a recording is written as a whole, into a folder of its own",
            fix="name another folder, or remove this one first",
            code="recording-exists",
        )


def _begun(folder: Path, clock: Clock) -> Path:
    """Return the folder in which it is read; one of a call that was killed of late is gone on with."""
    journal = folder / "journal.jsonl"
    if journal.is_file():
        begun = datetime.fromtimestamp(journal.stat().st_mtime, clock.now().tzinfo)
        if abs(clock.now() - begun) > STALE:
            shutil.rmtree(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
