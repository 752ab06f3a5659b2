"""Data files that are not JSON: byte for byte, read back by Haplo's rules, and what they refuse to carry."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import DocumentError, TransformError
from engine.haplo.application import Application
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.haplo.part import Emitted
from engine.haplo.target import derived_application
from engine.kinds.types import literal, quote
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit

TODAY = date(2026, 1, 1)
FORMS = ["tsv", "xml"]
FIELDS: dict[str, Any] = {
    "source_id": {"type": "text"},
    "title": {"type": "text"},
    "first": {"type": "text"},
    "last": {"type": "text"},
    "whole": {"type": "integer"},
    "real": {"type": "number"},
    "flag": {"type": "boolean"},
    "day": {"type": "date"},
    "owner": {"type": "text", "ref": "owner"},
    "mails": {"type": "list", "of": {"type": "text"}},
    "home": {"type": "record", "fields": {"town": {"type": "text"}}},
    "status": {"type": "enum", "values": ["in", "out"]},
}
SCHEMA = Schema.model_validate({"schema": "pet", "fields": FIELDS})
SCHEMAS = {"pet": SCHEMA, "owner": Schema.model_validate({"schema": "owner", "fields": {}})}
TITLE = {"dc:attribute:title": "title"}
NAME = {"dc:attribute:title": {"person_name": {"first": "first", "last": "last"}}}


def _binding(form: str, names: dict[str, Any], **more: Any) -> Binding:
    given = {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "format": form, "names": names}
    return Binding.model_validate({**given, **more})


def _person(form: str, names: dict[str, Any]) -> Binding:
    return _binding(form, names, model="haplo:person", destination="profile")


def _emit(folder: Path, binding: Binding, rows: list[dict[str, Any]], absent: Any = (), **more: Any) -> Emitted:
    lines = []
    for row in rows:
        cells = [f"({row.get(name, 'NULL')})::{one.sql_type()} AS {quote(name)}" for name, one in SCHEMA.fields.items()]
        lines.append(f"SELECT {', '.join(cells)}, {literal(row.get('_withheld', []))}::VARCHAR[] AS _withheld")
    duckdb.sql(f"COPY ({' UNION ALL '.join(lines)}) TO '{folder / 'rows.parquet'}' (FORMAT parquet)")
    return emit(SCHEMA, SCHEMAS, binding, "s", folder / "rows.parquet", absent, folder / "out", **more)


def _interpreted(emitted: Emitted, binding: Binding, objects: Any = ()) -> Outcome:
    case = derived_application([binding], SCHEMAS)
    case["types"].append({"code": "x:type:owner", "attributes": []})
    case["objects"] += [{"ref": "o1", "type": "x:type:owner", "behaviour": "s:owner:1"}, *objects]
    control = json.loads(emitted.control.read_bytes())
    files = {part.name: part.path for part in emitted.parts}
    return interpret(control, files, Application.from_case(case), today=TODAY)


def _values(folder: Path, binding: Binding, row: dict[str, Any], absent: Any = (), objects: Any = ()) -> dict[str, Any]:
    outcome = _interpreted(_emit(folder, binding, [row], absent), binding, objects)
    assert (outcome.control_errors, outcome.errors, outcome.exception) == ([], [], None)
    [entry] = outcome.committed
    found: dict[str, Any] = entry["values"]
    return found


ROWS = [
    {"source_id": "'a.1'", "title": "'Rex'", "day": "DATE '2024-02-29'", "flag": "FALSE"},
    {"source_id": "'b'", "title": "'<T&J> \"x\"'", "mails": "['', 'm@x.example']"},
]
NAMES = {**TITLE, "x:day": "day", "x:flag": "flag", "x:mail": {"from": "mails", "first": True}}


def test_tsv_has_a_name_row_and_no_final_newline(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, _binding("tsv", NAMES), ROWS)
    [part] = emitted.parts
    assert (part.name, part.path.name, part.rows) == ("pet-001", "pet-001.tsv", 2)
    assert part.path.read_text("utf-8") == (
        "_code\ttitle\tday\tflag\tmails.first\n"
        "s:pet:a_2E1\tRex\t2024-02-29\tfalse\t\n"
        's:pet:b\t<T&J> "x"\t\t\tm@x.example'
    )
    assert json.loads(emitted.control.read_bytes())["files"] == {"DEFAULT": {"read": "tsv-with-name-row"}}


def test_xml_has_a_row_for_each_record(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, _binding("xml", NAMES), [{**ROWS[0], "_withheld": ["day"]}, ROWS[1]])
    [part] = emitted.parts
    assert part.path.name == "pet-001.xml"
    assert part.path.read_text("utf-8") == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rows>\n'
        '<row _code="s:pet:a_2E1" title="Rex" flag="false" mails.first=""/>\n'
        '<row _code="s:pet:b" title="&lt;T&amp;J&gt; &quot;x&quot;" day="" flag="" mails.first="m@x.example"/>\n'
        "</rows>\n"
    )
    assert json.loads(emitted.control.read_bytes())["files"] == {"DEFAULT": {"read": "xml-attributes"}}


@pytest.mark.parametrize("form", FORMS)
def test_parts_are_read_back_whole(form: str, tmp_path: Path) -> None:
    rows = [{"source_id": f"'{number}'", "title": "'é'"} for number in range(20)]
    binding = _binding(form, TITLE)
    emitted = _emit(tmp_path, binding, rows, limit=150)
    assert len(emitted.parts) > 1
    assert sum(part.rows for part in emitted.parts) == 20
    for part in emitted.parts:
        assert part.bytes == part.path.stat().st_size <= 150
    outcome = _interpreted(emitted, binding)
    assert (outcome.records, outcome.created, outcome.errors) == (20, 20, [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("field", "value", "made"),
    [
        ("title", "'0123'", "0123"),
        ("title", "'7E1'", "7E1"),
        ("title", "' padded '", " padded "),
        ("whole", "0", 0),
        ("whole", "-12", -12),
        ("real", "100.0", 100),
        ("real", "-2.50", -2.5),
        ("flag", "FALSE", "false"),
        ("day", "DATE '2024-02-29'", {"type": "datetime", "date": "2024-02-29"}),
        ("owner", "'1'", {"type": "ref", "ref": "o1"}),
        ("status", "'in'", "In"),
    ],
)
def test_a_value_means_what_it_means_in_json(form: str, field: str, value: str, made: Any, tmp_path: Path) -> None:
    bound = {"from": field, "map": {"in": "In"}} if field == "status" else field
    binding = _binding(form, {**TITLE, "x:a": bound})
    row = {"source_id": "'1'", "title": "'Rex'", field: value}
    assert _values(tmp_path, binding, row)["x:a"] == [made]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("row", "made"),
    [
        ({"first": "'Ada'", "last": "'King'"}, {"first": "Ada", "last": "King"}),
        ({"last": "'King'"}, {"last": "King"}),
        ({"first": "'Ada'", "last": "'King'", "_withheld": ["first"]}, {"last": "King"}),
    ],
)
def test_a_name_is_put_together(form: str, row: dict[str, Any], made: dict[str, str], tmp_path: Path) -> None:
    found = _values(tmp_path, _person(form, NAME), {"source_id": "'1'", **row})
    assert found["dc:attribute:title"] == [{"type": "person-name", **made}]


@pytest.mark.parametrize("form", FORMS)
def test_a_name_without_its_last_part_leaves_nothing_behind(form: str, tmp_path: Path) -> None:
    binding = _person(form, NAME)
    outcome = _interpreted(_emit(tmp_path, binding, [{"source_id": "'1'", "first": "'Ada'"}]), binding)
    assert (outcome.exception, outcome.errors) == (None, ["no title (record 0)"])


def _old(attribute: str) -> list[dict[str, Any]]:
    return [{"ref": "p1", "type": "x:type:pet", "title": "Rex", "behaviour": "s:pet:1", "values": {attribute: ["old"]}}]


@pytest.mark.parametrize(
    ("row", "absent", "left"),
    [
        ({}, (), []),
        ({"_withheld": ["status"]}, (), ["old"]),
        ({}, ["status"], ["old"]),
        ({"status": "'in'"}, (), ["in"]),
    ],
)
def test_xml_tells_blank_from_absent(row: dict[str, Any], absent: Any, left: list[str], tmp_path: Path) -> None:
    binding = _binding("xml", {**TITLE, "x:a": {"from": "status", "clear": True}, "x:mark": {"value": "seen"}})
    row = {"source_id": "'1'", "title": "'Rex'", **row}
    found = _values(tmp_path, binding, row, absent, _old("x:a"))
    assert found.get("x:a", []) == left


@pytest.mark.parametrize("absent", [(), ["status"]])
def test_tsv_keeps_what_it_says_nothing_of(absent: Any, tmp_path: Path) -> None:
    binding = _binding("tsv", {**TITLE, "x:a": "status", "x:mark": {"value": "seen"}})
    found = _values(tmp_path, binding, {"source_id": "'1'", "title": "'Rex'"}, absent, _old("x:a"))
    assert found["x:a"] == ["old"]


@pytest.mark.parametrize(
    ("form", "bound", "what"),
    [
        ("tsv", "mails", "is taken from a list, and tsv files hold single values; use format: json, or first: true"),
        ("xml", "mails", "is taken from a list, and xml files hold single values; use format: json, or first: true"),
        (
            "xml",
            {"from": "home", "part": "town"},
            "is taken from a part of a record, and xml files hold single values; use format: json",
        ),
        (
            "tsv",
            {"from": "status", "clear": True},
            "is to be cleared, and tsv files cannot tell a blank value from one that was not asked for; "
            "use format: json",
        ),
    ],
)
def test_a_binding_that_a_form_cannot_carry_is_told(form: str, bound: Any, what: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as failure:
        _emit(tmp_path, _binding(form, {**TITLE, "x:a": bound}), [{"source_id": "'1'"}])
    assert [(each.code, each.what) for each in failure.value.problems] == [("not-carried", f"'x:a' of pet {what}")]


@pytest.mark.parametrize(
    ("form", "character"),
    [("tsv", 9), ("tsv", 10), ("tsv", 13), ("xml", 0), ("xml", 1), ("xml", 11), ("xml", 31), ("xml", 0xFFFE)],
)
def test_what_a_form_cannot_carry_is_refused_by_name(form: str, character: int, tmp_path: Path) -> None:
    rows = [{"source_id": f"'{number}'", "title": f"'secret' || chr({character}) || 'x'"} for number in range(2)]
    rows.append({"source_id": "'3'", "title": "'fine'"})
    with pytest.raises(TransformError) as failure:
        _emit(tmp_path, _binding(form, TITLE), rows)
    assert failure.value.code == "not-carried"
    assert failure.value.what == f"pet: a {form} file cannot carry what is in 'title' (2 rows)"
    assert "secret" not in failure.value.why + failure.value.fix
    assert list((tmp_path / "out").iterdir()) == []


def test_xml_carries_line_ends_and_tabs(tmp_path: Path) -> None:
    value = "'a' || chr(10) || 'b' || chr(13) || chr(10) || 'c' || chr(9) || 'd'"
    found = _values(tmp_path, _binding("xml", TITLE), {"source_id": "'1'", "title": value})
    assert found["dc:attribute:title"] == ["a\nb\r\nc\td"]


def test_files_of_another_form_are_taken_away(tmp_path: Path) -> None:
    _emit(tmp_path, _binding("xml", TITLE), [{"source_id": "'1'"}])
    _emit(tmp_path, _binding("tsv", TITLE), [{"source_id": "'1'"}])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pet-001.tsv", "pet.control.json"]
