"""An application, of what `requirements.schema` texts declare. Stands on `spec` and its siblings.

What all texts mark `OPTIONAL` is taken for not there, since nothing makes it; attributes of the platform have their
data types without a word. Next: `needed`, for the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.errors import Problem
from engine.haplo.application import PLATFORM
from engine.haplo.fit import CANNOT_BE_SET
from engine.haplo.requirements import Declaration, Requirements
from engine.haplo.target import data_type
from engine.spec.binding import Application, AttributeSpec, TypeSpec

DATA_TYPES: Final = frozenset(
    {
        *CANNOT_BE_SET,
        *("link", "datetime", "integer", "number", "text", "text-paragraph", "text-multiline", "isbn", "idsn"),
        *("email-address", "url", "telephone-number", "person-name", "postal-address", "configuration-name"),
    }
) - {"boolean"}
"""The data types that a text can name; any other word means text."""


def read_requirements(files: Sequence[tuple[Path, Path]]) -> tuple[Requirements, list[Problem]]:
    """Read several files, each given with the path that messages show."""
    requirements = Requirements()
    for file, shown in files:
        requirements.read(file, shown)
    return requirements, requirements.all_problems()


def declared_application(requirements: Requirements, name: str = "declared") -> Application:
    """Return the application that the texts declare. No text says for which types a model is selected."""
    types = {one.code: _type(one) for one in requirements.of("type") if not one.optional}
    attributes = {
        one.code: _attribute(one) for one in requirements.of("attribute") if not one.optional or one.code in PLATFORM
    }
    attributes |= {one.code: _alias(one) for one in requirements.of("aliased-attribute") if not one.optional}
    used = {code for kind in types.values() for code in kind.attributes}
    used |= {one.alias_of for one in attributes.values() if one.alias_of is not None}
    for code in sorted((used & PLATFORM.keys()) - attributes.keys()):
        attributes[code] = AttributeSpec(type=PLATFORM[code])
    return Application(
        application=name,
        attributes=attributes,
        types=types,
        qualifiers=[one.code for one in requirements.of("qualifier") if not one.optional],
        objects={one.code: _object(one) for one in requirements.of("object") if not one.optional},
    )


def filled(application: Application, declared: Application) -> Application:
    """Return an application's document with what texts declare; what the document says itself goes first."""
    return application.model_copy(
        update={
            "attributes": {**declared.attributes, **application.attributes},
            "types": {**declared.types, **application.types},
            "qualifiers": list(dict.fromkeys([*application.qualifiers, *declared.qualifiers])),
            "objects": {**declared.objects, **application.objects},
        }
    )


def with_root_models(application: Application) -> Application:
    """Return an application in which every root type is selected for a model of its own."""
    roots = [code for code, one in application.types.items() if one.parent is None]
    return application.model_copy(update={"auto_models": roots})


def _attribute(one: Declaration) -> AttributeSpec:
    written = one.one("data-type")
    kind = PLATFORM.get(one.code, "text") if written is None else written
    return AttributeSpec(
        type=data_type(kind if written is None or kind in DATA_TYPES else "text"),
        title=one.one("title") or "",
        links_to=_each(one, "linked-type"),
        qualifiers=_each(one, "qualifier"),
    )


def _alias(one: Declaration) -> AttributeSpec:
    return AttributeSpec(title=one.one("title") or "", alias_of=one.one("alias-of"))


def _type(one: Declaration) -> TypeSpec:
    return TypeSpec(
        title=one.one("title") or "",
        parent=one.one("parent-type"),
        attributes=_each(one, "attribute"),
        hides=_each(one, "attribute-hide"),
        annotations=_each(one, "annotation"),
        behaviour=_each(one, "behaviour"),
    )


def _object(one: Declaration) -> dict[str, str]:
    return {"type": one.one("type") or "", "title": one.one("title") or one.code}


def _each(one: Declaration, key: str) -> list[str]:
    return list(dict.fromkeys(one.all(key)))
