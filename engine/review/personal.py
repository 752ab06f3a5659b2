"""Which personal data goes where: one line for each way of a field that is personal, at the source or as a target.

Next: `review/site`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from engine.haplo.application import BEHAVIOUR
from engine.review.lineage import VALUE, Lineage, Node

SENT: Final = "goes to Haplo"
CODED: Final = "goes to Haplo, in the object's code and in references to it"
KEPT: Final = "stays here: by it a row is known again"
MADE: Final = "read, not sent"
DECIDES: Final = "decides only"
HEAD: Final = (
    "kind",
    "system",
    "record set",
    "field",
    "consent",
    "what becomes of it",
    "entity",
    "target field",
    "Haplo attribute",
    "Haplo name",
    "settings looked at",
    "mapping",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""


@dataclass(frozen=True)
class Way:
    """One way of a field: from a record set, by a field of an entity, to what becomes of it there."""

    kind: str
    source: str
    set: str
    field: str
    scope: str
    use: str
    entity: str
    target: str
    attribute: str
    name: str
    settings: tuple[str, ...]
    node: Node
    """What it goes into, in the mapping."""

    def cells(self, said_place: str) -> tuple[str, ...]:
        """Return it as a line of a table."""
        where = (self.kind, self.source, self.set, self.field, self.scope, self.use, self.entity, self.target)
        return (*where, self.attribute, self.name, ", ".join(self.settings), said_place)


def ways(lineages: Iterable[Lineage]) -> list[Way]:
    """Return every way of personal data, by kind, system, record set and field."""
    found = (way for lineage in lineages for source in lineage.of("source") for way in _ways_of(lineage, source))
    order = {way: (way.kind, way.source, way.set, way.field, way.entity, way.target, way.name) for way in found}
    return sorted(order, key=lambda way: order[way])


def _ways_of(lineage: Lineage, source: Node) -> Iterator[Way]:
    """Yield the ways of one source field: where its value goes; if nowhere, what it decides."""
    reached = set(lineage.onward(source.id, VALUE))
    targets = [node for node in lineage.of("field", "part", "known") if node.id in reached]
    whole = {edge.target for node in targets if node.kind == "part" for edge in lineage.out_of(node.id)}
    for node in targets:
        if node.id in whole and not lineage.haplo(node.id):
            continue  # its parts say where it goes
        names = [lineage.nodes[edge.target] for edge in lineage.out_of(node.id) if edge.target.startswith("haplo:")]
        for name in names:
            yield from _way(lineage, source, node, CODED if name.of == BEHAVIOUR else SENT, name)
        if not names:
            yield from _way(lineage, source, node, KEPT if node.kind == "known" else MADE)
    if not targets and source.pii:
        decided = [lineage.nodes[at] for at in lineage.onward(source.id) if at != source.id]
        first = next((node for node in decided if node.kind in ("rule", "rows", "field", "known")), source)
        yield from _way(lineage, source, first, DECIDES)


def _way(lineage: Lineage, source: Node, node: Node, use: str, haplo: Node | None = None) -> Iterator[Way]:
    kind = source.pii or node.pii
    if kind:
        settings = tuple(sorted({*lineage.settings(node.id), *_switches(lineage)}))
        attribute, name = (haplo.of, haplo.name) if haplo is not None else ("", "")
        said = (
            f"rule {node.name}" if node.kind == "rule" else "which rows there are" if node.kind == "rows" else node.name
        )
        known = (kind, lineage.source, source.of, source.name, source.scope, use, lineage.entity, said)
        yield Way(*known, attribute, name, settings, node)


def _switches(lineage: Lineage) -> list[str]:
    """Return the setting that switches the entity off, if there is one."""
    return [lineage.nodes[edge.origin].name for edge in lineage.into("rows") if edge.role == "setting"]


def as_csv(lines: Iterable[tuple[str, ...]]) -> str:
    """Return lines as CSV, after their head; no cell is one that a spreadsheet would carry out."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for line in lines:
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in line])
    return out.getvalue()
