"""What the receiving Haplo application has: attributes, types, qualifiers, models, objects and users.

Plain facts, no behaviour of the import; `from_case` reads the form of the conformance cases. Values of objects
have the form of those cases too. Stands on the standard library. Next: `models`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TITLE: Final = "dc:attribute:title"
TYPE: Final = "dc:attribute:type"
BEHAVIOUR: Final = "std:attribute:configured-behaviour"
EMAIL: Final = "std:attribute:email"
PERSON: Final = "std:type:person"
NO_QUALIFIER: Final = "std:qualifier:null"
PLATFORM: Final = {
    TITLE: "text",
    TYPE: "ref",
    BEHAVIOUR: "configuration-name",
    EMAIL: "email-address",
    "std:attribute:telephone": "telephone-number",
    "std:attribute:address": "postal-address",
    "std:attribute:url": "url",
    "std:attribute:notes": "text-paragraph",
}
"""Attributes that every application has, with the types that they have there."""

Values = dict[str, list[Any]]
"""An object's values, or a dictionary's, by name."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of objects. `kind` is a data type name; an alias goes by the attribute behind it."""

    code: str
    kind: str
    linked_types: tuple[str, ...] = ()
    alias_of: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A type of objects; `attributes` are all of its attribute codes, also those of its parents."""

    code: str
    name: str = ""
    attributes: tuple[str, ...] = ()
    parent: str | None = None
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExistingObject:
    """An object that was there before the import."""

    ref: str
    values: Values


@dataclass(frozen=True, slots=True)
class User:
    """A user's account; `ref` is its profile object, if it has one."""

    username: str
    email: str | None = None
    ref: str | None = None


@dataclass(frozen=True)
class Application:
    """Everything about an application that an import depends on."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    types: Mapping[str, ObjectType] = field(default_factory=dict)
    qualifiers: frozenset[str] = frozenset()
    auto_models: frozenset[str] = frozenset()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    user_tags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    objects: Sequence[ExistingObject] = ()
    users: Sequence[User] = ()

    @classmethod
    def from_case(cls, schema: Mapping[str, Any]) -> Application:
        """The application that the `schema` of a conformance case describes."""
        return cls(
            attributes={item["code"]: _attribute(item) for item in schema.get("attributes", ())},
            types={item["code"]: _type(item) for item in schema.get("types", ())},
            qualifiers=frozenset(schema.get("qualifiers", ())),
            auto_models=frozenset(schema.get("autoModels", ())),
            models={item["name"]: item for item in schema.get("models", ())},
            user_tags=schema.get("userTags", {}),
            objects=[_object(item) for item in schema.get("objects", ())],
            users=[User(item["username"], item.get("email"), item.get("ref")) for item in schema.get("users", ())],
        )

    def lineage(self, code: str | None) -> Iterator[str]:
        """A type's code and those of its parents, from the type upwards."""
        seen: set[str] = set()
        while code is not None and code not in seen:
            yield code
            seen.add(code)
            known = self.types.get(code)
            code = known.parent if known else None

    def has_qualifier(self, code: Any) -> bool:
        """Whether a qualifier exists; the one that means none always does."""
        return isinstance(code, str) and (code == NO_QUALIFIER or code in self.qualifiers)


def type_value(code: str) -> dict[str, Any]:
    """A type as a value of an object's type attribute."""
    return {"type": "object-type", "code": code}


def type_of(values: Values) -> str | None:
    """The code of the type that an object's values give it."""
    given = values.get(TYPE)
    return given[0].get("code") if given else None


def behaviour_of(values: Values) -> str | None:
    """The configured behaviour that an object's values give it."""
    given = values.get(BEHAVIOUR)
    return given[0].get("text") if given else None


def _attribute(item: Mapping[str, Any]) -> Attribute:
    return Attribute(item["code"], item["type"], tuple(item.get("refTypes") or ()), item.get("aliasOf"))


def _type(item: Mapping[str, Any]) -> ObjectType:
    listed = tuple(item.get("attributes", ()))
    notes = tuple(item.get("annotations") or ())
    return ObjectType(item["code"], item.get("name", ""), listed, item.get("parent"), notes)


def _object(item: Mapping[str, Any]) -> ExistingObject:
    titles = item.get("titles") or ([item["title"]] if "title" in item else [])
    values: Values = {TYPE: [type_value(item["type"])]}
    if titles:
        values[TITLE] = [{"type": "person-name", **one} if isinstance(one, dict) else one for one in titles]
    if item.get("behaviour"):
        values[BEHAVIOUR] = [{"type": "configuration-name", "text": item["behaviour"]}]
    return ExistingObject(item["ref"], values | {name: list(many) for name, many in item.get("values", {}).items()})
