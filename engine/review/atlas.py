"""All that the generated documentation tells of a project, gathered once, with what leads from one thing to another.

Next: `review/drawing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.errors import Place
from engine.review.lineage import VALUE, Bound, Lineage, Node, Role
from engine.review.lineage_haplo import bound_names
from engine.review.links import entity_url, haplo_url, mapping_url, node_url
from engine.review.readers import Reader, lookup_document, readers
from engine.review.tracing import lineages
from engine.spec.binding import Binding
from engine.spec.declared import Declared
from engine.spec.load import Loaded
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping
from engine.spec.project import Project, layers_of
from engine.spec.schema import Schema
from engine.spec.source import Source

Field = tuple[str, str, str]
"""A source, a record set, a field."""


@dataclass(frozen=True)
class Use:
    """What a source field goes into, in one mapping, and in which role."""

    lineage: Lineage
    node: Node
    role: Role = "value"

    @property
    def said(self) -> str:
        node = self.node
        if node.kind == "rows":
            return f"{self.lineage.entity}: which rows there are"
        if node.kind == "rule":
            return f"{self.lineage.entity}: rule {node.name}"
        if node.kind == "table":
            return f"{self.lineage.entity}: {node.of}.{node.name}"
        return f"{self.lineage.entity}.{node.name}"

    @property
    def url(self) -> str:
        return node_url(self.lineage, self.node)


class Atlas:
    """A project as its documentation has it. Its documents must be without problems."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.sources: dict[str, Source] = {name: project.source(name) for name in sorted(project.names("source"))}
        self.schemas: dict[str, Schema] = dict(sorted(project.schemas().items()))
        self.lineages = lineages(project)
        self.settings = project.settings()
        self._roots = [folder.resolve() for folder in layers_of(project.root)]
        self._files: dict[Path, str] = {}

    @cached_property
    def bindings(self) -> dict[str, Binding]:
        named = sorted(self.project.names("binding"))
        return {name: self.project.binding(name) for name in named if name in self.schemas}

    @cached_property
    def bound(self) -> dict[str, dict[str, Bound]]:
        """What the code and each name of a binding become, by entity."""
        return {entity: bound_names(self.project, binding) for entity, binding in self.bindings.items()}

    @cached_property
    def lookups(self) -> dict[str, Lookup]:
        """All lookups with their values, by the names of their documents."""
        found = {}
        for document in sorted(self.project.names("lookup")):
            source, _, name = document.rpartition("/")
            known = self.project.lookups(source)
            if name in known:
                found[document] = known[name]
        return found

    @cached_property
    def readers(self) -> dict[str, list[Reader]]:
        return readers(self.project)

    @cached_property
    def declared(self) -> dict[str, Declared]:
        return {name: Declared(self.project, source) for name, source in self.sources.items()}

    def of_entity(self, entity: str) -> list[Lineage]:
        """Return the lineages of an entity, one for each system that gives it."""
        return [each for (_, its), each in self.lineages.items() if its == entity]

    def of_source(self, source: str) -> list[Lineage]:
        """Return the lineages of the entities that a system gives."""
        return [each for (its, _), each in self.lineages.items() if its == source]

    def mapping(self, lineage: Lineage) -> Mapping:
        """Return the document of a lineage."""
        return self.project.mapping(lineage.source, lineage.entity)

    @cached_property
    def used(self) -> set[Field]:
        """All source fields that some mapping reads."""
        return {
            (each.source, name, field)
            for each in self.lineages.values()
            for name, fields in each.used.items()
            for field in fields
        }

    @cached_property
    def uses(self) -> dict[Field, list[Use]]:
        """What each source field goes into: fields by its value, and what else it decides."""
        found: dict[Field, list[Use]] = {}
        for lineage in self.lineages.values():
            for source in lineage.of("source"):
                key = (lineage.source, source.of, source.name)
                found.setdefault(key, []).extend(_uses(lineage, source.id))
        return found

    @cached_property
    def linked_from(self) -> dict[Field, list[tuple[str, str]]]:
        """The fields of other sets that link to a field."""
        found: dict[Field, list[tuple[str, str]]] = {}
        for source, document in self.sources.items():
            for _, set_name, record_set in document.sets():
                for name, spec in record_set.fields.items():
                    for other, field in spec.links():
                        found.setdefault((source, other, field), []).append((set_name, name))
        return found

    @cached_property
    def referred(self) -> dict[str, list[tuple[str, str]]]:
        """The fields that point to an entity, each with the entity that has it."""
        found: dict[str, list[tuple[str, str]]] = {}
        for entity, schema in self.schemas.items():
            for name, field in schema.fields.items():
                for other in dict.fromkeys(field.refs()):
                    found.setdefault(other, []).append((entity, name))
        return found

    def node_url(self, lineage: Lineage, node: Node) -> str:
        """Return where a node of a lineage stands."""
        document = lookup_document(self.project, lineage.source, node.name) if node.kind == "lookup" else ""
        return node_url(lineage, node, document)

    def loaded(self, kind: str, name: str) -> Loaded:
        """Return a document that is there."""
        loaded = self.project.get(kind, name)
        assert loaded is not None
        return loaded

    def file(self, path: Path) -> str:
        """Return a file as pages name it: seen from the project, or from what is shipped; the same on every machine."""
        if path not in self._files:
            whole = path.resolve()
            inside = (whole.relative_to(root) for root in self._roots if whole.is_relative_to(root))
            self._files[path] = next(inside, Path(path.name)).as_posix()
        return self._files[path]

    def said(self, place: Place | None) -> str:
        """Return a place as pages name it."""
        return "" if place is None else f"{self.file(place.file)}:{place.line}"

    def line_url(self, place: Place | None) -> str:
        """Return where the line of a place can be read: in the page of a mapping, an entity or a binding; or ''."""
        if place is None:
            return ""
        page = self._pages.get(place.file, "")
        return f"{page}#L{place.line}" if page else ""

    @cached_property
    def _pages(self) -> dict[Path, str]:
        pages = {}
        for source, entity in self.lineages:
            pages[self.loaded("mapping", f"{source}/{entity}").document.file] = mapping_url(source, entity)
        for entity in self.schemas:
            pages[self.loaded("schema", entity).document.file] = entity_url(entity)
        for entity in self.bindings:
            pages[self.loaded("binding", entity).document.file] = haplo_url(entity)
        return pages


def _uses(lineage: Lineage, source: str) -> Iterable[Use]:
    """Yield the fields that a value goes into; then what else it, or what is made of it, decides."""
    reached = lineage.onward(source, VALUE)
    nodes = [lineage.nodes[at] for at in reached]
    ends = [node for node in nodes if node.kind in ("field", "part", "known")]
    parts = {edge.target for node in ends if node.kind == "part" for edge in lineage.out_of(node.id)}
    yield from (Use(lineage, node) for node in ends if node.id not in parts)
    decided: dict[tuple[str, Role], None] = {(node.id, "rule"): None for node in nodes if node.kind == "rule"}
    for at in reached:
        decided |= {(edge.target, edge.role): None for edge in lineage.out_of(at) if edge.role not in VALUE}
    yield from (Use(lineage, lineage.nodes[at], role) for at, role in decided)
