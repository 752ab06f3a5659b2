"""Students: current ones, past ones and applicants, and what hangs on one of them. Next: `contact`."""

from __future__ import annotations

from collections.abc import Callable

from engine.simulators import pool
from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.reach import addresses, emails, related_addresses
from engine.simulators.hubmis.roll import (
    ACADEMIC_HOUSE,
    BOARDING,
    BOARDING_HOUSE,
    TUTOR_GROUP,
    Roll,
    key_stage,
    pair_id,
    person,
)
from engine.simulators.hubmis.value import Item, draw, entry, moment, named, one_of
from engine.simulators.person import Pupil

WORDS = {"OnRoll": "current", "Leaver": "past", "PreAdmission": "applicant"}
"""What a student's status is called."""


def students(roll: Roll, asked: Asked) -> list[Item]:
    """All students, whatever their status; a filter tells them apart."""
    return [student(roll, pupil, asked.year) for pupil in roll.school.pupils]


def past_students(roll: Roll, asked: Asked) -> list[Item]:
    """Those who left."""
    return [student(roll, pupil, roll.year_id) for pupil in roll.school.pupils if pupil.status == "Leaver"]


def student(roll: Roll, pupil: Pupil, year: int) -> Item:
    """A student as seen in a school year: groups are known of the active one only."""
    here = pupil.status == "OnRoll" and year == roll.year_id
    return {**_identity(pupil), **_origin(pupil), **_places(roll, pupil, here), **_filters(roll, pupil, here)}


def _identity(pupil: Pupil) -> Item:
    last_login = moment(pupil.changed or pupil.entry, "18:30:00") if pupil.draw % 3 == 0 else None
    return {
        "id": pupil.id,
        "access_status": "invited" if pupil.draw % 2 else "no_access",
        "multi_realm": False,
        "date_of_birth": pupil.born,
        "deleted_at": None,
        "enrolment_status": WORDS[pupil.status],
        "external_id": pupil.admission,
        "first_name": pupil.forename,
        "has_global_note": pupil.note is not None,
        "last_login": last_login,
        "last_name": pupil.surname,
        "middle_name": pupil.middle,
        "name_in_local_language": None,
        "person_type": "stduent",
        "preferred_name": pupil.forename[:3] if pupil.draw % 9 == 0 else None,
        "primary_email": pupil.email,
        "profile_image": None,
        "tags": [{"id": 1, "name": "Scholar"}] if pupil.draw % 10 == 0 else [],
    }


def _origin(pupil: Pupil) -> Item:
    number = pupil.draw
    gender = {"M": "Male", "F": "Female"}.get(pupil.gender, pupil.gender)
    return {
        "country_of_birth": one_of(code.COUNTRIES, number) if number % 4 == 0 else None,
        "ethnicity": one_of(code.ETHNICITIES, number),
        "faith": one_of(code.FAITHS, number),
        "gender": entry(code.GENDERS, gender),
        "language_first": one_of(code.LANGUAGES, number),
        "language_second": one_of(code.LANGUAGES, number + 1) if number % 7 == 0 else None,
        "national_identity": None,
        "nationalities": [one_of(code.NATIONALITIES, number)],
        "learning_support_record_summary": [{"id": pupil.id, "name": "SEN"}] if supported(pupil) else [],
        "medical_condition_severity": [],
    }


def _places(roll: Roll, pupil: Pupil, here: bool) -> Item:
    """Form, houses and whether the student boards."""
    house, bed = roll.house(pupil), roll.boarding(pupil)
    form = roll.groups.get(pupil.form_id) if here else None
    return {
        "form": named(form.id, form.name) if form and pupil.id in form.pupils else None,
        "academic_house": named(roll.key(ACADEMIC_HOUSE + house), pool.HOUSES[house]) if here else None,
        "boarding_type": one_of(code.BOARDING_TYPES, 0 if bed is None else 1 + pupil.id % 2),
        "boarding_house": named(roll.key(BOARDING_HOUSE + bed), BOARDING[bed]) if here and bed is not None else None,
    }


def _filters(roll: Roll, pupil: Pupil, here: bool) -> Item:
    """What is kept for filters only; those of houses and school years are texts, so they take names too."""
    house, bed, year = roll.house(pupil), roll.boarding(pupil), roll.year(roll.year_id)
    houses = [roll.key(ACADEMIC_HOUSE + house), pool.HOUSES[house]]
    houses += [] if bed is None else [roll.key(BOARDING_HOUSE + bed), BOARDING[bed]]
    return {
        "_year_group": roll.key(20 + pupil.year) if here else None,
        "_house": houses if here else [],
        "_tutor_group": roll.key(TUTOR_GROUP + roll.tutor_group(pupil)) if here else None,
        "_academic_year": [year["id"], year["name"]] if pupil.status == "OnRoll" else [],
    }


