"""Achievements, incidents and exclusions of Xporter. Wren (9919) is of Year 7, Ash (8501) of Year 8."""

from __future__ import annotations

from datetime import date
from typing import Any

from mapped import Mapped, Record, run, said, unreached

STUDENTS = [{"Id": "9919", "YearGroup": "Year  7"}, {"Id": "8501", "YearGroup": "Year 8"}]

# Behaviour and achievement


MERIT = {
    "Id": "4000",
    "ConductId": "Ach.4000",
    "AchievementType": "Kindness ",
    "Date": "2017-05-10",
    "Activity": "Lunch",
    "Location": "Hall",
    "RecordedBy": "Mr A  Blacker",
    "RecordedOn": "2017-05-11T00:00:00",
    "Description": "Helped a new pupil\r\nall day",
    "Category": "Beh",
}
INCIDENT = {
    "Id": "4000",
    "ConductId": "Beh.4000",
    "BehaviourType": "Lunchtime  Incident",
    "Date": "2017-05-12",
    "Time": "Lunchtime",
    "Activity": "Games",
    "Status": "Unresolved",
    "Location": "Outside School Grounds",
    "RecordedBy": "Mrs B Green",
    "Outcome": "Letter home",
    "RecordedOn": "2017-05-12",
    "Description": "Graffiti on a wall",
    "Subject": "Art",
    "Category": "Beh",
}


def a_part(student: str, kind: str, event: str = "4000", **more: Any) -> Record:
    """A student's part in an event; `kind` is Ach or Beh."""
    link = {"Ach": "AchievementId", "Beh": "BehaviourId"}[kind]
    return {"Id": f"PL-{student}.{kind}.{event}", "StudentId": student, link: event, **more}


EVENTS = {
    "students": STUDENTS,
    "achievements": [MERIT],
    "student_achievements": [a_part("9919", "Ach", Points=10, Outcome="Commended", OutcomeCode="COM")],
    "staff_achievements": [{"Id": "PWT-1.Ach.4000", "StaffId": "1", "AchievementId": "4000"}],
    "behaviour": [INCIDENT],
    "student_behaviour": [
        a_part("9919", "Beh", Points=2, Outcome="Discussed with Pupil", OutcomeCode="DP", Role="Participant"),
        a_part("8501", "Beh", Points=-1, Outcome=None, OutcomeCode=None, Role=None),
    ],
    "staff_behaviour": [
        {"Id": "PWT-7.Beh.4000", "StaffId": "7", "BehaviourId": "4000"},
        {"Id": "PWT-2.Beh.4000", "StaffId": "2", "BehaviourId": "4000"},
    ],
}


def events(settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", "behaviour_event", {**EVENTS, **sets}, settings)


def test_an_achievement_is_read_from_end_to_end():
    assert said(events().emitted()["PL-9919.Ach.4000"]) == {
        "source_id": "PL-9919.Ach.4000",
        "title": "Kindness 2017-05-10",
        "student": "9919",
        "kind": "achievement",
        "event": "Ach.4000",
        "date": date(2017, 5, 10),
        "type": "Kindness",
        "activity": "Lunch",
        "location": "Hall",
        "description": "Helped a new pupil\nall day",
        "points": 10,
        "outcome": "Commended",
        "outcome_code": "COM",
        "staff": ["1"],
        "recorded_by": "Mr A Blacker",
        "recorded_on": date(2017, 5, 11),
    }


def test_an_incident_is_read_from_end_to_end():
    found = events()
    assert said(found.emitted()["PL-9919.Beh.4000"]) == {
        "source_id": "PL-9919.Beh.4000",
        "title": "Lunchtime Incident 2017-05-12",
        "student": "9919",
        "kind": "behaviour",
        "event": "Beh.4000",
        "date": date(2017, 5, 12),
        "time": "Lunchtime",
        "type": "Lunchtime Incident",
        "activity": "Games",
        "location": "Outside School Grounds",
        "subject": "Art",
        "description": "Graffiti on a wall",
        "role": "Participant",
        "points": 2,
        "outcome": "Discussed with Pupil",
        "outcome_code": "DP",
        "status": "Unresolved",
        "staff": ["2", "7"],
        "recorded_by": "Mrs B Green",
        "recorded_on": date(2017, 5, 12),
    }
    assert unreached("xporter", "behaviour_event", found) == set()


def test_each_student_of_an_event_has_a_row_with_points_and_outcome_of_his_own():
    rows = {row["student"]: row for row in events().emitted().values() if row["kind"] == "behaviour"}
    assert {student: (row["event"], row["points"], row["outcome"]) for student, row in rows.items()} == {
        "9919": ("Beh.4000", 2, "Discussed with Pupil"),
        "8501": ("Beh.4000", -1, "Letter home"),  # what came of the event, where nothing is said of him
    }


def test_an_event_without_a_type_is_called_by_its_kind():
    found = events(achievements=[{**MERIT, "AchievementType": " "}], behaviour=[{**INCIDENT, "BehaviourType": None}])
    titles = {row["title"] for row in found.emitted().values()}
    assert titles == {"Achievement 2017-05-10", "Behaviour 2017-05-12"}


def test_a_part_in_an_event_that_did_not_come_is_held_back():
    found = events(achievements=[])
    assert found.reasons() == {"PL-9919.Ach.4000": ("quarantined", "required")}


def test_parts_of_those_whom_we_do_not_send_are_left_out():
    found = events({"students": {"year_groups": ["Year 7"]}})
    assert set(found.emitted()) == {"PL-9919.Ach.4000", "PL-9919.Beh.4000"}
    assert found.reasons() == {"PL-8501.Beh.4000": ("filtered", "student-known")}
