"""What planted changes do to recorded data: counts beside those that the recorded answers themselves give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from planted import CHANGED, Edit
from test_planted import ROOT, plant

from engine.review.effect import Effects, Looks, effects
from engine.review.made import Landed, Made, Maker
from engine.review.revision import Versions
from engine.run.recorded import land_recorded
from engine.run.recording import read_recording
from engine.spec.project import Project

RECORDING = ROOT / "examples" / "recordings" / "xporter"
EDITS: dict[str, list[Edit]] = {planted.name: planted.edits for planted in CHANGED}
Records = list[dict[str, Any]]
Counts = dict[tuple[str, str], int]


def recorded(endpoint: str, name: str) -> Records:
    """Return the records of a set, from the files of a recording."""
    files = sorted((RECORDING / "answers" / endpoint).glob("*.json"))
    assert files
    return [record for file in files for record in json.loads(file.read_bytes()).get(name, ())]


STUDENTS = recorded("students", "Students")
CONTACTS, LINKS = recorded("contacts", "Contacts"), recorded("student_contacts", "StudentContacts")


def many(holds: Callable[[dict[str, Any]], Any], records: Records | None = None) -> int:
    """Count the records for which something holds: some, or nothing would be shown by them."""
    found = sum(bool(holds(record)) for record in (STUDENTS if records is None else records))
    assert found
    return found


def day(record: dict[str, Any], *names: str) -> str:
    return str(next((record[name] for name in names if record.get(name)), ""))[:10]


@dataclass(frozen=True)
class Bench:
    """The shipped documents on the recording, made once, and what makes others."""

    versions: Versions
    folder: Path
    before: dict[tuple[str, ...], Made] = field(default_factory=dict)

    def made(self, project: Project, entities: tuple[str, ...], name: str, gone: bool) -> Made:
        recording = read_recording(RECORDING)
        school = recording.school(project).model_copy(update={"entities": list(entities)})
        landed = land_recorded(project, school, recording, self.folder / name / "landed", entities)
        self.notes[:] = landed.notes
        found = Landed(school, landed.plan.source, landed.plan.entities, landed.sets, landed.today, landed.notes)
        return Maker(project, found, self.folder / name, frozenset(entities) if gone else frozenset()).make()

    notes: list[str] = field(default_factory=list)

    def effects(self, edits: list[Edit], folder: Path, *entities: str, gone: bool = False) -> Effects:
        """Return what edits do to some entities."""
        key = (*entities, str(gone))
        if key not in self.before:
            self.before[key] = self.made(self.versions.open(str(ROOT)).project, entities, "-".join(key), gone)
        head = self.versions.open(str(plant(folder / "head", edits)))
        assert head.errors == []
        after = self.made(head.project, entities, folder.name, gone)
        found = effects(self.before[key], after, Looks())
        assert all("•••" in (each.key, each.before, each.after) for one in found.findings for each in one.examples)
        return Effects(found.findings, [*self.notes, *found.notes])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(Versions(ROOT, tmp_path_factory.mktemp("versions")), tmp_path_factory.mktemp("data"))


def cells(name: str, attribute: str, count: int) -> Counts:
    """Return what a field that is another in some students gives: in rows, and in objects."""
    return {("cells-changed", f"student.{name}"): count, ("attributes-changed", f"student {attribute}"): count}


ATTRIBUTE = "school:attribute:"
FLAGS = {
    "special_needs": ("special-needs", many(lambda one: one["SENProvision"])),
    "english_additional": ("english-additional", many(lambda one: one["EAL"] is not None)),
    "free_school_meals": ("free-school-meals", many(lambda one: one["FSMEligible"] is not None)),
    "pupil_premium": ("pupil-premium", many(lambda one: one["PupilPremium"] is not None)),
    "service_child": ("service-child", many(lambda one: one["ServiceChild"] is not None)),
}
OF_STUDENTS: dict[str, Counts] = {
    "a wrong field": cells(
        "date_of_birth",
        f"{ATTRIBUTE}date-of-birth",
        many(lambda one: day(one, "DateofBirth", "DateOfBirth") != day(one, "EntryDate")),
    ),
    "a code means something else, for every mapping that looks it up": cells(
        "gender", f"{ATTRIBUTE}gender", many(lambda one: one["Gender"] == "M")
    ),
    "a code is gone": {
        **cells("gender", f"{ATTRIBUTE}gender", many(lambda one: one["Gender"] == "F")),
        ("withheld-changed", "student.gender: code (value)"): many(lambda one: one["Gender"] == "F"),
    },
    "a field is required no more": {},
    "a value has another limit": {},
    "sensitive data newly get to Haplo": cells("religion", f"{ATTRIBUTE}religion", many(lambda one: one["Religion"])),
    "a setting has another default": {
        key: count
        for name, (attribute, number) in FLAGS.items()
        for key, count in cells(name, ATTRIBUTE + attribute, number).items()
    },
    "a value goes to another attribute": {
        ("attributes-changed", f"student {ATTRIBUTE}{name}"): many(lambda one: one["LegalSurname"])
        for name in ("legal-last-name", "birth-name")
    },
    "a value is cleared no more": {},
    "rows are found again by another key": {},
    "dates are read the other way round": {},
    "pages are smaller, for every endpoint that has none of its own": {},
    "the e-mail addresses of a union lose a member": {},
    "a record set stands elsewhere in its answer": {
        ("rows-lost", "student"): len(STUDENTS),
        ("objects-lost", "student"): len(STUDENTS),
    },
    "a field stands elsewhere on the wire, under another consent": {},
}


def test_the_second_address_of_students_is_their_first() -> None:
    """So nobody loses an address where the union loses that member."""
    assert many(lambda one: one["IdaasEmail"]) == many(lambda one: one["IdaasEmail"] == one["WorkEmail"] is not None)


@pytest.mark.parametrize("name", OF_STUDENTS)
def test_what_a_change_does_to_students(bench: Bench, tmp_path: Path, name: str) -> None:
    found = bench.effects(EDITS[name], tmp_path, "student")
    counts = {(each.kind, each.subject): each.count for each in found.findings}
    assert counts == OF_STUDENTS[name]
    if "elsewhere on the wire" in name:
        assert "student.gender is not compared: what one version makes it of is not in these records" in found.notes
    if "elsewhere in its answer" in name:
        assert [note for note in found.notes if "no list of records at $.Pupils" in note]


def test_a_leaver_who_is_not_said_to_be_past_is_seen_once_all_have_left(bench: Bench, tmp_path: Path) -> None:
    found = bench.effects(EDITS["a leaver is not said to be past"], tmp_path, "student", gone=True)
    counts = {(each.kind, each.subject): each.count for each in found.findings}
    assert counts == {("gone-changed", f"student {ATTRIBUTE}status"): len(STUDENTS)}


def test_contacts_of_nobody_are_left_out_by_the_next_rule_where_the_first_is_dropped(
    bench: Bench, tmp_path: Path
) -> None:
    linked = {link["ContactId"] for link in LINKS if link["StudentId"] in {one["Id"] for one in STUDENTS}}
    lone = many(lambda one: one["Id"] not in linked, CONTACTS)
    found = bench.effects(EDITS["a filter dropped"], tmp_path, "guardian")
    counts = {(each.kind, each.subject): each.count for each in found.findings}
    assert counts == {
        ("filtered-removed", "guardian has-student"): lone,
        ("filtered-added", "guardian relationship-type"): lone,
    }


def test_a_guardian_who_bears_no_key_of_a_student_is_lost_where_links_are_looked_up_by_that(
    bench: Bench, tmp_path: Path
) -> None:
    students = {one["Id"] for one in STUDENTS}
    linked = {link["ContactId"] for link in LINKS if link["StudentId"] in students}
    lost = many(lambda one: one["Id"] in linked - students, CONTACTS)
    found = bench.effects(EDITS["a join finds records by another key"], tmp_path, "guardian")
    counts = {(each.kind, each.subject): each.count for each in found.findings}
    assert counts == {
        ("rows-lost", "guardian"): lost,
        ("objects-lost", "guardian"): lost,
        ("filtered-added", "guardian has-student"): lost,
    }


def test_what_was_not_recorded_is_told_and_not_guessed(bench: Bench, tmp_path: Path) -> None:
    found = bench.effects(EDITS["an endpoint is asked that nothing needed"], tmp_path, "school")
    assert found.findings == []
    assert "conduct_points was not recorded: it has no records here" in found.notes
