"""`haplomap review` as it is typed: what it says in each form, how it ends, and what a school's last records show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from project import SCHOOL, Project, a_project, by_id, call_here, wire

from tests.unit.review.repository import Repository, repository

pytestmark = pytest.mark.e2e

OVERRIDE = """
override:
  student:
    fields:
      family_name: {sql: "CASE WHEN Gender = 'F' THEN Surname END"}
      house: RegGroup
      county: Religion
"""
"""Boys have no family name here, which a student must have; everybody is in the house of their form; and what nobody
has read stands where the county should."""


def files_of(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def under_git(project: Project) -> Repository:
    """Put a project under version control, and write an override into its working tree."""
    repo = repository(project.folder)
    repo.commit({".gitignore": ".haplomap\n"}, "base")
    school = project.folder / "schools" / f"{SCHOOL}.yaml"
    school.write_text(school.read_text(encoding="utf-8") + OVERRIDE, encoding="utf-8")
    return repo


def test_what_a_change_does_to_the_last_records_of_a_school(tmp_path: Path) -> None:
    with a_project(tmp_path, pupils=20) as project:
        project.run().well()
        asked = len(project.xporter.requests)
        repo = under_git(project)
        before = files_of(project.folder)
        ended = project.call("review", "base", "--school", SCHOOL, "--format", "json")
        assert (ended.code, ended.err) == (1, "")
        assert files_of(project.folder) == before, "a review writes nothing into a project"
        assert len(project.xporter.requests) == asked, "and asks nobody"
        found = json.loads(ended.out)
        students = by_id(wire(project.xporter, "Students"))
        boys = [each for each in students.values() if each["Gender"] != "F"]
        girls = len(students) - len(boys)
        assert 0 < len(boys) < len(students)
        assert (found["before"], found["after"]) == ("base", "the working tree")
        meaning = [(each["kind"], each["subject"].split(".")[-1]) for each in found["meaning"]]
        assert ("override-changed", "family_name") in meaning
        assert ("pii-moved", "Gender") in [(kind, subject.split()[-1]) for kind, subject in meaning]
        (data,) = found["data"].values()
        counts = {(each["kind"], each["subject"]): each["count"] for each in data}
        assert counts["rows-lost", "student"] == counts["objects-lost", "student"] == len(boys)
        assert counts["quarantine-added", "student family_name: required"] == len(boys)
        formed = sum(bool(each["RegGroup"]) for each in students.values() if each["Gender"] == "F")
        assert (
            counts["cells-changed", "student.house"] == counts["attributes-changed", "student school:attribute:house"]
        )
        assert 0 < counts["cells-changed", "student.house"] <= formed <= girls
        assert ("pii-added", "xporter students.Religion") in {
            (each["kind"], each["subject"]) for each in found["meaning"]
        }
        assert not {subject for _, subject in counts if "county" in subject or "address" in subject}
        (name,) = found["data"]
        assert [note for note in found["notes"] if "no field" in note] == [
            f"{name}: the mirror of 'students' has no field 'Religion'"
        ]
        assert [note for note in found["notes"] if "not compared" in note] == [
            f"{name}: student.county is not compared: what one version makes it of is not in these records"
        ]
        left_out = counts["withheld-changed", "group_membership.student: reference-quarantined (value)"]
        assert left_out == counts["cells-changed", "group_membership.student"] > 0, (
            "who pointed to a boy points to nobody"
        )
        surnames = {each["Surname"] for each in boys if len(each["Surname"]) > 4}
        assert [name for name in surnames if name in ended.out] == []
        assert repo.git("status", "--porcelain").strip() == f"M schools/{SCHOOL}.yaml"


def test_a_school_that_was_never_read_and_names_that_are_none_are_told(tmp_path: Path) -> None:
    repo = repository(tmp_path / "project")
    assert (
        call_here("init", str(tmp_path / "project"), "--school", "riverside", "--source", "xporter", environ={}).code
        == 0
    )
    repo.commit({}, "base")

    def review(*words: str) -> tuple[int, str, str]:
        ended = call_here("review", *words, "--project", str(repo.folder), environ={})
        return ended.code, ended.out, ended.err

    assert review("base") == (0, "base → the working tree: no change in meaning\n", "")
    code, _, said = review("base", "--school", "riverside")
    assert (code, "'riverside' has no mirrors" in said) == (2, True)
    code, _, said = review("base", "--school", "rivreside")
    assert (code, "did you mean 'riverside'?" in said) == (2, True)
    code, _, said = review("base", "--fail-on", "pii-aded")
    assert (code, "did you mean 'pii-added'" in said) == (2, True)
    code, _, said = review("base", "--recorded", str(repo.folder))
    assert (code, "is no recording" in said) == (2, True)


def test_each_form_says_the_same_and_fail_on_decides_how_it_ends(tmp_path: Path) -> None:
    repo = repository(tmp_path / "project")
    assert call_here("init", str(repo.folder), "--school", "riverside", "--source", "xporter", environ={}).code == 0
    repo.commit({}, "base")
    school = repo.folder / "schools" / "riverside.yaml"
    odd = "override: {student: {fields: {house: {sql: \"'`a|b` <b>x</b>' || HouseGroup\"}, upn: UPN}}}\n"
    school.write_text(school.read_text(encoding="utf-8") + odd, encoding="utf-8")
    outs = [tmp_path / f"review.{end}" for end in ("md", "html", "json", "txt")]
    words = [word for out in outs for word in ("--out", str(out))]
    ended = call_here("review", "base", *words, "--project", str(repo.folder), environ={})
    assert (ended.code, ended.out, ended.err) == (1, "", "")
    markdown, page, facts, text = (out.read_text(encoding="utf-8") for out in outs)
    assert len(json.loads(facts)["meaning"]) == 2
    for form in (markdown, page, text):
        assert form.count("override-changed") == 2
        assert "2 changes in meaning (2 risky)" in form
    assert "`` {sql: '`a|b` <b>x</b>' || HouseGroup} ``" in markdown
    assert "<b>x</b>" not in page
    assert re.search(r"&lt;b&gt;x&lt;/b&gt;|&lt;.*b.*&gt;", page)
    assert not re.search(r"(src|href)=[\"'](?!#)", page), "a page of one file leads nowhere else"
    ended = call_here("review", "base", "--fail-on", "pii-added,rows-lost", "--project", str(repo.folder), environ={})
    assert (ended.code, "override-changed" in ended.out) == (0, True)
    listed = call_here("review", "--kinds", environ={})
    assert (listed.code, "pii-added " in listed.out) == (0, True)


def test_documents_with_problems_are_told_in_each_form(tmp_path: Path) -> None:
    repo = repository(tmp_path / "project")
    assert call_here("init", str(repo.folder), "--school", "riverside", "--source", "xporter", environ={}).code == 0
    repo.commit({}, "base")
    school = repo.folder / "schools" / "riverside.yaml"
    line = len(school.read_text(encoding="utf-8").splitlines()) + 1
    school.write_text(school.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    said = f"schools/riverside.yaml:{line}:1: error: unknown key 'colour' [unknown-key]"
    ended = call_here("review", "base", "--project", str(repo.folder), environ={})
    assert (ended.code, ended.out, said in ended.err) == (2, "", True)
    outs = [tmp_path / f"review.{end}" for end in ("md", "html", "json")]
    words = [word for out in outs for word in ("--out", str(out))]
    assert call_here("review", "base", *words, "--project", str(repo.folder), environ={}).code == 2
    markdown, page, facts = (out.read_text(encoding="utf-8") for out in outs)
    assert said in markdown
    assert said.replace("'", "&#39;") in page
    (problem,) = json.loads(facts)["problems"]
    assert (problem["version"], problem["code"], problem["line"]) == ("the working tree", "unknown-key", line)
