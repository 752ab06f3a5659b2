"""Records and rows as tests write them: maps in YAML, or CSV; each value with its place.

Values stay as they are written: a number is its text, so `1.50` is no `1.5`. In CSV a blank cell is no value.
Next: `spec/check_tests`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.document import Document
from engine.errors import Place
from engine.spec.tables import CsvProblem


@dataclass(frozen=True)
class Cell:
    """A value of a row, as it is written: a text, true, false, None, a list or a map."""

    value: Any
    place: Place


@dataclass(frozen=True)
class Row:
    """A record, or a row. `number` counts from 0 among those it is written with; `csv`: not in YAML."""

    cells: dict[str, Cell]
    place: Place
    number: int
    csv: bool = False

    def get(self, name: str) -> Any:
        """Return the value of a field; None where it has none."""
        cell = self.cells.get(name)
        return None if cell is None else cell.value


def rows_at(document: Document, path: tuple[str | int, ...], home: Path) -> list[Row]:
    """Return the rows that are written at a path; `home` is the folder of the document. Raises `CsvProblem`."""
    written: Any = document.data
    for step in path:
        written = written[step]
    if not isinstance(written, str):
        return [_row(document, (*path, number), record, number) for number, record in enumerate(written)]
    if "\n" in written:
        return list(_read(io.StringIO(written), "this text", lambda line: document.block_place(path, line, 1)))
    shown = document.file.parent / written
    try:
        text = (home / written).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CsvProblem("file-missing", f"there is no file {written} beside this document") from None
    except (OSError, UnicodeDecodeError):
        raise CsvProblem("csv-unreadable", f"{written} cannot be read as CSV in UTF-8") from None
    return list(_read(io.StringIO(text, newline=""), written, lambda line: Place(shown, line)))


def _row(document: Document, path: tuple[str | int, ...], record: dict[str, Any], number: int) -> Row:
    cells = {
        name: Cell(_exact(document, (*path, name), value), document.place((*path, name)))
        for name, value in record.items()
    }
    return Row(cells, document.place(path), number)


def _exact(document: Document, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a value with its numbers as they are written."""
    if isinstance(value, dict):
        return {name: _exact(document, (*path, name), each) for name, each in value.items()}
    if isinstance(value, list):
        return [_exact(document, (*path, index), each) for index, each in enumerate(value)]
    return document.written(path) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _read(file: io.StringIO, said: str, place: Any) -> Iterator[Row]:
    reader = csv.reader(file, strict=True, skipinitialspace=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        if not head or len(set(head)) < len(head) or "" in head:
            raise CsvProblem("csv-unreadable", f"the first line of {said} must name each column once")
        before = reader.line_num
        for number, words in enumerate(words for words in reader if words):
            where = place(before + 1)
            before = reader.line_num
            if len(words) != len(head):
                what = f"line {before} of {said} has {len(words)} cells, and there are {len(head)} columns"
                raise CsvProblem("csv-unreadable", what)
            values = [word.strip() or None for word in words]
            yield Row(
                {name: Cell(value, where) for name, value in zip(head, values, strict=True)}, where, number, csv=True
            )
    except csv.Error:
        raise CsvProblem("csv-unreadable", f"{said} cannot be read as CSV: a quote is not closed") from None


def items(value: Any, row: Row) -> Any:
    """Return a cell that holds a list: in CSV its items stand between semicolons."""
    if not row.csv or not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(";") if item.strip()]
