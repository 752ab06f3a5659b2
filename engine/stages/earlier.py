"""Answers of earlier runs that may be used as if they had come now, because the very same would be asked again.

Shared by stages. Imports `journal`, `clock`. Next: `stages/extract`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.journal import read_entries

_LONGEST = timedelta(days=7)
"""A run that began longer ago is not looked at, however long answers may be used."""


def entry_key(what: str, endpoint: str, part: str, page: str = "") -> str:
    """Return the key of what a journal has of an endpoint, of a part of it, or of a page."""
    return ":".join(each for each in (what, endpoint, part, page) if each)


@dataclass(frozen=True)
class _Asked:
    """What a run read of an endpoint, or of a part of it; `entries` are those of its journal."""

    run: Path
    endpoint: str
    part: str
    number: int
    entries: Mapping[str, Mapping[str, Any]]

    def facts(self, what: str, page: str = "") -> Mapping[str, Any] | None:
        """Return an entry of what was asked last."""
        found = self.entries.get(entry_key(what, self.endpoint, self.part, page))
        return found if found is not None and found["read"] == self.number else None


class Earlier:
    """The answers of other runs of a school; `folders` are those of the runs, the oldest first."""

    def __init__(self, folders: Sequence[Path], clock: Clock) -> None:
        self._folders, self._clock = folders, clock

    def answer(self, endpoint: str, signature: str, page: int, age: float) -> tuple[Path, Mapping[str, Any]] | None:
        """Return the folder and the facts of an answer that came at most so many seconds ago."""
        for asked in self._found(endpoint, signature):
            facts = asked.facts("answer", str(page))
            if facts is not None and self._is_young(facts, age):
                return asked.run / "answers" / endpoint / asked.part, facts
        return None

    def absent(self, endpoint: str, signature: str, age: float) -> str | None:
        """Return when it was answered that there is nothing, if that was at most so many seconds ago."""
        found = (asked.facts("absent") for asked in self._found(endpoint, signature))
        return next((str(facts["at"]) for facts in found if facts is not None and self._is_young(facts, age)), None)

    def _is_young(self, facts: Mapping[str, Any], age: float) -> bool:
        came = facts.get("at")
        return came is not None and self._clock.now() - datetime.fromisoformat(came) < timedelta(seconds=age)

    def _found(self, endpoint: str, signature: str) -> Iterator[_Asked]:
        return (index[endpoint, signature] for index in self._indexes if (endpoint, signature) in index)

    @cached_property
    def _indexes(self) -> list[dict[tuple[str, str], _Asked]]:
        """What each run asked, by endpoint and signature; the latest run first."""
        found: list[dict[tuple[str, str], _Asked]] = []
        for folder in reversed(self._folders):
            if not self._began_of_late(folder):
                break
            entries, index = read_entries(folder / "journal.jsonl"), dict[tuple[str, str], _Asked]()
            for key in entries:
                what, _, name = key.partition(":")
                endpoint, _, part = name.partition(":")
                if what == "read":
                    asked = _Asked(folder, endpoint, part, entries[key]["number"], entries)
                    index[endpoint, str(entries[key]["signature"])] = asked
            found.append(index)
        return found

    def _began_of_late(self, folder: Path) -> bool:
        with (folder / "journal.jsonl").open("rb") as file:
            try:
                began = datetime.fromisoformat(json.loads(file.readline())["began"])
            except (ValueError, KeyError, TypeError):
                return True  # it was killed before it had begun
        return self._clock.now() - began < _LONGEST
