"""Keeps to the rates of a source: each request waits for its turn, and answers teach what is left.

A limit is a bucket that holds `burst` requests and gets one more each `refill`. What is kept of it is one moment, the
one at which it will be full again (the generic cell rate algorithm): a request moves it on by one refill, and may go
when it is not more than the bucket's depth ahead. So a turn is taken in one step, whoever else takes one, and many
processes can share a bucket through the state. One request of the burst is never used: between sending and arriving,
requests can come closer together than they were sent. Imports `kinds`, `clock`, `credential`. Next: `stages/client`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from engine.clock import Clock
from engine.kinds.answer import Limit
from engine.kinds.word import seconds_each
from engine.stages.credential import fill_in


class Budget(Protocol):
    """Where it is kept when buckets will be full again, in Unix time. Each call is one indivisible step."""

    def take(self, bucket: str, interval: float, now: float) -> float:
        """Move the moment of a bucket, or now if that is later, on by an interval, and return it."""
        ...

    def put_off(self, bucket: str, moment: float) -> None:
        """Move the moment of a bucket to this one, unless it is later already."""
        ...

    def full_at(self, bucket: str) -> float:
        """Return the moment of a bucket; 0 for one that nobody has used."""
        ...


class OwnBudget:
    """A budget of this process alone."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, bucket: str, interval: float, now: float) -> float:
        """See `Budget`."""
        with self._lock:
            self._full_at[bucket] = max(self._full_at.get(bucket, 0.0), now) + interval
            return self._full_at[bucket]

    def put_off(self, bucket: str, moment: float) -> None:
        """See `Budget`."""
        with self._lock:
            self._full_at[bucket] = max(self._full_at.get(bucket, 0.0), moment)

    def full_at(self, bucket: str) -> float:
        """See `Budget`."""
        with self._lock:
            return self._full_at.get(bucket, 0.0)


@dataclass(frozen=True)
class _Bucket:
    name: str
    interval: float  # seconds
    depth: int
    left: str | None  # the header that says how many requests are left


class Pace:
    """The limits of one API as one of its clients meets them; shared by threads.

    `names` are what templates see; `rest` waits for so many seconds, and raises when the work was stopped.
    """

    def __init__(
        self,
        limits: Sequence[Limit],
        url: str,
        names: Mapping[str, Any],
        budget: Budget,
        clock: Clock,
        rest: Callable[[float], None],
    ) -> None:
        self._buckets = [_bucket(limit, url, names) for limit in limits]
        self._budget, self._clock, self._rest = budget, clock, rest
        self._seen: dict[str, float] = {}
        """When a bucket will be full again, at least: the moment that the budget gave last."""

    def wait(self) -> None:
        """Take a turn in every bucket, and wait until it has come."""
        now = self._now()
        full_at = [(each, self._take(each, now)) for each in self._buckets]
        turn = max((moment - each.depth * each.interval for each, moment in full_at), default=now)
        if turn > now:
            self._rest(turn - now)

    def learn(self, sent: float, status: int, headers: Mapping[str, str], wait: float | None) -> None:
        """Take note of an answer to a request that was sent at a time: what is left, and that it was too much."""
        for each in self._buckets:
            left = headers.get(each.left, "") if each.left else ""
            if status == 429:
                after = each.interval if wait is None else wait
                self._put_off(each, self._now() + after + (each.depth - 1) * each.interval)
            elif left.isdecimal() and int(left) < each.depth:
                self._put_off(each, sent + (each.depth - int(left)) * each.interval)

    def seconds_for(self, requests: int) -> float:
        """Return how long so many more requests have to wait for their turns, as things stand."""
        now = self._now()
        waits = [
            max(self._full_at(each), now) + (requests - each.depth) * each.interval - now for each in self._buckets
        ]
        return max(waits, default=0.0)

    def _take(self, bucket: _Bucket, now: float) -> float:
        full_at = self._seen[bucket.name] = self._budget.take(bucket.name, bucket.interval, now)
        return full_at

    def _put_off(self, bucket: _Bucket, moment: float) -> None:
        if self._seen.get(bucket.name, 0.0) < moment:
            self._budget.put_off(bucket.name, moment)
            self._seen[bucket.name] = moment

    def _full_at(self, bucket: _Bucket) -> float:
        seen = self._seen.get(bucket.name)
        return self._budget.full_at(bucket.name) if seen is None else seen

    def sent(self) -> float:
        """Return the time to hand to `learn` with the answer to what is sent now."""
        return self._now()

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _bucket(limit: Limit, url: str, names: Mapping[str, Any]) -> _Bucket:
    """Return the bucket that a limit means here; its name tells clients apart and gives none away."""
    whose = fill_in(limit.by, names) if limit.by is not None else ""
    facts = [limit.per, whose, urlsplit(url).netloc, str(limit.burst), limit.refill]
    name = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]
    return _Bucket(name, seconds_each(limit.refill), max(limit.burst - 1, 1), limit.left)
