"""Whole live runs that are interrupted anywhere: the same command again ends them as if nothing had happened.

A small school goes to a simulated Haplo that imports what it is sent. Where a run can be interrupted is taken from
one that was not: every line of its journal, and every request to the source and to Haplo.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
import pytest
from project import SCHOOL, Project, a_project, end_of

from engine.clock import Clock
from engine.errors import EngineError
from engine.haplo.target import application_case
from engine.journal import Journal
from engine.run import delivering, runner
from engine.run.application import school_application
from engine.run.control import control_file
from engine.run.folder import STATE
from engine.run.installed import record_installed
from engine.run.plan import make_plan
from engine.run.report import Report
from engine.run.runner import Options, Runner
from engine.run.soundness import sound_project
from engine.simulators.haplo import HaploSimulator

pytestmark = pytest.mark.e2e

ENTITIES = ["school", "group"]
TODAY = date(2026, 1, 14)
OPTIONS = Options(confirmed=True, today=TODAY)
COMMAND = ("--yes", "--today", "2026-01-14", *(word for entity in ENTITIES for word in ("--only", entity)))
Kind = Literal["batch", "standard"]
KINDS: list[Kind] = ["batch", "standard"]
KILLS = 5
"""In the whole run, and once more in the delivery."""


class School:
    """A live school, its documents read once, and the command as this process gives it.

    Its Haplo is one that can be put back, empty, at the same address; so can the folder of its runs.
    """

    def __init__(self, project: Project, kind: Kind) -> None:
        with HaploSimulator() as haplo:
            self._port, url, key = haplo.port, haplo.url, "batch_api_key" if kind == "batch" else "api_key"
            project.environ["WATERS_EDGE_HAPLO"] = haplo.config[key]
        project.edit(lambda school: school["deliver"].update(mode="live", kind=kind, url=url))
        self.project, self.documents = project, sound_project(project.folder)
        self._plan = make_plan(self.documents, SCHOOL, ENTITIES)
        school = self.documents.school(SCHOOL)
        application = school_application(self.documents, school)
        assert application is not None
        self._schema = application_case(application)
        self._controls = {name: control_file(self.documents, school, name) for name in ENTITIES}
        if kind == "standard":
            record_installed(project.folder, SCHOOL, self._controls, Clock().now())
        self._state, self._kept = project.folder / STATE, project.folder.parent / "kept"
        self.keep()

    def keep(self) -> None:
        """Keep the folder of runs as it is, for every Haplo that comes."""
        shutil.rmtree(self._kept, ignore_errors=True)
        if self._state.exists():
            shutil.copytree(self._state, self._kept)

    @contextmanager
    def haplo(self, **more: Any) -> Iterator[None]:
        """Have an empty Haplo with the control files of this school, and the folder of runs as it was kept."""
        shutil.rmtree(self._state, ignore_errors=True)
        if self._kept.exists():
            shutil.copytree(self._kept, self._state)
        with HaploSimulator(application=self._schema, port=self._port, **more) as haplo:
            for name, control in self._controls.items():
                haplo.store.install(name, control)
            self.project.haplo = haplo
            yield

    def run(self, **options: Any) -> Report:
        """Give the command."""
        given = replace(OPTIONS, **options)
        return Runner(self.documents, self._plan, given, self.project.environ, lambda _: None).run()

    def objects(self) -> Objects:
        """Wait until Haplo has imported everything, and return what it holds."""
        url = f"{self.project.haplo.url}/__control__"
        batches = httpx.post(f"{url}/run", timeout=60).json()
        assert {batch["state"] for batch in batches} <= {"uploading", "complete"}
        found: Objects = httpx.get(f"{url}/objects?values=1", timeout=60).json()
        return found

    def holds_it_once(self, objects: Objects) -> None:
        """Every entity was scheduled once, and the objects are those of a run that nobody disturbed."""
        assert self.scheduled() == ENTITIES
        assert self.objects() == objects

    def scheduled(self) -> list[str]:
        return [batch["comment"].split()[2] for batch in self.project.scheduled()]

    def left(self) -> list[str]:
        """The batches that were made and are not scheduled."""
        return [batch["id"] for batch in self.project.haplo.store.describe() if batch["state"] == "uploading"]

    def journal(self) -> list[Step]:
        """The steps that the latest run has put down, without a line that a kill tore."""
        lines = (self.project.latest / "journal.jsonl").read_text().splitlines(keepends=True)
        return [_step(line) for line in lines if line.endswith("\n")]

    def ended(self) -> bool:
        """Whether the latest run, if there is one, came to its end."""
        return bool(self.project.runs()) and END in self.journal()


Objects = dict[str, Any]
Step = tuple[str, str]
END: Step = ("end", "")


@dataclass(frozen=True)
class Undisturbed:
    """What came of a run with nothing in its way; `school` may be used again."""

    school: School
    objects: Objects
    steps: frozenset[Step]
    asked_source: int
    asked_haplo: int


@contextmanager
def undisturbed(folder: Path, kind: Kind, **more: Any) -> Iterator[Undisturbed]:
    """Make a live school below a folder, and run it once."""
    with a_project(folder, pupils=4, **more) as project:
        school = School(project, kind)
        with school.haplo():
            assert school.run().outcome == "complete"
            asked = len(project.xporter.requests), len(project.haplo.requests)
            found = Undisturbed(school, school.objects(), frozenset(school.journal()), *asked)
            assert found.objects["counts"] == {"school:type:group": 15, "school:type:school": 1}
            school.holds_it_once(found.objects)
        yield found


class DeathError(BaseException):
    """The process is no more: nothing of the engine catches this."""


class Mortal(Journal):
    """A journal whose process dies at the first line that `is_due`: before it is written, in it, or after it."""

    is_due: ClassVar[Callable[[str], bool]] = staticmethod(lambda line: False)
    moment: ClassVar[str] = ""
    dead: ClassVar[bool] = False

    def _append(self, line: bytes) -> None:
        if not Mortal.dead and Mortal.is_due(line.decode()):
            Mortal.dead = True
            written = {"before": 0, "within": len(line) // 2, "after": len(line)}[Mortal.moment]
            if written:
                super()._append(line[:written])
        if Mortal.dead:
            raise DeathError
        super()._append(line)


Dies = Callable[[str, Callable[[str], bool]], None]


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Dies:
    """Has the next run die at a line of its journal."""
    for module in (runner, delivering):
        monkeypatch.setattr(module, "Journal", Mortal)

    def set_(moment: str, is_due: Callable[[str], bool]) -> None:
        monkeypatch.setattr(Mortal, "is_due", staticmethod(is_due))
        monkeypatch.setattr(Mortal, "moment", moment)
        monkeypatch.setattr(Mortal, "dead", False)

    return set_


def _step(line: str) -> Step:
    entry = json.loads(line)
    return entry["key"], entry.get("state", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_death_at_every_line_of_the_journal(kind: Kind, dies: Dies, tmp_path: Path) -> None:
    """One run, given again and again: it dies before each of its lines, then in it, then just after it."""
    reached: set[Step] = set()
    with undisturbed(tmp_path, kind) as clean, clean.school.haplo():
        while END not in reached:
            for moment in ("before", "within", "after"):
                dies(moment, lambda line: _step(line) not in reached)
                with pytest.raises(DeathError):
                    clean.school.run()
            reached.add(clean.school.journal()[-1])
        assert reached == clean.steps
        clean.school.holds_it_once(clean.objects)
        assert len(clean.school.left()) == 2 * len(ENTITIES)  # made before the line that says so, and again in it
        report = clean.school.project.report()
        assert report["outcome"] == "complete"
        told = [note for note in report["notes"] if "Haplo may have 3 that have no files" in note]
        assert len(told) == len(ENTITIES)


@pytest.mark.parametrize("wrong", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_haplo_drops_the_connection_at_every_request(kind: Kind, wrong: str, dies: Dies, tmp_path: Path) -> None:
    with undisturbed(tmp_path, kind) as clean:
        school = clean.school
        with school.haplo():
            dies("before", lambda line: _step(line)[0].startswith("deliver:"))
            with pytest.raises(DeathError):
                school.run()
            school.keep()  # everything is made, nothing is sent
        dies("", lambda line: False)
        for number in range(1, clean.asked_haplo + 1):
            with school.haplo(faults=[{"match": {"nth": number}, "times": 1, "do": {"drop": wrong}}]):
                with pytest.raises(EngineError, match="broke off"):
                    school.run()
                report = school.run()
                school.holds_it_once(clean.objects)
                asked = school.project.haplo.requests[number - 1].path.rpartition("/")[2]
                assert len(school.left()) == (asked == "batch" and wrong == "after")
                assert len([note for note in report.notes if "may stay in Haplo" in note]) == (asked == "batch")


@pytest.mark.parametrize("wrong", ["before", "after"])
def test_the_source_drops_the_connection_at_every_request(wrong: str, tmp_path: Path) -> None:
    with undisturbed(tmp_path, "batch") as clean:
        for number in range(1, clean.asked_source + 1):
            with clean.school.haplo():
                fault = {"match": {"nth": number}, "times": 1, "do": {"drop": wrong}}
                clean.school.project.xporter.faults.replace([fault])
                with suppress(EngineError):  # mostly the run itself asks again
                    clean.school.run()
                if not clean.school.scheduled():
                    clean.school.run()
                assert clean.school.project.xporter.faults.faults[0].fired == 1
                clean.school.holds_it_once(clean.objects)


def test_a_run_has_its_report_before_it_counts_as_ended(dies: Dies, tmp_path: Path) -> None:
    with undisturbed(tmp_path, "batch") as clean, clean.school.haplo():
        outcomes: list[str] = []

        def look(line: str) -> bool:
            if _step(line) == END:
                outcomes.append(clean.school.project.report()["outcome"])
            return False

        dies("", look)
        clean.school.run()
        assert outcomes == ["complete"]


def test_what_a_run_left_that_is_not_gone_on_with_is_told_by_its_identifier(dies: Dies, tmp_path: Path) -> None:
    with undisturbed(tmp_path, "batch") as clean, clean.school.haplo():
        school = clean.school
        dies("before", lambda line: _step(line) == ("deliver:group:schedule", "begun"))
        with pytest.raises(DeathError):
            school.run()
        [left] = school.left()
        [first] = (run.name for run in school.project.runs())
        dies("", lambda line: False)
        note = (
            f"group: run {first} did not end: batches that may stay in Haplo and import nothing: "
            f"made and never scheduled: {left}"
        )
        assert note in school.run(fresh=True).notes
        assert note not in school.run(fresh=True).notes  # told up to the first that ends well
        assert school.objects() == clean.objects


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_makes_nothing(kind: Kind, tmp_path: Path) -> None:
    with a_project(tmp_path, pupils=12, mess=6) as project:
        school = School(project, kind)
        with school.haplo():
            project.run(*COMMAND).well()
            first = school.objects()
            for more in ((), ("--full",)):
                project.run(*COMMAND, *more).well()
                assert school.objects() == first
            batches = project.haplo.store.describe()
        run = batches[0]["comment"].split()[-1]
        counts = {True: Counter[str](), False: Counter[str]()}
        for batch in batches:
            counts[batch["comment"].endswith(run)].update(batch["counts"])
        made, again = counts[True], counts[False]
        assert made["created"] == sum(first["counts"].values()) > len(ENTITIES)
        assert again["records"] == again["unchanged"] >= made["created"]  # the full one sends everything
        assert (again["created"], again["updated"], made["errors"] + again["errors"]) == (0, 0, 0)


@pytest.mark.parametrize("within", ["the whole run", "the delivery"])
def test_killed_at_random_moments_everything_is_imported_once(within: str, tmp_path: Path) -> None:
    seed = f"interrupted in {within}"
    print(f"seed {seed!r}")
    moments, gone_on = random.Random(seed), 0
    with undisturbed(tmp_path, "batch", delay_ms=20) as clean:
        school, project = clean.school, clean.school.project
        for _ in range(KILLS):
            with school.haplo(delay_ms=60):
                process = project.start(*COMMAND)
                if within == "the delivery":
                    asked = moments.randint(1, clean.asked_haplo)
                    wait_until(lambda asked=asked: len(project.haplo.requests) >= asked)
                    time.sleep(moments.random() * 0.06)
                else:
                    wait_until(lambda: bool(project.runs()))
                    time.sleep(moments.random())
                process.send_signal(signal.SIGKILL)
                end_of(process)
                time.sleep(0.15)  # what was under way is done by then
                if not school.ended():
                    gone_on += 1
                    project.run(*COMMAND).well()
                school.holds_it_once(clean.objects)
    assert gone_on > KILLS // 2


def wait_until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.002)
