"""What a mapping's expressions can name: a relation, the joins beside it, the settings and the run.

A `View` resolves names, collects what is wrong (`Findings`), and gives the FROM clause. Next: `spec/derive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.kinds.types import SQL_TYPES, literal, quote
from engine.kinds.value import Constant, Join, Order
from engine.spec.fit import constant_like, said_type
from engine.spec.relation import NOTHING, Expr, Relation, seen

At = tuple[str | int, ...]
RUN_NAMES = ("settings", "run")
RUN_FIELDS = {"today": "DATE", "school": "VARCHAR", "time_zone": "VARCHAR", "title": "VARCHAR"}


@dataclass(frozen=True)
class Finding:
    """Something wrong in a mapping, at a path of its document; `offset` counts within an SQL text."""

    at: At
    code: str
    what: str
    wrong: str = ""
    candidates: tuple[str, ...] = ()
    why: str = ""
    offset: int | None = None
    width: int = 1
    on_key: bool = False
    fix: str = ""
    level: str = "error"


@dataclass
class _Joined:
    """Another relation in view; `absent`: no answer carried what it is found by."""

    join: Join
    relation: Relation
    at: At
    needed: dict[str, Expr] = field(default_factory=dict)
    absent: bool = False
    tests: list[str] = field(default_factory=list)


@dataclass
class Findings:
    """All that is wrong with a mapping; `warned` are what it can be used with."""

    found: list[Finding] = field(default_factory=list)
    warned: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> Expr:
        """Note a finding; the expression that stands in lets the work go on."""
        self.found.append(finding)
        return NOTHING


class View:
    """Names and joins in view of an expression."""

    def __init__(self, relation: Relation, settings: Mapping[str, Mapping[str, str]], findings: Findings) -> None:
        self.relation, self.settings, self.findings = relation, settings, findings
        self._joins: dict[str, _Joined] = {}
        self._clauses: list[str] = []

    def add_join(self, alias: str, join: Join, relation: Relation, at: At) -> None:
        """Put another relation in view, under a name. What it is found by must be in view before it."""
        taken = {name.lower() for name in [*self.relation.names(), *RUN_NAMES]}
        if alias in taken:
            what = f"'{alias}' is a field of {self.relation.name} already"
            if alias in RUN_NAMES:
                what = f"'{alias}' means something else in a mapping"
            self.findings.add(Finding(at, "name-taken", what, on_key=True))
        joined = _Joined(join, relation, at)
        for theirs, ours in join.by.items():
            their = self.column_of(relation, theirs, (*at, "by", theirs), on_key=True)
            our = self.resolve(ours, (*at, "by", theirs))
            joined.absent = joined.absent or their.absent or our.absent
        joined.tests = self.ask(relation, join.where, join.order, at)
        used = [relation.column(name) for name in join.where]
        joined.absent = joined.absent or any(column.absent for column in used if column is not None)
        self._joins[alias] = joined

    def add_clause(self, clause: str) -> None:
        """Add a LEFT JOIN of a derived table."""
        self._clauses.append(clause)

    def joins(self) -> dict[str, tuple[Join, Relation]]:
        """Return what is seen beside each record, by name."""
        return {alias: (joined.join, joined.relation) for alias, joined in self._joins.items()}

    def found(self, alias: str) -> str:
        """Have a join say which record it found; return that as SQL. The relations must be traced."""
        needed = self._joins[alias].needed
        needed |= {name: Expr(quote(name), "VARCHAR") for name in ("_set", "_row", "_way")}
        record = quote(alias)
        return f"{{'set': {record}._set, 'row': {record}._row, 'way': {record}._way, 'of': \"_n_{alias}\"}}"

    def matches(self, alias: str) -> tuple[list[str], list[str], list[str]]:
        """Return what a join compares, as SQL: in its records, in those here; and what else must be true of its own."""
        joined = self._joins[alias]
        fold = _folded if joined.join.fold_case else str
        theirs = [fold(as_key(quote(key))) for key in joined.join.by]
        return theirs, [fold(as_key(self.resolve(ours, ()).sql)) for ours in joined.join.by.values()], joined.tests

    def names(self) -> list[str]:
        """Return what can be named here."""
        joined = [f"{alias}.{name}" for alias, other in self._joins.items() for name in other.relation.names()]
        return [*self.relation.names(), *joined]

    def resolve(self, name: str, at: At, offset: int | None = None) -> Expr:
        """Return the expression of a field in view; a name that is not there is a finding."""
        return self.find(tuple(name.split(".")), name, at, offset)

    def setting(self, name: str, at: At, wanted: str = "") -> Expr:
        """Return a setting's value; one that is not declared, or not of the wanted type, is a finding."""
        expr = self._environment(("settings", *name.split(".")))
        if expr is None:
            known = tuple(f"{group}.{member}" for group, members in self.settings.items() for member in members)
            return self.findings.add(Finding(at, "unknown-setting", f"there is no setting '{name}'", name, known))
        if wanted and expr.type != wanted:
            what = f"the setting '{name}' is {said_type(expr.type)}, and {said_type(wanted)} is needed here"
            return self.findings.add(Finding(at, "type-mismatch", what))
        return expr

    def find(self, names: tuple[str, ...], text: str, at: At, offset: int | None = None) -> Expr:
        """Return the expression of a name given by its parts."""
        expr = None
        if names[0] in self._joins and len(names) == 2:
            expr = self._joined(names[0], names[1])
        elif names[0] in ("settings", "run") and len(names) > 1:
            expr = self._environment(names)
        elif len(names) == 1:
            expr = self.relation.column(names[0])
        if expr is not None:
            return expr
        known = tuple(self._known(names))
        code, what = "unknown-field", f"there is no field '{text}' in {self.relation.name}"
        if names[0] == "settings":
            code, what = "unknown-setting", f"there is no setting '{'.'.join(names[1:])}'"
        return self.findings.add(Finding(at, code, what, text, known, offset=offset, width=len(text)))

    def _known(self, names: tuple[str, ...]) -> list[str]:
        if names[0] == "settings":
            return [f"settings.{group}.{name}" for group, members in self.settings.items() for name in members]
        if names[0] == "run":
            return [f"run.{name}" for name in RUN_FIELDS]
        return self.names()

    def _environment(self, names: tuple[str, ...]) -> Expr | None:
        if names[0] == "run":
            kind = RUN_FIELDS.get(names[1]) if len(names) == 2 else None
        else:
            kind = self.settings.get(names[1], {}).get(names[2]) if len(names) == 3 else None
        return Expr(".".join(quote(name) for name in names), kind) if kind else None

    def _joined(self, alias: str, name: str) -> Expr | None:
        joined = self._joins[alias]
        column = joined.relation.column(name)
        if column is None:
            return None
        joined.needed[name] = column
        found = seen(name, column, f"{quote(alias)}._bad", f"{quote(alias)}.{quote(name)}")
        return replace(found, absent=column.absent or joined.absent)

    def ambiguous(self) -> dict[str, str]:
        """Return, per join that keeps none of several matches, the condition that there were several."""
        return {alias: f'"_n_{alias}" > 1' for alias, other in self._joins.items() if other.join.keep is None}

    def from_clause(self) -> str:
        """Return the FROM clause with all joins. Ask for every column before."""
        joins = [self._join_clause(alias) for alias in self._joins]
        return " ".join([f"FROM ({self.relation.sql()}) AS _base CROSS JOIN _run", *joins, *self._clauses])

    def column_of(self, relation: Relation, name: str, at: At, on_key: bool = False) -> Expr:
        """Return a column of another relation; a name that is not there is a finding."""
        column = relation.column(name)
        if column is not None:
            return column
        what = f"there is no field '{name}' in {relation.name}"
        known = tuple(relation.names())
        return self.findings.add(Finding(at, "unknown-field", what, name, known, on_key=on_key))

    def ask(self, relation: Relation, where: Mapping[str, Constant], order: list[Order], at: At) -> list[str]:
        """Ask a relation for the columns of a condition and an order; return the condition's tests."""
        tests = []
        for name, value in where.items():
            column = self.column_of(relation, name, (*at, "where", name), on_key=True)
            other = constant_like(column, value)
            if other is None:
                what = f"'{name}' is {said_type(column.type)}, and never has this value"
                self.findings.add(Finding((*at, "where", name), "type-mismatch", what))
            tests.append(f"{column.sql} IS NOT DISTINCT FROM {other}")
        for index, item in enumerate(order):
            self.column_of(relation, item.by, (*at, "order", index))
        return tests

    def _join_clause(self, alias: str) -> str:
        joined = self._joins[alias]
        join, relation, needed = joined.join, joined.relation, joined.needed
        keys = list(join.by)
        fold = _folded if join.fold_case else str
        parts = [f"{literal(name)}: {column.sql}" for name, column in needed.items()]
        record = "{" + ", ".join([*parts, "'_bad': _bad"]) + "}"
        pick = "last" if join.keep == "last" else "first"
        names = [f'"_k_{alias}_{i}"' for i in range(len(keys))]
        theirs = ", ".join(f"{fold(as_key(quote(k)))} AS {n}" for k, n in zip(keys, names, strict=True))
        order = order_sql(join.order, nulls="FIRST" if pick == "last" else "LAST")
        chosen = f'{pick}({record} ORDER BY {order}) AS {quote(alias)}, count(*) AS "_n_{alias}"'
        inner = f"SELECT {theirs}, {chosen} FROM ({relation.sql()}) {where_sql(joined.tests)} GROUP BY ALL"
        ours = [fold(as_key(self.resolve(join.by[key], ()).sql)) for key in keys]
        on = " AND ".join(f"{n} = {o}" for n, o in zip(names, ours, strict=True))
        return f"LEFT JOIN ({inner}) ON {on}"


def _folded(sql: str) -> str:
    return f"lower(trim({sql}))"


def as_key(sql: str) -> str:
    """Return an expression in the form in which keys are compared: text."""
    return f"CAST({sql} AS VARCHAR)"


def where_sql(tests: list[str]) -> str:
    """Return the WHERE clause of a join or a collection: unfiltered records that pass the tests."""
    return "WHERE " + " AND ".join(["_rule IS NULL", *tests])


def order_sql(order: list[Order], nulls: str = "LAST") -> str:
    """Return the ORDER BY list; records that are equal in it keep the order in which they came."""
    items = [
        f"{order_key(item, quote(item.by))} {'DESC' if item.descending else 'ASC'} NULLS {nulls}" for item in order
    ]
    return ", ".join([*items, "_set", "_row"])


def order_key(item: Order, sql: str) -> str:
    """Return what is sorted by: the column, read as another type where so declared."""
    return f"try_cast({sql} AS {SQL_TYPES[item.as_]})" if item.as_ else sql
