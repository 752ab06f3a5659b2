"""How a value becomes one of its target's type, and what must be true of it there. Next: `spec/query`."""

from __future__ import annotations

from engine.kinds.types import Formats, TargetField, convert, literal
from engine.spec.relation import Expr, either

_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "DOUBLE",
    "FLOAT",
    "DECIMAL",
    "UBIGINT",
    "UINTEGER",
)


def fit(expr: Expr, target: TargetField, formats: Formats) -> str | None:
    """Return the expression as the target's type (NULL where a value cannot be), or None where no value can be."""
    if target.type == "list":
        return _fit_list(expr, target, formats)
    if target.type == "record":
        return expr.sql if expr.type == target.sql_type() else None
    return _fit_scalar(expr.sql, expr.type, target, formats)


def _fit_scalar(sql: str, have: str, target: TargetField, formats: Formats) -> str | None:
    want = target.sql_type()
    if have == want:
        return sql
    if sql == "NULL":
        return f"NULL::{want}"
    if have.endswith("]") or have.startswith(("STRUCT", "MAP")):
        return None
    if have == "VARCHAR":
        return convert(sql, target.type, formats)
    if want == "VARCHAR":
        return f"CAST({sql} AS VARCHAR)"
    if have.startswith(_NUMERIC) and want in ("BIGINT", "DOUBLE"):
        whole = f"CASE WHEN {sql} = floor({sql}) THEN try_cast({sql} AS BIGINT) END"
        return whole if want == "BIGINT" else f"try_cast({sql} AS DOUBLE)"
    if {have, want} == {"DATE", "TIMESTAMP"}:
        return f"try_cast({sql} AS {want})"
    return None


def _fit_list(expr: Expr, target: TargetField, formats: Formats) -> str | None:
    assert target.of is not None
    if expr.type == target.sql_type():
        return expr.sql
    if not expr.type.endswith("[]"):
        return f"NULL::{target.sql_type()}" if expr.sql == "NULL" else None
    item = _fit_scalar("e", expr.type.removesuffix("[]"), target.of, formats)
    if item is None:
        return None
    return f"list_filter(list_transform({expr.sql}, lambda e: {item}), lambda e: e IS NOT NULL)"


def faults(value: str, raw: str, expr: Expr, target: TargetField, keys: str | None) -> list[tuple[str, str]]:
    """Return what can be wrong with a value: rule names with the conditions under which they are broken.

    `value` and `raw` are the columns after and before fitting; `keys` selects the keys that a reference may hold.
    """
    found = [("type", either([expr.bad, f"{raw} IS NOT NULL AND {value} IS NULL"]))]
    lost = [miss.condition for miss in expr.misses if miss.lost]
    found = [("code", either(list(lost))), *found]
    if target.values:
        found.append(("values", f"{value} IS NOT NULL AND NOT list_contains({literal(target.values)}, {value})"))
    if target.type in ("text", "enum", "list"):
        found += _length(value, target)
    if target.pattern is not None:
        found.append(("pattern", f"NOT regexp_full_match({value}, {literal(target.pattern)})"))
    if target.type in ("date", "datetime"):
        found.append(("after", f"{value} < {literal(target.after)}::DATE" if target.after else None))
        found.append(("before", f"{value} > {literal(target.before)}::DATE" if target.before else None))
    if keys is not None:
        found.append(("unknown-reference", f"{value} IS NOT NULL AND {value} NOT IN ({keys})"))
    if target.required:
        empty = f" OR len({value}) = 0" if target.type == "list" else ""
        found.append(("required", f"{value} IS NULL{empty}"))
    return [(rule, condition) for rule, condition in found if condition]


def _length(value: str, target: TargetField) -> list[tuple[str, str | None]]:
    long = f"len({value}) > {target.max}" if target.max is not None else None
    short = f"len({value}) < {target.min}" if target.min is not None else None
    return [("too-long", long), ("too-short", short)]
