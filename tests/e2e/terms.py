"""A simulated term: the nights of a live school in this process, and the Haplo that a simple reading of them makes.

The reference takes in whole what the runs made rows of, and is told here, not by control files, what `removed` says
of rows that are gone.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import polars as pl
from nights import APPLICATION, CASE, FIRST, Objects, held, readable
from project import ENTITIES, SCHOOL, Project

from engine.clock import Clock
from engine.haplo.identity import code
from engine.haplo.target import data_types
from engine.journal import Journal, read_entries
from engine.run.control import control_file
from engine.run.installed import record_installed
from engine.run.plan import Plan, make_plan
from engine.run.report import Report
from engine.run.runner import Options, Runner
from engine.run.soundness import sound_project
from engine.simulators.calendar import Calendar
from engine.simulators.day import Day
from engine.simulators.importing import Importer
from engine.simulators.memo import Row
from engine.simulators.objects import Objects as Store
from engine.simulators.wire import set_makers
from engine.stages.emit import emit

PAST = {"staff": "past", "student": "past"}
"""What `removed` sets the status to."""
TAKEN = {
    "staff": "teaching support role",
    "group": "lead staff-member student-count",
    "student": "year-group national-curriculum-year registration-group house boarding-house boarding group "
    "special-needs english-additional free-school-meals pupil-premium service-child",
    "guardian": "child responsible-for",
    "group_membership": "group student staff-member",
}
"""What `removed` clears, as the bindings say it."""
UNREADABLE = "31/13/2010"
OVERLONG = "Endless " * 13


class MovedClock(Clock):
    """A clock that stands at three in the morning of a night, and moves when somebody sleeps or a run begins."""

    def __init__(self) -> None:
        self.time, self._slept = datetime(2026, 9, 1, 3, tzinfo=UTC), 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def wait(self, stopped: Event, seconds: float) -> bool:
        self._slept += max(seconds, 0)
        return stopped.wait(0.0005)


class Reference:
    """What Haplo is to hold: every row of what was sent, put in as if Haplo were told everything every night."""

    def __init__(self, project: Project, plan: Plan) -> None:
        self._project, self._plan, self._store = project, plan, Store()
        self._haplo = Importer(CASE, self._store, today=FIRST, clock=time.time)
        self._current: dict[str, set[str]] = {entity: set() for entity in ENTITIES}
        self.gone = 0

    def take(self, entity: str, run: Path, sick: Collection[str]) -> None:
        """Take in what a run made rows of; of a whole run, mark who is gone: not there, and not sick tonight."""
        entries = read_entries(run / "journal.jsonl")
        keys = pl.read_parquet(run / "rows" / f"{entity}.parquet")["source_id"].to_list()
        codes = {code(SCHOOL, entity, key) for key in keys}
        control, files = self.files(entity, run, entries[f"transform:{entity}"]["absent"])
        self._import(self._haplo, control, files)
        if set(entries["run"]["entities"]) == set(ENTITIES) and entity in TAKEN:
            kept = {code(SCHOOL, entity, key) for key in sick}
            gone = self._current[entity] - codes - kept
            for each in gone:
                self._remove(entity, each)
            self._current[entity] -= gone
            self.gone += len(gone)
        self._current[entity] |= codes

    def _remove(self, entity: str, of: str) -> None:
        ref = self._store.by_behaviour(of)
        assert ref is not None
        values = self._store.load(ref)
        assert values is not None
        for name in TAKEN[entity].split():
            values.pop(f"school:attribute:{name}", None)
        if entity in PAST:
            values["school:attribute:status"] = [PAST[entity]]
        self._store.save(ref, values)

    def files(self, entity: str, run: Path, absent: list[str]) -> tuple[Any, dict[str, Path]]:
        """Return the files of all rows that a run made of an entity."""
        binding, schemas = self._project.binding(entity), self._project.schemas()
        rows, mapped = run / "rows" / f"{entity}.parquet", self._plan.queries[entity].lineage
        left_out = [*absent, *(name for name in schemas[entity].fields if name not in mapped)]
        out = run.parent.parent.parent.parent / "whole" / run.name / entity
        made = emit(
            schemas[entity],
            schemas,
            binding,
            SCHOOL,
            rows,
            left_out,
            out,
            data_types=data_types(APPLICATION, binding.model),
        )
        return json.loads(made.control.read_bytes()), {part.name: part.path for part in made.parts}

    @staticmethod
    def _import(haplo: Importer, control: Any, files: dict[str, Path]) -> None:
        outcome = haplo.run(control, files)
        assert (outcome.errors, outcome.exception) == ([], None)

    def holds(self) -> Objects:
        """Return what Haplo is to hold."""
        return readable(self._store)

    def of_empty(self, run: Path) -> Objects:
        """Return what a run's rows make of an empty Haplo; done twice over, so that references find objects."""
        store = Store()
        haplo = Importer(CASE, store, today=FIRST, clock=time.time)
        entries = read_entries(run / "journal.jsonl")
        made = [self.files(entity, run, entries[f"transform:{entity}"]["absent"]) for entity in ENTITIES]
        for control, files in [*made, *made]:
            self._import(haplo, control, files)
        found = readable(store)
        store.close()
        return found

    def close(self) -> None:
        self._store.close()


