"""Whether a binding fits the application that receives it, beyond what `fit` says of single attributes.

Most of these would be passed over by Haplo without a word: the values would simply be missing. Stands on `errors`,
`kinds`, `spec` and its siblings. Next: `run/soundness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from engine.errors import Place, Problem
from engine.haplo.application import BEHAVIOUR, NO_QUALIFIER
from engine.haplo.record import value_field
from engine.haplo.target import data_types, root_type
from engine.kinds.types import TargetField
from engine.problem_text import did_you_mean
from engine.spec.binding import Application, Binding, BoundName
from engine.spec.schema import Schema

At = Callable[..., Place]
"""Where the value at a path of the binding's document stands."""

_TEXTS: Final = ("text", "enum")
_TAKES: Final = {
    "integer": ("integer",),
    "number": ("integer", "number"),
    "email-address": _TEXTS,
    "url": _TEXTS,
    "telephone-number": _TEXTS,
    "configuration-name": _TEXTS,
}
"""The types of values that attributes of a data type can hold; other data types take any."""


def application_problems(
    binding: Binding, schema: Schema, application: Application, at: At, at_key: At
) -> Iterator[Problem]:
    """Yield what keeps an application from taking what a binding sends; `at_key` gives a path's key."""
    name = application.application
    root = root_type(binding.model)
    if root not in application.types:
        yield _unknown("unknown-type", f"'{name}' has no type '{root}'", at("model"), root, application.types)
        return
    if binding.model.startswith("TYPE:") and root not in application.auto_models:
        why = "an administrator selects the types that have a model of their own"
        fix = f"have it selected, then add it to auto_models: of the application '{name}'"
        yield Problem("model-missing", f"'{name}' has no model '{binding.model}'", at("model"), why, fix)
    if binding.type is not None and binding.type not in application.types:
        what = f"'{name}' has no type '{binding.type}'"
        yield _unknown("unknown-type", what, at("type"), binding.type, application.types)
    types = data_types(application, binding.model)
    if not binding.of_accounts and BEHAVIOUR not in types:
        why = f"without the attribute {BEHAVIOUR} no row is found again: every import would make all of them anew"
        fix = f"have {BEHAVIOUR} added to the type; 'haplomap haplo requirements' prints what its developers need"
        yield Problem("not-found-again", f"'{root}' has no configured behaviour", at("model"), why, fix)
    for key, bound in binding.names.items():
        kind = types.get(binding.attribute_of(key))
        if kind is not None:
            for given, fix in _values(bound, value_field(bound, schema), kind):
                what = f"'{key}' of {binding.binding} is of the type {kind}, and is given {given}"
                yield Problem("attribute", what, at_key("names", key), fix=fix)
        yield from _names(binding.attribute_of(key), key, bound, application, at)


def _values(bound: BoundName, value: TargetField | None, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the values that an attribute is given and cannot hold, with what to do; references are `fit`'s to judge."""
    if bound.list_ is not None:
        if kind != "ref":
            yield "entries of a list", "say what each value becomes with map:, or have the attribute made a link"
    elif value is None or value.ref is not None or bound.map is not None:
        return
    elif kind == "ref":
        yield value.type, "say which list entry each value is with list:, or point to an entity with ref: in its schema"
    elif value.type not in _TAKES.get(kind, (value.type,)):
        yield value.type, ""


def _names(attribute: str, key: str, bound: BoundName, application: Application, at: At) -> Iterator[Problem]:
    """Yield the codes that the application does not have: entries of lists, and a qualifier."""
    if bound.qualifier not in (None, NO_QUALIFIER, *application.qualifiers):
        what = f"'{application.application}' has no qualifier '{bound.qualifier}'"
        where = at("names", key, "qualifier")
        yield _unknown("unknown-qualifier", what, where, str(bound.qualifier), application.qualifiers)
    there = application.attributes.get(attribute)
    linked = there.links_to if there is not None else []
    for value, code in (bound.list_ or {}).items():
        where = at("names", key, "list", value)
        entry = application.objects.get(code)
        if entry is None:
            what = f"'{application.application}' has no list entry with the behaviour code '{code}'"
            yield _unknown("unknown-entry", what, where, code, application.objects)
        elif linked and not set(_lineage(application, entry.get("type"))) & set(linked):
            what = f"'{code}' is of the type '{entry.get('type')}', and '{attribute}' links to {', '.join(linked)}"
            fix = "name an entry of that type, or let the attribute link to this one's"
            yield Problem("entry-type", what, where, fix=fix)


def _lineage(application: Application, code: str | None) -> list[str]:
    found: list[str] = []
    while code is not None and code not in found:
        found.append(code)
        there = application.types.get(code)
        code = there.parent if there is not None else None
    return found


def _unknown(code: str, what: str, where: Place, word: str, known: object) -> Problem:
    names = [str(one) for one in known] if isinstance(known, dict | list) else []
    fix = did_you_mean(word, names) or "declare it in the application's document, if Haplo has it"
    return Problem(code, what, where, fix=fix)
