"""Rows as bytes: rendered once, cut into pages without copying, so that serving costs next to nothing.

Next: `bulk`, `xporter`.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.simulators.column import Endpoint, passes
from engine.simulators.memo import Row, Values
from engine.simulators.message import Part

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Table:
    """Rendered rows in one stretch of bytes.

    Where they are wanted, `keys` are the ids of the rows and `sources` what each was rendered from.
    """

    def __init__(self, rows: Sequence[Part], keys: Sequence[str] = (), sources: Sequence[Values] = ()) -> None:
        self._bytes = memoryview(b",".join(rows))
        self.keys, self.sources = keys, sources
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


def render_anew(rows: Sequence[Values], columns: Sequence[tuple[str, str]], before: Table | None) -> Table:
    """A table of rows; those that stood in the same table before, unchanged, are not rendered again."""
    known: dict[str, int] = {}
    if before is not None:
        known = {key: at for at, key in enumerate(before.keys)}
    fresh: list[Values] = []
    places: list[int | None] = []
    for values in rows:
        at = known.get(values["Id"])
        if before is None or at is None or before.sources[at] is not values:
            fresh.append(values)
            at = None
        places.append(at)
    made: Iterator[bytes] = iter(render(fresh, columns))
    found: list[Part] = [next(made) if at is None or before is None else before.cut(at, at + 1) for at in places]
    return Table(found, [values["Id"] for values in rows], rows)


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


Member = tuple[str, Values, bytes]
"""A row of a secondary set: its id, what it was rendered from, and how it is written."""


def group_by(
    rows: Iterable[Row], column: str, before: dict[str, list[Member]] | None = None
) -> dict[str, list[Member]]:
    """Rendered rows of a secondary set by the main row they belong to; what was rendered before is used again."""
    known = {key: (values, text) for members in (before or {}).values() for key, values, text in members}
    found: dict[str, list[Member]] = {}
    for _, values in rows:
        key = values["Id"]
        old = known.get(key)
        text = old[1] if old is not None and old[0] is values else _encoder.encode(values).encode()
        found.setdefault(values[column], []).append((key, values, text))
    return found


def narrow(rows: memoryview, select: Sequence[tuple[str, str]]) -> bytes:
    """Rendered rows again, with some columns only; for rows that exist as bytes alone."""
    records: list[dict[str, Any]] = json.loads(b"[" + bytes(rows) + b"]")
    return b",".join(render(records, select))
