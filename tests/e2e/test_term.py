"""A simulated term: nights of every kind, in an order of chance, and after each Haplo holds what it should.

`HAPLOMAP_TERM_NIGHTS=60 HAPLOMAP_TERM_SEEDS=1,2,3` makes it a whole term of three schools; by default it is short,
because a night takes some seconds of CPU, however small the school. Odd seeds deliver by the batch API, even ones by
the standard one.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from pathlib import Path

import pytest
from nights import FIRST, a_term, held
from project import ENTITIES
from terms import DeathError, Mortal, Term, by_the_standard_api

from engine.errors import EngineError
from engine.run import delivering, runner
from engine.run.guarding import GUARDS, GuardError
from engine.run.report import Report
from engine.simulators.changeset import ChangeSets
from engine.simulators.http import Simulator
from engine.simulators.life import Rates
from engine.simulators.night import NIGHTS

pytestmark = pytest.mark.e2e
NIGHTS_OF_TERM = int(os.environ.get("HAPLOMAP_TERM_NIGHTS", "2"))
SEEDS = os.environ.get("HAPLOMAP_TERM_SEEDS", "1,2").split(",")
EVERY_GUARD = tuple(f"{guard}:{entity}" for guard in GUARDS for entity in ENTITIES)
KINDS: dict[str, int] = {
    "good": 4,
    "journal": 4,
    "source": 2,
    "haplo": 4,
    "bad": 5,
    "accepted": 1,
    "only": 2,
    "trial": 2,
    "forgotten": 1,
    "sick": 2,
    "full": 1,
}


def run(term: Term, **options: object) -> Report:
    """Give the command; where more happened than a guard lets pass, somebody looks, and accepts it."""
    try:
        return term.run(**options)
    except GuardError:
        return term.run(**options, accept=EVERY_GUARD)


def good(term: Term) -> None:
    term.went_well(run(term))


def full(term: Term) -> None:
    term.went_well(run(term, full=True))


def forgotten(term: Term) -> None:
    """The source knows no token any more."""
    term.project.xporter.change_sets = ChangeSets(term.random.choice(["loose", "strict"]))
    good(term)


def sick(term: Term) -> None:
    """Rows that were sent before are held back, and stay as they are."""
    term.calendar.nights[term.today] = "sick"
    good(term)


def bad(term: Term) -> None:
    """The run stops, and nothing moves."""
    before = held(term.project), len(term.project.scheduled())
    on_roll = [pupil for pupil in term.calendar.life.at(term.today).pupils if pupil.status == "OnRoll"]
    few = len(on_roll) < 4  # half of one is one
    term.calendar.nights[term.today] = term.random.choice(["empty", "other-school", "stale"] if few else NIGHTS)
    with pytest.raises(GuardError) as stopped:
        term.run()
    assert stopped.value.exit_code == 5
    assert (held(term.project), len(term.project.scheduled())) == before


def accepted(term: Term) -> None:
    """Half of the school is gone, and somebody says that it is right."""
    term.calendar.nights[term.today] = "half"
    good(term)


def only(term: Term) -> None:
    chosen = [entity for entity in ENTITIES if term.random.random() < 0.5] or ["student"]
    term.went_well(run(term, entities=chosen))


def trial(term: Term) -> None:
    """Nothing of a trial moves anything; the run after a look goes on with it."""
    before = held(term.project)
    kind = term.random.choice(["dry", "none", "look"])
    if kind == "look":
        term.runner().look()
    else:
        run(term, **{"dry": {"dry_run": True}, "none": {"send": False}}[kind])
    assert held(term.project) == before
    if term.random.random() < 0.5:
        good(term)


def journal(term: Term) -> None:
    """The process dies at some lines of its journal."""
    for _ in range(term.random.randint(1, 3)):
        Mortal.lines_left, Mortal.share = term.random.randint(0, 75), term.random.choice([0, 0.5, 1])
        try:
            run(term)
        except DeathError:
            pass
        finally:
            Mortal.lines_left = math.inf
    go_on(term)


def source(term: Term) -> None:
    break_off(term, term.project.xporter)


def haplo(term: Term) -> None:
    break_off(term, term.project.haplo)


def break_off(term: Term, simulator: Simulator) -> None:
    """A connection breaks off before, or after, what was asked for is done."""
    how = term.random.choice(["before", "after"])
    fault = {"match": {"nth": term.random.randint(1, 12)}, "times": 1, "do": {"drop": how}}
    simulator.faults.replace([fault])
    broken = False
    try:
        run(term)
    except EngineError:
        broken = True
    finally:
        simulator.faults.replace([])  # it may not have come to the request that breaks off
    (go_on if broken else good)(term)


def go_on(term: Term) -> None:
    """Mostly the command is given again; else the next night has to find out what this one has done."""
    term.holds()
    if term.random.random() < 0.75:
        good(term)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_term(seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (runner, delivering):
        monkeypatch.setattr(module, "Journal", Mortal)
    rates = Rates(0.15, {"join": 8, "leave": 5})  # so that there is somebody to the end
    with a_term(tmp_path, pupils=10 + int(seed) % 8, seed=int(seed), start=FIRST, rates=rates) as project:
        project.edit(lambda school: school.update(guards={"max_age": "20h"}))
        if int(seed) % 2 == 0:
            by_the_standard_api(project)
        term = Term(project, seed)
        good(term)
        seen = Counter[str]()
        for _ in range(NIGHTS_OF_TERM):
            term.new_day()
            kind = term.random.choices(list(KINDS), list(KINDS.values()))[0]
            print(f"seed {seed}: {term.today} {kind}")
            globals()[kind](term)
            seen[kind] += 1
        term.new_day()
        good(term)
        term.reference.close()
        print(f"seed {seed}: {dict(seen)}, {term.reference.gone} rows gone")
