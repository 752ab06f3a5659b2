"""The decisions that are expensive to change later, each from the wire to the files that Haplo is sent."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from project import ENTITIES, Project, a_project, grants, wire

from engine.simulators.column import ALL_SCOPES
from engine.simulators.replay import ReplaySimulator

pytestmark = pytest.mark.e2e
Records = list[dict[str, Any]]
DAY = "strftime(run.today, '%Y-%m-%d')"


def answering(tmp_path: Path, **endpoints: dict[str, Records]) -> AbstractContextManager[Project]:
    """Return a project whose source answers with these sets, each endpoint on one page."""
    folder = tmp_path / "answers"
    folder.mkdir()
    entries = []
    for endpoint, sets in endpoints.items():
        count = len(next(iter(sets.values())))
        pagination = [{"PageSize": 1000, "PageNumber": 1, "PageCount": 1, "RowCount": count}]
        (folder / f"{endpoint}.json").write_text(json.dumps({**sets, "__pagination__": pagination}), encoding="utf-8")
        entries.append({"path": f"/api/v1/School/9991234/{endpoint}/", "body": f"{endpoint}.json"})
    entries.append(grants(folder))
    (folder / "replay.json").write_text(json.dumps({"answers": entries}))
    return a_project(tmp_path, source=ReplaySimulator(folder=folder))


def a_group(key: str) -> dict[str, Any]:
    return {"Id": key, "Code": key, "Name": key, "Type": "TeachingGrp", "NumStudents": 0, "PrimaryStaffId": None}


def a_student(key: str, **more: Any) -> dict[str, Any]:
    return {"Id": key, "Forename": "Wren", "Surname": "Oakapple", "LegalSurname": None, "DateofBirth": None, **more}


def test_identity_a_key_is_text_and_no_two_keys_share_a_code(tmp_path: Path) -> None:
    codes = {
        "12/BBN": "12_2FBBN",
        "9919.2016-08-26.AM": "9919_2E2016-08-26_2EAM",
        "a.b": "a_2Eb",
        "a_2Eb": "a_5F2Eb",
        "0123": "0123",
        "123": "123",
        "7E1": "7E1",
        "70": "70",
        "Ł 1": "_C5_81_201",
        "x:y%z": "x_3Ay_25z",
    }
    groups = {"Group": [a_group(key) for key in codes], "StaffMembers": [], "StudentMembers": []}
    with answering(tmp_path, Groups=groups) as project:
        project.edit(lambda school: school.update(prefix="edge-1"))
        project.run("--only", "group", "--no-deliver").well()
        sent = project.emitted("group")
        assert set(sent) == {f"edge-1:group:{escaped}" for escaped in codes.values()}
        assert {record["code"]: code for code, record in sent.items()} == {
            key: f"edge-1:group:{escaped}" for key, escaped in codes.items()
        }


def test_identity_one_who_is_two_things_is_two_objects(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        people = project.xporter.school
        [parent] = [
            each for each in people.contacts if each.home_email and each.home_email == people.staff[1].home_email
        ]
        project.run("--only", "staff", "--only", "guardian", "--no-deliver").well()
        staff = project.emitted("staff")[f"waters-edge:staff:{people.staff[1].id}"]
        guardian = project.emitted("guardian")[f"waters-edge:guardian:{parent.id}"]
        assert staff["dc:attribute:title"] == guardian["dc:attribute:title"]
        assert not set(project.emitted("staff")) & set(project.emitted("guardian"))


def test_three_states_absent_leaves_alone_null_clears_a_value_sets(tmp_path: Path) -> None:
    with a_project(tmp_path, scopes=[scope for scope in ALL_SCOPES if scope != "Address"]) as project:
        project.run("--only", "student", "--no-deliver").well()
        sent = {code.rpartition(":")[2]: record for code, record in project.emitted("student").items()}
        theirs = {row["Id"]: row for row in wire(project.xporter, "Students")}
        absent = project.books("student")["absent"]
        notes = project.report()["notes"]
    assert set(sent) == set(theirs)
    born = {key: record["date_of_birth"] for key, record in sent.items()}
    assert born == {key: row["DateofBirth"] for key, row in theirs.items()}
    assert sum(day is None for day in born.values()) == 1
    assert {"address_line_1", "town", "county", "country"} <= set(absent)
    assert "student.town was not sent: Haplo keeps what it has" in notes
    for record in sent.values():  # the postcode comes with another scope
        assert set(record.get("std:attribute:address") or {}) <= {"postcode"}
        assert "boarding_house" not in record


def test_three_states_a_scope_that_is_lost_is_missing_from_every_record(tmp_path: Path) -> None:
    lost = {"Address", "StudentExtended", "StudentDemographic", "UPN"}
    with a_project(tmp_path, scopes=[scope for scope in ALL_SCOPES if scope not in lost]) as project:
        project.run("--only", "student", "--no-deliver").well()
        sent = list(project.emitted("student").values())
        told = set(project.books("student")["absent"])
    gone = {"date_of_birth", "upn", "legal_given_name", "legal_family_name", "entry_date", "leaving_date"}
    assert gone <= told
    assert len(sent) == 60
    for record in sent:
        assert not (gone | {"std:attribute:address", "boarder"}) & set(record)
        assert record["enrolment_status"] == "current"
        assert record["registration_group"]


def test_bad_values_hold_back_a_value_that_may_be_missing_and_a_row_that_needs_it(tmp_path: Path) -> None:
    students = [
        a_student("1", DateofBirth="2014-05-06"),
        a_student("2", DateofBirth="31/13/2014"),
        a_student("3", Surname=None),
        a_student("4", Surname="Endless" * 20),
        a_student("5", Surname=None, LegalSurname="Wrenfield"),
        a_student("6", DateofBirth="1812-01-01"),
    ]
    with answering(tmp_path, Students={"Students": students}, PersonComms={"PersonComms": []}) as project:
        ended = project.run("--only", "student").well()
        sent = {code.rpartition(":")[2]: record for code, record in project.emitted("student").items()}
        books, held = project.books("student"), project.quarantine("student")
        [batch] = project.scheduled()
        assert batch["files"][0]["size"] == len(project.files()["student-001.json"])
    assert set(sent) == {"1", "2", "5", "6"}
    assert sent["1"]["date_of_birth"] == "2014-05-06"
    assert sent["5"]["date_of_birth"] is None
    assert "date_of_birth" not in sent["2"]
    assert "date_of_birth" not in sent["6"]
    assert (books["read"], books["emitted"], sum(books["quarantined"].values())) == (6, 4, 2)
    assert {(line["source_key"], line["field"], line["rule"], line["level"]) for line in held} == {
        ("2", "date_of_birth", "type", "value"),
        ("6", "date_of_birth", "after", "value"),
        ("3", "family_name", "required", "row"),
        ("4", "family_name", "too-long", "row"),
    }
    assert "student: 1 quarantined: " in ended.out


def test_the_books_every_record_is_accounted_for_by_rule(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.small_pages(25)
        project.edit(
            lambda school: school["settings"].update(
                students={"year_groups": ["Year 7", "Year 8"]}, guardians={"types": ["Mother"]}
            )
        )
        ended = project.run("--no-deliver").well()
        books = {line["entity"]: line for line in project.report()["entities"]}
        students, links = wire(project.xporter, "Students"), wire(project.xporter, "StudentContacts")
        contacts = {row["Id"] for row in wire(project.xporter, "Contacts")}
        members = wire(project.xporter, "StudentMembers")
        sent = {entity: project.emitted(entity) for entity in ENTITIES}
    chosen = {row["Id"] for row in students if row["YearGroup"].split() in (["Year", "7"], ["Year", "8"])}
    parents = {link["ContactId"] for link in links if link["StudentId"] in chosen} & contacts
    mothers = {
        link["ContactId"] for link in links if link["StudentId"] in chosen and link["Relationship"] == "Mother"
    } & contacts
    assert 0 < len(chosen) < 60
    assert 0 < len(mothers) < len(parents) < len(contacts)
    assert books["student"]["filtered"] == {"year-group": 60 - len(chosen)}
    assert set(sent["student"]) == {f"waters-edge:student:{key}" for key in chosen}
    assert books["guardian"]["filtered"] == {
        "has-student": len(contacts - parents),
        "relationship-type": len(parents - mothers),
    }
    assert set(sent["guardian"]) == {f"waters-edge:guardian:{key}" for key in mothers}
    outside = sum(row["StudentId"] not in chosen for row in members)
    assert books["group_membership"]["filtered"] == {"member-known": outside}
    for line in books.values():
        out = line["merged"] + sum(line["filtered"].values()) + sum(line["quarantined"].values()) + line["emitted"]
        assert line["read"] + line["split"] == out
    assert f"student: {60 - len(chosen)} filtered by rule 'year-group'" in ended.out


def test_the_books_a_source_that_says_more_than_it_gives_is_not_believed(tmp_path: Path) -> None:
    fault = {"match": {"path": "/Students/"}, "do": {"drop_records": {"set": "Students", "count": 1}}}
    with a_project(tmp_path, faults=[fault]) as project:
        project.small_pages(100)
        ended = project.run("--only", "student")
        assert (ended.code, len(ended.codes)) == (1, 1)
        assert "59" in ended.err
        assert "60" in ended.err
        assert project.haplo.requests == []


def test_references_go_only_to_rows_of_an_earlier_batch(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school["settings"].update(students={"year_groups": ["Year 7", "Year 9"]}))
        project.run().well()
        batches = [batch["kind"] for batch in project.scheduled()]
        sent = {entity: project.emitted(entity) for entity in ENTITIES}
        theirs = {row["Id"] for row in wire(project.xporter, "Students")}
    assert sorted(batches) == sorted(ENTITIES)
    found: Counter[str] = Counter()
    for position, entity in enumerate(batches):
        known = {code for earlier in batches[:position] for code in sent[earlier]}
        for record in sent[entity].values():
            for code in codes_in({name: value for name, value in record.items() if name != "_code"}):
                assert code in known
                found[entity] += 1
    assert set(found) >= {"group", "student", "guardian", "group_membership"}
    assert 0 < len(sent["student"]) < len(theirs)


def codes_in(value: Any) -> list[str]:
    """Return the codes that stand anywhere in a record."""
    if isinstance(value, dict):
        return [code for item in value.values() for code in codes_in(item)]
    if isinstance(value, list):
        return [code for item in value for code in codes_in(item)]
    return [value] if isinstance(value, str) and value.startswith("waters-edge:") else []


def test_coming_back_every_row_writes_the_present_status(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--only", "student", "--only", "staff", "--no-deliver").well()
        assert {record["enrolment_status"] for record in project.emitted("student").values()} == {"current"}
        assert {record["status"] for record in project.emitted("staff").values()} == {"current"}


def dated(project: Project) -> None:
    """Have every group bear the day of the run."""
    project.edit(lambda school: school.update(override={"group": {"fields": {"code": {"sql": DAY}}}}))


def days_sent(project: Project) -> set[str]:
    return {record["code"] for record in project.emitted("group").values()}


def test_today_is_the_day_that_is_given(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        dated(project)
        project.run("--only", "group", "--no-deliver", "--today", "2024-02-29").well()
        assert project.report()["today"] == "2024-02-29"
        assert days_sent(project) == {"2024-02-29"}
        assert project.run("--only", "group", "--today", "2023-02-29").code == 2


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_that_of_the_school_wherever_it_is(zone: str, tmp_path: Path) -> None:
    """These two are 25 hours apart: their days are never the same."""
    with a_project(tmp_path) as project:
        dated(project)
        project.edit(lambda school: school.update(time_zone=zone))
        before = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
        project.run("--only", "group", "--no-deliver").well()
        after = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
        today = date.fromisoformat(project.report()["today"])
        assert today in (before, after)
        assert days_sent(project) == {today.isoformat()}


def test_today_is_kept_when_a_run_goes_on_after_midnight(tmp_path: Path) -> None:
    fault = {"match": {"path": "/Groups/"}, "do": {"status": 500}}
    with a_project(tmp_path, faults=[fault]) as project:
        dated(project)
        project.small_pages(5)
        assert project.run("--only", "group", "--no-deliver").code == 1
        journal = project.latest / "journal.jsonl"
        first, *others = journal.read_text(encoding="utf-8").splitlines()
        begun = json.loads(first)
        yesterday = (date.fromisoformat(begun["today"]) - timedelta(days=1)).isoformat()
        journal.write_text("\n".join([json.dumps({**begun, "today": yesterday}), *others, ""]), encoding="utf-8")
        project.xporter.faults.replace([])
        ended = project.run("--only", "group", "--no-deliver").well()
        assert "going on with" in ended.err
        assert project.report()["today"] == yesterday
        assert days_sent(project) == {yesterday}


def test_a_run_that_is_half_a_day_old_is_not_gone_on_with(tmp_path: Path) -> None:
    fault = {"match": {"path": "/Groups/"}, "do": {"status": 500}}
    with a_project(tmp_path, faults=[fault]) as project:
        project.small_pages(5)
        assert project.run("--only", "group", "--no-deliver").code == 1
        journal = project.latest / "journal.jsonl"
        first, *others = journal.read_text(encoding="utf-8").splitlines()
        begun = json.loads(first)
        began = datetime.fromisoformat(begun["began"]) - timedelta(hours=12, minutes=1)
        journal.write_text("\n".join([json.dumps({**begun, "began": began.isoformat()}), *others, ""]))
        project.xporter.faults.replace([])
        ended = project.run("--only", "group", "--no-deliver").well()
        assert "beginning" in ended.err
        assert len(project.runs()) == 2
