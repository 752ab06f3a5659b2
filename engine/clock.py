"""Time, injected wherever it is needed, so that tests and resumed runs decide what it is.

Stands on the standard library only. Next: `journal`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, from no point in particular."""
        return time.monotonic()

    def wait(self, stopped: Event, seconds: float) -> bool:
        """Wait so many seconds, not at all for nothing or less, unless it is stopped; return whether it is."""
        return stopped.wait(seconds) if seconds > 0 else stopped.is_set()
