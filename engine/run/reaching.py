"""What the tests of a mapping reach of it: fields, rules, arms, entries of maps and of tables of codes.

Which branches there are, the document says. Which of them a test's records take is asked of the records themselves:
what a value is decided by becomes a field of its own, of a mapping that has the same tables, joins and rules.
A home of DuckDB. Next: `run/testing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from engine.errors import Place, TransformError
from engine.kinds.rule import Rule
from engine.kinds.types import TargetField, literal, quote
from engine.kinds.value import Value
from engine.run.trying import Bench, Route, Tried, Trying
from engine.spec.lookup import Lookup
from engine.spec.mapping import From, Table
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.query import Query, build
from engine.spec.relation import Reading
from engine.sql import reworded
from engine.stages.transform import prepare

_FOLDER: Final = "\0folder\0"


@dataclass(frozen=True)
class Branch:
    """A part of a mapping that a test may reach; `kind` is field, rule, first_of, case, default, lookup, ..."""

    kind: str
    at: Route
    name: str


def _same(word: str) -> str:
    return word


@dataclass(frozen=True)
class Probe:
    """A value whose words tell branches apart: those that are known, all `other` ones, and `blank` for no value.

    `fold` gives a word in the form in which it is known.
    """

    value: Value
    words: dict[str, Branch] = field(default_factory=dict)
    other: Branch | None = None
    blank: Branch | None = None
    fold: Callable[[str], str] = _same

    @property
    def branches(self) -> list[Branch]:
        more = (self.other, self.blank)
        return [*self.words.values(), *(branch for branch in more if branch is not None)]

    def reached(self, words: Iterable[str | None]) -> set[Branch]:
        """Return the branches that are taken where these words come."""
        found = {self.blank if word is None else self.words.get(self.fold(word), self.other) for word in words}
        return {branch for branch in found if branch is not None}


@dataclass
class Scope:
    """Records that values are made of: those of the mapping, of a table, or of what a list is collected from."""

    table: Table
    probes: list[Probe] = field(default_factory=list)
    rules: dict[str, Branch] = field(default_factory=dict)

    @property
    def branches(self) -> list[Branch]:
        return [*self.rules.values(), *(branch for probe in self.probes for branch in probe.branches)]


@dataclass
class Reach:
    """The branches of a mapping, and those that some test has reached."""

    bench: Bench
    reached: set[Branch] = field(default_factory=set)
    _made: dict[tuple[int, tuple[str, ...]], Query] = field(default_factory=dict)

    @cached_property
    def scopes(self) -> list[Scope]:
        return list(_Reader(self.bench.mapping, self.bench.world.lookups).scopes())

    @cached_property
    def branches(self) -> list[Branch]:
        mapping = self.bench.mapping
        fields = [Branch("field", ("fields", name), name) for name in mapping.fields]
        required = [Branch("required", ("fields", name), name) for name in mapping.fields if self._may_lack(name)]
        merged = [Branch("merged", ("one_per",), "one_per")] if mapping.one_per is not None else []
        found = [branch for scope in self.scopes for branch in scope.branches]
        return list(dict.fromkeys([*fields, *required, *merged, *found]))

    def place(self, branch: Branch) -> Place:
        """Return where a branch stands in the mapping."""
        return self.bench.loaded.document.key_place(branch.at)

    def left(self, kind: str = "") -> list[Branch]:
        """Return the branches that no test has reached."""
        return [each for each in self.branches if each not in self.reached and kind in ("", each.kind)]

    def add(self, trying: Trying, tried: Tried, fields: set[str], *, asked: bool) -> None:
        """Add what one test reaches; `fields` are those of which it expects a value that came.

        `asked`: its records are asked which branches they take.
        """
        came = {Branch("field", ("fields", name), name) for name in fields}
        marks = {name for _, _, name, _, level in tried.marks if level == "row" and name}
        came |= {Branch("required", ("fields", name), name) for name in marks}
        if any(state == "merged" for _, _, state, _ in tried.states):
            came.add(Branch("merged", ("one_per",), "one_per"))
        if asked and tried.books is not None:
            came |= self._asked(trying)
        self.reached |= came

    def _may_lack(self, name: str) -> bool:
        schema, value = self.bench.world.schema, self.bench.mapping.fields[name]
        constant = "value" in value.model_fields_set
        return not constant and (name == schema.key or schema.fields[name].required)

    def _asked(self, trying: Trying) -> set[Branch]:
        """Return what the records of a test reach, by scopes of which something is still to be reached."""
        left = set(self.left())
        open_ = [
            scope
            for scope in self.scopes
            if left.intersection(scope.branches) and not scope.table.is_off(trying.settings)
        ]
        found: set[Branch] = set()
        if not open_:
            return found
        queries = [self._query(scope, trying) for scope in open_]
        lookups = list(dict.fromkeys(name for query in queries for name in query.lookups))
        with trying.database() as database, reworded("looking at what a test reaches", TransformError):
            prepare(database, self.bench.world, replace(queries[0], lookups=lookups), trying.circumstances)
            for scope, query in zip(open_, queries, strict=True):
                row = database.execute(_counted(query, len(scope.probes), str(trying.folder.resolve()))).fetchone()
                found |= _reached(scope, list(row or ()))
        return found

    def _query(self, scope: Scope, trying: Trying) -> Query:
        """Return the statement that gives the words of a scope's probes; made once for all tests alike."""
        mapping = self.bench.mapping
        off = tuple(name for name, table in mapping.tables.items() if table.is_off(trying.settings))
        known = (self.scopes.index(scope), off)
        if known not in self._made:
            self._made[known] = self._built(scope, trying)
        return self._made[known]

    def _built(self, scope: Scope, trying: Trying) -> Query:
        world, key = self.bench.world, self.bench.world.schema.key
        fields = {key: Value(value=None), **{f"p{index}": probe.value for index, probe in enumerate(scope.probes)}}
        schema = world.schema.model_copy(
            update={"fields": {name: TargetField() for name in fields}, "sort": [key], "unique": []}
        )
        table = scope.table
        changed = {"from_": table.from_, "join": table.join, "where": table.where, "fields": fields}
        mapping = self.bench.mapping.model_copy(update={**changed, "known_by": {}, "one_per": None})
        around = replace(world, schema=schema, values=trying.settings)
        query = build(mapping, around, Reading(world.source.formats, _place))
        assert not query.findings, query.findings
        return query


