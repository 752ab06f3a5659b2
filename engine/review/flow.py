"""What a version asks of schools, and which personal data it brings to Haplo: taken from the lineage of its mappings.

Where a project has schools, of what they make; where it has none, of all mappings, with everything switched on.
Next: `review/flowing`, which compares two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.kinds.scope import said
from engine.review.finding import Spot
from engine.review.lineage import Lineage
from engine.review.tracing import lineage
from engine.run.plan import make_plan, source_of
from engine.spec.asking import with_parents
from engine.spec.project import NotFoundError, Project
from engine.spec.school import School
from engine.spec.source import Source

Asked = tuple[str, str]
"""A source, and what is asked of it: an endpoint, a field as `set.field`, a scope in words."""
Way = tuple[str, str, str, str, str]
"""A source, a field there as `set.field`, an entity, a field of it, a name in its binding."""


@dataclass(frozen=True)
class Sent:
    """What gets to Haplo: the kind of personal data that it is, '' for none, and where it is mapped."""

    pii: str
    spot: Spot | None


@dataclass
class Flow:
    """By what is asked, or what flows, for whom: the entities or the schools.

    `needing` has of each scope the first field that needs it.
    """

    endpoints: dict[Asked, dict[str, None]] = field(default_factory=dict)
    fields: dict[Asked, dict[str, None]] = field(default_factory=dict)
    scopes: dict[Asked, dict[str, None]] = field(default_factory=dict)
    needing: dict[Asked, str] = field(default_factory=dict)
    personal: dict[Way, Sent] = field(default_factory=dict)
    """Every way of a value into Haplo."""


def flow_of(project: Project, known: Mapping[tuple[str, str], Lineage], *, by_school: bool) -> Flow:
    """Return what a project asks, and what it sends. `known` are the lineages of its mappings."""
    found = Flow()
    if not by_school:
        for (source_name, entity), graph in known.items():
            source = project.source(source_name)
            _ask(found, source, {name: list(each) for name, each in graph.used.items()}, entity)
            _send(found, graph)
        return found
    for school in _schools(project):
        source = source_of(project, school)
        for entity, used in _used(project, school):
            _ask(found, source, used, f"{school.school}: {entity}")
            own = lineage(project, school.source, entity, school, of=source) if entity in school.override else None
            _send(found, own or known[school.source, entity])
    return found


def _schools(project: Project) -> Iterator[School]:
    return (loaded.content for loaded in project.of("school") if isinstance(loaded.content, School))


def _used(project: Project, school: School) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
    """Yield each entity of a school that is not switched off, with the fields that it needs."""
    try:
        plan = make_plan(project, school.school)
    except NotFoundError:  # all of it is switched off
        return
    for entity, query in plan.queries.items():
        yield entity, query.used


def _ask(found: Flow, source: Source, used: Mapping[str, list[str]], who: str) -> None:
    whole = with_parents(source, used)
    for set_name, fields in whole.items():
        endpoint, _, record_set = source.find(set_name)
        found.endpoints.setdefault((source.source, endpoint), {})[who] = None
        for name in fields:
            spec = record_set.fields[name]
            found.fields.setdefault((source.source, f"{set_name}.{name}"), {})[who] = None
            for scope in (record_set.scope, spec.scope):
                if scope is not None:
                    found.scopes.setdefault((source.source, said(scope)), {})[who] = None
                    found.needing.setdefault((source.source, said(scope)), f"{set_name}.{name}")


def _send(found: Flow, graph: Lineage) -> None:
    for target in graph.of("haplo"):
        for edge in graph.into(target.id):
            node = graph.nodes[edge.origin]
            for set_name, name in graph.sources(node.id):
                own = graph.nodes[f"source:{set_name}.{name}"]
                way = (graph.source, f"{set_name}.{name}", graph.entity, node.name, target.name)
                spot = None if node.place is None else Spot(node.place.file.as_posix(), node.place.line)
                found.personal[way] = Sent(own.pii or node.pii, spot)
