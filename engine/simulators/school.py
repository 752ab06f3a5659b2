"""A made-up school of N pupils, the same from a seed every time, and awkward as real schools are.

Between six and seven records a pupil: 1 pupil, 0.9 contacts, 1.4 links, 1 phone or e-mail, a twelfth of a
member of staff, groups, and 2.3 memberships (year and form for all, a house in Year 7, a set in Year 11).
Families are drawn one after the other, so a larger school begins with the same pupils as a smaller one.
`family` draws households, `oddity` plants the awkward ones, `life` lets days go by.
Next: `family`, `oddity`, then `wire`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from engine.simulators import pool
from engine.simulators.family import Register, academic_start, draw_address, draw_families
from engine.simulators.oddity import plant_mess, plant_oddities
from engine.simulators.person import Comm, Contact, Group, Link, Pupil, Staff

FORM_SIZE = 28
OFFICE = "office@example.org"


@dataclass
class School:
    """All records of a school. `messy` tells which pupils bear an unreadable value, and in what."""

    name: str
    today: date
    pupils: list[Pupil]
    contacts: list[Contact]
    links: list[Link]
    comms: list[Comm]
    staff: list[Staff]
    groups: list[Group]
    messy: list[tuple[int, str]] = field(default_factory=list)
    opened: date | None = None  # the day it was drawn, where that is not `today`
    base: int = 0  # what was added to all ids

    def record_count(self) -> int:
        """Records over all sets, memberships included."""
        people = len(self.pupils) + len(self.contacts) + len(self.staff)
        between = len(self.links) + len(self.comms) + len(self.groups)
        return people + between + sum(len(group.pupils) + len(group.staff) for group in self.groups)


def build_school(pupils: int = 200, seed: int = 1, today: date = date(2026, 3, 2), mess: int = 0) -> School:
    """Make a school with so many pupils on roll; leavers and future pupils come on top."""
    return found_school(pupils, seed, today, mess)[0]


def found_school(pupils: int, seed: int, today: date, mess: int) -> tuple[School, Register]:
    """Make a school, and give the register with it, which knows the ids that were used."""
    register = Register(seed, today, Random(f"{seed}:families"))
    draw_families(register, pupils)
    staff = _draw_staff(Random(f"{seed}:staff"), max(3, round(pupils / 12)), today)
    plant_oddities(register, staff)
    groups = _form_groups(register.pupils, staff)
    school = School(
        name="Brindlewick Academy",
        today=today,
        pupils=register.pupils,
        contacts=register.contacts,
        links=register.links,
        comms=register.list_comms() + _staff_comms(staff),
        staff=staff,
        groups=groups,
    )
    for number, comm in enumerate(school.comms, start=1):
        comm.number = number
    school.messy = plant_mess(school.pupils, mess)
    return school, register


def _draw_staff(random: Random, count: int, today: date) -> list[Staff]:
    staff = []
    former = max(1, count // 20)
    for number in range(count + former):
        woman = random.random() < 0.6
        forename = random.choice(pool.GIRLS if woman else pool.BOYS)
        surname = random.choice(pool.SURNAMES)
        teacher = number % 4 != 3
        member = Staff(
            id=number + 2,
            title=random.choice(("Mrs", "Ms", "Miss", "Dr") if woman else ("Mr", "Mr", "Dr")),
            forename=forename,
            surname=surname,
            code=f"{forename[0]}{surname[0]}{number}".upper() if teacher else None,
            teacher=teacher,
            born=date(1960 + random.randrange(40), 1 + random.randrange(12), 1 + random.randrange(28)),
            start=date(today.year - 1 - random.randrange(20), 9, 1),
            address=draw_address(random),
            email=pool.mail(forename, surname, number, host="example.com") if number % 5 != 4 else None,
            home_email=pool.mail(surname, number) if random.random() < 0.3 else None,
            home_phone=pool.landline(random) if random.random() < 0.3 else None,
        )
        if number >= count:
            member.status, member.end = "Previous", academic_start(today) - timedelta(days=30)
        staff.append(member)
    return staff


def _staff_comms(staff: list[Staff]) -> list[Comm]:
    comms = []
    for member in staff:
        hidden = "includeprevious" if member.status == "Previous" else ""
        for kind, location, value in (("E", "W", member.email), ("T", "H", member.home_phone)):
            if value:
                comms.append(Comm("Staff", member.id, kind, location, value, hidden=hidden))
    return comms


def _form_groups(pupils: list[Pupil], staff: list[Staff]) -> list[Group]:
    """Put the pupils on roll into years, forms, houses and sets, and teachers in front of them."""
    groups: dict[int, Group] = {}
    counts = dict.fromkeys(range(7, 14), 0)
    for year in counts:
        _add(groups, Group(20 + year, "YearGrp", str(year), f"Year {year:>2}"))
    for number, house in enumerate(pool.HOUSES):
        _add(groups, Group(41 + number, "HouseGrp", house[0], house))
    for pupil in pupils:
        if pupil.status != "OnRoll":
            continue
        _place(groups, pupil, counts[pupil.year])
        counts[pupil.year] += 1
    _add_awkward(groups)
    _appoint(groups, [member for member in staff if member.teacher and member.status == "Current"])
    return list(groups.values())


def _place(groups: dict[int, Group], pupil: Pupil, number: int) -> None:
    index = number // FORM_SIZE
    form = f"{pupil.year}{letters(index)}"
    pupil.form, pupil.form_id = form, pupil.year * 1000 + index
    places = [
        Group(20 + pupil.year, "YearGrp", str(pupil.year), f"Year {pupil.year:>2}"),
        Group(pupil.form_id, "RegGrp", form, form),
    ]
    if pupil.year == 7:
        pupil.house = number % 4
        places.append(Group(41 + pupil.house, "HouseGrp", "", ""))
        if number < 12:
            places.append(Group(70001, "TeachingGrp", "7A\\Hi", "7A\\Hi", ("Hi", "History")))
    if pupil.year == 11:
        code, subject = pool.SUBJECTS[index % 5]
        name = f"11{letters(index)}/{code}"
        places.append(Group(50000 + index, "TeachingGrp", name, name, (code, subject)))
    for group in places:
        _add(groups, group).pupils.append(pupil.id)
        pupil.groups.append(group.id)


def _add(groups: dict[int, Group], group: Group) -> Group:
    return groups.setdefault(group.id, group)


def letters(index: int) -> str:
    """A to Z, then AA and so on."""
    first, last = divmod(index, 26)
    return ("" if first == 0 else chr(64 + first)) + chr(65 + last)


def _add_awkward(groups: dict[int, Group]) -> None:
    _add(groups, Group(90001, "TeachingGrp", "8Z/Empty", "8Z/Empty"))  # nobody in it at all
    _add(groups, Group(90002, "TeachingGrp", "Choir", "Choir,  Senior"))  # staff only


def _appoint(groups: dict[int, Group], teachers: list[Staff]) -> None:
    for number, group in enumerate(groups.values()):
        if group.type in ("RegGrp", "TeachingGrp") and group.code != "8Z/Empty":
            teacher = teachers[number % len(teachers)]
            group.staff.append(teacher.id)
            teacher.groups.append(group.id)
            if group.type == "RegGrp":
                teacher.form = group.code if teacher.form is None else f"{teacher.form},{group.code}"
