"""Staff, and what hangs on one of them. Next: `structure`."""

from __future__ import annotations

from collections.abc import Callable

from engine.simulators import pool
from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.reach import addresses, emails, phones
from engine.simulators.hubmis.roll import ACADEMIC_HOUSE, BOARDING, BOARDING_HOUSE, Roll
from engine.simulators.hubmis.structure import DEPARTMENTS
from engine.simulators.hubmis.value import Item, draw, entries, entry, named, one_of
from engine.simulators.person import Group, Staff

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def staff(roll: Roll, asked: Asked) -> list[Item]:
    """All staff, past ones too."""
    return [member(roll, each) for each in roll.school.staff]


def member(roll: Roll, one: Staff) -> Item:
    """A member of staff; initials are the external id where there are some."""
    forms, sets = _taught(roll, one, "RegGrp"), _taught(roll, one, "TeachingGrp")
    years = [roll.group_year(group) for group in (*forms, *sets)]
    sections = {part["id"]: part for part in map(roll.section, years) if part}
    own_departments = departments(one, sets)
    return {
        "id": one.id,
        "access_status": "invited" if one.status == "Current" else "no_access",
        "multi_realm": False,
        **_houses(roll, one),
        "departments": own_departments,
        "email": one.email,
        "external_id": one.code or f"ST{one.id}",
        "first_name": one.forename,
        "forms": [named(group.id, group.name) for group in forms],
        "gender": _gender(one),
        "images": [],
        "job_title": job_of(one),
        "last_name": one.surname,
        "middle_name": None,
        "person_type": "staff",
        "preferred_name": None,
        "profile_image": None,
        "roles": [entry(code.POSITIONS, job_of(one))],
        "rooms": [roll.room(one.id)] if one.teacher else [],
        "sections": list(sections.values()),
        "status": "past" if one.status == "Previous" else "current",
        "title": entry(code.TITLES, one.title),
        "_form": [group.id for group in forms],
        "_subject_set": [group.id for group in sets],
        "_department": [each["id"] for each in own_departments],
        "_section": list(sections),
    }


def _gender(one: Staff) -> Item | None:
    return entry(code.GENDERS, "Male" if one.title == "Mr" else "Female")


def _houses(roll: Roll, one: Staff) -> Item:
    """The houses that somebody is in front of."""
    academic = [number for number in range(len(pool.HOUSES)) if one in roll.teachers("house", number)]
    boarding = [number for number in range(len(BOARDING)) if one in roll.teachers("boarding", number)]
    return {
        "academic_houses": [named(roll.key(ACADEMIC_HOUSE + number), pool.HOUSES[number]) for number in academic],
        "boarding_houses": [named(roll.key(BOARDING_HOUSE + number), BOARDING[number]) for number in boarding],
    }


def _taught(roll: Roll, one: Staff, kind: str) -> list[Group]:
    return [roll.groups[key] for key in one.groups if key in roll.groups and roll.groups[key].type == kind]


def departments(one: Staff, sets: list[Group]) -> list[Item]:
    """The departments of a teacher: those of what is taught, or one by chance."""
    if not one.teacher:
        return []
    codes = {group.subject[0] for group in sets if group.subject}
    found = [(key, name) for key, _, name, subjects in DEPARTMENTS if codes & {pool.SUBJECTS[n][0] for n in subjects}]
    chosen = found or [(DEPARTMENTS[one.id % len(DEPARTMENTS)][0], DEPARTMENTS[one.id % len(DEPARTMENTS)][2])]
    return [{"id": key, "name": name} for key, name in chosen]


def job_of(one: Staff) -> str:
    """What somebody does."""
    return "Head" if one.id == 2 else "Teacher" if one.teacher else "Administrator"


def of_staff(make: Callable[[Roll, Staff], Item | list[Item] | None]) -> Make:
    """What is made of the member of staff of a path, if there is one."""

    def made(roll: Roll, asked: Asked) -> Item | list[Item] | None:
        found = roll.staff.get(asked.id)
        return None if found is None else make(roll, found)

    return made


