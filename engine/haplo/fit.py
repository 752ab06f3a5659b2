"""Whether a binding fits its entity and the attributes that it fills: findings, before anything is compiled.

Stands on `errors`, `kinds` and `spec`. Next: `compile`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from engine.errors import Place, Problem
from engine.haplo.accounts import account_problems, name_problems
from engine.haplo.application import BEHAVIOUR
from engine.haplo.flat import format_problems
from engine.haplo.record import structure_parts, value_field
from engine.haplo.removed import At, nowhere, removed_problems
from engine.kinds.types import TargetField
from engine.spec.binding import Binding, BoundName
from engine.spec.schema import Schema

CANNOT_BE_SET = (
    "boolean",
    "uuid",
    "postcode",
    "file",
    "text-document",
    "text-formatted-line",
    "attribute-group",
    "plugin",
)
"""Data types of attributes that an import cannot fill."""

_ISO = len("2024-09-01")
_STRUCTURES = ("person-name", "postal-address")


def binding_problems(
    schema: Schema,
    schemas: Mapping[str, Schema],
    binding: Binding,
    data_types: Mapping[str, str],
    at: At = nowhere,
    at_key: At = nowhere,
) -> list[Problem]:
    """Return what keeps a binding from being compiled. Empty `data_types` means that they are not known.

    `at` says where the value at a path of the binding's document stands, `at_key` where its key does.
    """
    found = [
        _finding("unknown-entity", binding, f"'{entity}' is pointed to, but has no schema")
        for entity in sorted(schema.refs())
        if entity not in schemas
    ]
    found += [_finding(code, binding, f"{binding.binding} {what}") for code, what in account_problems(binding)]
    for name, bound in binding.names.items():
        where = f"'{name}' of {binding.binding}"
        place = at_key("names", name)
        told = [
            *_origin(bound, schema),
            *name_problems(name, bound, binding, schema),
            *format_problems(bound, schema.fields.get(bound.from_ or ""), binding),
        ]
        found += [_finding(code, binding, f"{where} {what}", place) for code, what in told]
        if data_types:
            found += [
                _finding("attribute", binding, f"{where} {what}", place)
                for what in _attribute(binding.attribute_of(name), bound, schema, data_types)
            ]
    return [*found, *removed_problems(binding, schema, data_types, at, at_key)]


def _finding(code: str, binding: Binding, what: str, place: Place | None = None) -> Problem:
    return Problem(code, what, place, fix="" if place else f"change schemas/haplo/{binding.binding}.yaml")


def _origin(bound: BoundName, schema: Schema) -> Iterator[tuple[str, str]]:
    structure = bound.person_name or bound.postal_address
    if structure is not None:
        for part, name in structure_parts(structure).items():
            used = schema.fields.get(name)
            if used is None:
                yield "unknown-field", f"takes its part '{part}' from '{name}', which {schema.schema_} does not have"
            elif used.type in ("list", "record"):
                yield "bad-type", f"takes its part '{part}' from '{name}', which is a {used.type}"
    if bound.from_ is None:
        return
    origin = schema.fields.get(bound.from_)
    if origin is None:
        yield "unknown-field", f"is taken from '{bound.from_}', which {schema.schema_} does not have"
    else:
        if bound.first and origin.type != "list":
            yield "bad-type", f"takes the first of '{bound.from_}', which is no list"
        yield from _part(bound, origin)


def _part(bound: BoundName, origin: TargetField) -> Iterator[tuple[str, str]]:
    record = origin.of if origin.type == "list" and origin.of is not None else origin
    if record.type == "list":
        yield "bad-type", "is taken from a list of lists"
    elif record.type != "record":
        if bound.part is not None:
            yield "bad-type", f"names the part '{bound.part}', but '{bound.from_}' has no parts"
    elif bound.part is None:
        yield "missing-key", f"must say which part of '{bound.from_}' is sent"
    elif bound.part not in (record.fields or {}):
        yield "unknown-field", f"names the part '{bound.part}', which '{bound.from_}' does not have"
    elif (record.fields or {})[bound.part].type in ("list", "record"):
        yield "bad-type", f"names the part '{bound.part}' of '{bound.from_}', which is not a single value"


def _attribute(name: str, bound: BoundName, schema: Schema, data_types: Mapping[str, str]) -> Iterator[str]:
    kind = data_types.get(name)
    if kind is None:
        yield "is not an attribute of the destination's type"
        return
    if kind in CANNOT_BE_SET:
        yield f"is of the type {kind}, which an import cannot set"
    given = "person-name" if bound.person_name else "postal-address" if bound.postal_address else None
    if given != kind and (given is not None or kind in _STRUCTURES):
        yield f"is of the type {kind}, and is given {'a ' + given if given else 'a plain value'}"
    if name == BEHAVIOUR:
        yield "is the code by which rows are found again, and is not for a binding to set"
    if kind == "datetime":
        yield from _unreadable(bound)
    value = value_field(bound, schema)
    if value is None:
        return
    if kind == "datetime" and value.type not in ("date", "datetime"):
        yield f"is of the type datetime, and is given {value.type}"
    if value.ref is not None and kind != "ref":
        yield f"is of the type {kind}, and is given a reference"


def _unreadable(bound: BoundName) -> Iterator[str]:
    """Dates that nobody has checked: one that Haplo cannot read stops the whole import."""
    if bound.map is not None:
        yield "is of the type datetime, and is given what map: makes of a date"
    if bound.value is None:
        return
    try:
        date.fromisoformat(bound.value if isinstance(bound.value, str) and len(bound.value) == _ISO else "")
    except ValueError:
        yield "is of the type datetime, and is given a constant that is no date such as 2024-09-01"
