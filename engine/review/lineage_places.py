"""Where a mapping's documents say what its graph is made of. Next: `review/lineage_walk`."""

from __future__ import annotations

from engine.errors import Place
from engine.spec.declared import Declared, Route
from engine.spec.project import Project
from engine.spec.school import School
from engine.spec.source import Source


class Documents(Declared):
    """The documents of one mapping, as everybody has it or, with a school, as that has it."""

    def __init__(self, project: Project, source: Source, entity: str, school: School | None = None) -> None:
        super().__init__(project, source)
        self._mapping = project.get("mapping", f"{source.source}/{entity}")
        self._school = None if school is None else project.get("school", school.school)
        override = None if school is None else school.override.get(entity)
        self._entity, self._own = entity, frozenset[str]() if override is None else frozenset(override.fields)

    def mapped(self, route: Route) -> Place | None:
        """Return where a path of the mapping stands: in it, or in the school file that maps a field otherwise."""
        loaded, at = self._mapping, route
        if route[:1] == ("fields",) and route[1] in self._own:
            loaded, at = self._school, ("override", self._entity, *route)
        return None if loaded is None else loaded.document.key_place(at)
