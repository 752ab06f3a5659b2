"""How a value becomes one of its target's type, and what must be true of it there. Next: `spec/query`."""

from __future__ import annotations

import re

from engine.expression import gives_null
from engine.kinds.types import Formats, TargetField, convert, literal
from engine.kinds.value import Constant
from engine.spec.reference import Keys
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
OURS = Formats()
"""The forms in which documents write constants, whatever their source does: ISO dates, true and false."""
_SAID = {
    "VARCHAR": "text",
    "BIGINT": "a whole number",
    "DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "DATE": "a date",
    "TIMESTAMP": "a date with a time",
    "TIME": "a time",
}


def said_type(kind: str) -> str:
    """Return a DuckDB type in words."""
    if kind.endswith("]"):
        return "a list"
    if kind.startswith("STRUCT"):
        return "a record"
    return "a number" if kind.startswith(_NUMERIC) and kind not in _SAID else _SAID.get(kind, kind.lower())


def constant_like(column: Expr, value: Constant) -> str | None:
    """Return a constant of a document as SQL to compare a column with; None where they can never be equal."""
    if value is None or column.broken:
        return "NULL"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if column.type == "VARCHAR":
        return literal(text)
    if column.type.startswith(_NUMERIC):
        number = re.fullmatch(r"-?\d+(\.\d+)?", text)
        return text if number and not isinstance(value, bool) else None
    kinds = {"BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime", "TIME": "time"}
    if column.type not in kinds:
        return None
    read = convert(literal(text), kinds[column.type], OURS)
    return None if gives_null(read) else f"({read})"


def fit(expr: Expr, target: TargetField, formats: Formats) -> str | None:
    """Return the expression as the target's type (NULL where a value cannot be), or None where no value can be."""
    if expr.broken or expr.empty:
        return f"NULL::{target.sql_type()}"
    if target.type == "list":
        return _fit_list(expr, target, formats)
    if target.type == "record":
        return expr.sql if expr.type == target.sql_type() else None
    return _fit_scalar(expr.sql, expr.type, target, formats)


def _fit_scalar(sql: str, have: str, target: TargetField, formats: Formats) -> str | None:
    want = target.sql_type()
    if have == want:
        return sql
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
    checks = " OR ".join(f"coalesce({test}, FALSE)" for _, test in rules("e", target.of))
    if expr.type == target.sql_type() and not checks:
        return expr.sql
    if not expr.type.endswith("[]"):
        return None
    item = _fit_scalar("e", expr.type.removesuffix("[]"), target.of, formats)
    if item is None:
        return None
    kept = f"e IS NOT NULL AND NOT ({checks})" if checks else "e IS NOT NULL"
    return f"list_filter(list_transform({expr.sql}, lambda e: {item}), lambda e: {kept})"


def faults(value: str, raw: str | None, expr: Expr, target: TargetField, keys: Keys | None) -> list[tuple[str, str]]:
    """Return what can be wrong with a value: rule names, as SQL, with the conditions under which they are broken.

    `value` and `raw` are the columns after and before fitting, `raw` only where they can differ; `keys` are those that
    a reference may hold.
    """
    lost = either([miss.condition for miss in expr.misses if miss.lost])
    bad = either([expr.bad, None if raw is None else f"{raw} IS NOT NULL AND {value} IS NULL"])
    named = [("code", lost), ("type", bad), *rules(value, target)]
    found = [(literal(rule), condition) for rule, condition in named if condition]
    if keys is not None:
        found.append((keys.fault(value), keys.broken(value)))
    if target.required:
        empty = f" OR len({value}) = 0" if target.type == "list" else ""
        found.append((literal("required"), f"{value} IS NULL{empty}"))
    return found


def rules(value: str, target: TargetField) -> list[tuple[str, str]]:
    """Return what the schema says of a value that is there: rule names with the conditions that break them."""
    found: list[tuple[str, str | None]] = []
    if target.values:
        found.append(("values", f"{value} IS NOT NULL AND NOT list_contains({literal(target.values)}, {value})"))
    if target.type in ("text", "enum", "list"):
        found += _length(value, target)
    if target.pattern is not None:
        found.append(("pattern", f"NOT regexp_full_match({value}, {literal(target.pattern)})"))
    if target.type in ("date", "datetime"):
        found.append(("after", f"{value} < {literal(target.after)}::DATE" if target.after else None))
        found.append(("before", f"{value} > {literal(target.before)}::DATE" if target.before else None))
    return [(rule, condition) for rule, condition in found if condition]


def _length(value: str, target: TargetField) -> list[tuple[str, str | None]]:
    long = f"len({value}) > {target.max}" if target.max is not None else None
    short = f"len({value}) < {target.min}" if target.min is not None else None
    return [("too-long", long), ("too-short", short)]