def supported(pupil: Pupil) -> bool:
    """Whether a student has learning support."""
    return draw("support", pupil.id) % 7 == 0


# What hangs on one


def of_student(make: Callable[[Roll, Asked, Pupil], Item | list[Item]]) -> Make:
    """What is made of the student of a path, if there is one."""

    def made(roll: Roll, asked: Asked) -> Item | list[Item] | None:
        pupil = roll.pupils.get(asked.id)
        return None if pupil is None else make(roll, asked, pupil)

    return made


def enrolment(roll: Roll, asked: Asked, pupil: Pupil) -> Item:
    """The enrolment of a student; some have no number yet."""
    known = pupil.id % 11 != 0
    return {
        "enrolment_status": WORDS[pupil.status],
        "start_date": str(pupil.entry),
        "account_reference": f"AC{pupil.admission}",
        "candidate_number": f"{pupil.draw % 10_000:04}" if pupil.year >= 10 else None,
        "unique_pupil_number": f"Z{pupil.id:012}" if known else None,
        "unique_pupil_number_status": ("temporary" if pupil.id % 13 == 0 else "permanent") if known else None,
    }


def destination(roll: Roll, asked: Asked, pupil: Pupil) -> Item:
    """Where a student went."""
    left = pupil.left
    year = next((each for each in roll.year_ids if left and roll.begins(each) <= left < roll.begins(each + 1)), None)
    return {
        "leaving_status": "left" if left else None,
        "leaving_date": str(left) if left else None,
        "term": None if year is None else named(*roll.terms(year)[2][:2]),
        "academic_year": None if year is None else roll.year(year),
        "destination_start_date": str(left.replace(month=9, day=1)) if left else None,
        "destination": one_of(code.DESTINATIONS, pupil.draw) if left else None,
        "key_stage": key_stage(pupil.year) if left else None,
    }


def doctor(roll: Roll, asked: Asked, pupil: Pupil) -> Item:
    """A student's doctor, of one of three practices."""
    number = pupil.draw % 3
    name = pool.SURNAMES[number]
    return {
        "title": entry(code.TITLES, "Dr"),
        "first_name": pool.GIRLS[number],
        "last_name": name,
        "email": pool.mail("practice", number),
        "phone": f"01632 96000{number}",
        "address": f"{number + 1} Heron Walk",
    }


def siblings(roll: Roll, asked: Asked, pupil: Pupil) -> list[Item]:
    """The brothers and sisters of a student."""
    found = [roll.pupils[other] for other in pupil.siblings if other in roll.pupils]
    return [
        {
            "id": pair_id(pupil.id, other.id),
            "student": person(other),
            "relationship_type": entry(code.RELATIONSHIPS, "Sister" if other.gender == "F" else "Brother"),
        }
        for other in found
    ]


def contacts(roll: Roll, asked: Asked, pupil: Pupil) -> list[Item]:
    """Who is called for a student, in this order."""
    return [
        {
            "id": pair_id(link.pupil, link.contact),
            "contact": person(roll.contacts[link.contact]),
            "relationship_type": entry(code.RELATIONSHIPS, link.relationship),
            "position": link.priority,
            "parental_responsibility": link.responsible,
        }
        for link in roll.parents.get(pupil.id, ())
    ]


def structure(roll: Roll, asked: Asked, pupil: Pupil) -> list[Item]:
    """The groups that a student is in."""
    return [{"id": key, "name": roll.groups[key].name} for key in pupil.groups if key in roll.groups]


MAKERS: dict[str, Make] = {
    "v1/students": students,
    "v1/students/past": past_students,
    "v1/students/{id}": of_student(lambda roll, asked, pupil: student(roll, pupil, asked.year)),
    "v1/students/{id}/enrolment": of_student(enrolment),
    "v1/students/{id}/destination": of_student(destination),
    "v1/students/{id}/consent": of_student(lambda roll, asked, pupil: {}),
    "v1/students/{id}/doctor": of_student(doctor),
    "v1/students/{id}/students": of_student(siblings),
    "v1/students/{id}/contacts": of_student(contacts),
    "v1/students/{id}/academic-structure": of_student(structure),
    "v1/students/{id}/email-addresses": of_student(lambda roll, asked, pupil: emails(roll, "Student", pupil.id)),
    "v1/students/{id}/address-mappings": of_student(lambda roll, asked, pupil: addresses(pupil.id, pupil.address)),
    "v1/students/{id}/related-addresses": of_student(lambda roll, asked, pupil: related_addresses(pupil.address)),
    "v1/students/{id}/progress-reports": of_student(
        lambda roll, asked, pupil: [{"id": pupil.id * 10 + number} for number in range(pupil.draw % 3)]
    ),
}
