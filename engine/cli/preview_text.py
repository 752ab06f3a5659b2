"""How a preview looks: a table of rows, rows beside their records, what is held back. Next: `cli/commands/preview`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from engine.cli.show import table, width
from engine.run.beside import Beside, Held, Shown
from engine.spec.relation import Use

ROWS_ABREAST = 3
_OTHER = "…"
_ELSEWHERE = (
    f"{_OTHER}: of other records, joined or collected by the mapping; haplomap explain follows them after a run"
)


def rows_text(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table of rows, without columns in which no row has a value."""
    used = [name for name in fields if any(row[name] is not None for row in rows)]
    return _fitting(used, [[_shown(row[name]) for name in used] for row in rows])


def _fitting(names: list[str], rows: list[list[Any]]) -> str:
    """Return a table of rows; one with too many columns is turned, a few rows side by side."""
    whole = table(names, rows)
    columns = shutil.get_terminal_size((120, 24)).columns
    if width(whole.split("\n")[0]) <= columns and width(whole.split("\n")[1]) <= columns:
        return whole
    blocks = []
    for first in range(0, len(rows), ROWS_ABREAST):
        some = rows[first : first + ROWS_ABREAST]
        head = ["field", *(f"row {first + number}" for number in range(1, len(some) + 1))]
        blocks.append(table(head, [[name, *(row[i] for row in some)] for i, name in enumerate(names)]))
    return "\n\n".join(blocks)


def beside_text(shown: Shown, found: Sequence[Beside]) -> str:
    """Return a table for each row: what the record has, and what was made of it, field by field."""
    blocks = []
    for number, pair in enumerate(found, start=1):
        lines = _pairs(shown, pair)
        blocks.append(f"row {number}, of {pair.set}\n" + table(["source", "value", "target", "value"], lines))
    text = "\n\n".join(blocks)
    return f"{text}\n{_ELSEWHERE}" if any(f"  {_OTHER}" in block for block in blocks) else text


def _pairs(shown: Shown, pair: Beside) -> list[list[Any]]:
    """Return the lines of one row; a field of several origins has a line for each."""
    lines: list[list[Any]] = []
    told: set[str] = set()
    for target, value in pair.row.items():
        origins = shown.made_of(target, pair.set)
        own = {name for set_name, name in origins if set_name == pair.set}
        told |= own
        if value is None and all(pair.record.get(name) is None for name in own):
            continue
        first = [*_origin(pair, origins[0]), target, _shown(value)] if origins else ["", "", target, _shown(value)]
        lines += [first, *([*_origin(pair, use), "", ""] for use in origins[1:])]
    rest = [name for name, value in pair.record.items() if name not in told and value is not None]
    return lines + [[name, _shown(pair.record[name]), "", ""] for name in rest]


def _origin(pair: Beside, use: Use) -> list[Any]:
    """Return a field of the record with its value; one of another record by its name, with its value if it is known."""
    set_name, name = use
    whole = f"{set_name}.{name}"
    return (
        [name, _shown(pair.record.get(name))]
        if set_name == pair.set
        else [whole, _shown(pair.joined.get(whole, _OTHER))]
    )


def held_text(shown: Shown, found: Sequence[Held]) -> str:
    """Return a table of what is held back: the record, why, and what the source has for the field."""
    lines = [
        [
            f"{held.set} {held.key}",
            f"page {held.page}, record {held.number}",
            held.field or "",
            held.reason,
            "; ".join(_causes(shown, held)),
        ]
        for held in found
    ]
    return table(["record", "answer", "field", "reason", "at the source"], lines)


def _causes(shown: Shown, held: Held) -> list[str]:
    names = [name for set_name, name in shown.made_of(held.field, held.set) if set_name == held.set]
    return [f"{name}: {_said(held.record.get(name))}" for name in names]


def _said(value: Any) -> str:
    return "–" if value is None else str(_shown(value))


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return f"{len(value)} items" if any(isinstance(item, dict) for item in value) else ", ".join(map(str, value))
    return value
