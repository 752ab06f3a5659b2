"""What is tried again, when, and what ends it; time is a counter here."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from engine.errors import AnswerUnreadable, Interrupted, SourceError, SourceUnavailable
from engine.kinds.answer import Rates, Retry
from engine.kinds.standing import Wait
from engine.stages.retry import MayHealError, NotReadyError, Patience, asked_to_wait

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Counter:
    """A clock that is moved by sleeping."""

    def __init__(self):
        self.time = 100.0

    def now(self):
        return NOW + timedelta(seconds=self.time)

    def monotonic(self):
        return self.time

    def wait(self, stopped, seconds):
        self.time += max(seconds, 0)
        return stopped.is_set()


def patience(clock, events=None, **retry):
    return Patience(Retry.model_validate(retry), clock, (events if events is not None else []).append)


def failing(times, clock, after=None, error=SourceUnavailable):
    asked = []

    def attempt():
        asked.append(clock.time)
        if len(asked) <= times:
            raise MayHealError(error("x: trouble"), after)
        return "fine"

    return attempt, asked


def test_waits_double_up_to_the_longest():
    clock, events = Counter(), []
    attempt, asked = failing(4, clock)
    waits = patience(clock, events, attempts=5, wait="1s", longest="3s")
    assert waits.persist("x", attempt) == "fine"
    assert [b - a for a, b in pairwise(asked)] == [1, 2, 3, 3]
    assert events[0].text == "trouble; trying again in 1 s"


def test_an_answer_says_when_to_ask_again_within_bounds():
    clock = Counter()
    attempt, asked = failing(1, clock, after=2.5)
    patience(clock, wait="1s").persist("x", attempt)
    assert asked == [100, 102.5]
    attempt, asked = failing(1, clock, after=9999)
    patience(clock, longest="60s").persist("x", attempt)
    assert asked[1] - asked[0] == 60


def test_all_who_ask_wait_when_one_is_told_to():
    clock = Counter()
    waits = patience(clock, attempts=1)
    with pytest.raises(SourceUnavailable):
        waits.persist("x", failing(1, clock, after=5)[0])
    waits = patience(clock, attempts=2, wait="1s")
    waits._not_before = clock.time + 5
    attempt, asked = failing(0, clock)
    waits.persist("y", attempt)
    assert asked == [105]


@pytest.mark.parametrize("error", [SourceUnavailable, AnswerUnreadable])
def test_what_does_not_heal_is_raised_as_it_is(error):
    clock = Counter()
    attempt, asked = failing(9, clock, error=error, after=1)
    with pytest.raises(error, match="x: trouble") as caught:
        patience(clock, attempts=3).persist("x", attempt)
    assert len(asked) == 3
    assert caught.value.why == "tried 3 times"
    assert getattr(caught.value, "retry_after", 1) == 1


def test_other_errors_are_not_tried_again():
    def attempt():
        raise SourceError("final")

    with pytest.raises(SourceError, match="final"):
        patience(Counter()).persist("x", attempt)


def test_a_stop_ends_all_waits():
    clock = Counter()
    waits = patience(clock, wait="1m", attempts=9)
    attempt, asked = failing(9, clock)
    clock.wait = lambda stopped, seconds: seconds > 0 and (waits.stop() or stopped.is_set())
    with pytest.raises(Interrupted):
        waits.persist("x", attempt)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Mon, 02 Mar 2026 12:00:09 GMT"}, 9),
        ({"Retry-After": "Mon, 02 Mar 2026 11:00:00 GMT"}, 0),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 4)}, 4),
        ({"RateLimit-Reset": "3"}, 3),
        ({"Retry-After": "soon", "RateLimit-Reset": "3"}, 3),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "9" * 40}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_headers_say_when(headers, wait):
    assert asked_to_wait(Rates().retry_at, headers, NOW) == wait


def preparing(times, clock, after=None):
    asked = []

    def attempt():
        asked.append(clock.time)
        if len(asked) <= times:
            raise NotReadyError(SourceUnavailable("x: it is being prepared", code="source-not-ready"), after)
        return "fine"

    return attempt, asked


def test_data_that_are_not_ready_are_asked_for_again_and_it_is_told():
    clock, events = Counter(), []
    attempt, asked = preparing(7, clock)
    waiting = Patience(Retry(attempts=1), clock, events.append, Wait(poll="60s", up_to="10m"))
    assert waiting.persist("x", attempt) == "fine"  # though an attempt that fails is the last
    assert [b - a for a, b in pairwise(asked)] == [60] * 7
    assert events[0].text == "it is being prepared; asking again in 60 s, for 10m at most"


def test_data_that_stay_away_are_given_up_after_the_time_that_is_allowed():
    clock = Counter()
    attempt, asked = preparing(100, clock)
    with pytest.raises(SourceUnavailable) as late:
        Patience(Retry(), clock, [].append, Wait(poll="60s", up_to="90s")).persist("x", attempt)
    assert (late.value.code, late.value.why) == ("source-not-ready", "it was waited for 90s")
    assert [b - a for a, b in pairwise(asked)] == [60, 30]
    clock = Counter()
    attempt, asked = preparing(1, clock, after=5)
    Patience(Retry(), clock, [].append, Wait()).persist("x", attempt)
    assert asked == [100, 105]
