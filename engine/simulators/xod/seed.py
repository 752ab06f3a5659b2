"""Which rows a set has: whom each is about, of which day it is, and what of it is known beforehand.

A seed's key is what the row is told from others by, and stays the same while the row is there; its number is the id.
Next: `special`.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, Protocol, TypeVar

from engine.simulators.person import Group, Pupil, Staff
from engine.simulators.school import School
from engine.simulators.xod.fact import SetFact

_DAYS = date(2000, 1, 1).toordinal()
STUDENT_IDS = {"StudentId", "StudentMis_Id", "Student_MisId", "StudentMisId", "StudentID"}
STAFF_IDS = {"StaffId", "StaffMis_Id", "Staff", "CreatorId", "AssignedStaffId"}
SHARES = {
    "StudentExclusions": 0.05,
    "StudentSENTypeHistory": 0.15,
    "StudentSENProvisionHistory": 0.15,
    "StudentConditions": 0.2,
    "StudentDietaryNeeds": 0.1,
    "StudentSchoolHistory": 0.9,
    "StudentEnrolmentHistory": 1.0,
    "ParentalConsents": 0.8,
    "EntitlementGroupStudents": 0.3,
}
"""Of the pupils on roll, how many have a row of their own; of other sets a tenth."""
COUNTS = {
    "AttendCodes": 11,
    "TimetableDays": 5,
    "TimetablePeriods": 5,
    "UDFs": 3,
    "health": 1,
    "ResultSets": 3,
    "counts": 5,
}
"""How many rows a list has, or each parent of it; four, or one."""


class Person(Protocol):
    """Somebody with an id."""

    id: int


P = TypeVar("P", bound=Person)


@dataclass(frozen=True)
class Span:
    """The days that are asked for."""

    first: date
    last: date


@dataclass(frozen=True)
class Seed:
    """A row to be: `given` are the columns that are known."""

    key: str
    number: int
    given: dict[str, Any] = field(default_factory=dict)
    day: date | None = None


def draw(*parts: object) -> int:
    """A number that follows from parts, the same every time."""
    return zlib.crc32(":".join(map(str, parts)).encode())


class Ring(Generic[P]):
    """People of whom one is drawn for a key: who comes or goes changes what is drawn for few keys only."""

    def __init__(self, people: Sequence[P]) -> None:
        placed = sorted((draw("ring", person.id), place) for place, person in enumerate(people))
        self._places = [place for place, _ in placed]
        self._people = [people[at] for _, at in placed]

    def pick(self, *key: object, skip: int = 0) -> P | None:
        """The one for a key, or the next but so many; None where there is nobody."""
        if not self._people:
            return None
        at = bisect_left(self._places, draw(*key)) + skip
        return self._people[at % len(self._people)]


def on_roll(school: School) -> list[Pupil]:
    """The pupils whom most reads are about."""
    return [pupil for pupil in school.pupils if pupil.status == "OnRoll"]


def teaching(school: School) -> list[Staff]:
    """The staff who are there."""
    return [member for member in school.staff if member.status == "Current"]


def school_days(first: date, last: date) -> Iterator[date]:
    """The days on which there is school."""
    while first <= last:
        if first.weekday() < 5:
            yield first
        first += timedelta(days=1)


def of_pupil(pupil: Pupil) -> dict[str, Any]:
    """What a row says of a pupil, under every name that sets have for it."""
    number, typed = str(pupil.id), f"PL-{pupil.id}"
    return {
        **dict.fromkeys(STUDENT_IDS, number),
        **dict.fromkeys(("StudentIdaasId", "StudentLocalId"), typed),
        "StudentLocalID": f"PL.{pupil.id}",
        "Forename": pupil.forename,
        "Surname": pupil.legal_surname or pupil.surname,
        "StudentStatus": "On Roll",
    }


def of_staff(member: Staff) -> dict[str, Any]:
    """What a row says of a member of staff, under every name that sets have for it."""
    number, typed = str(member.id), f"PWT-{member.id}"
    names = ("AddedByStaffId", "RecordedByStaffId", *STAFF_IDS)
    return {
        **dict.fromkeys(names, number),
        **dict.fromkeys(("StaffLocalId", "StaffIdaasId"), typed),
        "StaffCode": member.code,
    }


def by_pupils(school: School, about: SetFact) -> Iterator[Seed]:
    """A row for some of the pupils; where its id is that of a pupil, for all of them."""
    whole = about.links.get("Id", ("", "", ""))[1] == "Students"
    share = 1.0 if whole else SHARES.get(about.name, 0.1)
    for pupil in on_roll(school):
        if share == 1.0 or draw(about.name, pupil.id) % 1000 < share * 1000:
            given = of_pupil(pupil) | ({"Id": str(pupil.id)} if whole else {})
            yield Seed(f"{about.name}:{pupil.id}", pupil.id * 10 + 1, given)


def by_staff(school: School, about: SetFact) -> Iterator[Seed]:
    """A row for every second member of staff."""
    for member in teaching(school):
        if member.id % 2 == 0:
            chief = teaching(school)[0]
            given = of_staff(member) | {"ParentStaffId": str(chief.id), "ChildStaffId": str(member.id)}
            yield Seed(f"{about.name}:{member.id}", member.id * 10 + 1, given)


def by_list(about: SetFact) -> Iterator[Seed]:
    """The rows of a list of codes."""
    for number in range(1, COUNTS.get(about.name, 4) + 1):
        yield Seed(f"{about.name}:{number}", number)


def by_events(school: School, about: SetFact, first: date, last: date) -> Iterator[Seed]:
    """What happened on some days: of a hundred pupils about one thing a day."""
    kind = "Beh" if about.name == "Behaviour" else "Ach"
    most = 2 * max(1, len(on_roll(school)) // 100)
    staff = Ring(teaching(school))
    for day in school_days(first, last):
        for number in (each for each in range(most) if draw(kind, day, each) % 2):
            key = (day.toordinal() - _DAYS) * 1000 + number
            by = staff.pick(kind, key)
            given = {
                "ConductId": f"{kind}.{key}",
                "Date": day.isoformat(),
                "RecordedOn": day.isoformat(),
                "RecordedBy": f"{by.title} {by.forename[0]} {by.surname}" if by else None,
                "Category": kind,
                "Subject": None,
            }
            yield Seed(f"{kind}.{key}", key, given, day)


def by_marks(school: School, first: date, last: date) -> Iterator[Seed]:
    """Two marks a day of every pupil on roll; nine of ten are those of who is there."""
    for day in school_days(first, last):
        text = day.isoformat()
        for pupil in on_roll(school):
            for session, there in (("AM", "/"), ("PM", "\\")):
                number = draw("mark", pupil.id, text, session) % 1000
                mark = there if number < 900 else "LNMIBC"[number % 6]
                given = {
                    "Id": f"{pupil.id}.{text}.{session}",
                    "Date": text,
                    "InstanceId": None,
                    "StudentId": str(pupil.id),
                    "Mark": mark,
                    "MinsLate": number % 30 if mark == "L" else None,
                    "Notes": None,
                    "Type": "S",
                    "Session": session,
                }
                yield Seed(str(given["Id"]), 0, given, day)


@dataclass(frozen=True)
class Slot:
    """A lesson of the cycle: on which day of the week, in which period."""

    id: int
    group: Group
    weekday: int
    period: int


def slots(school: School) -> list[Slot]:
    """Three lessons a week of every group that is taught."""
    taught = [group for group in school.groups if group.type == "TeachingGrp" and group.staff]
    return [
        Slot(group.id * 10 + number, group, draw(group.id, number) % 5, draw(number, group.id) % 6 + 1)
        for group in taught
        for number in range(3)
    ]


def instance_of(day: date, slot: Slot) -> str:
    """The id of a lesson on its day."""
    return f"{day.toordinal() - _DAYS}{slot.id}"


def by_lesson_marks(school: School, day: date) -> Iterator[Seed]:
    """A mark for every pupil in every lesson of a day."""
    for slot in (slot for slot in slots(school) if slot.weekday == day.weekday()):
        for pupil in slot.group.pupils:
            instance = instance_of(day, slot)
            given = {
                "Id": f"{pupil}.{instance}",
                "Date": day.isoformat(),
                "InstanceId": instance,
                "StudentId": str(pupil),
                "Mark": "/",
                "MinsLate": None,
                "Notes": None,
                "Type": "L",
                "Session": None,
            }
            yield Seed(str(given["Id"]), 0, given, day)


def by_lessons(school: School, first: date, last: date) -> Iterator[Seed]:
    """The lessons of some days."""
    codes = {member.id: member.code for member in school.staff}
    of_day: dict[int, list[Slot]] = {}
    for slot in slots(school):
        of_day.setdefault(slot.weekday, []).append(slot)
    for day in school_days(first, last):
        for slot in of_day.get(day.weekday(), []):
            instance, hour = instance_of(day, slot), 8 + slot.period
            given = {
                "Id": str(slot.id),
                "LessonId": str(slot.id),
                "PeriodId": instance,
                "ClassId": str(slot.group.id),
                "ClassName": slot.group.name,
                "Period": f"{day:%a}:{slot.period}",
                "Date": f"{day}T00:00:00",
                "StartDateTime": f"{day}T{hour:02}:15:00",
                "EndDateTime": f"{day}T{hour + 1:02}:15:00",
                "StaffCodes": ",".join(filter(None, (codes.get(member) for member in slot.group.staff))) or None,
                "RoomCodes": f"R{slot.id % 30}",
                "SubjectCode": slot.group.subject[0] if slot.group.subject else None,
                "SubjectName": slot.group.subject[1] if slot.group.subject else None,
                "JoinedId": None,
            }
            yield Seed(f"{slot.id}.{instance}", slot.id, given, day)
