"""Time, injected wherever it is needed, so that tests and resumed runs decide what it is.

Stands on the standard library only. Next: `journal`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back, from no point in particular."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; not at all for nothing or less."""
        if seconds > 0:
            time.sleep(seconds)
