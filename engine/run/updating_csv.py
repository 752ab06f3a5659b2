"""Rows that came, as lines of the CSV that a test expects: only lines that differ are written. Next: `run/updating`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from engine.spec.expected import UnfitError
from engine.spec.tabled import Row


@dataclass
class Lines:
    """What becomes of lines, by their number: new text, or None for one that goes; and what follows the last."""

    changed: dict[int, str | None] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)

    def applied(self, text: str) -> str:
        """Return the text of a file with the changes."""
        newline = "\r\n" if "\r\n" in text else "\n"
        lines: list[str | None] = list(text.replace("\r\n", "\n").removesuffix("\n").split("\n"))
        for number, new in self.changed.items():
            lines[number - 1] = new
        return "".join(line + newline for line in [*lines, *self.added] if line is not None)


def csv_lines(
    rows: Sequence[Row],
    expected: Sequence[Mapping[str, Any]],
    made: Mapping[str, Mapping[str, Any]],
    key: str,
    *,
    whole: bool,
) -> Lines:
    """Return what is to be changed in the lines of rows; raises `UnfitError` where a value cannot stand in CSV."""
    lines, columns = Lines(), list(rows[0].cells) if rows else []
    if not columns or any("\n" in str(cell.value) for row in rows for cell in row.cells.values()):
        raise UnfitError("a header and rows of one line each")
    for row, values in zip(rows, expected, strict=True):
        came = made.get(values[key])
        if came is None:
            lines.changed[row.place.line] = None
        elif any(came[name] != values[name] and name not in came["_withheld"] for name in columns):
            lines.changed[row.place.line] = _line(came, columns)
    there = {values[key] for values in expected}
    lines.added = [_line(came, columns) for name, came in made.items() if name not in there]
    others = [name for came in made.values() for name in came if name not in (*columns, "_withheld") and came[name]]
    if whole and others:
        raise UnfitError(f"a column '{others[0]}'")
    return lines


def _line(row: Mapping[str, Any], columns: Sequence[str]) -> str:
    return ", ".join(_cell(row[name]) for name in columns)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        parts = [_cell(item) for item in value]
        if any(";" in part or part.startswith('"') for part in parts):
            raise UnfitError("a list without semicolons in its items")
        return "; ".join(parts)
    if isinstance(value, dict):
        raise UnfitError("a value without records")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value.isoformat() if isinstance(value, datetime | date | time) else str(value)
    if "\n" in text or "\r" in text or text != text.strip():
        raise UnfitError("a text in one line")
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"') else text
