"""Answers of the recorded form go through the shipped mappings as they are: our own, and the real ones where there are.

Of the real ones only first pages were recorded. They are served byte for byte; the pages after them, which their
counts promise, are made of them under other ids.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from project import SCHOOL, Project, a_project

from engine.simulators.replay import ReplaySimulator

pytestmark = pytest.mark.e2e
OWN = Path(__file__).parent / "replay" / "whole"
RECORDED = Path("/work/shared/reference/xporter-recorded")
FOLDERS = [folder for folder in (OWN, RECORDED) if folder.is_dir()]
MAIN_SETS = {"students": "Students", "staff": "Staff", "groups": "Group"}

Values = dict[str, dict[str, dict[str, Any]]]

OWN_VALUES: Values = {
    "student": {
        "5101": {
            "date_of_birth": date(2014, 2, 28),
            "boarder": True,
            "service_child": False,
            "free_school_meals": True,
            "english_additional": True,
            "special_needs": "K",
            "year_group": "Year 7",
            "admission_number": "000071",
            "gender": "female",
            "enrolment_status": "current",
            "groups": ["27", "71", "41"],
            "house": "Kestrel",
            "emails": ["imogen.oferrall@example.org"],
            "phones": ["07700 900451"],
            "address_line_1": "Flat 2, 4 Nowhere Lane",
            "town": "Aldermere",
            "country": "GB",
        },
        "5102": {
            "boarder": False,
            "service_child": True,
            "free_school_meals": None,
            "pupil_premium": True,
            "registration_group": "N1 PM,AM",
            "family_name": "Ashgrove",
            "legal_family_name": "Ashgrove-Núñez",
            "country": None,
            "groups": ["27"],  # group 72 was not recorded
        },
        "5103": {"admission_number": "A/0073", "address_line_1": "The Lodge, Brindlewick", "country": "GB"},
        "5104": {"date_of_birth": None, "gender": None, "registration_group": None, "entry_date": date(2024, 1, 8)},
    },
    "staff": {
        "12": {
            "roles": ["Teacher", "Head of House / Year"],
            "teacher": True,
            "support": False,
            "employment_start": date(2011, 9, 1),
            "emails": ["r.wrenfield@example.com"],
            "status": "current",
        },
        "13": {"roles": ["Administrator / Clerk"], "staff_code": None, "title": "Dr"},
    },
    "group": {
        "27": {"kind": "year", "name": "Year 7", "student_count": 3, "lead": None},
        "71": {"kind": "registration", "code": "7A", "lead": "12", "staff": ["12"]},
        "41": {"kind": "house"},
    },
}
RECORDED_VALUES: Values = {
    "student": {
        "3116": {
            "date_of_birth": date(2009, 1, 12),
            "boarder": True,
            "service_child": False,
            "free_school_meals": False,
            "english_additional": True,
            "special_needs": "K",
            "year_group": "Year 4",
            "registration_group": "4ES",
            "admission_number": "001275",
            "gender": "male",
            "entry_date": date(2012, 9, 1),
            "house": None,
            "country": "GB",
        },
        "3217": {"date_of_birth": date(2009, 11, 20), "special_needs": None, "year_group": "Year 3"},
    },
    "staff": {
        "2": {
            "roles": ["Administrator / Clerk"],
            "teacher": False,
            "support": True,
            "employment_start": date(1988, 4, 1),
            "staff_code": "RL",
            "status": "current",
        },
        "3": {"roles": ["Other Catering Staff"], "staff_code": None, "employment_start": date(2011, 9, 1)},
    },
    "group": {
        "31": {"kind": "year", "name": "Year 1", "code": "1", "student_count": 59, "lead": None},
        "30": {"kind": "year", "name": "Year 2"},
    },
}
VALUES = {OWN: OWN_VALUES, RECORDED: RECORDED_VALUES}
COUNTS = {OWN: {"student": 4, "staff": 2, "group": 3}, RECORDED: {"student": 4, "staff": 40, "group": 56}}
"""What the answers say they are part of: their RowCount."""
WITHOUT_A_GROUP = {OWN: 2, RECORDED: 4}
"""Students whose year or form is not among the recorded groups."""
NAMES_REPEATED = {OWN: {}, RECORDED: {"name": 56}}
"""Groups that bear the name of another one: the later pages of the recorded ones are like their first."""


def prepared(folder: Path, place: Path) -> Path:
    """Return a folder that can be replayed: ours as it is; for the recorded ones one with all their pages."""
    if folder == OWN:
        return OWN
    place.mkdir()
    entries = []
    for name, main_set in MAIN_SETS.items():
        first = (folder / f"{name}-0.json").read_bytes()
        (place / f"{name}-1.json").write_bytes(first)
        for number in range(1, json.loads(first)["__pagination__"][0]["PageCount"] + 1):
            if number > 1:
                (place / f"{name}-{number}.json").write_text(later_page(first, main_set, number), encoding="utf-8")
            query = {"page": str(number)}
            entries.append({"path": path_of(name), "query": query, "body": f"{name}-{number}.json"})
    (place / "token_details.json").write_bytes((folder / "token_details-0.json").read_bytes())
    entries.append({"path": "/api/v1/TokenDetails", "body": "token_details.json"})
    (place / "person_comms.json").write_text('{"PersonComms": []}')
    entries.append({"path": path_of("PersonComms"), "body": "person_comms.json"})
    (place / "replay.json").write_text(json.dumps({"answers": entries}))
    return place


def path_of(endpoint: str) -> str:
    return f"/api/v1/School/9991234/{endpoint}/"


def later_page(first: bytes, main_set: str, number: int) -> str:
    """Return a page like the first one, of other records."""
    page = json.loads(first)
    page["__pagination__"][0]["PageNumber"] = number
    for record in page[main_set]:
        record["Id"] = f"{record['Id']}{number:03}"
    return json.dumps(page, ensure_ascii=False)


def records_of(folder: Path, main_set: str) -> list[dict[str, Any]]:
    """Return the records of a set in the answers as they were recorded."""
    answers = [json.loads(file.read_bytes()) for file in sorted(folder.glob("*.json"))]
    return [record for answer in answers for record in answer.get(main_set, [])]


def replayed(folder: Path, tmp_path: Path) -> Any:
    return a_project(tmp_path, source=ReplaySimulator(folder=prepared(folder, tmp_path / "answers")))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_recorded_records_are_extracted_as_they_are(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "records"
    only = [argument for name in MAIN_SETS for argument in ("--only", name)]
    with replayed(folder, tmp_path) as project:
        ended = project.call("extract", SCHOOL, *only, "--out", str(out), "--format", "json").well()
    assert {line["set"]: line["undeclared"] for line in json.loads(ended.out)} == {name: [] for name in MAIN_SETS}
    for (name, main_set), count in zip(MAIN_SETS.items(), COUNTS[folder].values(), strict=True):
        landed = {row["Id"]: row for row in pl.read_parquet(out / f"{name}.parquet").to_dicts()}
        assert len(landed) == count
        records = records_of(folder, main_set)
        assert len(records) >= 2
        for record in records:
            own = landed[record["Id"]]
            wire = {("DateOfBirth" if key == "DateofBirth" else key): value for key, value in record.items()}
            wire["FsmEligible"] = wire.pop("FSMEligible", None)
            assert {key: own.get(key) for key in wire} == {
                key: None if value is None else str(value) for key, value in wire.items()
            }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_recorded_records_become_the_rows_that_they_mean(folder: Path, tmp_path: Path) -> None:
    with replayed(folder, tmp_path) as project:
        project.edit(lambda school: school["settings"].update(students={"support_flags": True}))
        only = [argument for entity in COUNTS[folder] for argument in ("--only", entity)]
        project.run("--no-deliver", *only).well()
        assert_values(project, VALUES[folder])
        for entity, count in COUNTS[folder].items():
            books = project.books(entity)
            assert (books["emitted"], books["quarantined"]) == (count, {})
            told = {said.partition(":")[0]: number for said, number in books["told"].items()}
            known = {"student": {"groups": WITHOUT_A_GROUP[folder]}, "group": NAMES_REPEATED[folder]}
            assert told == known.get(entity, {})
        assert all(line["unknown"] == [] for line in project.report()["sets"])


def assert_values(project: Project, values: Values) -> None:
    for entity, by_key in values.items():
        rows = project.rows(entity)
        for key, expected in by_key.items():
            assert {name: rows[key][name] for name in expected} == expected


def test_what_is_recorded_is_sent_in_the_form_that_haplo_takes(tmp_path: Path) -> None:
    with replayed(OWN, tmp_path) as project:
        project.run("--only", "student", "--no-deliver").well()
        student = project.emitted("student")["waters-edge:student:5101"]
        assert student["date_of_birth"] == "2014-02-28"
        assert student["boarder"] == "true"
        assert student["service_child"] is None  # support flags are not asked for
        assert student["groups"] == ["waters-edge:group:27", "waters-edge:group:71", "waters-edge:group:41"]
        assert "upn" not in student  # its scope was not granted: Haplo keeps what it has
        assert project.report()["entities"][0]["absent"] == ["upn", "national_curriculum_year", "boarding_house"]
