"""Nights of a school that must be asked a thousand times, within the limits of its source: over real HTTP."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from fast_clock import FastClock, JumpClock, carry_out_with
from limited import DAY, EVENING, SCHOOL, evenings, put_project

from engine.clock import Clock
from engine.journal import read_entries
from engine.run.folder import runs, school_folder
from engine.run.records import extract_sets
from engine.simulators.hubmis import SIMULATOR as HubmisSimulator
from engine.simulators.life import Rates
from engine.spec.project import open_project
from engine.stages.events import Event

pytestmark = pytest.mark.e2e

KILLS, CONNECTIONS = 20, 4
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["fast_clock"])
EACH_STUDENT = ("/api/v1/students/enrolment", "/api/v1/students/contacts")


def test_nights_use_what_the_limit_lets_through_take_as_long_as_planned_and_ask_for_what_changed(
    tmp_path: Path,
) -> None:
    with evenings(tmp_path, pupils=200, token_lives=700, rates=Rates.parse("2%")) as school:
        first = school.run()
        assert first.bill.open, "how many students there are is not known before they are read"
        assert first.refused == 0
        assert 0.99 * first.allowed <= first.requests <= first.allowed
        assert [first.asked[path] for path in EACH_STUDENT] == [len(first.students)] * 2 == [200] * 2

        school.pass_days(1)
        second = school.run()
        changed = sum(first.students.get(student) != facts for student, facts in second.students.items())
        assert 0 < changed < 20
        assert [second.asked[path] for path in EACH_STUDENT] == [changed] * 2
        assert second.requests < first.requests / 2

        school.pass_days(31)
        third = school.run()
        assert not third.bill.open
        assert third.bill.seconds == pytest.approx(third.took, rel=0.05)
        assert third.bill.requests == pytest.approx(third.requests, rel=0.05)
        assert third.refused == second.refused == 0
        assert [third.asked[path] for path in EACH_STUDENT] == [len(third.students)] * 2, "all have their turn again"


def test_a_night_that_is_killed_twenty_times_asks_for_nothing_twice_and_ends_the_same(tmp_path: Path) -> None:
    with HubmisSimulator(pupils=45, seed=1, today=DAY, delay_ms=4) as source:
        secrets = {name: put_project(tmp_path / name, source) for name in ("whole", "killed")}
        go_on(tmp_path / "whole", secrets["whole"])
        needed, moments, landed = asked_of(source), random.Random(7), 0
        assert needed > 10 * KILLS
        for _ in range(KILLS):
            after = moments.randint(1, needed // KILLS)
            go_on(tmp_path / "killed", secrets["killed"], lambda after=after: len(source.requests) > after)
            asked, before, landed = asked_of(source), landed, landed_in(tmp_path / "killed")
            assert landed - before <= asked <= landed - before + CONNECTIONS, "only what was under way is asked again"
        assert 0 < landed < needed
        go_on(tmp_path / "killed", secrets["killed"])
        assert asked_of(source) == needed - landed
        assert files_of(tmp_path / "killed") == files_of(tmp_path / "whole")


def test_two_runs_of_one_client_share_the_limit(tmp_path: Path) -> None:
    since, speed = time.time(), 300.0
    with HubmisSimulator(pupils=70, seed=1, today=DAY, since=since, speed=speed, realms=["S999", "S100"]) as source:
        secrets = put_project(tmp_path, source)
        file = tmp_path / "schools" / f"{SCHOOL}.yaml"
        other = file.read_text(encoding="utf-8").replace("realm: S999", "realm: S100").replace(SCHOOL, "elm-house")
        file.with_name("elm-house.yaml").write_text(other, encoding="utf-8")
        clock = FastClock(since, speed)
        both = [start(tmp_path, secrets, school, clock) for school in (SCHOOL, "elm-house")]
        assert [ended(process) for process in both] == [0, 0]
        counts = source.limits.counted()
        assert counts["refused"] == 0
        assert counts["total"] > 550, "more than go at once"


def start(folder: Path, secrets: dict[str, str], school: str = SCHOOL, clock: Clock | None = None) -> BaseProcess:
    """Start a run in a process of its own, which has the engine loaded already."""
    process = CONTEXT.Process(target=carry_out_with, args=(secrets, folder, school, clock or Clock()), daemon=True)
    process.start()
    return process


def ended(process: BaseProcess) -> int | None:
    process.join(120)
    return process.exitcode


def go_on(folder: Path, secrets: dict[str, str], until: Callable[[], bool] | None = None) -> None:
    """Begin a run, or go on with it, to its end or until it is killed."""
    process = start(folder, secrets)
    if until is None:
        assert ended(process) == 0
        return
    while not until():
        assert process.is_alive()
        time.sleep(0.001)
    process.kill()
    assert ended(process) == -signal.SIGKILL
    time.sleep(0.05)  # what was under way is counted by then


def asked_of(source: HubmisSimulator) -> int:
    """How many requests there were since this was last looked at, but for tokens."""
    found = sum(not each.path.endswith("/token") for each in source.requests)
    source.requests.clear()
    return found


def landed_in(folder: Path) -> int:
    """How many answers the journal of the only run has, those that say that there is nothing too."""
    [run] = runs(school_folder(folder, SCHOOL))
    return sum(key.startswith(("answer:", "absent:")) for key in read_entries(run / "journal.jsonl"))


def files_of(folder: Path) -> dict[str, bytes]:
    """What the only run made, by name."""
    [run] = runs(school_folder(folder, SCHOOL))
    return {file.name: file.read_bytes() for file in sorted((run / "files").iterdir())}


@pytest.mark.parametrize("form", ["unix", "seconds", "http", "none"])
def test_a_client_that_others_use_as_well_waits_when_it_is_refused(form: str, tmp_path: Path) -> None:
    clock, waits = JumpClock(EVENING), list[float]()
    with HubmisSimulator(pupils=20, today=DAY, now=clock.seconds, burst=3, retry_after=form) as source:

        def tell(event: Event) -> None:
            """After each answer somebody else asks for all that is left."""
            if event.kind == "answer":
                while source.limits.take(source.config["client_id"], "127.0.0.1", "/elsewhere").allowed:
                    pass
            elif event.kind == "wait":
                waits.append(float(event.text.rpartition("trying again in ")[2].removesuffix(" s")))

        secrets, sets = put_project(tmp_path, source), ["houses", "forms", "students", "staff"]
        facts = extract_sets(open_project(tmp_path), SCHOOL, sets, tmp_path, secrets, tell, clock)
    assert {each.set_name: each.rows > 0 for each in facts} == dict.fromkeys(sets, True)
    [wait] = waits  # what was refused once is known from then on
    assert 4.9 < wait < 6, "there is one more each five seconds, which is said in whole seconds, or not at all"
