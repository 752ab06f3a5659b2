"""Where the documents say what an explanation tells of, and what of it is personal. Next: `run/explaining_tree`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import Place
from engine.kinds.types import SourceField
from engine.run.leading import Leading
from engine.spec.declared import Declared
from engine.spec.lookup import Lookup
from engine.spec.project import Project
from engine.spec.relation import Use
from engine.spec.school import School
from engine.spec.source import Source

Route = tuple[str | int, ...]


class Places:
    """The places of one entity's documents, as a school has them."""

    def __init__(self, project: Project, school: School, source: Source, entity: str) -> None:
        self._project, self._school, self._entity = project, school, entity
        self._declared = Declared(project, source)
        self.leading = Leading(project, school, entity)
        self._lookups = project.lookups(school.source)

    def mapped(self, route: Route) -> Place:
        """Return where a path of the mapping stands."""
        return self.leading.written(route)

    def source_field(self, set_name: str, name: str) -> SourceField:
        """Return a field of a record set."""
        return self._declared.source_field(set_name, name)

    def source_place(self, set_name: str, name: str = "") -> Place | None:
        """Return where a field of a record set is declared; without a name, the set."""
        return self._declared.source_place(set_name, name)

    def endpoint_place(self, set_name: str) -> Place | None:
        """Return where the endpoint of a record set is declared."""
        return self._declared.endpoint_place(set_name)

    def schema(self, *route: str) -> Place | None:
        """Return where the schema says something of a field."""
        loaded = self._project.get("schema", self._entity)
        return None if loaded is None else loaded.document.key_place(("fields", *route))

    def unique(self) -> Place | None:
        """Return where the schema says what no two rows may have in common."""
        loaded = self._project.get("schema", self._entity)
        return None if loaded is None else loaded.document.key_place(("unique",))

    def setting(self, group: str, name: str) -> Place | None:
        """Return where a setting has its value: the school file, or else its declaration."""
        own = self._project.get("school", self._school.school)
        if own is not None and own.document.has(("settings", group, name)):
            return own.document.key_place(("settings", group, name))
        return self._declared.setting(group, name)

    def entry(self, lookup: str, code: str) -> Place | None:
        """Return where a lookup has the entry of a code; None where it has none."""
        known: Lookup = self._lookups[lookup]
        folded = known.folded(code)
        word = next((each for each in known.values or {} if known.folded(each) == folded), None)
        loaded = self._declared.lookup(lookup)
        if word is None or loaded is None:
            return None
        return loaded.document.key_place(("values", word) if loaded.document.has(("values", word)) else ())

    def personal(self, uses: Iterable[Use]) -> bool:
        """Say whether one of some fields of record sets is personal data."""
        return any(self.source_field(*use).pii is not None for use in uses)
