"""What a mapping says, in words: a value, a rule, a join. The same for the same meaning.

Next: `review/lineage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.kinds.rule import OfSetting, Rule
from engine.kinds.value import Constant, Join, Order, Value

_TESTS = {
    "in_": "is one of {}",
    "not_in": "is none of {}",
    "equals": "is {}",
    "at_least": "is at least {}",
    "at_most": "is at most {}",
    "matches": "matches {}",
}


def said_value(value: Value) -> str:
    """Return how a value is made: where it comes from, and what is done to it, step by step."""
    words = [_said_origin(value)]
    words += [f"cleaned ({', '.join(value.clean)})"] if value.clean else []
    words += [f"split at {value.split}"] if value.split is not None else []
    words += [f"looked up in {value.lookup}"] if value.lookup is not None else []
    words += [f"or else {said_constant(value.default)}"] if value.has_default else []
    return ", ".join(words)


def _said_origin(value: Value) -> str:
    if value.first_of is not None:
        return f"the first of {', '.join(value.first_of)} that has a value"
    if value.case is not None:
        arms = [f"{word} → {said_constant(each)}" for word, each in (value.map or {}).items()]
        arms += [f"else {value.else_}"] if value.else_ is not None else []
        return f"by {value.case}: {'; '.join(arms)}"
    if value.setting is not None:
        return f"the setting {value.setting}"
    if value.sql is not None:
        return said_sql(value.sql)
    if value.collect is not None:
        return _said_collection(value)
    return value.from_ if value.from_ is not None else f"always {said_constant(value.value)}"


def _said_collection(value: Value) -> str:
    if value.item is not None:
        what = said_value(value.item)
    else:
        what = "; ".join(f"{name} = {said_value(each)}" for name, each in (value.fields or {}).items())
    by = said_by(value.by or {}, value.where or {})
    return f"each of {value.collect} where {by}{said_order(value.order)}: {what}"


def said_sql(text: str) -> str:
    """Return an expression on one line; its line breaks mean nothing outside of texts."""
    return " ".join(text.split())


def said_constant(value: Constant) -> str:
    """Return a constant as documents write it: texts in quotation marks, no value as null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}'" if isinstance(value, str) else str(value)


def said_by(by: dict[str, str], where: dict[str, Constant]) -> str:
    """Return by what records are found: what is equal, and what their own fields must be."""
    pairs = [f"{their} = {our}" for their, our in by.items()]
    return " and ".join([*pairs, *(f"{name} is {said_constant(each)}" for name, each in where.items())])


def said_order(order: Iterable[Order]) -> str:
    """Return an order after a comma; nothing where there is none."""
    items = [
        f"{each.by}{f' as {each.as_}' if each.as_ else ''}{', the largest first' if each.descending else ''}"
        for each in order
    ]
    return f", in the order of {', '.join(items)}" if items else ""


def said_join(join: Join) -> str:
    """Return which record a join puts beside each record."""
    kept = f"the {join.keep}" if join.keep else "the one record"
    fold = " in any case" if join.fold_case else ""
    return f"{kept} of {join.set} where {said_by(join.by, join.where)}{fold}{said_order(join.order)}"


def said_rule(rule: Rule) -> str:
    """Return what a rule wants of a record."""
    only = f", if the setting {rule.when} is true" if rule.when is not None else ""
    if rule.sql is not None:
        return said_sql(rule.sql) + only
    if rule.present is not None:
        return f"{rule.field} has {'a' if rule.present else 'no'} value{only}"
    word = next(word for word in _TESTS if getattr(rule, word) is not None)
    return f"{rule.field} {_TESTS[word].format(_said_wanted(getattr(rule, word)))}{only}"


def _said_wanted(wanted: Any) -> str:
    if isinstance(wanted, OfSetting):
        return f"the setting {wanted.setting}, if that is given"
    if isinstance(wanted, list):
        return ", ".join(said_constant(each) for each in wanted)
    return said_constant(wanted)
