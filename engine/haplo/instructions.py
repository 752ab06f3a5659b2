"""Instructions, prepared once into functions of a record: what Haplo does when a batch is prepared, and then runs.

Each maker takes an instruction apart, reports what is wrong with it, and gives a step, or None for an instruction
that is left out. Conditions and loops prepare what is inside them first. Stands on `batch`, `setting`, `control`.
Next: `setting`, `interpret`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.haplo.control import action_of
from engine.haplo.javascript import index_of, is_empty, is_number, is_true, number, text, walk
from engine.haplo.outcome import Path, StopError
from engine.haplo.preparation import Instruction, Preparation, Step, word
from engine.haplo.setting import make_field, make_field_structured, make_remove_values, make_set_value, prepare_name

Maker = Callable[[Preparation, Instruction, Path], Step | None]


def prepare(preparation: Preparation, instructions: Any, path: Path = ()) -> Step:
    """One step that runs all the instructions of a list in order; a null list runs nothing."""
    steps: list[Step] = []
    paths: dict[Step, Path] = {}
    for index, instruction in enumerate(walk(instructions)):
        place = (*path, index)
        given: Instruction = instruction if isinstance(instruction, dict) else {}
        try:
            step = _maker(given)(preparation, given, place)
        except StopError as stop:
            stop.path = stop.path or place
            raise
        if step is not None:
            steps.append(step)
            paths[step] = place

    def run(record: Any) -> None:
        step = None
        try:
            for step in steps:
                step(record)
        except StopError as stop:
            if stop.path is None and step is not None:
                stop.path = paths[step]
            raise

    return run


def _maker(instruction: Instruction) -> Maker:
    action = action_of(instruction)
    maker = MAKERS.get(action) if isinstance(action, str) else None
    if maker is None:
        raise StopError(None, f"there is no action {text(action)}")
    return maker


def _source(instruction: Instruction) -> str:
    return word(instruction, "source")


def _branches(preparation: Preparation, instruction: Instruction, path: Path) -> tuple[Step, Step]:
    then = prepare(preparation, instruction.get("then"), (*path, "then"))
    return then, prepare(preparation, instruction.get("else"), (*path, "else"))


def _held(record: Any, source: str) -> tuple[bool, Any]:
    """Whether a record has a field at all, and its value; only objects and lists can be asked."""
    if isinstance(record, dict):
        return source in record, record.get(source)
    if isinstance(record, list):
        at = index_of(source)
        there = at is not None and at < len(record)
        return there, record[at] if at is not None and there else None
    raise StopError(None, "a field was tested in a record that is not an object or a list")


def _if_exists(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    source = _source(instruction)
    then, otherwise = _branches(preparation, instruction, path)

    def step(record: Any) -> None:
        _, value = _held(record, source)
        (otherwise if is_empty(value) else then)(record)

    return step


def _if_value_one_of(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    source = _source(instruction)
    then, otherwise = _branches(preparation, instruction, path)
    listed = {_key(value) for value in walk(instruction.get("values")) if not isinstance(value, (dict, list))}

    def step(record: Any) -> None:
        there, value = _held(record, source)
        if there and not isinstance(value, (dict, list)) and _key(value) in listed:
            then(record)
        else:
            otherwise(record)

    return step


def _key(value: Any) -> tuple[str, Any]:
    """Equal for values that are strictly equal, in type and value."""
    return ("number", number(value)) if is_number(value) else (type(value).__name__, value)


def _if_has_value(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    then, otherwise = _branches(preparation, instruction, path)
    prepared = prepare_name(preparation, instruction, path, f"name {word(instruction, 'name')}")
    if prepared is None:
        return None
    batch, destination, name = preparation.batch, prepared.destination.name, prepared.name

    def step(record: Any) -> None:
        (then if name in batch.find(destination, path).values else otherwise)(record)

    return step


def _within(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    source = _source(instruction)
    run = prepare(preparation, instruction.get("instructions"), (*path, "instructions"))

    def step(record: Any) -> None:
        value = preparation.field(record, source)
        # Unlike everywhere else, zero counts as empty here.
        if is_true(value):
            run(value)

    return step


def _for_each(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    source = _source(instruction)
    run = prepare(preparation, instruction.get("instructions"), (*path, "instructions"))
    wrap = is_true(instruction.get("wrapValues"))

    def step(record: Any) -> None:
        for element in walk(preparation.field(record, source)):
            run({"value": element} if wrap else element)

    return step


def _new(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    batch, destination = preparation.batch, word(instruction, "destination")
    return lambda _: batch.make_new(destination, path)


def _load(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    batch, targets = preparation.batch, preparation.batch.targets
    name, using = word(instruction, "destination"), word(instruction, "using")
    otherwise = None
    if "otherwise" in instruction:
        otherwise = prepare(preparation, instruction["otherwise"], (*path, "otherwise"))

    def step(record: Any) -> None:
        held = batch.find(using, path).values.get("ref")
        # Given up even when nothing is loaded.
        destination = batch.finish(name, path)
        ref = held[0].get("ref") if held and isinstance(held[0], dict) else None
        loaded = batch.load(destination, ref) if ref is not None else None
        targets.pop(using, None)
        if loaded is not None:
            targets[name] = loaded
        elif otherwise is not None:
            otherwise(record)
        else:
            batch.abandon(path, f"Couldn't load destination: {name}")

    return step


def _assert_destination(preparation: Preparation, instruction: Instruction, path: Path) -> Step | None:
    batch, name = preparation.batch, word(instruction, "destination")
    destination = batch.model.destinations.get(name)
    if destination is None:
        batch.report(path, f"Unknown destination in assert-destination: {name}")
        return None
    parent = destination.depends
    if parent is None:
        batch.report(path, f"Can only use dependent destinations in assert-destination: {name}")
        return None
    # A dependent object can always be made available, so only dictionaries are really tested.
    fails = is_true(instruction.get("exists")) == destination.unavailable

    def step(_: Any) -> None:
        batch.find(parent, path)
        if fails and parent not in batch.blanks:
            batch.abandon(path, f"assert-destination failed: {name}")

    return step


def _abort_record(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    batch, message = preparation.batch, _message(instruction, "abort")
    return lambda _: batch.abandon(path, message)


def _log_error(preparation: Preparation, instruction: Instruction, path: Path) -> Step:
    batch, message = preparation.batch, _message(instruction, "error")
    return lambda _: batch.report(path, message)


def _message(instruction: Instruction, usual: str) -> str:
    given = instruction.get("message")
    return text(given) if is_true(given) else usual


MAKERS: Final[Mapping[str, Maker]] = {
    "field": make_field,
    "field-structured": make_field_structured,
    "set-value": make_set_value,
    "remove-values": make_remove_values,
    "if-exists": _if_exists,
    "if-value-one-of": _if_value_one_of,
    "if-has-value": _if_has_value,
    "within": _within,
    "for-each": _for_each,
    "new": _new,
    "load": _load,
    "assert-destination": _assert_destination,
    "abort-record": _abort_record,
    "log-error": _log_error,
}
