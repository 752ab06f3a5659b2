"""Every declared endpoint of HUBmis beside what its document says: nothing left out, all of it made by a script."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml
from mapped import project

from engine.run.plan import make_plan
from engine.run.soundness import all_problems
from engine.spec.asking import ancestors
from engine.spec.assumed import assumed_in
from engine.spec.project import open_project
from engine.spec.source import Endpoint, Source

HERE = Path(__file__).parent / "hubmis"
sys.path.insert(0, str(HERE))
import make_hubmis as make  # noqa: E402  (it stands beside its data)

CATALOGUE = Path("/work/shared/reference/hubmis-catalog.json")
TOKEN = "v1/token"


@dataclass(frozen=True)
class Operation:
    """A line of `operations.txt`: what the document says of an operation."""

    method: str
    path: str
    kind: str
    deprecated: bool
    filters: tuple[str, ...]
    headers: tuple[str, ...]
    fields: tuple[str, ...]


@cache
def operations() -> list[Operation]:
    found = []
    for line in make.FACTS.read_text(encoding="utf-8").splitlines():
        method, path, kind, *rest = line.split()
        named = [tuple(word[1:] for word in rest if word[0] == mark) for mark in "?:."]
        found.append(Operation(method, path, kind, "deprecated" in rest, *named))
    return found


READS = [each for each in operations() if each.method == "GET"]


def source() -> Source:
    return project().source("hubmis")


def endpoints(path: str) -> list[tuple[str, Endpoint]]:
    """The endpoints of an operation: those whose paths are its path with its places filled in."""
    parts = [".*" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path)]
    fitting = [
        (name, each)
        for name, each in source().endpoints.items()
        if re.fullmatch(
            "".join(parts).replace(".*", r"(?:\{\{ [\w.]+ \}\}|wellbeing\w*|student|staff|contact)"), each.path
        )
    ]
    return [(name, each) for name, each in fitting if name in names(path)]


def names(path: str) -> list[str]:
    return [given["name"] for _, given in make.split(make.by_hand()["operations"][path])]


def test_every_operation_of_the_document_is_declared():
    """132 of them: 131 reads, and the call for a token, which is how the api is told who asks."""
    assert len({each.path for each in operations()}) == len(operations()) == 132
    assert [each.path for each in operations() if each.method != "GET"] == [TOKEN]
    assert source().apis["main"].auth.request.url.endswith(f"/{TOKEN}")
    assert set(make.by_hand()["operations"]) == {each.path for each in READS}
    declared = [name for each in READS for name, _ in endpoints(each.path)]
    assert sorted(declared) == sorted(source().endpoints)
    assert [each.path for each in READS if len(endpoints(each.path)) != 1] == [
        "v1/pastoral/{pastoralCategoryType}/categories",
        "v1/pastoral/{pastoralCategoryType}/categories/{id}",
        "v1/custom-fields/{userType}/groups",
        "v1/custom-fields/fields",
        "v1/custom-fields/fields/{id}/options",
    ]


def test_no_read_is_one_that_writes():
    assert {each.method for each in source().endpoints.values()} == {"GET"}


@pytest.mark.parametrize("operation", READS, ids=lambda each: each.path)
def test_an_operation_is_declared_as_the_document_says(operation):
    """Parameters, headers, pages, fields, and what is on its way out."""
    for name, endpoint in endpoints(operation.path):
        paged = "page[number]" in operation.filters
        assert (endpoint.pages is not None and not endpoint.pages.states_last()) == paged
        filters = {each.removesuffix("[from]").removesuffix("[to]") for each in endpoint.filters}
        asked = {each.removesuffix("[from]").removesuffix("[to]") for each in operation.filters}
        assert filters == {each for each in asked if not each.startswith("page[")}
        assert endpoint.lacking() == ""
        headers = {each.lower() for each in {**source().apis["main"].headers, **endpoint.headers}}
        assert headers - {"accept"} == set(operation.headers)
        assert (endpoint.deprecated is not None) == operation.deprecated
        (record_set,) = endpoint.sets.values()
        lists = operation.kind == "list" or record_set.records != "$"
        assert record_set.one == (not lists)
        if lists:
            assert record_set.assumed
            continue
        declared = {text.partition(".")[0] for field, spec in record_set.fields.items() for text in spec.paths(field)}
        declared = {each.removeprefix("['").removesuffix("']") for each in declared} | set(record_set.known)
        kept = set() if endpoint.for_each is None else set(endpoint.for_each.keep)
        assert set(operation.fields) <= declared
        assert declared - set(operation.fields) <= kept, name


def test_the_counts_are_those_of_the_document():
    counts = {
        "lists": sum(each.kind == "list" for each in operations()),
        "objects": sum(each.kind == "object" for each in operations()),
        "paged": sum("page[number]" in each.filters for each in READS),
        "deprecated": sum(each.deprecated for each in READS),
        "with a year": sum("academic-year-id" in each.headers for each in READS),
    }
    assert counts == {"lists": 94, "objects": 38, "paged": 25, "deprecated": 8, "with a year": 4}


def linked(endpoint: Endpoint) -> set[str]:
    """The sets to whose records the values lead that an endpoint is asked by."""
    word = endpoint.for_each
    fields = {} if word is None else source().find(word.set)[2].fields
    kept = [] if word is None else word.keep.values()
    return {name for own in kept for name, _ in fields[own].links()}


def test_what_hangs_on_somebody_is_asked_for_each_of_them():
    """Twenty reads a student, sixteen a member of staff, seven a contact, by the paths; and no path is left open."""
    counted = {"students": 0, "staff": 0, "contacts": 0}
    for each in READS:
        (name, endpoint), *_ = endpoints(each.path)
        root = each.path.removeprefix("v1/").partition("/{id}")[0]
        if root in counted and "/{id}" in each.path:
            counted[root] += 1
            assert root in {*ancestors(source(), endpoint), *linked(endpoint)}, name
        assert ("{id}" in each.path) <= (endpoint.for_each is not None), name
    assert counted == {"students": 20, "staff": 16, "contacts": 7}


def test_what_is_not_known_says_so():
    """Every path is inferred, and so are the items of lists and what is in nested objects."""
    assert {each.assumed for each in source().endpoints.values()} == {make.INFERRED}
    for _, name, record_set in source().sets():
        for field, spec in record_set.fields.items():
            inside = any("." in text for text in spec.paths(field))
            assert record_set.assumed or spec.assumed or not inside, f"{name}.{field}"


def test_people_are_personal_data():
    """In whatever hangs on somebody, and in the lists of somebody, every field says what kind it is."""
    own = {"students", "past_students", "staff", "contacts", "learning_support_records"}
    for _, name, record_set in source().sets():
        roots = set(ancestors(source(), source().find(name)[1]))
        if name in own or roots & {"students", "staff", "contacts", "learning_support_records", "pastoral_events"}:
            assert [field for field, spec in record_set.fields.items() if not spec.pii] == [], name


def test_the_files_are_those_that_the_script_makes():
    """Where the catalogue is at hand: made again, nothing changes."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in make.ENDPOINTS.glob("*.yaml")}
    assert all(make.MADE in text for text in texts.values())
    if CATALOGUE.exists():
        catalogue = json.loads(CATALOGUE.read_text(encoding="utf-8"))
        assert texts == make.files(catalogue)
        assert make.FACTS.read_text(encoding="utf-8") == make.facts(catalogue)
        assert make.READS.read_text(encoding="utf-8") == make.reads_text(catalogue)


