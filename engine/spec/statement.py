"""The statement that puts every record of an entity into one state, from the expressions of its fields.

In three steps: `x`, the values as they were derived; `v`, the values in their target's type; `f`, what is wrong with
each. Which records share a key is looked at afterwards (`stages/again`). Next: `spec/query`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from engine.kinds.types import Formats, TargetField, literal, quote
from engine.kinds.value import OnePer
from engine.spec.fit import faults, fit
from engine.spec.reference import Keys
from engine.spec.relation import Expr, either, some_of
from engine.spec.schema import Schema
from engine.spec.view import View, order_key


class Statement:
    """Writes the statement of one entity. `natural` is the list of a record's further natural keys, as SQL."""

    def __init__(
        self,
        schema: Schema,
        formats: Formats,
        keys: Callable[[str], Keys | None],
        one_per: OnePer | None,
        natural: str | None,
        origin: str,
    ) -> None:
        self._schema, self._formats, self._keys, self._one_per = schema, formats, keys, one_per
        self._natural, self._origin = natural, origin

    def sql(self, view: View, rule: str, fields: Mapping[str, Expr]) -> str:
        """Return the statement. `rule` gives the name of the rule that a record fails, or NULL."""
        raw = [f"({expr.sql}) AS {quote('x:' + name)}" for name, expr in fields.items()]
        conditions = self._conditions(fields)
        marks = [f"{sql} AS {quote(mark)}" for mark, sql in conditions.items()]
        order = self._one_per.order if self._one_per else []
        named = zip(order, order_columns(self._one_per), strict=True)
        sorts = [f"{order_key(item, quote(item.by))} AS {quote(column)}" for item, column in named]
        several = view.ambiguous()
        first = " ".join(f"WHEN {test} THEN 'ambiguous-{alias}'" for alias, test in several.items())
        join_fault = f"CASE {first} END" if several else "NULL::VARCHAR"
        head = f"{self._origin}, {rule} AS _rule, {join_fault} AS _join"
        head += "" if self._natural is None else f", {self._natural} AS _natural"
        values = f"SELECT {', '.join([head, *sorts, *marks, *raw])} {view.from_clause()}"
        checked = [
            f"{self._checked(name, expr)} AS {quote('r:' + name)}" for name, expr in self._listed(fields).items()
        ]
        fitted = ", ".join(self._fitted(name, expr) for name, expr in fields.items())
        judged = {name: case for name, expr in fields.items() if (case := self._judged(name, expr)) is not None}
        found = [f"{case} AS {quote('f:' + name)}" for name, case in judged.items()]
        return (
            f"WITH x AS ({values}), v AS (SELECT *, {fitted} FROM {_more('x', checked)}), "
            f"f AS (SELECT {', '.join(['*', *found])} FROM v) {self._result(fields, judged)}"
        )

    def _conditions(self, fields: Mapping[str, Expr]) -> dict[str, str]:
        """Return the columns that say, before fitting, what went wrong in sources and in tables of codes."""
        marks: dict[str, str] = {}
        for name, expr in fields.items():
            if expr.bad:
                marks[f"b:{name}"] = f"coalesce({expr.bad}, FALSE)"
            lost = either([miss.condition for miss in expr.misses if miss.lost])
            told = either([miss.condition for miss in expr.misses if not miss.lost])
            if lost:
                marks[f"l:{name}"] = lost
            if told:
                marks[f"t:{name}"] = told
            if expr.pointless is not None:
                marks[f"p:{name}"] = expr.pointless
        return marks

    def _listed(self, fields: Mapping[str, Expr]) -> dict[str, Expr]:
        """Return the lists whose references are to be looked at here; where a list is collected, that is done."""
        return {
            name: expr
            for name, expr in fields.items()
            if expr.pointless is None and self._keys_of_items(self._schema.fields[name]) is not None
        }

    def _keys_of_items(self, target: TargetField) -> Keys | None:
        return self._keys(target.of.ref) if target.of is not None and target.of.ref else None

    def _fit(self, name: str, expr: Expr) -> str | None:
        return fit(replace(expr, sql=quote("x:" + name)), self._schema.fields[name], self._formats)

    def _checked(self, name: str, expr: Expr) -> str:
        """Return a list as it was, the items of it that are kept, and the rules by which others were left out."""
        fitted, keys = self._fit(name, expr), self._keys_of_items(self._schema.fields[name])
        assert keys is not None
        each = f"SELECT unnest({fitted}) AS e, generate_subscripts({fitted}, 1) AS i"
        if keys.same is not None:
            each = f"SELECT {keys.stable('e')} AS e, i FROM ({each})"
        judged = f"SELECT e, i, CASE WHEN {keys.broken('e')} THEN {keys.fault('e')} END AS rule FROM ({each})"
        kept = "coalesce(list(e ORDER BY i) FILTER (rule IS NULL), [])"
        lost = "list(DISTINCT rule) FILTER (rule IS NOT NULL)"
        return f"(SELECT {{'kept': {kept}, 'lost': {lost}, 'whole': {fitted}}} FROM ({judged}))"

    def _fitted(self, name: str, expr: Expr) -> str:
        fitted = self._fit(name, expr)
        if name in self._listed({name: expr}):
            checked, keys = quote(f"r:{name}"), self._keys_of_items(self._schema.fields[name])
            kept = f"{checked}.kept"
            if keys is not None and keys.same is not None:  # two of the source's keys may have become one
                kept = f"list_filter({kept}, lambda e, i: list_position({kept}, e) = i)"
            return f"CASE WHEN {checked}.whole IS NOT NULL THEN {kept} END AS {quote('v:' + name)}"
        keys = self._keys(ref) if (ref := self._schema.fields[name].ref) else None
        if keys is not None and fitted is not None:
            fitted = keys.stable(fitted)
        return f"{fitted} AS {quote('v:' + name)}"

    def _judged(self, name: str, expr: Expr) -> str | None:
        """Return the rule that a value breaks, as SQL; None where nothing can be wrong with it."""
        target = self._schema.fields[name]
        keys = self._keys(target.ref) if target.ref else None
        bad = quote(f"b:{name}") if expr.bad and target.type != "list" else None
        lost = [miss for miss in expr.misses if miss.lost]
        seen = Expr("", expr.type, bad=bad, misses=tuple(type(m)(m.table, quote(f"l:{name}"), True) for m in lost[:1]))
        raw = None if self._fit(name, expr) == quote("x:" + name) else quote("x:" + name)
        found = faults(quote("v:" + name), raw, seen, target, keys)
        arms = " ".join(f"WHEN {condition} THEN {rule}" for rule, condition in found)
        return f"CASE {arms} END" if arms else None

    def _result(self, fields: Mapping[str, Expr], judged: Collection[str]) -> str:
        """Return the SELECT of states; `judged` are the fields with which something can be wrong."""
        schema = self._schema
        needed = [name for name in fields if schema.fields[name].required or name == schema.key]
        hard = [name for name in needed if name in judged]
        soft = [name for name in fields if name not in needed]
        arms = " ".join(f"WHEN {quote('f:' + name)} IS NOT NULL THEN {literal(name)}" for name in hard)
        reasons = " ".join(f"WHEN {quote('f:' + name)} IS NOT NULL THEN {quote('f:' + name)}" for name in hard)
        state = (
            "CASE WHEN _rule IS NOT NULL THEN 'filtered' "
            f"WHEN _join IS NOT NULL {_or_any(hard)} THEN 'quarantined' ELSE 'emitted' END AS _state"
        )
        reason = f"CASE WHEN _rule IS NOT NULL THEN _rule WHEN _join IS NOT NULL THEN _join {reasons} END AS _reason"
        where = (
            f"CASE WHEN _rule IS NULL AND _join IS NULL THEN CASE {arms} END END AS _field"
            if arms
            else ("NULL::VARCHAR AS _field")
        )
        withheld = [
            f"CASE WHEN {left_out} THEN {literal(name)} END"
            for name in soft
            if (left_out := _left_out(name, fields[name], judged=name in judged))
        ]
        columns = [self._column(name, fields, [each for each in soft if each in judged]) for name in schema.fields]
        more = [] if self._natural is None else ["_natural"]
        more += [quote(column) for column in order_columns(self._one_per)]
        head = [self._origin, *more, state, reason, where, f"{some_of(withheld)} AS _withheld"]
        return f"SELECT {', '.join([*head, f'{self._told(fields, hard, judged)} AS _told', *columns])} FROM f"

    def _column(self, name: str, fields: Mapping[str, Expr], soft: list[str]) -> str:
        if name not in fields:
            return f"NULL::{self._schema.fields[name].sql_type()} AS {quote(name)}"
        if name in soft:
            return f"CASE WHEN {quote('f:' + name)} IS NULL THEN {quote('v:' + name)} END AS {quote(name)}"
        return f"{quote('v:' + name)} AS {quote(name)}"

    def _told(self, fields: Mapping[str, Expr], hard: list[str], judged: Collection[str]) -> str:
        """Return the list of what is told of a row: every fault, items that were left out, codes never seen."""
        marks = ["CASE WHEN _join IS NOT NULL THEN {'field': NULL::VARCHAR, 'rule': _join, 'level': 'row'} END"]
        listed, several = self._listed(fields), []
        for name, expr in fields.items():
            target = self._schema.fields[name]
            level = "row" if name in hard else "value"
            record = f"{{'field': {literal(name)}, 'rule': {quote('f:' + name)}, 'level': {literal(level)}}}"
            marks += [f"CASE WHEN {quote('f:' + name)} IS NOT NULL THEN {record} END"] if name in judged else []
            if target.type == "list":
                whole = f"{quote('r:' + name)}.whole" if name in listed else quote("v:" + name)
                marks.append(_mark(_items_lost(name, expr, target, whole), name, "item", "item"))
            if name in listed or expr.pointless is not None:
                several.append(_marks(f"{quote('r:' + name)}.lost" if name in listed else quote(f"p:{name}"), name))
            if any(not miss.lost for miss in expr.misses):
                marks.append(_mark(quote(f"t:{name}"), name, "code", "told"))
        told = some_of(marks, "STRUCT(field VARCHAR, rule VARCHAR, level VARCHAR)")
        return f"list_concat({', '.join([told, *several])})" if several else told


