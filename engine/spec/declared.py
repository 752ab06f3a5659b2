"""Where the documents of a source declare what others name: record sets, fields, lookups; and settings.

Next: `spec/project`.
"""

from __future__ import annotations

from engine.errors import Place
from engine.kinds.types import SourceField
from engine.spec.load import Loaded
from engine.spec.project import Project
from engine.spec.source import RecordSet, Source

Route = tuple[str | int, ...]


class Declared:
    """The places of one source's declarations."""

    def __init__(self, project: Project, source: Source) -> None:
        self._project, self._source = project, source
        self._sets = {name: (endpoint, each) for endpoint, name, each in source.sets()}

    def record_set(self, name: str) -> RecordSet:
        """Return a record set."""
        return self._sets[name][1]

    def source_field(self, set_name: str, name: str) -> SourceField:
        """Return a field of a record set."""
        return self._sets[set_name][1].fields[name]

    def source_place(self, set_name: str, name: str = "") -> Place | None:
        """Return where a field of a record set is declared; without a name, the set."""
        of_field: Route = ("fields", name) if name else ()
        return self._of_source(("endpoints", self._sets[set_name][0], "sets", set_name, *of_field))

    def endpoint_place(self, set_name: str) -> Place | None:
        """Return where the endpoint of a record set is declared."""
        return self._of_source(("endpoints", self._sets[set_name][0]))

    def setting(self, group: str, name: str) -> Place | None:
        """Return where a setting is declared."""
        for loaded in self._project.of("settings"):
            if loaded.document.has(("groups", group, name)):
                return loaded.document.key_place(("groups", group, name))
        return None

    def lookup(self, name: str) -> Loaded | None:
        """Return the document of a lookup: the source's own comes before a shared one."""
        return self._project.get("lookup", f"{self._source.source}/{name}") or self._project.get("lookup", name)

    def _of_source(self, route: Route) -> Place | None:
        for loaded in (*self._project.of("endpoints_of"), *self._project.of("source")):
            if loaded.name.partition("/")[0] == self._source.source and loaded.document.has(route):
                return loaded.document.key_place(route)
        return None
