"""Every shipped binding, from a row to an object in the shipped application and, where it says so, out of it again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from mapped import project

from engine.haplo.application import BEHAVIOUR, TYPE, Application
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.haplo.part import Emitted
from engine.haplo.target import application_case, data_types
from engine.kinds.types import TargetField, quote
from engine.stages.emit import emit

SCHEMAS = sorted(name for name in project().names("schema") if project().binding(name).model.startswith("TYPE:"))
PLAIN = {
    "text": "'a text'",
    "integer": "7",
    "number": "1.5",
    "boolean": "TRUE",
    "date": "DATE '2024-02-29'",
    "datetime": "TIMESTAMP '2024-02-29 08:30:00'",
    "time": "TIME '15:10'",
}
DAY = {"type": "datetime", "date": "2024-02-29"}
ARRIVES: dict[str, Any] = {"integer": 7, "number": 1.5, "date": DAY, "time": "15:10:00"}
"""What stands in Haplo for values that are sent as they are."""


def a_value(field: TargetField, name: str = "") -> str:
    """A value of a field, as SQL."""
    if field.ref is not None:
        return "'1'"
    if field.type == "list" and field.of is not None:
        return f"[{a_value(field.of, name)}]"
    if field.type == "enum":
        return f"'{(field.values or [])[0]}'"
    wire = {"email": "'a@b.example'", "website": "'https://b.example'", "phone": "'01632 960001'"}
    return wire.get(name, PLAIN[field.type])


def sent(entity: str, folder: Path, *, gone: bool = False) -> Emitted:
    """An entity's files with one row that has a value for each field, or with one that is gone."""
    schema = project().schema(entity)
    cells = [f"({a_value(each, name)})::{each.sql_type()} AS {quote(name)}" for name, each in schema.fields.items()]
    row = f"SELECT {', '.join(cells)}, []::VARCHAR[] AS _withheld"
    folder.mkdir()
    duckdb.sql(f"COPY ({row} {'LIMIT 0' if gone else ''}) TO '{folder / 'rows.parquet'}' (FORMAT parquet)")
    if gone:
        duckdb.sql(f"COPY (SELECT 'a text' AS source_id) TO '{folder / 'gone.parquet'}' (FORMAT parquet)")
    binding = project().binding(entity)
    return emit(
        schema,
        project().schemas(),
        binding,
        "s",
        folder / "rows.parquet",
        (),
        folder / "out",
        data_types=data_types(project().application("school"), binding.model),
        gone=folder / "gone.parquet" if gone else None,
    )


def imported(entity: str, emitted: Emitted, before: list[dict[str, Any]]) -> Outcome:
    """What Haplo makes of it; whom a row refers to is there."""
    case = application_case(project().application("school"))
    types = {"student": "school:type:student", "staff": "school:type:staff", "group": "school:type:group"}
    known = [{"ref": name, "type": kind, "behaviour": f"s:{name}:1"} for name, kind in types.items()]
    case["objects"] = [*case.get("objects", []), *known, *before]
    control = json.loads(emitted.control.read_bytes())
    files = {part.name: part.path for part in emitted.parts}
    return interpret(control, files, Application.from_case(case), today=date(2026, 1, 1))


def values(entity: str, folder: Path) -> dict[str, Any]:
    outcome = imported(entity, sent(entity, folder), [])
    assert (outcome.control_errors, outcome.errors, outcome.exception) == ([], [], None)
    [entry] = outcome.committed
    found: dict[str, Any] = entry["values"]
    return found


@pytest.mark.parametrize("entity", SCHEMAS)
def test_all_that_a_row_says_arrives(entity: str, tmp_path: Path) -> None:
    found, binding, fields = (
        values(entity, tmp_path / "there"),
        project().binding(entity),
        project().schema(entity).fields,
    )
    assert set(found) == {*binding.names, TYPE, BEHAVIOUR}
    plain = {name: fields[bound.from_].type for name, bound in binding.names.items() if bound.from_ and not bound.map}
    assert {name: found[name] for name, kind in plain.items() if kind in ARRIVES} == {
        name: [ARRIVES[kind]] for name, kind in plain.items() if kind in ARRIVES
    }


@pytest.mark.parametrize("entity", [name for name in SCHEMAS if project().binding(name).removed is not None])
def test_of_one_that_is_gone_only_the_rest_stays(entity: str, tmp_path: Path) -> None:
    removed = project().binding(entity).removed
    assert removed is not None
    before = values(entity, tmp_path / "there")
    code = before[BEHAVIOUR][0]["text"]
    there = {"ref": "it", "type": before[TYPE][0]["code"], "behaviour": code, "values": before}
    outcome = imported(entity, sent(entity, tmp_path / "gone", gone=True), [there])
    assert (outcome.control_errors, outcome.errors, outcome.exception) == ([], [], None)
    [entry] = outcome.committed
    assert set(before) - set(entry["values"]) == set(removed.clear)
    assert {name for name, value in entry["values"].items() if value != before[name]} == set(removed.set_)


@pytest.mark.parametrize("entity", ["attendance_mark", "behaviour_event"])
def test_what_a_source_gives_for_some_days_is_never_gone(entity: str) -> None:
    assert project().binding(entity).removed is None


@pytest.mark.parametrize(
    "entity", ["medical_condition", "dietary_need", "special_need", "exclusion", "assessment_result", "exam_result"]
)
def test_what_is_gone_leads_to_no_student_any_more(entity: str) -> None:
    removed = project().binding(entity).removed
    assert removed is not None
    assert "school:attribute:student" in removed.clear
