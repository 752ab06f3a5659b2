"""Rows as they are on the wire, and what keeps them from being made twice. Next: `wire`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

Values = dict[str, Any]


class Row(NamedTuple):
    """A row, and the option (lower case) without which it is not shown; empty for none."""

    needs: str
    values: Values


class Memo:
    """Rows that were made for records which are still the same objects: a new day costs what changed."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[Hashable, tuple[object, Row]]] = {}

    def rows(self, kind: str, items: Iterable[tuple[Hashable, object, Callable[[], Row]]]) -> list[Row]:
        """The rows of a set, of items of key, record and maker; those of before are given up."""
        before, now = self._rows.get(kind, {}), {}
        for key, record, make in items:
            known = before.get(key)
            now[key] = known if known is not None and known[0] is record else (record, make())
        self._rows[kind] = now
        return [row for _, row in now.values()]
