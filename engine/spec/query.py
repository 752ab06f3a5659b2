"""One entity's mapping as one SQL statement, and what it needs of the record sets.

The statement gives every record exactly one state: `filtered` (by a rule), `merged` (another record of its key is
used), `quarantined` (a required field has no good value) or `emitted`. It expects the tables `_run` (settings, run)
and `lookup:<name>` (`spec/lookup`), and reads record sets where `place` says. Next: `spec/load`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from engine.kinds.request import Deprecated
from engine.kinds.types import TargetField, literal, quote
from engine.kinds.value import CLEAN_SQL, Join, Value
from engine.spec.condition import Conditions
from engine.spec.derive import Deriver
from engine.spec.fit import fit, said_type
from engine.spec.lookup import Lookup
from engine.spec.mapping import From, Table
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.reference import Keys
from engine.spec.relation import (
    EachRelation,
    Expr,
    NoRecords,
    Reading,
    Relation,
    SetRelation,
    UnionRelation,
    Use,
    marks_of,
    seen,
    some_of,
)
from engine.spec.schema import Schema
from engine.spec.settings import SettingValues
from engine.spec.source import Source
from engine.spec.statement import Statement
from engine.spec.trace import Trace
from engine.spec.view import At, Finding, Findings, View


@dataclass(frozen=True)
class World:
    """What a mapping stands in: its source, the target, lookups and settings (their DuckDB types by group and name).

    `keys` gives, for an entity, the keys that a reference to it may hold, or None where that is not known; `values`
    are a school's settings, which may switch tables off.
    """

    source: Source
    schema: Schema
    lookups: Mapping[str, Lookup]
    settings: Mapping[str, Mapping[str, str]]
    keys: Callable[[str], Keys | None] = lambda entity: None
    values: SettingValues = field(default_factory=dict)

    def others(self, entity: str) -> Keys | None:
        """Return the keys of another entity; those of this one are not known while its rows are made."""
        return None if entity == self.schema.schema_ else self.keys(entity)


@dataclass
class Query:
    """The statement and what was learnt on the way."""

    sql: str
    sets: list[str]
    """The record sets whose records become rows (not those that are only looked into)."""
    used: dict[str, list[str]]
    """Every record set that is read, with the fields that are used."""
    absent: list[str]
    """Target fields that no answer carried: Haplo's values are left alone."""
    lineage: dict[str, list[Use]]
    """Target field to the source fields it is made of."""
    lookups: list[str]
    becomes: dict[Use, list[str]] = field(default_factory=dict)
    """Source field to the kinds of personal data that its value becomes, by the target fields that it goes into."""
    splits: bool = False
    """Whether a record may become several, by `each`."""
    blocked: dict[str, str] = field(default_factory=dict)
    """Rules whose fields no answer carried, so that nothing can be said of any record, and when they are on, as SQL."""
    findings: list[Finding] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    """Target fields whose values may lack what we may not read any more."""


def build(mapping: MappingDocument, world: World, reading: Reading, trace: Trace | None = None) -> Query:
    """Make the statement of a mapping. With findings the statement is not to be used.

    With a trace, whose reading must be `traced`, it is noted what each value is made by.
    """
    return _Builder(mapping, world, reading, trace).build()


def findings(mapping: MappingDocument, world: World) -> list[Finding]:
    """Return all that is wrong with a mapping, also in tables and fields that nothing uses yet."""
    builder = _Builder(mapping, world, Reading(world.source.formats, lambda name: name))
    builder.build()
    for name in mapping.tables:
        table = builder.relation(name, ("tables", name))
        for field_name in mapping.tables[name].fields:
            if table is not None:
                table.column(field_name)
    return list(dict.fromkeys([*builder.findings.found, *builder.findings.warned]))


class TableRelation(Relation):
    """A named step of the mapping: what it sees, and the fields of its own."""

    def __init__(
        self,
        name: str,
        view: View,
        own: dict[str, Callable[[], Expr]],
        rule: str,
        undecided: dict[str, str],
        origin: str,
    ) -> None:
        super().__init__(name)
        self.view, self.own, self._rule, self._undecided, self._origin = view, own, rule, undecided, origin
        self._needed: dict[str, Expr] = {}

    def names(self) -> list[str]:
        return [*self.own, *self.view.relation.names()]

    def sets(self) -> list[str]:
        return self.view.relation.sets()

    def undecided(self) -> dict[str, str]:
        return {**self.view.relation.undecided(), **self._undecided}

    def column(self, name: str) -> Expr | None:
        if name not in self._needed:
            expr = self.own[name]() if name in self.own else self.view.relation.column(name)
            if expr is None:
                return None
            self._needed[name] = replace(expr, absent=expr.absent or bool(self._undecided))
        return seen(name, self._needed[name])

    def sql(self) -> str:
        columns = ", ".join(f"{expr.sql} AS {quote(name)}" for name, expr in self._needed.items())
        marks = [mark for name, expr in self._needed.items() for mark in marks_of(name, expr)]
        head = f"{self._origin}, {some_of(marks)} AS _bad, {self._rule} AS _rule"
        return f"SELECT {head}{', ' if columns else ''}{columns} {self.view.from_clause()}"


