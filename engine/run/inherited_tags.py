"""Source fields that mappings send into personal target fields: each is as personal as what becomes of it.

All mappings of the source in view count, not only those of a school's entities: an answer has what any of them reads.
What merely finds or tells apart records (keys, conditions, `case`) hands nothing on. Next: `run/disguising`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine import expression
from engine.kinds.types import TargetField
from engine.kinds.value import Value
from engine.run.links import Edge, alike
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.project import Project
from engine.spec.query import TableRelation, World, build
from engine.spec.relation import EachRelation, Reading, Relation, UnionRelation, Use
from engine.spec.school import School
from engine.spec.source import RecordSet, Source
from engine.spec.trace import Trace
from engine.spec.view import At, View

_TELLING: Final = ("name", "birth", "contact", "address", "identifier")
"""Tags of what tells who somebody is; where several target fields differ, the first of these is handed on."""
_RULES: Final = ("settings", "run")


@dataclass(frozen=True)
class Inherited:
    """A tag, and the target field that it is of; `plain`: no SQL looks at the value on the way there.

    `joined`: it stands in a record that is looked up beside the one that becomes a row, such as a group or a code.
    `alone`: the target is made of nothing else.
    """

    tag: str
    target: str
    plain: bool
    joined: bool
    alone: bool

    @property
    def strength(self) -> tuple[int, bool, str]:
        """Return what the stronger of two has less of."""
        weak = len(_TELLING) + (self.tag == "status")
        return _TELLING.index(self.tag) if self.tag in _TELLING else weak, not self.plain, self.target

    @property
    def is_sure(self) -> bool:
        """Say whether it tells who somebody is, whatever else is in the record."""
        return self.tag in _TELLING and (self.plain or not self.joined)


def inherited_tags(
    project: Project, source: Source, edges: Iterable[Edge], school: School | None = None
) -> dict[Use, Inherited]:
    """Return the tags of source fields that have none of their own, by what mappings make of them.

    In a record about nobody, such as one of a table of codes, nothing is private; and where SQL makes one text of it
    and of somebody's name, it is no name.
    """
    found: dict[Use, list[Inherited]] = {}
    for mapping in _mappings(project, source, school):
        for use, each in _of_mapping(project, source, mapping):
            if source.find(use[0])[2].fields[use[1]].pii is None:
                found.setdefault(use, []).append(each)
    named, people = _about_people(source, found, list(edges))
    kept = {
        use: [e for e in several if e.is_sure or use[0] in (named if e.tag in _TELLING else people)]
        for use, several in found.items()
    }
    return {use: min(several, key=lambda each: each.strength) for use, several in kept.items() if several}


def _of_mapping(project: Project, source: Source, mapping: MappingDocument) -> Iterator[tuple[Use, Inherited]]:
    entity, trace = mapping.mapping, Trace()
    world = World(source, project.schema(entity), project.lookups(source.source), project.setting_types())
    build(mapping, world, Reading(source.formats, lambda name: name, traced=True), trace)
    if trace.view is None:  # something is wrong with it, and `check` tells what
        return
    following = _Following(mapping, trace)
    for name, value in mapping.fields.items():
        ways = list(following.value(value, trace.view, ("fields", name), world.schema.fields[name], ""))
        alone = len({way.use for way, _ in ways}) == 1
        for way, tag in ways:
            yield way.use, Inherited(tag, f"{entity}.{name}", way.plain, way.joined, alone)


def _about_people(
    source: Source, found: Mapping[Use, list[Inherited]], edges: Sequence[Edge]
) -> tuple[set[str], set[str]]:
    """Return the sets whose records are each about somebody, and all in which it stands who somebody is.

    Of the first is not a group that names who leads it: its own key names nobody.
    """
    groups = list(alike(edges))
    own = {(name, key): spec.pii for _, name, each in source.sets() for key, spec in each.fields.items()}
    tags = {use: {tag} for use, tag in own.items() if tag in _TELLING}
    anywhere = {use for use, several in found.items() if any(each.is_sure for each in several)}.union(tags)
    for use, several in found.items():
        tags[use] = tags.get(use, set()) | {e.tag for e in several if e.is_sure and (e.plain or e.alone)}
    named = {name for (name, _), its in tags.items() if its - {"identifier"}}
    people = _with_alike({use for use, its in tags.items() if its}, groups)
    for _, name, each in source.sets():
        if any((name, key) in people for key in each.key or each.fields):
            named.add(name)
    return named, {name for name, _ in _with_alike(anywhere, groups)}


def _with_alike(uses: set[Use], groups: Iterable[set[Use]]) -> set[Use]:
    """Return fields, and those that hold the same values."""
    return uses.union(*(group for group in groups if group & uses))


def _mappings(project: Project, source: Source, school: School | None) -> Iterator[MappingDocument]:
    """Yield the mappings of a source, and what a school makes of them where it overrides fields."""
    for loaded in project.of("mapping"):
        if isinstance(loaded.content, MappingDocument) and loaded.content.source == source.source:
            yield loaded.content
            if school is not None and loaded.content.mapping in school.override:
                yield project.mapping(source.source, loaded.content.mapping, school)


def tag_of(target: TargetField) -> str:
    """Return the tag of a target field, or of a part of it; '' where it has none."""
    parts = [target.of] if target.of is not None else list((target.fields or {}).values())
    return target.pii or next((tag for part in parts if (tag := tag_of(part))), "")


@dataclass(frozen=True)
class _Way:
    """A source field that goes into a value, and by which way."""

    use: Use
    plain: bool = True
    joined: bool = False


@dataclass(frozen=True)
class _Following:
    """Follows values of one mapping to the source fields that they are made of."""

    mapping: MappingDocument
    trace: Trace

    def value(
        self, value: Value, view: View, at: At, target: TargetField | None, above: str
    ) -> Iterator[tuple[_Way, str]]:
        """Yield what goes into a value, with its tag; `above` is the tag of what the value is a part of."""
        if value.collect is None:
            own = (tag_of(target) if target is not None else "") or above
            for name in _names(value) if own else ():
                for way in self._name(view, name):
                    yield replace(way, plain=way.plain and value.sql is None), own
            return
        inner, of = self.trace.of(view).collected[at].view, target.of if target is not None else None
        above = (of.pii if of is not None else "") or (target.pii if target is not None else "") or above
        if value.item is not None:
            yield from self.value(value.item, inner, (*at, "item"), of, above)
        for name, part in (value.fields or {}).items():
            spec = (of.fields or {}).get(name) if of is not None else None
            yield from self.value(part, inner, (*at, "fields", name), spec, above)

    def _name(self, view: View, name: str) -> Iterator[_Way]:
        """Yield what a name in view stands for."""
        first, _, rest = name.partition(".")
        joins = view.joins()
        if rest and first in joins:
            yield from (replace(way, joined=True) for way in self._column(joins[first][1], rest))
        elif not (rest and first in _RULES):
            yield from self._column(view.relation, name)

    def _column(self, relation: Relation, name: str) -> Iterator[_Way]:
        if isinstance(relation, TableRelation) and name in relation.own:
            value, at = self.mapping.tables[relation.name].fields[name], ("tables", relation.name, "fields", name)
            yield from (way for way, _ in self.value(value, relation.view, at, None, "any"))
        elif isinstance(relation, TableRelation):
            yield from self._column(relation.view.relation, name)
        elif isinstance(relation, UnionRelation):
            for member in relation.members:
                yield from self._column(member, name)
        elif isinstance(relation, EachRelation):
            yield from self._column(relation.base, relation.each if name == relation.item else name)
        elif (column := relation.column(name)) is not None:
            yield from map(_Way, sorted(column.uses))


def _names(value: Value) -> list[str]:
    """Return the names of the fields in view whose values go into a value."""
    if value.sql is not None:
        return [".".join(ref.names) for ref in expression.refs(value.sql)]
    return [name for name in (value.from_, *(value.first_of or ()), value.else_) if name is not None]


def tagged(name: str, record_set: RecordSet, inherited: Mapping[Use, Inherited]) -> RecordSet:
    """Return a set whose fields have the tags that they inherit."""
    fields = {
        key: spec if (name, key) not in inherited else spec.model_copy(update={"pii": inherited[name, key].tag})
        for key, spec in record_set.fields.items()
    }
    return record_set.model_copy(update={"fields": fields})
