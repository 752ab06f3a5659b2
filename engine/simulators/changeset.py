"""Change sets: what each caller was given last, and what is new, changed or gone since.

A token is a hash of what was delivered; the service knows the last few of each request. Recorded and
documented: the names and columns of the sets, `*`, deletions by Id, the delta before paging. Inferred:
how the service refuses a token, and that secondary sets and deletions come with the first page.
`loose`, as the service is said to be, compares whatever a request gives with what the token stands for:
other options or parameters than before make false changes and deletions. `strict` refuses. Next: `xporter`.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MODES = ("loose", "strict", "off")
KEPT = 8
UNKNOWN = "The changedRows value is not known or has expired; start a new change set with changedRows=*"
OTHER = "The changedRows value belongs to other parameters or options; start a new change set with changedRows=*"

Rows = Mapping[str, int]
"""The rows of a set: a hash of each by its id."""


class ChangeRefused(Exception):
    """A token that opens nothing; the text is what the service answers."""


@dataclass(frozen=True)
class Snapshot:
    """What a request gives: the rows of each set. `signature` is all that the request asked for but its page."""

    token: str
    endpoint: str
    signature: tuple[object, ...]
    sets: Mapping[str, Rows]


class ChangeSets:
    """The snapshots that were delivered, by their tokens."""

    def __init__(self, mode: str = "loose") -> None:
        if mode not in MODES:
            raise ValueError(f"change sets are one of {', '.join(MODES)}")
        self.mode = mode
        self._kept: OrderedDict[tuple[str, str], Snapshot] = OrderedDict()
        self._before: dict[str, str] = {}
        self._lock = threading.Lock()

    def find(self, token: str, now: Snapshot) -> Snapshot:
        """The snapshot that a token stands for; ChangeRefused where it stands for none."""
        with self._lock:
            found = self._kept.get((now.endpoint, token))
        if found is None:
            raise ChangeRefused(UNKNOWN)
        if self.mode == "strict" and found.signature != now.signature:
            raise ChangeRefused(OTHER)
        return found

    def keep(self, snapshot: Snapshot, requested: str) -> str | None:
        """Remember what is delivered, and give the token that came before the requested one."""
        with self._lock:
            key = (snapshot.endpoint, snapshot.token)
            self._kept[key] = snapshot
            self._kept.move_to_end(key)
            mine = [other for other, kept in self._kept.items() if kept.signature == snapshot.signature]
            for other in mine[:-KEPT]:
                del self._kept[other]
            if requested not in ("*", snapshot.token):
                self._before[snapshot.token] = requested
            return self._before.get(requested)

    def expire_all(self) -> None:
        """Forget every token that was given out."""
        with self._lock:
            self._kept.clear()


def make_token(signature: tuple[object, ...], parts: list[bytes]) -> str:
    """A token for what was asked and given: 32 hexadecimal digits."""
    digest = hashlib.md5(repr(signature).encode(), usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def changed_ids(before: Rows, now: Rows) -> list[str]:
    """The ids of rows that are new, or not what they were."""
    return [key for key, row in now.items() if before.get(key) != row]


def deleted_rows(before: Rows, now: Rows) -> list[dict[str, Any]]:
    """Rows for the ids that are gone."""
    return [{"Id": key} for key in before if key not in now]
