"""The lineage of a project's mappings: makes each mapping's SQL with a trace, and its graph of that.

Next: `review/lineage`.
"""

from __future__ import annotations

from engine.errors import DocumentError
from engine.review.lineage import Lineage, Node
from engine.review.lineage_haplo import bound_names
from engine.review.lineage_places import Documents
from engine.review.lineage_walk import Walk
from engine.spec.binding import Binding
from engine.spec.place import problem_of
from engine.spec.project import Project
from engine.spec.query import World, build
from engine.spec.relation import Reading
from engine.spec.school import School
from engine.spec.source import Source
from engine.spec.trace import Trace


def lineages(project: Project) -> dict[tuple[str, str], Lineage]:
    """Return the lineage of every mapping in view, by source and entity, in the order of these names."""
    named = sorted(name.partition("/")[::2] for name in project.names("mapping"))
    sources = {source: project.source(source) for source, _ in named}
    return {(source, entity): lineage(project, source, entity, of=sources[source]) for source, entity in named}


def lineage(
    project: Project, source: str, entity: str, school: School | None = None, *, of: Source | None = None
) -> Lineage:
    """Return the lineage of one mapping; with a school, as that maps it. `of`: the source, where it is at hand.

    The project's documents must be without problems (`run/soundness`).
    """
    of = of or project.source(source)
    mapping, schema = project.mapping(source, entity, school), project.schema(entity)
    trace, lookups = Trace(), project.lookups(source)
    world = World(of, schema, lookups, project.setting_types())
    query = build(mapping, world, Reading(of.formats, lambda name: name, traced=True), trace)
    if query.findings:
        loaded = project.get("mapping", f"{source}/{entity}")
        assert loaded is not None
        raise DocumentError([problem_of(loaded.document, finding) for finding in query.findings])
    walk = Walk(mapping, schema, trace, Documents(project, of, entity, school), lookups, project.settings())
    walk.follow()
    loaded = project.get("binding", entity)
    binding = loaded.content if loaded is not None else None
    bound = bound_names(project, binding) if isinstance(binding, Binding) else {}
    for name, one in bound.items():
        node = Node(f"haplo:{name}", "haplo", name, one.said, one.place, of=one.attribute, route=("names", name))
        walk.end_in(node, one.parts)
    used = {name: tuple(fields) for name, fields in query.used.items()}
    return Lineage(source, entity, school.school if school else "", walk.nodes, walk.edges, used, bound)
