"""Attendance marks of Xporter: what a mark means, and which are none.

Wren (9919) is of Year 7, Ash (8501) of Year 8.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from mapped import Mapped, Record, run, said, unreached

STUDENTS = [{"Id": "9919", "YearGroup": "Year  7"}, {"Id": "8501", "YearGroup": "Year 8"}]


def a_code(mark: str, description: str | None, meaning: str | None, short: str | None = None) -> Record:
    return {
        "Mark": mark,
        "Description": description,
        "MeaningDescription": meaning,
        "ShortMeaningDescription": short,
        "PhysicalMeaning": "OUT",
        "Active": 1,
    }


CODES = [
    a_code("/", "Present AM", "Present"),
    a_code("L", "Late  before registers closed", "Present"),
    a_code("M", "Medical/Dental appointments", "Authorised Absence", "Authorised"),
    a_code("#", "School closed", "Attendance not required"),
    a_code("-", "Nothing put down", "No mark"),
    a_code("!", "Trip of our own", "Approved educational activity"),
    a_code("?", "Sent home", None, "Authorised"),
    a_code("%", None, "Something new"),
]


def a_mark(mark: str | None, student: str = "9919", session: str = "AM", **more: Any) -> Record:
    record = {"Date": "2016-08-26", "StudentId": student, "Mark": mark, "Type": "S", "Session": session}
    return {"Id": f"{student}.2016-08-26.{session}", **record, **more}


def mapped(marks: list[Record], settings: dict[str, dict[str, Any]] | None = None) -> Mapped:
    sets = {"students": STUDENTS, "attendance_codes": CODES, "attendance_marks": marks}
    return run("xporter", "attendance_mark", sets, settings)


def test_a_mark_is_read_from_end_to_end():
    found = mapped([a_mark("L")])
    assert said(found.only()) == {
        "source_id": "9919.2016-08-26.AM",
        "title": "2016-08-26 AM",
        "student": "9919",
        "date": date(2016, 8, 26),
        "session": "AM",
        "category": "late",
        "code": "L",
        "code_name": "Late before registers closed",
    }
    assert unreached("xporter", "attendance_mark", found) == set()


@pytest.mark.parametrize(
    ("mark", "category", "name"),
    [
        ("/", "present", "Present AM"),
        ("\\", "present", None),  # not in the school's list, and known all the same
        ("L ", "late", "Late before registers closed"),
        ("M", "absent_authorised", "Medical/Dental appointments"),
        ("G", "absent_unauthorised", None),
        ("N", "absent", None),
    ],
)
def test_a_national_mark_means_what_it_means_everywhere(mark, category, name):
    row = mapped([a_mark(mark)]).only()
    assert (row["category"], row["code"], row["code_name"], row["_told"]) == (category, mark.strip(), name, [])


@pytest.mark.parametrize(("mark", "category"), [("!", "out_of_school"), ("?", "absent_authorised")])
def test_a_mark_of_the_schools_own_means_what_the_school_counts_it_as(mark, category):
    row = mapped([a_mark(mark)]).only()
    assert (row["category"], row["code"]) == (category, mark)
    assert row["_told"] == [{"field": "category", "rule": "code", "level": "told"}]


@pytest.mark.parametrize(("mark", "reason"), [("%", "code"), ("&", "required")])
def test_a_mark_whose_meaning_nobody_knows_is_held_back(mark, reason):
    assert mapped([a_mark(mark)]).reasons() == {"9919.2016-08-26.AM": ("quarantined", reason)}


@pytest.mark.parametrize("mark", ["-", None])
def test_nothing_put_down_yet_is_no_mark(mark):
    assert mapped([a_mark(mark)]).reasons() == {"9919.2016-08-26.AM": ("filtered", "no-mark")}


def test_a_closed_school_marks_nobody_unless_it_is_asked_for():
    assert mapped([a_mark("#")]).reasons() == {"9919.2016-08-26.AM": ("filtered", "closed")}
    assert mapped([a_mark("#")], {"attendance": {"closed": True}}).only()["category"] == "not_required"


def test_marks_of_those_whom_we_do_not_send_are_left_out():
    marks = [a_mark("/"), a_mark("/", session="PM"), a_mark("/", "8501"), a_mark("/", "1")]
    found = mapped(marks, {"students": {"year_groups": ["Year 7"]}})
    assert set(found.emitted()) == {"9919.2016-08-26.AM", "9919.2016-08-26.PM"}
    unknown = ("filtered", "student-known")
    assert found.reasons() == {"8501.2016-08-26.AM": unknown, "1.2016-08-26.AM": unknown}


def test_a_half_of_the_day_that_is_none_is_left_out_and_told():
    row = mapped([a_mark("/", session="pm"), a_mark("/", "8501", "EVE")]).emitted()
    assert (row["9919.2016-08-26.pm"]["session"], row["8501.2016-08-26.EVE"]["session"]) == ("PM", None)
    assert [each["field"] for each in row["8501.2016-08-26.EVE"]["_told"]] == ["session"]
