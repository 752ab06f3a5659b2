"""From a message of Haplo to the YAML: each leads to its line in the binding and in the mapping, and to its records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import SCHOOL, Ended, Project, a_project, wire

pytestmark = pytest.mark.e2e
BINDING = """\
binding: student
model: haplo:person
destination: profile
type: school:type:student
names:
  dc:attribute:title: {person_name: {first: given_name, last: legal_family_name}}
  school:attribute:admission-number: {from: admission_number, clear: true}
  std:attribute:address:
    clear: true
    postal_address: {street1: address_line_1, city: town, county: county, country: country}
  school:attribute:upn: upn
"""
MAPPING = """\
mapping: student
source: xporter
from: students
fields:
  source_id: Id
  given_name: Forename
  family_name: {first_of: [Surname, LegalSurname]}
  legal_family_name: {sql: CASE WHEN Id <> 'NAMELESS' THEN 'Family-of-' || Id END}
  # a comment between
  admission_number:
    sql: |
      CASE WHEN Id IN ('WORDS', 'MORE') THEN 'word-' || Id ELSE 'https://a.example/' END
  address_line_1: Street
  country: {sql: CASE WHEN Id = 'ABROAD' THEN 'ZZ' END}
  upn: {sql: CASE WHEN Id = 'STOPS' THEN 'XUPN' || Id END}
"""
OVERRIDE = """\
override:
  student:
    fields:
      given_name: Forename
      admission_number: {sql: "'word-' || Id"}
