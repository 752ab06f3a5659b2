"""`haplomap explain` by the real command, over a school of students whose records are written here, two nights long.

One student for each way of not becoming a row, and one whose values are followed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nights import CASE
from project import ENTITIES as SIX
from project import SCHOOL, Project, a_project
from test_hubmis_example import ENTITIES as HUBMIS
from test_identity_nights import School, student
from test_isams_example import ENTITIES as ISAMS
from test_settled_nights import ALL, answer
from test_xporter_entities import FURTHER

from engine.run.explained import facts_of
from engine.run.explaining import explain
from engine.simulators.replay import ReplaySimulator
from engine.spec.project import NotFoundError, open_project, shipped

pytestmark = pytest.mark.e2e
REQUIRED = "schemas/student.yaml:10:17"
"""Where the schema says that the family name is required."""
MAPPING = """\
mapping: student
source: xporter
tables:
  named:
    from: students
    fields:
      year: {from: YearGroup, clean: squeeze}
      own: {sql: "split_part(Id, '-', 1)"}
  enrolled:
    from: named
    where: [{rule: on-roll, field: StudentStatus, equals: OnRoll}]
from: enrolled
join:
  twin: {set: students, by: {Forename: MiddleName}}
one_per: {order: [{by: Id, descending: true}]}
where:
  - {rule: year-group, field: year, in: {setting: students.year_groups}}
known_by:
  upn: {from: UPN, clean: [trim, upper]}
fields:
  source_id: own
  given_name: {from: Forename, clean: squeeze}
  family_name: Surname
  upn: {from: UPN, clean: [trim, upper]}
  year_group: year
  enrolment_status: {from: StudentStatus, lookup: student_status}
