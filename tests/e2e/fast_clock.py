"""Clocks on which time runs faster, or jumps: a test of a day's waiting takes seconds. And runs by these clocks."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, local

from engine.clock import Clock
from engine.run.plan import make_plan
from engine.run.report import Report
from engine.run.runner import Options, Runner
from engine.spec.project import open_project


@dataclass(frozen=True)
class FastClock(Clock):
    """Time that runs so many times as fast as real time from a moment on, in Unix time, which is the same in both."""

    since: float
    speed: float

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def monotonic(self) -> float:
        return self.seconds()

    def wait(self, stopped: Event, seconds: float) -> bool:
        return stopped.wait(seconds / self.speed) if seconds > 0 else stopped.is_set()

    def seconds(self) -> float:
        """Return the time, in Unix time."""
        return self.since + (time.time() - self.since) * self.speed


class JumpClock(Clock):
    """A clock that begins at a moment, and on which waits take no time: it jumps to where they end.

    Of several threads that wait, each goes on at its time or later, as it does on any clock. A wait is from the time
    that its thread saw last: others may have jumped since.
    """

    def __init__(self, begin: datetime) -> None:
        self._ahead, self._lock, self._saw = begin.timestamp() - time.time(), Lock(), local()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        self._saw.last = self.seconds()
        return float(self._saw.last)

    def wait(self, stopped: Event, seconds: float) -> bool:
        until = getattr(self._saw, "last", self.seconds()) + max(seconds, 0)
        with self._lock:
            self._ahead = max(self._ahead, until - time.time())
        return stopped.is_set()

    def seconds(self) -> float:
        """Return the time, in Unix time."""
        return time.time() + self._ahead

    def wait_until(self, moment: datetime) -> None:
        """Go on at a moment that is to come."""
        self.wait(Event(), moment.timestamp() - self.monotonic())


def carry_out(folder: Path, school: str, clock: Clock, *entities: str) -> Report:
    """Carry out a run of a school by a clock, without delivering."""
    project = open_project(folder, in_use=True)
    plan = make_plan(project, school, entities)
    return Runner(project, plan, Options(send=False), os.environ, lambda event: None, clock).run()


def carry_out_with(environ: Mapping[str, str], folder: Path, school: str, clock: Clock) -> None:
    """Do the same with these secrets, in a process of its own."""
    os.environ.update(environ)
    carry_out(folder, school, clock)
