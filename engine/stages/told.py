"""What Haplo would say of an entity's files, led back: to the binding, to the mapping, and to the records.

A message of a record names its values, so whole messages and keys of records go to a private table only; what is
told elsewhere are summaries, counts and places. Imports `haplo` and `errors`. Next: `stages/check`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from engine.errors import Place
from engine.haplo.outcome import Outcome
from engine.haplo.outcome import Path as At
from engine.haplo.part import Emitted
from engine.journal import cannot_write
from engine.stages.keys import keys_of

EXAMPLES: Final = 3
SHOWN: Final = 3
"""How many fields a text lists; reports and tables have all."""
Effect = Literal["stop", "refuse", "tell"]
"""What a message means: the import stops, the record is not saved, or a value of it is left out."""


@dataclass(frozen=True)
class Spot:
    """Something with a name, and where a document says it."""

    name: str
    place: Place

    def __str__(self) -> str:
        return f"{self.place} ({self.name})" if self.name else str(self.place)


@dataclass(frozen=True)
class Origin:
    """Where a message comes from: Haplo's names in the binding, and the fields behind them in the mapping."""

    names: tuple[Spot, ...] = ()
    fields: tuple[Spot, ...] = ()

    def __str__(self) -> str:
        left = len(self.fields) - SHOWN
        more = f" and {left} more" if left > 0 else ""
        return ", ".join(str(spot) for spot in (*self.names, *self.fields[:SHOWN])) + more

    def facts(self) -> dict[str, dict[str, str]]:
        """Return the places by name, for reports and tables."""
        return {
            "binding": {spot.name: str(spot.place) for spot in self.names},
            "mapping": {spot.name: str(spot.place) for spot in self.fields},
        }


@dataclass(frozen=True)
class Example:
    """A record that a message is about: its number in the files, from 0, and its key at the source, if known."""

    record: int
    key: str | None = None


@dataclass(frozen=True)
class Told:
    """Messages of one kind. `examples` are the first of its records."""

    entity: str
    summary: str
    times: int = 1
    effect: Effect = "tell"
    origin: Origin = Origin()
    examples: tuple[Example, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return what a report may say: no keys."""
        return {"summary": self.summary, "times": self.times, "effect": self.effect, **self.origin.facts()}

    def __str__(self) -> str:
        origin = f"; from {self.origin}" if str(self.origin) else ""
        return f"{self.entity}: Haplo would say, {self.times:,} times: {self.summary}{origin}"


class Back(Protocol):
    """Leads back from what Haplo says to what people wrote."""

    def origin(self, path: At | None, about: Collection[str]) -> Origin:
        """Return what an instruction, or a message about names, comes from."""

    def control_origin(self, message: str) -> Origin:
        """Return what a message about the control file as a whole comes from."""

    def own_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Return what the source calls rows, by the keys under which they are sent, where these differ."""


class Nowhere:
    """Leads nowhere: for files whose documents are not known."""

    def origin(self, path: At | None, about: Collection[str]) -> Origin:
        """Return no place."""
        return Origin()

    def control_origin(self, message: str) -> Origin:
        """Return no place."""
        return Origin()

    def own_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Return none."""
        return {}


class Telling:
    """An outcome, led back. Where there is nothing to tell, nothing is looked up."""

    def __init__(self, entity: str, emitted: Emitted, outcome: Outcome, back: Back) -> None:
        self._entity, self._outcome, self._back = entity, outcome, back
        self._origins = {kind: back.origin(kind[0], outcome.about.get(kind, ())) for kind in outcome.counts}
        stop = outcome.exception
        records = [finding.record for finding in outcome.findings] + [stop.record if stop else None]
        numbers = {number for number in records if number is not None}
        keys = keys_of(emitted, numbers)
        own = back.own_keys(set(keys.values())) if keys else {}
        self._keys = {number: own.get(key, key) for number, key in keys.items()}

    def told(self) -> tuple[Told, ...]:
        """Return the messages by kind, the most frequent first; also those past Haplo's limit are counted."""
        outcome = self._outcome
        examples: dict[tuple[At | None, str], list[Example]] = {}
        for finding in outcome.findings:
            listed = examples.setdefault((finding.path, finding.summary), [])
            if finding.record is not None and len(listed) < EXAMPLES:
                listed.append(self._example(finding.record))
        found = [
            Told(self._entity, kind[1], times, self._effect(kind), self._origins[kind], tuple(examples.get(kind, ())))
            for kind, times in outcome.counts.items()
        ]
        return tuple(sorted(found, key=lambda told: (-told.times, told.summary, str(told.origin))))

    def stop(self) -> Told | None:
        """Return the fault that stops the import."""
        stop = self._outcome.exception
        if stop is None:
            return None
        examples = () if stop.record is None else (self._example(stop.record),)
        origin = self._back.origin(stop.path, ()) if stop.path is not None else Origin()
        return Told(self._entity, stop.why, 1, "stop", origin, examples)

    def control(self) -> tuple[Told, ...]:
        """Return what is wrong with the control file."""
        return tuple(
            Told(self._entity, message, 1, "stop", self._back.control_origin(message))
            for message in self._outcome.control_errors
        )

    def write(self, path: Path) -> None:
        """Write every message that was kept, with its record, where only the run's owner can read it."""
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in self._rows())
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
                out.writelines(lines)
        except OSError as error:
            raise cannot_write(path, error) from None

    def _rows(self) -> Iterator[dict[str, Any]]:
        for told in self.control():
            yield self._row(told.summary, None, told.effect, told.origin)
        for finding in self._outcome.findings:
            kind = (finding.path, finding.summary)
            yield self._row(finding.message, finding.record, self._effect(kind), self._origins[kind])
        stop, exception = self.stop(), self._outcome.exception
        if stop is not None and exception is not None:
            message = exception.message or exception.why
            yield self._row(message, exception.record, stop.effect, stop.origin)

    def _row(self, message: str, record: int | None, effect: Effect, origin: Origin) -> dict[str, Any]:
        key = None if record is None else self._keys.get(record)
        about = {"entity": self._entity, "record": record, "key": key}
        return {**about, "effect": effect, "message": message, **origin.facts()}

    def _example(self, record: int) -> Example:
        return Example(record, self._keys.get(record))

    def _effect(self, kind: tuple[At | None, str]) -> Effect:
        return "refuse" if kind in self._outcome.refusals else "tell"


def counted(told: Sequence[Told]) -> dict[str, int]:
    """Return how often each summary is told, whatever its origin."""
    counts: dict[str, int] = {}
    for one in told:
        counts[one.summary] = counts.get(one.summary, 0) + one.times
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
