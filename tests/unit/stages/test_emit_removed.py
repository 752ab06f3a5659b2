"""Rows that are gone at the source, in the data files: what stands in them, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import TransformError
from engine.haplo.part import Emitted
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit

SCHEMA = Schema.model_validate({"schema": "pet", "sort": ["name"], "fields": {"source_id": {}, "name": {}}})


def _binding(form: str, removed: Any) -> Binding:
    given = {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "format": form}
    names = {"dc:attribute:title": "name", "x:a": "name"}
    return Binding.model_validate({**given, "names": names, "removed": removed or None})


def _emit(
    folder: Path, rows: list[str], gone: list[str | None] | None, form: str = "json", removed: Any = None, **more: Any
) -> Emitted:
    """Emit rows named after their keys, and others that are gone."""
    cells = ", ".join(f"('{key}', upper('{key}'), []::VARCHAR[])" for key in rows) or "('', '', []::VARCHAR[])"
    found = f"SELECT * FROM (VALUES {cells}) AS t(source_id, name, _withheld) WHERE source_id <> ''"
    duckdb.sql(f"COPY ({found}) TO '{folder / 'rows.parquet'}' (FORMAT parquet)")
    if gone is not None:
        (folder / "gone").mkdir()
        keys = ", ".join("(NULL)" if key is None else f"('{key}')" for key in gone)
        found = f"SELECT source_id::VARCHAR AS source_id FROM (VALUES {keys}) AS t(source_id)"
        duckdb.sql(f"COPY ({found}) TO '{folder / 'gone' / 'pet.parquet'}' (FORMAT parquet)")
        more["gone"] = folder / "gone" / "pet.parquet"
    binding = _binding(form, {"clear": ["x:a"]} if removed is None else removed)
    return emit(SCHEMA, {"pet": SCHEMA}, binding, "s", folder / "rows.parquet", (), folder / "out", **more)


def test_they_follow_the_others_in_the_order_of_their_keys(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, ["b", "d"], ["c/1", "a"])
    [part] = emitted.parts
    assert part.path.read_text() == (
        "[\n"
        '{"_code":"s:pet:b","name":"B"},\n'
        '{"_code":"s:pet:d","name":"D"},\n'
        '{"_code":"s:pet:a","_removed":"true"},\n'
        '{"_code":"s:pet:c_2F1","_removed":"true"}\n'
        "]\n"
    )
    assert (emitted.rows, emitted.gone, part.rows) == (4, 2, 4)


def test_tab_separated_files_have_a_column_for_them(tmp_path: Path) -> None:
    [part] = _emit(tmp_path, ["b"], ["c", "a"], "tsv").parts
    assert part.path.read_text() == "_code\t_removed\tname\ns:pet:b\t\tB\ns:pet:a\ttrue\ns:pet:c\ttrue"


def test_xml_marks_them_with_an_attribute(tmp_path: Path) -> None:
    [part] = _emit(tmp_path, ["b"], ["a"], "xml").parts
    assert part.path.read_text() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rows>\n'
        '<row _code="s:pet:b" name="B"/>\n<row _code="s:pet:a" _removed="true"/>\n</rows>\n'
    )


@pytest.mark.parametrize("form", ["json", "tsv", "xml"])
def test_they_are_cut_into_parts_as_all_others(form: str, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, ["b", "c"], [f"a{number}" for number in range(9)], form, limit=150)
    assert len(emitted.parts) > 1
    assert all(part.bytes <= 150 for part in emitted.parts)
    assert (sum(part.rows for part in emitted.parts), emitted.rows, emitted.gone) == (11, 11, 9)


def test_they_may_be_all_that_is_sent(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, [], ["a"])
    assert json.loads(emitted.parts[0].path.read_text()) == [{"_code": "s:pet:a", "_removed": "true"}]
    assert (emitted.rows, emitted.gone) == (1, 1)


def test_none_of_them_is_none(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, ["b"], None)
    assert (emitted.rows, emitted.gone) == (1, 0)


def test_a_binding_that_says_nothing_of_them_has_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not say what becomes of rows that are gone"):
        _emit(tmp_path, ["b"], ["a"], removed=False)
    assert not (tmp_path / "out").exists()


def test_a_row_cannot_be_there_and_gone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at once"):
        _emit(tmp_path, ["a", "b"], ["a"])


def test_one_without_a_key_stops_the_writing(tmp_path: Path) -> None:
    with pytest.raises(TransformError):
        _emit(tmp_path, ["b"], ["a", None])
