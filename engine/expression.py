"""SQL expressions written in documents: which names they use, which type they give, what is wrong where.

A home of DuckDB, in memory and without any access to files. Nothing here sees data.
Next: `kinds/value`.
"""

from __future__ import annotations

import json
import re
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
_CLOCKS = frozenset(
    {"current_date", "current_time", "current_timestamp", "get_current_time", "get_current_timestamp", "localtime"}
    | {"localtimestamp", "now", "today", "transaction_timestamp"}
)
_CHANCES = frozenset({"random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "currval"})
_MANY = frozenset({"unnest", "unlist", "generate_subscripts"})


@lru_cache(maxsize=4096)
def refs(text: str) -> tuple[Ref, ...]:
    """Return the names that an expression uses, in its order; raise ExpressionProblem when it is not one expression."""
    tree = json.loads(_ask("SELECT json_serialize_sql(?)", [_HEAD + text + "\n"])[0][0])
    if tree.get("error"):
        message = str(tree.get("error_message", "")).splitlines()[0]
        position = str(tree.get("position"))
        raise ExpressionProblem(message, _offset(text, int(position) if position.isdecimal() else 0))
    node = tree["statements"][0]["node"]
    plain = node.get("from_table", {}).get("type") == "EMPTY" and not node.get("where_clause")
    several = len(tree["statements"]) != 1 or len(node.get("select_list", [])) != 1
    if several or not plain or node.get("modifiers") or node["select_list"][0].get("alias"):
        raise ExpressionProblem("this is not one expression", _first_token(text))
    return tuple(_walk(node["select_list"][0], frozenset(), text))


@lru_cache(maxsize=4096)
def meaning(text: str) -> str:
    """Return what tells an expression from one that means something else: not how it is spaced, or what remarks it has.

    A text that is no expression stands for itself.
    """
    tree = json.loads(_ask("SELECT json_serialize_sql(?)", [_HEAD + text + "\n"])[0][0])
    return text if tree.get("error") else json.dumps(_placeless(tree["statements"]), sort_keys=True)


def _placeless(node: Any) -> Any:
    """Return a part of a tree without what says where it stands."""
    if isinstance(node, list):
        return [_placeless(item) for item in node]
    if isinstance(node, dict):
        return {key: _placeless(item) for key, item in node.items() if not key.startswith("query_location")}
    return node


def _first_token(text: str) -> int:
    """Return where the first token of a text begins."""
    return len(text) - len(text.lstrip())


def _offset(text: str, position: int, head: int = len(_HEAD)) -> int:
    """Return the character of a text that DuckDB means by a byte of the statement with its head."""
    written = text.encode()
    at = min(max(position - head, 0), max(len(written) - 1, 0))
    return len(written[:at].decode(errors="ignore"))


def _walk(node: Any, hidden: frozenset[str], text: str) -> Iterator[Ref]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, hidden, text)
    elif isinstance(node, dict):
        kind = node.get("class")
        if kind == "COLUMN_REF":
            names = tuple(node["column_names"])
            if names[0] not in hidden:
                offset = _offset(text, node["query_location"])
                _refuse(str(names[0]).lower() if len(names) == 1 else "", offset, len(names[0]))
                yield Ref(names, offset)
        elif kind == "LAMBDA":
            own = {ref.names[0] for ref in _walk(node["lhs"], frozenset(), text)}
            yield from _walk(node["expr"], hidden | own, text)
        else:
            if kind in ("FUNCTION", "STAR", "PARAMETER", "WINDOW", "SUBQUERY"):
                name = str(node.get("function_name", "")).lower()
                name = "now" if name == "age" and len(node["arguments"]) == 1 else name
                _refuse(name if kind == "FUNCTION" else str(kind), _offset(text, node["query_location"]), len(name))
            for item in node.values():
                yield from _walk(item, hidden, text)


def _refuse(name: str, offset: int, width: int) -> None:
    """Refuse what looks at more than one record, makes several of one, or differs from run to run."""
    said = {
        "STAR": "'*' stands for several fields, and an expression gives one value",
        "PARAMETER": "an expression has no parameters",
        "WINDOW": "an expression sees one record, so it has no window",
        "SUBQUERY": "an expression sees one record, so it has no subquery",
    }
    if name in _CLOCKS:
        raise ExpressionProblem(f"'{name}' is the machine's time; use run.today", offset, width)
    if name in _CHANCES:
        raise ExpressionProblem(f"'{name}' gives another value in each run", offset, width)
    if name in _MANY:
        raise ExpressionProblem(f"'{name}' makes several records of one; use from: {{each: ...}}", offset, width)
    if name in said:
        raise ExpressionProblem(said[name], offset)


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
    fields = ", ".join([*(f"{_null(kind)} AS {_quote(name)}" for name, kind in tree.items()), '1 AS "_"'])
    return str(_ask(f'{_BIND}{text}\n), "_" FROM (SELECT {fields})', about=text)[0][1])


@lru_cache(maxsize=4096)
def gives_null(constant: str) -> bool:
    """Say whether an expression over constants gives NULL, or fails."""
    try:
        return bool(_ask(f"SELECT ({constant}) IS NULL")[0][0])
    except ExpressionProblem:
        return True


@lru_cache(maxsize=1024)
def regex_problem(pattern: str) -> str | None:
    """Return what is wrong with a regular expression, as DuckDB reads them; None for a good one."""
    try:
        _ask("SELECT regexp_matches('', ?)", [pattern])
    except ExpressionProblem as problem:
        return problem.message
    return None


@lru_cache(maxsize=1024)
def pattern_problem(pattern: str) -> str | None:
    """Return what is wrong with a pattern of dates or times; None for a good one."""
    try:
        _ask("SELECT try_strptime('', ?)", [pattern])
    except ExpressionProblem as problem:
        return problem.message.rpartition(": ")[2]
    return None


def _null(kind: Any) -> str:
    if isinstance(kind, str):
        return f"NULL::{kind}"
    return "{" + ", ".join(f"{_quote(name)}: {_null(part)}" for name, part in kind.items()) + "}"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_BIND = "DESCRIBE SELECT ("


def _ask(statement: str, values: list[Any] | None = None, about: str = "") -> list[Any]:
    import duckdb

    with _LOCK:
        try:
            rows: list[Any] = _connection().execute(statement, values).fetchall()
            return rows
        except duckdb.Error as error:
            raise _problem(str(error), about) from None


def _problem(message: str, about: str) -> ExpressionProblem:
    try:
        found = json.loads(message[message.index("{") :])
    except ValueError:
        return ExpressionProblem(message.splitlines()[0])
    text = str(found.get("exception_message", "")).splitlines()[0]
    if "must appear in the GROUP BY clause" in text:
        return ExpressionProblem("an expression sees one record, so it cannot sum up several", _first_token(about))
    if name := re.match(r"(?:Scalar |Table )?Function with name (\S+) does not exist", text):
        text = f"there is no function '{name[1]}'"
    text = text.removesuffix(". You might need to add explicit type casts.").replace("_LITERAL", "")
    begin, width = 0, 1
    if found.get("location"):
        begin, width = json.loads(found["location"])
    elif str(found.get("position", "")).isdecimal():
        begin = int(found["position"])
    offset = _offset(about, begin, len(_BIND))
    width = max(_offset(about, begin + width, len(_BIND)) - offset, 1)
    listed = [each.strip().strip('"') for each in str(found.get("candidates", "")).split(",")]
    candidates = tuple(each for each in listed if each.isidentifier())
    return ExpressionProblem(text, offset, width, str(found.get("name", "")), candidates)


@lru_cache(maxsize=1)
def _connection() -> Any:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    connection.execute("SET errors_as_json = true")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection
