"""Recordings landed by documents that have changed since, and folders that are none. All is written by hand."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from engine.run.recorded import LandedRecording, land_recorded
from engine.run.recording import RecordingError, read_recording
from engine.run.testing import trials_of, try_all
from engine.spec.check import check
from engine.spec.project import open_project

EXAMPLE = Path(__file__).parents[3] / "examples" / "demo"
SOURCE: dict[str, Any] = {
    "source": "acme",
    "config": {"base_url": {"type": "url"}, "key": {"type": "secret"}, "site": {}},
    "apis": {"main": {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}},
    "endpoints": {
        "people": {
            "get": "sites/{{ config.site }}/people",
            "sets": {"people": {"records": "$.people", "key": "id", "fields": {"id": {}, "name": {}, "form": {}}}},
        },
        "details": {
            "get": "people/{{ each.person }}",
            "for_each": {"set": "people", "keep": {"person": "id"}},
            "sets": {"details": {"records": "$", "one": True, "fields": {"person": {}, "hair": {}}}},
        },
    },
}
MAPPING: dict[str, Any] = {
    "mapping": "thing",
    "source": "acme",
    "from": "people",
    "join": {"more": {"set": "details", "by": {"person": "id"}}},
    "fields": {"source_id": "id", "name": "name", "hair": "more.hair"},
}
SCHEMA = {"schema": "thing", "key": "source_id", "fields": {"source_id": {}, "name": {}, "hair": {}}}
BINDING = {
    "binding": "thing",
    "model": "TYPE:a:type:b",
    "destination": "object",
    "names": {"a:attribute:b": "name", "a:attribute:c": "hair"},
}
MANIFEST: dict[str, Any] = {
    "recording": 1,
    "source": "acme",
    "day": "2026-03-02",
    "time_zone": "Europe/London",
    "entities": ["thing"],
    "config": {"site": "77"},
    "urls": ["base_url"],
    "beside": [],
    "endpoints": {"people": "GET sites/{{ config.site }}/people", "details": "GET people/{{ each.person }}"},
    "sets": {
        "people": {"endpoint": "people", "at": "$.people", "records": 3, "of": 90},
        "details": {"endpoint": "details", "at": "$", "records": 2, "of": 2},
    },
    "answers": [
        {"endpoint": "people", "method": "GET", "path": "sites/*/people", "file": "a/1.json", "sets": ["people"]},
        {"endpoint": "people", "method": "GET", "path": "sites/*/people", "file": "a/2.json", "sets": ["people"]},
        {"endpoint": "details", "method": "GET", "path": "people/1", "file": "b/1.json", "sets": ["details"],
         "each": {"person": "1"}},
        {"endpoint": "details", "method": "GET", "path": "people/2", "file": "b/2.json", "sets": ["details"],
         "each": {"person": "2"}},
        {"endpoint": "details", "method": "GET", "path": "people/3", "file": "", "sets": ["details"],
         "each": {"person": "3"}},
    ],
}  # fmt: skip
ANSWERS = {
    "a/1.json": {"people": [{"id": "1", "name": "Eve", "form": "7A"}, {"id": "2", "name": "Bob", "form": "7B"}]},
    "a/2.json": {"people": [{"id": "3", "name": "Kim", "form": "7A"}]},
    "b/1.json": {"hair": "red"},
    "b/2.json": {"hair": "brown"},
}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    folder = tmp_path / "recorded"
    for name, content in {**ANSWERS, "recording.json": MANIFEST}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def landed(recorded: Path, source: dict[str, Any] = SOURCE, mapping: dict[str, Any] = MAPPING) -> LandedRecording:
    """Land the recording by these documents."""
    folder = recorded.parent / "project"
    documents = {"mappings/acme/source.yaml": source, "mappings/acme/thing.yaml": mapping}
    documents |= {"schemas/thing.yaml": SCHEMA, "schemas/haplo/thing.yaml": BINDING}
    for name, content in documents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    project = open_project(folder)
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
