"""Who was there: marks of mornings and afternoons, in both APIs the same. Next: `report`.

A mark follows from pupil, day and session. A register is taken 20 minutes after its session begins; before, there is
no mark, which is not the same as being absent. There is no school at the weekend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block, Node, Value
from engine.simulators.isams.roll import Roll, school_id
from engine.simulators.person import Pupil

SESSIONS = (("AM", time(8, 40), time(9, 0)), ("PM", time(13, 50), time(14, 10)))
"""Name, beginning, and when the register is taken."""
ABSENCES = ((39, "I", "Illness"), (40, "M", "Medical appointment"), (41, "N", "No reason yet"))
PRESENCES = ((1, "/", "Present (AM)"), (2, "\\", "Present (PM)"), (3, "L", "Late"))
OUT, ROW_LIMIT = "out", 2_000_000
_SHARES = ((920, "present"), (945, "late"), (985, "absent"), (992, OUT), (1000, "none"))


class TooMuch(Exception):
    """More rows than a gateway waits for."""


@dataclass(frozen=True)
class Mark:
    """What a register says of a pupil: present, late, absent, out or none."""

    kind: str
    number: int

    @property
    def absence(self) -> int | None:
        """The id of the absence code, if any; one in five absences has none yet."""
        if self.kind == OUT:
            return 40
        return ABSENCES[self.number % 3][0] if self.kind == "absent" and self.number % 5 else None


def mark_of(pupil: int, day: date, session: int, now: datetime) -> Mark:
    """The mark of a pupil, as it is known at a moment."""
    mixed = (pupil * 2_654_435_761 + day.toordinal() * 40_503 + session * 97_003) & 0xFFFFFFFF
    mixed = ((mixed ^ mixed >> 15) * 0x2C1B3C6D) & 0xFFFFFFFF
    number = (mixed ^ mixed >> 12) % 1000
    if datetime.combine(day, SESSIONS[session][2]) > now:
        return Mark("none", number)
    return Mark(next(kind for below, kind in _SHARES if number < below), number)


def school_days(roll: Roll, asked: Asked) -> list[date]:
    """The days of school that a filter is about, today at the latest."""
    start, end = asked.day("StartDate"), asked.day("EndDate")
    last = min(end or roll.school.today, roll.now.date())
    first = start or last
    count = max(0, (last - first).days + 1)
    if count * len(roll.current) * len(SESSIONS) > ROW_LIMIT:
        raise TooMuch
    days = [first + timedelta(days=number) for number in range(count)]
    return [day for day in days if day.weekday() < 5]


def statuses(roll: Roll, asked: Asked) -> list[Block]:
    """Registration statuses by whole days. `PupilId` is the SchoolId."""
    nodes = []
    pupils = [(pupil, school_id(pupil.id)) for pupil in roll.chosen(asked.years)]
    for day in school_days(roll, asked):
        for session, (_, begins, _) in enumerate(SESSIONS):
            stamp = f"{day}T{begins:%H:%M:%S}"
            serial = (day.toordinal() % 10_000 * 2 + session) * 1_000_000
            for pupil, key in pupils:
                mark = mark_of(pupil.id, day, session, roll.now)
                fields: dict[str, Value] = {
                    "Registered": int(mark.kind in ("present", "late")),
                    "Code": mark.absence,
                    "PupilId": key,
                    "RegistrationDateTime": stamp,
                }
                nodes.append(Node("RegistrationStatus", {"Id": serial + pupil.id}, fields))
    return [Block(("RegistrationManager", "RegistrationStatuses"), nodes)]


def out_of_school(roll: Roll, asked: Asked) -> list[Block]:
    """Pupils who are out with leave. The end of the range is the midnight at which its day begins."""
    nodes = []
    start, end = asked.day("StartDate"), asked.day("EndDate")
    for day in school_days(roll, asked):
        for session, (_, begins, _) in enumerate(SESSIONS):
            left = datetime.combine(day, begins)
            if end is not None and left > datetime.combine(end, time()):
                continue
            if start is not None and left < datetime.combine(start, time()):
                continue
            nodes += [
                Node("Pupil", {}, {"PupilId": school_id(pupil.id)})
                for pupil in roll.chosen(asked.years)
                if mark_of(pupil.id, day, session, roll.now).kind == OUT
            ]
    return [Block(("RegistrationManager", "OutOfSchool"), nodes)]


# Registers of today, as the REST API has them


@dataclass(frozen=True)
class Period:
    """A register of today: a session of the pupils of some divisions. A rule is about one of both halves of a day."""

    id: int
    session: int
    rule: int
    divisions: tuple[int, ...]
    day: date


def periods(roll: Roll) -> Iterator[Period]:
    """The registers of today; their ids are new each day."""
    day = roll.now.date()
    if day.weekday() >= 5 or not roll.current:
        return
    for session in range(len(SESSIONS)):
        for number, divisions in enumerate(((2, 3), (11,))):
            key = roll.key(day.toordinal() % 100_000 * 10 + session * 2 + number)
            yield Period(key, session, roll.key(1 + session * 2 + number), divisions, day)


def register(roll: Roll, period: Period, division: dict[int, int | None]) -> list[Pupil]:
    """The pupils of a register; some are listed twice."""
    wanted = {roll.key(key) for key in period.divisions}
    found = [pupil for pupil in roll.current if division.get(roll.year(pupil)) in wanted]
    again = [pupil for pupil in found if roll.has("duplicate-registers") and pupil.id % 31 == 0]
    return found + again
