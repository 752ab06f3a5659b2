"""What the Batch API remembers of its answers: whole ones, by key, endpoint and body. Next: `batch`.

Time is the simulator's own, so that a test can let a day pass.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from engine.simulators.message import Answer

_KEPT = 64
Place = tuple[str, str, bytes]


class Cache:
    """Good answers with the time at which they were made."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Place, tuple[datetime, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, place: Place, now: datetime, hours: float) -> Answer | None:
        """An answer that is still good, or None."""
        with self._lock:
            made, answer = self._answers.get(place, (None, None))
        fresh = made is not None and timedelta() <= now - made < timedelta(hours=hours)
        return answer if fresh else None

    def keep(self, place: Place, now: datetime, answer: Answer) -> None:
        """Remember an answer."""
        with self._lock:
            self._answers[place] = (now, answer)
            self._answers.move_to_end(place)
            if len(self._answers) > _KEPT:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
