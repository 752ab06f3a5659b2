"""`haplomap record` as anybody calls it, of a source that is itself a recording; and previews of what it made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from project import Ended, call_here
from recordings import DAY, ROOT, place_project, secrets_of
from small_documents import of_entity, write

from engine.simulators.replay import ReplaySimulator

pytestmark = pytest.mark.e2e

RECORDED = ROOT / "examples" / "recordings" / "xporter"


@pytest.fixture
def simulator() -> Iterator[ReplaySimulator]:
    with ReplaySimulator(folder=RECORDED, today=DAY) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, simulator: ReplaySimulator) -> Path:
    place_project("xporter", tmp_path / "project", simulator.config)
    return tmp_path / "project"


def call(project: Path, *arguments: str) -> Ended:
    return call_here(*arguments, "--project", str(project), environ=secrets_of("xporter", {}))


def record(project: Path, to: Path, *more: str) -> Ended:
    return call(project, "record", "waters-edge", "--to", str(to), *more)


def texts(folder: Path) -> dict[str, str]:
    return {str(each.relative_to(folder)): each.read_text() for each in sorted(folder.rglob("*")) if each.is_file()}


def surnames(folder: Path) -> set[str]:
    students = json.loads((folder / "answers" / "students" / "1.json").read_text(encoding="utf-8"))["Students"]
    return {each["Surname"] for each in students}


def test_a_recording_is_made_told_of_and_looked_at(project: Path, tmp_path: Path) -> None:
    to = tmp_path / "of" / "three"
    ended = record(project, to, "--records", "3", "--seed", "1").well()
    assert [line.split() for line in ended.out.splitlines() if line.startswith("students ")] == [
        ["students", "3", "23"]
    ]
    assert f"files: {to}; {to / 'REPORT.md'} says of each field what was done to it" in ended.out
    shown = call(project, "preview", "waters-edge", "student", "--recorded", str(to), "--format", "json").well()
    assert len(json.loads(shown.out)) == 3
    assert "note: students: BoardingHouse did not come when it was recorded" in shown.err
    beside = call(project, "preview", "waters-edge", "student", "--recorded", str(to), "--side-by-side").well()
    assert "3 of 3 rows; 0 quarantined" in beside.out
    told = record(project, tmp_path / "told", "--records", "3", "--seed", "1", "--format", "json").well()
    facts = json.loads(told.out)
    assert {"set": "students", "records": 3, "of": 23} in facts["sets"]
    assert set(facts["done"]) == {"left", "replaced", "moved"}
    assert texts(tmp_path / "told") == texts(to), "the same seed replaces in the same way"
    record(project, tmp_path / "other", "--records", "3").well()
    assert texts(tmp_path / "other").keys() == texts(to).keys()
    assert surnames(tmp_path / "other") & surnames(to) == set(), "without one they are made up anew"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--records", "0"], 2, "a number from 1, or all"),
        (["--of", "student"], 2, "'student' is no record set that is recorded"),
        (["--set", "sudents"], 2, "'xporter' has no record set 'sudents'"),
    ],
)
def test_mistakes_are_said(project: Path, tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    ended = record(project, tmp_path / "new", *arguments)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert not (tmp_path / "new").exists()


def test_what_is_there_is_never_written_over(project: Path, tmp_path: Path, simulator: ReplaySimulator) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    ended = record(project, tmp_path / "full")
    assert (ended.code, ended.codes, simulator.requests) == (2, ["recording-exists"], [])
    (tmp_path / "bare").mkdir()
    record(project, tmp_path / "bare", "--records", "1").well()
    assert (tmp_path / "bare" / "recording.json").is_file()


def test_a_recording_that_failed_leaves_no_folder_and_goes_on(
    project: Path, tmp_path: Path, simulator: ReplaySimulator
) -> None:
    simulator.faults.replace([{"match": {"path": "StudentContacts"}, "do": {"status": 403}}])
    failed = record(project, tmp_path / "new", "--records", "2")
    assert (failed.code, failed.codes) == (1, ["source-refused"])
    assert [each.name for each in tmp_path.iterdir()] == ["project"]
    asked = len([each for each in simulator.requests if "/Students" in each.path])
    simulator.faults.replace([])
    record(project, tmp_path / "new", "--records", "2").well()
    assert len([each for each in simulator.requests if "/Students" in each.path]) == asked == 1, "it was read already"


def test_days_that_were_not_recorded_have_no_records(simulator: ReplaySimulator) -> None:
    marks = f"{simulator.url}/api/v1/School/9991234/AttendanceForDateRange/"
    week = {"DateFrom": "2026-02-23", "DateTo": "2026-03-01", "page": "1"}
    recorded, other = (httpx.get(marks, params=each).json() for each in (week, {**week, "DateFrom": "2020-01-06"}))
    assert len(recorded["AttendMarks"]) == int(recorded["__pagination__"][0]["RowCount"]) > 10
    assert (other["AttendMarks"], other["__pagination__"][0]["RowCount"]) == ([], 0)


def test_a_folder_that_is_no_recording_is_said(project: Path, tmp_path: Path) -> None:
    ended = call(project, "preview", "waters-edge", "student", "--recorded", str(tmp_path))
    assert (ended.code, ended.codes) == (2, ["recording"])
    other = call(project, "preview", "waters-edge", "student", "--recorded", str(RECORDED.parent / "isams"))
    assert (other.code, other.codes) == (2, ["recording"])
    assert "is a recording of 'isams'" in other.err


def test_what_stands_where_only_a_search_finds_it_is_left_out_and_told(tmp_path: Path) -> None:
    """Such an answer cannot be put together again; what else stands in it is kept."""
    answer = {"people": [{"id": "4001", "deep": [{"hair": "red"}]}], "forms": [{"members": [{"id": "4001"}]}]}
    replay = {"answers": [{"path": "/people", "body": "people.json"}]}
    for name, content in (("people.json", answer), ("replay.json", replay)):
        (tmp_path / "answers" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "answers" / name).write_text(json.dumps(content), encoding="utf-8")
    fields = {"id": {"pii": "identifier"}, "hair": {"at": "$..hair", "pii": "sensitive"}}
    sets = {
        "people": {"records": "$.people", "key": "id", "fields": fields},
        "members": {"records": "$.forms[*].members", "fields": {"id": {"pii": "identifier"}}},
    }
    source = {
        "source": "acme",
        "config": {"base_url": {"type": "url"}},
        "apis": {"main": {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}},
        "endpoints": {"people": {"get": "people", "sets": sets}},
    }
    with ReplaySimulator(folder=tmp_path / "answers", today=DAY) as simulator:
        school = {"school": "east", "source": "acme", "config": {"base_url": simulator.url}, "entities": ["thing"]}
        documents = of_entity("acme", "thing", "people", {"source_id": "id"})
        write(tmp_path / "p", {**documents, "mappings/acme/source.yaml": source, "schools/east.yaml": school})
        ended = call(tmp_path / "p", "record", "east", "--to", str(tmp_path / "to"), "--set", "members").well()
    assert "members is not recorded: the path of its records is more than steps" in ended.err
    made = texts(tmp_path / "to")
    assert list(json.loads(made["answers/people/1.json"])["people"][0]) == ["id"]
    assert "Not recorded, since their paths are more than steps: `hair`." in made["REPORT.md"]
    assert "4001" not in "".join(made.values())
    assert "red" not in made["answers/people/1.json"]