def order_columns(one_per: OnePer | None) -> list[str]:
    """Return the columns by which records of one key are ordered, where they become one row."""
    return [f"o:{index}" for index, _ in enumerate(one_per.order)] if one_per else []


def _left_out(name: str, expr: Expr, *, judged: bool) -> str:
    """Return the condition that a row goes without a field: it is wrong, or may lack what we may not read any more."""
    if expr.lost and (expr.absent or expr.lost == "whole"):
        return "TRUE"
    wrong = [f"{quote('f:' + name)} IS NOT NULL"] if judged else []
    lacking = [f"{quote('v:' + name)} IS NULL"] if expr.lost else []
    return " OR ".join([*wrong, *lacking])


def _or_any(names: list[str]) -> str:
    return "".join(f" OR {quote('f:' + name)} IS NOT NULL" for name in names)


def _more(place: str, columns: list[str]) -> str:
    """Return a relation with more columns."""
    return f"(SELECT *, {', '.join(columns)} FROM {place})" if columns else place


def _items_lost(name: str, expr: Expr, target: TargetField, whole: str) -> str:
    """Return the condition that items of a list could not be used; `whole` is the list that was made of them."""
    told = [quote(f"b:{name}")] if expr.bad else []
    if target.of is not None and target.of.type not in ("record", "list") and expr.type.endswith("]"):
        there = f"len(list_filter({quote('x:' + name)}, lambda e: e IS NOT NULL))"
        told.append(f"coalesce({there} > len({whole}), FALSE)")
    return " OR ".join(told) or "FALSE"


def _mark(condition: str, name: str, rule: str, level: str) -> str:
    record = f"{{'field': {literal(name)}, 'rule': {literal(rule)}, 'level': {literal(level)}}}"
    return f"CASE WHEN {condition} THEN {record} END"


def _marks(rules: str, name: str) -> str:
    """Return a mark for each rule by which references in a list were left out."""
    return f"list_transform({rules}, lambda r: {{'field': {literal(name)}, 'rule': r, 'level': 'item'}})"