class Ward(Calendar):
    """Days on which some people's records cannot be read, beside the other bad nights: night `sick`."""

    def sick(self, today: date) -> dict[str, set[int]]:
        """Return who is held back on a day, by entity."""
        if self.nights.get(today) != "sick":
            return {"student": set(), "guardian": set(), "unreadable": set()}
        school, chosen = self.life.at(today), random.Random(f"{today}")
        pupils = [pupil.id for pupil in school.pupils if pupil.status == "OnRoll"]
        contacts = sorted({link.contact for link in school.links if link.pupil in pupils})
        return {
            "student": set(chosen.sample(pupils, 1)),
            "guardian": set(chosen.sample(contacts, min(2, len(contacts)))),
            "unreadable": set(chosen.sample(pupils, min(2, len(pupils)))),
        }

    def _bad_day(self, stamp: date, kind: str) -> Day:
        if kind != "sick":
            return super()._bad_day(stamp, kind)
        makers, sick = set_makers(self.life.at(stamp)), self.sick(stamp)

        def with_changed(name: str, ids: Collection[int], field: str, value: str) -> None:
            plain = makers[name]
            makers[name] = lambda: [
                Row(row.needs, {**row.values, field: value}) if int(row.values["Id"]) in ids else row for row in plain()
            ]

        with_changed("Students", sick["student"], "Surname", OVERLONG)
        with_changed("Students", sick["unreadable"], "DateofBirth", UNREADABLE)
        with_changed("Contacts", sick["guardian"], "Surname", OVERLONG)
        return Day(stamp, makers, self._estab)


def by_the_standard_api(project: Project) -> None:
    """Have a live school deliver by the standard batch API, its control files in Haplo as an administrator does it."""
    project.edit(lambda school: school["deliver"].update(kind="standard"))
    project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["api_key"]
    documents = sound_project(project.folder)
    controls = {name: control_file(documents, documents.school(SCHOOL), name) for name in ENTITIES}
    record_installed(project.folder, SCHOOL, controls, datetime(2026, 9, 1, tzinfo=UTC))
    for name, control in controls.items():
        project.haplo.store.install(name, control)


