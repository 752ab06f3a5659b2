"""Rows of tests in YAML and in CSV: what they hold, and where each value stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.document import parse
from engine.spec.tabled import Row, items, rows_at
from engine.spec.tables import CsvProblem


def rows(text: str, home: Path = Path()) -> list[Row]:
    document, problems = parse(text, Path("a.yaml"))
    assert problems == []
    assert document is not None
    return rows_at(document, ("rows",), home)


def said(found: list[Row]) -> list[dict[str, Any]]:
    return [{name: cell.value for name, cell in row.cells.items()} for row in found]


def test_values_of_yaml_stay_as_they_are_written() -> None:
    found = rows("rows:\n  - {a: 1.50, b: 007, c: 7, d: true, e: null, f: '', g: [1.0, x], h: {i: 2.0}}\n")
    values = {"a": "1.50", "b": "007", "c": "7", "d": True, "e": None, "f": "", "g": ["1.0", "x"], "h": {"i": "2.0"}}
    assert said(found) == [values]
    assert str(found[0].cells["c"].place) == "a.yaml:2:26"
    assert str(found[0].place) == "a.yaml:2:5"


def test_csv_in_the_document_is_read_line_by_line() -> None:
    found = rows('rows: |\n  a, b\n\n  1, "x, y"\n  2, "two\n  lines"\n  3,\n')
    assert said(found) == [{"a": "1", "b": "x, y"}, {"a": "2", "b": "two\nlines"}, {"a": "3", "b": None}]
    assert [row.place.line for row in found][::2] == [3, 7]
    assert found[0].csv


def test_csv_of_a_file_is_told_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("\ufeffa;b,c\n1;2,3\n".replace(";b", "").replace(";2", ""), encoding="utf-8")
    found = rows("rows: rows.csv\n", tmp_path)
    assert said(found) == [{"a": "1", "c": "3"}]
    assert str(found[0].place) == "rows.csv:2:1"


def test_items_of_a_list_in_csv_stand_between_semicolons() -> None:
    (row,) = rows("rows: |\n  a\n  x; y;\n")
    assert items(row.get("a"), row) == ["x", "y"]
    (row,) = rows("rows: [{a: x; y}]\n")
    assert items(row.get("a"), row) == "x; y"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rows: none.csv\n", "file-missing"),
        ("rows: |\n  a,a\n  1,2\n", "csv-unreadable"),
        ("rows: |\n  a,b\n  1\n", "csv-unreadable"),
        ('rows: |\n  a\n  "1\n', "csv-unreadable"),
        ("rows: latin.csv\n", "csv-unreadable"),
    ],
)
def test_csv_that_cannot_be_read_is_a_problem(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "latin.csv").write_bytes("a\né\n".encode("latin-1"))
    with pytest.raises(CsvProblem) as caught:
        rows(text, tmp_path)
    assert caught.value.code == code
