"""Lessons of Xporter, out of the timetable of the school year."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from mapped import Mapped, Record, run, said, unreached

HISTORY, MATHS = "7651", "7652"
SETS: dict[str, list[Record]] = {
    "groups": [{"Id": HISTORY, "Type": "TeachingGrp", "Name": "7A/Hi"}, {"Id": MATHS, "Type": "BandGrp", "Name": "Ma"}],
    "timetables": [{"Id": "2", "Description": "Main  timetable", "StartDate": "01-09-2017", "EndDate": "20-07-2018"}],
    "timetable_days": [{"Id": "678", "TimetableId": "2", "DayName": "Mon", "Sequence": 1}],
    "timetable_periods": [
        {
            "Id": "1065",
            "TimetableDayId": "678",
            "PeriodName": "Mon5",
            "StartTime": "15:10",
            "EndTime": "16:10",
            "PeriodSequence": 5,
        }
    ],
    "timetable_lessons": [{"Id": "1765", "TimetablePeriodId": "1065"}],
    "timetable_classes": [
        {
            "Id": "8",
            "TimetableLessonId": "1765",
            "GroupId": HISTORY,
            "GroupName": "7A\\Hi",
            "SubjectName": "History ",
        }
    ],
    "timetable_staff": [
        {"Id": "1", "TimetableLessonId": "1765", "Staff": "18611"},
        {"Id": "2", "TimetableLessonId": "1765", "Staff": "18610"},
        {"Id": "3", "TimetableLessonId": "9", "Staff": "5"},
    ],
    "timetable_rooms": [
        {"Id": "1", "TimetableLessonId": "1765", "RoomName": "Red  1", "RoomCode": "R1"},
        {"Id": "2", "TimetableLessonId": "1765", "RoomName": None, "RoomCode": "R2"},
    ],
}


def mapped(settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", "lesson", {**SETS, **sets}, settings)


def test_a_lesson_is_read_from_end_to_end():
    found = mapped()
    assert said(found.only()) == {
        "source_id": "8",
        "title": "7A\\Hi: Mon Mon5",
        "group": HISTORY,
        "subject": "History",
        "day": "Mon",
        "day_number": 1,
        "period": "Mon5",
        "period_number": 5,
        "starts_at": time(15, 10),
        "ends_at": time(16, 10),
        "staff": ["18610", "18611"],
        "rooms": ["Red 1", "R2"],
        "timetable": "Main timetable",
        "start_date": date(2017, 9, 1),
        "end_date": date(2018, 7, 20),
    }
    assert unreached("xporter", "lesson", found) == set()


def test_two_groups_of_one_lesson_have_a_row_each():
    both = [SETS["timetable_classes"][0], {"Id": "9", "TimetableLessonId": "1765", "GroupId": MATHS}]
    found = mapped(timetable_classes=both).emitted()
    assert {key: (row["group"], row["staff"], row["title"]) for key, row in found.items()} == {
        "8": (HISTORY, ["18610", "18611"], "7A\\Hi: Mon Mon5"),
        "9": (MATHS, ["18610", "18611"], "Ma: Mon Mon5"),
    }


def test_lessons_follow_the_groups_that_are_sent():
    several = [{"Id": key, "TimetableLessonId": "1765", "GroupId": group} for key, group in (("8", MATHS), ("9", "1"))]
    found = mapped({"groups": {"kinds": ["teaching"]}}, timetable_classes=[*several, SETS["timetable_classes"][0]])
    assert [row["_state"] for row in found.rows if row["group"] == HISTORY] == ["emitted"]
    assert found.reasons() == {"8": ("filtered", "group-known"), "9": ("filtered", "group-known")}


def test_a_lesson_without_a_place_in_the_cycle_is_sent_all_the_same():
    row = mapped(timetable_lessons=[]).only()
    assert (row["title"], row["day"], row["starts_at"]) == ("7A\\Hi:", None, None)
