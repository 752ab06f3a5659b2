"""A small school of HUBmis, written by hand in the form of its answers: nested objects, lists of people, real numbers.

Beside the fields of an answer stands the id of the record that it was asked for (`student`, `contact`, `subject_set`).
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
Given = dict[str, list[Record]]

HOME = "home@example.org"
"""An e-mail address that three contacts share."""


def named(key: int | None, name: str = "") -> Record | None:
    """An object within a record."""
    return None if key is None else {"id": key, "name": name}


def people(*keys: int) -> list[Record]:
    """A list of people within a record."""
    return [{"id": key, "first_name": "Somebody", "last_name": "Else"} for key in keys]


def person(key: int, name: str) -> Record:
    """What students, contacts and staff have in common."""
    first, last = name.split()
    return {"id": key, "first_name": first, "middle_name": None, "last_name": last}


def student(key: int, name: str, form: Record | None, **more: Any) -> Record:
    return {
        **person(key, name),
        "preferred_name": None,
        "date_of_birth": None,
        "deleted_at": None,
        "enrolment_status": "current",
        "external_id": f"MX{key}",
        "gender": None,
        "form": form,
        "academic_house": None,
        "boarding_house": None,
        "boarding_type": None,
        "primary_email": None,
        "tags": [{"id": 1, "name": "Choir"}],
        **more,
    }


def contact(key: int, name: str, *students: int, **more: Any) -> Record:
    return {
        **person(key, name),
        "title": None,
        "primary_email": HOME,
        "status": "active",
        "deleted_at": None,
        "students": people(*students),
        **more,
    }


def relation(student: int, contact: int, relationship: str, position: int = 1, responsible: bool = True) -> Record:
    return {
        "student": student,
        "id": student * 1000 + contact,
        "contact": named(contact),
        "relationship_type": named(position, relationship),
        "position": position,
        "parental_responsibility": responsible,
    }


def employee(key: int, name: str, status: str = "current", **more: Any) -> Record:
    return {
        **person(key, name),
        "preferred_name": None,
        "title": None,
        "email": None,
        "job_title": None,
        "roles": [],
        "status": status,
        **more,
    }


def member(group: str, key: int, student: int) -> Record:
    return {group: key, "id": student, "first_name": "Some", "last_name": "One"}


def mark(student: int, key: int, at: str, session: str, code: int | None, **more: Any) -> Record:
    nested = None if code is None else {"id": code}
    return {
        "student": student,
        "id": key,
        "date_time": at,
        "attendance_session": session,
        "attendance_code": nested,
        **more,
    }


YEAR_7, YEAR_8 = named(7, "Year 7"), named(8, "Year 8")
FORM_7A, FORM_8B = named(71, "7A"), named(81, "8B")

WHOLE: Given = {
    "communication_details": [
        {
            "school_name": "St  Hubbins ",
            "school_sms_name": "StHub",
            "address": "School Road, Brindlewick,\r\nZZ9 9AB",
            "country": named(1, "United Kingdom"),
            "phone": "01632 960000",
            "email": "office@hubbins.example.org",
        }
    ],
    "year_groups": [
        {**named(7, " Year 7 "), "code": "Y7", "dfe_year": "7", "status": "active", "total_student_count": 2}
        | {"year_group_heads": people(31)},
        {**named(8, "Year 8"), "code": "Y8", "dfe_year": "8", "status": "active", "total_student_count": 1}
        | {"year_group_heads": []},
        {**named(9, "Year 9"), "code": "Y9", "dfe_year": "9", "status": "inactive", "total_student_count": 0}
        | {"year_group_heads": []},
    ],
    "forms": [
        {**FORM_7A, "code": "7A", "year_group": YEAR_7, "staff": people(31, 32), "student_count": 2},
        {**FORM_8B, "code": "8B", "year_group": YEAR_8, "staff": people(33), "student_count": 1},
    ],
    "tutor_groups": [{**named(5, "Oak"), "code": "OAK", "staff": people(32), "student_count": 2}],
    "houses": [
        {**named(1, "Grenville"), "code": "G", "house_type": "academic", "is_active": True}
        | {"house_parents": people(31), "staff": people(32, 31)},
        {**named(2, "Nelson"), "code": "N", "house_type": "academic", "is_active": True}
        | {"house_parents": people(31, 32), "staff": []},
        {**named(3, "Sheriff"), "code": "S", "house_type": "boarding", "is_active": True}
        | {"house_parents": [], "staff": []},
        {**named(4, "Old"), "code": "O", "house_type": "academic", "is_active": False}
        | {"house_parents": [], "staff": []},
    ],
    "subjects": [{**named(41, "English Language"), "code": "EN"}],
    "subject_sets": [
        {
            **named(501, "7/En1"),
            "code": "7En1",
            "subject": named(41, "English"),
            "staff": people(31, 33),
            "student_count": 2,
        },
        {**named(502, "8/Ma2"), "code": None, "subject": named(42, "Maths"), "staff": [], "student_count": 1},
    ],
    "students": [
        student(
            11,
            "Wrenna Oakapple",
            FORM_7A,
            preferred_name="Wren ",
            middle_name="Émilie  Rose",
            date_of_birth="2014-11-02",
            gender=named(2, "Female"),
            academic_house=named(1, "Grenville"),
            boarding_house=named(3, "Sheriff"),
            boarding_type=named(2, "Weekly"),
            primary_email="wren@pupils.example.org",
        ),
        student(12, "Ivo Oakapple", FORM_8B, academic_house=named(2, "Nelson"), boarding_type=named(1, "Day")),
        student(13, "Juno Larkmoor", FORM_7A),
        student(14, "Tam Fenwick", None),
        student(15, "Gone Away", FORM_7A, deleted_at="2026-02-01T10:00:00Z"),
    ],
    "student_enrolment": [
        {
            "student": 11,
            "enrolment_status": "current",
            "start_date": "2025-09-03",
            "unique_pupil_number": "z000000000001",
        },
        {"student": 13, "enrolment_status": "current", "start_date": "2024-09-04", "unique_pupil_number": None},
    ],
    "student_address_mappings": [
        {"student": 11, "id": 902, "position": 2, "formatted_address": "Term House, Aldermere, ZZ1 1ZZ"},
        {"student": 11, "id": 901, "position": 1, "formatted_address": "3 Heron Walk, Northside, Aldermere, ZZ10 1AB"},
        {"student": 12, "id": 903, "position": 1, "formatted_address": "12 Rue Haute, Lyon, 69001, France"},
        {"student": 13, "id": 904, "position": 1, "formatted_address": "Flat 2, 1 High Street, United Kingdom"},
    ],
    "contacts": [
        contact(21, "Ada Oakapple", 11, 12, title=named(2, "Mrs"), middle_name="Jane", primary_email="ada@example.org"),
        contact(22, "Bran Larkmoor", 13),
        contact(23, "Cora Larkmoor", 13),
        contact(24, "Dell Fenwick", 14, primary_email=None),
        contact(25, "Evan Other", 99),
        contact(26, "Faye Oakapple", 12, status="Inactive"),
        contact(27, "Gus Oakapple", 12, deleted_at="2026-01-05T08:00:00Z"),
        contact(28, "Hal Away", 15),
    ],
    "student_contacts": [
        relation(11, 21, "Mother"),
        relation(12, 21, "Legal  Guardian", 2),
        relation(12, 26, "Aunt", 3),
        relation(12, 27, "Father", 4),
        relation(13, 23, "Mother", 2, responsible=False),
        relation(13, 22, "Father", 1),
        relation(14, 24, "Step-Mother", 1, responsible=False),
        relation(15, 28, "Father"),
    ],
    "contact_phones": [
        {"contact": 21, "id": 9, "phone": "01632 960101", "type": named(1, "Home"), "is_primary": False},
        {"contact": 21, "id": 10, "phone": "07700  900101", "type": named(3, "Mobile"), "is_primary": True},
        {"contact": 21, "id": 11, "phone": "01632 960101", "type": named(2, "Work"), "is_primary": False},
    ],
    "contact_email_addresses": [
        {"contact": 21, "id": 10, "email": "ada.work@example.org", "type": named(2, "Work"), "is_primary": False},
        {"contact": 21, "id": 9, "email": "ada@example.org", "type": named(1, "Home"), "is_primary": True},
    ],
    "contact_related_addresses": [
        {"contact": 21, "id": 951, "position": 1, "formatted_address": "3 Heron Walk, Aldermere, ZZ10 1AB, Jersey"},
        {"contact": 22, "id": 952, "position": None, "address": {"formatted_address": "4 Hill Lane"}},
    ],
    "staff": [
        employee(
            31,
            "Benjamin Kakistos",
            preferred_name="Ben",
            middle_name="James",
            title=named(5, "Dr"),
            email="ben@staff.example.org",
            job_title="Head of Drama",
            roles=[named(1, "Teacher"), named(2, "Head of Drama"), named(3, " ")],
        ),
        employee(32, "Ottilie Larkmoor"),
        employee(33, "Pax Fenwick", "past"),
        employee(34, "Quill Reed", "sabbatical"),
    ],
    "staff_employment": [
        {"staff": 31, "employment_start_date": "2010-08-24", "employment_leave_date": None},
        {"staff": 32, "employment_start_date": "2020-09-01", "employment_leave_date": "2026-08-31"},
    ],
    "subject_set_students": [
        member("subject_set", 501, 11),
        member("subject_set", 501, 13),
        member("subject_set", 501, 13),
        member("subject_set", 502, 12),
        member("subject_set", 502, 99),
    ],
    "tutor_group_students": [member("tutor_group", 5, 11), member("tutor_group", 5, 12)],
    "attendance_codes": [
        {"id": 1, "code": "/", "name": "Present", "description": "Present in the morning"},
        {"id": 2, "code": "M", "name": "Dentist", "description": "Medical appointment"},
        {"id": 3, "code": "LATE", "name": "Late", "description": None},
        {"id": 4, "code": "HOLS", "name": "Gone fishing", "description": None},
        {"id": 5, "code": "-", "name": "No mark", "description": None},
        {"id": 6, "code": "#", "name": "Closed", "description": None},
    ],
    "student_attendance_records": [
        mark(11, 1, "2026-03-02T08:40:00Z", "am", 1),
        mark(11, 2, "2026-03-02T13:50:00Z", "pm", 2),
        mark(12, 3, "2026-03-02T08:40:00Z", "am", 3),
        mark(12, 4, "2026-03-02T08:41:00Z", "am", 1),
        mark(12, 5, "2026-03-02T13:50:00Z", "pm", 5),
        mark(13, 6, "2026-03-02T08:40:00Z", "am", 4),
        mark(13, 7, "2026-02-27", "pm", 6),
        mark(14, 8, "2026-03-02T08:40:00Z", "am", None),
        mark(14, 9, "2026-06-30T23:30:00Z", "am", 9, attendance_code={"id": 9, "code": " L "}, description="Late bus"),
        mark(15, 10, "2026-03-02T08:40:00Z", "am", 1),
    ],
}
"""A whole school, by record set."""
