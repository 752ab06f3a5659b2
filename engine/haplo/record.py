"""What a record of a data file holds: its keys, in order, and each as an SQL expression that writes JSON.

A key that is missing says "absent": Haplo keeps what it has. `null` says "blank at the source". An empty list and
an empty text are blank, so they are `null` too. Booleans are the words `"true"` and `"false"`, because Haplo passes
over a JSON `false`. Stands on `kinds` and `spec`. Next: `compile`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from engine.haplo.application import TITLE
from engine.haplo.identity import code_sql
from engine.kinds.types import TargetField, literal, quote
from engine.spec.binding import Binding, BoundName, PersonName, PostalAddress
from engine.spec.schema import Schema

CODE: Final = "_code"
WITHHELD: Final = "_withheld"
PARTIAL: Final = "partial"
"""After a structure's name and a colon: what is left of it when a part of it is withheld."""

_EXACT_IN_HAPLO: Final = 9_007_199_254_740_991
_TIMES: Final = {
    "date": "{0}::VARCHAR",
    "datetime": "strftime({0}, '%Y-%m-%dT%H:%M:%S')",
    "time": "substr({0}::VARCHAR, 1, 8)",
}


@dataclass(frozen=True)
class Key:
    """One key of the records. A structure has `parts`: Haplo's name of each part, and its field."""

    name: str
    fields: tuple[str, ...]
    parts: dict[str, str] = field(default_factory=dict)
    needs: str = ""
    sent: frozenset[str] = frozenset()
    partial: bool = False


def keys(schema: Schema, binding: Binding) -> list[Key]:
    """Return the keys of the records, `code` left out, in the order in which the binding first uses them."""
    found: dict[str, Key] = {}
    for name, bound in binding.names.items():
        if bound.from_ is not None and bound.from_ not in found:
            found[bound.from_] = Key(bound.from_, (bound.from_,), sent=_parts_sent(bound.from_, binding))
        for key in _structure_keys(name, bound):
            found[key.name] = key
    return list(found.values())


def structure_parts(structure: PersonName | PostalAddress) -> dict[str, str]:
    """Return the parts of a structure in Haplo's order, each with its field."""
    given = ((part, getattr(structure, part)) for part in type(structure).model_fields)
    return {part: name for part, name in given if name is not None}


def _structure_keys(name: str, bound: BoundName) -> Iterator[Key]:
    structure = bound.person_name or bound.postal_address
    if structure is None:
        return
    parts = structure_parts(structure)
    needs = "last" if bound.person_name else "country"
    yield Key(name, tuple(parts.values()), parts, needs)
    if name == TITLE:
        yield Key(f"{name}:{PARTIAL}", tuple(parts.values()), parts, needs, partial=True)


def _parts_sent(source: str, binding: Binding) -> frozenset[str]:
    names = (bound.part for bound in binding.names.values() if bound.from_ == source)
    return frozenset(name for name in names if name is not None)


def line_sql(schema: Schema, binding: Binding, prefix: str, absent: Collection[str]) -> str:
    """Return the SQL expression of a row's record: one line of JSON."""
    code = code_sql(prefix, schema.schema_, f"{quote(schema.key)}::VARCHAR")
    missing = literal(f"a row of {schema.schema_} has no key")
    members = [f"""'"{CODE}":"' || coalesce({code}, error({missing})) || '"'"""]
    members += [_member(key, schema, prefix, absent) for key in keys(schema, binding) if _is_there(key, absent)]
    return "'{' || concat_ws(',', " + ",\n  ".join(members) + ") || '}'"


def _is_there(key: Key, absent: Collection[str]) -> bool:
    return key.parts[key.needs] not in absent if key.parts else key.name not in absent


def _member(key: Key, schema: Schema, prefix: str, absent: Collection[str]) -> str:
    if key.parts:
        value = _structure(key, schema, prefix, absent)
    else:
        value = _json(schema.fields[key.name], quote(key.name), prefix, key.sent)
    whole = f"{_label(key.name)} || coalesce({value}, 'null')"
    withheld = f"list_has_any({WITHHELD}, {literal(sorted(set(key.fields)))})"
    if key.partial:
        return f"CASE WHEN {withheld} THEN {whole} END"
    return f"CASE WHEN {withheld} THEN NULL ELSE {whole} END"


def _structure(key: Key, schema: Schema, prefix: str, absent: Collection[str]) -> str:
    """A structure without its blank parts; NULL when the part that Haplo needs is blank."""
    members = []
    for part, name in key.parts.items():
        if name in absent:
            continue
        member = f"{_label(part)} || {_json(schema.fields[name], quote(name), prefix)}"
        if key.partial:
            member = f"CASE WHEN list_contains({WITHHELD}, {literal(name)}) THEN NULL ELSE {member} END"
        members.append(member)
    needed = f"trim({quote(key.parts[key.needs])}::VARCHAR) <> ''"
    return f"CASE WHEN {needed} THEN '{{' || concat_ws(',', {', '.join(members)}) || '}}' END"


def _json(of: TargetField, value: str, prefix: str, sent: Collection[str] = (), depth: int = 0) -> str:
    """The JSON of a value; NULL when it is blank."""
    if of.type == "list":
        assert of.of is not None
        item = f"item{depth}"
        items = f"list_transform({value}, lambda {item}: {_json(of.of, item, prefix, sent, depth + 1)})"
        return f"nullif('[' || array_to_string({items}, ',') || ']', '[]')"
    if of.type == "record":
        return _record(of, value, prefix, sent, depth)
    if of.ref is not None:
        return f"""'"' || {code_sql(prefix, of.ref, f"nullif({value}, '')")} || '"'"""
    return _scalar(of.type, value)


def _record(of: TargetField, value: str, prefix: str, sent: Collection[str], depth: int) -> str:
    """The parts that are sent, `null` where blank; NULL when all of them are."""
    assert of.fields is not None
    parts = [
        (name, _json(part, f"{value}.{quote(name)}", prefix, (), depth))
        for name, part in of.fields.items()
        if name in sent
    ]
    members = ", ".join(f"{_label(name)} || coalesce({part}, 'null')" for name, part in parts)
    some = ", ".join(part for _, part in parts)
    return f"CASE WHEN coalesce({some}) IS NOT NULL THEN '{{' || concat_ws(',', {members}) || '}}' END"


def _scalar(kind: str, value: str) -> str:
    if kind == "boolean":
        return f"""CASE {value} WHEN TRUE THEN '"true"' WHEN FALSE THEN '"false"' END"""
    if kind == "integer":
        exact = f"{value} BETWEEN -{_EXACT_IN_HAPLO} AND {_EXACT_IN_HAPLO}"
        return f"""CASE WHEN {exact} THEN {value}::VARCHAR ELSE '"' || {value}::VARCHAR || '"' END"""
    if kind == "number":
        refused = "error('a number is not finite')"
        written = f"regexp_replace({value}::VARCHAR, '\\.0$', '')"
        return f"CASE WHEN NOT isfinite({value}) THEN {refused} ELSE {written} END"
    if kind in _TIMES:
        written = f"""'"' || {_TIMES[kind].format(value)} || '"'"""
        return written if kind == "time" else _in_our_calendar(value, written)
    return f"to_json(nullif({value}, ''))::VARCHAR"


def _in_our_calendar(value: str, written: str) -> str:
    """Haplo reads a date that is not of four-digit years wrongly, or stops: such a one may not get this far."""
    outside = f"{value}::DATE NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    return f"CASE WHEN {outside} THEN error('a date is outside the years 1 to 9999') ELSE {written} END"


def _label(name: str) -> str:
    return literal(f'"{name}":')
