"""What a record of a data file holds: its keys, in order, and each as an SQL expression that writes JSON.

A key that is missing says "absent": Haplo keeps what it has. `null` says "blank at the source". An empty list and
an empty text are blank, so they are `null` too. Booleans are the words `"true"` and `"false"`, because Haplo passes
over a JSON `false`. Stands on `kinds` and `spec`. Next: `flat`, which writes other forms than JSON; `compile`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from engine.haplo.application import TITLE
from engine.haplo.identity import code_sql
from engine.kinds.types import TargetField, literal, quote
from engine.spec.binding import Binding, BoundName, PersonName, PostalAddress
from engine.spec.schema import Schema

CODE: Final = "_code"
WITHHELD: Final = "_withheld"
REMOVED: Final = "_removed"
"""The key of a row that is gone at the source; beside it such a record has its code only."""
PARTIAL: Final = "partial"
"""After a structure's name and a colon: what is left of it when a part of it is withheld."""
FIRST: Final = "first"
"""After a list's name and a full stop: its first value."""

_EXACT_IN_HAPLO: Final = 9_007_199_254_740_991
_TIMES: Final = {
    "date": "{0}::VARCHAR",
    "datetime": "strftime({0}, '%Y-%m-%dT%H:%M:%S')",
    "time": "substr({0}::VARCHAR, 1, 8)",
}


@dataclass(frozen=True)
class Key:
    """One key of the records. A structure has `parts`: Haplo's name of each part, and its field.

    `first`: of the list in the one field, only the first value.
    """

    name: str
    fields: tuple[str, ...]
    parts: dict[str, str] = field(default_factory=dict)
    needs: str = ""
    sent: frozenset[str] = frozenset()
    partial: bool = False
    first: bool = False


def keys(schema: Schema, binding: Binding) -> list[Key]:
    """Return the keys of the records, `code` left out, in the order in which the binding first uses them."""
    found: dict[str, Key] = {}
    for name, bound in binding.names.items():
        if bound.from_ is not None:
            source = source_of(bound)
            sent = _parts_sent(source, binding)
            found.setdefault(source, Key(source, (bound.from_,), sent=sent, first=bound.first))
        for key in _structure_keys(name, bound, titled=binding.place_of(name)[1] == TITLE):
            found[key.name] = key
    return list(found.values())


def source_of(bound: BoundName) -> str:
    """Return the key of the records that a name is taken from."""
    assert bound.from_ is not None
    return f"{bound.from_}.{FIRST}" if bound.first else bound.from_


def structure_parts(structure: PersonName | PostalAddress) -> dict[str, str]:
    """Return the parts of a structure in Haplo's order, each with its field."""
    given = ((part, getattr(structure, part)) for part in type(structure).model_fields)
    return {part: name for part, name in given if name is not None}


def value_field(bound: BoundName, schema: Schema) -> TargetField | None:
    """Return the field of the single values that a name is given; None when it is not taken from one field."""
    origin = schema.fields.get(bound.from_ or "")
    if origin is not None and origin.type == "list":
        origin = origin.of
    if origin is not None and origin.type == "record":
        origin = (origin.fields or {}).get(bound.part or "")
    return origin


def _structure_keys(name: str, bound: BoundName, *, titled: bool) -> Iterator[Key]:
    structure = bound.person_name or bound.postal_address
    if structure is None:
        return
    parts = structure_parts(structure)
    needs = "last" if bound.person_name else "country"
    yield Key(name, tuple(parts.values()), parts, needs)
    if titled:
        yield Key(f"{name}:{PARTIAL}", tuple(parts.values()), parts, needs, partial=True)


def _parts_sent(source: str, binding: Binding) -> frozenset[str]:
    names = (bound.part for bound in binding.names.values() if bound.from_ is not None and source_of(bound) == source)
    return frozenset(name for name in names if name is not None)


def line_sql(schema: Schema, binding: Binding, prefix: str, absent: Collection[str], withheld: Collection[str]) -> str:
    """Return the SQL expression of a row's record: one line of JSON. `withheld`: fields that some row is without.

    One `concat` of all pieces takes half the time of `||`, which copies what is there for each.
    """
    pieces = [literal(f'{{"{CODE}":"'), own_code_sql(schema, prefix), literal('"')]
    for key in keys(schema, binding):
        if is_there(key, absent):
            pieces += _member(key, schema, prefix, absent, withheld)
    return f"concat({', '.join(pieces)}, '}}')"


def gone_sql(schema: Schema, prefix: str) -> str:
    """Return the SQL expression of the record of a row that is gone: one line of JSON."""
    ends = literal(f'","{REMOVED}":"true"}}')
    return f"""'{{"{CODE}":"' || {own_code_sql(schema, prefix)} || {ends}"""


