"""People of the REST API: students, applicants, alumni, contacts, employees. Next: `rest_register`.

A joint contact is one item here, with a second person; the Batch API splits it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.simulators import pool
from engine.simulators.isams.contact import (
    Row,
    address_lines,
    admission_status,
    contact_only,
    mail,
    merges,
    relationship,
    responsibility,
    rows,
)
from engine.simulators.isams.edition import Edition
from engine.simulators.isams.pupil import (
    BOARDING_HOUSES,
    ETHNICITIES,
    LANGUAGES,
    NATIONALITIES,
    boarding_house,
    mail_of,
    term_of,
)
from engine.simulators.isams.report import GROUPS, in_group
from engine.simulators.isams.rest import Item, RestRefused, expands
from engine.simulators.isams.roll import BOARDING, STATUS_CODES, STATUS_WORDS, Roll, guid_of, school_id
from engine.simulators.isams.staff import is_blank, role_list
from engine.simulators.isams.structure import DIVISIONS
from engine.simulators.message import Request
from engine.simulators.person import Address, Pupil, Staff

_ZONE = ZoneInfo("Europe/London")


def zoned(moment: datetime) -> str:
    """A time at the school, with its zone."""
    return moment.replace(tzinfo=_ZONE).isoformat()


def updated(roll: Roll, day: date | None) -> str:
    """When a record was last changed."""
    return zoned(datetime.combine(day or roll.opened, datetime.min.time()))


def find_pupil(roll: Roll, key: str) -> Pupil:
    """The pupil of a path."""
    if key not in roll.by_school_id:
        raise RestRefused("The student was not found.", 404)
    return roll.by_school_id[key]


def students(edition: Edition, request: Request) -> list[Item]:
    """All current students."""
    return _people(edition, request, "OnRoll")


def alumni(edition: Edition, request: Request) -> list[Item]:
    """Former pupils."""
    return _people(edition, request, "Leaver")


def applicants(edition: Edition, request: Request) -> list[Item]:
    """Those who may come. Some members have other names here."""
    return _people(edition, request, "PreAdmission")


def _people(edition: Edition, request: Request, status: str) -> list[Item]:
    roll = edition.roll
    make = {"OnRoll": student, "Leaver": _alumnus, "PreAdmission": _applicant}[status]
    found = edition.listed(
        f"people {status}", lambda: [make(roll, one) for one in roll.school.pupils if one.status == status]
    )
    if not expands(request, "customFields"):
        return found
    return [{**item, "customFields": custom_fields(item["id"])} for item in found]


def one_student(edition: Edition, request: Request, key: str) -> Item:
    """One student, whatever the status."""
    found = student(edition.roll, find_pupil(edition.roll, key))
    return {**found, "customFields": custom_fields(found["id"])} if expands(request, "customFields") else found


def student(roll: Roll, pupil: Pupil) -> Item:
    """The members of a student. Most may be null."""
    house, boards, current = roll.house(pupil), roll.boards(pupil), pupil.status == "OnRoll"
    return {
        **_identity(roll, pupil),
        "middlenames": pupil.middle,
        "dob": pupil.born,
        "academicHouse": pool.HOUSES[house] if current and house is not None else None,
        "boardingHouse": BOARDING_HOUSES[boarding_house(pupil) - BOARDING] if boards else None,
        "boardingStatus": "Boarder" if boards else "Day",
        "formGroup": roll.form_names.get(pupil.form_id),
        "yearGroup": roll.year(pupil) if current else None,
        "tutorEmployeeId": roll.tutor(pupil),
        "enrolmentDate": pupil.entry.isoformat(),
        "enrolmentStatus": admission_status(pupil),
        "enrolmentTerm": term_of(pupil),
        "enrolmentYear": roll.school_year(pupil.entry),
        "leavingDate": pupil.left.isoformat() if pupil.left else None,
        "leavingReason": "End of phase transfer" if pupil.left else None,
        "leavingYearGroup": pupil.year if pupil.left else None,
        "futureSchoolId": None,
        "mobileNumber": f"07700 900{pupil.draw % 1000:03}" if pupil.draw % 3 == 0 else None,
        "homeAddresses": [_address(pupil.id, pupil.address)],
        "removalGrounds": None,
    }


def _identity(roll: Roll, pupil: Pupil) -> Item:
    draw = pupil.draw
    return {
        "id": pupil.id,
        "schoolId": school_id(pupil.id),
        "schoolCode": f"SIM{pupil.admission}",
        "personId": 1_000_000 + pupil.id,
        "personGuid": guid_of("pupil", pupil.id),
        "uniquePupilNumber": f"Z{pupil.id:012}",
        "title": "Mr" if pupil.gender == "M" else "Miss",
        "forename": pupil.forename,
        "surname": pupil.surname,
        "preferredName": pupil.forename.partition("-")[0],
        "fullName": f"{pupil.forename} {pupil.surname}",
        "officialName": f"{pupil.forename} {pupil.legal_surname or pupil.surname}",
        "previousName": None,
        "initials": f"{pupil.forename[0]}{pupil.surname[0]}",
        "gender": pupil.gender,
        "familyId": roll.family(pupil),
        "schoolEmailAddress": mail_of(roll, pupil),
        "personalEmailAddress": None,
        "languages": [each.strip() for each in LANGUAGES[draw % 5].split(",")],
        "nationalities": NATIONALITIES[draw % 5].split(","),
        "ethnicity": ETHNICITIES[draw % 5],
        "religion": pool.RELIGIONS[draw % 4][1],
        "birthplace": None,
        "birthCounty": None,
        "residentCountry": pupil.address.country,
        "isVisaRequired": False,
        "labelSalutation": f"Mr and Mrs {pupil.surname}",
        "letterSalutation": f"Mr and Mrs {pupil.surname}",
        "latestPhotoId": None,
        "systemStatus": STATUS_WORDS[pupil.status],
        "lastUpdated": updated(roll, pupil.changed),
    }


def _applicant(roll: Roll, pupil: Pupil) -> Item:
    enrolment = {
        "enrolmentSchoolYear": roll.school_year(pupil.entry),
        "enrolmentSchoolYearGroup": pupil.year,
        "enrolmentSchoolTerm": "termofentry" if roll.has("placeholder") else term_of(pupil),
        "enrolmentSchoolForm": None,
        "enrolmentAcademicHouseId": None,
        "enrolmentBoardingHouseId": None,
        "enrolmentOfferType": None,
    }
    return {
        **_identity(roll, pupil),
        "middleNames": pupil.middle,
        "dateOfBirth": pupil.born,
        "admissionStatus": admission_status(pupil),
        "enquiryDate": roll.opened.isoformat(),
        "enquiryType": None,
        "enquiryReason": None,
        "registeredDate": None,
        "withdrawnDate": None,
        "withdrawnReason": None,
        "withdrawnReasonNote": None,
        "currentSchoolId": None,
        "isReadmission": False,
        **enrolment,
    }


def _alumnus(roll: Roll, pupil: Pupil) -> Item:
    year = roll.school_year(pupil.left) if pupil.left else None
    return {**student(roll, pupil), "leavingTerm": "Summer", "leavingYear": year}


def _address(key: int, home: Address) -> Item:
    street = f"{home.house_no} {home.street}" if home.house_no else home.street
    return {
        "id": key,
        "address1": street,
        "address2": home.district,
        "address3": None,
        "town": home.town,
        "county": home.county,
        "country": home.country,
        "postcode": home.postcode,
        "private": False,
    }


def custom_fields(key: int) -> list[Item]:
    """The custom fields of a person."""
    common = {"area": "General", "section": "Other", "inputType": "Text", "defaultValue": ""}
    further = {"supportsMultipleListItems": False, "systemConfigurationListName": None}
    return [{"id": 1, **common, "name": "Bus route", "value": f"R{key % 9}", **further}]


def student_fields(edition: Edition, request: Request, key: str) -> list[Item]:
    """The custom fields of one student."""
    return custom_fields(find_pupil(edition.roll, key).id)


def system_statuses(edition: Edition, request: Request) -> list[Item]:
    """What a student can be."""
    return [{"id": int(STATUS_CODES[key]), "description": word} for key, word in STATUS_WORDS.items()]


def custom_groups(edition: Edition, request: Request) -> list[Item]:
    """The custom groups of students."""
    current = edition.roll.current
    return [
        {
            "id": edition.roll.key(key),
            "name": name,
            "category": ("Clubs", "Trips")[category - 1],
            "shared": key != 2,
            "hidden": False,
            "expiresOn": None,
            "ignoreExpiryDate": key == 1,
            "currentStudentsCount": sum(in_group(pupil, every) for pupil in current),
        }
        for key, name, category, every in GROUPS
    ]


def group_students(edition: Edition, request: Request, key: str) -> list[Item] | None:
    """The students of a custom group."""
    roll = edition.roll
    found = [every for number, _, _, every in GROUPS if str(roll.key(number)) == key]
    return [student(roll, each) for each in roll.current if in_group(each, found[0])] if found else None


# Contacts


def contacts(edition: Edition, request: Request) -> list[Item]:
    """The contacts of all current students, each with the students' ids."""
    roll = edition.roll

    def make() -> list[Item]:
        found = []
        for row in rows(roll):
            keys = [school_id(link.pupil) for link in row.links if roll.pupils[link.pupil].status == "OnRoll"]
            if row.first and keys:
                found.append({**_contact(roll, row), "schoolIds": keys})
        return found

    return edition.listed("contacts", make)


