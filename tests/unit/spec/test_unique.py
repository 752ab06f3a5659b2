"""Rows that are alike where no two may be: held back, all of them, or sent and told."""

from __future__ import annotations

from pathlib import Path

import pytest
from trial import Trial

from engine.spec import project as project_module
from engine.spec.check import check
from engine.spec.project import open_project

RECORDS = [
    {"Id": "1", "Kind": "year", "Name": "Year 5"},
    {"Id": "2", "Kind": "year", "Name": "Year 5"},
    {"Id": "3", "Kind": "form", "Name": "Year 5"},
    {"Id": "4", "Kind": "form", "Name": "Year 5"},
    {"Id": "5", "Kind": "year", "Name": None},
    {"Id": "6", "Kind": "year", "Name": None},
    {"Id": "7", "Kind": None, "Name": "Year 6"},
]


def tried(unique: str) -> Trial:
    schema = (
        f"schema: thing\nkey: id\nsort: [id]\nunique: [{unique}]\n"
        "fields:\n  id: {required: true}\n  kind: {}\n  name: {}\n"
    )
    mapping = "fields: {id: Id, kind: Kind, name: Name}\n"
    return Trial({"things": {"Id": "text", "Kind": "text", "Name": "text"}}, schema=schema, mapping=mapping)


@pytest.mark.parametrize(
    ("unique", "alike"),
    [
        ("{fields: [name]}", ["1", "2", "3", "4"]),
        ("{fields: [kind, name]}", ["1", "2", "3", "4"]),
        ("{fields: [name], where: {kind: year}}", ["1", "2"]),
        ("{fields: [kind, name], where: {kind: form}}", ["3", "4"]),
        ("{fields: [id, name]}", []),
    ],
)
def test_rows_that_are_alike_are_held_back_all_of_them(unique: str, alike: list[str]) -> None:
    done = tried(unique).run({"things": RECORDS})
    assert [each[0] for each in done.held()] == alike
    assert {each[2:] for each in done.held()} <= {("not-unique", "row")}
    assert [row["id"] for row in done.rows] == [each for each in "1234567" if each not in alike]
    assert done.books.quarantined == ({"not-unique": len(alike)} if alike else {})


def test_as_a_warning_they_are_sent_and_told() -> None:
    done = tried("{fields: [name], where: {kind: year}, as: warning}").run({"things": RECORDS})
    assert len(done.rows) == 7
    assert done.books.told == {"name: not-unique (warning)": 2}
    assert done.held() == [("1", "name", "not-unique", "warning"), ("2", "name", "not-unique", "warning")]


def test_fields_that_are_unique_are_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = Path(__file__).parents[2] / "golden" / "project"
    monkeypatch.setattr(project_module, "shipped", lambda: golden)
    (tmp_path / "schemas").mkdir()
    text = (golden / "schemas" / "thing.yaml").read_text().rstrip()
    (tmp_path / "schemas" / "thing.yaml").write_text(f"{text}\nunique:\n  - {{fields: [nane], where: {{kint: x}}}}\n")
    found = [(each.code, each.what, each.place.column if each.place else 0) for each in check(open_project(tmp_path))]
    assert found == [("unknown-field", "'nane' is no field", 15), ("unknown-field", "'kint' is no field", 30)]
