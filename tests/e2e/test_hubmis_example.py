"""The demo of HUBmis, as anybody calls it: a small school, imported twice, within the requests that go at once.

What its rows should be is worked out from the school that the simulator makes up, not from its answers.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from explained import follow
from project import call

from engine.simulators.hubmis.roll import SECTIONS, Roll
from engine.simulators.hubmis.server import HubmisSimulator
from engine.simulators.pool import HOUSES

pytestmark = pytest.mark.e2e

DAY = date(2026, 3, 2)
PUPILS = 45
ENTITIES = ["school", "staff", "group", "student", "guardian", "group_membership", "attendance_mark"]
TYPES = {"Mother", "Father", "Guardian"}
ONE_BY_ONE = {
    "student_enrolment": PUPILS,
    "student_contacts": PUPILS,
    "student_attendance_records": PUPILS,
}
"""Requests of what is asked for each student."""


def requests(folder: Path) -> Counter[str]:
    """The answers of a run, by endpoint."""
    answers = folder / "answers"
    return Counter(file.relative_to(answers).parts[0] for file in answers.rglob("*.json"))


def rows(folder: Path, entity: str) -> dict[str, dict[str, Any]]:
    found = pl.read_parquet(folder / "rows" / f"{entity}.parquet").to_dicts()
    return {row["source_id"]: row for row in found}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path], Roll]:
    """What the demo printed, the folders of its two runs, and the school as it is."""
    folder = tmp_path_factory.mktemp("hubmis")
    ended = call("demo", "hubmis", "--folder", str(folder / "demo"), environ={"TMPDIR": str(folder)}).well()
    runs = sorted(file.parent for file in (folder / "demo" / ".haplomap" / "larch-house").glob("2*/report.json"))
    roll = HubmisSimulator(pupils=PUPILS, seed=1, today=DAY).service.roll("S999", DAY)
    return ended.out, runs, roll


def test_all_entities_are_imported_and_the_second_time_nothing_is_new(shown: tuple[str, list[Path], Roll]) -> None:
    out, runs, _ = shown
    first, second = (json.loads((each / "report.json").read_text(encoding="utf-8")) for each in runs)
    assert [line["entity"] for line in first["entities"]] == ENTITIES
    for line in first["entities"]:
        left = sum(line["filtered"].values()) + sum(line["quarantined"].values())
        assert line["read"] + line["split"] == line["emitted"] + line["merged"] + left
        assert line["good"] == line["sent"] == line["emitted"] > 0
        assert line["quarantined"] == {}
    assert first["entities"] == second["entities"]
    total = sum(line["sent"] for line in first["entities"])
    assert f"imported: {total:,} created, 0 updated, 0 unchanged\n" in out
    assert f"imported once more: 0 created, 0 updated, {total:,} unchanged\n" in out


def test_every_value_is_followed_back_to_its_answer(shown: tuple[str, list[Path], Roll]) -> None:
    _, (first, _), _ = shown
    follow(first.parents[2], first.parent.name, first, ENTITIES)


def test_both_runs_fit_into_the_requests_that_go_at_once(shown: tuple[str, list[Path], Roll]) -> None:
    """A request for each that is asked for one by one, and for each page of a list; the pages of two have an end."""
    _, runs, roll = shown
    links = [link for pupil in roll.current for link in roll.parents.get(pupil.id, [])]
    counted = requests(runs[0])
    assert {name: counted[name] for name in ONE_BY_ONE} == ONE_BY_ONE
    assert counted["contact_phones"] == len({link.contact for link in links})
    assert counted["subject_set_students"] == len(roll.of_type("TeachingGrp"))
    assert counted["staff_employment"] == len(roll.staff)
    assert {counted[name] for name in ("students", "contacts", "staff", "subject_sets")} == {2}
    assert 2 * counted.total() < 500
    assert requests(runs[1]) == counted


def test_students_and_guardians_are_those_of_the_school(shown: tuple[str, list[Path], Roll]) -> None:
    _, (folder, _), roll = shown
    students = rows(folder, "student")
    assert set(students) == {str(pupil.id) for pupil in roll.current}
    for pupil in roll.current:
        row, bed = students[str(pupil.id)], roll.boarding(pupil)
        said = (row["legal_given_name"], row["family_name"], row["year_group"], row["entry_date"], row["boarder"])
        assert said == (pupil.forename, pupil.surname, f"Year {pupil.year}", pupil.entry, bed is not None)
        assert (row["registration_group"], row["boarding_house"]) == (pupil.form, None), "houses: [academic]"
        assert row["upn"] in (None, f"Z{pupil.id:012}")
        year, house = roll.year_group(pupil.year), roll.key(41 + roll.house(pupil))
        assert year is not None
        assert sorted(row["groups"]) == sorted([f"form-{pupil.form_id}", f"house-{house}", f"year-{year['id']}"])
    links = [link for pupil in roll.current for link in roll.parents.get(pupil.id, []) if link.relationship in TYPES]
    guardians = rows(folder, "guardian")
    related = [
        (key, each["student"], each["priority"]) for key, row in guardians.items() for each in row["relationships"]
    ]
    assert sorted(related) == sorted((str(link.contact), str(link.pupil), link.priority) for link in links)
    for key, row in guardians.items():
        responsible = [str(link.pupil) for link in links if link.contact == int(key) and link.responsible]
        assert sorted(row["responsible_for"]) == sorted(responsible)
        comms = roll.comms.get(("Contact", int(key)), [])
        assert row["phones"] == list(dict.fromkeys(comm.value for comm in comms if comm.kind in "TM"))
        assert row["emails"] == [comm.value for comm in comms if comm.kind == "E"][:1]


def test_groups_memberships_and_marks_are_those_of_the_school(shown: tuple[str, list[Path], Roll]) -> None:
    _, (folder, _), roll = shown
    groups = Counter(row["kind"] for row in rows(folder, "group").values())
    forms, sets, years = (len(roll.of_type(kind)) for kind in ("RegGrp", "TeachingGrp", "YearGrp"))
    tutor_groups = len(SECTIONS) * len(HOUSES)
    assert groups == {"year": years, "registration": forms + tutor_groups, "teaching": sets, "house": len(HOUSES)}
    current = {pupil.id for pupil in roll.current}
    members = {(group.id, key) for group in roll.of_type("TeachingGrp") for key in group.pupils if key in current}
    tutored = Counter(roll.tutor_group(pupil) for pupil in roll.current)
    found = rows(folder, "group_membership")
    of_sets = {key for key in found if key.startswith("student-set")}
    assert of_sets == {f"student-set-{group}-{key}" for group, key in members}
    of_tutors = Counter(row["group"] for key, row in found.items() if key.startswith("student-tutor"))
    assert sorted(of_tutors.values()) == sorted(tutored.values())
    days = [day for day in roll.school_days if 0 <= (DAY - day).days <= 14]
    marks = rows(folder, "attendance_mark")
    expected = {f"{key}.{day}.{half}" for key in current for day in days for half in ("AM", "PM")}
    entered = {str(pupil.id): pupil.entry for pupil in roll.current}
    assert set(marks) == {
        key for key in expected if date.fromisoformat(key.split(".")[1]) >= entered[key.split(".")[0]]
    }
    assert {"present"} < {row["category"] for row in marks.values()}