def _place(name: str) -> str:
    return f"(FROM read_parquet({literal(f'{_FOLDER}/sets/{name}.parquet')}))"


def _counted(query: Query, probes: int, folder: str) -> str:
    """Return the statement that gives the rules by which records were left out, and the words of each probe."""
    words = [
        f"list(DISTINCT {{'w': {quote(f'p{index}')}}}) FILTER (_state <> 'filtered') AS {quote(f'p{index}')}"
        for index in range(probes)
    ]
    rules = "list(DISTINCT _reason) FILTER (_state = 'filtered') AS rules"
    return f"SELECT {', '.join([rules, *words])} FROM ({query.sql.replace(_FOLDER, folder)})"


def _reached(scope: Scope, row: list[Any]) -> set[Branch]:
    rules, *words = row
    found = {scope.rules[rule] for rule in rules or () if rule in scope.rules}
    for probe, came in zip(scope.probes, words, strict=True):
        found |= probe.reached(each["w"] for each in came or ())
    return found


class _Reader:
    """Finds the branches of a mapping's document, each in the scope whose records decide it."""

    def __init__(self, mapping: MappingDocument, lookups: Mapping[str, Lookup]) -> None:
        self._mapping, self._lookups = mapping, lookups

    def scopes(self) -> Iterator[Scope]:
        """Yield the scopes in which something is decided."""
        mapping = self._mapping
        whole = Table(from_=mapping.from_, join=mapping.join, where=mapping.where)
        values = {("fields", name): value for name, value in mapping.fields.items()}
        keys = {("known_by", name): value for name, value in mapping.known_by.items()}
        known = [Probe(value, other=Branch("known_by", at, at[-1])) for at, value in keys.items()]
        yield from self._scope(whole, (), {**values, **keys}, known)
        for name, table in mapping.tables.items():
            own = {("tables", name, "fields", own): value for own, value in table.fields.items()}
            yield from self._scope(table, ("tables", name), own)

    def _scope(self, table: Table, at: Route, values: dict[Any, Value], more: Iterable[Probe] = ()) -> Iterator[Scope]:
        rules = {rule.rule: Branch("rule", (*at, "where", index), rule.rule) for index, rule in enumerate(table.where)}
        probes = [*more, *(probe for route, value in values.items() for probe in self._probes(route, value))]
        if rules or probes:
            yield Scope(table, probes, rules)
        for route, value in values.items():
            if value.collect is not None:
                yield from self._collected(route, value)

    def _collected(self, at: Route, value: Value) -> Iterator[Scope]:
        parts = {(*at, "fields", name): part for name, part in (value.fields or {}).items()}
        if value.item is not None:
            parts[(*at, "item")] = value.item
        where = [
            Rule.model_validate({"rule": "collected", "field": name, "equals": wanted})
            for name, wanted in (value.where or {}).items()
            if isinstance(wanted, str | bool)
        ]
        probes = [probe for route, part in parts.items() for probe in self._probes(route, part)]
        if probes:
            yield Scope(Table(from_=From(set=value.collect), where=where), probes)

    def _probes(self, at: Route, value: Value) -> Iterator[Probe]:
        if value.first_of is not None:
            yield _arms(at, value.first_of)
        if value.case is not None:
            yield _entries(at, value)
        if value.lookup is not None and value.lookup in self._lookups:
            yield _codes(at, value, self._lookups[value.lookup])
        if value.has_default and value.split is None and value.collect is None:
            branch = Branch("default", (*at, "default"), _said(at))
            yield Probe(_without(value, "default"), blank=branch)


