"""The timetable: two weeks of five days, and who teaches what when. Day 1 is Sunday. Next: `attendance`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block, Node, Value
from engine.simulators.isams.roll import Roll
from engine.simulators.isams.teaching import form_code, set_teachers, taught_forms

WEEKS = ("A", "B")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
PERIODS = (("08:50", "09:50"), ("09:50", "10:50"), ("11:10", "12:10"), ("12:10", "13:10"), ("14:10", "15:10"))
_LESSONS = 3  # a set has so many lessons in each week


def period_id(roll: Roll, week: int, day: int, period: int) -> int:
    """The id of a period."""
    return roll.key(1 + period + len(PERIODS) * (day + len(DAYS) * week))


def structure(roll: Roll, asked: Asked) -> list[Block]:
    """Weeks, days and periods."""
    weeks = [_week(roll, number, name) for number, name in enumerate(WEEKS) if roll.school.groups]
    return [Block(("TimetableManager", "Structure"), weeks)]


def _week(roll: Roll, week: int, letter: str) -> Node:
    days = []
    for day, name in enumerate(DAYS):
        periods = [
            Node(
                "Period",
                {"Id": period_id(roll, week, day, number)},
                {"Name": f"Period {number + 1}", "ShortName": f"P{number + 1}", "StartTime": start, "EndTime": end},
            )
            for number, (start, end) in enumerate(PERIODS)
        ]
        fields: dict[str, Value] = {"Name": name, "ShortName": name[:3], "Day": day + 2, "Periods": periods}
        days.append(Node("Day", {"Id": roll.key(1 + day + week * len(DAYS))}, fields))
    return Node("Week", {"Id": roll.key(1 + week)}, {"Name": f"Week {letter}", "ShortName": letter, "Days": days})


def allocations(roll: Roll, asked: Asked) -> list[Block]:
    """Which week of the timetable runs in which week of the year."""
    year = roll.school.today.year
    nodes = [
        Node(
            "TimetableAllocation",
            {"Id": roll.key(week)},
            {"Week": week, "Year": year, "TimetableWeekId": roll.key(1 + week % 2)},
        )
        for week in range(1, 53)
        if roll.school.groups
    ]
    return [Block(("TimetableManager", "TimetableAllocations"), nodes)]


def lessons(roll: Roll) -> Iterator[tuple[int, str, int, int, int, int, int]]:
    """Each lesson and teacher: row, code, teacher, period, room, whether it is of a set, and the group."""
    taught = [(group, group.code, set_teachers(roll, group), 1) for group in roll.sets]
    taught += [(group, form_code(group), group.staff, 0) for group in taught_forms(roll)]
    row = 0
    for group, code, staff, is_set in taught:
        for week in range(len(WEEKS)):
            for lesson in range(_LESSONS):
                period = period_id(roll, week, (group.id + 2 * lesson) % len(DAYS), (group.id // 5) % len(PERIODS))
                for member in staff:
                    row += 1
                    yield roll.key(row), code, member, period, roll.key(31 + group.id % 12), is_set, group.id


def published(roll: Roll, asked: Asked) -> list[Block]:
    """The timetable that counts."""
    return [Block(("TimetableManager", "PublishedTimetables"), _timetable(roll, 1, "Main timetable"))]


def development(roll: Roll, asked: Asked) -> list[Block]:
    """The timetable that is being made."""
    return [Block(("TimetableManager", "DevelopmentTimetables"), _timetable(roll, 2, "Next year"))]


def _timetable(roll: Roll, number: int, name: str) -> list[Node]:
    if not roll.school.groups:
        return []
    schedules = [
        Node(
            "Schedule",
            {"Id": row},
            {"Code": code, "Teacher": roll.user(member), "PeriodId": period, "RoomId": room, "Set": is_set},
        )
        for row, code, member, period, room, is_set, _ in lessons(roll)
    ]
    fields: dict[str, Value] = {
        "Name": name,
        "Schedules": schedules,
        "StaffMeetings": [_meeting(roll)] if roll.present else None,
        "Tutorials": [_tutorial(roll)] if roll.present and roll.current else None,
        "YearSchedules": [_assembly(roll)] if roll.present else None,
    }
    return [Node("Timetable", {"Id": roll.key(number)}, fields)]


def _meeting(roll: Roll) -> Node:
    fields: dict[str, Value] = {
        "PeriodId": period_id(roll, 0, 4, 4),
        "TeacherId": roll.user(roll.teacher(0)),
        "MeetingGroupId": roll.key(1),
        "RoomId": roll.key(31),
        "DisplayName": "Heads of department",
    }
    return Node("StaffMeeting", {"Id": roll.key(1)}, fields)


def _tutorial(roll: Roll) -> Node:
    one = roll.key(1)
    fields: dict[str, Value] = {
        "DisplayCode": "TUT1",
        "DisplayName": "Extra reading",
        "RoomId": roll.key(32),
        "Periods": [Node("Period", {"Id": one}, {"PeriodId": period_id(roll, 0, 1, 4)})],
        "Pupils": [
            Node("Pupil", {"Id": roll.key(1 + place)}, {"PupilId": pupil.id})
            for place, pupil in enumerate(roll.current[:3])
        ],
        "Teachers": [Node("Teacher", {"Id": one}, {"TeacherId": roll.user(roll.teacher(1))})],
    }
    return Node("Tutorial", {"Id": one}, fields)


def _assembly(roll: Roll) -> Node:
    fields: dict[str, Value] = {
        "Name": "Assembly",
        "NationalCurriculumYear": 7,
        "PeriodId": period_id(roll, 0, 0, 0),
        "RoomId": roll.key(33),
        "TeacherId": roll.user(roll.teacher(2)),
    }
    return Node("YearSchedule", {"Id": roll.key(1)}, fields)
