"""The check of a control file, as Haplo makes it before anything else. Five checks, one message at most from each.

Stands on `models`, `filters` and `readers` for what exists. Next: `instructions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.haplo.application import Application
from engine.haplo.filters import FILTERS
from engine.haplo.javascript import in_order, is_number, is_true, text, walk
from engine.haplo.models import has_model
from engine.haplo.readers import READERS

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "field": ("source", "destination", "name"),
    "field-structured": ("structured", "destination", "name"),
    "set-value": ("destination", "name", "value"),
    "remove-values": ("destination", "name"),
    "if-exists": ("source",),
    "if-value-one-of": ("source",),
    "if-has-value": ("destination", "name"),
    "within": ("source",),
    "for-each": ("source",),
    "new": ("destination",),
    "load": ("destination", "using"),
    "assert-destination": ("destination", "exists"),
    "abort-record": ("message",),
    "log-error": ("message",),
}
"""Actions, and the properties that each must have; their values may be null."""

_SETS_VALUES: Final = frozenset({"field", "field-structured", "set-value"})
_CONDITIONS: Final = frozenset({"if-exists", "if-value-one-of", "if-has-value"})
_OVERWRITES: Final = (
    "Assigning values within for-each without a new/load statement or setting multivalue property "
    "will result in overwritten data"
)


def check_control(control: Any, application: Application) -> list[str]:
    """Haplo's messages about a control file, in its order; none when it may be used."""
    if not isinstance(control, dict):
        control = {}
    found = (
        _version(control),
        _model(control, application),
        _instructions(control),
        _files(control),
        _record_processor(control),
    )
    return [message for message in found if message is not None]


def action_of(instruction: Mapping[str, Any]) -> Any:
    """The instruction's action; `field` when it gives none."""
    return instruction.get("action") or "field"


def _version(control: Mapping[str, Any]) -> str | None:
    if "dataImportControlFileVersion" not in control:
        return "Not a control file"
    version = control["dataImportControlFileVersion"]
    return None if is_number(version) and version == 0 else "Bad version of control file, should be 0"


def _model(control: Mapping[str, Any], application: Application) -> str | None:
    model = control.get("model")
    if not is_true(model):
        return "Control file does not specify model in the model property"
    return None if has_model(application, model) else f"Model not implemented: {text(model)}"


def _instructions(control: Mapping[str, Any]) -> str | None:
    if "instructions" not in control:
        return "Control file does not specify processing instructions in the instructions property"
    return _first_fault(control["instructions"], None)


def _first_fault(instructions: Any, made_ready: set[Any] | None) -> str | None:
    """The first fault, depth first. `made_ready` are the destinations of `new` and `load` in the same loop."""
    for instruction in walk(instructions):
        fault = _fault(instruction if isinstance(instruction, dict) else {}, made_ready)
        if fault is not None:
            return fault
    return None


def _fault(instruction: Mapping[str, Any], made_ready: set[Any] | None) -> str | None:
    action = action_of(instruction)
    required = REQUIRED.get(action) if isinstance(action, str) else None
    if required is None:
        return f"Unknown action in instruction: {text(action)}"
    missing = [name for name in required if name not in instruction]
    if missing:
        return f"Expected property not found in {action} instruction: {', '.join(missing)}"
    if made_ready is not None and action in _SETS_VALUES and _overwrites(instruction, made_ready):
        return _OVERWRITES
    if made_ready is not None and action in ("new", "load"):
        made_ready.add(text(instruction["destination"]))
    if action == "field" and is_true(instruction.get("filters")):
        return _filter_fault(instruction["filters"])
    return _fault_inside(action, instruction, made_ready)


def _fault_inside(action: str, instruction: Mapping[str, Any], made_ready: set[Any] | None) -> str | None:
    if action in _CONDITIONS:
        return _first_fault(instruction.get("then"), made_ready) or _first_fault(instruction.get("else"), made_ready)
    if action == "within":
        return _first_fault(instruction.get("instructions"), made_ready)
    if action == "for-each":
        return _first_fault(instruction.get("instructions"), set())
    return None


def _overwrites(instruction: Mapping[str, Any], made_ready: set[Any]) -> bool:
    destination = text(instruction["destination"])
    return not (is_true(instruction.get("multivalue")) or destination in made_ready or "load" in destination)


def _filter_fault(filters: Any) -> str | None:
    if not isinstance(filters, list):
        return "'filters' property is not an array"
    unknown = [name for name in filters if not isinstance(name, str) or name not in FILTERS]
    return f"Filter {text(unknown[0])} is not available." if unknown else None


def _files(control: Mapping[str, Any]) -> str | None:
    files = control.get("files")
    if not isinstance(files, dict):
        return "Control file does not have files property"
    fault = None
    for name in in_order(files):
        entry = files[name] if isinstance(files[name], dict) else {}
        reader = entry.get("read")
        if not is_true(reader):
            fault = f"Reader not specified for file {name}"
        elif not isinstance(reader, str) or reader not in READERS:
            fault = f"Unknown reader for file {name}: {text(reader)}"
    return fault


def _record_processor(control: Mapping[str, Any]) -> str | None:
    processor = control.get("recordProcessor")
    if not is_true(processor):
        return None
    return f"Unknown record processor specified in recordProcessor property: {text(processor)}"
