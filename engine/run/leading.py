"""Leads back from what Haplo would say of an entity to the lines that people wrote.

An instruction of the control file leads to a line of the binding, that line to fields of the entity, and each field
to its line in the mapping, or in the school file where the school maps it otherwise. Next: `run/checking`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from engine.document import Document
from engine.errors import Place
from engine.haplo.compile import origin_of
from engine.haplo.outcome import Path as At
from engine.haplo.record import structure_parts
from engine.haplo.target import data_types
from engine.run.application import school_application
from engine.spec.binding import BoundName
from engine.spec.project import Project
from engine.spec.school import School
from engine.sql import connect
from engine.stages.identity import latest_keys
from engine.stages.told import Origin, Spot

Route = tuple[str | int, ...]


class Leading:
    """Leads back what is said of one entity of a school."""

    def __init__(self, project: Project, school: School, entity: str, identities: Path | None = None) -> None:
        self._project, self._school, self._entity, self._identities = project, school, entity, identities
        self._schema, self._binding = project.schema(entity), project.binding(entity)

    def origin(self, path: At | None, about: Collection[str]) -> Origin:
        """Return what an instruction, or a message about names of a destination, comes from."""
        routes = self._named(about) if about else [self._route(path)] if path else []
        bound = [self._binding.names[str(route[1])] for route in routes if route[:1] == ("names",) and len(route) > 1]
        fields = dict.fromkeys(field for one in bound for field in bound_fields(one))
        return Origin(
            tuple(self._bound(route) for route in routes),
            tuple(Spot(".".join(field), self._mapped(*field).place) for field in fields),
        )

    def control_origin(self, message: str) -> Origin:
        """Return what a message about the control file as a whole comes from: the model, or nothing in particular."""
        return Origin((self._bound(("model",) if message.startswith("Model ") else ()),))

    def own_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        """Return what the source calls rows, by the keys under which they are sent, where these differ."""
        if self._identities is None or not self._identities.exists():
            return {}
        with connect(self._identities.parent) as database:
            latest = latest_keys(self._schema, self._identities)
            chosen = f"SELECT key, own FROM ({latest}) WHERE list_contains($1, key) AND own <> key"
            return dict(database.execute(chosen, [list(keys)]).fetchall())

    def written(self, route: Route) -> Place:
        """Return where a path of the mapping stands: in the mapping, or in the school file that maps a field otherwise.

        What is written short has no key of its own: its line is that of what it belongs to.
        """
        if route[:1] == ("fields",) and len(route) > 1:
            document, own = self._mapping(str(route[1]))
            return document.key_place((*own, *route[2:]))
        loaded = self._project.get("mapping", f"{self._school.source}/{self._entity}")
        assert loaded is not None
        return loaded.document.key_place(route)

    def bound(self, field: str) -> dict[str, Spot]:
        """Return the names of the binding that are made of a field, and where each stands."""
        made = [name for name, one in self._binding.names.items() if field in {each[0] for each in bound_fields(one)}]
        return {name: self._bound(("names", name)) for name in made}

    def _route(self, path: At) -> Route:
        return origin_of(self._schema, self._binding, path, self._types)

    @cached_property
    def _types(self) -> Mapping[str, str]:
        application = school_application(self._project, self._school)
        return {} if application is None else data_types(application, self._binding.model)

    def _named(self, about: Collection[str]) -> list[Route]:
        """Return where names of destinations, such as `profile/dc:attribute:title`, are bound, or would be."""
        bound = [name for name in self._binding.names if "/".join(self._binding.place_of(name)) in about]
        return [("names", name) for name in bound] or [("names",)]

    def _bound(self, route: Route) -> Spot:
        loaded = self._project.get("binding", self._entity)
        assert loaded is not None
        name = str(route[-1]) if route else self._entity
        return Spot(name, loaded.document.key_place(route or ("binding",)))

    def _mapped(self, field: str, part: str = "") -> Spot:
        document, route = self._mapping(field)
        inside = (*route, "fields", part)
        return Spot(field, document.key_place(inside if part and document.has(inside) else route))

    def _mapping(self, field: str) -> tuple[Document, Route]:
        """Return the document that says where a field comes from, and where it says so."""
        school, entity = self._school, self._entity
        override = school.override.get(entity)
        if override is not None and (field in override.remove or field in override.fields):
            loaded = self._project.get("school", school.school)
            removed = ("remove", override.remove.index(field)) if field in override.remove else ("fields", field)
            route: Route = ("override", entity, *removed)
        else:
            loaded = self._project.get("mapping", f"{school.source}/{entity}")
            route = ("fields", field)
        assert loaded is not None
        return loaded.document, route


def bound_fields(bound: BoundName) -> Iterator[tuple[str, ...]]:
    """Yield the fields that a name is made of, each with the part of it that is sent, if only one is."""
    structure = bound.person_name or bound.postal_address
    if structure is not None:
        yield from ((name,) for name in structure_parts(structure).values())
    elif bound.from_ is not None:
        yield (bound.from_, bound.part) if bound.part else (bound.from_,)
