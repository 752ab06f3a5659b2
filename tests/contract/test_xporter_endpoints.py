"""Every declared endpoint of Xporter beside what its document says: nothing left out, all of it made by a script."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mapped import project

from engine.spec.source import Endpoint, RecordSet, Source

HERE = Path(__file__).parent / "xporter"
sys.path.insert(0, str(HERE))
import make  # noqa: E402  (it stands beside its data)

CATALOGUE = Path("/work/shared/reference/xporter-catalog.json")


def source() -> Source:
    return project().source("xporter")


def listed() -> list[tuple[str, str, list[str]]]:
    """The service's id of an endpoint, a set on the wire, and the fields that the document lists of it."""
    lines = (line.split() for line in make.FACTS.read_text(encoding="utf-8").splitlines())
    return [(f"school.{line[0]}", line[1], line[2:]) for line in lines]


def place(identity: str) -> Endpoint:
    return source().endpoints[make.by_hand()[identity]["name"]]


def spellings(record_set: RecordSet) -> set[str]:
    found = {path for name, each in record_set.fields.items() for path in each.paths(name)}
    return {path.removeprefix("['").removesuffix("']") for path in found}


def test_every_read_is_declared_once():
    ids = {identity for identity, _, _ in listed()}
    assert len(ids) == 87
    assert set(make.by_hand()) == ids
    assert len({make.by_hand()[identity]["name"] for identity in ids}) == 87


def test_every_field_that_the_document_lists_is_declared():
    missing = []
    for identity, wire, fields in listed():
        said = make.by_hand()[identity]["sets"].get(wire, {})
        if "left_out" in said or wire == "-":
            assert not fields
            continue
        record_set = place(identity).sets[said["name"]]
        assert record_set.records == f"$.{wire}"
        missing += [f"{wire}.{name}" for name in fields if name not in spellings(record_set)]
    assert missing == []


def test_what_is_not_known_says_so():
    """A path that is inferred, and a set of which no field is known."""
    unsaid = [name for _, name, each in source().sets() if not each.fields and not each.assumed]
    assert unsaid == []
    inferred = [name for name, each in source().endpoints.items() if each.assumed == make.INFERRED]
    assert len(inferred) == 43


def test_the_files_are_those_that_the_script_makes():
    """Where the catalogue is at hand: made again, nothing changes."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in make.ENDPOINTS.glob("*.yaml")}
    made = {name for name, text in texts.items() if make.MADE in text}
    assert set(texts) - made == {"management.yaml"}
    if CATALOGUE.exists():
        catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
        assert {name: texts[name] for name in made} == make.files(catalogue)
        assert make.FACTS.read_text(encoding="utf-8") == make.facts(catalogue)
        assert make.SIMULATED.read_text(encoding="utf-8") == make.simulated(catalogue)


def links() -> Iterator[tuple[str, str, str, str]]:
    for _, name, record_set in source().sets():
        for own, field in record_set.fields.items():
            for other, target in field.links():
                yield name, own, other, target


def test_ids_of_people_link_to_them():
    """Whatever is called the id of a student, a member of staff or a contact can be followed."""
    person = re.compile(r"^(Student|Staff|Contact)_?(Mis_?|Idaas)?Ids?$|^Student_MisId$")
    own = {
        "staff_next_of_kin.ContactId": "a person of a kind of its own",
        "staff_next_of_kin.ContactMis_Id": "the same",
    }
    loose = {
        f"{name}.{field}"
        for _, name, each in source().sets()
        for field, spec in each.fields.items()
        if person.match(field) and not spec.link
    }
    assert loose == set(own)


@pytest.mark.parametrize(
    ("name", "own", "target"),
    [
        ("attendance_marks", "StudentId", "students.Id"),
        ("student_behaviour", "BehaviourId", "behaviour.Id"),
        ("exam_results", "QanId", "exam_qans.Id"),
        ("sen_provisions", "StudentMis_Id", "students.Id"),
        ("student_dietary_needs", "DietaryNeedsId", "dietary_needs.Id"),
        ("lessons", "ClassId", "groups.Id"),
        ("assessment_results", "AspectId", "assessment_aspects.Id"),
        ("photos", "PersonId", "students.Id"),
    ],
)
def test_the_links_that_the_document_names_are_there(name, own, target):
    assert (name, own, *target.split(".")) in set(links())
