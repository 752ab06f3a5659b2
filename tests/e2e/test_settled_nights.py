"""The decisions that are expensive to change later, night after night: live, to a Haplo that keeps objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nights import CASE, FIRST, changes, held
from project import SCHOOL, Project, a_project, grants

from engine.simulators.replay import ReplaySimulator, read_index
from engine.state import State

pytestmark = pytest.mark.e2e
Records = list[dict[str, Any]]
STATUS, CODE = "school:attribute:status", "school:attribute:staff-code"
LEAD, MEMBER = "school:attribute:lead", "school:attribute:staff-member"
ALL = {"max_removed": "100%", "max_changed": "100%", "max_quarantined": "100%", "min_rows": 0}


@dataclass
class School:
    """A school of staff and groups alone, whose answers a test gives night by night."""

    project: Project
    answers: Path
    number: int = -1
    system: str = "simsnet"

    def night(self, staff: Records, groups: Records, *arguments: str, members: Records | None = None) -> None:
        """Let a night pass in which the source has these."""
        self.number += 1
        endpoints = {
            "Staff": {"Staff": staff},
            "PersonComms": {"PersonComms": []},
            "Groups": of_groups(groups, members),
        }
        answer(self.answers, self.system, **endpoints)
        simulator = self.project.xporter
        assert isinstance(simulator, ReplaySimulator)
        simulator.entries = read_index(self.answers)
        self.project.haplo.move_to(FIRST + timedelta(days=self.number))
        self.project.run("--yes", "--fresh", "--today", str(FIRST + timedelta(days=self.number)), *arguments).well()

    def of(self, entity: str, key: str) -> dict[str, list[Any]]:
        """Return what Haplo holds of one."""
        return held(self.project)[f"{SCHOOL}:{entity}:{key}"]

    def changes(self, entity: str) -> dict[str, int]:
        return {name: count for name, count in changes(self.project, entity).items() if name not in ("rows", "before")}


def of_groups(groups: Records, members: Records | None) -> dict[str, Records]:
    return {"Group": groups, "StaffMembers": members or [], "StudentMembers": []}


def answer(folder: Path, system: str, **endpoints: dict[str, Records]) -> None:
    """Write the answers of these endpoints, each on one page."""
    folder.mkdir(exist_ok=True)
    entries = []
    for endpoint, sets in endpoints.items():
        count = len(next(iter(sets.values())))
        pages = [{"PageSize": 1000, "PageNumber": 1, "PageCount": 1, "RowCount": count}]
        whole = {**sets, "meta": [{"MIS": system}], "__pagination__": pages}
        (folder / f"{endpoint}.json").write_text(json.dumps(whole), encoding="utf-8")
        entries.append({"path": f"/api/v1/School/9991234/{endpoint}/", "body": f"{endpoint}.json"})
    entries.append(grants(folder))
    (folder / "replay.json").write_text(json.dumps({"answers": entries}))


def one(key: str, **more: Any) -> dict[str, Any]:
    """Return a member of staff."""
    return {"Id": key, "Title": "Dr", "Forename": "Wren", "Surname": "Oakapple", "StaffStatus": "Current", **more}


def group(key: str, lead: str | None = None) -> dict[str, Any]:
    return {"Id": key, "Code": key, "Name": key, "Type": "TeachingGrp", "NumStudents": 0, "PrimaryStaffId": lead}


def member(of: str, who: str) -> dict[str, Any]:
    return {"Id": f"{of}-{who}", "GroupId": of, "StaffId": who, "StaffRole": None}


def no_guests(mapping: dict[str, Any]) -> None:
    mapping["where"] = [{"rule": "no-guests", "field": "Title", "not_in": ["Guest"]}]


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    answers = tmp_path / "answers"
    answer(answers, "", Staff={"Staff": []})
    with a_project(tmp_path, source=ReplaySimulator(folder=answers), haplo={"application": CASE}) as project:
        project.edit(lambda each: each.update(entities=["staff", "group"], guards=ALL))
        project.edit(lambda each: each["deliver"].update(kind="batch", mode="live"))
        project.change("mappings/xporter/staff.yaml", no_guests)
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        yield School(project, answers)


def test_three_states_of_a_value_reach_haplo(school: School) -> None:
    school.night([one("1", StaffCode="WO"), one("2", StaffCode="AB")], [])
    assert school.of("staff", "1")[CODE] == ["WO"]
    school.night([one("1"), one("2")], [])
    assert school.of("staff", "1")[CODE] == ["WO"], "absent leaves alone"
    school.night([one("1", StaffCode=None), one("2", StaffCode="CD")], [])
    assert CODE not in school.of("staff", "1"), "null clears"
    assert school.of("staff", "2")[CODE] == ["CD"], "a value sets"


def test_bad_values_leave_what_haplo_has(school: School) -> None:
    school.night([one("1", StaffCode="WO")], [])
    school.night([one("1", StaffCode="W" * 51, Surname="Wrenfield")], [])
    assert school.of("staff", "1")[CODE] == ["WO"]
    assert school.of("staff", "1")["dc:attribute:title"][0]["last"] == "Wrenfield"
    assert school.project.books("staff")["told"] == {"staff_code: too-long (value)": 1}


def test_held_is_not_gone_and_may_be_pointed_to(school: School) -> None:
    school.night([one("1"), one("2")], [group("A", "1")])
    before = school.of("staff", "1")
    school.night([one("1", Surname=None), one("2")], [group("A", "1"), group("B", "1")])
    assert school.changes("staff") == {"held": 1, "unchanged": 1}
    assert school.of("staff", "1") == before
    assert before[STATUS] == ["current"]
    assert [school.of("group", key)[LEAD] for key in "AB"] == [["waters-edge:staff:1"]] * 2
    school.night([one("2")], [group("A", "1"), group("B", "2")])
    assert school.of("staff", "1")[STATUS] == ["past"], "and gone is gone, also after it was held"


def test_only_a_complete_read_removes_not_one_of_another_system(school: School) -> None:
    school.night([one("1"), one("2")], [])
    school.system = "another"
    school.night([one("2")], [])
    assert school.changes("staff") == {"kept": 1, "unchanged": 1}
    assert school.of("staff", "1")[STATUS] == ["current"]
    school.night([one("2")], [])
    assert school.changes("staff") == {"gone": 1, "unchanged": 1, "remove": 1}
    assert school.of("staff", "1")[STATUS] == ["past"]


def test_references_that_are_not_kept_are_told_by_rule(school: School) -> None:
    everybody = [one("filtered"), one("gone"), one("held"), one("here")]
    names = ["filtered", "gone", "held", "here", "quarantined", "unknown"]
    groups = [group(f"of-{name}", name) for name in names]
    members = [member("of-here", name) for name in names]
    school.night(everybody, groups, members=[member("of-here", "here")])
    assert school.project.books("group")["told"] == {"lead: unknown-reference (value)": 2}
    tonight = [one("filtered", Title="Guest"), one("held", Surname=None), one("here"), one("quarantined", Surname=None)]
    school.night(tonight, groups, members=members)
    rules = {
        "filtered": "reference-filtered",
        "gone": "reference-gone",
        "quarantined": "reference-quarantined",
        "unknown": "unknown-reference",
    }
    leads = {(f"of-{name}", "lead", rule, "value") for name, rule in rules.items()}
    items = {("of-here", "staff", rule, "item") for rule in rules.values()}
    lines = school.project.quarantine("group")
    told = {(each["source_key"], each["field"], each["rule"], each["level"]) for each in lines}
    assert told == leads | items
    assert school.project.books("group")["told"] == {
        **{f"lead: {rule} (value)": 1 for rule in rules.values()},
        **{f"staff: {rule} (item)": 1 for rule in rules.values()},
    }
    assert "group.lead: reference-gone (value): 1 records" in school.project.report()["notes"]
    assert sorted(school.of("group", "of-here")[MEMBER]) == ["waters-edge:staff:held", "waters-edge:staff:here"]


def test_references_of_a_run_that_leaves_the_others_out_are_told_by_what_was_sent(school: School) -> None:
    school.night([one("1"), one("2")], [group("A", "1")])
    school.night([one("1")], [group("A", "1")])
    groups = [group("A", "1"), group("B", "2"), group("C", "3")]
    school.night([one("1"), one("2"), one("3")], groups, "--only", "group")
    assert school.project.books("group")["told"] == {
        "lead: reference-gone (value)": 1,
        "lead: unknown-reference (value)": 1,
    }


def test_references_to_rows_that_were_new_are_sent_again_the_next_night_and_once(school: School) -> None:
    groups = [group("A", "1"), group("B", "2")]
    school.night([one("1")], [group("A", "1")])
    school.night([one("1"), one("2")], groups)
    assert school.changes("group") == {"new": 1, "unchanged": 1, "again": 1, "send": 2}
    school.night([one("1"), one("2")], groups)
    assert school.changes("group") == {"unchanged": 2, "again": 1, "send": 1}
    school.night([one("1"), one("2")], groups)
    assert school.changes("group") == {"unchanged": 2}


@pytest.mark.parametrize("status", [{"StaffStatus": "Wizard"}, {}], ids=["bad", "absent"])
def test_coming_back_without_a_status_is_current_again(status: dict[str, str], school: School) -> None:
    coded = [one("1", StaffCode="WO"), one("2", StaffCode="AB")]
    school.night(coded, [])
    school.night(coded[1:], [])
    assert school.of("staff", "1")[STATUS] == ["past"]
    back = [{"Id": key, "Title": "Dr", "Forename": "Wren", "Surname": "Oakapple", **status} for key in "12"]
    school.night(back, [])
    assert school.changes("staff")["returned"] == 1
    assert [school.of("staff", key)[STATUS] for key in "12"] == [["current"], ["current"]]
    assert school.of("staff", "1")[CODE] == ["WO"], "what is not lost is left alone"
    school.night(coded, [])
    assert "changed" not in school.changes("staff")


def test_everything_is_sent_every_seven_days(school: School) -> None:
    groups = [group("A")]
    school.night([one("1")], groups)
    for ago, sent in ((timedelta(days=6, hours=23), None), (timedelta(days=7), 1)):
        with State.open(school.project.folder / ".haplomap" / "state.sqlite") as state:
            for each in state.sent(SCHOOL).values():
                state.put_sent(SCHOOL, replace(each, full_at=each.sent_at - ago))
        school.night([one("1")], groups)
        assert school.changes("staff").get("send") == sent
        assert school.changes("group").get("send") == sent
    school.night([one("1")], groups)
    assert "send" not in school.changes("staff"), "and then from there"


def test_what_was_sent_stands_where_no_live_batch_was_scheduled(school: School) -> None:
    staff, groups = [one("1"), one("2")], [group("A")]
    school.night([one("1")], groups)
    for arguments in (["--dry-run"], ["--no-deliver"]):
        school.night(staff, groups, *arguments)
        assert school.changes("staff")["new"] == 1
    school.project.edit(lambda each: each.update(deliver={"kind": "folder", "path": "outbox"}))
    school.night(staff, groups)
    assert school.changes("staff")["new"] == 2, "a folder is nobody's Haplo"
    school.project.edit(lambda each: each.update(deliver=live(school.project)))
    school.night(staff, groups)
    assert school.changes("staff")["new"] == 1
    school.night(staff, groups)
    assert "new" not in school.changes("staff")


def live(project: Project) -> dict[str, Any]:
    """Return how the school delivers from the start."""
    return {"kind": "batch", "url": project.haplo.url, "api_key": {"env": "WATERS_EDGE_HAPLO"}, "mode": "live"}
