"""SQL from the values of a mapping: each form of `kinds/value` in one method. Next: `spec/fit`, `spec/query`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine import expression
from engine.expression import gives_null
from engine.kinds.types import Formats, ScalarType, TargetField, literal, quote
from engine.kinds.value import CLEAN_SQL, Constant, Value
from engine.spec.fit import OURS, fit, rules, said_type
from engine.spec.lookup import LOOKUP_CODE, LOOKUP_VALUE, Lookup
from engine.spec.reference import Keys
from engine.spec.relation import NOTHING, Expr, Lost, Miss, Relation, either
from engine.spec.trace import Collected, Step, Trace
from engine.spec.view import At, Finding, Findings, View, as_key, order_sql, where_sql

_LOST: tuple[Lost, ...] = ("", "blank", "whole")


class Deriver:
    """Makes expressions of values, as seen from a view."""

    def __init__(
        self,
        formats: Formats,
        lookups: Mapping[str, Lookup],
        relation: Callable[[str, At], Relation | None],
        keys: Callable[[str], Keys | None],
        findings: Findings,
        trace: Trace | None = None,
    ) -> None:
        self.trace = trace
        self.formats, self.lookups, self.relation, self.keys = formats, lookups, relation, keys
        self.findings = findings
        self.used_lookups: dict[str, None] = {}
        """The lookups that were named."""
        self._collections = self._references = 0

    def value(self, value: Value, view: View, at: At, target: TargetField | None = None) -> Expr:
        """Return the expression of a value, all its steps taken."""
        last = not (value.clean or value.split is not None or value.lookup is not None)
        whole = last or (value.collect and not (value.item and value.clean))
        steps = [(value.origin, self._origin(value, view, at, target if whole else None))]
        if value.clean:
            steps.append(("clean", self._clean(value, steps[-1][1], at)))
        if value.split is not None:
            steps.append(("split", self._split(value.split, steps[-1][1], at)))
        if value.lookup is not None:
            steps.append(("lookup", self._lookup(value.lookup, steps[-1][1], view, at)))
        if value.has_default:
            steps.append(("default", self._default(value.default, steps[-1][1], (*at, "default"), target)))
        if self.trace is not None:
            self.trace.of(view).values[at] = [Step((*at, word), word, expr, value) for word, expr in steps]
        return steps[-1][1]

    def _origin(self, value: Value, view: View, at: At, target: TargetField | None) -> Expr:
        if value.from_ is not None:
            return view.resolve(value.from_, (*at, "from"))
        if value.first_of is not None:
            return self._first_of(value.first_of, view, (*at, "first_of"), target)
        if value.case is not None:
            return self._case(value, view, at, target)
        if value.setting is not None:
            return view.setting(value.setting, (*at, "setting"))
        if value.sql is not None:
            return self.sql(value.sql, view, (*at, "sql"))
        if value.collect is not None:
            return self._collect(value, view, at, target)
        return self._constant(value.value, (*at, "value"), target)

    def _constant(self, value: Constant, at: At, target: TargetField | None) -> Expr:
        """Return a constant, read as its target's type where it has one; one that never fits is a finding."""
        plain = constant(value)
        if value is None or target is None or target.type in ("list", "record"):
            return plain
        fitted = fit(plain, target, OURS)
        broken = [test for _, test in rules(fitted or "NULL", target)]
        if fitted is None or gives_null(fitted) or any(not gives_null(f"nullif({test}, FALSE)") for test in broken):
            what = f"this value cannot stand in {said_target(target)}"
            return self.findings.add(Finding(at, "bad-constant", what, why=_WRITTEN.get(target.type, "")))
        return Expr(fitted, target.sql_type())

    def _as(self, expr: Expr, target: TargetField) -> Expr:
        """Return an expression in the type of a target, wherever it can be."""
        fitted = fit(expr, target, self.formats)
        if fitted is None or expr.type == target.sql_type():
            return expr
        lost = f"({expr.sql}) IS NOT NULL AND ({fitted}) IS NULL"
        return replace(expr, sql=f"({fitted})", type=target.sql_type(), bad=either([expr.bad, lost]))

    def _first_of(self, names: list[str], view: View, at: At, target: TargetField | None) -> Expr:
        found = [view.resolve(name, (*at, index)) for index, name in enumerate(names)]
        if len({expr.type for expr in found}) > 1:
            found = [self._as(expr, target) if target is not None else expr.as_text() for expr in found]
        if len({expr.type for expr in found if not expr.broken}) > 1:
            what = f"these fields are {' and '.join(dict.fromkeys(said_type(expr.type) for expr in found))}"
            return self.findings.add(Finding(at, "type-mismatch", what))
        sql = f"coalesce({', '.join(expr.sql for expr in found)})"
        reached = [
            " AND ".join([*(f"({before.sql}) IS NULL" for before in found[:index]), f"coalesce({expr.bad}, FALSE)"])
            for index, expr in enumerate(found)
            if expr.bad
        ]
        whole = replace(_merged(found), sql=sql, type=found[0].type, bad=either(list(reached)))
        worst = max((expr.lost for expr in found), key=_LOST.index)
        return replace(whole, absent=all(expr.absent for expr in found), lost=worst)

    def _case(self, value: Value, view: View, at: At, target: TargetField | None) -> Expr:
        assert value.case is not None
        assert value.map is not None
        tested = view.resolve(value.case, (*at, "case"))
        key = f"CAST({tested.sql} AS VARCHAR)"
        results = {word: self._constant(each, (*at, "map", word), target) for word, each in value.map.items()}
        arms = " ".join(f"WHEN {literal(word)} THEN {result.sql}" for word, result in results.items())
        kinds = list(dict.fromkeys(results[word].type for word, each in value.map.items() if each is not None))
        if len(kinds) > 1 and not any(result.broken for result in results.values()):
            what = f"the values of this map are {' and '.join(said_type(kind) for kind in kinds)}"
            return self.findings.add(Finding((*at, "map"), "type-mismatch", what))
        kind = kinds[0] if kinds else "VARCHAR"
        if value.else_ is None:
            unknown = f"{tested.sql} IS NOT NULL AND NOT list_contains({literal(list(value.map))}, {key})"
            miss = Miss("case", unknown, lost=not value.has_default)
            return replace(tested, sql=f"CASE {key} {arms} END", type=kind, misses=(*tested.misses, miss))
        other = self._as(view.resolve(value.else_, (*at, "else")), target or target_of(kind))
        if other.type != kind and kinds and not other.broken:
            what = f"the map gives {said_type(kind)}, and '{value.else_}' is {said_type(other.type)}"
            return self.findings.add(Finding((*at, "else"), "type-mismatch", what))
        known = f"list_contains({literal(list(value.map))}, {key})"
        bad = f"NOT coalesce({known}, FALSE) AND coalesce({other.bad}, FALSE)" if other.bad else None
        whole = _merged([tested, replace(other, bad=None)])
        sql = f"CASE {key} {arms} ELSE {other.sql} END"
        return replace(whole, sql=sql, type=other.type, bad=either([whole.bad, bad]))

    def sql(self, text: str, view: View, at: At) -> Expr:
        """Return the expression written in SQL, its names resolved and its type found."""
        try:
            used = expression.refs(text)
            found = [(ref, view.find(ref.names, ".".join(ref.names), at, ref.offset)) for ref in used]
            kinds = {ref.names: expr.type for ref, expr in found}
            whole = replace(_merged([expr for _, expr in found]), sql=f"({text}\n)")
            return whole if whole.broken else replace(whole, type=expression.sql_type(text, kinds))
        except expression.ExpressionProblem as problem:
            return self.findings.add(_sql_finding(problem, at))

    def _clean(self, value: Value, expr: Expr, at: At) -> Expr:
        def cleaned(sql: str) -> str:
            for word in value.clean:
                sql = CLEAN_SQL[word].format(sql)
            return f"nullif({sql}, '')"

        if expr.type == "VARCHAR[]":
            items = f"list_transform({expr.sql}, lambda e: {cleaned('e')})"
            return replace(expr, sql=f"list_filter({items}, lambda e: e IS NOT NULL)")
        text = self._text(expr, (*at, "clean"))
        return text if text.broken else replace(expr, sql=cleaned(text.sql), type="VARCHAR")

    def _split(self, pattern: str, expr: Expr, at: At) -> Expr:
        if (wrong := expression.regex_problem(pattern)) is not None:
            self.findings.add(Finding((*at, "split"), "bad-regex", f"not a regular expression: {wrong}"))
        text = self._text(expr, (*at, "split"))
        if text.broken:
            return text
        items = f"list_transform(regexp_split_to_array({text.sql}, {literal(pattern)}), lambda e: trim(e))"
        return replace(expr, sql=f"list_filter({items}, lambda e: e <> '')", type="VARCHAR[]")

    def _text(self, expr: Expr, at: At) -> Expr:
        if expr.type.endswith("]") or expr.type.startswith("STRUCT"):
            what = f"'{at[-1]}' works on text, and this is a list or a record"
            return self.findings.add(Finding(at, "type-mismatch", what))
        return expr.as_text()

    def _lookup(self, name: str, expr: Expr, view: View, at: At) -> Expr:
        lookup = self.lookups.get(name)
        if lookup is None:
            what = f"there is no lookup '{name}'"
            return self.findings.add(Finding((*at, "lookup"), "unknown-lookup", what, name, tuple(self.lookups)))
        self.used_lookups[name] = None
        text = self._text(expr, (*at, "lookup"))
        if text.broken:
            return text
        key = text.sql
        key = f"lower(trim({key}))" if lookup.fold_case else key
        self._references += 1
        code = f'"_code_{self._references}"'
        view.add_clause(f"LEFT JOIN {quote(f'lookup:{name}')} AS {code} ON {code}.{LOOKUP_CODE} = {key}")
        found = f"{code}.{LOOKUP_VALUE}"
        lost = lookup.otherwise is None
        miss = Miss(name, f"{expr.sql} IS NOT NULL AND {code}.{LOOKUP_CODE} IS NULL", lost)
        if not lost:
            found = f"CASE WHEN {expr.sql} IS NOT NULL THEN coalesce({found}, {literal(lookup.otherwise)}) END"
        return replace(expr, sql=found, type="VARCHAR", misses=(*expr.misses, miss))

    def _default(self, default: Constant, expr: Expr, at: At, target: TargetField | None) -> Expr:
        if expr.broken or default is None:
            return expr
        wanted = target if target is not None and target.type not in ("list", "record") else target_of(expr.type)
        expr, other = self._as(expr, wanted), self._constant(default, at, wanted)
        if other.type != expr.type and not other.broken:
            what = f"{said_type(expr.type)} cannot have this default"
            return self.findings.add(Finding(at, "type-mismatch", what))
        misses, lost = tuple(replace(miss, lost=False) for miss in expr.misses), bool(expr.lost)
        found = replace(expr, sql=f"coalesce({expr.sql}, {other.sql})", misses=misses, empty=False)
        return replace(found, lost="whole") if lost else found

    def _collect(self, value: Value, view: View, at: At, target: TargetField | None) -> Expr:
        assert value.collect is not None
        assert value.by is not None
        relation = self.relation(value.collect, (*at, "collect"))
        if relation is None:
            return NOTHING
        inner = View(relation, view.settings, self.findings)
        element = self._element(value, inner, at, target)
        self._collections += 1
        name = f"_c{self._collections}"
        keys = [f'"_k_{name}_{i}"' for i in range(len(value.by))]
        theirs = [view.column_of(relation, key, (*at, "by", key), on_key=True) for key in value.by]
        tests = view.ask(relation, value.where or {}, value.order, at)
        ours = [view.resolve(our, (*at, "by", their)) for their, our in value.by.items()]
        wheres = [column for name in value.where or {} if (column := relation.column(name)) is not None]
        absent = any(expr.absent for expr in [element, *theirs, *ours, *wheres])
        named = ", ".join(f"{as_key(expr.sql)} AS {key}" for expr, key in zip(theirs, keys, strict=True))
        items = f"list({element.sql} ORDER BY {order_sql(value.order)}) AS {name}"
        bad = f"bool_or({element.bad or 'FALSE'}) AS {name}_bad"
        told = either([miss.condition for miss in element.misses if not miss.lost])
        marks = f"{bad}, bool_or({told or 'FALSE'}) AS {name}_told"
        if element.pointless is not None:
            marks += f", list_distinct(flatten(list({element.pointless}))) AS {name}_pointless"
        if self.trace is not None:
            marks += f", list({{'set': _set, 'row': _row, 'way': _way}} ORDER BY {order_sql(value.order)}) AS {name}_of"
            found = Collected(relation, inner, tuple(theirs), tuple(ours), tuple(tests), f"{name}_of")
            self.trace.of(view).collected[at] = found
        source = f"{inner.from_clause()} {where_sql(tests)}"
        on = " AND ".join(f"{key} = {as_key(our.sql)}" for key, our in zip(keys, ours, strict=True))
        view.add_clause(f"LEFT JOIN (SELECT {named}, {items}, {marks} {source} GROUP BY ALL) ON {on}")
        once = f" AND list_position({name}, e) = i" if value.item else ""
        kept = f"coalesce(list_filter({name}, lambda e, i: e IS NOT NULL{once}), [])"
        uses = frozenset(use for expr in [element, *theirs, *ours] for use in expr.uses)
        lost: Lost = "whole" if any(expr.lost for expr in [element, *theirs, *ours, *wheres]) else ""
        misses = (Miss("collect", f"{name}_told", False),) if told else ()
        pointless = None if element.pointless is None else f"{name}_pointless"
        whole = Expr(kept, element.type + "[]", uses, absent, f"{name}_bad", misses, element.broken)
        return replace(whole, pointless=pointless, values=element.values, lost=lost)

    def _element(self, value: Value, inner: View, at: At, target: TargetField | None) -> Expr:
        """Return one item; NULL (left out, and told as bad) where a required part has no good value.

        A part that is lacking because its reference was left out is told as that, not as bad.
        """
        of = target.of if target is not None and target.of is not None else None
        if value.item is not None:
            return self._part(value.item, inner, (*at, "item"), of or TargetField())
        assert value.fields is not None
        known = of.fields if of is not None and of.fields is not None else {}
        parts: dict[str, Expr] = {}
        for name, part in value.fields.items():
            if name not in known:
                what = f"'{name}' is not a part of this list's records"
                own_at = (*at, "fields", name)
                self.findings.add(Finding(own_at, "unknown-target", what, name, tuple(known), on_key=True))
                continue
            parts[name] = self._part(part, inner, (*at, "fields", name), known[name])
        pairs = [f"{literal(n)}: {parts[n].sql if n in parts else f'NULL::{t.sql_type()}'}" for n, t in known.items()]
        record = "{" + ", ".join(pairs) + "}"
        needed = [expr for name, expr in parts.items() if known[name].required]
        lacking = [f"({expr.sql}) IS NULL" for expr in needed]
        sql = f"CASE WHEN NOT ({' OR '.join(lacking)}) THEN {record} END" if lacking else record
        whole = replace(_merged(list(parts.values())), sql=sql, type=of.sql_type() if of else "VARCHAR")
        bad = [
            test if expr.pointless is None else f"{test} AND ({expr.pointless}) IS NULL"
            for expr, test in zip(needed, lacking, strict=True)
        ]
        return replace(whole, bad=either([whole.bad, *bad]))

    def _part(self, value: Value, view: View, at: At, target: TargetField) -> Expr:
        """Return a part in its target's type; a value that does not fit is NULL and told as bad."""
        expr = self.value(value, view, at, target)
        fitted = fit(expr, target, self.formats)
        if fitted is None:
            what = f"{said_type(expr.type)} cannot become {said_target(target)}"
            return self.findings.add(Finding(at, "type-mismatch", what))
        tests = [f"coalesce({test}, FALSE)" for _, test in rules(f"({fitted})", target)]
        if tests:
            fitted = f"CASE WHEN NOT ({' OR '.join(tests)}) THEN {fitted} END"
        lost = [miss.condition for miss in expr.misses if miss.lost]
        bad = either([expr.bad, *lost, f"({expr.sql}) IS NOT NULL AND ({fitted}) IS NULL"])
        fitting = replace(expr, sql=fitted, type=target.sql_type(), bad=bad)
        keys = self.keys(target.ref) if target.ref else None
        return fitting if keys is None else self._pointing(fitting, keys, view)

    def _pointing(self, expr: Expr, keys: Keys, view: View) -> Expr:
        """Return a reference that is NULL, and told why, where it may not be kept."""
        self._references += 1
        known, own, same = (f'"_{name}_{self._references}"' for name in ("known", "own", "same"))
        if keys.same is not None:
            view.add_clause(f"LEFT JOIN ({keys.same}) AS {same}({own}, {same}) ON {same}.{own} = ({expr.sql})")
            expr = replace(expr, sql=f"coalesce({same}.{same}, {expr.sql})")
        view.add_clause(f"LEFT JOIN ({keys.good}) AS {known}({known}) ON {known}.{known} = ({expr.sql})")
        lost = f"({expr.sql}) IS NOT NULL AND {known}.{known} IS NULL"
        return replace(expr, sql=f"{known}.{known}", pointless=f"CASE WHEN {lost} THEN [{keys.fault(expr.sql)}] END")