def contacts_of(edition: Edition, request: Request, key: str) -> list[Item]:
    """The contacts of one student or applicant."""
    roll, pupil = edition.roll, find_pupil(edition.roll, key)
    by_pupil = edition.kept("contacts of", lambda: _by_pupil(roll))
    found = [_contact(roll, row) for row in by_pupil.get(pupil.id, ())]
    return [{**item, "customFields": []} for item in found] if expands(request, "customFields") else found


def _by_pupil(roll: Roll) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows(roll):
        for link in row.links if row.first else ():
            found.setdefault(link.pupil, []).append(row)
    return found


def _contact(roll: Roll, row: Row) -> Item:
    contact, link, home = row.contact, row.links[0], row.contact.address
    other = None if row.other is None else roll.contacts[row.other]
    every, correspondence, billing, reports = merges(contact)
    lines = [*address_lines(contact), None, None][:3]
    return {
        "id": row.id,
        "addressId": row.id,
        "additionalId": None,
        "personId": roll.contact_person(contact),
        "personGuid": guid_of("contact", contact.id),
        "secondaryPersonId": roll.contact_person(other) if other else None,
        "secondaryPersonGuid": guid_of("contact", other.id) if other else None,
        "contactType": relationship(roll, contact, link).strip(),
        "relationship": relationship(roll, contact, link),
        "relationshipOfJointContact": relationship(roll, other, roll.links_of[other.id][0]) if other else None,
        "title": contact.title,
        "forename": contact.forename,
        "middleNames": None,
        "surname": contact.surname,
        "emailAddress": (mail(roll, contact) or "").strip() or None,
        "mobileNumber": contact.mobile,
        "telephoneNumber": contact.home_phone,
        "workTelephoneNumber": contact.work_phone,
        "fax": None,
        **{f"address{number}": line for number, line in enumerate(lines, start=1)},
        "town": home.town,
        "county": home.county,
        "country": home.country,
        "postcode": home.postcode,
        "contactOnly": contact_only(link),
        "private": False,
        "deceased": False,
        "billing": bool(billing),
        "includeInAllMailMerges": bool(every),
        "includeInMailMergeForBilling": bool(billing),
        "includeInMailMergeForCorrespondence": bool(correspondence),
        "includeInMailMergeForReports": bool(reports),
        "parentalResponsibility": responsibility(roll, contact, link),
        "profession": "Surveyor" if contact.id % 6 == 0 else None,
        "lastUpdated": updated(roll, contact.changed),
        "lastUpdatedBy": None,
    }


