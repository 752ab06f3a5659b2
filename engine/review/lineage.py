"""Where values flow: from the fields of record sets, through the steps of a mapping, to attributes of Haplo.

One mapping is one graph. Its nodes are what a person can point at (a source field, a step of a table, a target field,
a rule, a setting, a lookup, a name of the binding), its edges say what goes where, and in which role: most roles only
decide something, and a value goes along `value` alone. Names are resolved by the engine itself, while it makes the
mapping's SQL. Next: `review/lineage_walk`, which makes the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from engine.errors import Place
from engine.haplo.application import BEHAVIOUR
from engine.spec.relation import Use

Kind = Literal["source", "table", "field", "part", "known", "rule", "rows", "setting", "lookup", "run", "haplo"]
Role = Literal["value", "key", "order", "where", "rule", "setting", "lookup", "run"]
"""What one node is to another: its value goes in; or records are found by it (key), put in order by it, chosen by it
(where); a rule leaves out records on the way; a setting, a lookup, or something of the run is looked at."""
VALUE: tuple[Role, ...] = ("value",)
ROWS = "rows"
"""The node that stands for the rows of the entity: what decides which of them there are leads to it."""


@dataclass(frozen=True)
class Node:
    """Something that one can point at.

    `id` is `kind:name`. `said` is how it is made, in words; `place` is where its document says so. `pii` is the tag of
    a source field, a target field or a part of one. `of` is the table of a step or a rule, and the set of a source
    field; `route` is its path in the mapping's document (or, for `haplo`, in the binding's).
    """

    id: str
    kind: Kind
    name: str
    said: str = ""
    place: Place | None = None
    pii: str = ""
    type: str = ""
    scope: str = ""
    of: str = ""
    route: tuple[str | int, ...] = ()


@dataclass(frozen=True, order=True)
class Edge:
    """From one node to another; `way` names the tables, joins and lists of records on the way, the nearest first."""

    origin: str
    target: str
    role: Role = "value"
    way: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bound:
    """One name of the binding, or the object's code: its attribute, and the instructions of the control file for it.

    `parts` are the fields that it is made of, each with the part of it that is sent, and as what it is taken. `paths`
    are where the instructions stand in the control file (`instructions[3].then[0]`).
    """

    name: str
    attribute: str
    said: str
    parts: tuple[tuple[str, str, str], ...]
    place: Place | None
    paths: tuple[str, ...] = ()
    instructions: tuple[dict[str, object], ...] = ()

    @property
    def is_code(self) -> bool:
        """Whether it is the code by which Haplo finds the object again."""
        return self.attribute == BEHAVIOUR

    @property
    def fields(self) -> list[str]:
        """The fields that it is made of, each once."""
        return list(dict.fromkeys(name for name, _, _ in self.parts))


@dataclass(frozen=True)
class Lineage:
    """The graph of one mapping, as everybody has it, or as one school has it."""

    source: str
    entity: str
    school: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    used: Mapping[str, tuple[str, ...]]
    """Every record set that is read, with the fields that are: those of keys too."""
    bound: Mapping[str, Bound] = field(default_factory=dict)
    """What the entity becomes in Haplo: its code, then each name of its binding; nothing where it has no binding."""

    @cached_property
    def _into(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped(self.edges, lambda edge: edge.target)

    @cached_property
    def _out(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped(self.edges, lambda edge: edge.origin)

    def into(self, node: str) -> tuple[Edge, ...]:
        """Return what goes into a node."""
        return self._into.get(node, ())

    def out_of(self, node: str) -> tuple[Edge, ...]:
        """Return where a node goes."""
        return self._out.get(node, ())

    def of(self, *kinds: Kind) -> list[Node]:
        """Return the nodes of some kinds, in the order in which the documents have them."""
        return [node for node in self.nodes.values() if node.kind in kinds]

    def back(self, node: str, roles: Collection[Role] | None = None) -> list[str]:
        """Return all that a node stands on, itself first; `roles`: followed along these only."""
        return _reached(node, lambda at: (edge.origin for edge in self.into(at) if roles is None or edge.role in roles))

    def onward(self, node: str, roles: Collection[Role] | None = None) -> list[str]:
        """Return all that stands on a node, itself first."""
        return _reached(node, lambda at: (e.target for e in self.out_of(at) if roles is None or e.role in roles))

    def sources(self, node: str, roles: Collection[Role] | None = VALUE) -> list[Use]:
        """Return the source fields that a node is made of; with `roles=None` those that only decide something too."""
        found = (self.nodes[at] for at in self.back(node, roles))
        return [(each.of, each.name) for each in found if each.kind == "source"]

    def settings(self, node: str) -> list[str]:
        """Return the settings that a node stands on, in any role."""
        return [self.nodes[at].name for at in self.back(node) if self.nodes[at].kind == "setting"]

    def lookups(self, node: str) -> list[str]:
        """Return the lookups that a node stands on."""
        return [self.nodes[at].name for at in self.back(node) if self.nodes[at].kind == "lookup"]

    def rules(self, node: str = ROWS) -> list[Node]:
        """Return the rules that decide which records come to a node; by default to the rows of the entity."""
        return [self.nodes[at] for at in self.back(node) if self.nodes[at].kind == "rule"]

    def haplo(self, node: str) -> list[str]:
        """Return the names of the binding that a node's value goes to."""
        return [self.nodes[at].name for at in self.onward(node, VALUE) if self.nodes[at].kind == "haplo"]

    def part(self, nodes: Iterable[str], roles: Collection[Role] | None = None) -> tuple[list[Node], list[Edge]]:
        """Return the graph of some nodes, such as those that `back` gives."""
        chosen = set(nodes)
        edges = [edge for edge in self.edges if {edge.origin, edge.target} <= chosen]
        kept = [edge for edge in edges if roles is None or edge.role in roles]
        return [node for name, node in self.nodes.items() if name in chosen], kept


def _grouped(edges: Iterable[Edge], by: Callable[[Edge], str]) -> Mapping[str, tuple[Edge, ...]]:
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(by(edge), []).append(edge)
    return {name: tuple(each) for name, each in found.items()}


def _reached(start: str, neighbours: Callable[[str], Iterator[str]]) -> list[str]:
    found, left = {start: None}, [start]
    while left:
        for name in neighbours(left.pop(0)):
            if name not in found:
                found[name] = None
                left.append(name)
    return list(found)
