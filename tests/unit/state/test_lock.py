"""Who holds a school is seen from other machines; the dead are recognised, and only they."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import Clock
from engine.state import Holder, SchoolBusyError, State
from engine.state import lock as locking
from engine.state.lock import lives, this_host
from engine.state.table import LOCKS

NOON = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
ELSEWHERE = Holder("hill", "elsewhere", 4711, "20260901-115000", NOON - timedelta(minutes=10), NOON)


class Stopped(Clock):
    """A clock that stands still, until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State.open(tmp_path / "state.sqlite") as state:
        yield state


def put(state: State, holder: Holder) -> None:
    with state._database.writing() as connection:
        connection.execute(LOCKS.insert().values(**asdict(holder)))


def gone() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def take(state: State, now: datetime = NOON, school: str = "hill") -> list[str]:
    """Take a school and let it go; return what was told."""
    told: list[str] = []
    with state.lock(school, "r", Stopped(now), told.append):
        pass
    return told


def test_whoever_holds_a_school_is_known_until_it_is_let_go(state: State) -> None:
    with state.lock("hill", "r", Stopped()):
        assert state.holder("hill") == Holder("hill", this_host(), os.getpid(), "r", NOON, NOON)
        assert state.holder("dale") is None
        state.require_lock("hill", "r")
        with state.lock("dale", "r", Stopped()):
            assert state.holder("dale") is not None
    assert (state.holder("hill"), state.holder("dale")) == (None, None)


def test_it_is_let_go_when_a_run_fails(state: State) -> None:
    with pytest.raises(KeyError), state.lock("hill", "r", Stopped()):
        raise KeyError
    assert state.holder("hill") is None


def test_a_run_on_another_machine_is_seen_and_said_who_it_is(state: State) -> None:
    put(state, ELSEWHERE)
    with pytest.raises(SchoolBusyError) as caught:
        take(state, NOON + timedelta(minutes=14, seconds=59))
    assert caught.value.what == (
        "another run of 'hill' is under way: run 20260901-115000 on elsewhere, process 4711, "
        "since 2026-09-01 11:50:00 UTC"
    )
    assert "last seen at 12:00:00 UTC" in caught.value.why
    assert state.holder("hill") == ELSEWHERE
    assert take(state, school="dale") == []


def test_one_that_was_not_seen_for_a_quarter_of_an_hour_is_taken_over(state: State) -> None:
    put(state, ELSEWHERE)
    [told] = take(state, NOON + timedelta(minutes=15))
    assert told.startswith("the lock of run 20260901-115000 on elsewhere, process 4711")
    assert state.holder("hill") is None


def test_on_this_machine_the_row_of_a_dead_process_is_taken_over_at_once(state: State) -> None:
    put(state, replace(ELSEWHERE, host=this_host()))
    [told] = take(state)
    assert "was taken over" in told


def test_far_from_the_folder_a_process_of_this_machine_counts_as_long_as_it_lives(tmp_path: Path) -> None:
    with State.open(f"sqlite:///{tmp_path / 'many.sqlite'}") as state:
        put(state, replace(ELSEWHERE, host=this_host(), pid=os.getpid()))
        with pytest.raises(SchoolBusyError):
            take(state)
    with State.open(f"sqlite:///{tmp_path / 'other.sqlite'}") as state:
        put(state, replace(ELSEWHERE, host=this_host(), pid=gone()))
        assert len(take(state)) == 1


def test_a_holder_is_seen_again_and_again(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "BEAT", timedelta(milliseconds=5))
    clock = Stopped()
    with state.lock("hill", "r", clock):
        clock.moment = NOON + timedelta(minutes=1)
        for _ in range(1000):
            holder = state.holder("hill")
            assert holder is not None
            if holder.seen == clock.moment:
                break
            locking.threading.Event().wait(0.01)
        assert (holder.since, holder.seen) == (NOON, NOON + timedelta(minutes=1))


def test_a_run_that_lost_its_school_goes_no_further_and_leaves_the_new_holder(state: State) -> None:
    with state.lock("hill", "r", Stopped()):
        with state._database.writing() as connection:
            connection.execute(LOCKS.delete())
        put(state, ELSEWHERE)
        with pytest.raises(SchoolBusyError) as caught:
            state.require_lock("hill", "r")
        assert "on elsewhere, process 4711" in caught.value.what
    assert state.holder("hill") == ELSEWHERE


@pytest.mark.parametrize(
    ("holder", "minutes", "alive"),
    [
        (ELSEWHERE, 14, True),
        (ELSEWHERE, 15, False),
        (replace(ELSEWHERE, host=this_host(), pid=os.getpid()), 14, True),
        (replace(ELSEWHERE, host=this_host(), pid=os.getpid()), 15, False),
        (replace(ELSEWHERE, host=this_host(), pid=gone()), 1, False),
    ],
    ids=["elsewhere", "elsewhere, silent", "here", "here, silent", "here, gone"],
)
def test_who_lives(holder: Holder, minutes: int, alive: bool) -> None:
    assert lives(holder, NOON + timedelta(minutes=minutes)) is alive
