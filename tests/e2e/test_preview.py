"""`haplomap preview`: rows beside their records, what is held back, again on every save; and nothing personal told."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
from project import ROOT, SCHOOL, Project, a_project, by_id, start, wire
from test_watch import Watcher

pytestmark = pytest.mark.e2e

HELD = {"student": {"fields": {"family_name": {"sql": "CASE WHEN Gender = 'F' THEN Surname END"}}}}
"""Boys have no family name here, and a student must have one."""


def test_the_commands_of_the_page_on_editing_work(tmp_path: Path) -> None:
    page = (ROOT / "mappings" / "editing.md").read_text(encoding="utf-8")
    lines = re.findall(r"^haplomap (preview .*)$", page, re.MULTILINE)
    assert len(lines) == 3
    with a_project(tmp_path) as project:
        for line in lines:
            words = [word for word in line.split() if word != "--watch"]  # below, in a process of its own
            assert "masked" in project.call(words[0], *words[1:]).well().out


def shown(project: Project, *arguments: str) -> list[dict[str, object]]:
    ended = project.call("preview", SCHOOL, *arguments, "--format", "json").well()
    found: list[dict[str, object]] = json.loads(ended.out)
    return found


def test_each_row_stands_beside_its_record(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        students = by_id(wire(project.xporter, "Students"))
        pairs = shown(project, "student", "--side-by-side", "--limit", "60", "--show-personal")
        assert len(pairs) == len(students)
        for pair in pairs:
            row, record = pair["row"], pair["record"]
            assert isinstance(row, dict)
            assert isinstance(record, dict)
            there = students[record["Id"]]
            assert pair["set"] == "students"
            assert row["source_id"] == record["Id"]
            assert record["Surname"] == there["Surname"]
            assert row["legal_family_name"] == record["LegalSurname"] == there["LegalSurname"]
            assert "RowHash" not in record
        masked = shown(project, "student", "--side-by-side", "--limit", "60")
        assert {value for pair in masked for value in pair["record"].values()} == {"•••", None}  # type: ignore[attr-defined]
        text = (
            project.call("preview", SCHOOL, "student", "--side-by-side", "--limit", "1", "--show-personal").well().out
        )
        first = students[str(pairs[0]["row"]["source_id"])]  # type: ignore[index]
        (line,) = [line.split("  ") for line in text.splitlines() if line.startswith("Forename ")]
        assert [part.strip() for part in line if part.strip()] == [
            "Forename",
            first["Forename"],
            "given_name",
            first["Forename"],
        ]
        assert text.startswith("row 1, of students\nsource ")
        members = shown(project, "group_membership", "--side-by-side", "--limit", "200")
        assert {pair["set"] for pair in members} == {"staff_members", "student_members"}
        assert all(pair["record"] for pair in members)
        text = project.call("preview", SCHOOL, "group_membership", "--side-by-side", "--limit", "200").well().out
        for block in text.split("\n\n"):
            mine, other = ("staff", "student") if "of staff_members" in block else ("student", "staff")
            assert f"of {mine}_members\n" in block
            assert f"{other}_members." not in block


def test_what_is_held_back_is_shown_with_its_reason_and_masked(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        assert "0 records quarantined" in project.call("preview", SCHOOL, "student", "--quarantined").well().out
        project.edit(lambda school: school.update(override=HELD))
        boys = {student["Id"] for student in wire(project.xporter, "Students") if student["Gender"] != "F"}
        held = shown(project, "student", "--quarantined", "--limit", "60", "--show-personal")
        assert {each["key"] for each in held} == boys
        assert {(each["set"], each["field"], each["reason"]) for each in held} == {
            ("students", "family_name", "required")
        }
        masked = project.call("preview", SCHOOL, "student", "--quarantined", "--limit", "60").well().out
        assert f"{len(boys)} records quarantined\n" in masked
        assert masked.count("students •••") == len(boys)
        assert "Gender: •••; Surname: •••" in masked
        surnames = {student["Surname"] for student in wire(project.xporter, "Students")}
        assert [name for name in surnames if name in masked] == []
        both = project.call("preview", SCHOOL, "student", "--quarantined", "--side-by-side")
        assert (both.code, both.out) == (2, "")
        assert "give one of them" in both.err


def test_a_preview_comes_again_on_every_save(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--no-deliver").well()
        asked = len(project.xporter.requests)
        words = ("preview", SCHOOL, "group", "--limit", "2", "--watch", "--project", str(project.folder))
        with start(*words, environ=project.environ, stderr=subprocess.STDOUT) as process:
            watcher = Watcher(process)
            watcher.until("rows; 0 quarantined", 60)
            file = project.folder / "schools" / f"{SCHOOL}.yaml"
            good = file.read_text(encoding="utf-8")
            file.write_text(good + "override: {group: {fields: {code: {value: changed}}}}\n", encoding="utf-8")
            watcher.until("changed", 10)
            file.write_text(good + "override: {group: {fields: {code: Coed}}}\n", encoding="utf-8")
            watcher.until("did you mean 'Code'", 10)
            watcher.until("1 error found", 10)
            file.write_text(good, encoding="utf-8")
            assert "changed" not in "".join(watcher.until("rows; 0 quarantined", 10))
            process.send_signal(signal.SIGINT)
            assert process.wait(5) == 0
        assert "Traceback" not in "".join(watcher.lines.queue)
        assert len(project.xporter.requests) == asked