_WRITTEN = {
    "date": "in documents a date is written yyyy-mm-dd, whatever the source writes",
    "datetime": "in documents a time of day is written yyyy-mm-ddThh:mm:ss, whatever the source writes",
    "time": "in documents a time is written hh:mm, whatever the source writes",
    "boolean": "in documents it is true or false, whatever the source writes",
}


def target_of(kind: str) -> TargetField:
    """Return a target of a DuckDB type; text where it is none of a scalar's."""
    known: dict[str, ScalarType] = {
        "BIGINT": "integer",
        "DOUBLE": "number",
        "BOOLEAN": "boolean",
        "DATE": "date",
        "TIMESTAMP": "datetime",
        "TIME": "time",
    }
    return TargetField(type=known.get(kind, "text"))


def said_target(target: TargetField) -> str:
    """Return what a target takes, in words."""
    if target.values:
        return f"an enum of {', '.join(target.values[:6])}{', …' if target.values[6:] else ''}"
    return f"a field of type {target.type}" if target.type != "text" else "this text"


def constant(value: Constant) -> Expr:
    """Return a constant of a document."""
    kinds = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}
    return Expr(literal(value), kinds.get(type(value), "VARCHAR"), empty=value is None)


def _merged(parts: list[Expr]) -> Expr:
    """Return what is known of an expression made of several."""
    pointless = [part.pointless for part in parts if part.pointless is not None]
    return Expr(
        "",
        "VARCHAR",
        frozenset(use for part in parts for use in part.uses),
        any(part.absent for part in parts),
        either([part.bad for part in parts]),
        tuple(miss for part in parts for miss in part.misses),
        any(part.broken for part in parts),
        pointless=f"list_concat({', '.join(pointless)})" if len(pointless) > 1 else "".join(pointless) or None,
        values=frozenset(use for part in parts for use in part.values),
        lost="whole" if any(part.lost for part in parts) else "",
    )


def _sql_finding(problem: expression.ExpressionProblem, at: At) -> Finding:
    code = "sql-syntax" if "syntax error" in problem.message else "sql"
    what = problem.message[0].lower() + problem.message[1:]
    known = problem.candidates if problem.wrong.isidentifier() else ()
    return Finding(at, code, what, problem.wrong, known, offset=problem.offset, width=problem.width)
