"""Which boxes and lines the pictures of lineage have: of one field, of a whole entity, of where a source field goes.

Next: `review/picture`.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.review.atlas import Atlas, Field
from engine.review.lineage import VALUE, Lineage, Node, Role
from engine.review.links import haplo_url, set_url
from engine.review.picture import Box, Line, Picture, lay_out, ranked

_DRAWN: tuple[Role, ...] = ("value", "setting", "lookup", "run")


def of_field(atlas: Atlas, lineage: Lineage, node: Node) -> Picture:
    """Return the picture of a target field: all that its value is made of, and what it becomes in Haplo."""
    before = lineage.back(node.id, VALUE)
    beside = [e.origin for at in before for e in lineage.into(at) if e.role in _DRAWN and e.role not in VALUE]
    behind = [at for end in [node.id, *_parts(lineage, node)] for at in lineage.onward(end, VALUE)]
    nodes, edges = lineage.part([*before, *beside, *behind], _DRAWN)
    boxes = [_box(atlas, lineage, each, here=each is node) for each in nodes]
    lines = [Line(edge.origin, edge.target, edge.role not in VALUE) for edge in edges]
    first = [each.id for each in nodes if each.kind == "source"]
    last = [each.id for each in nodes if each.kind == "haplo"]
    return lay_out(f"Lineage of {lineage.entity}.{node.name}", ranked(boxes, lines, first, last), lines)


def of_entity(atlas: Atlas, lineage: Lineage) -> Picture:
    """Return the picture of an entity from one system: source fields, target fields, attributes; no steps between."""
    fields = lineage.of("field")
    lines: dict[Line, None] = {}
    for node in fields:
        for at in lineage.back(node.id, VALUE):
            if lineage.nodes[at].kind == "source":
                lines[Line(at, node.id)] = None
        names = [*lineage.haplo(node.id), *(n for part in _parts(lineage, node) for n in lineage.haplo(part))]
        lines |= {Line(node.id, f"haplo:{name}"): None for name in names}
    joined = {end for line in lines for end in (line.origin, line.target)}
    sources = [_grouped(atlas, lineage, each) for each in lineage.of("source") if each.id in joined]
    ends = [_box(atlas, lineage, each, sub=False) for each in lineage.of("haplo") if each.id in joined]
    columns = [sources, [_box(atlas, lineage, each, sub=False) for each in fields], ends]
    title = f"Lineage of {lineage.entity} from {lineage.source}"
    return lay_out(title, [column for column in columns if column], list(lines))


def of_source_field(atlas: Atlas, field: Field) -> Picture:
    """Return the picture of where a source field goes: which fields of which entities, and what these become."""
    source, set_name, name = field
    label = f"{set_name}.{name}"
    start = f"source:{label}"
    boxes = {start: Box(start, "source", label, set_url(*field), here=True)}
    lines: dict[Line, None] = {}
    for use in atlas.uses.get(field, []):
        if use.role not in VALUE:
            continue
        said = f"{use.lineage.entity}.{use.node.name}"
        at = f"{use.node.kind}:{said}"
        url = atlas.node_url(use.lineage, use.node)
        boxes[at] = Box(at, use.node.kind, said, url, title=f"{said}: {use.node.said}")
        lines[Line(start, at)] = None
        for bound in use.lineage.haplo(use.node.id):
            end = f"haplo:{use.lineage.entity}/{bound}"
            place = haplo_url(use.lineage.entity, bound)
            boxes[end] = Box(end, "haplo", bound, place, title=f"{use.lineage.entity} in Haplo: {bound}")
            lines[Line(at, end)] = None
    if not lines:
        return Picture("")
    last = [box.id for box in boxes.values() if box.kind == "haplo"]
    columns = ranked(list(boxes.values()), lines, [start], last)
    return lay_out(f"Where {label} of {source} goes", columns, list(lines))


def _parts(lineage: Lineage, node: Node) -> Iterable[str]:
    return (edge.origin for edge in lineage.into(node.id) if edge.origin.startswith("part:"))


def _box(atlas: Atlas, lineage: Lineage, node: Node, *, here: bool = False, sub: bool = True) -> Box:
    label = f"{node.of}.{node.name}" if node.kind in ("source", "table") else node.name
    label = f"{node.kind} {node.name}" if node.kind in ("setting", "lookup", "run") else label
    made = node.said if node.kind in ("field", "part", "table", "known") and not here else ""
    title = f"{label}: {node.said}" if node.said else label
    return Box(node.id, node.kind, label, atlas.node_url(lineage, node), made if sub else "", title, here=here)


def _grouped(atlas: Atlas, lineage: Lineage, node: Node) -> Box:
    title, group = f"{node.of}.{node.name}", node.of
    place = set_url(lineage.source, group)
    return Box(node.id, "source", node.name, atlas.node_url(lineage, node), "", title, group, place)
