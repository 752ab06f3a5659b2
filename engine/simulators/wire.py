"""The school as Xporter writes it: rows of every set, with the spellings that were recorded.

Ids are strings, booleans 0 and 1, `ServiceChild` is "0", dates are yyyy-MM-dd, stamps have no offset and
two or three decimals. What a token or an option does not open is left out later, by `column`.
Next: `memo`, `column`, `day`, then `xporter`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from engine.simulators import pool
from engine.simulators.family import academic_start, hiding
from engine.simulators.memo import Memo, Row, Values
from engine.simulators.person import Address, Comm, Contact, Group, Link, Pupil, Staff
from engine.simulators.school import School

GROUP_PREFIXES = {"YearGrp": "GY", "RegGrp": "GR", "HouseGrp": "GH", "TeachingGrp": "GC"}
GROUP_TYPES = (
    ("1", "YearGrp", "Year Group"),
    ("2", "RegGrp", "Registration Group"),
    ("3", "HouseGrp", "House Group"),
    ("4", "TeachingGrp", "Teaching Group"),
)


def set_makers(school: School, memo: Memo | None = None) -> dict[str, Callable[[], list[Row]]]:
    """All sets of the school by their names on the wire, each made when it is called.

    A memo is of one school through time, of which no record was ever changed in place.
    """
    maker, rows = _Maker(school), (memo or Memo()).rows
    return {
        "Students": lambda: rows("Students", ((p.id, p, partial(maker.student, p)) for p in school.pupils)),
        "StudentSiblings": lambda: rows(
            "StudentSiblings",
            (
                ((p.id, other), p, partial(maker.sibling, p, other))
                for p in school.pupils
                for other in maker.siblings(p)
            ),
        ),
        "Contacts": lambda: rows("Contacts", ((c.id, c, partial(maker.contact, c)) for c in school.contacts)),
        "StudentContacts": lambda: rows(
            "StudentContacts", (((x.pupil, x.contact), x, partial(maker.link, x)) for x in school.links)
        ),
        "PersonComms": lambda: rows("PersonComms", ((c.number, c, partial(maker.comm, c)) for c in school.comms)),
        "Staff": lambda: rows("Staff", ((m.id, m, partial(maker.staff, m)) for m in school.staff)),
        "Group": lambda: rows("Group", ((g.id, g, partial(maker.group, g)) for g in school.groups)),
        "StudentMembers": lambda: rows(
            "StudentMembers",
            (
                ((group.id, pupil), group.joined.get(pupil), partial(maker.student_member, group, pupil))
                for group in school.groups
                for pupil in group.pupils
            ),
        ),
        "StaffMembers": lambda: rows(
            "StaffMembers",
            (
                ((group.id, member), None, partial(maker.staff_member, group, member))
                for group in school.groups
                for member in group.staff
            ),
        ),
        "GroupTypes": lambda: [maker.group_type(*kind) for kind in GROUP_TYPES],
        "SchoolInfo": lambda: [maker.school_info()] if school.staff else [],
        "Sites": list,
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


class _Maker:
    """Makes rows; knows who belongs to whom."""

    def __init__(self, school: School) -> None:
        self.school, self.opened = school, school.opened or school.today
        self.on_roll = {pupil.id for pupil in school.pupils if pupil.status == "OnRoll"}
        self.staff_codes = {member.id: member.code for member in school.staff}
        self.parents: dict[int, list[int]] = {}
        self.children: dict[int, list[int]] = {}
        for link in school.links:
            if link.responsible:
                self.parents.setdefault(link.pupil, []).append(link.contact)
                self.children.setdefault(link.contact, []).append(link.pupil)

    def _row(self, needs: str, values: Values, *, kind: str, key: object, changed: date | None) -> Row:
        """Add the stamp and the hash, in the order that the set has them on the wire."""
        digest = hashlib.sha1(f"{kind}{values}".encode(), usedforsecurity=False).hexdigest().upper()
        number = int(hashlib.md5(f"{kind}{key}".encode(), usedforsecurity=False).hexdigest()[:12], 16)
        day, hours = (self.opened - timedelta(days=1 + number % 400), 5) if changed is None else (changed, 2)
        fraction = f"{1 + number % 899 + number % 899 // 99:03}".rstrip("0")
        stamp = f"{day}T0{number // 7 % hours}:{number // 11 % 60:02}:{number // 13 % 60:02}.{fraction:0<2}"
        if kind in ("Group", "StudentMembers"):
            return Row(needs, {**values, "RowHash": digest, "LastUpdated": stamp})
        return Row(needs, {**values, "LastUpdated": stamp, "RowHash": digest})

    def student(self, pupil: Pupil) -> Row:
        """One row of Students."""
        values = {**self._student_core(pupil), **_student_codes(pupil), **_address_columns(pupil.address)}
        values |= {
            "StudentStatus": pupil.status,
            "QuickNote": pupil.note,
            "GroupIds": ",".join(map(str, pupil.groups)) or None,
            "StudentSiblingIds": ",".join(map(str, self.siblings(pupil))) or None,
            "ParentIdaasIds": ",".join(f"PC-{id_}" for id_ in self.parents.get(pupil.id, ())) or None,
        }
        return self._row(hiding(pupil.status), values, kind="Students", key=pupil.id, changed=pupil.changed)

    def _student_core(self, pupil: Pupil) -> Values:
        on_roll = pupil.status == "OnRoll"
        house = pupil.house
        return {
            **_identity("PL", pupil.id, "XID", "ExternalId", "IdaasId"),
            "Forename": pupil.forename,
            "Surname": pupil.surname,
            "DisplayName": f"{pupil.forename} {pupil.surname}",
            "AdmissionNo": pupil.admission,
            "Gender": pupil.gender,
            "RegGroupId": str(pupil.form_id) if on_roll else None,
            "RegGroup": pupil.form if on_roll else None,
            "YearGroupId": str(self.school.base + 20 + pupil.year) if on_roll else None,
            "YearGroup": f"Year {pupil.year:>2}" if on_roll else None,
            "HouseGroupId": None if house is None else str(self.school.base + 41 + house),
            "HouseGroup": None if house is None else pool.HOUSES[house],
            "WorkEmail": pupil.email,
            "IdaasEmail": pupil.email,
            "HomeEmail": None,
            "HomePhone": None,
            "MobilePhone": None,
            "DateofBirth": pupil.born,
            "UPN": f"Z{pupil.id:012}",
            "UniqueLearnerNumber": None,
            "MiddleName": pupil.middle,
            "EnrolmentStatus": pupil.enrolment,
            "LegalForename": pupil.forename,
            "LegalSurname": pupil.legal_surname or pupil.surname,
            "EntryDate": _iso(pupil.entry),
            "LeavingDate": _iso(pupil.left),
            "Destination": None,
            "DestinationStartDate": None,
            "ReasonForLeaving": "End of phase transfer" if pupil.left else None,
            "NCYear": str(pupil.year),
            "ParentalSalutation": f"Mr and Mrs {pupil.surname}" if pupil.draw % 3 else None,
        }

    def siblings(self, pupil: Pupil) -> list[int]:
        """The brothers and sisters of a pupil; one on roll has those on roll."""
        shown = pupil.status != "OnRoll"
        return [other for other in pupil.siblings if shown or other in self.on_roll]

    def sibling(self, pupil: Pupil, other: int) -> Row:
        """One row of StudentSiblings."""
        values = {"Id": f"PL-{pupil.id}.PL-{other}", "StudentId": str(pupil.id), "SiblingId": str(other)}
        needs = hiding(pupil.status)
        return self._row(needs, values, kind="StudentSiblings", key=values["Id"], changed=pupil.changed)

    def contact(self, contact: Contact) -> Row:
        """One row of Contacts."""
        names = [name for name in (contact.title, contact.forename, contact.surname) if name]
        children = ",".join(f"PL-{id_}" for id_ in self.children.get(contact.id, ()))
        values: Values = {
            **_identity("PC", contact.id, "XID", "IdaasId", "ExternalId"),
            "Title": contact.title,
            "Suffix": None,
            "Surname": contact.surname,
            "Forename": contact.forename,
            "DisplayName": " ".join(names),
            "HomeLanguage": None,
            "HomeLanguageCode": None,
            "TranslatorRequired": 1 if contact.id % 40 == 0 else 0,
            "WorkEmail": contact.work_email,
            "WorkPhone": contact.work_phone,
            "HomeEmail": contact.home_email,
            "HomePhone": contact.home_phone,
            "MobilePhone": contact.mobile,
            **_address_columns(contact.address),
            "ChildIdaasIds": children or None,
        }
        return self._row(contact.hidden, values, kind="Contacts", key=contact.id, changed=contact.changed)

    def link(self, link: Link) -> Row:
        """One row of StudentContacts."""
        values = {
            "Id": f"PL-{link.pupil}.PC-{link.contact}",
            "StudentId": str(link.pupil),
            "ContactId": str(link.contact),
            "Relationship": link.relationship,
            "Priority": link.priority,
            "ParResp": int(link.responsible),
        }
        return self._row(link.hidden, values, kind="StudentContacts", key=values["Id"], changed=link.changed)

    def comm(self, comm: Comm) -> Row:
        """One row of PersonComms."""
        prefix = {"Student": "PL", "Staff": "PWT", "Contact": "PC"}[comm.person_type]
        values = {
            "Id": f"{prefix}-{comm.person}.{comm.number}.{comm.kind}",
            "PersonId": str(comm.person),
            "PersonType": comm.person_type,
            "CommsType": comm.kind,
            "LocationCode": comm.location,
            "Priority": comm.priority,
            "IsDefault": int(comm.default),
            "Value": comm.value,
            "Notes": comm.notes,
        }
        return self._row(comm.hidden, values, kind="PersonComms", key=values["Id"], changed=comm.changed)

    def staff(self, member: Staff) -> Row:
        """One row of Staff."""
        values: Values = {
            **_identity("PWT", member.id, "XID", "IdaasId", "ExternalId"),
            "Title": member.title,
            "Suffix": None,
            "StaffCode": member.code,
            "StaffStatus": member.status,
            "Forename": member.forename,
            "Surname": member.surname,
            "DisplayName": f"{member.title} {member.forename[0]} {member.surname}",
            "WorkEmail": member.email,
            "IdaasEmail": member.email,
            "WorkPhone": None,
            "Gender": "M" if member.title == "Mr" else "F",
            "MiddleName": None,
            "LegalForename": member.forename,
            "LegalSurname": member.surname,
            "DateOfBirth": _iso(member.born),
            "NINumber": None,
            "TeacherNumber": f"{member.id % 90 + 10}/{10000 + member.id}" if member.teacher else None,
            "EmploymentStart": _iso(member.start),
            "EmploymentEnd": _iso(member.end),
            "Roles": "Teacher" if member.teacher else "Administrator / Clerk",
            "HomeEmail": member.home_email,
            "HomePhone": member.home_phone,
            "MobilePhone": None,
            **_address_columns(member.address),
            "IsTeacher": int(member.teacher),
            "IsSupport": int(not member.teacher),
            "RegGroup": member.form,
            "GroupIds": ",".join(map(str, member.groups)) or None,
        }
        needs = "" if member.status == "Current" else f"include{member.status.lower()}"
        return self._row(needs, values, kind="Staff", key=member.id, changed=member.changed)

    def group(self, group: Group) -> Row:
        """One row of Group."""
        codes = [code for id_ in group.staff if (code := self.staff_codes[id_])]
        code, name = group.subject or (None, None)
        values: Values = {
            **_identity(GROUP_PREFIXES[group.type], group.id, "XID", "ExternalId", "IdaasId"),
            "Type": group.type,
            "Code": group.code,
            "Name": group.name,
            "PrimaryStaffId": str(group.staff[0]) if group.staff else None,
            "Staff": ",".join(codes) or None,
            "NumStudents": len(group.pupils),
            "StudentIds": ",".join(map(str, group.pupils)) or None,
            "StaffIds": ",".join(map(str, group.staff)) or None,
            "SubjectCode": code,
            "SubjectName": name,
        }
        return self._row("", values, kind="Group", key=group.id, changed=group.changed)

    def student_member(self, group: Group, pupil: int) -> Row:
        """One row of StudentMembers."""
        joined = group.joined.get(pupil)
        values = {
            "Id": f"{GROUP_PREFIXES[group.type]}-{group.id}.PL-{pupil}",
            "GroupId": str(group.id),
            "StudentId": str(pupil),
            "StartDate": _iso(joined or academic_start(self.opened)),
            "EndDate": None,
        }
        return self._row("", values, kind="StudentMembers", key=values["Id"], changed=joined)

    def staff_member(self, group: Group, member: int) -> Row:
        """One row of StaffMembers."""
        values = {
            "Id": f"{GROUP_PREFIXES[group.type]}-{group.id}.PWT-{member}",
            "GroupId": str(group.id),
            "StaffId": str(member),
            "StaffRole": "Form Tutor" if group.type == "RegGrp" else "Class Teacher",
        }
        return self._row("", values, kind="StaffMembers", key=values["Id"], changed=None)

    def group_type(self, number: str, code: str, description: str) -> Row:
        """One row of GroupTypes."""
        values = {"Id": number, "TypeCode": code, "TypeDescription": description, "ParentGroupTypeId": None}
        return self._row("", values, kind="GroupTypes", key=number, changed=None)

    def school_info(self) -> Row:
        """The one row of SchoolInfo."""
        head = self.school.staff[0]
        values = {
            "Id": "1",
            "Name": self.school.name,
            "Head": f"{head.forename} {head.surname}",
            "MainContact": f"{head.title} {head.forename} {head.surname}",
            "Telephone": "01632 960000",
            "Web": "www.example.org",
            "Email": "office@example.org",
            "DeniNo": None,
            "Governance": "Academies",
            "Phase": "Secondary",
            "ExamCentre": "99999",
            "Address": "School Road\nBrindlewick\nZZ99 9AB",
            "EstabId": None,  # the simulator knows its number
        }
        return Row("", values)


def _identity(prefix: str, number: int, *names: str) -> Values:
    """Id first, then the other identifiers in the order asked for."""
    digest = hashlib.md5(f"{prefix}-{number}".encode(), usedforsecurity=False).hexdigest()
    values = {
        "XID": "x" + f"{int(digest[:9], 16):X}"[:6],
        "ExternalId": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}",
        "IdaasId": f"{prefix}-{number}",
    }
    return {"Id": str(number), **{name: values[name] for name in names}}


def _address_columns(address: Address) -> Values:
    return {
        "AddressBlock": "\n".join(address.lines()),
        "HouseNo": address.house_no,
        "HouseName": address.house_name,
        "Apartment": address.apartment,
        "Street": address.street,
        "District": address.district,
        "TownOrCity": address.town,
        "County": address.county,
        "PostCode": address.postcode,
        "Country": address.country,
    }


def _student_codes(pupil: Pupil) -> Values:
    """Flags and codes, each taken from other bits of the pupil's draw."""
    draw = pupil.draw
    ethnicity = pool.ETHNICITIES[draw % 4]
    religion = pool.RELIGIONS[draw // 4 % 4]
    language = pool.LANGUAGES[draw // 16 % 5]
    return {
        "Boarder": 0,
        "SENProvision": (None, None, None, "K", "E")[draw // 7 % 5],
        "FSMEligible": (0, 0, 1, None)[draw // 32 % 4],
        "FsmEndDate": None,
        "UniformAllowance": 0,
        "PupilPremium": draw // 3 % 4 // 3,
        "YSSA": None,
        "EAL": int(language[0] != "ENG"),
        "FSMEver6": draw // 9 % 3 // 2,
        "Gifted": draw // 11 % 10 // 9,
        "ServiceChild": "1" if draw % 50 == 0 else "0",
        "ServiceChildSource": None,
        "InLeaCare": int(draw % 90 == 1),
        "LeaCareAuthority": None,
        "EverInCare": int(draw % 45 == 1),
        "IsYoungCarer": int(draw % 60 == 2),
        "AsylumStatus": None,
        "ReligionCode": religion[0],
        "Religion": religion[1],
        "EthnicityCode": ethnicity[0],
        "Ethnicity": ethnicity[1],
        "EthnicitySource": "P",
        "HomeLanguage": None,
        "HomeLanguageCode": None,
        "FirstLanguage": language[1],
        "FirstLanguageCode": language[0],
        "FirstLanguageSource": ("S", None)[draw % 2],
        "EnglishProficiencyLevel": None if language[0] == "ENG" else "Competent",
        "NationalIdentity": "Other",
        "Nationality": "United Kingdom",
        "ModeOfTravel": pool.TRAVEL[draw // 5 % 4],
        "IsTraveller": 0,
        "TravellerSource": None,
    }
