"""The units in which two projects are compared: a mapping, an entity, a lookup, a setting, an endpoint, and so on.

In which file a setting or an endpoint stands says nothing, so these are units of their own. Each unit has its normal
form, and knows in which line of which document each part of it stands. Next: `review/unlike`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.kinds.select import path
from engine.review.finding import Spot
from engine.review.normal import normal
from engine.run.application import application_of
from engine.spec.binding import Application, Binding
from engine.spec.changing import changes_of, deleted_path
from engine.spec.load import Loaded
from engine.spec.lookup import Csv, Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.memory import Memory
from engine.spec.project import Project
from engine.spec.schema import Schema
from engine.spec.school import School
from engine.spec.settings import Settings
from engine.spec.source import Endpoints, Source

Path = tuple[str, ...]
Key = tuple[str, str]
"""What kind of unit it is, and its name."""
ORDER = "(order)"
"""Stands beside rules by their names: in which order they are looked at."""


@dataclass(frozen=True)
class Unit:
    """One unit: its form, the document that it stands in, and at which path there.

    `codes` are those of a lookup that are written otherwise than they are compared.
    """

    kind: str
    name: str
    form: dict[str, Any]
    loaded: Loaded
    at: Path = ()
    codes: Mapping[str, str] = field(default_factory=dict)

    def written(self, route: Path) -> Path:
        """Return a path as the document has it."""
        return (route[0], self.codes.get(route[1], route[1])) if self.codes and len(route) == 2 else route

    def spot(self, route: Path = ()) -> Spot:
        """Return where a part of it stands; where the document has no such part, the nearest that it has."""
        route, content = self.written(route), self.loaded.content
        if isinstance(content, Lookup) and content.csv is not None and route[:1] == ("values",):
            return _spot_in_csv(self.loaded, content.csv, route[1])
        document, found_at = self.loaded.document, list[str | int](self.at)
        data: Any = document.data
        for step in self.at:
            data = data[step]
        for step in route:
            found = _step(data, step)
            if found is None:
                break
            data = data[found]
            found_at.append(found)
        place = document.key_place(tuple(found_at) or (self.loaded.kind,))
        return Spot(place.file.as_posix(), place.line)


def _spot_in_csv(loaded: Loaded, table: Csv, code: str) -> Spot:
    """Return the line of a code in a table beside a document; its first where the code is not there."""
    with (loaded.home.parent / table.file).open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        line = next((reader.line_num for row in reader if row[table.from_] == code), 1)
    return Spot((loaded.document.file.parent / table.file).as_posix(), line)


def _step(data: Any, step: str) -> str | int | None:
    """Return the key, or the index, of a part of a document; None where it is not there."""
    if isinstance(data, Mapping):
        return step if step in data else None
    if isinstance(data, list):
        named = [number for number, item in enumerate(data) if _name_of(item) == step]
        return named[0] if named else None
    return None


def _name_of(item: Any) -> str:
    """Return the name by which an item of a list is known here."""
    if not isinstance(item, Mapping):
        return str(item)
    return "+".join(sorted(item["fields"])) if "rule" not in item and "fields" in item else str(item.get("rule", ""))


def _by_name(form: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a form in which a list of named items is a map, with the order of the names."""
    if key not in form:
        return form
    names = [_name_of(item) for item in form[key]]
    return {**form, key: {**dict(zip(names, form[key], strict=True)), ORDER: names}}


def units_of(project: Project, kept: Memory) -> dict[Key, Unit]:
    """Return every unit of a project; what is kept of a document is not made again."""
    found = (unit for loaded in project.documents.values() for unit in kept.of(project, loaded, _units))
    return {(unit.kind, unit.name): unit for unit in found}


def _units(project: Project, loaded: Loaded) -> Iterator[Unit]:
    content = loaded.content
    if isinstance(content, MappingDocument):
        yield Unit("mapping", loaded.name, _mapping(normal(content)), loaded)
    elif isinstance(content, Schema):
        yield Unit("schema", loaded.name, _by_name(normal(content), "unique"), loaded)
    elif isinstance(content, Lookup):
        yield _lookup(project, loaded)
    elif isinstance(content, Settings):
        for group, members in content.groups.items():
            for name, setting in members.items():
                yield Unit("setting", f"{group}.{name}", normal(setting), loaded, ("groups", group, name))
    elif isinstance(content, Source):
        yield from _source(project, loaded, content)
    elif isinstance(content, Binding):
        yield Unit("binding", loaded.name, _binding(normal(content)), loaded)
    elif isinstance(content, Application):
        whole = application_of(project, loaded.name).model_copy(update={"requirements": []})
        yield Unit("application", loaded.name, normal(whole), loaded)
    elif isinstance(content, School):
        yield Unit(loaded.kind, loaded.name, normal(content), loaded)


def _mapping(form: dict[str, Any]) -> dict[str, Any]:
    tables = {name: _by_name(table, "where") for name, table in form.get("tables", {}).items()}
    return {**_by_name(form, "where"), **({"tables": tables} if tables else {})}


def _binding(form: dict[str, Any]) -> dict[str, Any]:
    """Return a binding in which what is taken away of a row that is gone is a map, so that each name is told."""
    removed = form.get("removed", {})
    if "clear" not in removed:
        return form
    return {**form, "removed": {**removed, "clear": dict.fromkeys(removed["clear"], normal(True))}}


def _lookup(project: Project, loaded: Loaded) -> Unit:
    """Return a lookup by its codes as they are compared, wherever they are written."""
    owner, _, name = loaded.name.rpartition("/")
    lookup = project.lookups(owner)[name]
    form = normal(lookup.model_copy(update={"csv": None, "values": None}))
    entries = lookup.values or {}
    values = {lookup.folded(code): text for code, text in entries.items()}
    codes = {lookup.folded(code): code for code in entries if code != lookup.folded(code)}
    return Unit("lookup", loaded.name, {**form, "values": values}, loaded, codes=codes)


def _source(project: Project, loaded: Loaded, content: Source) -> Iterator[Unit]:
    """Yield a source without its endpoints, and each of these as it is read: with what its api says for it."""
    whole = project.source(content.source)
    form = normal(content.model_copy(update={"endpoints": {}}))
    inherited = ("pages", "changes")
    apis = {
        name: {key: each for key, each in api.items() if key not in inherited} for name, api in form["apis"].items()
    }
    yield Unit("source", loaded.name, {**form, "apis": apis}, loaded)
    homes = _homes(project, content.source)
    for name in whole.endpoints:
        home = homes.get(name, loaded)
        yield Unit("endpoint", f"{content.source}/{name}", _endpoint(whole, name), home, ("endpoints", name))


def _homes(project: Project, source: str) -> dict[str, Loaded]:
    """Return in which of the further documents of a source each endpoint stands."""
    found: dict[str, Loaded] = {}
    for each in project.of("endpoints_of"):
        if isinstance(each.content, Endpoints) and each.content.endpoints_of == source:
            found.update(dict.fromkeys(each.content.endpoints, each))
    return found


def _endpoint(source: Source, name: str) -> dict[str, Any]:
    endpoint = source.endpoints[name]
    form = normal(endpoint)
    api = source.apis[endpoint.api]
    form |= {"pages": normal(source.pages_of(endpoint)), "changes": normal(changes_of(source, name))}
    for set_name, record_set in endpoint.sets.items():
        own, derived = record_set.deleted, deleted_path(record_set.model_copy(update={"deleted": None}), api)
        if own is not None and derived is not None and path(derived).steps == path(own).steps:
            del form["sets"][set_name]["deleted"]  # it says what its api says
    return dict(form)
