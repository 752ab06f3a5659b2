"""Runs by name, and runs that use what was read before, by the real command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import SCHOOL, Project, a_project

pytestmark = pytest.mark.e2e


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with a_project(tmp_path, pupils=40) as made:
        made.edit(lambda school: school.update(runs={"people": {"entities": ["staff"], "reuse": "20h"}}))
        yield made


def ways(project: Project, *arguments: str) -> dict[str, Any]:
    plan = json.loads(project.call("plan", SCHOOL, "--format", "json", *arguments).well().out)
    return {request["endpoint"]: request["read"] for request in plan["requests"]}


def test_a_named_run_makes_its_entities_and_asks_nothing_for_what_is_young(project: Project) -> None:
    assert ways(project, "--run", "people") == {
        "person_comms": "in full: nothing was read before",
        "staff": "in full: nothing was read before",
    }
    assert not (project.folder / ".haplomap").exists()  # a plan makes nothing
    project.run("--no-deliver", "--run", "people").well()
    assert [line["entity"] for line in project.report()["entities"]] == ["staff"]
    assert {line["read"] for line in project.report()["sets"]} == {"full"}
    asked = len(project.pages_asked())
    project.run("--no-deliver", "--run", "people").well()
    assert len(project.pages_asked()) == asked
    assert {line["read"] for line in project.report()["sets"]} == {"reuse"}
    assert ways(project, "--run", "people") == dict.fromkeys(
        ("person_comms", "staff"), "not asked again: read 0 minutes ago"
    )
    assert ways(project, "--only", "staff") == dict.fromkeys(("person_comms", "staff"), "by changes")


def test_the_command_goes_before_the_school_file(project: Project) -> None:
    project.run("--no-deliver", "--run", "people").well()
    asked = len(project.pages_asked())
    project.run("--no-deliver", "--run", "people", "--reuse", "0s").well()
    assert {line["read"] for line in project.report()["sets"]} == {"changes"}
    assert len(project.pages_asked()) == asked + 2
    project.run("--no-deliver", "--run", "people", "--full").well()
    assert {line["read"] for line in project.report()["sets"]} == {"full"}
    project.run("--no-deliver", "--only", "staff", "--reuse", "2d").well()
    assert {line["read"] for line in project.report()["sets"]} == {"reuse"}


def test_what_is_not_there_is_said(project: Project) -> None:
    unknown = project.run("--run", "peple")
    assert (unknown.code, unknown.codes) == (2, ["not-found"])
    assert "did you mean 'people'?" in unknown.err
    assert project.run("--reuse", "soon").codes == ["bad-unit"]
    project.edit(lambda school: school.update(runs={"people": {"entities": ["stuff"]}}))
    wrong = project.call("check")
    assert wrong.code == 2
    assert "this school has no entity 'stuff' [unknown-entity]" in wrong.err