# A project with a school


SCHOOL = {
    "school": "brook",
    "source": "hubmis",
    "time_zone": "Europe/London",
    "prefix": "brook",
    "config": {"realm": "S999", "client_id": "abc", "client_secret": {"env": "SECRET"}, "academic_year": "12"},
    "entities": ["student"],
}
STUDENT = {
    "mapping": "student",
    "source": "hubmis",
    "from": "students",
    "join": {"enrolment": {"set": "student_enrolment", "by": {"student": "id"}}},
    "fields": {
        "source_id": "id",
        "given_name": "first_name",
        "family_name": "last_name",
        "registration_group": "form",
        "upn": "enrolment.unique_pupil_number",
    },
}


def write(folder: Path, documents: dict[str, dict]) -> Path:
    for name, document in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def test_a_school_is_checked_and_planned(tmp_path):
    folder = write(tmp_path, {"schools/brook.yaml": SCHOOL, "mappings/hubmis/student.yaml": STUDENT})
    own = open_project(folder)
    assert all_problems(own) == []
    plan = make_plan(own, "brook")
    assert [(each.endpoint, each.path) for each in plan.requests] == [
        ("students", "v1/students"),
        ("student_enrolment", "v1/students/{{ each.student }}/enrolment"),
    ]
    assert sorted(plan.fields()["students"]) == ["first_name", "form", "id", "last_name"]
    assert len(assumed_in(own.source("hubmis"), plan.fields())) == 3


def test_a_mapping_of_what_is_on_its_way_out_is_told_what_to_use(tmp_path):
    """A warning: the school can be run all the same."""
    mapping = {**STUDENT, "from": "subjects_v1", "fields": {"source_id": "id", "family_name": "name"}}
    mapping.pop("join")
    mapping = {**mapping, "join": {"section": {"set": "section_details", "by": {"id": "id"}}}}
    mapping["fields"]["given_name"] = "section.code"
    folder = write(tmp_path, {"schools/brook.yaml": SCHOOL, "mappings/hubmis/student.yaml": mapping})
    own = open_project(folder)
    problems = [each for each in all_problems(own) if each.level == "warning"]
    assert [(each.code, each.fix) for each in problems] == [
        ("set-deprecated", "use 'subjects'"),
        ("set-deprecated", ""),
    ]
    assert [each.endpoint for each in make_plan(own, "brook").requests] == [
        "sections",
        "section_details",
        "subjects_v1",
    ]