"""
LINK = "Invalid URL for input field admission_number"
COUNTRY = (
    "Invalid postal address "
    "(org.jruby.exceptions.RuntimeError: (RuntimeError) Postal addresses must use a recognised country)"
)
SMALL_PARTS = """
import sys
from engine.stages import emit
emit.LARGEST = 20_000
from engine.cli.main import main
main(sys.argv[1:])
"""


def prepare(project: Project, **ids: str) -> dict[str, str]:
    """Write the documents; the records that make trouble are the first of the source, by what is wrong with them."""
    known = [row["Id"] for row in wire(project.xporter, "Students")]
    chosen = dict(zip(("NAMELESS", "WORDS", "MORE", "ABROAD"), known, strict=False)) | ids
    mapping = MAPPING
    for word, key in chosen.items():
        mapping = mapping.replace(f"'{word}'", f"'{key}'")
    write(project, "schemas/haplo/student.yaml", BINDING)
    write(project, "mappings/xporter/student.yaml", mapping)
    replace(project, "applications/school.yaml", "admission-number: {type: text", "admission-number: {type: url")
    return chosen


def write(project: Project, name: str, text: str) -> None:
    (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (project.folder / name).write_text(text, encoding="utf-8")


def replace(project: Project, name: str, old: str, new: str) -> None:
    text = (project.folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    write(project, name, text.replace(old, new))


def messages(project: Project) -> list[dict[str, Any]]:
    lines = (project.latest / "messages" / "student.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, dict[str, str], Ended]]:
    with a_project(tmp_path_factory.mktemp("night")) as project:
        chosen = prepare(project)
        yield project, chosen, project.run("--only", "student", "--no-deliver").well()


def test_every_kind_of_message_leads_to_its_lines(night: tuple[Project, dict[str, str], Ended]) -> None:
    project, _, _ = night
    binding, mapping = (
        project.folder / name for name in ("schemas/haplo/student.yaml", "mappings/xporter/student.yaml")
    )
    books = project.books("student")
    assert books["messages"] == {LINK: 2, COUNTRY: 1, "no title": 1}
    assert books["origins"] == [
        {
            "summary": LINK,
            "times": 2,
            "effect": "tell",
            "binding": {"school:attribute:admission-number": f"{binding}:7:3"},
            "mapping": {"admission_number": f"{mapping}:10:3"},
        },
        {
            "summary": COUNTRY,
            "times": 1,
            "effect": "tell",
            "binding": {"std:attribute:address": f"{binding}:8:3"},
            "mapping": {
                "address_line_1": f"{mapping}:13:3",
                "town": f"{mapping}:4:1",  # not mapped: where it would be
                "county": f"{mapping}:4:1",
                "country": f"{mapping}:14:3",
            },
        },
        {
            "summary": "no title",
            "times": 1,
            "effect": "refuse",
            "binding": {"dc:attribute:title": f"{binding}:6:3"},
            "mapping": {"given_name": f"{mapping}:6:3", "legal_family_name": f"{mapping}:8:3"},
        },
    ]


def test_the_counts_add_up(night: tuple[Project, dict[str, str], Ended]) -> None:
    project, _, _ = night
    books = project.books("student")
    assert books["emitted"] == 60
    assert books["good"] == 59
    assert sum(one["times"] for one in books["origins"]) == sum(books["messages"].values()) == len(messages(project))


def test_the_private_table_has_the_records(night: tuple[Project, dict[str, str], Ended]) -> None:
    project, chosen, _ = night
    told = {(line["key"], line["message"].split(" (record")[0].split(":")[0]) for line in messages(project)}
    assert told == {
        (chosen["WORDS"], LINK),
        (chosen["MORE"], LINK),
        (chosen["ABROAD"], "Invalid postal address"),
        (chosen["NAMELESS"], "no title"),
    }
    records = json.loads((project.latest / "files" / "student-001.json").read_bytes())
    for line in messages(project):
        assert records[line["record"]]["_code"] == f"{SCHOOL}:student:{line['key']}"
        assert line["entity"] == "student"
    [words] = [line for line in messages(project) if line["key"] == chosen["WORDS"]]
    assert words["message"] == f"{LINK}: word-{chosen['WORDS']} (record {words['record']})"
    assert words["effect"] == "tell"
    assert words["binding"] == {
        "school:attribute:admission-number": f"{project.folder / 'schemas/haplo/student.yaml'}:7:3"
    }
    assert words["mapping"] == {"admission_number": f"{project.folder / 'mappings/xporter/student.yaml'}:10:3"}


def test_the_terminal_shows_the_places(night: tuple[Project, dict[str, str], Ended]) -> None:
    project, _, ended = night
    binding, mapping = (
        project.folder / name for name in ("schemas/haplo/student.yaml", "mappings/xporter/student.yaml")
    )
    assert (
        f"  note: student: Haplo would say, 2 times: {LINK}; from {binding}:7:3 "
        f"(school:attribute:admission-number), {mapping}:10:3 (admission_number)"
    ) in ended.out.splitlines()
    assert (
        f"  note: student: Haplo would say, 1 times: {COUNTRY}; from {binding}:8:3 (std:attribute:address), "
        f"{mapping}:13:3 (address_line_1), {mapping}:4:1 (town), {mapping}:4:1 (county) and 1 more"
    ) in ended.out.splitlines()
    assert f"what Haplo would say, with the records' keys: {project.latest / 'messages'}" in ended.out


def test_no_value_and_no_key_is_told(night: tuple[Project, dict[str, str], Ended]) -> None:
    project, chosen, ended = night
    report = (project.latest / "report.json").read_text()
    for said in (ended.out, ended.err, report):
        for value in ("word-", "Family-of-", "ZZ", *(f'"{key}"' for key in chosen.values())):
            assert value not in said
    assert (project.latest / "messages" / "student.jsonl").stat().st_mode & 0o777 == 0o600


def test_an_overridden_field_leads_to_the_school_file(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        prepare(project, ABROAD="nobody", NAMELESS="nobody")
        school = project.folder / "schools" / f"{SCHOOL}.yaml"
        before = school.read_text(encoding="utf-8")
        assert before.endswith("\n")
        school.write_text(before + OVERRIDE, encoding="utf-8")
        project.run("--only", "student", "--no-deliver").well()
        [told] = project.books("student")["origins"]
        assert told["times"] == 60
        assert told["mapping"] == {"admission_number": f"{school}:{before.count(chr(10)) + 5}:7"}


def test_records_of_later_parts_and_past_the_limit(tmp_path: Path) -> None:
    with a_project(tmp_path, pupils=520) as project:
        prepare(project, ABROAD="nobody", NAMELESS="nobody")
        replace(project, "mappings/xporter/student.yaml", "ELSE 'https://a.example/' END", "ELSE 'word-' || Id END")
        arguments = ["run", SCHOOL, "--only", "student", "--no-deliver", "--project", str(project.folder)]
        project.python("-c", SMALL_PARTS, *arguments).well()
        parts = sorted((project.latest / "files").glob("student-*.json"))
        assert len(parts) > 3
        codes = [record["_code"] for part in parts for record in json.loads(part.read_bytes())]
        assert len(codes) == 520
        told = messages(project)
        assert [line["record"] for line in told] == list(range(499))  # Haplo says no more than that
        assert [f"{SCHOOL}:student:{line['key']}" for line in told] == codes[:499]
        assert {line["message"].split(": ")[1].split(" (")[0] for line in told} == {
            f"word-{each['key']}" for each in told
        }
        [one] = project.books("student")["origins"]
        assert one["times"] == 520


def test_what_would_stop_the_import_is_told_with_its_place(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        keys = sorted(row["Id"] for row in wire(project.xporter, "Students"))
        prepare(project, STOPS=keys[30])
        replace(project, "applications/school.yaml", "upn: {type: text", "upn: {type: configuration-name")
        ended = project.run("--only", "student")
        assert (ended.code, ended.codes) == (1, ["import-refused"])
        binding, mapping = (
            project.folder / "schemas/haplo/student.yaml",
            project.folder / "mappings/xporter/student.yaml",
        )
        private = project.latest / "messages" / "student.jsonl"
        *_, stop = messages(project)
        shown = ended.err[ended.err.index(str(binding)) :].splitlines()
        assert shown == [
            f"{binding}:11:3: error: student: Haplo would stop this import [import-refused]",
            "   11 |   school:attribute:upn: upn",
            "      |   ^^^^^^^^^^^^^^^^^^^^",
            "  why: O.text(O.T_IDENTIFIER_CONFIGURATION_NAME,...) must be formed of a-zA-Z0-9_ and contain at least "
            f"one : separator.; it is given {mapping}:15:3 (upn); it is at record {stop['record']}",
            f"  fix: the whole message, and the record's key, are in {private}",
        ]
        assert stop["effect"] == "stop"
        assert stop["key"] == keys[30]
        assert stop["binding"] == {"school:attribute:upn": f"{binding}:11:3"}
        assert stop["mapping"] == {"upn": f"{mapping}:15:3"}
        assert project.haplo.store.describe() == []
        assert project.report()["outcome"] == "failed"
        assert "XUPN" not in ended.out + ended.err + json.dumps(project.report())
