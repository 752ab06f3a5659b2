"""Rows that are gone at the source: what a binding's `removed` may say of them, and what Haplo is told.

The branch of such a record finds the object and writes what `removed` names, and nothing else. Haplo has no word for
"do nothing with this record": one without an object is refused by one message, which is `NOT_KNOWN`.
Stands on `errors`, `kinds`, `spec` and `record`. Next: `compile`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from engine.errors import Place, Problem
from engine.haplo.application import BEHAVIOUR, TITLE, TYPE
from engine.haplo.record import Key, keys, source_of, value_field
from engine.kinds.types import TargetField
from engine.kinds.value import Constant
from engine.problem_text import did_you_mean
from engine.spec.binding import Binding, BoundName
from engine.spec.schema import Schema

At = Callable[..., Place | None]
"""Where the value, or the key, at a path of the binding's document stands."""

NOT_KNOWN: Final = "gone at the source, and not known here"
_KEPT: Final = {TITLE: "its title", TYPE: "its type", BEHAVIOUR: "the code by which it is found again"}
_WRITTEN: Final = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date such as 2024-09-01",
    "datetime": "a date with a time such as 2024-09-01T08:30:00",
    "time": "a time such as 08:30:00",
}


def nowhere(*_: str | int) -> None:
    """Say that it is not known where anything of a document stands."""


def unknown_object(destination: str) -> list[dict[str, Any]]:
    """Return the instructions for a record that has no object: nothing is saved, and one message says so.

    The instructions that follow still run; the empty object, which nobody saves, keeps them from reporting too.
    """
    return [{"action": "abort-record", "message": NOT_KNOWN}, {"action": "new", "destination": destination}]


def wire_value(value: Constant) -> Constant:
    """Return a constant as a control file has it: Haplo passes over a JSON `false`."""
    return ("true" if value else "false") if isinstance(value, bool) else value


def fields_touched(schema: Schema, binding: Binding) -> dict[str, bool]:
    """Return the fields that a row which is gone no longer has in Haplo as it had them.

    Each with whether a row can be sent without it, all else being as it was: not where it is part of a structure.
    """
    removed = binding.removed
    names = [] if removed is None else [*removed.set_, *removed.clear]
    found = [key for key in keys(schema, binding) if any(_is_key_of(key, name, binding.names[name]) for name in names)]
    parts = {name for key in keys(schema, binding) if key.parts for name in key.fields}
    return {name: name not in parts for key in found for name in key.fields}


def _is_key_of(key: Key, name: str, bound: BoundName) -> bool:
    return key.name == (name if bound.from_ is None else source_of(bound))


def removed_problems(
    binding: Binding, schema: Schema, data_types: Mapping[str, str], at: At, at_key: At
) -> Iterator[Problem]:
    """Yield what keeps `removed` from being compiled, or from being undone when a row comes back."""
    removed = binding.removed
    if removed is None:
        return
    if binding.of_accounts:
        what = f"'removed' is not for {binding.binding}: its rows are user accounts"
        why = "Haplo itself blocks the accounts that are missing from the files of a user sync"
        yield Problem("bad-value", what, at_key("removed"), why, "take 'removed' out")
        return
    for name, value in removed.set_.items():
        place = at_key("removed", "set", name)
        wrong = _kept_or_unknown(name, binding, place) or _not_restored(name, binding, schema, place)
        yield from [wrong] if wrong else _value(name, value, binding, schema, data_types, at("removed", "set", name))
    named = Counter([*removed.set_, *removed.clear])
    for index, name in enumerate(removed.clear):
        place = at("removed", "clear", index)
        wrong = _kept_or_unknown(name, binding, place)
        if wrong:
            yield wrong
        if named[name] > 1 and (name in removed.set_ or removed.clear.index(name) < index):
            also = "set and cleared" if name in removed.set_ else "cleared twice"
            yield Problem("bad-value", f"'{name}' of {binding.binding} is {also}", place, fix="take one of the two out")


