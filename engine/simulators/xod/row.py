"""The rows of the sets of a read, on a day: seeds with their columns filled in, so that what points at a row finds it.

Rows of lists and of those who are there are made once a day; those of days are made for the days that are asked for.
Next: `serve`.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from engine.simulators.school import School
from engine.simulators.xod import seed as seeds
from engine.simulators.xod.fact import ReadFact, SetFact, read_facts
from engine.simulators.xod.seed import Ring, Seed, Span, draw
from engine.simulators.xod.special import SPECIAL
from engine.simulators.xod.value import composite, value_of

Values = dict[str, Any]
_CHILDREN = {"TimetableDays": 5, "TimetablePeriods": 5, "Columns": 2, "DetentionStudents": 2, "Grades": 3}
"""Of which sets each parent has more rows than one."""
_PARENTS = {
    "StudentAchievements", "StaffAchievements", "StudentBehaviour", "StaffBehaviour", "DetentionStudents",
    "DetentionOtherStaff", "SENEventPersons",
}  # fmt: skip
"""Sets about people whose rows hang on another set of the answer."""
_SPANS_KEPT = 12
_LISTS = {"Aspects", "Detentions", "DetentionTypeLookup"}
"""Lists whose rows only point at those of another."""


@dataclass
class Rows:
    """The rows of one school on one day."""

    school: School | None
    today: date
    _made: dict[tuple[str, str, Span | None], list[Values]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        school = self.school
        self._pupils = Ring(seeds.on_roll(school) if school else [])
        self._staff = Ring(seeds.teaching(school) if school else [])
        self._groups = Ring([group for group in school.groups if group.pupils] if school else [])

    def of(self, read: ReadFact, name: str, span: Span | None = None) -> list[Values]:
        """The rows of a set; `span` counts for sets of days only."""
        with self._lock:
            return self._of(read, name, span)

    def _of(self, read: ReadFact, name: str, span: Span | None) -> list[Values]:
        key = (read.name, name, span if read.name in _DATED else None)
        if key not in self._made:
            about = read.sets[name]
            found = [self._fill(about, each) for each in self._seeds(read, about, span)] if self.school else []
            self._made[key] = found
            spans = [other for other in self._made if other[2] is not None]
            for old in spans[:-_SPANS_KEPT]:
                self._made.pop(old, None)
            return found
        return self._made[key]

    def span(self, read: ReadFact, first: date | None, last: date | None) -> Span:
        """The days of a read, where none, or one of them, is asked for."""
        before, after = _DATED.get(read.name, (30, 0))
        return Span(first or self.today - timedelta(days=before), last or self.today + timedelta(days=after))

    # Which rows

    def _seeds(self, read: ReadFact, about: SetFact, span: Span | None) -> Iterator[Seed]:
        school, days = self.school, span or self.span(read, None, None)
        assert school is not None
        special = SPECIAL.get((read.name, about.name)) or SPECIAL.get(("", about.name))
        if special is not None:
            yield from special(self, read, about, days)
            return
        parent = self._parent(read, about)
        people = set(about.columns)
        if parent is not None and about.name not in _LISTS and (about.name in _PARENTS or not people & _PEOPLE):
            yield from self._below(read, about, parent, days)
        elif people & seeds.STUDENT_IDS or about.links.get("Id", ("", "", ""))[1] == "Students":
            yield from seeds.by_pupils(school, about)
        elif people & {*seeds.STAFF_IDS, "ParentStaffId"} and parent is None and about.name != "Templates":
            yield from seeds.by_staff(school, about)
        else:
            yield from seeds.by_list(about)

    def _parent(self, read: ReadFact, about: SetFact) -> tuple[str, str, str] | None:
        """The first link of a set to another of the same read: own column, the other set, its column."""
        for column, (other, name, to) in about.links.items():
            if other == read.name.lower() and name != about.name and name in read.sets:
                return column, name, to
        return None

    def _below(self, read: ReadFact, about: SetFact, parent: tuple[str, str, str], days: Span) -> Iterator[Seed]:
        _, name, to = parent
        for row in self.of(read, name, days):
            for number in range(_CHILDREN.get(about.name, 1)):
                key = f"{about.name}:{row[to]}:{number}"
                given = {**self._somebody(about, key), **_pointing(about, read, name, row)}
                own = draw(key) if about.name in _PARENTS else int(re.sub(r"\D", "", row[to])) * 10 + number
                yield Seed(key, own, given)

    def _somebody(self, about: SetFact, key: str) -> Values:
        """Whom a row is about that hangs on another."""
        if set(about.columns) & seeds.STUDENT_IDS:
            event, _, number = key.rpartition(":")
            pupil = self._pupils.pick(event, skip=int(number))
            return seeds.of_pupil(pupil) if pupil else {}
        member = self._staff.pick(key)
        return seeds.of_staff(member) if member else {}

    # What stands in them

    def _fill(self, about: SetFact, seed: Seed) -> Values:
        values: Values = {}
        for column in about.columns:
            if column in seed.given:
                values[column] = seed.given[column]
            elif column not in ("Id", "LastUpdated", "RowHash") or (column == "Id" and seed.number):
                values[column] = self._value(about, column, seed)
        values |= self._said_of(about, values)
        made = composite(about.name, values)
        if made is not None:
            values["Id"] = made
        return {column: values.get(column, self._stamp(column, about, seed, values)) for column in about.columns}

    def _value(self, about: SetFact, column: str, seed: Seed) -> Any:
        link = about.links.get(column)
        if link is not None and column != "Id":
            return self._linked(link, draw(about.name, column, seed.key))
        return value_of(column, about.types.get(column, "text"), about.name, seed, self._opened)

    @property
    def _opened(self) -> date:
        return (self.school.opened if self.school else None) or self.today

    def _linked(self, link: tuple[str, str, str], number: int) -> Any:
        """A value of the column that a link leads to."""
        read, name, column = link
        if column == "IdaasId" or (read, name) in _PEOPLE_SETS:
            return self._person(name, column, number)
        found = self.of(read_facts()[read], name)
        return found[number % len(found)][column] if found else None

    def _said_of(self, about: SetFact, values: Values) -> Values:
        """What a row says again that stands in the list it points at."""
        link = about.links.get("MedicalConditionId")
        if link is None:
            return {}
        listed = self.of(read_facts()[link[0]], link[1])
        said = {row["Id"]: row["ConditionDescription"] for row in listed}
        return {"ConditionDescription": said[values["MedicalConditionId"]]}

    def _person(self, name: str, column: str, number: int) -> Any:
        if name == "Group":
            group = self._groups.pick(number)
            return str(group.id) if group and column == "Id" else None
        if name not in ("Students", "Staff") or column not in ("Id", "IdaasId"):
            return None
        one = self._pupils.pick(number) if name == "Students" else self._staff.pick(number)
        prefix = "PL" if name == "Students" else "PWT"
        return None if one is None else str(one.id) if column == "Id" else f"{prefix}-{one.id}"

    def _stamp(self, column: str, about: SetFact, seed: Seed, values: Values) -> Any:
        if column == "RowHash":
            return hashlib.sha1(f"{about.name}{values}".encode(), usedforsecurity=False).hexdigest().upper()
        number = draw(about.name, seed.key)
        day = seed.day or self._opened - timedelta(days=1 + number % 300)
        return f"{day}T0{number % 5}:{number % 60:02}:{number // 7 % 60:02}.{number % 90 + 10}1"


def _pointing(about: SetFact, read: ReadFact, name: str, row: Values) -> Values:
    """Every column that points at one row of another set."""
    links = about.links.items()
    return {column: row[to] for column, (other, each, to) in links if (other, each) == (read.name.lower(), name)}


_PEOPLE = {*seeds.STUDENT_IDS, "StaffId", "StaffMis_Id", "ParentStaffId"}
_PEOPLE_SETS = {("students", "Students"), ("staff", "Staff"), ("groups", "Group"), ("contacts", "Contacts")}
_DATED = {
    "AchievementForDateRange": (30, 0),
    "AchievementForToday": (0, 0),
    "BehaviourForDateRange": (30, 0),
    "BehaviourForToday": (0, 0),
    "AttendanceForDate": (0, 0),
    "AttendanceForDateRange": (7, 0),
    "AttStatsByWeek": (30, 0),
    "Timetable": (7, 14),
    "TimetableForGroup": (7, 14),
    "TimetableForStaff": (7, 14),
    "TimetableForStudent": (7, 14),
}
"""Reads of days: how many before today and after it come where none are asked for."""