def own_code_sql(schema: Schema, prefix: str) -> str:
    """Return the SQL expression of a row's own code; a row without a key stops the writing."""
    code = code_sql(prefix, schema.schema_, f"{quote(schema.key)}::VARCHAR")
    missing = literal(f"a row of {schema.schema_} has no key")
    return f"coalesce({code}, error({missing}))"


def is_there(key: Key, absent: Collection[str]) -> bool:
    """Say whether any record has the key."""
    return key.parts[key.needs] not in absent if key.parts else key.fields[0] not in absent


def withheld_sql(key: Key) -> str:
    """Return the SQL condition that a field of the key is left out of a row."""
    return f"list_has_any({WITHHELD}, {literal(sorted(set(key.fields)))})"


def _member(key: Key, schema: Schema, prefix: str, absent: Collection[str], withheld: Collection[str]) -> list[str]:
    """Return the pieces of a key and its value, after a comma; where rows may be without it, it is one piece."""
    if key.parts:
        value = _structure(key, schema, prefix, absent)
    elif key.first:
        of = schema.fields[key.fields[0]].of
        assert of is not None
        value = first_sql(quote(key.fields[0]), lambda item: _json(of, item, prefix, key.sent, 1))
    else:
        value = _json(schema.fields[key.name], quote(key.name), prefix, key.sent)
    pieces = [literal(f',"{key.name}":'), f"coalesce({value}, 'null')"]
    if not any(name in withheld for name in key.fields):
        return [] if key.partial else pieces
    whole = f"concat({', '.join(pieces)})"
    shown = f"THEN {whole}" if key.partial else f"THEN NULL ELSE {whole}"
    return [f"CASE WHEN {withheld_sql(key)} {shown} END"]


def first_sql(items: str, write: Callable[[str], str]) -> str:
    """Return the SQL expression of a list's first value that is not blank, written as `write` says."""
    return f"list_filter(list_transform({items}, lambda item: {write('item')}), lambda it: it IS NOT NULL)[1]"


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
    return f"CASE WHEN {needed_sql(key)} THEN '{{' || concat_ws(',', {', '.join(members)}) || '}}' END"


def needed_sql(key: Key) -> str:
    """Return the SQL condition that a structure has the part that Haplo needs."""
    return f"trim({quote(key.parts[key.needs])}::VARCHAR) <> ''"


def _json(of: TargetField, value: str, prefix: str, sent: Collection[str] = (), depth: int = 0) -> str:
    """The JSON of a value; NULL when it is blank."""
    if of.type == "list":
        assert of.of is not None
        item = f"item{depth}"
        items = f"list_transform({value}, lambda {item}: {_json(of.of, item, prefix, sent, depth + 1)})"
        return f"nullif('[' || array_to_string({items}, ',') || ']', '[]')"
    if of.type == "record":
        return _record(of, value, prefix, sent, depth)
    return _scalar(of, value, prefix)


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


def _scalar(of: TargetField, value: str, prefix: str) -> str:
    written = plain_sql(of, value, prefix)
    if of.ref is not None or of.type in ("boolean", *_TIMES):
        return f"""'"' || {written} || '"'"""
    if of.type == "integer":
        exact = f"{value} BETWEEN -{_EXACT_IN_HAPLO} AND {_EXACT_IN_HAPLO}"
        return f"""CASE WHEN {exact} THEN {written} ELSE '"' || {written} || '"' END"""
    return written if of.type == "number" else f"to_json({written})::VARCHAR"


def plain_sql(of: TargetField, value: str, prefix: str) -> str:
    """Return the SQL expression of a single value as text; NULL when it is blank."""
    if of.ref is not None:
        return code_sql(prefix, of.ref, f"nullif({value}, '')")
    if of.type == "boolean":
        return f"CASE {value} WHEN TRUE THEN 'true' WHEN FALSE THEN 'false' END"
    if of.type == "integer":
        return f"{value}::VARCHAR"
    if of.type == "number":
        refused = "error('a number is not finite')"
        written = f"regexp_replace({value}::VARCHAR, '\\.0$', '')"
        return f"CASE WHEN NOT isfinite({value}) THEN {refused} ELSE {written} END"
    if of.type in _TIMES:
        written = _TIMES[of.type].format(value)
        return written if of.type == "time" else _in_our_calendar(value, written)
    return f"nullif({value}, '')"


def _in_our_calendar(value: str, written: str) -> str:
    """Haplo reads a date that is not of four-digit years wrongly, or stops: such a one may not get this far."""
    outside = f"{value}::DATE NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    return f"CASE WHEN {outside} THEN error('a date is outside the years 1 to 9999') ELSE {written} END"


def _label(name: str) -> str:
    return literal(f'"{name}":')
