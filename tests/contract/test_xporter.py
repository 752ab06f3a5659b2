"""Xporter's mappings on small records in the form of the wire, with rows worked out by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mapped import Mapped, Record, project, run

from engine.simulators.xporter import XporterSimulator

RECORDED = Path("/work/shared/reference/xporter-recorded")

SETS = {
    "Students": "students",
    "Contacts": "contacts",
    "StudentContacts": "student_contacts",
    "PersonComms": "person_comms",
    "Staff": "staff",
    "Group": "groups",
    "StudentMembers": "student_members",
    "StaffMembers": "staff_members",
    "GroupTypes": "group_types",
    "SchoolInfo": "school_info",
}
"""Our names of the sets, by those on the wire."""


def mapped(entity: str, settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", entity, sets, settings)


def a_student(number: str, **more: Any) -> Record:
    return {"Id": number, "Forename": "Wren", "Surname": "Oakapple", "YearGroup": "Year  7", **more}


def a_contact(number: str, **more: Any) -> Record:
    return {"Id": number, "Forename": "Robin", "Surname": "Oakapple", **more}


def a_link(student: str, contact: str, relationship: str, priority: int = 1, responsible: int = 1) -> Record:
    return {
        "Id": f"PL-{student}.PC-{contact}",
        "StudentId": student,
        "ContactId": contact,
        "Relationship": relationship,
        "Priority": priority,
        "ParResp": responsible,
    }


def a_comm(person: str, kind: str, value: str, person_type: str = "Contact", **more: Any) -> Record:
    return {
        "Id": f"{person_type}-{person}.{value}.{kind}",
        "PersonId": person,
        "PersonType": person_type,
        "CommsType": kind,
        "LocationCode": "H",
        "Priority": 1,
        "IsDefault": 1,
        "Value": value,
        "Notes": None,
        **more,
    }


def told(row: Record) -> list[tuple[str, str, str]]:
    return sorted((each["field"], each["rule"], each["level"]) for each in row["_told"])


# Students


def test_a_student_is_read_from_end_to_end():
    record = {
        "Id": "3116",
        "Forename": "Wren ",
        "Surname": "O'Neill",
        "AdmissionNo": "001275",
        "Gender": "F",
        "RegGroupId": "188",
        "RegGroup": "N1 PM,AM",
        "YearGroupId": "28",
        "YearGroup": "Year  4",
        "HouseGroupId": None,
        "HouseGroup": None,
        "WorkEmail": "wren@example.org",
        "IdaasEmail": "wren@example.org",
        "HomeEmail": "wren@home.example.org",
        "DateofBirth": "2017-01-12",
        "UPN": "z000000000001",
        "UniqueLearnerNumber": None,
        "MiddleName": "Émilie",
        "EnrolmentStatus": "C",
        "Boarder": 1,
        "LegalForename": "Wrenna",
        "LegalSurname": "O'Neill",
        "EntryDate": "2021-09-01",
        "LeavingDate": None,
        "StudentStatus": "OnRoll",
        "NCYear": "4",
        "AddressBlock": "3 Heron Walk\nNorthside\nAldermere\nZZ10 1AB\nUnited Kingdom",
        "HouseNo": "3",
        "Street": "Heron Walk",
        "District": "Northside",
        "TownOrCity": "Aldermere",
        "County": None,
        "PostCode": "ZZ10 1AB",
        "Country": "United Kingdom",
        "MobilePhone": "07700 900001",
    }
    row = mapped("student", students=[record]).only()
    assert {name: value for name, value in row.items() if value not in (None, []) and not name.startswith("_")} == {
        "source_id": "3116",
        "given_name": "Wren",
        "middle_names": "Émilie",
        "family_name": "O'Neill",
        "legal_given_name": "Wrenna",
        "legal_family_name": "O'Neill",
        "gender": "female",
        "date_of_birth": date(2017, 1, 12),
        "admission_number": "001275",
        "upn": "Z000000000001",
        "enrolment_status": "current",
        "year_group": "Year 4",
        "national_curriculum_year": "4",
        "registration_group": "N1 PM,AM",
        "boarder": True,
        "groups": row["groups"],
        "entry_date": date(2021, 9, 1),
        "emails": row["emails"],
        "phones": ["07700 900001"],
        "address_line_1": "3 Heron Walk",
        "address_line_2": "Northside",
        "town": "Aldermere",
        "postcode": "ZZ10 1AB",
        "country": "GB",
    }
    assert row["groups"] == ["28", "188"]
    assert row["emails"] == ["wren@example.org", "wren@home.example.org"]


def test_addresses_and_groups_keep_their_order():
    comms = [
        a_comm("1", "E", "d@example.org", "Student", Priority=3),
        a_comm("1", "E", "c@example.org", "Student", Priority=2),
        a_comm("1", "E", "z@example.org", "Student", Priority=1),
    ]
    places = {"YearGroupId": "9", "RegGroupId": "5", "HouseGroupId": "7"}
    student = a_student("1", WorkEmail="z@example.org", HomeEmail="a@example.org", **places)
    row = mapped("student", students=[student], person_comms=comms).only()
    assert row["emails"] == ["z@example.org", "a@example.org", "c@example.org", "d@example.org"]
    assert row["groups"] == ["9", "5", "7"]


def each_of(name: str, values: list[Any], **more: Any) -> list[Record]:
    """A student for each of some values of a field, keyed 0, 1, ..."""
    return [a_student(str(number), **{name: value, **more}) for number, value in enumerate(values)]


def column(found: Mapped, name: str) -> list[Any]:
    """The values of a field in the rows of `each_of`."""
    rows = found.emitted()
    return [rows[str(number)][name] for number in range(len(rows))]


@pytest.mark.parametrize("spelling", ["DateofBirth", "DateOfBirth"])
def test_a_date_of_birth_is_found_in_both_spellings(spelling):
    students = each_of(spelling, ["2009-01-12", "2009-01-12T00:00:00"])
    assert column(mapped("student", students=students), "date_of_birth") == [date(2009, 1, 12)] * 2


def test_a_date_that_cannot_be_is_held_back_and_told():
    found = mapped(
        "student", students=each_of("DateofBirth", ["31/13/2010", "2009-02-30", "12 Jan 2009", "1066-10-14"])
    )
    assert column(found, "date_of_birth") == [None] * 4
    assert column(found, "_withheld") == [["date_of_birth"]] * 4
    rules = [told(row) for _, row in sorted(found.emitted().items())]
    assert rules == [[("date_of_birth", rule, "value")] for rule in ("type", "type", "type", "after")]


def test_flags_are_numbers_or_texts():
    wires = (1, 0, "1", "0", None)
    names = ("Boarder", "ServiceChild", "FSMEligible", "EAL", "PupilPremium")
    students = [a_student(str(number), **dict.fromkeys(names, wire)) for number, wire in enumerate(wires)]
    found = mapped("student", {"students": {"support_flags": True}}, students=students)
    for name in ("boarder", "service_child", "free_school_meals", "english_additional", "pupil_premium"):
        assert column(found, name) == [True, False, True, False, None]


@pytest.mark.parametrize("spelling", ["FSMEligible", "FsmEligible"])
def test_free_school_meals_are_found_in_both_spellings(spelling):
    records = [a_student("1", **{spelling: 1})]
    row = mapped("student", {"students": {"support_flags": True}}, students=records).only()
    assert row["free_school_meals"] is True


def test_support_flags_are_not_sent_unless_the_school_says_so():
    row = mapped("student", students=[a_student("1", ServiceChild="1", FSMEligible=1, SENProvision="K")]).only()
    assert (row["service_child"], row["free_school_meals"], row["special_needs"]) == (None, None, None)
    assert row["_told"] == []


def test_gender_is_looked_up():
    found = mapped("student", students=each_of("Gender", ["M", "F", "f", " Female ", "X", "U"]))
    assert column(found, "gender") == ["male", "female", "female", "female", "other", "unknown"]


def test_an_unknown_gender_is_held_back_and_told():
    row = mapped("student", students=[a_student("1", Gender="Q7")]).only()
    assert row["gender"] is None
    assert row["_withheld"] == ["gender"]
    assert told(row) == [("gender", "code", "value")]


def test_a_student_without_any_surname_is_quarantined():
    found = mapped("student", students=[a_student("1", Surname=None), a_student("2", Surname="  ")])
    assert found.emitted() == {}
    assert found.reasons() == {"1": ("quarantined", "required"), "2": ("quarantined", "required")}
    assert {row["_field"] for row in found.rows} == {"family_name"}


def test_the_legal_surname_stands_in_for_a_missing_one():
    row = mapped("student", students=[a_student("1", Surname=None, LegalSurname="Østergaard")]).only()
    assert row["family_name"] == "Østergaard"


def test_a_key_that_comes_twice_is_quarantined():
    found = mapped("student", students=[a_student("1"), a_student("1"), a_student("2")])
    assert list(found.emitted()) == ["2"]
    assert found.reasons() == {"1": ("quarantined", "duplicate-key")}


def test_year_groups_can_be_chosen():
    students = [a_student("1"), a_student("2", YearGroup="Year 8"), a_student("3", YearGroup=None)]
    found = mapped("student", {"students": {"year_groups": ["Year 7"]}}, students=students)
    assert list(found.emitted()) == ["1"]
    assert found.reasons() == {"2": ("filtered", "year-group"), "3": ("filtered", "year-group")}
    assert set(mapped("student", students=students).emitted()) == {"1", "2", "3"}


def test_the_roll_status_is_read_in_both_spellings():
    found = mapped("student", students=each_of("StudentStatus", ["OnRoll", "Onroll", "Leaver", "PreAdmission"]))
    assert column(found, "enrolment_status") == ["current", "current", "past", "applicant"]


def test_an_endless_name_is_held_back():
    row = mapped("student", students=[a_student("1", Forename="Endless " * 40)]).only()
    assert row["given_name"] is None
    assert told(row) == [("given_name", "too-long", "value")]


def test_names_of_all_scripts_and_marks_stay_as_they_are():
    names = {"Forename": "نور", "Surname": "Łuczak-Nuñez", "MiddleName": "D'Arcy 🎺"}
    row = mapped("student", students=[a_student("1", **names)]).only()
    assert (row["given_name"], row["family_name"], row["middle_names"]) == ("نور", "Łuczak-Nuñez", "D'Arcy 🎺")


# Addresses


ADDRESSES: list[tuple[Record, tuple[str | None, ...]]] = [
    (
        {"Apartment": "Flat 2", "HouseName": "The Old  Forge", "Street": "Foundry Hill", "TownOrCity": "Orsby"},
        ("Flat 2, The Old Forge, Foundry Hill", None, "Orsby", "GB"),
    ),
    (
        {"HouseNo": "7", "Street": "Hill Rise", "District": "Kemp", "TownOrCity": "Bed", "Country": "Ireland"},
        ("7 Hill Rise", "Kemp", "Bed", "IE"),
    ),
    (
        {"AddressBlock": "1 High Street\r\nSampleton \n ZZ1 1ZZ"},
        ("1 High Street, Sampleton, ZZ1 1ZZ", None, None, "GB"),
    ),
    ({"AddressBlock": "x\ny", "TownOrCity": "Bed", "Country": "UK"}, (None, None, "Bed", "GB")),
    ({}, (None, None, None, None)),
    ({"Country": "France"}, (None, None, None, None)),
]
"""Parts of addresses as they are sent; what they become: first line, second line, town, country."""


@pytest.mark.parametrize("entity", ["student", "guardian"])
def test_an_address_is_built_of_its_parts(entity):
    numbers = [str(number) for number in range(len(ADDRESSES))]
    given = zip(numbers, ADDRESSES, strict=True)
    found = mapped(
        entity,
        students=[a_student(number, **ADDRESSES[int(number)][0]) for number in numbers],
        contacts=[a_contact(number, **ADDRESSES[int(number)][0]) for number in numbers],
        student_contacts=[a_link(number, number, "Mother") for number in numbers],
    ).emitted()
    names = ("address_line_1", "address_line_2", "town", "country")
    rows = {number: tuple(found[number][name] for name in names) for number in numbers}
    assert rows == {number: expected for number, (_, expected) in given}


def test_countries_become_codes():
    names = ["United Kingdom", "UK", "scotland", "GBR", "gb", "Côte d'Ivoire", "NA"]
    found = mapped("student", students=each_of("Country", names, TownOrCity="Bed"))
    assert column(found, "country") == ["GB", "GB", "GB", "GB", "GB", "CI", "NA"]


def test_an_unknown_country_is_held_back_and_told():
    row = mapped("student", students=[a_student("1", TownOrCity="Bed", Country="Atlantis")]).only()
    assert row["country"] is None
    assert told(row) == [("country", "code", "value")]


def test_the_country_of_addresses_without_one_is_a_setting():
    student = a_student("1", TownOrCity="Cork")
    row = mapped("student", {"addresses": {"country": "IE"}}, students=[student]).only()
    assert row["country"] == "IE"


# Guardians


def test_two_homes_and_siblings():
    """Two children; the mother lives with both, the father elsewhere; he comes first for the elder."""
    found = mapped(
        "guardian",
        students=[a_student("10"), a_student("11")],
        contacts=[a_contact("20", Street="A Road"), a_contact("21", Forename="Jay", Street="B Road")],
        student_contacts=[
            a_link("11", "20", "Mother", 2),
            a_link("10", "20", "Mother", 1),
            a_link("10", "21", "Father", 2),
            a_link("11", "21", "Father", 1, responsible=0),
        ],
    ).emitted()
    assert found["20"]["relationships"] == [
        {"student": "10", "relationship": "mother", "priority": 1, "parental_responsibility": True},
        {"student": "11", "relationship": "mother", "priority": 2, "parental_responsibility": True},
    ]
    assert found["21"]["relationships"] == [
        {"student": "11", "relationship": "father", "priority": 1, "parental_responsibility": False},
        {"student": "10", "relationship": "father", "priority": 2, "parental_responsibility": True},
    ]
    assert found["20"]["responsible_for"] == ["10", "11"]
    assert found["21"]["responsible_for"] == ["10"]
    assert (found["20"]["address_line_1"], found["21"]["address_line_1"]) == ("A Road", "B Road")


def family(**contact: Any) -> dict[str, list[Record]]:
    return {
        "students": [a_student("1")],
        "contacts": [a_contact("2", **contact)],
        "student_contacts": [a_link("1", "2", "Mother")],
    }


def test_ids_of_students_and_contacts_overlap():
    comms = [
        a_comm("2", "E", "contact@example.org"),
        a_comm("2", "E", "student@example.org", "Student"),
        a_comm("2", "E", "staff@example.org", "Staff"),
    ]
    row = mapped("guardian", **family(), person_comms=comms).only()
    assert row["emails"] == ["contact@example.org"]


def test_several_phones_and_mails_each_once():
    comms = [
        a_comm("2", "E", "home@example.org"),
        a_comm("2", "E", "second@example.org", Priority=2),
        a_comm("2", "M", "07700 900002", Priority=2),
        a_comm("2", "T", "01632  960003", Priority=3, Notes="ask for Gran; let it ring\nlong"),
        a_comm("2", "M", "07700 900001", Priority=None),
    ]
    own = {"HomeEmail": " home@example.org", "WorkEmail": "work@example.org", "MobilePhone": "07700 900001"}
    row = mapped("guardian", **family(**own), person_comms=comms).only()
    assert row["emails"] == ["home@example.org", "work@example.org", "second@example.org"]
    assert row["phones"] == ["07700 900001", "07700 900002", "01632 960003"]
    assert row["_told"] == []


def test_what_is_no_mail_address_is_left_out_and_told():
    comms = [a_comm("2", "E", "none"), a_comm("2", "E", "two@example.org words"), a_comm("2", "E", "good@example.org")]
    row = mapped("guardian", **family(HomeEmail="n/a"), person_comms=comms).only()
    assert row["emails"] == ["good@example.org"]
    assert {(field, level) for field, _, level in told(row)} == {("emails", "item")}


def test_a_contact_without_mail_phone_or_title():
    row = mapped("guardian", **family()).only()
    assert (row["emails"], row["phones"], row["title"]) == ([], [], None)


def test_a_contact_without_a_surname_is_quarantined():
    found = mapped("guardian", **family(Surname=None))
    assert found.reasons() == {"2": ("quarantined", "required")}


def test_contacts_of_nobody_that_we_send_are_filtered():
    found = mapped(
        "guardian",
        students=[a_student("1")],
        contacts=[a_contact("2"), a_contact("3"), a_contact("4")],
        student_contacts=[a_link("1", "2", "Mother"), a_link("9", "3", "Mother")],
    )
    assert list(found.emitted()) == ["2"]
    assert found.reasons() == {"3": ("filtered", "has-student"), "4": ("filtered", "has-student")}


def test_a_contact_under_a_court_order_is_not_there_and_breaks_nothing():
    """Xporter leaves the contact out, and may leave the link in."""
    links = [a_link("1", "2", "Mother"), a_link("1", "99", "Father", 9, responsible=0)]
    sets = {**family(), "student_contacts": links}
    assert list(mapped("guardian", **sets).emitted()) == ["2"]


SEVERAL = {
    "students": [a_student("1"), a_student("5", YearGroup="Year 8")],
    "contacts": [a_contact("2"), a_contact("3"), a_contact("4")],
    "student_contacts": [
        a_link("1", "2", "Mother"),
        a_link("5", "2", "Other  Relative", 3, responsible=0),
        a_link("1", "3", "Father", 2, responsible=0),
        a_link("5", "4", "Carer"),
    ],
}


def students_of(found: Mapped) -> dict[str, list[str]]:
    return {key: [each["student"] for each in row["relationships"]] for key, row in found.emitted().items()}


def test_relationships_can_be_chosen_as_the_school_writes_them():
    found = mapped("guardian", {"guardians": {"types": ["Mother", "Carer"]}}, **SEVERAL)
    assert students_of(found) == {"2": ["1"], "4": ["5"]}
    assert found.reasons() == {"3": ("filtered", "relationship-type")}
    found = mapped("guardian", {"guardians": {"types": ["Other Relative"]}}, **SEVERAL)
    assert students_of(found) == {"2": ["5"]}


def test_parental_responsibility_can_be_asked_for():
    found = mapped("guardian", {"guardians": {"parental_responsibility_only": True}}, **SEVERAL)
    assert students_of(found) == {"2": ["1"], "4": ["5"]}
    assert found.reasons() == {"3": ("filtered", "parental-responsibility")}


def test_guardians_follow_the_year_groups_that_are_sent():
    found = mapped("guardian", {"students": {"year_groups": ["Year 7"]}}, **SEVERAL)
    assert students_of(found) == {"2": ["1"], "3": ["1"]}
    assert found.reasons() == {"4": ("filtered", "has-student")}


def test_a_relationship_of_the_schools_own_counts_as_other():
    links = [a_link("1", "2", "Godmother")]
    row = mapped("guardian", **{**family(), "student_contacts": links}).only()
    assert [each["relationship"] for each in row["relationships"]] == ["other"]


# Staff


def test_staff_are_read_without_what_is_private():
    record = {
        "Id": "5",
        "Title": "Mrs",
        "StaffCode": "RL",
        "StaffStatus": "Current",
        "Forename": "Ottilie",
        "Surname": "Larkmoor",
        "WorkEmail": "ol@example.org",
        "IdaasEmail": None,
        "HomeEmail": "private@example.org",
        "HomePhone": "01632 960001",
        "DateOfBirth": "1970-01-01",
        "EmploymentStart": "1998-04-01",
        "Roles": "Administrator / Clerk,Teacher",
        "IsTeacher": 0,
        "IsSupport": 1,
    }
    comms = [
        a_comm("5", "E", "private@example.org", "Staff"),
        a_comm("5", "T", "01632 960001", "Staff"),
        a_comm("5", "T", "01632 960002", "Staff", LocationCode="W"),
        a_comm("5", "E", "parent@example.org", "Contact", LocationCode="W"),
    ]
    row = mapped("staff", staff=[record], person_comms=comms).only()
    assert {name: value for name, value in row.items() if value not in (None, []) and not name.startswith("_")} == {
        "source_id": "5",
        "title": "Mrs",
        "given_name": "Ottilie",
        "family_name": "Larkmoor",
        "staff_code": "RL",
        "status": "current",
        "teacher": False,
        "support": True,
        "roles": ["Administrator / Clerk", "Teacher"],
        "employment_start": date(1998, 4, 1),
        "emails": ["ol@example.org"],
        "phones": ["01632 960002"],
    }


# Groups and memberships


def a_group(number: str, kind: str, name: str, **more: Any) -> Record:
    return {"Id": number, "Type": kind, "Name": name, "Code": name, **more}


GROUPS = [
    a_group("31", "YearGrp", "Year  7", Code="7", NumStudents=2),
    a_group("188", "RegGrp", "7A", PrimaryStaffId="5"),
    a_group("41", "HouseGrp", "Kestrel"),
    a_group("70001", "TeachingGrp", "7A\\Hi", SubjectCode="Hi", SubjectName="History", PrimaryStaffId=None),
]


def test_groups_of_all_kinds():
    staff_members = [
        {"Id": "GC-70001.PWT-5", "GroupId": "70001", "StaffId": "5", "StaffRole": "Class Teacher"},
        {"Id": "GC-70001.PWT-6", "GroupId": "GC-70001", "StaffId": "PWT-6", "StaffRole": "Class Teacher"},
    ]
    found = mapped("group", groups=GROUPS, staff_members=staff_members).emitted()
    assert {key: (row["kind"], row["name"]) for key, row in found.items()} == {
        "31": ("year", "Year 7"),
        "188": ("registration", "7A"),
        "41": ("house", "Kestrel"),
        "70001": ("teaching", "7A\\Hi"),
    }
    assert (found["31"]["code"], found["31"]["student_count"]) == ("7", 2)
    assert (found["188"]["lead"], found["70001"]["lead"]) == ("5", None)
    assert (found["70001"]["subject"], found["70001"]["subject_code"]) == ("History", "Hi")
    assert found["70001"]["staff"] == ["5", "6"]


def test_a_kind_of_group_of_the_schools_own_is_other_and_told():
    row = mapped("group", groups=[a_group("1", "BandGrp", "Band X")]).only()
    assert row["kind"] == "other"
    assert told(row) == [("kind", "code", "told")]


def test_kinds_of_groups_can_be_chosen():
    found = mapped("group", {"groups": {"kinds": ["year", "house"]}}, groups=GROUPS)
    assert set(found.emitted()) == {"31", "41"}
    assert found.reasons() == {"188": ("filtered", "group-kind"), "70001": ("filtered", "group-kind")}


MEMBERS: dict[str, list[Record]] = {
    "groups": GROUPS,
    "students": [a_student("1"), a_student("2", YearGroup="Year 8")],
    "staff": [{"Id": "1", "Forename": "Ottilie", "Surname": "Larkmoor"}],
    "student_members": [
        {"Id": "GC-70001.PL-1", "GroupId": "70001", "StudentId": "1", "StartDate": "2025-09-01", "EndDate": None},
        {"Id": "GR-188.PL-2", "GroupId": "GR-188", "StudentId": "PL-2", "StartDate": "2025-09-01T00:00:00"},
        {"Id": "GR-188.PL-9", "GroupId": "188", "StudentId": "9", "StartDate": None},
        {"Id": "GC-7.PL-1", "GroupId": "7", "StudentId": "1", "StartDate": None},
    ],
    "staff_members": [{"Id": "GR-188.PWT-1", "GroupId": "188", "StaffId": "1", "StaffRole": "Form  Tutor"}],
}


def test_memberships_join_people_and_groups():
    found = mapped("group_membership", **MEMBERS)
    names = ("title", "group", "member_kind", "student", "staff", "role", "start_date", "end_date")
    assert {key: tuple(row[name] for name in names) for key, row in found.emitted().items()} == {
        "GC-70001.PL-1": ("7A\\Hi: Wren Oakapple", "70001", "student", "1", None, None, date(2025, 9, 1), None),
        "GR-188.PL-2": ("7A: Wren Oakapple", "188", "student", "2", None, None, date(2025, 9, 1), None),
        "GR-188.PWT-1": ("7A: Ottilie Larkmoor", "188", "staff", None, "1", "Form Tutor", None, None),
    }
    assert found.reasons() == {
        "GR-188.PL-9": ("filtered", "member-known"),
        "GC-7.PL-1": ("filtered", "group-known"),
    }


def test_memberships_follow_what_is_sent():
    found = mapped("group_membership", {"students": {"year_groups": ["Year 7"]}}, **MEMBERS)
    assert set(found.emitted()) == {"GC-70001.PL-1", "GR-188.PWT-1"}
    found = mapped("group_membership", {"groups": {"kinds": ["teaching"]}}, **MEMBERS)
    assert set(found.emitted()) == {"GC-70001.PL-1"}


def test_who_comes_back_into_a_group_is_in_it_once():
    again = [{**MEMBERS["student_members"][0], "StartDate": day} for day in ("2024-09-01", "2025-11-03")]
    found = mapped("group_membership", **{**MEMBERS, "student_members": again})
    assert found.emitted()["GC-70001.PL-1"]["start_date"] == date(2025, 11, 3)
    assert found.reasons() == {"GC-70001.PL-1": ("merged", None)}


# The school


@pytest.mark.parametrize(
    ("web", "website"),
    [("www.example.org", "https://www.example.org"), ("http://example.org", "http://example.org"), (None, None)],
)
def test_the_school_is_one_row(web, website):
    address = "School Road\r\nBrindlewick\r\nZZ99 9AB"
    record = {"Id": "1", "Name": "Water's  Edge", "EstabId": "999/1234", "Web": web, "Address": address}
    row = mapped("school", school_info=[record]).only()
    assert (row["source_id"], row["name"], row["estab_number"]) == ("1", "Water's Edge", "9991234")
    assert row["website"] == website
    assert row["address"] == "School Road\nBrindlewick\nZZ99 9AB"


# Scopes that the school did not grant


def test_what_a_small_scope_leaves_out_is_absent_not_blank():
    lite = "Id ExternalId IdaasId Forename Surname DisplayName Gender RegGroupId RegGroup YearGroupId YearGroup"
    lite += " HouseGroupId HouseGroup WorkEmail IdaasEmail EnrolmentStatus LastUpdated RowHash"
    columns = frozenset(lite.split())
    around = project().source("xporter")
    present = {name: frozenset(each.fields) for _, name, each in around.sets()}
    found = run("xporter", "student", {"students": [a_student("1")]}, None, {**present, "students": columns})
    assert found.only()["given_name"] == "Wren"
    assert {"date_of_birth", "upn", "boarder", "leaving_date", "enrolment_status", "town", "country"} <= set(
        found.absent
    )
    assert not {"given_name", "family_name", "gender", "year_group", "groups", "emails"} & set(found.absent)


# The wire as it is


def declared(set_name: str) -> set[str]:
    """Every key that a record of a set may bear."""
    _, _, record_set = project().source("xporter").find(set_name)
    paths = [path for name, each in record_set.fields.items() for path in each.paths(name)]
    return {path.removeprefix("['").removesuffix("']") for path in paths} | set(record_set.known)


OWN = Path(__file__).parents[1] / "e2e" / "replay"
ANSWERS = {"students": "student", "staff": "staff", "groups": "group"}
RECORDINGS = [
    file
    for folder in (OWN, RECORDED)
    for file in sorted(folder.glob("*.json"))
    if file.stem.partition("-")[0] in ANSWERS
]
"""Our own answers of the recorded form, and those recorded from the real service where they are there."""


@pytest.mark.parametrize("file", RECORDINGS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_recorded_answers_are_taken_unchanged(file):
    answer = json.loads(file.read_text(encoding="utf-8"))
    entity = ANSWERS[file.stem.partition("-")[0]]
    rows = len(next(iter(answer.values())))
    sets = {SETS[name]: records for name, records in answer.items() if name in SETS}
    for name, records in sets.items():
        assert {key for record in records for key in record} <= declared(name)
    found = run("xporter", entity, sets)
    assert len(found.emitted()) == rows
    assert [row["_told"] for row in found.rows] == [[]] * rows


@pytest.fixture(scope="module")
def served() -> dict[str, list[Record]]:
    """Everything that the simulator would send of a small school with three pupils of bad data."""
    simulator = XporterSimulator(pupils=60, mess=3)
    return {ours: [row.values for row in simulator.rows(wire) if not row.needs] for wire, ours in SETS.items()}


def test_the_simulator_sends_only_what_is_declared(served):
    for name, records in served.items():
        assert {key for record in records for key in record} - declared(name) == set(), name


@pytest.mark.parametrize("entity", ["school", "student", "guardian", "staff", "group", "group_membership"])
def test_a_simulated_school_comes_through(served, entity):
    found = run("xporter", entity, served)
    assert found.emitted()
    assert {state for state, _ in found.reasons().values()} <= {"filtered"}
    main = {"school": "school_info", "student": "students", "guardian": "contacts", "staff": "staff", "group": "groups"}
    if entity in main:
        assert len(found.emitted()) == len(served[main[entity]])


def test_a_simulated_school_has_its_bad_values_told(served):
    found = run("xporter", "student", served)
    faults = sorted((each["field"], each["rule"]) for row in found.rows for each in row["_told"])
    assert faults == [
        ("date_of_birth", "type"),
        ("gender", "code"),
        ("given_name", "too-long"),
        ("legal_given_name", "too-long"),
    ]
