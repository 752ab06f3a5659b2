"""Attendance marks of iSAMS, out of registers in the form of the wire: who gets which mark, and by which rules.

The pupils: Ada (101) and Ben (102) of Year 7, Cy (103) of Year 10, Dee (104), who is in no nightly data yet.
"""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

import pytest
from mapped import Mapped, Record, lookups, project, run

from engine.spec.check import check
from engine.spec.project import open_project, shipped

ADA, BEN, CY, DEE = "101", "102", "103", "104"
PUPILS = [
    {"@Id": "1", "SchoolId": f" {ADA}", "NCYear": "7"},
    {"@Id": "2", "SchoolId": BEN, "NCYear": "7"},
    {"@Id": "3", "SchoolId": CY, "NCYear": "10"},
]
YEARS = [{"@Id": "7", "Name": "Year  7"}, {"@Id": "10", "Name": "Year 10"}]
ABSENCES = [
    {"id": 39, "code": "I", "name": "Illness", "governmentCode": "I"},
    {"id": 40, "code": "HOL", "name": "Holiday", "governmentCode": "G"},
    {"id": 41, "code": "N", "name": "No reason yet", "governmentCode": "N"},
    {"id": 42, "code": "TRIP", "name": "Field trip", "governmentCode": "V"},
    {"id": 43, "code": "ZZ", "name": "Own code", "governmentCode": None},
    {"id": 44, "code": "PIG", "name": "Wrongly coded", "governmentCode": "/"},
    {"id": 45, "code": "NEW", "name": "Newly coded", "governmentCode": "QQ"},
]
PRESENCES = [{"id": 1, "code": "/", "name": "Present"}, {"id": 3, "code": "L", "name": "Late"}]


def a_period(key: int, name: str, rule: int, start: str | None = "2016-08-26T08:40:00+01:00", **more: Any) -> Record:
    return {"id": key, "friendlyName": name, "registrationRuleId": rule, "start": start, **more}


AM = a_period(7, "AM", 1)
PM = a_period(8, "PM", 2, "2016-08-26T13:50:00+01:00")
LESSON = a_period(9, "P1", 5, "2016-08-26T09:00:00+01:00")


def a_mark(pupil: str, period: int = 7, **more: Any) -> Record:
    """What a register says of a pupil who is there, unless told otherwise."""
    return {
        "period": str(period),
        "schoolId": pupil,
        "isRegistered": 1,
        "isPresent": True,
        "isLate": False,
        "isOutOfSchool": False,
        "numberOfMinutesLate": 0,
        **more,
    }


def mapped(
    marks: list[Record], periods: list[Record] | None = None, settings: dict[str, dict[str, Any]] | None = None
) -> Mapped:
    sets = {
        "pupils": PUPILS,
        "years": YEARS,
        "registration_periods": [AM, PM, LESSON] if periods is None else periods,
        "register_marks": marks,
        "absence_codes": ABSENCES,
        "present_codes": PRESENCES,
    }
    return run("isams", "attendance_mark", sets, settings)


def said(row: Record) -> dict[str, Any]:
    return {name: row[name] for name in project().schema("attendance_mark").fields if row[name] is not None}


NOT_REGISTERED = {"isRegistered": 0, "isPresent": False}
ABSENT = {"isPresent": False}


def test_a_mark_is_read_from_end_to_end():
    comment = " Bus  was late "
    record = a_mark(ADA, isLate=True, numberOfMinutesLate=7, presentCodeId=3, registrationComment=comment)
    assert said(mapped([record]).only()) == {
        "source_id": "101.2016-08-26.AM",
        "title": "2016-08-26 AM",
        "student": ADA,
        "date": date(2016, 8, 26),
        "session": "AM",
        "category": "late",
        "code": "L",
        "code_name": "Late",
        "minutes_late": 7,
        "comment": "Bus was late",
    }


