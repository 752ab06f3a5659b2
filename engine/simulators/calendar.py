"""The days of a simulated service: a life, the bad nights in it, and the data of the days last asked for.

Next: `day`, `life`, `night`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date

from engine.simulators.day import Day
from engine.simulators.life import Life
from engine.simulators.living import Schools
from engine.simulators.memo import Memo
from engine.simulators.night import OTHER_ESTAB
from engine.simulators.wire import set_makers

_DAYS_KEPT = 3


class Calendar(Schools):
    """Gives the data of a day."""

    def __init__(self, life: Life, estab: str, nights: Mapping[date, str]) -> None:
        super().__init__(life, nights)
        self._estab, self._memo = estab, Memo()
        self._days: OrderedDict[tuple[date, str], Day] = OrderedDict()
        self._latest: Day | None = None
        self._lock = threading.Lock()

    def day(self, today: date) -> Day:
        """The data that the service has on a day."""
        key = self.kind_of(today)
        with self._lock:
            if key not in self._days:
                self._days[key] = self._bad_day(*key) if key[1] else self._good_day(key[0])
                if len(self._days) > _DAYS_KEPT:
                    self._days.popitem(last=False)
            self._days.move_to_end(key)
            return self._days[key]

    def _good_day(self, stamp: date) -> Day:
        """A day as it is, standing on the day that was made last."""
        before = self._latest
        if before is not None:
            before.before = None
        school = self.life.at(stamp)
        self._latest = Day(stamp, set_makers(school, self._memo), self._estab, before, school)
        return self._latest

    def _bad_day(self, stamp: date, kind: str) -> Day:
        if kind == "empty":
            return Day(stamp, dict.fromkeys(set_makers(self.life.at(stamp)), list), self._estab)
        school = self.of(stamp, kind)
        return Day(stamp, set_makers(school), OTHER_ESTAB if kind == "other-school" else self._estab, school=school)
