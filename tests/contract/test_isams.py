"""iSAMS' mappings on a small school written by hand, in the documents of the Batch API; rows worked out by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from isams_mapped import mapped
from mapped import project

from tests.isams_school import (
    ACADEMIC,
    BOARDING,
    CONTACTS,
    HEALTH,
    PUPILS,
    SETS,
    STAFF,
    SUBJECTS,
    WHOLE,
    condition,
    contact,
    element,
    health,
    pupil,
)

ENTITIES = ["school", "student", "guardian", "staff", "group", "group_membership", "medical_condition"]
FURTHER = {"sensitivity", "further_information", "reviewed_on", "trigger"}
"""What only the condition of one test has a value of."""
ON = {"medical": {"send": True}}
BY_STUDENT = {"medical": {"send": True, "by_student": True}}


def test_a_student_is_read_from_end_to_end(tmp_path: Path) -> None:
    made = mapped(tmp_path, "student")
    assert made.filled("4733683710") == {
        "source_id": "4733683710",
        "given_name": "Wren",
        "middle_names": "Émilie Rose",
        "family_name": "Oakapple",
        "legal_given_name": "Wrenna",
        "legal_family_name": "Oakapple",
        "gender": "female",
        "date_of_birth": date(2014, 11, 2),
        "admission_number": "SIM009",
        "upn": "Z000000000001",
        "enrolment_status": "current",
        "year_group": "Year 7",
        "national_curriculum_year": "7",
        "registration_group": "7/A",
        "house": "Grenville",
        "boarding_house": "Sheriff",
        "boarder": True,
        "groups": ["year-7", "form-7/A", "house-101", "house-12"],
        "entry_date": date(2025, 9, 3),
        "emails": ["wren@pupils.example.org"],
        "phones": ["07700 900001"],
    }
    assert made.filled("4733683713") == {
        "source_id": "4733683713",
        "given_name": "Tam",
        "family_name": "Fenwick",
        "legal_given_name": "Tam",
        "legal_family_name": "Fenwick",
        "enrolment_status": "current",
        "year_group": "Year 8",
        "national_curriculum_year": "8",
        "registration_group": "8/B",
        "house": "Nelson",
        "groups": ["year-8", "form-8/B", "house-102"],
    }
    assert made.column("given_name")["4733683711"] == "Ivo", "a blank preferred name is none"
    assert made.books.read == made.books.emitted == 4


def test_a_guardian_is_read_from_end_to_end(tmp_path: Path) -> None:
    made = mapped(tmp_path, "guardian")
    assert made.filled("9021") == {
        "source_id": "9021",
        "title": "Mrs",
        "given_name": "Ada",
        "middle_names": "Jane",
        "family_name": "Oakapple",
        "emails": ["ada@example.org", "ada.work@example.org", "ada@home.example.org"],
        "phones": ["07700 900101", "01632 960101"],
        "address_line_1": "1 High Street, Flat 2",
        "address_line_2": "Northside",
        "town": "Sampleton",
        "county": "Eastshire",
        "postcode": "ZZ1 1ZZ",
        "country": "GB",
        "relationships": [
            {"student": "4733683710", "relationship": "mother", "priority": None, "parental_responsibility": True},
            {"student": "4733683711", "relationship": "guardian", "priority": None, "parental_responsibility": True},
        ],
        "responsible_for": ["4733683710", "4733683711"],
    }
    assert (made.books.read, made.books.merged, made.books.emitted) == (7, 1, 6)


def test_joint_contacts_are_two_people_though_they_share_an_address_and_an_email(tmp_path: Path) -> None:
    emails = mapped(tmp_path, "guardian").column("emails")
    assert emails["9031"] == emails["9032"] == ["home@example.org"]


def test_joint_contacts_without_person_ids_are_two_people(tmp_path: Path) -> None:
    rows = [
        contact(4412, None, "Bran Larkmoor", "Father", 712, first="True", EmailAddress="home@example.org"),
        contact(4412, None, "Cora Larkmoor", "Mother", 712, first="False", EmailAddress="home@example.org"),
        contact(4413, None, "Dell Fenwick", "Step-Mother", 713, EmailAddress="home@example.org"),
    ]
    made = mapped(tmp_path, "guardian", given={**WHOLE, CONTACTS: rows})
    assert made.column("given_name") == {"contact-4412": "Bran", "contact-4412-second": "Cora", "contact-4413": "Dell"}
    relationships = made.column("relationships")
    assert {key: [each["relationship"] for each in found] for key, found in relationships.items()} == {
        "contact-4412": ["father"],
        "contact-4412-second": ["mother"],
        "contact-4413": ["step_parent"],
    }


def test_what_stands_in_several_rows_of_a_person_is_gathered(tmp_path: Path) -> None:
    rows = [
        contact(
            9, 1, "Ada Oakapple", "Mother", 710, EmailAddress="a@example.org", Mobile="1", ParentalResponsibility="No"
        ),
        contact(10, 1, "Ada Oakapple", "Guardian", 710, 711, EmailAddress="b@example.org,a@example.org", Telephone="2"),
    ]
    made = mapped(tmp_path, "guardian", given={**WHOLE, CONTACTS: rows})
    assert made.column("emails") == {"1": ["a@example.org", "b@example.org"]}
    assert made.column("phones") == {"1": ["1", "2"]}
    assert [(each["student"], each["relationship"]) for each in made.rows["1"]["relationships"]] == [
        ("4733683710", "mother"),
        ("4733683711", "guardian"),
    ], "a pupil whom two rows name counts once, as the first row says"
    assert made.rows["1"]["responsible_for"] == []


def test_staff_are_read_from_end_to_end(tmp_path: Path) -> None:
    made = mapped(tmp_path, "staff")
    assert made.filled("380") == {
        "source_id": "380",
        "title": "Dr",
        "given_name": "Tilly",
        "middle_names": "Maud",
        "family_name": "Larkmoor",
        "legal_given_name": "Ottilie",
        "legal_family_name": "Larkmoor",
        "staff_code": "OL",
        "status": "current",
        "teacher": True,
        "support": False,
        "roles": ["Teacher", "Head of Year"],
        "employment_end": date(2027, 7, 20),
        "emails": ["ol@example.org"],
        "phones": ["07700 900200"],
    }
    assert made.filled("381") == {
        "source_id": "381",
        "given_name": "Pip",
        "family_name": "Marsh",
        "legal_given_name": "Pip",
        "legal_family_name": "Marsh",
        "status": "current",
        "teacher": False,
        "support": True,
    }


def test_groups_of_every_kind_are_read(tmp_path: Path) -> None:
    made = mapped(tmp_path, "group")
    found = {key: made.filled(key) for key in ("year-7", "form-8/B", "house-101", "house-12", "set-501", "set-502")}
    assert found == {
        "year-7": {"source_id": "year-7", "kind": "year", "name": "Year 7", "code": "Y7", "lead": "380"},
        "form-8/B": {
            "source_id": "form-8/B",
            "kind": "registration",
            "name": "8/B",
            "code": "8/B",
            "lead": "399",
        },
        "house-101": {"source_id": "house-101", "kind": "house", "name": "Grenville", "code": "GR", "lead": "380"},
        "house-12": {"source_id": "house-12", "kind": "house", "name": "Sheriff", "code": "SH", "lead": "381"},
        "set-501": {
            "source_id": "set-501",
            "kind": "teaching",
            "name": "7 History 1",
            "code": "7Hi1",
            "subject": "History",
            "subject_code": "Hi",
            "lead": "380",
            "staff": ["380", "381"],
        },
        "set-502": {"source_id": "set-502", "kind": "teaching", "name": "8Ar1", "code": "8Ar1"},
    }
    assert made.books.read == made.books.emitted == 11


def test_memberships_are_read_from_end_to_end(tmp_path: Path) -> None:
    made = mapped(tmp_path, "group_membership")
    names = ("title", "group", "member_kind", "student", "staff", "role")
    assert {key: tuple(row[name] for name in names) for key, row in made.rows.items()} == {
        "student-501-710": ("7 History 1: Wren Oakapple", "set-501", "student", "4733683710", None, None),
        "student-502-711": ("8Ar1: Ivo Oakapple", "set-502", "student", "4733683711", None, None),
        "staff-501-380": ("7 History 1: Tilly Larkmoor", "set-501", "staff", None, "380", "Main teacher"),
        "staff-501-381": ("7 History 1: Pip Marsh", "set-501", "staff", None, "381", "Teacher"),
    }
    assert made.left == {"student-501-799": "member-known"}
    assert made.books.merged == 1, "Wren stands in the list twice"


def test_the_school_is_what_its_file_says(tmp_path: Path) -> None:
    assert mapped(tmp_path / "plain", "school").filled("brook-hall") == {
        "source_id": "brook-hall",
        "name": "Brook Hall",
    }
    said = {
        "name": "Brook  Hall School",
        "estab_number": "999/1234",
        "head_teacher": "Dr O. Larkmoor",
        "phone": "01632 960000",
        "email": "office@example.org",
        "website": "https://brook-hall.example",
        "address": "School Road , Brindlewick,ZZ99 9AB",
        "phase": "Senior",
        "governance": "Independent",
        "exam_centre": "12345",
    }
    made = mapped(tmp_path / "said", "school", {"school": said})
    assert made.filled("brook-hall") == {
        **said,
        "source_id": "brook-hall",
        "name": "Brook Hall School",
        "estab_number": "9991234",
        "address": "School Road\nBrindlewick\nZZ99 9AB",
    }
    assert (made.books.read, made.books.merged, made.books.emitted) == (3, 2, 1)


def test_medical_conditions_are_read_from_pupils_health(tmp_path: Path) -> None:
    whole = condition(
        7101,
        " Asthma ",
        Severity="Severe",
        Sensitivity="Staff",
        Trigger="Cold  air",
        Treatment="Inhaler",
        FurtherInfo="In the office",
        Archived=0,
        DateEntered="2025-09-03T00:00:00",
        DateReviewed="2026-01-09T10:30:00.5",
    )
    made = mapped(tmp_path, "medical_condition", ON, {**WHOLE, HEALTH: [health(710, whole), *WHOLE[HEALTH][1:]]})
    assert made.filled("4733683710-7101") == {
        "source_id": "4733683710-7101",
        "student": "4733683710",
        "name": "Asthma",
        "severity": "Severe",
        "sensitivity": "Staff",
        "trigger": "Cold  air",
        "treatment": "Inhaler",
        "further_information": "In the office",
        "entered_on": date(2025, 9, 3),
        "reviewed_on": date(2026, 1, 9),
    }
    assert made.column("name") == {
        "4733683710-7101": "Asthma",
        "4733683711-7112": "Hay fever",
        "4733683712-7121": "Migraine",
    }
    assert made.left == {"4733683711-7111": "archived"}


REST = {
    "medical_conditions": [
        {
            "student": "4733683710",
            "key": "7101",
            "type": "asthma",
            "severityId": "2",
            "sensitivity": None,
            "trigger": None,
            "treatment": "Inhaler",
            "furtherInfo": "",
            "archived": "false",
            "dateEntered": "2025-09-03T23:30:00+01:00",
        },
        {"student": "4733683711", "key": "7111", "type": "2", "severityId": "1", "archived": "false"},
        {"student": "4733683712", "key": "7121", "type": "Migraine", "severityId": "9"},
        {"student": "4733683713", "key": "7131", "type": "Asthma", "archived": "true"},
        {"student": "4733683999", "key": "9991", "type": "Asthma", "archived": "false"},
    ],
    "medical_condition_types": [
        {"id": "1", "name": "Asthma", "allergy": "false"},
        {"id": "2", "name": "Nut allergy", "allergy": "true"},
    ],
    "medical_severities": [
        {"id": "1", "name": "Mild", "triggerMedicalFlag": "false"},
        {"id": "2", "name": "Severe", "triggerMedicalFlag": "true"},
    ],
}


def test_medical_conditions_are_read_student_by_student(tmp_path: Path) -> None:
    made = mapped(tmp_path, "medical_condition", BY_STUDENT, rest=REST)
    assert made.filled("4733683710-7101") == {
        "source_id": "4733683710-7101",
        "student": "4733683710",
        "name": "asthma",
        "kind": "condition",
        "severity": "Severe",
        "alert": True,
        "treatment": "Inhaler",
        "entered_on": date(2025, 9, 3),
    }
    names = ("name", "kind", "severity", "alert")
    assert {key: tuple(row[name] for name in names) for key, row in made.rows.items()} == {
        "4733683710-7101": ("asthma", "condition", "Severe", True),
        "4733683711-7111": ("Nut allergy", "allergy", "Mild", False),
        "4733683712-7121": ("Migraine", None, None, None),
    }
    assert made.left == {"4733683713-7131": "archived", None: "student-known"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(ON, {"years", "pupils", "health_conditions"}), (BY_STUDENT, {"years", "pupils", *REST})],
    ids=["health", "by student"],
)
def test_health_is_read_one_way_only(settings: dict[str, dict[str, bool]], expected: set[str], tmp_path: Path) -> None:
    assert set(mapped(tmp_path, "medical_condition", settings, rest=REST).used) == expected


def test_a_house_without_code_and_master_is_a_group(tmp_path: Path) -> None:
    house = element("House", {"Id": 103}, Name="Rodney", Code="")
    made = mapped(tmp_path, "group", given={**WHOLE, ACADEMIC: [house]})
    assert made.filled("house-103") == {"source_id": "house-103", "kind": "house", "name": "Rodney"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_mapped_field_gets_a_value_in_this_school(entity: str, tmp_path: Path) -> None:
    """So that no field of a mapping goes without an expected value above."""
    school = {**dict.fromkeys(project().settings()["school"], "9991234"), "email": "a@b", "website": "https://a.b"}
    settings = {"school": school, **BY_STUDENT}
    here = mapped(tmp_path / "a", entity, settings, rest=REST)
    other = mapped(tmp_path / "b", entity, ON) if entity == "medical_condition" else here
    filled = {name for made in (here, other) for key in made.rows for name in made.filled(key)}
    unfilled = set(project().mapping("isams", entity).fields) - filled
    assert unfilled == (FURTHER if entity == "medical_condition" else set())


PLAIN = {
    **WHOLE,
    PUPILS: [pupil(710, "Wrenna", "Oakapple", 7), pupil(711, "Ivo", "Oakapple", 8)],
    CONTACTS: [contact(4410, None, "Ada Oakapple", "Mother", 710, MailMergeAll=1, BillingMailMerge=None, Mobile="1")],
    STAFF: [element("StaffMember", {"Id": 380}, Forename="Ottilie", Surname="Larkmoor")],
    SETS: [element("Set", {"Id": 501}, SetCode="7Hi1", Teachers='<Teacher Id="1" StaffId="380"/>')],
    ACADEMIC: [],
    BOARDING: [],
    SUBJECTS: [],
    HEALTH: [health(710, condition(7101, "Asthma"))],
}
"""A school of an older server, where nobody has what may be left out."""


def test_a_field_that_nobody_has_costs_nothing_but_itself(tmp_path: Path) -> None:
    made = mapped(tmp_path / "guardian", "guardian", {"guardians": {"mailings": ["all", "billing"]}}, PLAIN)
    assert made.filled("contact-4410") == {
        "source_id": "contact-4410",
        "given_name": "Ada",
        "family_name": "Oakapple",
        "phones": ["1"],
        "relationships": [
            {"student": "4733683710", "relationship": "mother", "priority": None, "parental_responsibility": True}
        ],
        "responsible_for": ["4733683710"],
    }
    made = mapped(tmp_path / "membership", "group_membership", None, PLAIN)
    assert made.column("title") == {
        "student-501-710": "7Hi1: Wrenna Oakapple",
        "staff-501-380": "7Hi1: Ottilie Larkmoor",
    }
    assert set(mapped(tmp_path / "student", "student", None, PLAIN).rows) == {"4733683710", "4733683711"}
    assert "set-501" in mapped(tmp_path / "group", "group", None, PLAIN).rows
    assert set(mapped(tmp_path / "health", "medical_condition", ON, PLAIN).rows) == {"4733683710-7101"}
