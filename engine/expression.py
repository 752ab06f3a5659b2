"""SQL expressions written in documents: which names they use, which type they give, what is wrong where.

A home of DuckDB, in memory and without any access to files. Nothing here sees data.
Next: `kinds/value`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_LOCK = threading.Lock()


class ExpressionProblem(ValueError):
    """What is wrong with an expression: one line, and where (`offset` counts characters from 0)."""

    def __init__(self, message: str, offset: int = 0, width: int = 1, wrong: str = "", most: tuple[str, ...] = ()):
        super().__init__(message)
        self.message, self.offset, self.width, self.wrong, self.candidates = (
            message,
            offset,
            width,
            wrong,
            most,
        )


@dataclass(frozen=True)
class Ref:
    """A name that an expression uses: `('kind', 'relationship')`."""

    names: tuple[str, ...]
    offset: int


_HEAD = "SELECT "


@lru_cache(maxsize=4096)
def refs(text: str) -> tuple[Ref, ...]:
    """Return the names that an expression uses, in its order; raise ExpressionProblem when it is not one expression."""
    tree = json.loads(_ask("SELECT json_serialize_sql(?)", [_HEAD + text + "\n"])[0][0])
    if tree.get("error"):
        message = str(tree.get("error_message", "")).splitlines()[0]
        raise ExpressionProblem(message, _offset(tree, text), wrong="")
    node = tree["statements"][0]["node"]
    plain = node.get("from_table", {}).get("type") == "EMPTY" and not node.get("where_clause")
    if len(tree["statements"]) != 1 or not plain or len(node.get("select_list", [])) != 1 or node.get("modifiers"):
        raise ExpressionProblem("this is not one expression", _first_token(text))
    return tuple(_walk(node["select_list"][0], frozenset()))


def _first_token(text: str) -> int:
    """Return where the first token of a text begins."""
    return len(text) - len(text.lstrip())


def _offset(tree: Mapping[str, Any], text: str) -> int:
    position = str(tree.get("position"))
    return min(max(int(position) - len(_HEAD), 0), max(len(text) - 1, 0)) if position.isdecimal() else 0


def _walk(node: Any, hidden: frozenset[str]) -> Iterator[Ref]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, hidden)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            names = tuple(node["column_names"])
            if names[0] not in hidden:
                yield Ref(names, node.get("query_location", len(_HEAD)) - len(_HEAD))
        elif node.get("class") == "LAMBDA":
            own = {ref.names[0] for ref in _walk(node["lhs"], frozenset())}
            yield from _walk(node["expr"], hidden | own)
        else:
            for item in node.values():
                yield from _walk(item, hidden)


def sql_type(text: str, columns: Mapping[tuple[str, ...], str]) -> str:
    """Return the DuckDB type of an expression, given the types of the names it uses."""
    return _sql_type(text, tuple(sorted(columns.items())))


@lru_cache(maxsize=4096)
def _sql_type(text: str, columns: tuple[tuple[tuple[str, ...], str], ...]) -> str:
    """Bind an expression against columns without rows."""
    tree: dict[str, Any] = {}
    for names, kind in columns:
        at = tree
        for name in names[:-1]:
            at = at.setdefault(name, {})
        at[names[-1]] = kind
    fields = ", ".join(f"{_null(kind)} AS {_quote(name)}" for name, kind in tree.items()) or "1 AS _"
    return str(_ask(f"DESCRIBE {_HEAD}{text}\n FROM (SELECT {fields})", shift=len("DESCRIBE " + _HEAD))[0][1])


def _null(kind: Any) -> str:
    if isinstance(kind, str):
        return f"NULL::{kind}"
    return "{" + ", ".join(f"{_quote(name)}: {_null(part)}" for name, part in kind.items()) + "}"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _ask(statement: str, values: list[Any] | None = None, shift: int = 0) -> list[Any]:
    import duckdb

    with _LOCK:
        try:
            rows: list[Any] = _connection().execute(statement, values).fetchall()
            return rows
        except duckdb.Error as error:
            raise _problem(str(error), shift) from None


def _problem(message: str, shift: int) -> ExpressionProblem:
    try:
        found = json.loads(message[message.index("{") :])
    except ValueError:
        return ExpressionProblem(message.splitlines()[0])
    text = str(found.get("exception_message", "")).splitlines()[0]
    offset, width = 0, 1
    if found.get("location"):
        offset, width = json.loads(found["location"])
    elif str(found.get("position", "")).isdecimal():
        offset = int(found["position"])
    candidates = tuple(name.strip().strip('"') for name in str(found.get("candidates", "")).split(",") if name.strip())
    return ExpressionProblem(text, max(offset - shift, 0), max(width, 1), str(found.get("name", "")), candidates)


@lru_cache(maxsize=1)
def _connection() -> Any:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET errors_as_json = true")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
