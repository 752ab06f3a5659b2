"""What a stage tells while it works: for a progress line, a log or a report; never a value, never a secret.

Stands on the standard library only. Next: `stages/answer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One thing that happened. `kind` is one of:

    answer (one more landed: `done` of `total`), resumed (had landed before), wait, reasked, token,
    page-size, changed.

    `left` is in how many seconds all that is known will have been asked for, where a source's limits decide it; with
    `more` there may be more than is known.
    """

    kind: str
    text: str
    about: str = ""  # the endpoint or the set
    done: int = 0
    total: int | None = None
    left: float = 0.0
    more: bool = False


Tell = Callable[[Event], None]