def employment(roll: Roll, one: Staff) -> Item:
    """The contract of somebody."""
    return {
        "employment_contract": one_of(code.CONTRACTS, one.id),
        "employment_start_date": str(one.start),
        "employment_leave_date": str(one.end) if one.end else None,
        "graduate": one.teacher,
        "nqt": one.id % 9 == 0,
        "nqt_expire_date": None,
        "payroll_reference": f"PR{one.id:05}",
        "personal_summary": None,
        "qualifications": None,
        "reference": True,
        "reference_number": f"RN{one.id:05}",
    }


def personal(roll: Roll, one: Staff) -> Item:
    """What somebody is apart from the work."""
    return {
        "date_of_birth": str(one.born),
        "ethnicity": one_of(code.ETHNICITIES, one.id),
        "gender": _gender(one),
        "nationality": one_of(code.NATIONALITIES, one.id),
        "previous_last_name": None,
        "marital_status": one_of(code.MARITAL, one.id),
        "profile_signature_image": None,
        "signature_images": [],
    }


def school_details(roll: Roll, one: Staff) -> Item:
    """What somebody does here."""
    shown, sets = member(roll, one), _taught(roll, one, "TeachingGrp")
    subjects = dict(group.subject for group in sets if group.subject)
    known = [name for _, name in pool.SUBJECTS]
    return {
        "id": one.id,
        **{name: shown[name] for name in ("departments", "job_title", "rooms", "sections")},
        "learning_support_coordinator": one.id % 20 == 3,
        "positions": shown["roles"],
        "subjects": [entry(known, name) for name in subjects.values()],
        "timetable_code": one.code,
    }


def working_hours(key: int) -> list[Item]:
    """The hours of a week."""
    times = {"time_from": "08:30:00", "time_to": "16:30:00"}
    return [{"id": key * 10 + number, "day": day, **times} for number, day in enumerate(WEEKDAYS)]


def address(roll: Roll, asked: Asked) -> Item | None:
    """One address of somebody."""
    one = roll.staff.get(asked.id)
    found = addresses(one.id, one.address) if one else []
    return next((each for each in found if each["id"] == asked.ids[1]), None)


def further(roll: Roll, one: Staff) -> Item:
    """What else is known of somebody."""
    aider = draw("aider", one.id) % 4 == 0
    return {"children": [], "first_aider": aider, "first_aid_qualified": None, "first_aid_expire_date": None}


def _groups(kind: str) -> Make:
    return of_staff(lambda roll, one: [{"id": group.id, "name": group.name} for group in _taught(roll, one, kind)])


MAKERS: dict[str, Make] = {
    "v1/staff": staff,
    "v1/staff/{id}": of_staff(member),
    "v1/staff/{id}/employment": of_staff(employment),
    "v1/staff/{id}/personal": of_staff(personal),
    "v1/staff/{id}/further-details": of_staff(further),
    "v1/staff/{id}/school-details": of_staff(school_details),
    "v1/staff/{id}/contact-details": of_staff(lambda roll, one: {"emergency_contact": one.home_phone}),
    "v1/staff/{id}/email-addresses": of_staff(lambda roll, one: emails(roll, "Staff", one.id)),
    "v1/staff/{id}/phones": of_staff(lambda roll, one: phones(roll, "Staff", one.id)),
    "v1/staff/{id}/working-hours": of_staff(lambda roll, one: working_hours(one.id)),
    "v1/staff/{id}/address-mappings": of_staff(lambda roll, one: addresses(one.id, one.address)),
    "v1/staff/{id}/address-mappings/{mappingId}": address,
    "v1/staff/{id}/academic-structure": of_staff(
        lambda roll, one: [{"id": key, "name": roll.groups[key].name} for key in one.groups if key in roll.groups]
    ),
    "v1/staff/{id}/academic-leadership": of_staff(
        lambda roll, one: entries(code.POSITIONS[:1]) if job_of(one) == "Head" else []
    ),
    "v1/staff/{id}/leader-classes": _groups("TeachingGrp"),
    "v1/staff-default-working-hours": lambda roll, asked: working_hours(0),
}
