"""What planted changes do to recorded data: counts that the recorded answers themselves give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDING = Path(__file__).parents[3] / "examples" / "recordings" / "xporter"
Record = dict[str, Any]
Counts = dict[tuple[str, str], int | None]


@dataclass(frozen=True)
class Effect:
    """The findings on some entities, by kind and subject, each with its count; and a note of what is not known.

    `gone`: also what becomes of the objects of rows that are gone.
    """

    counts: Counts
    entities: tuple[str, ...] = ("student",)
    gone: bool = False
    note: str = ""


def recorded(endpoint: str, name: str) -> list[Record]:
    """Return the records of a set, from the files of a recording."""
    files = sorted((RECORDING / "answers" / endpoint).glob("*.json"))
    assert files
    return [record for file in files for record in json.loads(file.read_bytes()).get(name, ())]


STUDENTS = recorded("students", "Students")
CONTACTS, LINKS = recorded("contacts", "Contacts"), recorded("student_contacts", "StudentContacts")
CHILDREN = {one["Id"] for one in STUDENTS}
LINKED = {link["ContactId"] for link in LINKS if link["StudentId"] in CHILDREN}
ATTRIBUTE = "school:attribute:"


def many(holds: Callable[[Record], Any], records: list[Record] = STUDENTS) -> int:
    """Count the records for which something holds: some, or nothing would be shown by them."""
    found = sum(bool(holds(record)) for record in records)
    assert found
    return found


def day(record: Record, *names: str) -> str:
    return str(next((record[name] for name in names if record.get(name)), ""))[:10]


def cells(name: str, attribute: str, count: int) -> Counts:
    """Return what a field that is another in some students gives: in rows, and in objects."""
    return {("cells-changed", f"student.{name}"): count, ("attributes-changed", f"student {attribute}"): count}


FLAGS = {
    "special_needs": ("special-needs", many(lambda one: one["SENProvision"])),
    "english_additional": ("english-additional", many(lambda one: one["EAL"] is not None)),
    "free_school_meals": ("free-school-meals", many(lambda one: one["FSMEligible"] is not None)),
    "pupil_premium": ("pupil-premium", many(lambda one: one["PupilPremium"] is not None)),
    "service_child": ("service-child", many(lambda one: one["ServiceChild"] is not None)),
}
LONE = many(lambda one: one["Id"] not in LINKED, CONTACTS)
UNLIKE = many(lambda one: one["Id"] in LINKED - CHILDREN, CONTACTS)
"""Guardians whose own key is no student's."""
assert not any(one["IdaasEmail"] for one in STUDENTS)

EFFECTS: dict[str, Effect] = {
    "a wrong field": Effect(
        cells(
            "date_of_birth",
            f"{ATTRIBUTE}date-of-birth",
            many(lambda one: day(one, "DateofBirth", "DateOfBirth") != day(one, "EntryDate")),
        )
    ),
    "a filter dropped": Effect(  # the next rule leaves out the same
        {("filtered-removed", "guardian has-student"): LONE, ("filtered-added", "guardian relationship-type"): LONE},
        ("guardian",),
    ),
    "a code means something else, for every mapping that looks it up": Effect(
        cells("gender", f"{ATTRIBUTE}gender", many(lambda one: one["Gender"] == "M"))
    ),
    "a code is gone": Effect(
        {
            **cells("gender", f"{ATTRIBUTE}gender", many(lambda one: one["Gender"] == "F")),
            ("withheld-changed", "student.gender: code (value)"): many(lambda one: one["Gender"] == "F"),
        }
    ),
    "a field is required no more": Effect({}),
    "sensitive data newly get to Haplo": Effect(
        cells("religion", f"{ATTRIBUTE}religion", many(lambda one: one["Religion"]))
    ),
    "a join finds records by another key": Effect(
        {
            ("rows-lost", "guardian"): UNLIKE,
            ("objects-lost", "guardian"): UNLIKE,
            ("filtered-added", "guardian has-student"): UNLIKE,
        },
        ("guardian",),
    ),
    "a setting has another default": Effect(
        {
            key: count
            for name, (attribute, number) in FLAGS.items()
            for key, count in cells(name, ATTRIBUTE + attribute, number).items()
        }
    ),
    "an endpoint is asked that nothing needed": Effect(
        {}, ("school",), note="conduct_points was not recorded: it has no records here"
    ),
    "a value goes to another attribute": Effect(
        {
            ("attributes-changed", f"student {ATTRIBUTE}{name}"): many(lambda one: one["LegalSurname"])
            for name in ("legal-last-name", "birth-name")
        }
    ),
    "a leaver is not said to be past": Effect(
        {("gone-changed", f"student {ATTRIBUTE}status"): len(STUDENTS)}, gone=True
    ),
    "the e-mail addresses of a union lose a member": Effect({}),  # nobody has one, by the assertion above
    "a field stands elsewhere on the wire, under another consent": Effect(
        {}, note="student.gender is not compared: what one version makes it of is not in these records"
    ),
    "a record set stands elsewhere in its answer": Effect(
        {("rows-lost", "student"): len(STUDENTS), ("objects-lost", "student"): len(STUDENTS)},
        note="students: answers/students/1.json has no list of records at $.Pupils, and is passed over",
    ),
    "an expression that fails on records": Effect({("data-failed", "student"): None}),
}
