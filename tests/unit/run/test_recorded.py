"""Recordings landed by documents that have changed since, and folders that are none. All is written by hand."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_recording import MANIFEST, MAPPING, SOURCE, write_documents, write_recording

from engine.run.recorded import LandedRecording, land_recorded
from engine.run.recording import RecordingError, read_recording
from engine.run.testing import trials_of, try_all
from engine.spec.check import check
from engine.spec.project import open_project

EXAMPLE = Path(__file__).parents[3] / "examples" / "demo"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "recorded")


def landed(recorded: Path, source: dict[str, Any] = SOURCE, mapping: dict[str, Any] = MAPPING) -> LandedRecording:
    """Land the recording by these documents."""
    project = open_project(write_documents(recorded.parent / "project", source, mapping))
    assert [problem for problem in check(project) if problem.level == "error"] == []
    recording = read_recording(recorded)
    return land_recorded(project, recording.school(project), recording, recorded.parent / "landed")


def rows(found: LandedRecording, name: str) -> list[dict[str, Any]]:
    frame = pl.read_parquet(found.sets[name].file)
    return frame.sort("_page", "_row").drop("_page", "_row").to_dicts()


def test_pages_and_answers_of_records_land_as_they_did(recorded: Path) -> None:
    found = landed(recorded)
    assert rows(found, "people") == [{"id": "1", "name": "Eve"}, {"id": "2", "name": "Bob"}, {"id": "3", "name": "Kim"}]
    assert rows(found, "details") == [{"person": "1", "hair": "red"}, {"person": "2", "hair": "brown"}]
    assert (found.today.isoformat(), found.notes) == ("2026-03-02", [])
    assert found.plan.school.config["site"] == "77"


def test_endpoints_and_sets_may_have_other_names(recorded: Path) -> None:
    source, mapping = deepcopy(SOURCE), deepcopy(MAPPING)
    people = source["endpoints"].pop("people")
    people["get"] = "/Sites/{{config.site}}/people/"
    people["sets"]["persons"] = people["sets"].pop("people")
    source["endpoints"] = {"folk": people, **source["endpoints"]}
    source["endpoints"]["details"]["for_each"]["set"] = mapping["from"] = "persons"
    found = landed(recorded, source, mapping)
    assert [row["id"] for row in rows(found, "persons")] == ["1", "2", "3"]
    assert [row["hair"] for row in rows(found, "details")] == ["red", "brown"]
    assert found.notes == []


def test_records_may_be_asked_for_by_other_fields_and_fewer_of_them(recorded: Path) -> None:
    source, mapping = deepcopy(SOURCE), deepcopy(MAPPING)
    details = source["endpoints"]["details"]
    details["get"] = "people/{{ each.who }}/{{ each.form }}"
    details["for_each"] = {
        "set": "people",
        "where": {"form": "7B"},
        "keep": {"who": "id", "form": "form", "person": "id"},
    }
    details["sets"]["details"]["fields"]["form"] = {}
    mapping["join"]["more"]["by"] = {"person": "id", "form": "form"}
    found = landed(recorded, source, mapping)
    assert rows(found, "details") == [{"person": "2", "hair": "brown", "form": "7B"}]
    details["for_each"]["keep"] = {"who": "id"}
    details["get"] = "people/{{ each.who }}"
    details["sets"]["details"]["fields"] = {"who": {}, "hair": {}}
    mapping["join"]["more"]["by"] = {"who": "id"}
    assert rows(landed(recorded, source, mapping), "details") == [{"who": "2", "hair": "brown"}]


def test_what_was_not_recorded_is_told(recorded: Path) -> None:
    source, mapping = deepcopy(SOURCE), deepcopy(MAPPING)
    source["endpoints"]["people"]["sets"]["people"]["fields"]["shoe"] = {}
    source["endpoints"]["rooms"] = {"get": "rooms", "sets": {"rooms": {"records": "$.rooms", "fields": {"id": {}}}}}
    mapping["fields"]["name"] = {"first_of": ["shoe", "name"]}
    mapping["join"]["room"] = {"set": "rooms", "by": {"id": "name"}}
    mapping["where"] = [{"rule": "a-room", "sql": "room.id IS NULL"}]
    found = landed(recorded, source, mapping)
    assert found.notes == [
        "people: shoe did not come when it was recorded",
        "rooms was not recorded: it has no records here",
    ]
    assert (found.sets["rooms"].rows, "shoe" in found.sets["people"].present) == (0, False)


def test_what_was_asked_for_record_by_record_may_be_asked_for_at_once(recorded: Path) -> None:
    source = deepcopy(SOURCE)
    del source["endpoints"]["details"]["for_each"]
    source["endpoints"]["details"]["get"] = "people/all"
    assert [row["hair"] for row in rows(landed(recorded, source), "details")] == ["red", "brown"]


def test_records_that_were_not_asked_for_are_counted(recorded: Path) -> None:
    manifest = {**MANIFEST, "answers": [each for each in MANIFEST["answers"] if each["path"] != "people/2"]}
    (recorded / "recording.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert landed(recorded).notes == ["details: 1 records of people were not asked for when it was recorded"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recording": 2}, "is of another version of haplomap (2)"),
        ({"day": "soon"}, "is not what a recording says of itself (ValueError)"),
        ({"sets": {"people": {"shoes": 2}}}, "is not what a recording says of itself (TypeError)"),
        (
            {"answers": [{**MANIFEST["answers"][0], "file": "../x"}]},
            "1 answers that recording.json names are not there",
        ),
    ],
)
def test_what_is_no_recording_is_said(recorded: Path, change: dict[str, Any], said: str) -> None:
    (recorded / "recording.json").write_text(json.dumps({**MANIFEST, **change}), encoding="utf-8")
    with pytest.raises(RecordingError) as caught:
        read_recording(recorded)
    assert said in caught.value.what
    assert caught.value.code == "recording"


def test_a_school_that_is_none_is_said(recorded: Path) -> None:
    write_recording(recorded, time_zone=7)
    with pytest.raises(RecordingError, match=r"is not what a recording says of itself \(ValidationError\)"):
        landed(recorded)


def test_a_folder_without_a_manifest_and_one_of_another_source_are_refused(recorded: Path) -> None:
    with pytest.raises(RecordingError, match=r"there is no recording\.json in it"):
        read_recording(recorded.parent)
    (recorded / "recording.json").write_text(json.dumps({**MANIFEST, "source": "other"}), encoding="utf-8")
    project, recording = open_project(EXAMPLE), read_recording(recorded)
    school = project.school("waters-edge")
    with pytest.raises(RecordingError, match="is a recording of 'other', and 'waters-edge' is of another source"):
        land_recorded(project, school, recording, recorded.parent / "landed")


def test_an_answer_that_is_damaged_is_said(recorded: Path) -> None:
    (recorded / "a" / "1.json").write_text('{"people": [', encoding="utf-8")
    with pytest.raises(Exception, match="an answer is JSON that is cut short"):
        landed(recorded)


def test_a_test_of_a_mapping_may_have_the_records_of_a_recording(recorded: Path) -> None:
    landed(recorded)
    project = recorded.parent / "project"
    rows = "rows: [{source_id: 1, name: Eve, hair: red}, {source_id: 2, hair: brown}, {source_id: 3, hair: null}]"
    text = f"""\
tests_of: acme/thing
recorded: ../../../../recorded
tests:
  - test: all of it
    expect: {{{rows}}}
  - test: a set that is given takes the place of the recorded one
    given: {{details: [{{person: 1, hair: grey}}]}}
    expect: {{{rows.replace("red", "grey").replace("brown", "null")}}}
  - test: a field that no answer carried
    absent: {{details: [hair]}}
    expect: {{absent: hair}}
  - test: a folder that is none
    recorded: ../elsewhere
    expect: {{fails: recording}}
"""
    (project / "mappings" / "acme" / "tests").mkdir(parents=True)
    (project / "mappings" / "acme" / "tests" / "thing.yaml").write_text(text, encoding="utf-8")
    tested = try_all(trials_of(open_project(project, tests=True), [project]), workers=1)
    assert tested.problems == []
    assert len(tested.results) == 4
