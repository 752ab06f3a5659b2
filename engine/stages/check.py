"""The local dry run: what Haplo would make of emitted files, before anything is sent.

Messages are counted by kind, without the values that they are about, and led back to where they come from; the full
ones go to a private table, where asked. Imports `haplo` and `errors`. Next: `stages/deliver`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

from engine.haplo.application import BEHAVIOUR, TITLE, TYPE, Application, Values
from engine.haplo.interpret import interpret
from engine.haplo.part import Emitted
from engine.haplo.store import ObjectStore
from engine.stages.told import Back, Nowhere, Telling, Told, counted

KNOWN: Final = "sent:"
"""Begins the references of objects of earlier imports."""


@dataclass(frozen=True)
class Checked:
    """What Haplo would say to one entity's files. `stop`: why it would not read to the end."""

    entity: str
    records: int
    good: int
    refused: int
    told: tuple[Told, ...] = ()
    stop: Told | None = None
    control: tuple[Told, ...] = ()

    @property
    def messages(self) -> dict[str, int]:
        """How often each message is told, the most frequent first."""
        return counted(self.told)

    @property
    def passed(self) -> bool:
        """Whether every record would be saved, and nothing stops the batch."""
        return self.stop is None and not self.control and self.refused == 0


class Receiver:
    """The receiving application during a run: what one entity's files save, those of later ones can find."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.application = Application.from_case(case)
        self._objects = ObjectStore(self.application.objects)
        self._known: dict[str, str] = {}

    def know(self, codes: Collection[str], type_code: str) -> None:
        """Take it that the application has objects of these codes, from earlier imports; no more is known of them."""
        self._known.update(dict.fromkeys(codes, type_code))

    def store(self, entity: str) -> _EntityStore:
        """Return the objects as one entity's import sees them."""
        return _EntityStore(entity, self._objects, self._known)

    def close(self) -> None:
        """Let go of temporary files."""
        self._objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _EntityStore:
    """The shared objects. Each job numbers its new objects from 1, so here they get the entity's name too."""

    def __init__(self, entity: str, objects: ObjectStore, known: Mapping[str, str]) -> None:
        self._entity, self._objects, self._known = entity, objects, known

    def by_behaviour(self, code: str) -> str | None:
        found = self._objects.by_behaviour(code)
        return f"{KNOWN}{code}" if found is None and code in self._known else found

    def load(self, ref: str) -> Values | None:
        found = self._objects.load(self._own(ref))
        code = ref.removeprefix(KNOWN)
        return _sent_before(code, self._known[code]) if found is None and code in self._known else found

    def of_types(self, codes: frozenset[str]) -> Iterator[tuple[str, Values]]:
        return self._objects.of_types(codes)

    def linked(self, attribute: str, ref: str) -> Sequence[str]:
        return self._objects.linked(attribute, self._own(ref))

    def save(self, ref: str, values: Values, *, links: frozenset[str]) -> None:
        self._objects.save(self._own(ref), values, links=links)

    def close(self) -> None:
        """Nothing to let go of: the objects outlive one entity's import."""

    def _own(self, ref: str) -> str:
        return f"{self._entity}/{ref}" if ref.startswith("new:") else ref


def _sent_before(code: str, type_code: str) -> Values:
    """An object of an earlier import; that it has a title is all that matters here."""
    return {
        BEHAVIOUR: [{"type": "configuration-name", "text": code}],
        TYPE: [{"type": "object-type", "code": type_code}],
        TITLE: [code],
    }


def check(
    entity: str,
    emitted: Emitted,
    receiver: Receiver,
    today: date,
    private: Path | None = None,
    *,
    save: bool = True,
    back: Back | None = None,
) -> Checked:
    """Interpret an entity's files against the application; full messages, with values, go to `private` only.

    `save=False` is Haplo's own dry run, which does not find the faults of saving. `back` leads back to the documents.
    """
    control = json.loads(emitted.control.read_bytes())
    outcome = interpret(
        control,
        {part.name: part.path for part in emitted.parts},
        receiver.application,
        save=save,
        keep_committed=False,
        store=receiver.store(entity),
        today=today,
    )
    telling = Telling(entity, emitted, outcome, Nowhere() if back is None else back)
    if private is not None:
        telling.write(private)
    stop = outcome.exception
    return Checked(
        entity=entity,
        records=emitted.rows,
        good=outcome.complete - (1 if stop is not None and stop.during == "commit" else 0),
        refused=outcome.records - outcome.complete,
        told=telling.told(),
        stop=telling.stop(),
        control=telling.control(),
    )