class Term:
    """A live school whose nights pass, each in its own way, and the reference beside it."""

    def __init__(self, project: Project, seed: str) -> None:
        self.project, self.random, self.clock = project, random.Random(seed), MovedClock()
        self.documents = sound_project(project.folder)
        self.plan = make_plan(self.documents, SCHOOL)
        self.reference = Reference(self.documents, self.plan)
        old = project.xporter.calendar
        project.xporter.calendar = self.calendar = Ward(old.life, "9991234", {})
        self.today, self._taken = FIRST, set[str]()

    def new_day(self) -> None:
        """Let a day pass."""
        self.today += timedelta(days=1)
        self.clock.time = datetime(self.today.year, self.today.month, self.today.day, 3, tzinfo=UTC)
        self.project.xporter.move_to(self.today)
        self.project.haplo.move_to(self.today)
        self.reference._haplo.today = self.today

    def plan_of(self, entities: Sequence[str] | None) -> Plan:
        return self.plan if entities is None else make_plan(self.documents, SCHOOL, entities)

    def run(self, entities: Sequence[str] | None = None, **options: Any) -> Report:
        """Give the command, a minute after the last time."""
        return self.runner(entities, **options).run()

    def runner(self, entities: Sequence[str] | None = None, **options: Any) -> Runner:
        self.clock.time += timedelta(minutes=1)
        given = replace(Options(confirmed=True, today=self.today), **options)
        return Runner(self.documents, self.plan_of(entities), given, self.project.environ, lambda _: None, self.clock)

    def catch_up(self) -> None:
        """Put into the reference what Haplo has been told to import since."""
        assert self.project.haplo.objects is not None  # waits for what is being imported
        for batch in self.project.haplo.store.describe():
            if batch["state"] == "uploading" or batch["mode"] or batch["id"] in self._taken:
                continue
            assert batch["state"] == "complete", batch["log"]
            assert batch["counts"]["errors"] == 0, batch["log"]
            self._taken.add(batch["id"])
            _, _, entity, run = batch["comment"].split()
            folder = self.project.home / run
            self.reference.take(entity, folder, self.who_is_sick(entity, folder))

    def who_is_sick(self, entity: str, run: Path) -> set[str]:
        day = date.fromisoformat(read_entries(run / "journal.jsonl")["run"]["today"])
        return {str(each) for each in self.calendar.sick(day).get(entity, ())}

    def rest(self, report: Report) -> None:
        """Put into the reference what a run that ended well did not have to send."""
        folder = Path(report.folder)
        for line in report.entities:
            self.reference.take(line.entity, folder, self.who_is_sick(line.entity, folder))

    def holds(self) -> None:
        """Haplo holds what it is to hold, nobody is there twice, and no batch was scheduled twice."""
        self.catch_up()
        objects, wanted = held(self.project), self.reference.holds()
        assert_same(objects, wanted)
        live = [batch["comment"] for batch in self.project.scheduled() if not batch["mode"]]
        assert len(set(live)) == len(live)

    def went_well(self, report: Report) -> None:
        """A run has sent one batch of each entity with something to send, and Haplo holds it all."""
        assert report.outcome == "complete"
        self.catch_up()
        self.rest(report)
        self.holds()
        folder = Path(report.folder)
        live = [
            batch["comment"].split()[2]
            for batch in self.project.scheduled()
            if not batch["mode"] and batch["comment"].endswith(f" {folder.name}")
        ]
        due = [name for name, counts in report.changes.items() if counts["send"] + counts["remove"]]
        assert live == due
        if self.calendar.nights.get(self.today) != "sick" and len(report.entities) == len(ENTITIES):
            objects, whole = held(self.project), self.reference.of_empty(folder)
            assert_same({each: objects[each] for each in whole if each in objects}, whole)


def assert_same(objects: Objects, wanted: Objects) -> None:
    """Objects are those that are wanted; else say which differ, and in what."""
    said = {
        each: [
            (name, one.get(name), other.get(name))
            for name in one.keys() | other.keys()
            if one.get(name) != other.get(name)
        ]
        for each in sorted(objects.keys() | wanted.keys())
        if (one := objects.get(each, {})) != (other := wanted.get(each, {}))
    }
    assert not said, f"what is there and what should be: {said}"


class DeathError(BaseException):
    """The process is no more: nothing of the engine catches this."""


class Mortal(Journal):
    """A journal whose process dies after so many more lines: before the next, in it, or just after it."""

    lines_left: ClassVar[float] = math.inf
    share: ClassVar[float] = 0

    def _append(self, line: bytes) -> None:
        Mortal.lines_left -= 1
        if Mortal.lines_left >= 0:
            super()._append(line)
            return
        if Mortal.lines_left == -1 and (written := round(len(line) * Mortal.share)):
            super()._append(line[:written])
        raise DeathError
