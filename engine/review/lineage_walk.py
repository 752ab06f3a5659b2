"""Makes the graph of one mapping: follows each name through the views that its SQL is made of. Next: `review/words`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.kinds.rule import Rule
from engine.kinds.scope import said as said_scope
from engine.kinds.types import TargetField
from engine.kinds.value import Constant, Order, Value
from engine.review.lineage import ROWS, Edge, Kind, Node, Role
from engine.review.lineage_places import Documents
from engine.review.words import said_rule, said_value
from engine.run.explaining_frames import names_of, names_of_rule
from engine.spec.declared import Route
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.mapping import Table
from engine.spec.query import TableRelation
from engine.spec.relation import EachRelation, Relation, SetRelation, UnionRelation
from engine.spec.schema import Schema
from engine.spec.settings import Setting
from engine.spec.trace import Trace
from engine.spec.view import View


@dataclass(frozen=True)
class Origin:
    """What a name stands for: a node, its role to what names it, and the way to it."""

    node: str
    role: Role = "value"
    way: tuple[str, ...] = ()


class Walk:
    """Follows the values of one mapping; `trace` was noted while its SQL was made."""

    def __init__(
        self,
        mapping: MappingDocument,
        schema: Schema,
        trace: Trace,
        places: Documents,
        lookups: Mapping[str, Lookup],
        settings: Mapping[str, Mapping[str, Setting]],
    ) -> None:
        self._mapping, self._schema, self._trace, self._places = mapping, schema, trace, places
        self._lookups, self._settings = lookups, settings
        self.nodes: dict[str, Node] = {}
        self._edges: dict[Edge, None] = {}

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(self._edges)

    def follow(self) -> None:
        """Follow the rows, every field and every further key."""
        view = self._trace.view
        assert view is not None
        mapping = self._mapping
        self._add(ROWS, "rows", f"which rows of {self._schema.schema_} there are", route=("mapping",))
        self._link(ROWS, self._rules_of("", mapping.where, view), self._switches(mapping.when))
        self._link(ROWS, self._choosing(view.relation))
        if mapping.one_per is not None:
            self._link(ROWS, self._ordered(view.relation, mapping.one_per.order))
        for name, value in mapping.fields.items():
            self._target(f"field:{name}", "field", name, value, view, ("fields", name), self._schema.fields[name])
        for name, value in mapping.known_by.items():
            self._target(f"known:{name}", "known", name, value, view, ("known_by", name), TargetField())

    def end_in(self, node: Node, fields: Iterable[tuple[str, str, str]]) -> None:
        """Add a name of Haplo, and the fields that it is made of: each with the part that is sent, and as what."""
        for name, part, as_ in fields:
            origin = f"part:{name}.{part}" if f"part:{name}.{part}" in self.nodes else f"field:{name}"
            if origin in self.nodes:
                self.nodes.setdefault(node.id, node)
                self._edges[Edge(origin, node.id, "value", (as_,) if as_ else ())] = None

    def _add(self, at: str, kind: Kind, name: str, said: str = "", *, route: Route = (), of: str = "") -> None:
        self.nodes[at] = Node(at, kind, name, said, self._places.mapped(route), of=of, route=route)

    def _link(self, target: str, *origins: Iterable[Origin]) -> None:
        for origin in (each for several in origins for each in several):
            self._edges[Edge(origin.node, target, origin.role, origin.way)] = None

    # Values

    def _target(
        self, at: str, kind: Kind, name: str, value: Value, view: View, route: Route, target: TargetField
    ) -> None:
        """Add a target field, or a part of one, with all that it is made of."""
        self._add(at, kind, name, said_value(value), route=route)
        self.nodes[at] = replace(self.nodes[at], pii=target.pii or "", type=target.type)
        self._value(at, value, view, route, target)

    def _value(self, at: str, value: Value, view: View, route: Route, target: TargetField | None = None) -> None:
        """Link all that a value is made of to its node."""
        if value.lookup is not None:
            self._link(at, [self._lookup(value.lookup)])
        if value.collect is None:
            self._link(at, *(self._name(view, name) for name in names_of(value)))
            return
        found = self._trace.of(view).collected[route]
        self._link(at, self._found(view, found.relation, value.by or {}, value.where or {}, value.order))
        if value.item is not None:
            self._value(at, value.item, found.view, (*route, "item"))
        for name, part in (value.fields or {}).items():
            inner = f"part:{at.partition(':')[2]}.{name}"
            known = (target.of.fields or {}).get(name) if target is not None and target.of is not None else None
            spec = known or TargetField()
            spec = spec if spec.pii or target is None else spec.model_copy(update={"pii": target.pii})
            self._target(inner, "part", inner.partition(":")[2], part, found.view, (*route, "fields", name), spec)
            self._link(at, [Origin(inner)])

    def _lookup(self, name: str) -> Origin:
        at = f"lookup:{name}"
        if at not in self.nodes:
            loaded = self._places.lookup(name)
            place = None if loaded is None else loaded.document.key_place(("lookup",))
            self.nodes[at] = Node(at, "lookup", name, self._lookups[name].description, place)
        return Origin(at, "lookup")

    # Names

    def _name(self, view: View, name: str) -> Iterator[Origin]:
        """Yield what a name in view stands for."""
        first, _, rest = name.partition(".")
        joins = view.joins()
        if first in joins and rest:
            join, relation = joins[first]
            yield from _by_way_of(first, self._column(relation, rest))
            yield from self._found(view, relation, join.by, join.where, join.order)
        elif rest and first == "settings":
            yield self._setting(rest)
        elif rest and first == "run":
            self.nodes.setdefault(f"run:{rest}", Node(f"run:{rest}", "run", rest))
            yield Origin(f"run:{rest}", "run")
        else:
            yield from self._column(view.relation, name)

    def _setting(self, name: str) -> Origin:
        at = f"setting:{name}"
        if at not in self.nodes:
            group, _, member = name.partition(".")
            said = self._settings[group][member].description
            self.nodes[at] = Node(at, "setting", name, said, self._places.setting(group, member))
        return Origin(at, "setting")

    def _column(self, relation: Relation, name: str) -> Iterator[Origin]:
        """Yield where a column of a relation comes from."""
        if isinstance(relation, SetRelation):
            yield Origin(self._source(relation.name, name))
        elif isinstance(relation, TableRelation):
            yield from self._of_table(relation, name)
        elif isinstance(relation, UnionRelation):
            for member in relation.members:
                yield from self._column(member, name)
        elif isinstance(relation, EachRelation):
            yield from self._column(relation.base, relation.each if name == relation.item else name)

    def _of_table(self, relation: TableRelation, name: str) -> Iterator[Origin]:
        table = self._mapping.tables[relation.name]
        if name not in relation.own:
            yield from _by_way_of(relation.name, self._column(relation.view.relation, name))
            yield from self._switches(table.when, table.unless)
            return
        at, route = f"table:{relation.name}.{name}", ("tables", relation.name, "fields", name)
        if at not in self.nodes:
            self._add(at, "table", name, said_value(table.fields[name]), route=route, of=relation.name)
            self._value(at, table.fields[name], relation.view, route)
            self._link(at, self._switches(table.when, table.unless))
        yield Origin(at)

    def _source(self, set_name: str, name: str) -> str:
        at = f"source:{set_name}.{name}"
        if at not in self.nodes:
            record_set, spec = self._places.record_set(set_name), self._places.source_field(set_name, name)
            scope = " and ".join(text for text in (said_scope(record_set.scope), said_scope(spec.scope)) if text)
            place = self._places.source_place(set_name, name)
            node = Node(at, "source", name, spec.note, place, pii=spec.pii or "", type=spec.type, scope=scope)
            self.nodes[at] = replace(node, of=set_name)
        return at

    # What decides

    def _found(
        self, view: View, relation: Relation, by: Mapping[str, str], where: Mapping[str, Constant], order: list[Order]
    ) -> Iterator[Origin]:
        """Yield what decides which records of a relation are found for a record in view."""
        for theirs, ours in by.items():
            yield from _as("key", self._column(relation, theirs))
            yield from _as("key", self._name(view, ours))
        for name in where:
            yield from _as("where", self._column(relation, name))
        yield from self._ordered(relation, order)
        yield from self._choosing(relation)

    def _ordered(self, relation: Relation, order: Iterable[Order]) -> Iterator[Origin]:
        for each in order:
            yield from _as("order", self._column(relation, each.by))

    def _choosing(self, relation: Relation) -> Iterator[Origin]:
        """Yield the rules, and the settings, that decide which records a relation has."""
        if isinstance(relation, UnionRelation):
            for member in relation.members:
                yield from self._choosing(member)
        elif isinstance(relation, EachRelation):
            yield from self._choosing(relation.base)
        elif isinstance(relation, TableRelation):
            table: Table = self._mapping.tables[relation.name]
            yield from self._rules_of(relation.name, table.where, relation.view)
            yield from self._switches(table.when, table.unless)
            yield from self._choosing(relation.view.relation)

    def _rules_of(self, table: str, rules: list[Rule], view: View) -> Iterator[Origin]:
        for index, rule in enumerate(rules):
            at = f"rule:{table}/{rule.rule}"
            if at not in self.nodes:
                above: Route = ("tables", table) if table else ()
                self._add(at, "rule", rule.rule, said_rule(rule), route=(*above, "where", index, "rule"), of=table)
                self._link(at, *(self._name(view, name) for name in names_of_rule(rule)))
            yield Origin(at, "rule")

    def _switches(self, *settings: str | None) -> Iterator[Origin]:
        yield from (self._setting(name) for name in settings if name is not None)


def _by_way_of(name: str, origins: Iterable[Origin]) -> Iterator[Origin]:
    return (replace(origin, way=(name, *origin.way)) for origin in origins)


def _as(role: Role, origins: Iterable[Origin]) -> Iterator[Origin]:
    """Give what is a value the role of what it is looked at for."""
    return (replace(origin, role=role if origin.role == "value" else origin.role) for origin in origins)