"""


def records(*without: str, **other: dict[str, Any]) -> list[dict[str, Any]]:
    """The students of a night: all but some, some of them otherwise."""
    every = {
        "11": student("11", " a1 ", name="  Mary  Ann "),
        "12": {**student("12", None), "YearGroup": "Year 8"},
        "13": {**student("13", None), "StudentStatus": "Leaver"},
        "14": {**student("14", None), "Surname": "  "},
        "15": student("15", None),
        "15-b": student("15-b", None, name="Robin"),
        "16": {**student("16", None), "MiddleName": "Wren"},
        "17": student("17", None),
        "18": student("18", None),
        "20": student("20", None, name="Bo"),
        "20 again": student("20", None, name="Bob"),
    }
    chosen = {key: {"MiddleName": None, **each} for key, each in every.items() if key not in without}
    return [{**each, **other.get(f"of_{key}", {})} for key, each in chosen.items()]


class Explainer:
    """A school after three nights, the names of its runs, and what is explained of it."""

    def __init__(self, project: Project, runs: list[str]) -> None:
        self.project, self.runs = project, runs
        self.documents = open_project(project.folder)
        self.mapping = project.folder / "mappings" / "xporter" / "student.yaml"
        self.school = project.folder / "schools" / f"{SCHOOL}.yaml"

    def of(self, key: str, field: str | None = None, night: int = 2, *, personal: bool = False) -> dict[str, Any]:
        """What the command gives as JSON."""
        run = self.runs[night - 1]
        found = explain(self.documents, SCHOOL, "student", key, field, run, datetime.now(UTC), personal=personal)
        return facts_of(found, personal=personal)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explainer]:
    """Three nights: in the second one has another id, one is gone, one has no family name; the third is stopped."""
    folder = tmp_path_factory.mktemp("explain")
    answers = folder / "answers"
    answer(answers, "", Staff={"Staff": []})
    with a_project(folder, source=ReplaySimulator(folder=answers), haplo={"application": CASE}) as project:
        project.edit(lambda each: each.update(entities=["student"], guards=ALL))
        project.edit(lambda each: each["settings"].update(students={"year_groups": ["Year 7"]}))
        project.edit(lambda each: each["deliver"].update(kind="batch", mode="live"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        file = project.folder / "mappings" / "xporter" / "student.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(MAPPING, encoding="utf-8")
        nights = School(project, answers)
        nights.night(*records())
        nights.night(*records("17", of_11={"Id": "91"}, of_18={"Surname": None}))
        project.edit(lambda each: each.update(guards={"max_removed": 0}))
        nights.has(*records("17", "15", "15-b", of_11={"Id": "91"}))
        assert project.run("--yes", "--fresh").code == 5
        yield Explainer(project, [each.name for each in project.runs()])


def line(file: Path, text: str) -> str:
    """Where a text of a document stands, as places are shown."""
    lines = file.read_text(encoding="utf-8").splitlines()
    [(number, column)] = [(n, each.index(text) + 1) for n, each in enumerate(lines, 1) if text in each]
    return f"{file}:{number}:{column}"


def test_every_way_of_not_becoming_a_row_is_told_with_its_line(school: Explainer) -> None:
    expected = {
        "12": ("filtered", "", "year-group: year in students.year_groups", line(school.mapping, "rule: year-group")),
        "13": ("filtered", "", "on-roll: StudentStatus equals OnRoll", line(school.mapping, "rule: on-roll")),
        "14": ("quarantined", "", "family_name: text, required, at most 100", REQUIRED),
        "16": ("quarantined", "", "twin", line(school.mapping, "twin:")),
        "18": ("quarantined", "held", "family_name: text, required, at most 100", REQUIRED),
    }
    for key, (state, change, said, place) in expected.items():
        found = school.of(key)
        assert (found["state"], found["change"]) == (state, change), key
        assert [(each["said"], each["place"]) for each in found["reasons"]] == [(said, place)], key
        assert found["fields"] == []
    gone = school.of("17")
    assert (gone["state"], gone["change"], gone["records"], gone["fields"]) == ("", "gone", [], [])
    assert "gone at the source" in gone["said"]
    assert school.of("91")["known_as"] == "•••", "another key is personal as the first is"


def test_of_several_records_of_a_key_the_one_that_counts_is_told(school: Explainer) -> None:
    found = school.of("15", personal=True)
    assert [each["note"].split(";")[0] for each in found["records"]] == ["merged", "emitted"]
    [merged] = found["reasons"]
    assert (merged["what"], merged["said"]) == ("one_per", "Id descending")
    assert merged["place"] == line(school.mapping, "order:")
    assert {each["field"]: each["value"] for each in found["fields"]}["given_name"] == "Robin"
    by_its_own = school.of("15-b", personal=True)
    assert (by_its_own["known_as"], by_its_own["state"], by_its_own["change"]) == ("15", "emitted", "unchanged")


def test_records_that_the_source_calls_the_same_are_each_told_once(school: Explainer) -> None:
    found = school.of("20", personal=True)
    numbers = [(each["answer"]["record"], each["note"].split(";")[0]) for each in found["records"]]
    first = [each["Id"] for each in records("17")].index("20") + 1
    assert sorted(numbers) == [(first, "emitted"), (first + 1, "merged")]
    assert [each["what"] for each in found["reasons"]] == ["one_per"]
    assert {each["field"]: each["value"] for each in found["fields"]}["given_name"] == "Bo"


def test_a_filter_shows_what_it_looked_at(school: Explainer) -> None:
    [reason] = school.of("12", personal=True)["reasons"]
    year, setting = reason["parts"]
    assert (year["said"], year["value"], setting["value"]) == ("named.year", "Year 8", ["Year 7"])
    assert setting["place"] == line(school.school, "year_groups:")


def test_a_value_is_followed_from_the_answer_into_haplo(school: Explainer) -> None:
    run = school.project.home / school.runs[1]
    found = school.of("91", "given_name", personal=True)
    assert (found["known_as"], found["state"], found["change"]) == ("11", "emitted", "unchanged")
    [name] = found["fields"]
    first, cleaned, judged = name["steps"]
    [raw] = first["parts"]
    assert (raw["what"], raw["said"], raw["value"]) == ("raw", "students.Forename", "  Mary  Ann ")
    file = run / "answers" / "students" / "000001.json"
    assert raw["answer"] == {"run": run.name, "page": 1, "record": 1, "file": str(file)}
    assert json.loads(file.read_bytes())["Students"][0]["Forename"] == raw["value"]
    assert (first["what"], first["place"]) == ("from", line(school.mapping, "from: Forename"))
    assert (cleaned["what"], cleaned["said"], cleaned["value"]) == ("clean", "squeeze", "Mary Ann")
    assert (judged["said"], judged["note"]) == ("text, at most 100", "it fits")
    [bound] = name["haplo"]
    assert bound["name"] == "dc:attribute:title"
    assert bound["values"] == [{"type": "person-name", "first": "Mary Ann", "last": "Oakapple"}]
    assert bound["instructions"][0]["at"].endswith("(dc:attribute:title)")
    lookup = school.of("91", "enrolment_status", personal=True)["fields"][0]["steps"][1]
    assert (lookup["what"], lookup["value"]) == ("lookup", "current")
    assert "entry at mappings/xporter/lookups/student_status.yaml:" in lookup["note"]


def test_the_command_masks_values_unless_they_are_asked_for(school: Explainer) -> None:
    project, run, asked = school.project, ("--run", school.runs[1]), len(school.project.xporter.requests)
    for arguments in (["91", "given_name", "--format", "json"], ["18"]):
        out = project.call("explain", SCHOOL, "student", *arguments, *run).well().out
        assert not {"Oakapple", "Mary", "Wren", "A1", "a1"} & set(out.replace('"', " ").split()), out
    shown = project.call("explain", SCHOOL, "student", "91", "family_name", *run, "--show-personal").well().out
    lines = [" ".join(each.split()) for each in shown.splitlines()]
    assert "known as 11: the key under which it was first sent" in lines
    assert f"from Surname = Oakapple {line(school.mapping, 'family_name: Surname')}" in lines
    assert "row Oakapple" in lines
    assert "personal values are masked" not in shown
    assert len(project.xporter.requests) == asked, "nothing is asked of anyone"


def test_what_is_not_there_is_an_error_with_what_to_do(school: Explainer) -> None:
    def fix(entity: str, key: str, field: str | None = None, run: str | None = None, *, personal: bool = False) -> str:
        with pytest.raises(NotFoundError) as caught:
            explain(school.documents, SCHOOL, entity, key, field, run, datetime.now(UTC), personal=personal)
        error = caught.value
        assert personal or f"'{key}'" not in f"{error.what}{error.why}{error.fix}"
        return f"{error.what}; {error.fix}"

    assert "did you mean 'family_name'" in fix("student", "91", "famly_name")
    assert fix("student", "19", "family_name").endswith("3 keys are nearly the same; --show-personal names them")
    assert fix("student", "19", personal=True).endswith("did you mean '11' or '12' or '13'?")
    assert fix("student", "11", run="20200101-000000").startswith("there is no run '20200101-000000'")
    assert fix("students", "11").endswith("did you mean 'student'?")
    assert fix("student", "nobody-at-all").endswith(
        "'haplomap preview --show-personal' shows rows of student with their keys"
    )
    ended = school.project.call("explain", SCHOOL, "student", "19")
    assert (ended.code, ended.codes) == (2, ["not-found"])
    assert "--show-personal names them" in ended.err


def test_a_run_that_a_guard_stopped_says_so(school: Explainer) -> None:
    found = school.of("91", night=3)
    told = [note for note in found["notes"] if note.startswith("guard: student:")]
    assert told == ["guard: student: 1 of 4 rows are gone at the source, where max_removed is 0"]
    place = line(school.school, "guards:")
    assert f"the run ended as failed: nothing of it was sent (guards: {place})" in found["notes"]
    assert school.of("15", night=3)["change"] == "gone"


def test_values_of_every_shipped_mapping_are_followed_back() -> None:
    """By `explained.follow`, where each source's school has been read whole."""
    followed = {
        "xporter": [*SIX, *FURTHER],
        "isams": [*ISAMS, "attendance_mark"],
        "hubmis": HUBMIS,
    }
    names = {f"{source}/{entity}" for source, entities in followed.items() for entity in entities}
    assert names == set(open_project(shipped() / "examples" / "demo").names("mapping"))
