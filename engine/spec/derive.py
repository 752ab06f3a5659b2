"""SQL from the values of a mapping: each form of `kinds/value` in one method. Next: `spec/fit`, `spec/query`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine import expression
from engine.kinds.types import Formats, TargetField, literal, quote
from engine.kinds.value import CLEAN_SQL, Constant, Value
from engine.spec.fit import fit
from engine.spec.lookup import Lookup
from engine.spec.relation import NOTHING, Expr, Miss, Relation, either
from engine.spec.view import At, Finding, Findings, View, as_key, order_sql, where_sql


class Deriver:
    """Makes expressions of values, as seen from a view."""

    def __init__(
        self,
        formats: Formats,
        lookups: Mapping[str, Lookup],
        relation: Callable[[str, At], Relation | None],
        keys: Callable[[str], str | None],
        findings: Findings,
    ) -> None:
        self.formats, self.lookups, self.relation, self.keys = formats, lookups, relation, keys
        self.findings = findings
        self.used_lookups: dict[str, None] = {}
        self._collections = 0

    def value(self, value: Value, view: View, at: At, target: TargetField | None = None) -> Expr:
        """Return the expression of a value, all its steps taken."""
        expr = self._origin(value, view, at, target)
        if value.clean:
            expr = self._clean(value, expr, at)
        if value.split is not None:
            expr = self._split(value.split, expr, at)
        if value.lookup is not None:
            expr = self._lookup(value.lookup, expr, at)
        if value.has_default:
            expr = self._default(value.default, expr)
        return expr

    def _origin(self, value: Value, view: View, at: At, target: TargetField | None) -> Expr:
        if value.from_ is not None:
            return view.resolve(value.from_, (*at, "from"))
        if value.first_of is not None:
            return self._first_of(value.first_of, view, (*at, "first_of"))
        if value.case is not None:
            return self._case(value, view, at)
        if value.setting is not None:
            return view.resolve(f"settings.{value.setting}", (*at, "setting"))
        if value.sql is not None:
            return self.sql(value.sql, view, (*at, "sql"))
        if value.collect is not None:
            return self._collect(value, view, at, target)
        return constant(value.value)

    def _first_of(self, names: list[str], view: View, at: At) -> Expr:
        found = [view.resolve(name, (*at, index)) for index, name in enumerate(names)]
        if len({expr.type for expr in found}) > 1:
            found = [expr.as_text() for expr in found]
        sql = f"coalesce({', '.join(expr.sql for expr in found)})"
        return replace(_merged(found), sql=sql, type=found[0].type, absent=all(expr.absent for expr in found))

    def _case(self, value: Value, view: View, at: At) -> Expr:
        assert value.case is not None
        assert value.map is not None
        tested = view.resolve(value.case, (*at, "case"))
        key = f"CAST({tested.sql} AS VARCHAR)"
        arms = " ".join(f"WHEN {literal(word)} THEN {literal(result)}" for word, result in value.map.items())
        first = next((constant(result) for result in value.map.values() if result is not None), NOTHING)
        if value.else_ is None:
            unknown = f"{tested.sql} IS NOT NULL AND NOT list_contains({literal(list(value.map))}, {key})"
            miss = Miss("case", unknown, lost=not value.has_default)
            return replace(tested, sql=f"CASE {key} {arms} END", type=first.type, misses=(*tested.misses, miss))
        other = view.resolve(value.else_, (*at, "else"))
        sql = f"CASE {key} {arms} ELSE {other.sql} END"
        return replace(_merged([tested, other]), sql=sql, type=first.type)

    def sql(self, text: str, view: View, at: At) -> Expr:
        """Return the expression written in SQL, its names resolved and its type found."""
        try:
            used = expression.refs(text)
            found = [(ref, view.find(ref.names, ".".join(ref.names), at, ref.offset)) for ref in used]
            kinds = {ref.names: expr.type for ref, expr in found}
            return replace(_merged([expr for _, expr in found]), sql=f"({text}\n)", type=self._type(text, kinds))
        except expression.ExpressionProblem as problem:
            return self.findings.add(_sql_finding(problem, at))

    def _type(self, text: str, kinds: dict[tuple[str, ...], str]) -> str:
        return "VARCHAR" if self.findings.found else expression.sql_type(text, kinds)

    def _clean(self, value: Value, expr: Expr, at: At) -> Expr:
        def cleaned(sql: str) -> str:
            for word in value.clean:
                sql = CLEAN_SQL[word].format(sql)
            return f"nullif({sql}, '')"

        if expr.type == "VARCHAR[]":
            items = f"list_transform({expr.sql}, lambda e: {cleaned('e')})"
            return replace(expr, sql=f"list_filter({items}, lambda e: e IS NOT NULL)")
        return replace(expr, sql=cleaned(self._text(expr, (*at, "clean")).sql), type="VARCHAR")

    def _split(self, pattern: str, expr: Expr, at: At) -> Expr:
        text = self._text(expr, (*at, "split")).sql
        items = f"list_transform(regexp_split_to_array({text}, {literal(pattern)}), lambda e: trim(e))"
        return replace(expr, sql=f"list_filter({items}, lambda e: e <> '')", type="VARCHAR[]")

    def _text(self, expr: Expr, at: At) -> Expr:
        if expr.type.endswith("]") or expr.type.startswith("STRUCT"):
            what = f"'{at[-1]}' works on text, and this is a list or a record"
            return self.findings.add(Finding(at, "type-mismatch", what))
        return expr.as_text()

    def _lookup(self, name: str, expr: Expr, at: At) -> Expr:
        lookup = self.lookups.get(name)
        if lookup is None:
            what = f"there is no lookup '{name}'"
            return self.findings.add(Finding((*at, "lookup"), "unknown-lookup", what, name, tuple(self.lookups)))
        self.used_lookups[name] = None
        key = self._text(expr, (*at, "lookup")).sql
        key = f"lower(trim({key}))" if lookup.fold_case else key
        table = quote(f"lookup:{name}")
        found = f"(SELECT value FROM {table} WHERE key = {key})"
        lost = lookup.otherwise is None
        miss = Miss(name, f"{expr.sql} IS NOT NULL AND {key} NOT IN (SELECT key FROM {table})", lost)
        if not lost:
            found = f"CASE WHEN {expr.sql} IS NOT NULL THEN coalesce({found}, {literal(lookup.otherwise)}) END"
        return replace(expr, sql=found, type="VARCHAR", misses=(*expr.misses, miss))

    def _default(self, default: Constant, expr: Expr) -> Expr:
        other = constant(default)
        if other.type != expr.type and default is not None:
            expr = expr if expr.type in ("BIGINT", "DOUBLE") and other.type == "BIGINT" else expr.as_text()
            other = other if expr.type in ("BIGINT", "DOUBLE") else other.as_text()
        misses = tuple(replace(miss, lost=False) for miss in expr.misses)
        return replace(expr, sql=f"coalesce({expr.sql}, {other.sql})", misses=misses)

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
        theirs = [view.column_of(relation, key, (*at, "by", key)).sql for key in value.by]
        view.ask(relation, value.where or {}, value.order, at)
        ours = [as_key(view.resolve(our, (*at, "by", their)).sql) for their, our in value.by.items()]
        named = ", ".join(f"{as_key(sql)} AS {key}" for sql, key in zip(theirs, keys, strict=True))
        items = f"list({element.sql} ORDER BY {order_sql(value.order)}) AS {name}"
        bad = f"bool_or({element.bad or 'FALSE'}) AS {name}_bad"
        source = f"FROM ({relation.sql()}) CROSS JOIN _run {where_sql(value.where or {})}"
        on = " AND ".join(f"{key} = {our}" for key, our in zip(keys, ours, strict=True))
        view.add_clause(f"LEFT JOIN (SELECT {named}, {items}, {bad} {source} GROUP BY ALL) ON {on}")
        once = f" AND list_position({name}, e) = i" if value.item else ""
        kept = f"coalesce(list_filter({name}, lambda e, i: e IS NOT NULL{once}), [])"
        return Expr(kept, element.type + "[]", element.uses, element.absent, f"{name}_bad")

    def _element(self, value: Value, inner: View, at: At, target: TargetField | None) -> Expr:
        """Return one item; NULL (left out, and told as bad) where a required part has no good value."""
        of = target.of if target is not None and target.of is not None else None
        if value.item is not None:
            return self._part(value.item, inner, (*at, "item"), of or TargetField())
        assert value.fields is not None
        known = of.fields if of is not None and of.fields is not None else {}
        parts: dict[str, Expr] = {}
        for name, part in value.fields.items():
            if name not in known:
                what = f"'{name}' is not a part of this list's records"
                self.findings.add(Finding((*at, "fields", name), "unknown-target", what, name, tuple(known)))
                continue
            parts[name] = self._part(part, inner, (*at, "fields", name), known[name])
        pairs = [f"{literal(n)}: {parts[n].sql if n in parts else f'NULL::{t.sql_type()}'}" for n, t in known.items()]
        record = "{" + ", ".join(pairs) + "}"
        lacking = [f"({expr.sql}) IS NULL" for name, expr in parts.items() if known[name].required]
        sql = f"CASE WHEN NOT ({' OR '.join(lacking)}) THEN {record} END" if lacking else record
        whole = replace(_merged(list(parts.values())), sql=sql, type=of.sql_type() if of else "VARCHAR")
        return replace(whole, bad=either([whole.bad, *lacking]))

    def _part(self, value: Value, view: View, at: At, target: TargetField) -> Expr:
        """Return a part in its target's type; a value that does not fit is NULL and told as bad."""
        expr = self.value(value, view, at, target)
        fitted = fit(expr, target, self.formats)
        if fitted is None:
            what = f"{expr.type} cannot become {target.type}"
            return self.findings.add(Finding(at, "type-mismatch", what))
        missed = [miss.condition for miss in expr.misses]
        bad = either([expr.bad, *missed, f"({expr.sql}) IS NOT NULL AND ({fitted}) IS NULL"])
        keys = self.keys(target.ref) if target.ref else None
        if keys is not None:
            fitted = f"CASE WHEN {fitted} IN ({keys}) THEN {fitted} END"
        if target.values:
            fitted = f"CASE WHEN list_contains({literal(target.values)}, {fitted}) THEN {fitted} END"
            bad = either([bad, f"({expr.sql}) IS NOT NULL AND ({fitted}) IS NULL"])
        return replace(expr, sql=fitted, type=target.sql_type(), bad=bad)


def constant(value: Constant) -> Expr:
    """Return a constant of a document."""
    kinds = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}
    return Expr(literal(value), kinds.get(type(value), "VARCHAR"))


def _merged(parts: list[Expr]) -> Expr:
    """Return what is known of an expression made of several."""
    return Expr(
        "",
        "VARCHAR",
        frozenset(use for part in parts for use in part.uses),
        any(part.absent for part in parts),
        either([part.bad for part in parts]),
        tuple(miss for part in parts for miss in part.misses),
    )


def _sql_finding(problem: expression.ExpressionProblem, at: At) -> Finding:
    code = "sql-syntax" if "syntax error" in problem.message else "sql"
    what = problem.message[0].lower() + problem.message[1:]
    known = problem.candidates if problem.wrong.isidentifier() else ()
    return Finding(at, code, what, problem.wrong, known, offset=problem.offset, width=problem.width)
