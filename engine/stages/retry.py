"""What is tried again, and when: the one place that decides it, by type (`MayHealError`).

Waits double from one attempt to the next unless the answer says when to ask again; then everybody who
asks the same API waits. Imports `kinds/answer`, `kinds/word`, `clock`, `errors`. Next: `stages/transport`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from engine.clock import Clock
from engine.errors import Interrupted, SourceError, SourceUnavailable
from engine.kinds.answer import Retry, RetryAt
from engine.kinds.standing import Wait
from engine.kinds.word import seconds
from engine.stages.events import Event, Tell

Result = TypeVar("Result")


class MayHealError(Exception):
    """An attempt failed in a way that may heal; `error` is raised when it does not. `after` is in seconds."""

    def __init__(self, error: SourceError, after: float | None = None) -> None:
        super().__init__(error.what)
        self.error, self.after = error, after
        if isinstance(error, SourceUnavailable):
            error.retry_after = after


class NotReadyError(Exception):
    """The data asked for are being prepared; `error` is raised when that takes too long. `after` is in seconds."""

    def __init__(self, error: SourceUnavailable, after: float | None = None) -> None:
        super().__init__(error.what)
        self.error, self.after = error, after


class Patience:
    """Waits for one API: between attempts, for data to be ready, and while the API has told everybody to wait."""

    def __init__(self, retry: Retry, clock: Clock, tell: Tell, wait: Wait | None = None) -> None:
        self._retry, self._clock, self._tell = retry, clock, tell
        self._ready = wait or Wait()
        self._longest = seconds(retry.longest)
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def persist(self, name: str, attempt: Callable[[], Result]) -> Result:
        """Return what the attempt returns, trying again what may heal as often as the source allows.

        An answer that is not ready yet is no attempt: it is waited for, as long as the source says.
        """
        wait, number, waited = seconds(self._retry.wait), 1, 0.0
        while True:
            self._wait_for_all()
            try:
                return attempt()
            except NotReadyError as early:
                waited = self._wait_until_ready(name, early, waited)
            except MayHealError as failure:
                if number == self._retry.attempts:
                    raise _given_up(failure.error, number) from None
                self._wait(name, failure, min(wait, self._longest))
                wait, number = wait * 2, number + 1

    def stop(self) -> None:
        """End every wait, now and from now on, with `Interrupted`."""
        self._stopped.set()

    def _wait(self, name: str, failure: MayHealError, wait: float) -> None:
        if failure.after is not None:
            wait = min(max(failure.after, 0.0), self._longest)
            with self._lock:
                self._not_before = max(self._not_before, self._clock.monotonic() + wait)
        what = failure.error.what.removeprefix(f"{name}: ")
        self._tell(Event("wait", f"{what}; trying again in {wait:g} s", name))
        self.rest(wait)

    def _wait_until_ready(self, name: str, early: NotReadyError, waited: float) -> float:
        """Wait before an answer is asked for again that was not ready; return how long it was waited for in all."""
        left = seconds(self._ready.up_to) - waited
        if left <= 0:
            early.error.why = f"it was waited for {self._ready.up_to}"
            raise early.error
        wait = min(seconds(self._ready.poll) if early.after is None else max(early.after, 1.0), left)
        what = early.error.what.removeprefix(f"{name}: ")
        said = f"{what}; asking again in {wait:g} s, for {self._ready.up_to} at most"
        self._tell(Event("not-ready", said, name))
        self.rest(wait)
        return waited + wait

    def _wait_for_all(self) -> None:
        with self._lock:
            wait = self._not_before - self._clock.monotonic()
        self.rest(min(wait, self._longest))

    def rest(self, wait: float) -> None:
        """Wait so many seconds, unless it is stopped meanwhile."""
        if self._clock.wait(self._stopped, wait):
            raise Interrupted("the extraction was stopped")


def _given_up(error: SourceError, attempts: int) -> SourceError:
    if attempts > 1:
        error.why = f"{error.why}; tried {attempts} times" if error.why else f"tried {attempts} times"
    return error


def asked_to_wait(rules: Iterable[RetryAt], headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how many seconds an answer's headers ask us to wait, by the first rule that can be read."""
    for rule in rules:
        text = headers.get(rule.header, "").strip()
        wait = _seconds_until(rule.as_, text, now) if text else None
        if wait is not None:
            return max(wait, 0.0)
    return None


def _seconds_until(form: str, text: str, now: datetime) -> float | None:
    if form == "http":
        try:
            when = parsedate_to_datetime(text)
        except ValueError:
            return None
        return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
    if not text.replace(".", "", 1).isdecimal() or len(text) > 15:
        return None
    return float(text) - (now.timestamp() if form == "unix" else 0.0)
