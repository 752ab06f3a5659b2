"""What is saved of a complete record: entries of the outcome, and objects of the store.

Stands on `batch`. Next: `interpret`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.haplo.application import TYPE, type_value
from engine.haplo.batch import Batch, Target
from engine.haplo.javascript import text
from engine.haplo.outcome import Entry, StopError
from engine.haplo.references import ref_value
from engine.haplo.structured import person_title


class Saving:
    """Saves targets one by one; new objects get the references `new:1`, `new:2`, …"""

    def __init__(self, batch: Batch, on_commit: Callable[[Entry], None]) -> None:
        self._batch, self._on_commit = batch, on_commit
        self._given_out = 0
        destinations = batch.model.destinations.values()
        self._links = frozenset(one.link for one in destinations if one.link is not None)

    def save_record(self) -> None:
        """Save the current record's targets, finished ones first."""
        for target in list(self._batch.to_save()):
            self._save(target)

    def save_account(self) -> None:
        """Put down a user's account, which Haplo saves in a way of its own."""
        targets = self._batch.targets
        self._put_down(targets["user"])
        self._put_down(targets["profile"])
        tags = targets.get("user:tags")
        if tags is not None and tags.values:
            tags.values = {name: [_tag_text(value) for value in held] for name, held in tags.values.items()}
            self._put_down(tags)

    def _save(self, target: Target) -> None:
        name = target.destination.name
        if target.destination.pseudo:
            # Haplo finds only here that something was filled and not taken up.
            raise StopError(f"Delegate for {name} does not implement commit()", during="commit")
        if not target.destination.is_object:
            self._put_down(target)
        elif target.is_new:
            self._save_new(target)
        elif target.values == target.before:
            self._batch.outcome.unchanged += 1
        else:
            self._batch.outcome.updated += 1
            self._save_object(target, self._ref(target))

    def _save_new(self, target: Target) -> None:
        destination = target.destination
        if TYPE not in target.values and destination.type_code is not None:
            target.values[TYPE] = [type_value(destination.type_code)]
        if destination.link is not None and destination.depends is not None:
            parent = target.parent or self._batch.targets.get(destination.depends)
            if parent is not None:
                target.values.setdefault(destination.link, []).append(ref_value(self._ref(parent)))
        self._batch.outcome.created += 1
        self._save_object(target, self._ref(target))

    def _save_object(self, target: Target, ref: str) -> None:
        self._batch.store.save(ref, target.values, links=self._links)
        self._put_down(target, new=target.is_new, ref=ref)

    def _ref(self, target: Target) -> str:
        if target.ref is None:
            self._given_out += 1
            target.ref = f"new:{self._given_out}"
        return target.ref

    def _put_down(self, target: Target, **more: bool | str) -> None:
        destination = target.destination
        kind = "object" if destination.is_object else "dictionary"
        entry: Entry = {"record": self._batch.record, "destination": destination.name, "kind": kind, **more}
        entry["values"] = target.values
        self._on_commit(entry)


def _tag_text(value: object) -> str:
    if isinstance(value, dict) and value.get("type") == "person-name":
        return person_title(value)
    if isinstance(value, dict):
        return text(value.get("text") or value.get("ref") or value.get("instant") or value.get("value"))
    return text(value)
