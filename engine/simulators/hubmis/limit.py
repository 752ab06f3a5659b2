"""How much a client may ask: a bucket of requests that refills, and so many a minute from one address.

Of a bucket one moment is kept, the one at which it is full again, in whole microseconds: sums are exact. A request that
is refused costs nothing. Next: `token`, `server`.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

FORMS = ("unix", "seconds", "http", "none")
MINUTE = 60_000_000
Now = Callable[[], float]
"""The time, in seconds since 1970."""


def faster(since: float, speed: float, real: Now) -> Now:
    """Time that runs so many times as fast as real time from a moment on, which is the same in both."""
    if not 0 < speed < float("inf"):
        raise ValueError("speed is a number above 0")
    return lambda: since + (real() - since) * speed


@dataclass(frozen=True)
class Turn:
    """What became of a request: whether it may go on, how many are left, when the next may come; in microseconds."""

    allowed: bool
    limit: int
    left: int
    now: int
    next: int

    def headers(self, form: str) -> dict[str, str]:
        """The headers of the answer; what a refusal says of the next moment is of a form of its own."""
        said = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.left)}
        moment, wait = _seconds(self.next), max(1, _seconds(self.next - self.now))
        if self.allowed or form == "unix":
            return {**said, "X-RateLimit-Retry-After": str(moment)}
        shown = {"seconds": str(wait), "http": formatdate(moment, usegmt=True)}
        return {**said, "Retry-After": shown[form]} if form in shown else said


def _seconds(microseconds: int) -> int:
    """Whole seconds, rounded up: who waits for them comes late enough."""
    return -(-microseconds // 1_000_000)


@dataclass
class Counts:
    """What was asked so far: all requests, those refused for their number, and requests by path."""

    total: int = 0
    refused: int = 0
    by_path: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    last: float | None = None


class Limits:
    """The buckets of all clients and the minutes of all addresses; safe to ask from several threads."""

    def __init__(self, now: Now, burst: int, refill: float, per_address: int | None = None) -> None:
        if burst < 1 or refill <= 0 or (per_address is not None and per_address < 1):
            raise ValueError("burst, refill-seconds and per-address are numbers above 0")
        self.counts = Counts()
        self._now, self._burst, self._refill = now, burst, round(refill * 1_000_000)
        self._per_address = per_address
        self._full_at: dict[str, int] = {}
        self._minutes: dict[str, deque[int]] = {}
        self._lock = threading.Lock()

    def take(self, client: str | None, address: str, path: str, *, spend: bool = True) -> Turn:
        """Take a turn for a request, and count it; without `spend` it costs nothing and always goes on.

        None is a client that nobody knows: then only the address counts.
        """
        with self._lock:
            now = round(self._now() * 1_000_000)
            turns = self._look(client, address, now)
            allowed = not spend or all(left > 0 for _, left, _ in turns)
            if allowed and spend:
                self._spend(client, address, now)
                turns = self._look(client, address, now)
            self._count(path, now, allowed)
            limit, left, _ = min(turns, key=lambda turn: turn[1], default=(self._burst, self._burst, now))
            return Turn(allowed, limit, left, now, max((moment for _, _, moment in turns), default=now))

    def counted(self) -> dict[str, Any]:
        """What was asked so far, and the time."""
        with self._lock:
            counts = self.counts
            return {
                "total": counts.total,
                "refused": counts.refused,
                "by_path": dict(counts.by_path),
                "first": counts.first,
                "last": counts.last,
                "now": self._now(),
            }

    # One bucket, one minute: its size, what is left in it, and when there is something

    def _look(self, client: str | None, address: str, now: int) -> list[tuple[int, int, int]]:
        turns = [self._look_into(client, now)] if client is not None else []
        if self._per_address is not None:
            turns.append(self._look_at(address, now))
        return turns

    def _look_into(self, client: str, now: int) -> tuple[int, int, int]:
        full_at = max(self._full_at.get(client, 0), now)
        left = (self._burst * self._refill - (full_at - now)) // self._refill
        return self._burst, left, max(now, full_at - (self._burst - 1) * self._refill)

    def _look_at(self, address: str, now: int) -> tuple[int, int, int]:
        size, spent = self._per_address or 0, self._minutes.setdefault(address, deque())
        while spent and spent[0] <= now - MINUTE:
            spent.popleft()
        return size, size - len(spent), spent[0] + MINUTE if len(spent) >= size else now

    def _spend(self, client: str | None, address: str, now: int) -> None:
        if client is not None:
            self._full_at[client] = max(self._full_at.get(client, 0), now) + self._refill
        if self._per_address is not None:
            self._minutes[address].append(now)

    def _count(self, path: str, now: int, allowed: bool) -> None:
        counts, seconds = self.counts, now / 1_000_000
        counts.total += 1
        counts.refused += not allowed
        counts.by_path[path] += 1
        counts.first = seconds if counts.first is None else counts.first
        counts.last = seconds
