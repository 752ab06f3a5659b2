"""The reads of Xporter that are made from a table: filters that they want, days, scopes, pages, change sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from engine.simulators.event import EVENTS
from engine.simulators.life import Rates
from engine.simulators.person import Pupil
from engine.simulators.xod.seed import Ring

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]
TODAY = date(2026, 3, 2)  # a Monday


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("AttendanceForDateRange/", "The filter DateFrom must be given"),
        ("BehaviourForDateRange/", "The filter DateFrom must be given"),
        ("ExamResults", "At least one filter must be given: Students, "),
        ("assessmentresults/", "At least one filter must be given: Students, "),
        ("studentuserdefinedfields/", "The filter UDFName must be given"),
        ("TimetableForStudent/", "The filter id must be given"),
        ("Interventions", "The filter DateFrom must be given"),
    ],
)
def test_a_read_without_the_filter_it_wants_is_refused(path: str, said: str, start: Start) -> None:
    assert start().error(path).startswith(said)


def test_days_bring_what_is_of_them_and_nothing_of_days_to_come(start: Start) -> None:
    school = start()
    pupils = {row["Id"] for row in school.read("Students/")["Students"]}
    asked = {"DateFrom": "2026-02-27", "DateTo": "2026-03-06"}  # a Friday, and Friday next
    marks = school.read("AttendanceForDateRange/", **asked)["AttendMarks"]
    assert {(row["Date"], row["Session"]) for row in marks} == {
        (day, session) for day in ("2026-02-27", "2026-03-02") for session in ("AM", "PM")
    }
    assert {row["StudentId"] for row in marks} == pupils
    assert len({row["Id"] for row in marks}) == len(marks) == 4 * len(pupils)
    morning = school.read("AttendanceForDate/", date="2026-02-27", sessionType="AM")["AttendMarks"]
    assert {row["Id"]: row["Mark"] for row in morning} == {
        row["Id"]: row["Mark"] for row in marks if (row["Date"], row["Session"]) == ("2026-02-27", "AM")
    }


def test_who_took_part_comes_with_the_page_of_the_event(start: Start) -> None:
    school = start(pupils=300)
    asked = {"DateFrom": "2026-02-02", "DateTo": "2026-03-01", "pageSize": 5}
    page = school.read("BehaviourForDateRange/", **asked)
    assert len(page["Behaviour"]) == 5
    events = {row["Id"] for row in page["Behaviour"]}
    assert {row["BehaviourId"] for row in page["StudentBehaviour"]} == events
    assert all(row["Id"] == f"PL-{row['StudentId']}.Beh.{row['BehaviourId']}" for row in page["StudentBehaviour"])
    assert all(row["ConductId"] == f"Beh.{row['Id']}" for row in page["Behaviour"])
    assert "StudentIds" not in page["Behaviour"][0]
    with_ids = school.read("BehaviourForDateRange/", **asked, options="includeStudentIds")
    assert "StudentIds" in with_ids["Behaviour"][0]


def test_lessons_name_groups_and_staff_and_a_student_has_those_of_his_groups(start: Start) -> None:
    school = start()
    assert school.read("Timetable/")["Lessons"] == [], "nothing comes without an option"
    whole = school.read("Timetable/", options="includeLessons,includeLessonStaff,includeLessonRooms")
    assert {row["LessonId"] for row in whole["LessonStaff"]} >= {row["Id"] for row in whole["Lessons"]}
    days = {date.fromisoformat(row["StartDateTime"][:10]) for row in whole["Lessons"]}
    assert TODAY - timedelta(days=7) <= min(days)
    assert max(days) <= TODAY + timedelta(days=14)
    groups = school.read("Groups/", options="includeStudentMembers")["StudentMembers"]
    taught = {row["ClassId"] for row in whole["Lessons"]}
    student = next(row["StudentId"] for row in groups if row["GroupId"] in taught)
    own = {row["GroupId"] for row in groups if row["StudentId"] == student}
    timetable = school.read(f"TimetableForStudent/{student}")["Timetable"]
    assert {row["ClassId"] for row in timetable} == own & taught
    assert {row["Id"] for row in timetable} <= {row["PeriodId"] for row in whole["Lessons"]}


def test_scopes_open_reads_sets_and_columns(start: Start) -> None:
    school = start(scopes=["Conduct", "SEN"])
    assert school.error("AttendanceForDate/") == "The token does not have the scope for AttendanceForDate"
    event = school.read("AchievementForDateRange/", DateFrom="2026-02-01", DateTo="2026-03-01")
    assert "AchievementType" in event["achievementfordaterange"][0]
    assert "Description" not in event["achievementfordaterange"][0]
    needs = school.read("SEN/")
    assert needs["StudentSENProvisionHistory"]
    assert needs["StudentSENTypeHistory"] == [], "it needs another scope"


def test_a_change_set_tells_what_went_with_who_left(start: Start) -> None:
    only_leave = dict.fromkeys(EVENTS, 0.0) | {"leave": 1.0}
    school = start(rates=Rates(0.02, only_leave))
    first = school.read("SEN/", changedRows="*")
    token = first["__changedRows__"][0]["NextChangedRows"]
    same = school.read("SEN/", changedRows=token)
    assert same["StudentSENProvisionHistory"] == same["StudentSENProvisionHistory_deleted"] == []
    school.sim.move_to(TODAY + timedelta(days=20))
    later = school.read("SEN/", changedRows=token)
    now = {row["Id"] for row in school.read("SEN/")["StudentSENProvisionHistory"]}
    then = {row["Id"] for row in first["StudentSENProvisionHistory"]}
    assert {row["Id"] for row in later["StudentSENProvisionHistory_deleted"]} == then - now != set()
    assert {row["Id"] for row in later["StudentSENProvisionHistory"]} == now - then


def test_reads_made_by_hand_have_their_other_sets_too(start: Start) -> None:
    school = start()
    assert "StaffVehicles" not in school.read("Staff/")
    found = school.read("Staff/", options="includeStaffVehicles,includeHierarchy", pageSize=2)
    staff = {row["Id"] for row in school.read("Staff/")["Staff"]}
    assert {row["StaffId"] for row in found["StaffVehicles"]} <= staff
    assert {row["ChildStaffId"] for row in found["StaffHierarchy"]} <= staff
    below = school.read("Groups/", options="includeSubGroups")
    groups = {row["Id"]: row["Type"] for row in below["Group"]}
    assert {(groups[row["ChildGroupId"]], groups[row["ParentGroupId"]]) for row in below["SubGroups"]} == {
        ("RegGrp", "YearGrp")
    }


def test_columns_can_be_asked_for_in_all_sets(start: Start) -> None:
    found = start().read("DietaryNeeds/", select="Id,StudentId,Code as Kind")
    assert list(found["DietaryNeeds"][0]) == ["Id", "Kind"]
    assert list(found["StudentDietaryNeeds"][0]) == ["Id", "StudentId"]


def test_an_empty_night_has_no_rows_of_anybody(start: Start) -> None:
    school = start(nights={TODAY: "empty"})
    assert school.read("SEN/")["StudentSENProvisionHistory"] == []
    assert school.read("AttendanceForDate/")["AttendMarks"] == []


@pytest.mark.parametrize(
    ("path", "key"), [("Queries", "Endpoints"), ("Usage", "Usage"), ("Logs", "Logs"), ("GDPRIDs", "GDPR")]
)
def test_what_is_told_of_a_token_is_a_list_beside_the_four_keys(path: str, key: str, start: Start) -> None:
    answer = start().read(f"/api/v1/{path}")
    assert answer[key]
    assert {"Message", "ExceptionType", "ExceptionMessage", "InnerException"} < set(answer)


def test_who_leaves_changes_nothing_for_others() -> None:
    people = [Pupil(number, "", "", "", "F", None, 7, None, TODAY) for number in range(1, 200)]  # type: ignore[arg-type]
    before, after = Ring(people), Ring([one for one in people if one.id != 77])
    drawn = [(before.pick("event", key), after.pick("event", key)) for key in range(500)]
    assert {one.id for one, other in drawn if one is not other} <= {77}  # type: ignore[union-attr]
    assert len({one.id for one, _ in drawn if one}) > 100
