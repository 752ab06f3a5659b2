"""Sets that are more than a row for somebody, or a list: marks, events, lessons, results, photos, past groups.

Next: `value`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Protocol

from engine.simulators.school import School
from engine.simulators.xod import seed as seeds
from engine.simulators.xod.fact import ReadFact, SetFact, read_facts
from engine.simulators.xod.seed import Seed, Span, draw


class Made(Protocol):
    """The rows of a school on a day, as far as other rows are made of them."""

    school: School | None

    @property
    def today(self) -> Any: ...

    def of(self, read: ReadFact, name: str, span: Span | None = None) -> list[dict[str, Any]]: ...


ATTENDANCE_CODES = {
    "/": ("Present (AM)", "Present", "IN"),
    "\\": ("Present (PM)", "Present", "IN"),
    "L": ("Late (before registers closed)", "Present", "IN"),
    "N": ("No reason yet provided for absence", "Unauthorised Absence", "OUT"),
    "M": ("Medical or dental appointment", "Authorised Absence", "OUT"),
    "I": ("Illness", "Authorised Absence", "OUT"),
    "B": ("Educated off site", "Approved Educational Activity", "OUT"),
    "C": ("Other authorised circumstances", "Authorised Absence", "OUT"),
    "O": ("Unauthorised absence", "Unauthorised Absence", "OUT"),
    "-": ("All should attend, no mark recorded", "No Mark", None),
    "#": ("Planned whole or partial school closure", "Attendance Not Required", "OUT"),
}
"""What each mark means: in words, for statistics, and where somebody is."""
_CODES_OF = {
    "AttendCodes": ("Mark", tuple(ATTENDANCE_CODES)),
    "counts": ("Area", ("Students", "Staff", "Contacts", "Groups", "Photos")),
    "UDFs": ("UDFType", ("Student", "Staff", "Contact")),
    "DocumentTypes": ("DocumentTypeName", ("General Document", "Report")),
}
Special = Callable[[Made, ReadFact, SetFact, Span], Iterator[Seed]]


def _events(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    yield from seeds.by_events(rows.school, about, days.first, min(days.last, rows.today))


def _marks(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    yield from seeds.by_marks(rows.school, days.first, min(days.last, rows.today))
    if read.name == "AttendanceForDate":
        yield from seeds.by_lesson_marks(rows.school, days.first)


def _days(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    yield Seed("days", 1, {"Id": "1", "Name": f"{days.first} {days.last}"})


def _weeks(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    monday = days.first - timedelta(days=days.first.weekday())
    while monday <= min(days.last, rows.today):
        for pupil in seeds.on_roll(rows.school):
            given = {"StudentId": str(pupil.id), "WeekStartDate": monday.isoformat()}
            given["WeekEndDate"] = (monday + timedelta(days=6)).isoformat()
            yield Seed(f"{pupil.id}.{monday}", 1, given, monday)
        monday += timedelta(days=7)


def _lessons(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    yield from seeds.by_lessons(rows.school, days.first, days.last)


def _timetable(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    for each in _lessons(rows, read, about, days):
        yield Seed(each.key, each.number, {**each.given, "Id": each.given["PeriodId"]}, each.day)


def _lesson_staff(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    members = {member.id: member for member in rows.school.staff}
    for slot in seeds.slots(rows.school):
        for member in slot.group.staff:
            known = {**seeds.of_staff(members[member]), "Id": f"{slot.id}.{member}", "LessonId": str(slot.id)}
            yield Seed(known["Id"], slot.id, known)


def _lesson_rooms(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    for slot in seeds.slots(rows.school):
        room = slot.id % 30
        given = {"Id": f"{slot.id}.{room}", "LessonId": str(slot.id), "RoomId": str(room), "Code": f"R{room}"}
        yield Seed(given["Id"], slot.id, given)


def _coded(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    column, codes = _CODES_OF[about.name]
    for number, code in enumerate(codes, 1):
        said, meaning, where = ATTENDANCE_CODES.get(code, (None, None, None))
        known = {"Description": said, "MeaningDescription": meaning, "PhysicalMeaning": where, "Active": 1}
        short = {"ShortMeaningDescription": (meaning or "").split(" ")[0]}
        yield Seed(f"{about.name}:{code}", number, {column: code, **(known | short if meaning else {})})


def _photos(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    people: list[tuple[str, Any]] = [("Student", pupil) for pupil in seeds.on_roll(rows.school)]
    people += [("Staff", member) for member in seeds.teaching(rows.school)]
    for kind, person in people:
        if draw("photo", kind, person.id) % 10 < 9:
            given = {
                "PersonId": str(person.id),
                "PersonType": kind,
                "PersonName": f"{person.forename} {person.surname}",
            }
            yield Seed(f"{kind}:{person.id}", person.id * 2 + (kind == "Staff"), given)


def _results(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    """Results of every pupil in every result set, in two aspects of each."""
    assert rows.school is not None
    structure = read_facts()["assessmentstructure"]
    aspects, results = rows.of(structure, "Aspects"), rows.of(structure, "ResultSets")
    for pupil in seeds.on_roll(rows.school):
        for number, result in enumerate(results):
            for aspect in aspects[number % 2 :: 2]:
                given = {**seeds.of_pupil(pupil), "AspectId": aspect["Id"], "ResultSetId": result["Id"]}
                own = pupil.id * 100 + int(result["Id"]) * 10 + int(aspect["Id"])
                yield Seed(f"{own}", own, given)


def _exams(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    """Results of those in Years 11 and 13, in three subjects of each season."""
    assert rows.school is not None
    seasons = rows.of(read_facts()["examsstructure"], "ExamSeasons")
    for pupil in (one for one in seeds.on_roll(rows.school) if one.year in (11, 13)):
        for season in seasons:
            for subject in range(3):
                own = pupil.id * 100 + int(season["Id"]) * 10 + subject
                yield Seed(f"{own}", own, {**seeds.of_pupil(pupil), "ExamSeasonId": season["Id"], "Mis_Id": str(own)})


def _own_fields(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    """A value of the one field that a kind of person has."""
    assert rows.school is not None
    kind = about.name.removesuffix("UDFs")
    names = [each["UDFName"] for each in rows.of(read_facts()["userdefinedfields"], "UDFs") if each["UDFType"] == kind]
    people: dict[str, list[Any]] = {
        "Student": list(seeds.on_roll(rows.school)),
        "Staff": list(seeds.teaching(rows.school)),
        "Contact": [contact for contact in rows.school.contacts if not contact.hidden],
    }
    for person in people[kind][::3]:
        yield Seed(f"{about.name}:{person.id}", person.id, {f"{kind}Id": str(person.id), "UDFName": names[0]})


def _past_groups(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    for number in range(95_001, 95_004):
        given = {"Id": f"GC-{number}", "GroupMis_Id": str(number), "Type": "TeachingGrp", "Code": f"10{number % 10}/Ar"}
        yield Seed(f"{number}", number, {**given, "Name": given["Code"], "StudentIds": None, "StaffIds": None})


def _past_members(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    assert rows.school is not None
    students = about.name == "StudentMembers"
    people: list[Any] = seeds.on_roll(rows.school)[:9] if students else seeds.teaching(rows.school)[:3]
    for number, person in enumerate(people):
        group, known = 95_001 + number % 3, seeds.of_pupil(person) if students else seeds.of_staff(person)
        typed = known["StudentIdaasId"] if students else known["StaffIdaasId"]
        given = {
            "Id": f"GC-{group}.{typed}",
            "GroupId": f"GC-{group}",
            "GroupMis_Id": str(group),
            "GroupIdaasId": f"GC-{group}",
        }
        yield Seed(
            given["Id"],
            number + 1,
            {**known, **given, "StudentId": typed, "EndDate": "2025-07-18"} if students else {**known, **given},
        )


def _years(rows: Made, read: ReadFact, about: SetFact, days: Span) -> Iterator[Seed]:
    """Registration groups below their years."""
    assert rows.school is not None
    types = {"ChildGroupTypeId": "2", "ParentGroupTypeId": "1"}
    for group in (one for one in rows.school.groups if one.type == "RegGrp"):
        year = rows.school.base + 20 + (group.id - rows.school.base) // 1000
        given = {"Id": f"{group.id}.{year}", "ChildGroupId": str(group.id), "ParentGroupId": str(year), **types}
        yield Seed(given["Id"], group.id, given)


SPECIAL: dict[tuple[str, str], Special] = {
    ("", "achievementfordaterange"): _events,
    ("", "Behaviour"): _events,
    ("", "AttendMarks"): _marks,
    ("", "AttStatsByWeek"): _weeks,
    ("", "DateRange"): _days,
    ("", "Timetable"): _timetable,
    ("Timetable", "Lessons"): _lessons,
    ("Timetable", "LessonStaff"): _lesson_staff,
    ("Timetable", "LessonRooms"): _lesson_rooms,
    ("TimetableForGroup", "Lessons"): _lessons,
    ("AttendanceCodes", "AttendCodes"): _coded,
    ("", "UDFs"): _coded,
    ("", "DocumentTypes"): _coded,
    ("", "counts"): _coded,
    ("", "Photos"): _photos,
    ("", "assessmentresults"): _results,
    ("", "ExamResults"): _exams,
    ("", "StudentUDFs"): _own_fields,
    ("", "StaffUDFs"): _own_fields,
    ("", "ContactUDFs"): _own_fields,
    ("Groups", "SubGroups"): _years,
    ("GroupHistory", "Groups"): _past_groups,
    ("GroupHistory", "StudentMembers"): _past_members,
    ("GroupHistory", "StaffMembers"): _past_members,
}
"""Sets that are more than a row for somebody, or a list; an empty name stands for every read."""
