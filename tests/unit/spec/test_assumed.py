"""What source documents assume is listed with its place and reason, and told where it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.spec.assumed import assumed_in, assumptions
from engine.spec.project import Project, open_project

SOURCE: dict[str, Any] = {
    "source": "town",
    "apis": {
        "main": {
            "base_url": "https://town.example",
            "auth": {"kind": "none"},
            "methods": {"Lives": {"assumed": "seen once"}, "Moves": {"assumed": "guessed"}},
        }
    },
}
ENDPOINTS: dict[str, Any] = {
    "endpoints_of": "town",
    "endpoints": {
        "people": {
            "post": "people",
            "assumed": "the address is a guess",
            "sets": {
                "people": {
                    "records": "$.people",
                    "ask": {"method": "Lives"},
                    "fields": {
                        "Id": {},
                        "Name": {"assumed": "named so in a letter"},
                        "Age": {"assumed": "hoped for"},
                        "Town": {},
                    },
                },
                "streets": {
                    "records": "$.streets",
                    "ask": {"method": "Lives"},
                    "assumed": "nobody has seen one",
                    "fields": {"Id": {}},
                },
            },
        },
        "dogs": {"get": "dogs", "sets": {"dogs": {"records": "$.dogs", "assumed": "barking", "fields": {"Id": {}}}}},
    },
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, document in (("source", SOURCE), ("endpoints/all", ENDPOINTS)):
        file = tmp_path / "mappings" / "town" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return open_project(tmp_path)


def test_every_assumption_is_listed_where_it_stands(project: Project, tmp_path: Path) -> None:
    own = assumptions(project)
    assert all(note.place and tmp_path in note.place.file.parents for note in own), "of those that stand here"
    assert [note.what for note in own] == [
        "endpoint 'people' is assumed: the address is a guess",
        "'people.Name' is assumed: named so in a letter",
        "'people.Age' is assumed: hoped for",
        "set 'streets' is assumed: nobody has seen one",
        "set 'dogs' is assumed: barking",
        "method 'Lives' is assumed: seen once",
        "method 'Moves' is assumed: guessed",
    ]
    assert {note.level for note in own} == {"note"}
    for note in own:
        assert note.place is not None
        line = note.place.file.read_text(encoding="utf-8").splitlines()[note.place.line - 1]
        assert line[note.place.column - 1 :].startswith("assumed: ")


def test_assumptions_are_those_of_the_sources_in_use(project: Project, tmp_path: Path) -> None:
    school = {"school": "brook", "source": "xporter", "entities": ["student"]}
    (tmp_path / "schools").mkdir()
    (tmp_path / "schools" / "brook.yaml").write_text(yaml.safe_dump(school, sort_keys=False), encoding="utf-8")
    found = assumptions(open_project(tmp_path))
    assert found
    assert not any(note.place and tmp_path in note.place.file.parents for note in found)


def test_a_plan_names_what_is_assumed_of_what_it_uses(project: Project) -> None:
    assert assumed_in(project.source("town"), {"people": ["Id", "Name"]}) == [
        "method 'Lives' is assumed: seen once",
        "endpoint 'people' is assumed: the address is a guess",
        "'people.Name' is assumed: named so in a letter",
    ]
    assert assumed_in(project.source("town"), {"dogs": ["Id"]}) == ["set 'dogs' is assumed: barking"]
