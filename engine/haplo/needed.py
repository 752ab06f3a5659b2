"""The application that bindings need: what its developers declare so that an import finds its types and attributes.

Data types are those of what is sent; an application's document, where there is one, knows titles and data types
better. Stands on `spec` and its siblings. Next: `requirements_text`, which writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from engine.haplo.application import BEHAVIOUR, PLATFORM, TITLE, TYPE
from engine.haplo.record import value_field
from engine.haplo.target import derived_application, object_type, root_type
from engine.spec.binding import OBJECTS, Application, AttributeSpec, Binding, BoundName, TypeSpec
from engine.spec.schema import Schema

NO_APPLICATION: Final = Application(application="none")
_OBJECT: Final = [TITLE, TYPE, BEHAVIOUR]
_PLATFORMS: Final = ("std:", "dc:")


def needed_application(
    bindings: Sequence[Binding],
    schemas: Mapping[str, Schema],
    every: Mapping[str, Binding],
    known: Application = NO_APPLICATION,
) -> Application:
    """Return what these bindings need; `every` binding says what references point to, `known` what there is."""
    derived = derived_application(bindings, schemas)
    kinds: dict[str, str] = {one["code"]: one["type"] for one in derived["attributes"]}
    uses = _uses(bindings, schemas)
    names = list(dict.fromkeys([*_OBJECT, *uses]))
    attributes = {name: _attribute(name, kinds[name], uses.get(name, []), every, known) for name in names}
    return Application(
        application="needed",
        attributes=attributes,
        types=_types(bindings, known) | _list_types(attributes, uses, known),
        qualifiers=derived["qualifiers"],
        auto_models=derived["autoModels"],
        objects=_entries(attributes, uses, known),
    )


Use = tuple[BoundName, Schema]


def _uses(bindings: Sequence[Binding], schemas: Mapping[str, Schema]) -> dict[str, list[Use]]:
    """Return the attributes that are filled, in the order of the bindings, each with how."""
    found: dict[str, list[Use]] = {}
    for binding in bindings:
        for name, bound in _filled(binding):
            found.setdefault(name, []).append((bound, schemas[binding.binding]))
    return found


def _filled(binding: Binding) -> Iterator[tuple[str, BoundName]]:
    for name, bound in binding.names.items():
        destination, attribute = binding.place_of(name)
        if destination in OBJECTS:
            yield attribute, bound


def _attribute(
    name: str, kind: str, uses: Sequence[Use], every: Mapping[str, Binding], known: Application
) -> AttributeSpec:
    there = known.attributes.get(name)
    links = list(there.links_to) if there is not None else []
    for bound, schema in uses:
        value = value_field(bound, schema)
        if bound.list_:
            links += [] if links else [_list_type(name)]
        elif value is not None and value.ref is not None and value.ref in every and there is None:
            links.append(object_type(every[value.ref]))
    qualifiers = [bound.qualifier for bound, _ in uses if bound.qualifier]
    return AttributeSpec(
        type=there.type if there is not None else kind,
        title=(there.title if there is not None else "") or _title(name),
        links_to=sorted(set(links)),
        qualifiers=sorted(set(qualifiers)),
    )


def _types(bindings: Sequence[Binding], known: Application) -> dict[str, TypeSpec]:
    """Return the types of models, with every attribute that is filled there, each before the types below it."""
    listed: dict[str, list[str]] = {}
    below: dict[str, str] = {}
    for binding in bindings:
        root = root_type(binding.model)
        own = listed.setdefault(root, list(_OBJECT))
        own += [name for name, _ in _filled(binding) if name not in own]
        if binding.type is not None and binding.type != root:
            below[binding.type] = root
    roots = {code: TypeSpec(title=_type_title(code, known), attributes=names) for code, names in listed.items()}
    return roots | {code: TypeSpec(title=_type_title(code, known), parent=root) for code, root in below.items()}


def _list_types(
    attributes: Mapping[str, AttributeSpec], uses: Mapping[str, list[Use]], known: Application
) -> dict[str, TypeSpec]:
    """Return the types of list entries."""
    found = {}
    for name in uses:
        if any(bound.list_ for bound, _ in uses[name]):
            for code in attributes[name].links_to:
                title = _type_title(code, known)
                found[code] = TypeSpec(title=title, attributes=list(_OBJECT), behaviour=["classification"])
    return found


def _entries(
    attributes: Mapping[str, AttributeSpec], uses: Mapping[str, list[Use]], known: Application
) -> dict[str, dict[str, Any]]:
    """Return the entries of lists by their codes; one without a title takes the first value that stands for it."""
    found: dict[str, dict[str, Any]] = {}
    for name, many in uses.items():
        for bound, _ in many:
            for value, code in (bound.list_ or {}).items():
                there = known.objects.get(code, {})
                kind = there.get("type") or attributes[name].links_to[0]
                found.setdefault(code, {"type": kind, "title": there.get("title") or value})
    return dict(sorted(found.items()))


def _list_type(name: str) -> str:
    head, found, tail = name.partition(":attribute:")
    return f"{head}:list:{tail}" if found else f"{name}:list"


def _type_title(code: str, known: Application) -> str:
    there = known.types.get(code)
    return (there.title if there is not None else "") or _title(code)


def _title(code: str) -> str:
    words = code.rpartition(":")[2].replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def of_platform(code: str) -> bool:
    """Say whether the platform itself has a type or an attribute; texts only add to it."""
    return code in PLATFORM or code.startswith(_PLATFORMS)