@pytest.mark.parametrize(
    ("record", "category", "code"),
    [
        ({"presentCodeId": 1}, "present", "/"),
        ({}, "present", None),
        ({"isLate": True}, "late", None),
        ({**ABSENT}, "absent", None),
        ({**ABSENT, "isLate": True, "numberOfMinutesLate": 9}, "absent", None),
        ({**ABSENT, "absenceCodeId": 39}, "absent_authorised", "I"),
        ({**ABSENT, "absenceCodeId": 40}, "absent_unauthorised", "HOL"),
        ({**ABSENT, "absenceCodeId": 41}, "absent", "N"),
        ({**ABSENT, "absenceCodeId": 42}, "out_of_school", "TRIP"),
        ({**ABSENT, "absenceCodeId": 43}, "absent", "ZZ"),
        ({**ABSENT, "absenceCodeId": 44}, "absent", "PIG"),  # a code cannot make one present who is not
        ({**ABSENT, "absenceCodeId": 99}, "absent", None),
        ({**ABSENT, "absenceCodeId": 40, "isOutOfSchool": True}, "out_of_school", "HOL"),
        ({**NOT_REGISTERED, "isOutOfSchool": True}, "out_of_school", None),
        ({"isOutOfSchool": True}, "present", None),
    ],
)
def test_what_a_register_says_becomes_a_category(record, category, code):
    row = mapped([a_mark(ADA, **record)]).only()
    assert (row["category"], row["code"], row["minutes_late"]) == (category, code, None)


def test_an_absence_of_a_national_code_that_nobody_knows_is_one_and_is_told():
    row = mapped([a_mark(ADA, **ABSENT, absenceCodeId=45)]).only()
    assert (row["category"], row["code"]) == ("absent", "NEW")
    assert row["_told"] == [{"field": "category", "rule": "code", "level": "told"}]
    assert mapped([a_mark(ADA, **ABSENT, absenceCodeId=43)]).only()["_told"] == []


def test_a_record_without_a_mark_is_no_absence():
    found = mapped([a_mark(ADA, **NOT_REGISTERED), a_mark(BEN, **NOT_REGISTERED, absenceCodeId=39), a_mark(CY)])
    assert found.reasons() == {"7|101": ("filtered", "no-mark"), "7|102": ("filtered", "no-mark")}
    assert set(found.emitted()) == {"103.2016-08-26.AM"}


def test_a_record_that_does_not_say_whether_one_is_there_is_held_back():
    assert mapped([a_mark(ADA, isPresent=None)]).reasons() == {"7|101": ("quarantined", "required")}


def test_a_pupil_who_is_listed_twice_gets_one_mark():
    later = a_period(70, "AM", 1, "2016-08-26T08:55:00+01:00")
    marks = [a_mark(ADA, **ABSENT), a_mark(ADA, **ABSENT), a_mark(ADA, 70, isLate=True), a_mark(BEN), a_mark(BEN)]
    unmarked = [a_mark(CY), a_mark(CY, 70, **NOT_REGISTERED)]
    found = mapped([*marks, *unmarked], [AM, later])
    assert {key: row["category"] for key, row in found.emitted().items()} == {
        "101.2016-08-26.AM": "late",  # the later register knows more
        "102.2016-08-26.AM": "present",
        "103.2016-08-26.AM": "present",
    }
    assert sorted(row["_state"] for row in found.rows) == ["emitted"] * 3 + ["filtered"] + ["merged"] * 3


def test_a_mark_of_one_half_of_the_day_leaves_the_other_alone():
    found = mapped([a_mark(ADA, **ABSENT), a_mark(ADA, 8), a_mark(ADA, 9)]).emitted()
    assert {key: row["category"] for key, row in found.items()} == {
        "101.2016-08-26.AM": "absent",
        "101.2016-08-26.PM": "present",
    }


def keys(settings: dict[str, dict[str, Any]]) -> tuple[set[str], set[str]]:
    """Ada is in the registers of the rules 1 (AM) and 2 (PM), Ben in that of rule 5 (P1), Cy in all three."""
    marks = [a_mark(ADA), a_mark(ADA, 8), a_mark(BEN, 9), a_mark(CY), a_mark(CY, 8), a_mark(CY, 9)]
    found = mapped(marks, settings=settings)
    left = {key for key, reason in found.reasons().items() if reason == ("filtered", "register-rule")}
    return {key.replace("2016-08-26.", "") for key in found.emitted()}, left


