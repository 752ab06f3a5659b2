"""Requests wait for their turns, so that a source with these limits never refuses one; time is a counter here."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kinds.answer import Limit
from engine.stages.pace import OwnBudget, Pace

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
NAMES = {"config": {"client": "a", "other": "b"}}


class Counter:
    """A clock that is moved by sleeping."""

    def __init__(self):
        self.time = 0.0

    def now(self):
        return NOON + timedelta(seconds=self.time)

    def rest(self, seconds):
        self.time += seconds


def limit(**keys):
    return Limit.model_validate({"per": "address", **keys})


def pace(clock, *limits, budget=None, names=NAMES, url="https://source.test/api"):
    return Pace(limits, url, names, budget or OwnBudget(), clock, clock.rest)


def turns(asked, clock, number):
    found = []
    for _ in range(number):
        asked.wait()
        found.append(round(clock.time, 6))
    return found


def test_a_burst_but_one_goes_at_once_and_then_one_each_refill():
    clock = Counter()
    assert turns(pace(clock, limit(burst=5, refill="1 per 2s")), clock, 7) == [0, 0, 0, 0, 2, 4, 6]


def test_without_limits_nothing_waits():
    clock = Counter()
    assert turns(pace(clock), clock, 1000)[-1] == 0


def test_time_without_requests_fills_the_bucket_and_not_more():
    clock = Counter()
    asked = pace(clock, limit(burst=3, refill="1 per 10s"))
    assert turns(asked, clock, 3) == [0, 0, 10]
    clock.rest(10_000)
    assert turns(asked, clock, 3) == [10_010, 10_010, 10_020]


def test_a_burst_of_one_spaces_all_requests():
    clock = Counter()
    assert turns(pace(clock, limit(refill="12 per 1m")), clock, 4) == [0, 5, 10, 15]


def test_of_several_limits_the_one_that_is_reached_counts():
    clock = Counter()
    both = pace(clock, limit(burst=101, refill="1 per 1s"), limit(burst=3, refill="1 per 5s"))
    assert turns(both, clock, 4) == [0, 0, 5, 10]


@pytest.mark.parametrize(
    ("by", "names", "url", "shared"),
    [
        ("{{ config.client }}", NAMES, "https://source.test/other", True),
        ("{{ config.other }}", NAMES, "https://source.test/api", False),
        ("{{ config.client }}", NAMES, "https://elsewhere.test/api", False),
    ],
)
def test_a_bucket_belongs_to_a_client_of_a_host(by, names, url, shared):
    clock, budget = Counter(), OwnBudget()
    client = {"per": "client", "burst": 2, "refill": "1 per 8s"}
    pace(clock, limit(**client, by="{{ config.client }}"), budget=budget).wait()
    pace(clock, limit(**client, by=by), budget=budget, names=names, url=url).wait()
    assert clock.time == (8 if shared else 0)


def test_the_name_of_a_bucket_gives_no_client_away():
    clock, budget = Counter(), OwnBudget()
    pace(clock, limit(per="client", by="{{ config.client }}", refill="1 per 1s"), budget=budget).wait()
    assert all(len(name) == 32 and int(name, 16) for name in budget._full_at)


def test_what_an_answer_says_is_left_is_believed_when_it_is_less():
    clock = Counter()
    asked = pace(clock, limit(burst=100, refill="1 per 5s", left="X-Left"))
    asked.wait()
    asked.learn(asked.sent(), 200, {"X-Left": "2"}, None)
    assert turns(asked, clock, 4) == [0, 0, 5, 10]


@pytest.mark.parametrize("said", ["", "many", "-1", "5000"])
def test_what_cannot_be_so_is_not_believed(said):
    clock = Counter()
    asked = pace(clock, limit(burst=100, refill="1 per 5s", left="X-Left"))
    asked.wait()
    asked.learn(asked.sent(), 200, {"X-Left": said}, None)
    assert turns(asked, clock, 98)[-1] == 0


@pytest.mark.parametrize(("wait", "again"), [(40.0, 40), (None, 5)])
def test_after_a_refusal_all_who_share_the_bucket_wait(wait, again):
    clock, budget = Counter(), OwnBudget()
    limits = limit(burst=100, refill="1 per 5s")
    first, second = pace(clock, limits, budget=budget), pace(clock, limits, budget=budget)
    first.wait()
    first.learn(first.sent(), 429, {}, wait)
    assert turns(second, clock, 3) == [again, again + 5, again + 10]


def test_it_can_be_told_beforehand_how_long_requests_take():
    clock = Counter()
    asked = pace(clock, limit(burst=501, refill="1 per 5s"))
    assert asked.seconds_for(500) == 0
    assert asked.seconds_for(1000) == 2500  # 500 at once, 500 at one per 5 s
    turns(asked, clock, 510)
    assert clock.time == 50
    assert asked.seconds_for(10) == 50


class Bucket:
    """The source's side of a limit: refuses what comes too early."""

    def __init__(self, burst, refill):
        self.burst, self.refill = burst, refill
        self.level, self.at = float(burst), 0.0

    def accepts(self, at):
        self.level = min(self.burst, self.level + (at - self.at) / self.refill)
        self.at = at
        if self.level < 1 - 1e-9:
            return False
        self.level -= 1
        return True


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    burst=st.integers(2, 600),
    refill=st.integers(1, 10),
    latest=st.floats(0, 0.9),
    processes=st.integers(1, 3),
)
def test_no_request_comes_too_early_and_no_room_is_left(seed, burst, refill, latest, processes):
    """Requests take up to nine tenths of a refill to arrive, in any order; several processes share the bucket."""
    clock, budget, chance = Counter(), OwnBudget(), random.Random(seed)
    number = 2 * burst + 100
    paces = [pace(clock, limit(burst=burst, refill=f"1 per {refill}s"), budget=budget) for _ in range(processes)]
    arrivals = []
    for _ in range(number):
        chance.choice(paces).wait()
        arrivals.append(clock.time + chance.uniform(0, latest) * refill)
    source = Bucket(burst, refill)
    assert all(source.accepts(at) for at in sorted(arrivals))
    assert clock.time <= (number - burst) * refill + refill + 1e-6
