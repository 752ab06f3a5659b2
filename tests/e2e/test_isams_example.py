"""The example of iSAMS, run against the simulator: seven keys, seven requests, and health only where it is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from explained import follow
from isams_project import EXAMPLE, KEYS, SCHOOL, Isams, an_isams_project

from engine.simulators.isams import SIMULATOR
from engine.simulators.isams.key import SEVEN
from engine.simulators.isams.medical import TYPES_OF_CONDITION, conditions_of

pytestmark = pytest.mark.e2e

SHIPPED = yaml.safe_load((EXAMPLE / "schools" / "brook-hall.yaml").read_text(encoding="utf-8"))
ENTITIES = ["school", "staff", "group", "student", "guardian", "group_membership", "medical_condition"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Isams]:
    source = SIMULATOR(pupils=60)
    keys = {name: source.config["keys"][name.replace("_", "-")] for name in KEYS}
    with an_isams_project(tmp_path, source, keys, SHIPPED["settings"]) as found:
        yield found


def asked(project: Isams) -> list[tuple[str, tuple[str, ...]]]:
    """What the keys were asked for since the last look."""
    source = project.source
    assert isinstance(source, SIMULATOR)
    found = [(each.key, each.methods) for each in source.batch.reads if each.status == 200]
    source.batch.reads.clear()
    return found


def conditions(project: Isams) -> dict[str, str]:
    """What the simulated school knows of its pupils' health, by the key that a condition has here."""
    source = project.source
    assert isinstance(source, SIMULATOR)
    roll = source.editions.today().roll
    return {
        f"{pupil_id}-{each.key}": each.name
        for pupil_id, pupil in roll.by_school_id.items()
        if pupil.status == "OnRoll"
        for each in conditions_of(roll, pupil)
        if not each.archived
    }


def test_the_example_makes_seven_requests_and_a_file_of_each_entity(project: Isams) -> None:
    given = SHIPPED["config"]["keys"]
    assert {name.replace("_", "-"): tuple(key["methods"]) for name, key in given.items()} == SEVEN
    assert sorted(SHIPPED["runs"]["nightly"]["entities"]) == sorted(ENTITIES)
    report = project.run()
    found = asked(project)
    assert sorted(key for key, _ in found) == sorted(SEVEN)
    assert all(set(methods) <= set(SEVEN[key]) for key, methods in found)
    assert len([each for each in project.source.requests if each.method == "POST"]) == 7
    for line in report["entities"]:
        out = line["emitted"] + line["merged"] + sum(line["filtered"].values()) + sum(line["quarantined"].values())
        assert line["read"] + line["split"] == out > 0
        assert line["good"] == line["sent"] == line["emitted"]
    assert [line["entity"] for line in report["entities"]] == ENTITIES
    files = {file.name for file in (project.latest / "files").glob("*.json")}
    assert {f"{entity}-001.json" for entity in ENTITIES} <= files
    assert {key: row["name"] for key, row in project.rows("medical_condition").items()} == conditions(project)
    follow(project.folder, SCHOOL, project.latest, ENTITIES)


def test_conditions_are_the_same_student_by_student(project: Isams) -> None:
    source: Any = project.source

    def by_student(school: dict[str, Any]) -> None:
        school["settings"]["medical"] = {"send": True, "by_student": True}
        school["config"] |= {"client_id": source.config["client_id"], "client_secret": {"env": "BROOK_HALL_REST"}}
        del school["config"]["keys"]["medical"]

    project.edit(by_student)
    project.environ["BROOK_HALL_REST"] = source.config["client_secret"]
    project.run()
    assert "medical" not in [key for key, _ in asked(project)]
    rows, allergic = project.rows("medical_condition"), {name: flag for _, name, flag in TYPES_OF_CONDITION}
    assert {key: row["name"] for key, row in rows.items()} == conditions(project)
    assert {row["kind"] == "allergy" for row in rows.values()} == set(allergic.values())
    assert all((row["kind"] == "allergy") == allergic[row["name"]] for row in rows.values())
    assert {(row["severity"], row["alert"]) for row in rows.values()} == {("Mild", False), ("Severe", True)}
    of_each = [each.path for each in source.requests if each.path.endswith("/conditions")]
    assert len(of_each) == len(set(of_each)) == len(project.rows("student"))


def test_health_needs_a_key_of_its_own(project: Isams) -> None:
    def share(school: dict[str, Any]) -> None:
        del school["config"]["keys"]["medical"]
        school["config"]["keys"]["students"]["methods"].append("Pupil_GetCurrentPupilsHealth")

    project.edit(share)
    assert project.call("check").codes == ["shared-key"]
    project.edit(lambda school: school["config"]["keys"]["students"]["methods"].pop())
    assert project.call("check").codes == ["unopened-method"]
    project.edit(lambda school: school["settings"]["medical"].update(send=False))
    project.call("check").well()
    planned = project.call("plan", "brook-hall").well()
    assert "Health" not in planned.out
    assert "'medical_condition' is switched off (medical.send)" in planned.out
