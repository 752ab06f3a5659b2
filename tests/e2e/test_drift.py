"""A source that has changed what it sends: told, and a failure where the school says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from project import Project, a_project, wire

pytestmark = pytest.mark.e2e
CODED = {"birth date": ("date_of_birth", "type"), "gender": ("gender", "code"), "forename": ("given_name", "too-long")}
"""What the simulator plants, and the field and the rule by which it is found."""


def renamed(old: str, new: str, page: int | None = None) -> dict[str, Any]:
    match = {"path": "/Students/"} if page is None else {"path": "/Students/", "page": page}
    return {"match": match, "do": {"rename_field": {"set": "Students", "from": old, "to": new}}}


def failing(project: Project, kind: str) -> None:
    project.edit(lambda school: school.update(drift={kind: "fail"}))


def test_a_field_that_is_renamed_on_all_pages_is_told(tmp_path: Path) -> None:
    with a_project(tmp_path, faults=[renamed("Gender", "Sex")]) as project:
        project.small_pages(20)
        ended = project.run("--only", "student").well()
        report = project.report()
        [students] = [line for line in report["sets"] if line["set"] == "students"]
        assert students["unknown"] == ["Sex"]
        assert "Gender" in students["absent"]
        for note in ("students.Gender is mapped, and was not sent", "students.Sex was sent, and nothing declares it"):
            assert note in report["notes"]
            assert f"note: {note}" in ended.out
        assert "gender" in project.books("student")["absent"]
        assert project.books("student")["emitted"] == 60
        assert not [record for record in project.emitted("student").values() if "gender" in record]


@pytest.mark.parametrize("kind", ["missing_field", "unknown_field"])
def test_a_renamed_field_ends_the_run_where_the_school_says_so(kind: str, tmp_path: Path) -> None:
    with a_project(tmp_path, faults=[renamed("Gender", "Sex")]) as project:
        project.edit(lambda school: school.update(override={"student": {"remove": ["boarding_house"]}}))
        failing(project, kind)
        ended = project.run("--only", "student")
        assert (ended.code, ended.codes) == (1, ["drift"])
        assert f"drift: {{{kind}: fail}}" in ended.err
        assert ("students.Gender" if kind == "missing_field" else "students.Sex") in ended.err
        assert project.report()["outcome"] == "failed"
        assert project.haplo.requests == []


def test_nothing_ends_where_nothing_drifted(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school.update(override={"student": {"remove": ["boarding_house"]}}))
        project.edit(lambda school: school.update(drift=dict.fromkeys(["missing_field", "unknown_field"], "fail")))
        project.run("--only", "student", "--no-deliver").well()


def test_a_field_that_is_renamed_half_way_ends_the_run(tmp_path: Path) -> None:
    with a_project(tmp_path, faults=[renamed("Gender", "Sex", page) for page in (2, 3)]) as project:
        project.small_pages(20)
        ended = project.run("--only", "student")
        assert (ended.code, ended.codes) == (1, ["field-vanished"])
        assert "field 'Gender' is on page 1 and not on pages 2-3" in ended.err
        assert project.haplo.requests == []


def test_bad_values_are_told_with_the_right_counts(tmp_path: Path) -> None:
    with a_project(tmp_path, mess=7) as project:
        ended = project.run("--only", "student").well()
        planted = [(str(key), CODED[what]) for key, what in project.xporter.school.messy]
        told = project.books("student")["told"]
        held = project.quarantine("student")
        rows, sent = project.rows("student"), project.emitted("student")
    assert len(planted) == 7
    for field, rule in CODED.values():
        count = sum(found == (field, rule) for _, found in planted)
        assert count >= 2
        assert told[f"{field}: {rule} (value)"] == count
        assert f"student.{field}: {rule} (value): {count} records" in ended.out
    for key, (field, rule) in planted:
        assert rows[key][field] is None
        assert f"waters-edge:student:{key}" in sent
        found = [line for line in held if (line["source_key"], line["field"]) == (key, field)]
        assert [(line["entity"], line["rule"], line["level"]) for line in found] == [("student", rule, "value")]
    assert {line["source_key"] for line in held} == {key for key, _ in planted}


def test_codes_never_seen_end_the_run_where_the_school_says_so(tmp_path: Path) -> None:
    with a_project(tmp_path, mess=7) as project:
        failing(project, "unknown_code")
        ended = project.run("--only", "student")
        assert (ended.code, ended.codes) == (1, ["drift"])
        assert "quarantine/student.parquet" in ended.err
        assert project.haplo.requests == []
        held = pl.read_parquet(project.latest / "quarantine" / "student.parquet")
        assert {"entity", "field", "rule", "source_key"} <= set(held.columns)


def test_a_quarantined_record_is_found_by_its_place(tmp_path: Path) -> None:
    """A page and a row beside the key: two records of one key could not be told apart otherwise."""
    with a_project(tmp_path, mess=7) as project:
        project.small_pages(20)
        project.run("--only", "student", "--no-deliver").well()
        order = [record["Id"] for record in wire(project.xporter, "Students")]
        for line in project.quarantine("student"):
            place = order.index(line["source_key"])
            assert (line["set"], line["page"], line["row"]) == ("students", place // 20 + 1, place % 20 + 1)
