"""The school of a day as HUBmis knows it: its ids and names, who belongs to whom, and its year.

Everything follows from the ids of the made-up school, so that it stays the same from day to day.
Next: `student`, `contact`, `staff`, `structure`, `life`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Hashable, Iterable
from datetime import date, timedelta
from functools import cached_property
from typing import Any, TypeVar

from engine.simulators import pool
from engine.simulators.family import academic_start
from engine.simulators.hubmis.value import Item, draw, named
from engine.simulators.person import Comm, Contact, Group, Link, Pupil, Staff
from engine.simulators.school import School

SECTIONS = (
    (1, "LS", "Lower School", (7, 8, 9)),
    (2, "US", "Upper School", (10, 11)),
    (3, "SF", "Sixth Form", (12, 13)),
)
"""The parts of the school: id, code, name, and their years."""
BOARDING = ("Sheriff", "Wolfe")
ACADEMIC_HOUSE, BOARDING_HOUSE, TUTOR_GROUP, ROOM = 41, 51, 61, 31
ROOMS = 12
_FIRST_YEAR = 2010  # the id of a school year is no year: it counts from here

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def grouped(items: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """Values by their keys, in their order."""
    found: dict[K, list[V]] = {}
    for key, value in items:
        found.setdefault(key, []).append(value)
    return found


def person(one: Pupil | Contact | Staff) -> Item:
    """A reference to a person."""
    return {"id": one.id, "first_name": one.forename, "last_name": one.surname}


def pair_id(one: int, other: int) -> int:
    """The id of what somebody is to somebody else."""
    return one * 100_000 + other % 100_000


def key_stage(year: int) -> str:
    """The stage of education that a year is in."""
    return "KS3" if year < 10 else "KS4" if year < 12 else "KS5"


class Roll:
    """The school of a day, with what is asked of it again and again."""

    def __init__(self, school: School, today: date) -> None:
        self.school, self.today = school, today
        self.opened = school.opened or school.today
        self.pupils = {pupil.id: pupil for pupil in school.pupils}
        self.contacts = {contact.id: contact for contact in school.contacts}
        self.staff = {member.id: member for member in school.staff}
        self.groups = {group.id: group for group in school.groups}
        self.present = [member for member in school.staff if member.status == "Current"]
        self._kept: dict[object, Any] = {}
        self._lock = threading.RLock()

    def kept(self, name: object, make: Callable[[], T]) -> T:
        """What is made once for all who ask."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            found: T = self._kept[name]
            return found

    def key(self, number: int) -> int:
        """The id of something that every school has, in this school."""
        return self.school.base + number

    # Years

    @cached_property
    def year_id(self) -> int:
        """The id of the active school year."""
        return academic_start(self.today).year - _FIRST_YEAR

    @property
    def year_ids(self) -> range:
        """The ids of all school years on file: two before the school was drawn, up to the one to come."""
        return range(academic_start(self.opened).year - _FIRST_YEAR - 2, self.year_id + 2)

    def begins(self, year: int) -> date:
        """The first day of a school year."""
        return date(_FIRST_YEAR + year, 9, 1)

    def ends(self, year: int) -> date:
        """The last day of the last term of a school year."""
        return self.terms(year)[-1][3]

    def year(self, year: int) -> Item:
        """A reference to a school year."""
        first = _FIRST_YEAR + year
        return {"id": year, "name": f"{first}/{(first + 1) % 100:02}"}

    def terms(self, year: int) -> list[tuple[int, str, date, date]]:
        """The terms of a year: id, name, first and last day."""
        first = _FIRST_YEAR + year
        return [
            (year * 3 + 1, "Autumn", date(first, 9, 1), date(first, 12, 18)),
            (year * 3 + 2, "Spring", date(first + 1, 1, 6), date(first + 1, 3, 27)),
            (year * 3 + 3, "Summer", date(first + 1, 4, 20), date(first + 1, 7, 10)),
        ]

    def inset_days(self, year: int) -> list[date]:
        """The days on which staff only are there: the first of each term."""
        return [first for _, _, first, _ in self.terms(year)]

    def closures(self, year: int) -> list[date]:
        """The days on which the school was shut."""
        return [self.terms(year)[1][2] + timedelta(days=21)]

    @cached_property
    def school_days(self) -> list[date]:
        """The days of the active year on which there is school, those to come too."""
        shut = {*self.inset_days(self.year_id), *self.closures(self.year_id)}
        return [
            day
            for _, _, first, last in self.terms(self.year_id)
            for day in (first + timedelta(days=number) for number in range((last - first).days + 1))
            if day.weekday() < 5 and day not in shut
        ]

    # Groups

    def of_type(self, kind: str) -> list[Group]:
        """The groups of a type."""
        return [group for group in self.school.groups if group.type == kind]

    def section(self, year: int | None) -> Item | None:
        """A reference to the section of a year group."""
        found = [(key, name) for key, _, name, years in SECTIONS if year in years]
        return named(self.key(found[0][0]), found[0][1]) if found else None

    def year_group(self, year: int | None) -> Item | None:
        """A reference to a year group."""
        return None if year is None else named(self.key(20 + year), f"Year {year}")

    def group_year(self, group: Group) -> int | None:
        """The year of a form or a set, as its name says."""
        found = re.match(r"\d+", group.code)
        return int(found[0]) if found else None

    def house(self, pupil: Pupil) -> int:
        """The number of a pupil's academic house, from 0."""
        return pupil.draw % len(pool.HOUSES) if pupil.house is None else pupil.house

    def boarding(self, pupil: Pupil) -> int | None:
        """The number of a pupil's boarding house, from 0; None for one who goes home."""
        return int(pupil.gender == "F") if pupil.draw % 4 == 1 else None

    def tutor_group(self, pupil: Pupil) -> int:
        """The number of a pupil's tutor group, from 0: those of a house in a section."""
        place = next((number for number, each in enumerate(SECTIONS) if pupil.year in each[3]), 0)
        return place * len(pool.HOUSES) + self.house(pupil)

    def room(self, number: int) -> Item:
        """A reference to a room."""
        place = number % ROOMS
        return {"id": self.key(ROOM + place), "name": f"Room {place + 1}"}

    # People

    @cached_property
    def current(self) -> list[Pupil]:
        """The pupils on roll."""
        return [pupil for pupil in self.school.pupils if pupil.status == "OnRoll"]

    @cached_property
    def by_house(self) -> dict[tuple[str, int], list[Pupil]]:
        """The pupils on roll by house, of either type, and by tutor group."""
        found: list[tuple[tuple[str, int], Pupil]] = []
        for pupil in self.current:
            bed = self.boarding(pupil)
            found += [(("academic", self.house(pupil)), pupil), (("tutor", self.tutor_group(pupil)), pupil)]
            found += [] if bed is None else [(("boarding", bed), pupil)]
        return grouped(found)

    @cached_property
    def children(self) -> dict[int, list[Link]]:
        """The links of each contact."""
        return grouped((link.contact, link) for link in self.school.links)

    @cached_property
    def parents(self) -> dict[int, list[Link]]:
        """The links of each pupil, the first to be called in front."""
        return grouped((link.pupil, link) for link in sorted(self.school.links, key=lambda link: link.priority))

    @cached_property
    def comms(self) -> dict[tuple[str, int], list[Comm]]:
        """Phones and e-mails of each person, the first choice in front."""
        ordered = sorted(self.school.comms, key=lambda comm: comm.priority)
        return grouped(((comm.person_type, comm.person), comm) for comm in ordered)

    def teachers(self, *about: object, count: int = 1) -> list[Staff]:
        """Some of the staff, the same for what they are about."""
        if not self.present:
            return []
        first = draw(*about)
        return [self.present[(first + number) % len(self.present)] for number in range(min(count, len(self.present)))]
