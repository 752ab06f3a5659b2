"""The units in which two projects are compared: a mapping, an entity, a lookup, a setting, an endpoint, and so on.

In which file a setting or an endpoint stands says nothing, so these are units of their own. Each unit has its normal
form, and knows in which line of which document each part of it stands. Next: `review/unlike`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.review.finding import Spot
from engine.review.normal import normal
from engine.spec.binding import Application, Binding
from engine.spec.changing import changes_of, deleted_path
from engine.spec.load import Loaded
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.project import Project
from engine.spec.schema import Schema
from engine.spec.school import School
from engine.spec.settings import Settings
from engine.spec.source import Source

Path = tuple[str, ...]
Key = tuple[str, str]
"""What kind of unit it is, and its name."""
ORDER = "(order)"
"""Stands beside rules by their names: in which order they are looked at."""


@dataclass(frozen=True)
class Unit:
    """One unit: its form, the document that it stands in, and at which path there."""

    kind: str
    name: str
    form: dict[str, Any]
    loaded: Loaded
    at: Path = ()

    def spot(self, path: Path = ()) -> Spot:
        """Return where a part of it stands; where the document has no such part, the nearest that it has."""
        document, steps = self.loaded.document, [*self.at]
        data: Any = document.data
        for step in self.at:
            data = data[step]
        route: list[str | int] = [*steps]
        for step in path:
            found = _step(data, step)
            if found is None:
                break
            data = data[found]
            route.append(found)
        place = document.key_place(tuple(route) or (self.loaded.kind,))
        return Spot(place.file.as_posix(), place.line)


def _step(data: Any, step: str) -> str | int | None:
    """Return the key, or the index, of a part of a document; None where it is not there."""
    if isinstance(data, Mapping):
        return step if step in data else None
    if isinstance(data, list):
        named = [number for number, item in enumerate(data) if isinstance(item, dict) and _name_of(item) == step]
        return named[0] if named else None
    return None


def _name_of(item: Mapping[str, Any]) -> str:
    """Return the name by which an item of a list is known here."""
    return "+".join(sorted(item["fields"])) if "rule" not in item and "fields" in item else str(item.get("rule", ""))


def _by_name(form: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a form in which a list of named items is a map, with the order of the names."""
    if key not in form:
        return form
    names = [_name_of(item) for item in form[key]]
    return {**form, key: {**dict(zip(names, form[key], strict=True)), ORDER: names}}


def units_of(project: Project) -> dict[Key, Unit]:
    """Return every unit of a project."""
    found = (unit for loaded in project.documents.values() for unit in _units(project, loaded))
    return {(unit.kind, unit.name): unit for unit in found}


def _units(project: Project, loaded: Loaded) -> Iterator[Unit]:
    content = loaded.content
    if isinstance(content, MappingDocument):
        yield Unit("mapping", loaded.name, _mapping(normal(content)), loaded)
    elif isinstance(content, Schema):
        yield Unit("schema", loaded.name, _by_name(normal(content), "unique"), loaded)
    elif isinstance(content, Lookup):
        yield Unit("lookup", loaded.name, _lookup(project, loaded), loaded)
    elif isinstance(content, Settings):
        for group, members in content.groups.items():
            for name, setting in members.items():
                yield Unit("setting", f"{group}.{name}", normal(setting), loaded, ("groups", group, name))
    elif isinstance(content, Source):
        yield from _source(project, loaded, content)
    elif isinstance(content, School | Application | Binding):
        yield Unit(loaded.kind, loaded.name, normal(content), loaded)


def _mapping(form: dict[str, Any]) -> dict[str, Any]:
    tables = {name: _by_name(table, "where") for name, table in form.get("tables", {}).items()}
    return {**_by_name(form, "where"), **({"tables": tables} if tables else {})}


def _lookup(project: Project, loaded: Loaded) -> dict[str, Any]:
    """Return a lookup by its codes as they are compared, wherever they are written."""
    owner, _, name = loaded.name.rpartition("/")
    lookup = project.lookups(owner)[name]
    form = normal(lookup.model_copy(update={"csv": None, "values": None}))
    return {**form, "values": {lookup.folded(code): text for code, text in (lookup.values or {}).items()}}


def _source(project: Project, loaded: Loaded, content: Source) -> Iterator[Unit]:
    """Yield a source without its endpoints, and each of these as it is read: with what its api says for it."""
    whole = project.source(content.source)
    form = normal(content.model_copy(update={"endpoints": {}}))
    inherited = ("pages", "changes", "deleted")
    apis = {
        name: {key: each for key, each in api.items() if key not in inherited} for name, api in form["apis"].items()
    }
    yield Unit("source", loaded.name, {**form, "apis": apis}, loaded)
    homes = {name: each for each in project.of("endpoints_of") for name in getattr(each.content, "endpoints", {})}
    for name in whole.endpoints:
        home = (
            homes[name]
            if name in homes and getattr(homes[name].content, "endpoints_of", "") == content.source
            else loaded
        )
        yield Unit("endpoint", f"{content.source}/{name}", _endpoint(whole, name), home, ("endpoints", name))


def _endpoint(source: Source, name: str) -> dict[str, Any]:
    endpoint = source.endpoints[name]
    form = normal(endpoint)
    api = source.apis[endpoint.api]
    form |= {"pages": normal(source.pages_of(endpoint)), "changes": normal(changes_of(source, name))}
    for set_name, record_set in endpoint.sets.items():
        own = {key: each for key, each in form["sets"][set_name].items() if key != "deleted"}
        gone = deleted_path(record_set, api)
        form["sets"][set_name] = own | ({"deleted": gone} if gone is not None else {})
    return dict(form)
