"""The limits of the simulated HUBmis, worked out by hand: buckets, minutes, headers, and time that runs faster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.simulators.hubmis.limit import Limits, faster

pytestmark = pytest.mark.e2e


class Time:
    """Time that stands still until it is moved."""

    def __init__(self, now: float = 1000) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def left(limits: Limits, times: int, client: str = "abc", address: str = "10.0.0.1") -> list[int | None]:
    """What is left after each of so many requests; None for a refused one."""
    turns = [limits.take(client, address, "/x") for _ in range(times)]
    return [turn.left if turn.allowed else None for turn in turns]


def test_a_bucket_is_used_up_and_fills_one_by_one() -> None:
    time = Time()
    limits = Limits(time, burst=3, refill=5)
    assert left(limits, 5) == [2, 1, 0, None, None]
    time.now = 1004.999
    assert left(limits, 1) == [None]
    time.now = 1005
    assert left(limits, 2) == [0, None]
    time.now = 1014.9
    assert left(limits, 2) == [0, None], "one at 1010; the next at 1015, though others were refused"
    time.now = 1500
    assert left(limits, 1) == [2], "no more than the bucket holds"
    assert (limits.counts.total, limits.counts.refused, limits.counts.by_path) == (11, 5, {"/x": 11})
    assert (limits.counts.first, limits.counts.last) == (1000, 1500)


def test_the_example_of_the_document() -> None:
    """One of 500 is used, and after 5 seconds there are 500 again."""
    time = Time()
    limits = Limits(time, burst=500, refill=5)
    assert left(limits, 1) == [499]
    time.now += 4.9
    assert left(limits, 1) == [498]
    time.now += 5.1
    assert left(limits, 1) == [499]


def test_a_day_at_the_limit_gives_what_the_facts_say() -> None:
    """1,000 requests, sent as soon as they may be, take 500 x 5 s, and none is refused."""
    time = Time()
    limits = Limits(time, burst=500, refill=5)
    for _ in range(1000):
        turn = limits.take("abc", "10.0.0.1", "/x")
        assert turn.allowed
        time.now = turn.next / 1_000_000
    assert limits.counts.last == 1000 + 500 * 5
    assert limits.counts.refused == 0


def test_clients_have_buckets_of_their_own_and_nobody_has_none() -> None:
    limits = Limits(Time(), burst=1, refill=5)
    assert left(limits, 2, client="abc") == [0, None]
    assert left(limits, 2, client="def") == [0, None]
    assert all(limits.take(None, "10.0.0.1", "/x").allowed for _ in range(3))


def test_no_more_than_so_many_in_any_minute_from_one_address() -> None:
    time = Time()
    limits = Limits(time, burst=500, refill=5, per_address=4)
    assert left(limits, 2) == [3, 2]
    time.now = 1030
    assert left(limits, 3) == [1, 0, None]
    assert left(limits, 1, address="10.0.0.2") == [3]
    time.now = 1059.999
    assert limits.take("abc", "10.0.0.1", "/x").next == 1_060_000_000
    time.now = 1060
    assert left(limits, 3) == [1, 0, None], "the two of 1030 still count"
    time.now = 1090
    assert left(limits, 1) == [1]


def test_what_is_refused_costs_neither_bucket_anything() -> None:
    time = Time()
    limits = Limits(time, burst=3, refill=60, per_address=1)
    assert left(limits, 3) == [0, None, None]
    assert limits.take("abc", "10.0.0.2", "/x").left == 0
    assert limits.take("abc", "10.0.0.3", "/x").allowed, "the third of three"
    assert not limits.take("abc", "10.0.0.4", "/x").allowed


def test_many_threads_get_as_many_as_there_are() -> None:
    limits = Limits(Time(), burst=500, refill=5)
    with ThreadPoolExecutor(8) as pool:
        turns = list(pool.map(lambda _: limits.take("abc", "10.0.0.1", "/x"), range(800)))
    assert sorted(turn.left for turn in turns if turn.allowed) == list(range(500))
    assert limits.counts.refused == 300


def test_time_runs_faster_from_a_moment_on() -> None:
    real = Time(1001)
    assert faster(1000, 60, real)() == 1060
    assert faster(1000, 1, real)() == 1001
    for speed in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="speed is a number above 0"):
            faster(1000, speed, real)


NOW = 1615203769  # 2021-03-08 11:42:49 UTC


@pytest.mark.parametrize(
    ("form", "now", "header", "value"),
    [
        ("unix", NOW, "X-RateLimit-Retry-After", "1615203774"),
        ("unix", NOW + 0.25, "X-RateLimit-Retry-After", "1615203775"),
        ("seconds", NOW, "Retry-After", "5"),
        ("http", NOW, "Retry-After", "Mon, 08 Mar 2021 11:42:54 GMT"),
        ("none", NOW, "", ""),
    ],
)
def test_a_refusal_says_when_to_come_again(
    hub: Callable[..., Any], form: str, now: float, header: str, value: str
) -> None:
    school = hub(burst=1, retry_after=form, now=Time(now))
    good, refused = school.get("v1/genders"), school.get("v1/genders")
    assert (good.status_code, refused.status_code) == (200, 429)
    assert good.headers["X-RateLimit-Limit"] == "1"
    assert good.headers["X-RateLimit-Remaining"] == refused.headers["X-RateLimit-Remaining"] == "0"
    assert good.headers["X-RateLimit-Retry-After"].isdecimal()
    said = {
        name: refused.headers[name] for name in ("X-RateLimit-Retry-After", "Retry-After") if name in refused.headers
    }
    assert said == ({header: value} if header else {})
    assert school.sim.limits.counts.refused == 1


def test_every_answer_bears_the_limit_and_all_realms_share_it(hub: Callable[..., Any]) -> None:
    school = hub(burst=10, realms=["S1", "S2"], now=Time())
    answers = [
        school.get("v1/genders", realm="S1"),
        school.get("v1/genders", realm="S2"),
        school.get("v1/nothing"),
        school.get("v1/genders", realm="S3"),
        school.get("v1/genders", token="wrong"),
    ]
    assert [each.status_code for each in answers] == [200, 200, 404, 403, 401]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers] == ["9", "8", "7", "6", "10"]
    assert school.ask_token().headers["X-RateLimit-Remaining"] == "6", "the call for a token is free"
    told = school.http.get("/__control__/limits").json()
    assert (told["total"], told["refused"], told["now"]) == (7, 0, 1000)
    assert told["by_path"] == {"/api/v1/token": 2, "/api/v1/genders": 4, "/api/v1/nothing": 1}


def test_the_call_for_a_token_may_count(hub: Callable[..., Any]) -> None:
    school = hub(burst=2, count_tokens=True, now=Time())
    assert school.get("v1/genders").status_code == 200
    assert school.ask_token().status_code == 429
