"""Models: the destinations that a control file may fill, and the names that each of them has.

Stands on `application`. Next: `control`, `batch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.haplo.application import EMAIL, PERSON, TITLE, TYPE, Application

LOAD_BY_REF: Final = "load:by-ref"
USER_SYNC: Final = "haplo:user-sync"
STRUCTURED: Final[Mapping[str, tuple[str, ...]]] = {
    "person-name": ("title", "first", "middle", "last", "suffix"),
    "postal-address": ("street1", "street2", "city", "county", "postcode", "country"),
}
_NEVER_NAMES: Final = frozenset({"boolean", "blob"})  # Attributes of these types can't be named at all.
_REQUIRED_OF_USERS: Final = ("username", "nameFirst", "nameLast", "email")


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a destination: the type of its values, and whether it holds several."""

    kind: str = "text"
    several: bool = True


@dataclass(frozen=True, slots=True)
class Destination:
    """Something that instructions fill: an object or a dictionary. An object that is `titled` must have a title."""

    name: str
    is_object: bool
    names: Mapping[str, Name]
    type_code: str | None = None
    required: tuple[str, ...] = ()
    depends: str | None = None
    link: str | None = None
    optional: bool = False
    pseudo: bool = False
    unavailable: bool = False
    titled: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """A set of destinations under a name."""

    name: str
    destinations: Mapping[str, Destination] = field(default_factory=dict)

    @property
    def syncs_users(self) -> bool:
        """Whether records are user accounts, which Haplo saves in a way of its own."""
        return self.name == USER_SYNC


def find_model(application: Application, name: Any) -> Model | None:
    """The model of that name, if the application has it."""
    made = _destinations(application, name)
    return None if made is None else Model(name, {one.name: one for one in _with_pseudo(made)})


def has_model(application: Application, name: Any) -> bool:
    """Whether the application has a model of that name."""
    return _destinations(application, name) is not None


def _destinations(application: Application, name: Any) -> list[Destination] | None:
    if not isinstance(name, str):
        return None
    if name == "haplo:person" and PERSON in application.types:
        override = {TITLE: {"type": "person-name"}}
        return [_object(application, {"name": "profile", "objectType": PERSON, "objectAttributesOverride": override})]
    if name == USER_SYNC:
        return _user_destinations(application)
    if name in application.models:
        return [_declared(application, one) for one in application.models[name].get("destinations", ())]
    code = name.removeprefix("TYPE:")
    if code != name and code in application.auto_models and code in application.types:
        return [_object(application, {"name": "object", "objectType": code})]
    return None


def _user_destinations(application: Application) -> list[Destination]:
    names = {name: {"required": True} for name in _REQUIRED_OF_USERS}
    user = {"name": "user", "dictionaryNames": {**names, "title": {}, "groups": {"multivalue": True}}}
    profile = {"name": "profile", "objectType": PERSON, "without": [TYPE, EMAIL]}
    tags = {"name": "user:tags", "dictionaryNames": application.user_tags, "depends": "user", "optional": True}
    return [_dictionary(user), replace(_object(application, profile), titled=False), _dictionary(tags)]


def _declared(application: Application, given: Mapping[str, Any]) -> Destination:
    return _object(application, given) if given.get("kind") == "object" else _dictionary(given)


def _object(application: Application, given: Mapping[str, Any]) -> Destination:
    code = given.get("objectType")
    kind = application.types.get(code) if code else None
    left_out = frozenset(given.get("without") or ())
    override = given.get("objectAttributesOverride") or {}
    names: dict[str, Name] = {}
    for listed in kind.attributes if kind else ():
        attribute = application.attributes.get(listed)
        behind = application.attributes.get(attribute.alias_of or "") or attribute if attribute else None
        if behind is None or behind.code in left_out or behind.kind in _NEVER_NAMES:
            continue
        declared = "object-type" if behind.code == TYPE else behind.kind
        names[behind.code] = Name((override.get(behind.code) or {}).get("type", declared))
    return replace(_common(given), is_object=True, names=names, type_code=code, titled=TITLE in names)


def _dictionary(given: Mapping[str, Any]) -> Destination:
    listed: Mapping[str, Any] = given.get("dictionaryNames") or {}
    names = {name: Name(one.get("type") or "text", bool(one.get("multivalue"))) for name, one in listed.items()}
    required = tuple(sorted(name for name, one in listed.items() if one.get("required")))
    return replace(_common(given), names=names, required=required)


def _common(given: Mapping[str, Any]) -> Destination:
    return Destination(
        name=given["name"],
        is_object=False,
        names={},
        depends=given.get("depends"),
        link=given.get("objectDependsWithAttribute"),
        optional=bool(given.get("optional")),
        pseudo=bool(given.get("pseudo")),
        unavailable=bool(given.get("unavailable")),
    )


def _with_pseudo(made: Iterable[Destination]) -> Iterable[Destination]:
    """The destinations, and the passing ones that go with their types."""
    kept = list(made)
    yield from kept
    if any(one.is_object for one in kept):
        yield Destination(LOAD_BY_REF, False, {"ref": Name("ref", False)}, pseudo=True, optional=True)
    used = {name.kind for one in kept for name in one.names.values()}
    for kind, parts in STRUCTURED.items():
        if kind in used:
            names = {part: Name("text", False) for part in parts}
            yield Destination(f"value:{kind}", False, names, pseudo=True, optional=True)