class _Builder:
    def __init__(self, mapping: MappingDocument, world: World, reading: Reading, trace: Trace | None = None) -> None:
        self.mapping, self.world, self.reading, self._trace = mapping, world, reading, trace
        self.findings = Findings()
        self.splits = False
        self.deriver = Deriver(world.source.formats, world.lookups, self.relation, world.others, self.findings, trace)
        self.conditions = Conditions(self.deriver)
        self._open: list[str] = []
        self._loops: set[frozenset[str]] = set()

    def relation(self, name: str, at: At) -> Relation | None:
        """Return a fresh relation of a table or a set; each use asks for its own columns."""
        table = self.mapping.tables.get(name)
        if table is not None and table.is_off(self.world.values):
            with self._unread():
                base = self._table(name, table, at)
            return None if base is None else NoRecords(base, self._unread, traced=self.reading.traced)
        if table is not None:
            return self._table(name, table, at)
        try:
            _, endpoint, record_set = self.world.source.find(name)
        except KeyError:
            known = [*self.mapping.tables, *(set_name for _, set_name, _ in self.world.source.sets())]
            what = f"there is no record set or table '{name}'"
            self.findings.add(Finding(at, "unknown-set", what, name, tuple(known)))
            return None
        if lacking := endpoint.lacking():
            what = f"the source gives '{name}' with a filter only, and its endpoint gives none: {lacking}"
            why = "say under params: of the endpoint what it is"
            self.findings.add(Finding(at, "filter-missing", what, why=why))
        if endpoint.deprecated is not None:
            self.findings.warned.append(self._deprecated(name, endpoint.deprecated, at))
        return SetRelation(name, record_set, self.reading)

    def _deprecated(self, name: str, word: Deprecated, at: At) -> Finding:
        """Return the warning of a set whose endpoint the source is to take away."""
        other = self.world.source.endpoints.get(word.use or "")
        fix = "" if other is None else f"use {' or '.join(repr(each) for each in other.sets)}"
        what = f"the source is to take away what brings '{name}'"
        return Finding(at, "set-deprecated", what, why=word.note, fix=fix, level="warning")

    @contextmanager
    def _unread(self) -> Iterator[None]:
        """Look at records without a note that they are needed."""
        kept, self.reading = self.reading, Reading(self.reading.formats, self.reading.place, traced=self.reading.traced)
        yield
        self.reading = kept

    def _table(self, name: str, table: Table, at: At) -> Relation | None:
        if name in self._open:
            loop = frozenset(self._open[self._open.index(name) :])
            if loop not in self._loops:
                self.findings.add(Finding(at, "table-loop", f"table '{name}' is made of itself"))
            self._loops.add(loop)
            return None
        own_at: At = ("tables", name)
        self._open.append(name)
        view = self._view(table.from_, table.join, own_at)
        self._open.pop()
        if view is None:
            return None
        undecided: dict[str, str] = {}
        rule = self.conditions.failed(table.where, view, own_at, undecided)

        def derived(field_name: str, value: Value) -> Callable[[], Expr]:
            return lambda: self.deriver.value(value, view, (*own_at, "fields", field_name))

        own = {field_name: derived(field_name, value) for field_name, value in table.fields.items()}
        return TableRelation(name, view, own, rule, undecided, self.reading.origin)

    def _view(self, origin: From, joins: Mapping[str, Join], at: At) -> View | None:
        known = self._members(origin, at)
        if not known:
            return None
        relation = known[0] if len(known) == 1 else self._union(known, at)
        several = [name for member in known for name in member.sets()]
        self.splits = self.splits or len(several) > len(set(several))
        if origin.each is not None:
            relation = self._each(relation, origin.each, origin.name, (*at, "from"))
        view = View(relation, self.world.settings, self.findings)
        if self._trace is not None:
            self._trace.of(view).at = at
        self._add_joins(view, joins, at)
        return view

    def _members(self, origin: From, at: At) -> list[Relation]:
        found = []
        for index, name in enumerate(origin.sets):
            own_at = (*at, "from", "set") if origin.union is None else (*at, "from", "union", index)
            if name in origin.sets[:index]:
                self.findings.add(Finding(own_at, "duplicate-set", f"'{name}' is in this union twice"))
            found.append(self.relation(name, own_at))
        return [relation for relation in found if relation is not None]

    def _union(self, members: list[Relation], at: At) -> Relation:
        return UnionRelation(members, lambda *told: self._mixed(at, *told), traced=self.reading.traced)

    def _mixed(self, at: At, name: str, types: list[str]) -> None:
        what = f"'{name}' is {' here and '.join(said_type(kind) for kind in types)} there"
        self.findings.add(Finding((*at, "from", "union"), "type-mismatch", what))

    def _each(self, relation: Relation, each: str, name: str, at: At) -> Relation:
        self.splits = True
        names = tuple(relation.names())
        found = EachRelation(relation, each, name, traced=self.reading.traced)
        if each not in names:
            what = f"there is no field '{each}' in {relation.name}"
            self.findings.add(Finding((*at, "each"), "unknown-field", what, each, names))
        elif not found.fits:
            self.findings.add(Finding((*at, "each"), "type-mismatch", f"'{each}' is no list"))
        if name.lower() in {known.lower() for known in names}:
            what = f"'{name}' is taken: it is a field of {relation.name}"
            fix_at = (*at, "name") if name != "item" else (*at, "each")
            self.findings.add(Finding(fix_at, "name-taken", what))
        return found

    def _add_joins(self, view: View, joins: Mapping[str, Join], at: At) -> None:
        for alias, join in joins.items():
            other = self.relation(join.set, (*at, "join", alias, "set"))
            if other is not None:
                view.add_join(alias, join, other, (*at, "join", alias))

    def build(self) -> Query:
        """Make the statement: values, fitted values, faults, states."""
        view = self._view(self.mapping.from_, self.mapping.join, ())
        if view is None:
            return self._query("", view, {})
        rule = self.conditions.failed(self.mapping.where, view, ())
        fields = self._fields(view)
        if self.mapping.one_per is not None:
            view.ask(view.relation, {}, self.mapping.one_per.order, ("one_per",))
        natural = self._natural(view)
        if self.findings.found:
            return self._query("", view, fields)
        if self._trace is not None:
            self._trace.view = view
        world, one_per, origin = self.world, self.mapping.one_per, self.reading.origin
        statement = Statement(world.schema, world.source.formats, world.others, one_per, natural, origin)
        return self._query(statement.sql(view, rule, fields), view, fields)

    def _query(self, sql: str, view: View | None, fields: Mapping[str, Expr]) -> Query:
        return Query(
            sql,
            view.relation.sets() if view else [],
            {name: list(columns) for name, columns in self.reading.used.items()},
            [name for name, expr in fields.items() if expr.absent],
            {name: sorted(expr.uses) for name, expr in fields.items()},
            list(self.deriver.used_lookups),
            self._becomes(fields),
            self.splits,
            {**(view.relation.undecided() if view else {}), **self.conditions.blocked},
            self.findings.found,
            [name for name, expr in fields.items() if expr.lost and not expr.absent and not self._required(name)],
        )

    def _becomes(self, fields: Mapping[str, Expr]) -> dict[Use, list[str]]:
        found: dict[Use, dict[str, None]] = {}
        for name, expr in fields.items():
            for use in sorted(expr.values):
                found.setdefault(use, {}).update(dict.fromkeys(self.world.schema.fields[name].kinds()))
        return {use: list(kinds) for use, kinds in found.items() if kinds}

    def _required(self, name: str) -> bool:
        return self.world.schema.fields[name].required

    def _natural(self, view: View) -> str | None:
        """Return the list of a record's further natural keys, each after its name and a colon; NULL for a blank one."""
        found = []
        for name, value in self.mapping.known_by.items():
            at: At = ("known_by", name)
            expr = self.deriver.value(value, view, at)
            text = fit(expr, TargetField(), self.world.source.formats)
            if name == self.world.schema.key:
                what = f"'{name}' is the key of '{self.world.schema.schema_}': by that a row is always known"
                self.findings.add(Finding(at, "name-taken", what, on_key=True))
            elif text is None:
                self.findings.add(Finding(at, "type-mismatch", f"{said_type(expr.type)} cannot be a key"))
            else:
                found.append(f"{literal(name + ':')} || nullif({CLEAN_SQL['trim'].format(text)}, '')")
        return f"[{', '.join(found)}]" if found else None

    def _fields(self, view: View) -> dict[str, Expr]:
        fields: dict[str, Expr] = {}
        for name, value in self.mapping.fields.items():
            target = self.world.schema.fields.get(name)
            if target is None:
                what = f"there is no field '{name}' in schema '{self.world.schema.schema_}'"
                known = tuple(self.world.schema.fields)
                self.findings.add(Finding(("fields", name), "unknown-target", what, name, known, on_key=True))
                continue
            fields[name] = self.deriver.value(value, view, ("fields", name), target)
            if fit(fields[name], target, self.world.source.formats) is None:
                what = f"{said_type(fields[name].type)} cannot become the {target.type} '{name}'"
                self.findings.add(Finding(("fields", name), "type-mismatch", what))
        for name, target in self.world.schema.fields.items():
            if (target.required or name == self.world.schema.key) and name not in self.mapping.fields:
                what = f"the required field '{name}' is not mapped"
                self.findings.add(Finding(("fields",), "missing-field", what, on_key=True))
        return fields
