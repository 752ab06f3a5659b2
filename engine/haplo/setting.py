"""The instructions that set values: how a name is prepared, and how a value is put into a target.

Stands on `preparation` and `values`. Next: `instructions`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.haplo.application import NO_QUALIFIER, Values
from engine.haplo.batch import Target
from engine.haplo.control import action_of
from engine.haplo.javascript import is_true, text
from engine.haplo.models import Destination, Name
from engine.haplo.outcome import Path, StopError
from engine.haplo.preparation import Instruction, Preparation, Step, word
from engine.haplo.use import NOTHING, Conversion
from engine.haplo.values import make_conversion

Put = Callable[[Values, Any], None]

_NO_NULLS: Final = "org.haplo.javascript.OAPIException: null and undefined cannot be appended to a StoreObject"


@dataclass(frozen=True, slots=True)
class PreparedName:
    """A name of a destination, how values become its type, and how they are put."""

    destination: Destination
    name: str
    convert: Conversion
    put: Put


def prepare_name(preparation: Preparation, instruction: Instruction, path: Path, source: str) -> PreparedName | None:
    """Look up the instruction's destination and name; None when that was reported as wrong."""
    batch, action = preparation.batch, text(action_of(instruction))
    destination = _destination(preparation, instruction, path)
    if destination is None:
        return None
    written = word(instruction, "name")
    name = destination.names.get(written)
    if name is None:
        batch.report(path, f"Unknown name in {action} {written} for destination {destination.name}")
        return None
    use = preparation.use(instruction, path, source, for_object=destination.is_object)
    convert = make_conversion(name.kind, use)
    if convert is None:
        batch.report(path, f"Couldn't create value transformer for {action} {destination.name}/{written}")
        return None
    put = _put(written, name, destination, instruction, _qualifier(preparation, instruction, path, destination))
    return PreparedName(destination, written, convert, put)


def _destination(preparation: Preparation, instruction: Instruction, path: Path) -> Destination | None:
    written = word(instruction, "destination")
    found = preparation.batch.model.destinations.get(written)
    if found is None:
        preparation.batch.report(path, f"Unknown destination in {text(action_of(instruction))}: {written}")
    return found


def _qualifier(preparation: Preparation, instruction: Instruction, path: Path, destination: Destination) -> str | None:
    given = instruction.get("qualifier")
    if not destination.is_object or not is_true(given):
        return None
    if preparation.application.has_qualifier(given):
        return text(given)
    place = f"{text(action_of(instruction))} {destination.name}/{word(instruction, 'name')}"
    preparation.batch.report(path, f"Invalid qualifier '{text(given)}' in {place}")
    return None


def _put(written: str, name: Name, destination: Destination, instruction: Instruction, qualifier: str | None) -> Put:
    adds = is_true(instruction.get("multivalue"))
    if destination.is_object:
        return _put_into_object(written, adds, qualifier)
    if adds and name.several:
        return lambda values, value: values.setdefault(written, []).append(value)

    def replace(values: Values, value: Any) -> None:
        values[written] = [value]

    return replace


def _put_into_object(written: str, adds: bool, qualifier: str | None) -> Put:
    def put(values: Values, value: Any) -> None:
        if value is None:
            raise StopError(_NO_NULLS)
        if adds:
            values.setdefault(written, []).append(value)
        else:
            # Without a qualifier all values go, qualified ones too.
            values[written] = [value]

    if qualifier is None:
        return put

    def put_qualified(values: Values, value: Any) -> None:
        if value is None:
            raise StopError(_NO_NULLS)
        kept = values.get(written, [])
        if not adds:
            kept = [held for held in kept if qualifier_of(held) != qualifier]
        marked = value if qualifier == NO_QUALIFIER else {"qualifier": qualifier, "value": value}
        values[written] = [*kept, marked]

    return put_qualified


def qualifier_of(held: Any) -> str:
    """The qualifier of a value of an object."""
    found = held.get("qualifier") if isinstance(held, dict) else None
    return NO_QUALIFIER if found is None else str(found)


def make_field(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    """`field`: a field of the record, converted and put, unless it is empty or gives nothing."""
    source = word(instruction, "source")
    prepared = prepare_name(preparation, instruction, path, f"input field {source}")
    if prepared is None:
        return None
    destination, convert, put = prepared.destination.name, prepared.convert, prepared.put
    targets, find, field = preparation.batch.targets, preparation.batch.find, preparation.field

    def step(record: Any) -> None:
        # The busiest function of all, so it asks for the usual case first and calls little.
        value = record.get(source) if type(record) is dict else field(record, source)
        if value is None or value is False or value == "":
            return
        value = convert(value)
        if value is NOTHING:
            return
        target = targets.get(destination)
        put((find(destination, path) if target is None else target).values, value)

    return step


def make_set_value(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    """`set-value`: a constant, converted when it is first needed."""
    source = f"set value {word(instruction, 'destination')}/{word(instruction, 'name')}"
    prepared = prepare_name(preparation, instruction, path, source)
    if prepared is None:
        return None
    destination, put, batch = prepared.destination.name, prepared.put, preparation.batch
    constant = instruction.get("value")
    kept: list[Any] = []

    def step(_: Any) -> None:
        if not kept:
            # A bad constant is reported for one record only.
            kept.append(prepared.convert(constant))
        if kept[0] is not NOTHING:
            put(batch.find(destination, path).values, kept[0])

    return step


def make_field_structured(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    """`field-structured`: the parts that a passing destination holds, as one value; then they are cleared."""
    structured = word(instruction, "structured")
    prepared = prepare_name(preparation, instruction, path, f"structured input field {structured}")
    if prepared is None:
        return None
    batch = preparation.batch
    parts = batch.model.destinations.get(structured)
    if parts is None or parts.is_object:
        batch.report(path, f"Unknown structured value destination in field-structured: {structured}")
        return None
    names = parts.names

    def step(_: Any) -> None:
        held = batch.find(structured, path).values
        value = prepared.convert({key: many if names[key].several else many[0] for key, many in held.items()})
        if value is not NOTHING:
            prepared.put(batch.find(prepared.destination.name, path).values, value)
        batch.targets.pop(structured, None)

    return step


def make_remove_values(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    """`remove-values`: all values of a name, whatever their qualifiers."""
    batch, name = preparation.batch, word(instruction, "name")
    destination = _destination(preparation, instruction, path)
    if destination is None:
        return None
    if name not in destination.names:
        batch.report(path, f"Unknown name in remove-values for destination {destination.name}")
        return None

    def step(_: Any) -> None:
        target: Target = batch.find(destination.name, path)
        target.values.pop(name, None)

    return step
