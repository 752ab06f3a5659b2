"""A school through time: the school of a day follows from size, seed, first day and rates, however one gets there.

Days are lived one after the other, each with random numbers of its own; to go back is to begin anew.
Next: `night`, `day`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from engine.simulators.event import EVENTS, Ids
from engine.simulators.rollover import begin_year, is_new_year
from engine.simulators.school import School, found_school
from engine.simulators.world import NotPossible, World

_DAYS_KEPT = 4
_TRIES = 5


@dataclass(frozen=True)
class Rates:
    """How much happens: events a day as a share of the pupils on roll, and weights of events other than the usual."""

    changes: float = 0.01
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.changes <= 1:
            raise ValueError("changes is a share of the pupils, between 0% and 100%")
        for name, weight in self.weights.items():
            if name not in EVENTS:
                raise ValueError(f"no event {name!r}: one of {', '.join(EVENTS)}")
            if not 0 <= weight < float("inf"):
                raise ValueError(f"the weight of {name} is a number from 0")

    @classmethod
    def parse(cls, changes: str, weights: str = "") -> Rates:
        """Read rates as they are written: `1%` or `0.01`, and `join=20,leave=0`."""
        try:
            number = float(changes.removesuffix("%")) / (100 if changes.endswith("%") else 1)
        except ValueError:
            raise ValueError(f"changes is a share such as 1% or 0.01, not {changes!r}") from None
        pairs = [item.partition("=") for item in weights.split(",") if item]
        try:
            shares = {name.strip(): float(weight or "nan") for name, _, weight in pairs}
        except ValueError as error:
            raise ValueError(f"events are written as join=20,leave=0: {error}") from None
        return cls(number, shares)

    def draw(self, random: Random, pupils: int) -> list[str]:
        """The names of a day's events."""
        expected = self.changes * pupils
        count = int(expected) + (random.random() < expected % 1)
        shares = [self.weights.get(name, share) for name, (share, _) in EVENTS.items()]
        return random.choices(list(EVENTS), shares, k=count) if count and any(shares) else []


@dataclass(frozen=True)
class Happening:
    """Something that happened: on which day, the name of the event, and the ids it is about."""

    day: date
    event: str
    ids: Ids


class Life:
    """One school from the day it was drawn."""

    def __init__(self, pupils: int, seed: int, opened: date, mess: int = 0, rates: Rates | None = None) -> None:
        self._made = (pupils, seed, opened, mess)
        self.seed, self.opened, self.rates = seed, opened, rates or Rates()
        self._world: World | None = None
        self._happenings: list[Happening] = []
        self._schools: OrderedDict[date, School] = OrderedDict()
        self._lock = threading.RLock()

    def elsewhere(self, seed: int) -> Life:
        """Another school of the same size, age and pace."""
        pupils, _, opened, _ = self._made
        return Life(pupils, seed, opened, 0, self.rates)

    def at(self, day: date) -> School:
        """The school as it is on a day; before its first day it is as on that day."""
        with self._lock:
            day = max(day, self.opened)
            if day not in self._schools:
                self._schools[day] = self._live_until(day).school()
                if len(self._schools) > _DAYS_KEPT:
                    self._schools.popitem(last=False)
            self._schools.move_to_end(day)
            return self._schools[day]

    def happenings(self, day: date) -> list[Happening]:
        """Everything that happened up to a day, the day included."""
        with self._lock:
            self._live_until(max(day, self.opened))
            return [found for found in self._happenings if found.day <= day]

    def _live_until(self, day: date) -> World:
        if self._world is None or self._world.day > day:
            self._world = World(*found_school(*self._made))
            self._happenings = []
        while self._world.day < day:
            self._world.day += timedelta(days=1)
            self._live_a_day(self._world)
        return self._world

    def _live_a_day(self, world: World) -> None:
        random = Random(f"{self.seed}:day:{world.day}")
        if is_new_year(world.day):
            self._happenings.append(Happening(world.day, "new-year", begin_year(world, random)))
        for name in self.rates.draw(random, len(world.on_roll)):
            for _ in range(_TRIES):
                try:
                    self._happenings.append(Happening(world.day, name, EVENTS[name][1](world, random)))
                except NotPossible:
                    continue
                break