# Staff


def employees(edition: Edition, request: Request) -> list[Item]:
    """The staff who are there."""
    roll = edition.roll
    found = edition.listed("employees", lambda: [_employee(roll, member) for member in roll.present])
    if not expands(request, "customFields"):
        return found
    return [{**item, "customFields": custom_fields(item["id"])} for item in found]


def one_employee(edition: Edition, request: Request, key: str) -> Item | None:
    """One member of staff."""
    return next((item for item in employees(edition, request) if str(item["id"]) == key), None)


def employee_roles(edition: Edition, request: Request, key: str) -> list[Item] | None:
    """The roles of one member of staff."""
    member = edition.roll.staff.get(int(key))
    return None if member is None else [{"id": number, "name": name} for number, name in role_list(member)]


def _employee(roll: Roll, member: Staff) -> Item:
    blank = is_blank(roll, member)
    divisions: Any = [name for _, name, _, _ in DIVISIONS[1:]] if member.teacher else None
    return {
        "id": member.id,
        "personGuid": guid_of("staff", member.id).upper(),
        "currentContractId": None,
        "title": "" if blank else member.title,
        "forename": " " if blank else member.forename,
        "middleNames": "",
        "surname": " " if blank else member.surname,
        "preferredName": "test" if blank else member.forename,
        "schoolInitials": member.code,
        "gender": "M" if member.title == "Mr" else "F",
        "dateOfBirth": member.born.isoformat(),
        "enrolmentDate": member.start.isoformat(),
        "leavingDate": None,
        "isTeachingStaff": member.teacher,
        "isPersonalTutor": bool(member.form),
        "isPartTime": False,
        "schoolEmailAddress": "" if blank else member.email,
        "schoolMobileNumber": "",
        "personalEmailAddress": member.home_email,
        "personalMobileNumber": "",
        "nationalities": [""],
        "divisions": divisions,
        "latestPhotoId": None,
        "systemStatus": "Current",
    }
