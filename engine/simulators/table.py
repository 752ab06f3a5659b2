"""Rows as bytes: rendered once, cut into pages without copying, so that serving costs next to nothing.

Next: `bulk`, `xporter`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from engine.simulators.column import Endpoint, passes
from engine.simulators.wire import Row, Values

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Table:
    """Rendered rows in one stretch of bytes; `keys` are the ids of the rows, where they are wanted."""

    def __init__(self, rows: Sequence[bytes], keys: Sequence[str] = ()) -> None:
        self._bytes = memoryview(b",".join(rows))
        self.keys = keys
        self._starts = array("Q", [0])
        total = 0
        for row in rows:
            total += len(row) + 1
            self._starts.append(total)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def cut(self, first: int, last: int) -> memoryview:
        """The rows from `first` up to, not including, `last`, with commas between them."""
        if first >= last:
            return self._bytes[:0]
        return self._bytes[self._starts[first] : self._starts[last] - 1]


def render(rows: Iterable[Values], columns: Sequence[tuple[str, str]]) -> list[bytes]:
    """Each row as JSON with the given columns, under the given names."""
    same = all(column == name for column, name in columns)
    encode = _encoder.encode
    chosen = [column for column, _ in columns]
    if same:
        return [encode({column: values[column] for column in chosen}).encode() for values in rows]
    return [encode({name: values[column] for column, name in columns}).encode() for values in rows]


def choose(
    rows: list[Row],
    endpoint: Endpoint,
    options: frozenset[str],
    filters: list[tuple[str, frozenset[str]]],
    since: str,
    wanted_id: str,
) -> list[Values]:
    """The rows that options, filters and an id leave. A filter by status opens rows of all statuses."""
    by_status = any(column.endswith("Status") for column, _ in filters)
    needed = [column for option, column in endpoint.row_options.items() if option in options]
    return [
        values
        for needs, values in rows
        if (by_status or not needs or needs in options)
        and passes(values, filters, since)
        and all(values[column] for column in needed)
        and (not wanted_id or wanted_id in [values.get(column) for column in endpoint.id_columns])
    ]


def group_by(rows: Iterable[Row], column: str) -> dict[str, list[bytes]]:
    """Rendered rows of a secondary set by the main row they belong to."""
    found: dict[str, list[bytes]] = {}
    for row in rows:
        found.setdefault(row.values[column], []).append(_encoder.encode(row.values).encode())
    return found


def narrow(rows: memoryview, select: Sequence[tuple[str, str]]) -> bytes:
    """Rendered rows again, with some columns only; for rows that exist as bytes alone."""
    records: list[dict[str, Any]] = json.loads(b"[" + bytes(rows) + b"]")
    return b",".join(render(records, select))
