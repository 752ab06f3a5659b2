"""HUBmis' mappings on a small school in the form of its answers, with rows worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hubmis_school import HOME, WHOLE, Record, contact, mark, named, relation, student
from mapped import Mapped, fields_of, project, run, said, unreached

ENTITIES = ["school", "student", "guardian", "staff", "group", "group_membership", "attendance_mark"]
EACH = {"one_by_one": dict.fromkeys(project().settings()["one_by_one"], True)}
"""The settings with which everything is asked for that is to be had person by person."""


def mapped(entity: str, settings: dict[str, dict[str, Any]] | None = None, **given: list[Record]) -> Mapped:
    """Map the small school, with other records in some of its sets."""
    return run("hubmis", entity, {**WHOLE, **given}, settings)


def column(found: Mapped, name: str) -> dict[str, Any]:
    return {key: row[name] for key, row in found.emitted().items()}


def without(entity: str, set_name: str, *fields: str) -> Mapped:
    """Map the small school, where no answer has some fields of one set."""
    present = fields_of("hubmis")
    present[set_name] -= set(fields)
    records = [{name: value for name, value in each.items() if name not in fields} for each in WHOLE[set_name]]
    return run("hubmis", entity, {**WHOLE, set_name: records}, None, present)


# Students


def test_a_student_is_read_from_end_to_end():
    found = mapped("student", EACH)
    assert said(found.emitted()["11"]) == {
        "source_id": "11",
        "given_name": "Wren",
        "middle_names": "Émilie Rose",
        "family_name": "Oakapple",
        "legal_given_name": "Wrenna",
        "legal_family_name": "Oakapple",
        "gender": "female",
        "date_of_birth": date(2014, 11, 2),
        "upn": "Z000000000001",
        "enrolment_status": "current",
        "year_group": "Year 7",
        "national_curriculum_year": "7",
        "registration_group": "7A",
        "house": "Grenville",
        "boarding_house": "Sheriff",
        "boarder": True,
        "groups": ["year-7", "form-71", "house-1", "house-3"],
        "entry_date": date(2025, 9, 3),
        "emails": ["wren@pupils.example.org"],
        "address_line_1": "3 Heron Walk, Northside, Aldermere",
        "postcode": "ZZ10 1AB",
        "country": "GB",
    }
    assert said(found.emitted()["14"]) == {
        "source_id": "14",
        "given_name": "Tam",
        "family_name": "Fenwick",
        "legal_given_name": "Tam",
        "legal_family_name": "Fenwick",
        "enrolment_status": "current",
    }
    assert found.reasons() == {"15": ("filtered", "deleted")}


def test_an_address_of_one_text_is_parted_from_its_end():
    rows = mapped("student", EACH).emitted()
    parts = ("address_line_1", "postcode", "country")
    assert [rows["12"][name] for name in parts] == ["12 Rue Haute, Lyon, 69001", None, "FR"]
    assert [rows["13"][name] for name in parts] == ["Flat 2, 1 High Street", None, "GB"]
    abroad = {**EACH, "addresses": {"country": "IE"}}
    assert mapped("student", abroad).emitted()["11"]["country"] == "IE"


@pytest.mark.parametrize(
    ("kind", "boards"),
    [
        ("Full", True),
        ("Weekly Boarder", True),
        ("Day", False),
        ("Day Pupil", False),
        ("Non-boarder", False),
        ("Holidays", True),
        (None, None),
    ],
)
def test_all_types_but_day_are_boarding(kind, boards):
    one = student(1, "Wren Oakapple", None, boarding_type=named(None if kind is None else 1, kind or ""))
    assert mapped("student", students=[one]).only()["boarder"] is boards


def test_a_year_is_named_by_its_list_or_by_the_form():
    assert set(column(mapped("student"), "year_group").values()) == {"Year 7", "Year 8", None}
    assert set(column(mapped("student", year_groups=[]), "year_group").values()) == {"Year 7", "Year 8", None}


def test_without_a_single_field_of_deletion_nobody_is_deleted():
    assert "15" in without("student", "students", "deleted_at").emitted()
    found = without("guardian", "contacts", "deleted_at", "status")
    assert set(found.emitted()) == {"21", "22", "23", "24", "26", "27"}


def test_what_the_enrolment_does_not_say_is_absent_and_not_blank():
    found = mapped("student", {"one_by_one": {"enrolment": False}})
    assert {"upn", "entry_date", "address_line_1", "postcode", "country"} <= set(found.absent)
    assert {"upn", "entry_date"} & set(mapped("student").absent) == set()


# Guardians


def test_a_guardian_is_read_from_end_to_end():
    found = mapped("guardian", EACH)
    assert said(found.emitted()["21"]) == {
        "source_id": "21",
        "title": "Mrs",
        "given_name": "Ada",
        "middle_names": "Jane",
        "family_name": "Oakapple",
        "emails": ["ada@example.org", "ada.work@example.org"],
        "phones": ["07700 900101", "01632 960101"],
        "address_line_1": "3 Heron Walk, Aldermere",
        "postcode": "ZZ10 1AB",
        "country": "JE",
        "relationships": [
            {"student": "11", "relationship": "mother", "priority": 1, "parental_responsibility": True},
            {"student": "12", "relationship": "guardian", "priority": 2, "parental_responsibility": True},
        ],
        "responsible_for": ["11", "12"],
    }
    assert column(found, "address_line_1")["22"] == "4 Hill Lane"
    assert found.reasons() == {
        "25": ("filtered", "has-student"),
        "26": ("filtered", "inactive"),
        "27": ("filtered", "deleted"),
        "28": ("filtered", "has-student"),
    }


def test_who_shares_an_email_address_is_not_one_person():
    found = mapped("guardian")
    assert column(found, "emails") == {"21": ["ada@example.org"], "22": [HOME], "23": [HOME], "24": []}
    relationships = column(found, "relationships")
    assert [each["relationship"] for key in ("22", "23") for each in relationships[key]] == ["father", "mother"]
    assert [relationships[key][0]["student"] for key in ("22", "23")] == ["13", "13"]


def test_a_relation_to_a_contact_that_is_not_listed_is_nobody():
    found = mapped("guardian", student_contacts=[*WHOLE["student_contacts"], relation(11, 77, "Aunt")])
    assert set(found.emitted()) == {"21", "22", "23", "24"}


def test_who_is_two_things_to_one_student_is_so_once_as_the_first_that_is_chosen_says():
    twice = {**relation(13, 22, "Neighbour", 3, responsible=False), "id": 1}
    links = [twice, *WHOLE["student_contacts"]]
    link = column(mapped("guardian", student_contacts=links), "relationships")["22"]
    assert [(each["relationship"], each["priority"]) for each in link] == [("father", 1)]
    found = mapped("guardian", {"guardians": {"types": ["Neighbour"]}}, student_contacts=links)
    link = column(found, "relationships")["22"]
    assert [(each["relationship"], each["priority"]) for each in link] == [("other", 3)]
    assert column(found, "responsible_for") == {"22": []}


def test_without_a_request_for_each_student_contacts_say_whose_they_are():
    found = mapped("guardian", {"one_by_one": {"relationships": False}}, student_contacts=[])
    students = {key: [each["student"] for each in links] for key, links in column(found, "relationships").items()}
    assert students == {"21": ["11", "12"], "22": ["13"], "23": ["13"], "24": ["14"]}
    assert column(found, "responsible_for") == {key: [] for key in students}
    nobody = contact(29, "Ida Nobody")
    found = mapped("guardian", {"one_by_one": {"relationships": False}}, contacts=[nobody])
    assert found.reasons() == {"29": ("filtered", "has-student")}


def test_phones_that_are_not_asked_for_are_absent_and_not_blank():
    found = mapped("guardian", {"one_by_one": {"guardian_phones": False}})
    assert {"phones", "address_line_1", "postcode", "country"} <= set(found.absent)
    assert "emails" not in found.absent


# Staff


def test_a_member_of_staff_is_read_from_end_to_end():
    found = mapped("staff", EACH)
    assert said(found.emitted()["31"]) == {
        "source_id": "31",
        "title": "Dr",
        "given_name": "Ben",
        "middle_names": "James",
        "family_name": "Kakistos",
        "legal_given_name": "Benjamin",
        "legal_family_name": "Kakistos",
        "status": "current",
        "roles": ["Head of Drama", "Teacher"],
        "employment_start": date(2010, 8, 24),
        "emails": ["ben@staff.example.org"],
    }
    assert column(found, "employment_end")["32"] == date(2026, 8, 31)
    assert found.reasons() == {"33": ("filtered", "left")}


def test_a_status_that_is_not_known_is_told_and_leaves_nobody_out():
    row = mapped("staff").emitted()["34"]
    assert row["status"] is None
    assert [(each["field"], each["rule"]) for each in row["_told"]] == [("status", "code")]


def test_employment_is_sensitive_and_not_asked_for_by_default():
    assert {"employment_start", "employment_end"} <= set(mapped("staff").absent)


# Groups


def test_groups_are_years_forms_tutor_groups_houses_and_sets():
    found = mapped("group")
    names = ("kind", "name", "code", "subject", "subject_code", "lead", "staff", "student_count")
    assert {key: tuple(row[name] for name in names) for key, row in found.emitted().items()} == {
        "year-7": ("year", "Year 7", "Y7", None, None, "31", ["31"], 2),
        "year-8": ("year", "Year 8", "Y8", None, None, None, [], 1),
        "form-71": ("registration", "7A", "7A", None, None, None, ["31", "32"], 2),
        "form-81": ("registration", "8B", "8B", None, None, "33", ["33"], 1),
        "tutor-5": ("registration", "Oak", "OAK", None, None, "32", ["32"], 2),
        "house-1": ("house", "Grenville", "G", None, None, "31", ["31", "32"], None),
        "house-2": ("house", "Nelson", "N", None, None, None, ["31", "32"], None),
        "house-3": ("house", "Sheriff", "S", None, None, None, [], None),
        "set-501": ("teaching", "7/En1", "7En1", "English Language", "EN", None, ["31", "33"], 2),
        "set-502": ("teaching", "8/Ma2", None, "Maths", None, None, [], 1),
    }
    assert found.reasons() == {"9": ("filtered", "inactive"), "4": ("filtered", "inactive")}


def test_houses_that_do_not_say_whether_they_are_active_are():
    assert "house-4" in without("group", "houses", "is_active").emitted()


@pytest.mark.parametrize("item", ["Ben", 31, None, {"name": "Ben"}])
def test_people_in_a_list_who_have_no_id_are_nobody(item):
    form = {**WHOLE["forms"][0], "staff": [item]}
    row = mapped("group", forms=[form]).emitted()["form-71"]
    assert (row["lead"], row["staff"]) == (None, [])


# Memberships


def test_memberships_join_students_and_staff_to_sets_and_tutor_groups():
    found = mapped("group_membership")
    names = ("title", "group", "member_kind", "student", "staff", "role")
    assert {key: tuple(row[name] for name in names) for key, row in found.emitted().items()} == {
        "student-set-501-11": ("7/En1: Wren Oakapple", "set-501", "student", "11", None, None),
        "student-set-501-13": ("7/En1: Juno Larkmoor", "set-501", "student", "13", None, None),
        "student-set-502-12": ("8/Ma2: Ivo Oakapple", "set-502", "student", "12", None, None),
        "student-tutor-5-11": ("Oak: Wren Oakapple", "tutor-5", "student", "11", None, None),
        "student-tutor-5-12": ("Oak: Ivo Oakapple", "tutor-5", "student", "12", None, None),
        "staff-set-501-31": ("7/En1: Ben Kakistos", "set-501", "staff", None, "31", "Teacher"),
        "staff-tutor-5-32": ("Oak: Ottilie Larkmoor", "tutor-5", "staff", None, "32", "Tutor"),
    }
    left = sorted((row["_state"], row["_reason"] or "") for row in found.rows if row["_state"] != "emitted")
    assert left == [
        ("filtered", "member-known"),  # Pax, who has left, teaches 501
        ("filtered", "member-known"),  # 99, who has left, is in 502
        ("filtered", "nobody"),  # nobody teaches 502
        ("merged", ""),  # Juno is in 501 twice
    ]


# The school


def test_the_school_is_one_row():
    row = mapped("school", {"school": {"estab_number": "999/1234", "head_teacher": "Dr A Head"}}).only()
    assert said(row) == {
        "source_id": "a-school",
        "name": "St Hubbins",
        "estab_number": "9991234",
        "head_teacher": "Dr A Head",
        "phone": "01632 960000",
        "email": "office@hubbins.example.org",
        "address": "School Road\nBrindlewick\nZZ9 9AB",
    }


def test_what_the_school_does_not_say_the_school_file_may():
    blank = dict.fromkeys(WHOLE["communication_details"][0])
    given = {"name": "Hubbins", "phone": "01632 960001", "email": "o@example.org", "address": "1 Lane, Town"}
    row = mapped("school", {"school": given}, communication_details=[blank]).only()
    assert {name: row[name] for name in given} == {**given, "address": "1 Lane\nTown"}


# Attendance


def test_marks_mean_what_the_national_codes_say_or_the_school():
    found = mapped("attendance_mark")
    names = ("title", "student", "date", "session", "category", "code", "code_name")
    day = date(2026, 3, 2)
    assert {key: tuple(row[name] for name in names) for key, row in found.emitted().items()} == {
        "11.2026-03-02.AM": ("2026-03-02 AM", "11", day, "AM", "present", "/", "Present"),
        "11.2026-03-02.PM": ("2026-03-02 PM", "11", day, "PM", "absent_authorised", "M", "Dentist"),
        "12.2026-03-02.AM": ("2026-03-02 AM", "12", day, "AM", "present", "/", "Present"),
        # half past midnight in London, in summer
        "14.2026-07-01.AM": ("2026-07-01 AM", "14", date(2026, 7, 1), "AM", "late", "L", "Late bus"),
    }
    assert {(row["_state"], row["_reason"]) for row in found.rows if row["student"] == "13"} == {
        ("quarantined", "code"),
        ("filtered", "closed"),
    }
    assert sorted(str(row["_reason"]) for row in found.rows if row["_state"] == "filtered") == [
        *("closed", "no-mark", "no-mark", "student-known"),
    ]


def test_of_two_marks_of_one_session_the_later_record_counts():
    marks = [mark(12, key, "2026-03-02T08:40:00Z", "AM ", code) for key, code in ((9, 1), (10, 3))]
    found = mapped("attendance_mark", student_attendance_records=marks)
    row = found.emitted()["12.2026-03-02.AM"]
    assert (row["category"], row["code"], row["code_name"]) == ("late", "LATE", "Late")


def test_a_mark_without_a_session_is_held_back():
    found = mapped("attendance_mark", student_attendance_records=[mark(12, 1, "2026-03-02T08:40:00Z", "", 1)])
    assert [row["_state"] for row in found.rows] == ["quarantined"]


# All of them


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_mapped_field_gets_a_value_of_some_record(entity):
    every = {**EACH, "school": dict.fromkeys(project().settings()["school"], "1234567")}
    every["school"] |= {"email": "a@b.example", "website": "https://b.example"}
    assert unreached("hubmis", entity, mapped(entity, every)) == set()