@pytest.mark.parametrize(
    ("rules", "marked", "left"),
    [
        # by their names
        ({}, {"101.AM", "101.PM", "103.AM", "103.PM"}, {"9|102", "9|103"}),
        # Ben gets a mark of the morning; that of Ada and Cy by the register that is named AM is not taken
        ({"am_rules": ["5"]}, {"101.PM", "102.AM", "103.AM", "103.PM"}, {"7|101", "7|103"}),
        # two rules of one half of the day
        ({"am_rules": ["1", "5"]}, {"101.AM", "101.PM", "102.AM", "103.AM", "103.PM"}, set()),
        # the mornings are as they were, Ben gets a mark of the afternoon, and Ada loses hers
        ({"pm_rules": ["5"]}, {"101.AM", "102.PM", "103.AM", "103.PM"}, {"8|101", "8|103"}),
        # a rule that is named goes before what its registers are called
        ({"am_rules": ["2"]}, {"101.AM", "103.AM"}, {"7|101", "7|103", "9|102", "9|103"}),
        ({"am_rules": ["2"], "pm_rules": ["1"]}, {"101.AM", "101.PM", "103.AM", "103.PM"}, {"9|102", "9|103"}),
        ({"am_rules": ["6"], "pm_rules": ["7"]}, set(), {"7|101", "8|101", "9|102", "7|103", "8|103", "9|103"}),
    ],
)
def test_the_rules_of_a_school_say_whose_registers_give_which_marks(rules, marked, left):
    assert keys({"attendance": rules}) == (marked, left)


@pytest.mark.parametrize(("morning", "found"), [("['1', '2']", 1), ("['1']", 0), ("null", 0)])
def test_a_rule_serves_one_half_of_the_day(morning, found, tmp_path):
    shutil.copytree(shipped() / "examples" / "isams", tmp_path / "project")
    file = tmp_path / "project" / "schools" / "brook-hall.yaml"
    given = f"settings:\n  attendance:\n    am_rules: {morning}\n    pm_rules: ['2', '3']\n"
    text = file.read_text(encoding="utf-8").replace("settings:\n", given)
    file.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    problems = [
        (each.code, lines[each.place.line - 1].strip(), each.what) for each in check(open_project(file.parents[1]))
    ]
    said = "'2' stands in 'attendance.pm_rules' and in 'attendance.am_rules' too"
    assert problems == [("shared-text", "pm_rules: ['2', '3']", said)] * found


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, set()),
        ({"students": {"year_groups": ["Year 7"]}}, {"7|103"}),
        ({"students": {"year_groups": ["Year 10"]}}, {"7|101", "7|102"}),
        (
            {"students": {"year_groups": ["Year 7"]}, "groups": {"year_prefixes": {"7": "North"}}},
            {"7|101", "7|102", "7|103"},
        ),
        ({"students": {"year_groups": ["North Year 7"]}, "groups": {"year_prefixes": {"7": "North"}}}, {"7|103"}),
    ],
)
def test_marks_of_other_year_groups_are_left_out(settings, left):
    found = mapped([a_mark(ADA), a_mark(BEN), a_mark(CY), a_mark(DEE)], settings=settings)
    assert found.reasons() == dict.fromkeys(left, ("filtered", "year-group"))
    assert "104.2016-08-26.AM" in found.emitted()  # nobody knows yet; the reference decides


@pytest.mark.parametrize(
    ("start", "day"),
    [
        ("2016-08-26T08:40:00+01:00", "2016-08-26"),
        ("2016-08-26T07:40:00Z", "2016-08-26"),
        ("2016-08-25T23:30:00Z", "2016-08-26"),  # half past midnight in London
        ("2016-08-26T08:40:00.5+01:00", "2016-08-26"),
        ("2016-08-26T08:40:00", "2016-08-26"),
        ("2016-01-25T23:30:00", "2016-01-25"),
    ],
)
def test_the_day_of_a_mark_is_that_of_the_school(start, day):
    [row] = mapped([a_mark(ADA)], [a_period(7, "AM", 1, start)]).emitted().values()
    assert (row["source_id"], str(row["date"])) == (f"101.{day}.AM", day)


@pytest.mark.parametrize("start", [None, "soon"])
def test_a_mark_whose_day_cannot_be_read_is_held_back(start):
    assert mapped([a_mark(ADA)], [a_period(7, "AM", 1, start)]).reasons() == {"7|101": ("quarantined", "required")}
    also = a_period(7, "AM", 1, None, time="2016-08-26T08:45:00+01:00")
    assert set(mapped([a_mark(ADA)], [also]).emitted()) == {"101.2016-08-26.AM"}


def test_the_categories_are_those_of_the_national_codes():
    schema = project().schema("attendance_mark").fields["category"]
    table = lookups("isams")["attendance_code"].values or {}
    assert set(table.values()) == set(schema.values or [])
    meant = {
        meaning: "".join(code for code in table if len(code) == 1 and table[code] == meaning)
        for meaning in table.values()
    }
    assert meant == {
        "present": "/\\",
        "late": "LU",
        "out_of_school": "BJKPVW",
        "absent_authorised": "CEFHIMRST",
        "absent_unauthorised": "GO",
        "absent": "N",
        "not_required": "DQXYZ#",
    }
