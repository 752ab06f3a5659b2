"""The structure of a school year: sections, years, forms, tutor groups, sets, subjects, houses; who is in them.

Forms, tutor groups and sets are known of the active year only. Next: `days`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.simulators import pool
from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.roll import (
    ACADEMIC_HOUSE,
    BOARDING,
    BOARDING_HOUSE,
    SECTIONS,
    TUTOR_GROUP,
    Roll,
    key_stage,
    person,
)
from engine.simulators.hubmis.value import Item, draw, named, one_of
from engine.simulators.person import Group, Pupil, Staff

DEPARTMENTS = (
    (1, "MA", "Mathematics", (0,)),
    (2, "LA", "Languages", (1, 2)),
    (3, "HU", "Humanities", (3,)),
    (4, "SC", "Sciences", (4,)),
)
"""Departments: id, code, name, and the numbers of their subjects."""
_YEAR = "v1/academic-years/{academicYearId}"
_NEWER = "v2/academic-years/{academicYearId}"
_CLUBS = ("Chess", "Orchestra", "Rowing")


def _people(members: Iterable[Staff]) -> list[Item]:
    return [person(member) for member in members]


def _numbers(key: int, name: str) -> Item:
    return {"code": name, "timetable_code": name, "short_description": None, "uuid": f"{draw(key, name):08x}"}


def sections(roll: Roll, asked: Asked) -> list[Item]:
    """The parts of the school, each of some years."""
    return [
        {
            "id": roll.key(key),
            "code": short,
            "name": name,
            "section_heads": _people(roll.teachers("section", key)),
            "year_groups": [roll.year_group(year) for year in years],
            "position": key,
        }
        for key, short, name, years in SECTIONS
    ]


def year_groups(roll: Roll, asked: Asked) -> list[Item]:
    """The year groups, with the pupils that are in them in the active year."""
    active = asked.year == roll.year_id
    found = []
    for group in roll.of_type("YearGrp"):
        year = roll.group_year(group) or 0
        forms = [form for form in roll.of_type("RegGrp") if roll.group_year(form) == year]
        found.append(
            {
                "id": group.id,
                "academic_year": roll.year(asked.year),
                **_numbers(group.id, f"Y{year}"),
                "dfe_year": str(year),
                "final_year": year == 13,
                "form_count": len(forms) if active else 0,
                "key_stage": key_stage(year),
                "max_students": 200,
                "name": f"Year {year}",
                "position": year,
                "section": roll.section(year),
                "status": "active",
                "total_student_count": len(group.pupils) if active else 0,
                "year_group_heads": _people(roll.teachers("year", year)),
            }
        )
    return found


def _class(roll: Roll, asked: Asked, key: int, name: str, staff: list[Staff], count: int) -> Item:
    """What forms, tutor groups, sets and activities have in common."""
    return {
        "id": key,
        "academic_year": roll.year(asked.year),
        **_numbers(key, name),
        "max_students": 30,
        "name": name,
        "rooms": [roll.room(key)],
        "staff": _people(staff),
        "staff_report_writers": _people(staff[:1]),
        "student_count": count,
    }


def _of_group(roll: Roll, asked: Asked, group: Group) -> Item:
    """A form or a set, with the year it is of."""
    staff = [roll.staff[key] for key in group.staff if key in roll.staff]
    year = roll.group_year(group)
    own = {"section": roll.section(year), "year_group": roll.year_group(year)}
    return {**_class(roll, asked, group.id, group.name, staff, len(group.pupils)), "code": group.code, **own}


def forms(roll: Roll, asked: Asked) -> list[Item]:
    """The forms of the active year."""
    groups = roll.of_type("RegGrp") if asked.year == roll.year_id else []
    return [
        {
            **_of_group(roll, asked, group),
            "student_representatives": [person(roll.pupils[key]) for key in group.pupils[:1]],
        }
        for group in groups
    ]


def subject_sets(roll: Roll, asked: Asked) -> list[Item]:
    """The sets of the active year; some are of no subject, or empty."""
    groups = roll.of_type("TeachingGrp") if asked.year == roll.year_id else []
    codes = [short for short, _ in pool.SUBJECTS]
    return [
        {
            **_of_group(roll, asked, group),
            "credit_score": None,
            "date_start": str(roll.begins(asked.year)),
            "date_end": str(roll.ends(asked.year)),
            "qualification": one_of(code.QUALIFICATIONS, 0) if roll.group_year(group) in (10, 11) else None,
            "subject": named(codes.index(group.subject[0]) + 1, group.subject[1]) if group.subject else None,
        }
        for group in groups
    ]


def tutor_groups(roll: Roll, asked: Asked) -> list[Item]:
    """The tutor groups of the active year: those of a house in a section."""
    found = []
    for number in range(len(SECTIONS) * len(pool.HOUSES) if asked.year == roll.year_id else 0):
        place, house = divmod(number, len(pool.HOUSES))
        key, short, name, _ = SECTIONS[place]
        tutors, pupils = roll.teachers("tutor", number), roll.by_house.get(("tutor", number), [])
        group = _class(
            roll, asked, roll.key(TUTOR_GROUP + number), f"{pool.HOUSES[house]} {short}", tutors, len(pupils)
        )
        found.append({**group, "section": named(roll.key(key), name)})
    return found


def activities(roll: Roll, asked: Asked) -> list[Item]:
    """The activities of a year."""
    days = {"date_start": str(roll.begins(asked.year)), "date_end": str(roll.ends(asked.year))}
    years = [group for group in map(roll.year_group, range(7, 14)) if group]
    return [
        {
            **_class(roll, asked, number, name, roll.teachers("club", number), 0),
            **days,
            "year_groups": years,
            "_year_group": [group["id"] for group in years],
        }
        for number, name in enumerate(_CLUBS, start=1)
    ]


def departments(roll: Roll, asked: Asked) -> list[Item]:
    """The departments with their subjects."""
    return [
        {
            "id": key,
            "academic_year": roll.year(asked.year),
            "code": short,
            "department_heads": _people(roll.teachers("department", key)),
            "name": name,
            "subjects": [named(number + 1, pool.SUBJECTS[number][1]) for number in numbers],
            "can_copy": True,
        }
        for key, short, name, numbers in DEPARTMENTS
    ]


def subjects(roll: Roll, asked: Asked) -> list[Item]:
    """The subjects, each of a department."""
    return [
        {
            "id": number + 1,
            "academic_year": roll.year(asked.year),
            "alternative_name": None,
            "code": short,
            "color_option": number,
            "department": next(named(key, own) for key, _, own, numbers in DEPARTMENTS if number in numbers),
            "name": name,
            "can_copy": True,
            "subject_heads": _people(roll.teachers("subject", number)),
        }
        for number, (short, name) in enumerate(pool.SUBJECTS)
    ]


def houses(roll: Roll, asked: Asked) -> list[Item]:
    """The houses, of two types in one list."""
    return [
        {
            "id": roll.key(first + number),
            "address": f"{number + 1} Clockmaker Row" if kind == "boarding" else None,
            "code": name[:2].upper(),
            "genders": [named(key, each) for key, each in enumerate(code.GENDERS, start=1)],
            "house_parents": _people(roll.teachers(word, number)),
            "house_type": kind,
            "images": [],
            "max_students": 100,
            "name": name,
            "note": None,
            "phone": f"01632 96001{number}" if kind == "boarding" else None,
            "profile_image": None,
            "staff": _people(roll.teachers(word, number)),
            "system_profile_image": "aqua",
            "is_active": True,
        }
        for kind, word, first, names in (
            ("academic", "house", ACADEMIC_HOUSE, pool.HOUSES),
            ("boarding", "boarding", BOARDING_HOUSE, BOARDING),
        )
        for number, name in enumerate(names)
    ]


# One of them, and who is in it


def one_in(items: Callable[[Roll, Asked], list[Item]]) -> Make:
    """The one of a list that a path is about."""

    def made(roll: Roll, asked: Asked) -> Item | None:
        return next((item for item in items(roll, asked) if item["id"] == asked.id), None)

    return made


def _listed(roll: Roll, pupils: Iterable[Pupil]) -> list[Item]:
    return [
        {
            **person(pupil),
            "_gender": 2 if pupil.gender == "F" else 1,
            "_form": pupil.form_id,
            "_year_group": roll.key(20 + pupil.year),
        }
        for pupil in pupils
    ]


def _members(kind: str) -> Make:
    """The students of a form or a set."""

    def made(roll: Roll, asked: Asked) -> list[Item] | None:
        group = roll.groups.get(asked.id)
        if group is None or group.type != kind or asked.year != roll.year_id:
            return None
        return _listed(roll, (roll.pupils[key] for key in group.pupils if key in roll.pupils))

    return made


def tutored(roll: Roll, asked: Asked) -> list[Item] | None:
    """The students of a tutor group."""
    number = asked.id - roll.key(TUTOR_GROUP)
    if not 0 <= number < len(SECTIONS) * len(pool.HOUSES) or asked.year != roll.year_id:
        return None
    return _listed(roll, roll.by_house.get(("tutor", number), []))


def housed(roll: Roll, asked: Asked) -> list[Item] | None:
    """The current students of a house of either type."""
    for kind, first, names in (("academic", ACADEMIC_HOUSE, pool.HOUSES), ("boarding", BOARDING_HOUSE, BOARDING)):
        number = asked.id - roll.key(first)
        if 0 <= number < len(names):
            return _listed(roll, roll.by_house.get((kind, number), []))
    return None


MAKERS: dict[str, Make] = {
    "v1/sections": sections,
    "v2/sections": sections,
    "v1/sections/{id}": one_in(sections),
    "v1/houses": houses,
    "v1/houses/{id}": one_in(houses),
    "v1/houses/{id}/students": housed,
    "v1/houses/summary": houses,
    f"{_YEAR}/year-groups": year_groups,
    f"{_YEAR}/year-groups/{{id}}": one_in(year_groups),
    f"{_YEAR}/forms": forms,
    f"{_YEAR}/forms/{{id}}": one_in(forms),
    f"{_YEAR}/forms/{{id}}/students": _members("RegGrp"),
    f"{_YEAR}/tutor-groups": tutor_groups,
    f"{_YEAR}/tutor-groups/{{id}}": one_in(tutor_groups),
    f"{_YEAR}/tutor-groups/{{id}}/students": tutored,
    f"{_YEAR}/subject-sets": subject_sets,
    f"{_NEWER}/subject-sets": subject_sets,
    f"{_YEAR}/subject-sets/{{id}}": one_in(subject_sets),
    f"{_YEAR}/subject-sets/{{id}}/students": _members("TeachingGrp"),
    f"{_YEAR}/departments": departments,
    f"{_NEWER}/departments": departments,
    f"{_YEAR}/departments/{{id}}": one_in(departments),
    f"{_NEWER}/departments/{{id}}": one_in(departments),
    f"{_YEAR}/subjects": subjects,
    f"{_NEWER}/subjects": subjects,
    f"{_YEAR}/subjects/{{id}}": one_in(subjects),
    f"{_NEWER}/subjects/{{id}}": one_in(subjects),
    f"{_YEAR}/extra-curricular-activities": activities,
    f"{_YEAR}/extra-curricular-activities/{{id}}": one_in(activities),
}
