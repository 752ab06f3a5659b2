"""The receiving application as the interpreter knows it: from its document, or derived from the bindings alone.

The form is that of the `schema` of a conformance case, which `Application.from_case` reads. Stands on `kinds` and
`spec`. Next: `stages/check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.haplo.accounts import USER_NAMES, without_accounts
from engine.haplo.application import BEHAVIOUR, PERSON, PLATFORM, TITLE, TYPE
from engine.haplo.fit import CANNOT_BE_SET
from engine.haplo.record import value_field
from engine.spec.binding import OBJECTS, USER_SYNC, Application, Binding, BoundName
from engine.spec.schema import Schema

_AUTO: Final = "TYPE:"
_LIST_ENTRY: Final = "derived:type:list-entry"
_BY_VALUE: Final = {"date": "datetime", "datetime": "datetime", "integer": "integer", "number": "number"}


def application_case(application: Application) -> dict[str, Any]:
    """Return an application's document in the form of a conformance case.

    Attributes that an import cannot set are left out: they are no names of a destination.
    """
    return {
        "attributes": [
            {"code": code, "type": data_type(one.type), "refTypes": list(one.links_to), "aliasOf": one.alias_of}
            for code, one in application.attributes.items()
            if data_type(one.type) not in CANNOT_BE_SET
        ],
        "types": [
            {
                "code": code,
                "name": one.title,
                "attributes": _inherited(application, code),
                "parent": one.parent,
                "annotations": list(one.annotations),
            }
            for code, one in application.types.items()
        ],
        "qualifiers": list(application.qualifiers),
        "autoModels": list(application.auto_models),
        "objects": [_entry(number, code, one) for number, (code, one) in enumerate(application.objects.items(), 1)],
        "userTags": {name: {"type": data_type(kind)} for name, kind in application.user_tags.items()},
    }


def data_types(application: Application, model: str) -> dict[str, str]:
    """Return the data types of the attributes that a model, or a type, can fill; an alias is the one behind it."""
    code = root_type(model)
    if code not in application.types:
        return {}
    known = application.attributes
    listed = [name for name in _inherited(application, code) if name in known]
    behind = [alias if (alias := known[name].alias_of) in known else name for name in listed]
    found = {name: data_type(known[name].type) for name in behind if name is not None}
    if TYPE in found:
        found[TYPE] = "object-type"
    if TITLE in found and code == PERSON:
        found[TITLE] = "person-name"
    if model == USER_SYNC:
        tags = {f"user:tags/{name}": data_type(kind) for name, kind in application.user_tags.items()}
        return {f"user/{name}": "text" for name in USER_NAMES} | without_accounts(found) | tags
    return found


def root_type(model: str) -> str:
    """Return the code of the type that a model makes objects of; a type's code is itself."""
    return PERSON if model in ("haplo:person", USER_SYNC) else model.removeprefix(_AUTO)


def object_type(binding: Binding) -> str:
    """Return the code of the type of an entity's objects."""
    return binding.type or root_type(binding.model)


def derived_application(bindings: Sequence[Binding], schemas: Mapping[str, Schema]) -> dict[str, Any]:
    """Return the application that the bindings take for granted; attributes have the types of what they are given."""
    kinds: dict[str, str] = {}
    types: dict[str, dict[str, Any]] = {}
    for binding in bindings:
        root = root_type(binding.model)
        own = types.setdefault(root, {"code": root, "attributes": [TYPE, BEHAVIOUR]})
        for name, bound in _attributes(binding):
            kind = _guess(name, bound, schemas[binding.binding])
            kinds[name] = kind if kinds.get(name, kind) == kind else "text"
            if name not in own["attributes"]:
                own["attributes"].append(name)
    for binding in bindings:
        root = root_type(binding.model)
        if binding.type is not None and binding.type not in types:
            attributes = list(types[root]["attributes"])
            types[binding.type] = {"code": binding.type, "attributes": attributes, "parent": root}
    entries = sorted({code for bound in _names(bindings) for code in (bound.list_ or {}).values()})
    if entries:
        types[_LIST_ENTRY] = {"code": _LIST_ENTRY, "attributes": [TITLE]}
    return {
        "attributes": [{"code": name, "type": kind} for name, kind in sorted((PLATFORM | kinds).items())],
        "types": list(types.values()),
        "qualifiers": sorted({bound.qualifier for bound in _names(bindings) if bound.qualifier}),
        "autoModels": sorted({root_type(one.model) for one in bindings if one.model.startswith(_AUTO)}),
        "objects": [_entry(number, code, {"type": _LIST_ENTRY}) for number, code in enumerate(entries, 1)],
        "userTags": {tag: {"type": "text"} for binding in bindings for tag in _tags(binding)},
    }


def _attributes(binding: Binding) -> Iterator[tuple[str, BoundName]]:
    """The attributes of objects that a binding fills."""
    for name, bound in binding.names.items():
        destination, inner = binding.place_of(name)
        if destination in OBJECTS:
            yield inner, bound


def _tags(binding: Binding) -> list[str]:
    places = (binding.place_of(name) for name in binding.names)
    return [inner for destination, inner in places if destination == "user:tags"]


def _names(bindings: Sequence[Binding]) -> Iterator[BoundName]:
    return (bound for binding in bindings for bound in binding.names.values())


def data_type(written: str) -> str:
    """Return the name that a data type has in an import: `link` is `ref`, and `idsn` a spelling of `isbn`."""
    written = {"idsn": "isbn"}.get(written, written)
    return "ref" if written == "link" else written


def _inherited(application: Application, code: str) -> list[str]:
    """The attributes of a type: those of its parents that it does not hide, then its own."""
    chain: list[str] = []
    at: str | None = code
    while at is not None and at in application.types and at not in chain:
        chain.append(at)
        at = application.types[at].parent
    found: dict[str, None] = {}
    for one in reversed(chain):
        kind = application.types[one]
        found |= dict.fromkeys(kind.attributes)
        for hidden in kind.hides:
            found.pop(hidden, None)
    return list(found)


def _entry(number: int, code: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """An object that is there before the import, found by its code."""
    return {
        "ref": f"entry:{number}",
        "type": facts.get("type", ""),
        "title": facts.get("title", code),
        "behaviour": code,
    }


def _guess(name: str, bound: BoundName, schema: Schema) -> str:
    if name in PLATFORM:
        return PLATFORM[name]
    if bound.person_name is not None:
        return "person-name"
    if bound.postal_address is not None:
        return "postal-address"
    value = value_field(bound, schema)
    if bound.list_ is not None or (value is not None and value.ref is not None):
        return "ref"
    if value is None or bound.map is not None:
        return "text"
    return _BY_VALUE.get(value.type, "text")
