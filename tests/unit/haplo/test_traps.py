"""The traps of the reference's section 15, "Traps for an emitter": how each is avoided, or refused.

Traps 2, 7 to 13 and 15 are in `test_compile`; the answers of trap 17, and the forms of trap 18 on the wire, are also
in `tests/e2e/test_delivery.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from engine.errors import DeliveryError, DocumentError, TransformError
from engine.haplo.api import BatchApi
from engine.haplo.application import Application
from engine.haplo.compile import compile_control
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.haplo.part import LARGEST, Emitted
from engine.haplo.target import derived_application
from engine.kinds.types import quote
from engine.secret import Secret
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit

TODAY = date(2026, 1, 1)
FIELDS = {
    "source_id": {"type": "text"},
    "title": {"type": "text"},
    "day": {"type": "date"},
    "moment": {"type": "datetime"},
    "flag": {"type": "boolean"},
}
SCHEMA = Schema.model_validate({"schema": "pet", "fields": FIELDS})
SCHEMAS = {"pet": SCHEMA}
TITLE = {"dc:attribute:title": "title"}


def _binding(names: dict[str, Any], form: str = "json") -> Binding:
    given = {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "format": form}
    return Binding.model_validate({**given, "names": {**TITLE, **names}})


def _emit(folder: Path, binding: Binding, *rows: dict[str, str], **more: Any) -> Emitted:
    lines = []
    for row in rows:
        cells = [f"({row.get(name, 'NULL')})::{one.sql_type()} AS {quote(name)}" for name, one in SCHEMA.fields.items()]
        lines.append(f"SELECT {', '.join(cells)}, []::VARCHAR[] AS _withheld")
    duckdb.sql(f"COPY ({' UNION ALL '.join(lines)}) TO '{folder / 'rows.parquet'}' (FORMAT parquet)")
    return emit(SCHEMA, SCHEMAS, binding, "s", folder / "rows.parquet", (), folder / "out", **more)


def _import(emitted: Emitted, binding: Binding, values: dict[str, Any] | None = None) -> Outcome:
    case = derived_application([binding], SCHEMAS)
    if values is not None:
        there = {"ref": "p1", "type": "x:type:pet", "title": "Rex", "behaviour": "s:pet:1", "values": values}
        case["objects"].append(there)
    control = json.loads(emitted.control.read_bytes())
    files = {part.name: part.path for part in emitted.parts}
    outcome = interpret(control, files, Application.from_case(case), today=TODAY)
    assert (outcome.control_errors, outcome.exception) == ([], None)
    return outcome


def _problems(names: dict[str, Any], data_types: dict[str, str]) -> list[str]:
    with pytest.raises(DocumentError) as failure:
        compile_control(SCHEMA, SCHEMAS, _binding(names), {"dc:attribute:title": "text", **data_types})
    return [problem.what for problem in failure.value.problems]


def _sources(instructions: Any) -> Iterator[dict[str, Any]]:
    """Every instruction, also of nested lists."""
    for one in instructions:
        yield one
        for key in ("then", "else", "instructions", "otherwise"):
            yield from _sources(one.get(key, []))


REX = {"source_id": "'1'", "title": "'Rex'"}


@pytest.mark.parametrize("field", ["day", "moment"])
def test_trap_1_dates_are_written_in_the_form_that_they_are_read_in(field: str, tmp_path: Path) -> None:
    binding = _binding({"x:when": field})
    [entry] = _import(_emit(tmp_path, binding, {**REX, field: "'2012-02-29 23:59:59'"}), binding).committed
    assert entry["values"]["x:when"] == [{"type": "datetime", "date": "2012-02-29"}]


@pytest.mark.parametrize("value", ["DATE '0001-01-01' - 1", "DATE '9999-12-31' + 1", "DATE 'infinity'"])
def test_trap_1_dates_that_would_be_misread_are_not_written(value: str, tmp_path: Path) -> None:
    with pytest.raises(TransformError):
        _emit(tmp_path, _binding({"x:when": "day"}), {**REX, "day": value})


@pytest.mark.parametrize(
    ("bound", "what"),
    [
        ("title", "text"),
        ({"value": "31/02/2024"}, "a constant that is no date such as 2024-09-01"),
        ({"value": "2024-02-30"}, "a constant that is no date such as 2024-09-01"),
        ({"value": "20240229"}, "a constant that is no date such as 2024-09-01"),
        ({"value": True}, "a constant that is no date such as 2024-09-01"),
        ({"from": "day", "map": {"2024-01-01": "soon"}}, "what map: makes of a date"),
    ],
)
def test_trap_1_what_nobody_has_checked_is_no_date(bound: Any, what: str) -> None:
    told = _problems({"x:when": bound}, {"x:when": "datetime"})
    assert told == [f"'x:when' of pet is of the type datetime, and is given {what}"]


def test_trap_3_false_is_a_word_and_nothing_is_taken_away(tmp_path: Path) -> None:
    binding = _binding({"x:flag": {"from": "flag", "clear": True}, "x:day": {"from": "day", "clear": True}})
    old = {"x:flag": ["true"], "x:day": [{"type": "datetime", "date": "2020-01-01"}]}
    [entry] = _import(_emit(tmp_path, binding, {**REX, "flag": "FALSE"}), binding, old).committed
    assert entry["values"]["x:flag"] == ["false"]
    assert entry["values"].get("x:day", []) == []


def test_trap_4_tsv_has_no_final_newline_no_mark_and_no_cut_values(tmp_path: Path) -> None:
    binding = _binding({}, "tsv")
    emitted = _emit(tmp_path, binding, REX, {**REX, "source_id": "'2'", "title": "'\"a\" b'"})
    data = emitted.parts[0].path.read_bytes()
    assert (data[:5], data[-1:]) == (b"_code", b"b")
    outcome = _import(emitted, binding)
    assert (outcome.records, outcome.errors) == (2, [])
    for cut in ("chr(9)", "chr(10)", "chr(13)"):
        with pytest.raises(TransformError, match="a tsv file cannot carry what is in 'title'"):
            _emit(tmp_path, binding, {**REX, "title": f"'a' || {cut} || 'b'"})


def test_trap_5_json_is_an_array_in_parts_whose_names_are_no_numbers(tmp_path: Path) -> None:
    rows = [{**REX, "source_id": f"'{number}'"} for number in range(12)]
    emitted = _emit(tmp_path, _binding({}), *rows, limit=45)
    names = [part.name for part in emitted.parts]
    assert len(names) == 12
    assert names == sorted(names)
    assert not any(name.isdigit() for name in names)
    assert all(part.path.read_bytes().startswith(b"[\n") for part in emitted.parts)
    assert json.loads(emitted.control.read_bytes())["files"] == {"DEFAULT": {"read": "json"}}
    assert LARGEST < 16_777_216


def test_trap_6_xml_has_only_its_declaration_before_the_root_and_no_cdata(tmp_path: Path) -> None:
    binding = _binding({}, "xml")
    emitted = _emit(tmp_path, binding, {**REX, "title": "'<![CDATA[x]]> <!-- y -->'"})
    text = emitted.parts[0].path.read_text("utf-8")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<rows>')
    assert "<![CDATA[" not in text
    assert "<!--" not in text
    [entry] = _import(emitted, binding).committed
    assert entry["values"]["dc:attribute:title"] == ["<![CDATA[x]]> <!-- y -->"]


def test_trap_9_no_mapping_by_title_and_no_default_is_ever_written() -> None:
    names = {"x:a": {"from": "title", "list": {"a": "x:l:a"}}, "x:b": {"from": "title", "map": {"a": "b"}}}
    control = compile_control(SCHEMA, SCHEMAS, _binding(names))
    assert {mapping["using"] for mapping in control["mapping"].values()} == {"behaviour"}
    assert all("mapInputValueDefault" not in one for one in _sources(control["instructions"]))


@pytest.mark.parametrize(("form", "values"), [("json", [None]), ("xml", [""])])
def test_trap_14_values_are_compared_only_with_what_stands_for_nothing(form: str, values: list[Any]) -> None:
    names = {"x:day": {"from": "day", "clear": True}, "x:flag": {"from": "flag", "clear": True}}
    instructions = compile_control(SCHEMA, SCHEMAS, _binding(names, form))["instructions"]
    compared = [one["values"] for one in _sources(instructions) if one.get("action") == "if-value-one-of"]
    assert compared == [values, values]


def test_trap_16_an_import_can_be_repeated(tmp_path: Path) -> None:
    binding = _binding({"x:day": "day"})
    emitted = _emit(tmp_path, binding, {**REX, "day": "DATE '2024-01-01'"})
    [made] = _import(emitted, binding).committed
    old = {name: value for name, value in made["values"].items() if name == "x:day"}
    again = _import(emitted, binding, old)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)


def test_trap_16_the_code_of_a_row_is_not_for_a_binding_to_set() -> None:
    behaviour = "std:attribute:configured-behaviour"
    told = _problems({behaviour: "title"}, {behaviour: "configuration-name"})
    assert told == [f"'{behaviour}' of pet is the code by which rows are found again, and is not for a binding to set"]


class _Wire:
    """Haplo in place of the network: it keeps what was asked, and answers what it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, status: int, body: str) -> None:
        self.asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            request.read()
            self.asked.append(request)
            return httpx.Response(status, text=body)

        real = httpx.Client
        monkeypatch.setattr(httpx, "Client", lambda **more: real(transport=httpx.MockTransport(answer), **more))
        self.api = BatchApi("https://haplo.example", Secret("k" * 44))


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (200, "<html>You are not permitted to perform this action.</html>", "the key's user may not import"),
        (403, "<html>Request denied for security reasons</html>", "Haplo refused the key"),
        (200, "<html>Welcome</html>", "did not give the answer that was due"),
    ],
)
def test_trap_17_a_page_is_not_success(status: int, body: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = _Wire(monkeypatch, status, body)
    with wire.api as api, pytest.raises(DeliveryError, match=what):
        api.schedule("b" * 44, "live")


def test_trap_18_multipart_only_for_files_and_with_a_file_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wire = _Wire(monkeypatch, 200, "a" * 64)
    path = tmp_path / "pet-001.json"
    path.write_text("[]")
    with wire.api as api:
        api.upload("b" * 44, "pet-001", path)
        api.create("c" * 64, "night")
    upload, create = wire.asked
    assert upload.headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"; filename="pet-001.json"' in upload.content
    assert create.headers["content-type"] == "application/x-www-form-urlencoded"
