"""Which fields of a source's record sets hold the same values: by its document, and by the joins of its mappings.

An edge leads from a field that names a record of another set to the field that it is named by. Next:
`run/recording_choice`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.kinds.element import ElementPath, element_path
from engine.kinds.value import Value
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.mapping import Table
from engine.spec.project import Project
from engine.spec.relation import Use
from engine.spec.source import RecordSet, Source

Step = MappingDocument | Table
_DEEPEST = 12


@dataclass(frozen=True)
class Edge:
    """A field that holds the value of another; `many`: a list of such, with what `split`s it where it is a text."""

    set: str
    field: str
    to_set: str
    to_field: str
    many: bool = False
    split: str | None = None


def edges_of(project: Project, source: Source) -> list[Edge]:
    """Return all edges between the sets of a source, each once."""
    sets = {name: each for _, name, each in source.sets()}
    mappings = {name: _Origins(mapping, sets) for name, mapping in _mappings(project, source)}
    pairs = [*_declared(source), *_inside(source), *_joined(mappings), *_referred(project, mappings)]
    found: dict[Edge, None] = {}
    for (set_name, name), (to_set, to_field) in pairs:
        if (set_name, name) != (to_set, to_field) and to_set in sets and to_field in sets[to_set].fields:
            spec = sets[set_name].fields[name]
            found[Edge(set_name, name, to_set, to_field, spec.type == "list", spec.split)] = None
    return list(found)


def alike(edges: Iterable[Edge]) -> Iterator[set[Use]]:
    """Yield fields that hold the same values, taken together."""
    home: dict[Use, set[Use]] = {}
    for edge in edges:
        one, other = (edge.set, edge.field), (edge.to_set, edge.to_field)
        together = home.get(one, {one}) | home.get(other, {other})
        home.update(dict.fromkeys(together, together))
    seen: set[int] = set()
    for group in home.values():
        if id(group) not in seen:
            seen.add(id(group))
            yield group


def _declared(source: Source) -> Iterator[tuple[Use, Use]]:
    """Yield what the document says: links, and what is kept of the record that an endpoint is asked for."""
    for endpoint_name, set_name, record_set in source.sets():
        for name, spec in record_set.fields.items():
            yield from (((set_name, name), (other, target)) for other, target in spec.links())
        word = source.endpoints[endpoint_name].for_each
        for name, own in (word.keep if word is not None else {}).items():
            if name in record_set.fields and word is not None:
                yield (set_name, name), (word.set, own)


def _inside(source: Source) -> Iterator[tuple[Use, Use]]:
    """Yield fields of records within others, in XML, that are those of the record around them."""
    for endpoint in source.endpoints.values():
        if source.apis[endpoint.api].answers != "xml":
            continue
        at = {name: element_path(each.records).steps for name, each in endpoint.sets.items()}
        for name, each in endpoint.sets.items():
            for field_name, spec in each.fields.items():
                for where in map(element_path, spec.element_paths(field_name)):
                    outer = at[name][: len(at[name]) - where.up]
                    around = [other for other, steps in at.items() if where.up and steps == outer]
                    yield from (
                        ((name, field_name), (other, key))
                        for other in around
                        for key in _at(endpoint.sets[other], where)
                    )


def _at(record_set: RecordSet, where: ElementPath) -> Iterator[str]:
    """Yield the fields that tell records apart, or name people, and stand at a path seen from the record itself."""
    inner = "/".join([*where.steps, *([f"@{where.attribute}"] if where.attribute is not None else [])])
    for name, spec in record_set.fields.items():
        if inner in spec.element_paths(name) and (name in (record_set.key or ()) or spec.pii == "identifier"):
            yield name


def _mappings(project: Project, source: Source) -> Iterator[tuple[str, MappingDocument]]:
    for loaded in project.of("mapping"):
        if isinstance(loaded.content, MappingDocument) and loaded.content.source == source.source:
            yield loaded.content.mapping, loaded.content


def _joined(mappings: Mapping[str, _Origins]) -> Iterator[tuple[Use, Use]]:
    """Yield fields that mappings join by, as far as they are fields of records."""
    for origins in mappings.values():
        steps: list[Step] = [origins.mapping, *origins.mapping.tables.values()]
        for step in steps:
            for join in step.join.values():
                yield from origins.pairs(step, join.set, join.by, theirs_first=False)
            for value in step.fields.values():
                if value.collect is not None and value.by is not None:
                    yield from origins.pairs(step, value.collect, value.by, theirs_first=True)


def _referred(project: Project, mappings: Mapping[str, _Origins]) -> Iterator[tuple[Use, Use]]:
    """Yield fields that name rows of another entity, with those that these rows have their keys from."""
    for entity, origins in mappings.items():
        for name, spec in project.schema(entity).fields.items():
            other = mappings.get(spec.ref or "")
            if other is not None and name in origins.mapping.fields:
                keys = list(other.of_target(project.schema(spec.ref or "").key))
                yield from ((own, key) for own in origins.of_target(name) for key in keys)


@dataclass(frozen=True)
class _Origins:
    """Follows fields of a mapping's tables to the fields of records that they are."""

    mapping: MappingDocument
    sets: Mapping[str, RecordSet]

    def pairs(self, step: Step, other: str, by: Mapping[str, str], *, theirs_first: bool) -> Iterator[tuple[Use, Use]]:
        for theirs, ours in by.items():
            for one in self._of(other, theirs, _DEEPEST):
                for two in self._in_view(step, ours, _DEEPEST):
                    yield (one, two) if theirs_first else (two, one)

    def of_target(self, name: str) -> Iterator[Use]:
        """Yield what a field of the entity is."""
        value = self.mapping.fields.get(name)
        for own in [] if value is None else _plain(value):
            yield from self._in_view(self.mapping, own, _DEEPEST)

    def _of(self, name: str, field: str, left: int) -> Iterator[Use]:
        """Yield what a field of a set or a table is."""
        if name in self.mapping.tables:
            yield from self._of_step(self.mapping.tables[name], field, left - 1) if left else ()
        elif name in self.sets and field in self.sets[name].fields:
            yield name, field

    def _of_step(self, step: Step, field: str, left: int) -> Iterator[Use]:
        value = step.fields.get(field)
        if value is None:
            yield from self._in_view(step, field, left)
        else:
            for own in _plain(value):
                yield from self._in_view(step, own, left)

    def _in_view(self, step: Step, field: str, left: int) -> Iterator[Use]:
        beside, _, inner = field.partition(".")
        if inner and beside in step.join:
            yield from self._of(step.join[beside].set, inner, left)
        elif not inner:
            for name in step.from_.sets:
                yield from self._of(name, field, left)


def _plain(value: Value) -> list[str]:
    return [name for name in (value.from_, *(value.first_of or ())) if name is not None]
