"""What a test writes for a value of an entity, as the value that a run makes, and back. Next: `spec/check_tests`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final

from engine.kinds.types import TargetField
from engine.spec.fit import said_type

_TRUTHS: Final = {"true": True, "false": False}
_READ: Final[dict[str, Callable[[str], Any]]] = {
    "text": str,
    "enum": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: _TRUTHS[text],
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
}


class UnfitError(ValueError):
    """A value that a field of this type never has; `said` is what it must be, in words."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def value_of(written: Any, target: TargetField) -> Any:
    """Return what a test writes as a value of the target's type; dates and times in their ISO forms."""
    if written is None:
        return None
    if target.type == "list":
        if not isinstance(written, list):
            raise UnfitError("a list")
        assert target.of is not None
        return [value_of(item, target.of) for item in written]
    if target.type == "record":
        return _record(written, target.fields or {})
    if isinstance(written, list | dict):
        raise UnfitError(said_type(target.sql_type()))
    text = str(written).lower() if isinstance(written, bool) else written
    try:
        return _READ[target.type](text)
    except (ValueError, KeyError):
        raise UnfitError(_SAID.get(target.type, said_type(target.sql_type()))) from None


_SAID: Final = {
    "date": "a date, yyyy-mm-dd",
    "datetime": "a date with a time, yyyy-mm-ddThh:mm:ss",
    "time": "a time, hh:mm",
}


def spelled(value: Any, text: Callable[[str], str], nothing: str) -> str:
    """Return a value that a run makes as a test writes it, on one line; `text` says how texts stand in it."""
    if value is None:
        return nothing
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(spelled(each, text, nothing) for each in value)}]"
    if isinstance(value, dict):
        parts = (f"{name}: {spelled(each, text, nothing)}" for name, each in value.items() if each is not None)
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return text(value) if isinstance(value, str) else str(value)


def _record(written: Any, parts: dict[str, TargetField]) -> dict[str, Any]:
    if not isinstance(written, dict):
        raise UnfitError(f"a record of {', '.join(parts)}")
    if strange := [name for name in written if name not in parts]:
        raise UnfitError(f"a record of {', '.join(parts)}, without '{strange[0]}'")
    return {name: value_of(written.get(name), part) for name, part in parts.items()}