def _said(at: Route) -> str:
    """Return a value's name for people: `field`, `table.field`, `field.part`."""
    return ".".join(str(step) for step in at if step not in ("fields", "tables", "item"))


def _arms(at: Route, names: list[str]) -> Probe:
    places = [".".join(quote(part) for part in name.split(".")) for name in names]
    cases = " ".join(f"WHEN {place} IS NOT NULL THEN '{index}'" for index, place in enumerate(places))
    arms = {
        str(index): Branch("first_of", (*at, "first_of", index), f"{_said(at)}: {name}")
        for index, name in enumerate(names)
    }
    # the last is taken where none has a value
    return Probe(Value(sql=f"CASE {cases} ELSE '{len(names) - 1}' END"), arms)


def _entries(at: Route, value: Value) -> Probe:
    known = {word: Branch("case", (*at, "map", word), f"{_said(at)}: {word}") for word in value.map or {}}
    other = Branch("case", (*at, "else"), f"{_said(at)}: else") if value.else_ is not None else None
    return Probe(Value(from_=value.case), known, other, other)


def _codes(at: Route, value: Value, lookup: Lookup) -> Probe:
    codes = {
        lookup.folded(code): Branch("lookup", (*at, "lookup"), f"{_said(at)}: {code}") for code in lookup.values or {}
    }
    return Probe(_without(value, "lookup", "default"), codes, fold=lookup.folded)


def _without(value: Value, *words: str) -> Value:
    """Return a value without its last steps."""
    kept = {name: getattr(value, name) for name in value.model_fields_set if name not in words}
    return Value.model_validate(kept)
