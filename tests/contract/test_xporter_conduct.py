"""Achievements, incidents and exclusions of Xporter. Wren (9919) is of Year 7, Ash (8501) of Year 8."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
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


# Exclusions


EXCLUSION = {
    "Id": "2318",
    "StudentId": "9919",
    "ExclusionType": "Fixed  Term",
    "ExclusionTypeCode": "FIXD",
    "ExclusionReason": "Theft",
    "ExclusionReasonCode": "TH",
    "ExclusionSessions": 3,
    "StartDate": "2017-05-01",
    "EndDate": "2017-05-02",
    "StartSession": "PM",
    "EndSession": "PM",
    "ExclusionDays": 1.5,
    "Comments": "Took a phone\r\nand gave it back",
    "DisciplinaryResult": "Exclusion Stands",
    "CommitteeHearingDate": "2017-05-10",
    "ParentalRepresentation": 1,
    "CommitteeReinstatementDate": "2017-05-11",
    "AppealIndicator": 1,
    "AppealDate": "2017-05-20",
    "AppealResult": "Turned down",
    "HearingNoticeOfAppealDate": "2017-05-12",
    "AppealReinstatementDate": "2017-05-21",
    "Term": "Spring Term",
    "AcademicYear": "2021/2022",
    "AgenciesInvolved": "Social services",
}


def exclusions(settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", "exclusion", {"students": STUDENTS, "student_exclusions": [EXCLUSION], **sets}, settings)


def test_an_exclusion_is_read_from_end_to_end():
    found = exclusions()
    assert said(found.only()) == {
        "source_id": "2318",
        "title": "Fixed Term 2017-05-01",
        "student": "9919",
        "kind": "suspension",
        "type": "Fixed Term",
        "reasons": ["Theft"],
        "reason_codes": ["TH"],
        "start_date": date(2017, 5, 1),
        "start_session": "PM",
        "end_date": date(2017, 5, 2),
        "end_session": "PM",
        "sessions": 3,
        "days": 1.5,
        "academic_year": "2021/2022",
        "term": "Spring Term",
        "comments": "Took a phone\nand gave it back",
        "agencies": "Social services",
        "committee_date": date(2017, 5, 10),
        "committee_result": "Exclusion Stands",
        "parents_represented": True,
        "committee_reinstatement": date(2017, 5, 11),
        "appeal": True,
        "appeal_notice": date(2017, 5, 12),
        "appeal_date": date(2017, 5, 20),
        "appeal_result": "Turned down",
        "appeal_reinstatement": date(2017, 5, 21),
    }
    assert unreached("xporter", "exclusion", found) == set()


def test_several_reasons_stand_in_a_set_of_their_own():
    record = {**EXCLUSION, "ExclusionReason": None, "ExclusionReasonCode": None}
    found = exclusions(
        student_exclusions=[record],
        student_exclusion_reasons=[
            {"StudentExclusionId": "2318", "ReasonId": "15"},
            {"StudentExclusionId": "2318", "ReasonId": "14"},
            {"StudentExclusionId": "9", "ReasonId": "16"},
        ],
        exclusion_reasons=[
            {"Id": "14", "ReasonCode": "PA", "ReasonDescription": "Physical assault against an adult"},
            {"Id": "15", "ReasonCode": "DM", "ReasonDescription": "Damage"},
            {"Id": "16", "ReasonCode": "BU", "ReasonDescription": "Bullying"},
        ],
    )
    row = found.only()
    assert row["reasons"] == ["Damage", "Physical assault against an adult"]
    assert row["reason_codes"] == ["DM", "PA"]


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [("PERM", "permanent", 0), ("lnch", "lunchtime", 0), ("RFIX", None, 1), (None, None, 0)],
)
def test_a_type_whose_meaning_is_not_known_is_told(code, kind, told):
    row = exclusions(student_exclusions=[{**EXCLUSION, "ExclusionTypeCode": code}]).only()
    assert (row["kind"], row["type"], len(row["_told"])) == (kind, "Fixed Term", told)


def test_exclusions_of_those_whom_we_do_not_send_are_left_out():
    found = exclusions({"students": {"year_groups": ["Year 8"]}})
    assert found.reasons() == {"2318": ("filtered", "student-known")}