def _kept_or_unknown(name: str, binding: Binding, place: Place | None) -> Problem | None:
    """What a row that is gone must not lose, or what no row could get back."""
    kept = _KEPT.get(binding.attribute_of(name))
    if kept is not None:
        return Problem("bad-value", f"'{name}' stays as it is: an object keeps {kept} when its row is gone", place)
    if name in binding.names:
        return None
    what = f"'{name}' is not among the names of {binding.binding}"
    why = "no row could write it again when it comes back"
    return Problem("unknown-name", what, place, why, did_you_mean(name, binding.names))


def _not_restored(name: str, binding: Binding, schema: Schema, place: Place | None) -> Problem | None:
    """A name that an ordinary row may leave as it is: one that comes back would stay gone."""
    bound = binding.names[name]
    field = schema.fields.get(bound.from_ or "")
    if bound.clear or bound.value is not None or (field is not None and field.required):
        return None
    what = f"'{name}' of {binding.binding} is set for rows that are gone, and a row that comes back may not write it"
    why = "a row without a value leaves it as it is, so the row would stay gone"
    fix = f"add clear: true to the name, or make '{bound.from_}' required in schemas/{binding.binding}.yaml"
    return Problem("not-restored", what, place, why, fix if field is not None else "add clear: true to the name")


def _value(
    name: str,
    value: Constant,
    binding: Binding,
    schema: Schema,
    data_types: Mapping[str, str],
    place: Place | None,
) -> Iterator[Problem]:
    """Whether a constant can stand where the values of a name do."""
    bound, kind = binding.names[name], data_types.get(binding.attribute_of(name))
    wrong = _no_constant(bound, schema)
    if wrong:
        yield Problem("bad-type", f"'{name}' of {binding.binding} cannot be set for rows that are gone: {wrong}", place)
        return
    if kind == "ref" and bound.list_ is None:
        what = f"'{name}' of {binding.binding} is of the type ref, and is set to a plain value for rows that are gone"
        yield Problem("attribute", what, place, fix="say which list entry each value is with list:, or clear it")
        return
    field = value_field(bound, schema)
    if field is None and kind == "datetime":
        field = TargetField(type="date")
    needed = _unfit(value, field, bound)
    if needed:
        what = f"'{name}' of {binding.binding} cannot be set to this when a row is gone; it takes {needed}"
        fix = (
            did_you_mean(value, (field.values if field else None) or bound.list_ or ())
            if isinstance(value, str)
            else ""
        )
        yield Problem("bad-constant", what, place, fix=fix)


def _no_constant(bound: BoundName, schema: Schema) -> str:
    """Why a name cannot be given a constant; '' where it can."""
    if bound.person_name is not None or bound.postal_address is not None:
        return "it is made of several fields"
    field = schema.fields.get(bound.from_ or "")
    if field is not None and field.type == "list" and not bound.first:
        return f"'{bound.from_}' is a list"
    if bound.part is not None:
        return f"it is a part of '{bound.from_}'"
    found = value_field(bound, schema)
    return f"'{bound.from_}' is a reference" if found is not None and found.ref is not None else ""


def _unfit(value: Constant, field: TargetField | None, bound: BoundName) -> str:
    """What a constant would have to be; '' where it fits."""
    if value is None or value == "":
        return "a value; what is to be taken away stands under clear"
    if field is not None and not _is_of(value, field.type):
        return _WRITTEN.get(field.type, "text, which is written in quotes where it looks like a number")
    if field is not None and field.values is not None and value not in field.values:
        return f"one of {', '.join(field.values)}"
    if bound.list_ is not None and str(wire_value(value)) not in bound.list_:
        return f"one of {', '.join(bound.list_)}"
    return ""


def _is_of(value: Constant, kind: str) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if kind in ("integer", "number"):
        return isinstance(value, int) or (kind == "number" and isinstance(value, float))
    if not isinstance(value, str):
        return False
    try:
        if kind == "date":
            return date.fromisoformat(value).isoformat() == value
        if kind == "datetime":
            return datetime.fromisoformat(value).strftime("%Y-%m-%dT%H:%M:%S") == value
        return kind != "time" or time.fromisoformat(value).strftime("%H:%M:%S") == value
    except ValueError:
        return False
