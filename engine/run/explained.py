"""What an explanation says: where a row and its values came from, step by step, as values. Next: `run/explaining`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.errors import Place
from engine.run.explaining_answers import Stands
from engine.run.guarding import MASK

AS_ABOVE: Final = "as above"


@dataclass(frozen=True)
class Came:
    """One step on the way of a value, and the value after it.

    `what` is the word (`raw`, `from`, `clean`, `join`), `said` what it works on or by; `parts` are the steps on which
    it stands, the first of them first. `personal`: the value is not shown unasked.
    """

    what: str
    said: str
    value: Any = None
    place: Place | None = None
    note: str = ""
    personal: bool = False
    valued: bool = True
    """Whether there is a value to speak of at all."""
    parts: tuple[Came, ...] = ()
    stands: Stands | None = None
    """Where it landed: of answers, records, and values as they were on the wire."""

    def walk(self) -> Iterator[Came]:
        """Yield what it stands on, in order, and itself last."""
        for part in self.parts:
            yield from part.walk()
        yield self


@dataclass(frozen=True)
class InHaplo:
    """One of Haplo's names that a field fills: its instruction, where that is asked for, and what Haplo makes of it."""

    name: str
    place: Place
    instructions: tuple[tuple[str, dict[str, Any]], ...]
    values: tuple[Any, ...]
    messages: tuple[tuple[str, str], ...] = ()
    """What Haplo would say of it: without the value that it is about, and whole."""


@dataclass(frozen=True)
class FieldCame:
    """One field of a row. `steps` end with the schema's rule; `fault` is the rule that it broke, if it did."""

    name: str
    value: Any
    personal: bool
    place: Place | None
    steps: tuple[Came, ...] = ()
    haplo: tuple[InHaplo, ...] = ()
    note: str = ""

    def walk(self) -> Iterator[Came]:
        """Yield every step, in the order in which they are taken."""
        for step in self.steps:
            yield from step.walk()


@dataclass
class Explained:
    """One row, or what there is in place of it. `state` and `change`: what became of it in the run, in its words."""

    school: str
    entity: str
    key: str
    run: str
    known_as: str = ""
    merged_into: str = ""
    keys_personal: bool = False
    """Whether other keys than the one that was asked for are shown only if so wished."""
    state: str = ""
    change: str = ""
    said: str = ""
    records: list[Came] = field(default_factory=list)
    reasons: list[Came] = field(default_factory=list)
    fields: list[FieldCame] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """What Haplo would say of the whole record, as `InHaplo.messages`."""
    notes: list[str] = field(default_factory=list)


def facts_of(explained: Explained, *, personal: bool) -> dict[str, Any]:
    """Return an explanation as JSON has it; personal values only where so wished."""
    plain = {name: getattr(explained, name) for name in ("school", "entity", "key", "run", "state", "change", "said")}
    hidden = explained.keys_personal and not personal
    others = {name: masked(getattr(explained, name) or None, hidden=hidden) for name in ("known_as", "merged_into")}
    return {
        **plain,
        **{name: key for name, key in others.items() if key is not None},
        "notes": explained.notes,
        "records": [_step(each, personal) for each in explained.records],
        "reasons": [_step(each, personal) for each in explained.reasons],
        "messages": [whole if personal else summary for summary, whole in explained.refused],
        "fields": [_field(each, personal) for each in explained.fields],
    }


def masked(value: Any, *, hidden: bool) -> Any:
    """Return a value, or the mask in place of one; what is empty stays so."""
    return MASK if hidden and value is not None else value


def _field(came: FieldCame, personal: bool) -> dict[str, Any]:
    hidden = came.personal and not personal
    facts: dict[str, Any] = {"field": came.name, "value": masked(came.value, hidden=hidden)}
    facts |= {"place": str(came.place)} if came.place is not None else {}
    facts |= {"note": came.note} if came.note else {}
    names = [
        {
            "name": each.name,
            "place": str(each.place),
            "instructions": [{"at": at, **instruction} for at, instruction in each.instructions],
            "values": [masked(value, hidden=hidden) for value in each.values],
            "messages": [whole if personal else summary for summary, whole in each.messages],
        }
        for each in came.haplo
    ]
    return {**facts, "steps": [_step(each, personal, hidden) for each in came.steps], "haplo": names}


def _stands(stands: Stands) -> dict[str, Any]:
    file = None if stands.file is None else str(stands.file)
    return {"run": stands.run, "page": stands.page, "record": stands.number, "file": file}


def _step(came: Came, personal: bool, hidden: bool = False) -> dict[str, Any]:
    facts: dict[str, Any] = {"what": came.what, "said": came.said}
    if came.valued:
        facts["value"] = masked(came.value, hidden=hidden or (came.personal and not personal))
    facts |= {"place": str(came.place)} if came.place is not None else {}
    facts |= {"note": came.note} if came.note else {}
    facts |= {"answer": _stands(came.stands)} if came.stands is not None else {}
    return facts | ({"parts": [_step(each, personal, hidden) for each in came.parts]} if came.parts else {})
