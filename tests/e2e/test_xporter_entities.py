"""Xporter's further entities, by the real command: from the service into a simulated Haplo, two nights long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from explained import follow
from nights import FIRST, a_term, changes, held, night
from project import ENTITIES, SCHOOL, Project

from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e
SENSITIVE = {
    "behaviour_event": "behaviour",
    "exclusion": "exclusions",
    "medical_condition": "medical",
    "dietary_need": "dietary",
    "special_need": "special_needs",
}
FURTHER = [*SENSITIVE, "attendance_mark", "assessment_result", "exam_result", "lesson"]
DAYS = 7


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with a_term(tmp_path, pupils=20, rates=Rates(0)) as made:
        made.edit(lambda school: school.update(entities=[*ENTITIES, *FURTHER]))
        made.edit(lambda school: school["config"].update(history=f"{DAYS}d"))
        made.edit(lambda school: school["settings"].update({group: {"send": True} for group in SENSITIVE.values()}))
        yield made


def objects_of(project: Project, entity: str) -> dict[str, dict[str, list[Any]]]:
    start = f"{SCHOOL}:{entity}:"
    return {code.removeprefix(start): each for code, each in held(project).items() if code.startswith(start)}


def marks_until(project: Project, last: int) -> set[str]:
    """The codes of everybody's marks, from the first day of the history to a day counted from the first night."""
    days = [FIRST + timedelta(days=number) for number in range(-DAYS, last + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    return {
        f"{pupil}_2E{day}_2E{half}"
        for pupil in objects_of(project, "student")
        for day in weekdays
        for half in ("AM", "PM")
    }


def test_every_entity_goes_from_the_service_into_haplo(project: Project) -> None:
    night(project, 0).well()
    books = {line["entity"]: line for line in project.report()["entities"]}
    for entity in FURTHER:
        line, there = books[entity], objects_of(project, entity)
        assert line["read"] == line["emitted"] + sum(line["filtered"].values()), entity
        assert (line["messages"], line["good"]) == ({}, line["emitted"]), entity
        assert len(there) == line["emitted"] > 0, entity
        person = "group" if entity == "lesson" else "student"
        leads = {each[f"school:attribute:{person}"][0].split(":")[1] for each in there.values()}
        assert leads == {person}, entity
    assert set(objects_of(project, "attendance_mark")) == marks_until(project, 0)
    follow(project.folder, SCHOOL, project.latest, books)

    project.edit(lambda school: school["settings"].update(exclusions={"send": False}))
    before, asked = objects_of(project, "exclusion"), len(project.xporter.requests)
    night(project, 1).well()
    paths = {each.path.rstrip("/").rpartition("/")[2] for each in project.xporter.requests[asked:]}
    assert "StudentExclusions" not in paths
    assert {"SEN", "AttendanceForDateRange"} <= paths
    assert objects_of(project, "exclusion") == before  # switched off is not gone
    assert set(objects_of(project, "attendance_mark")) == marks_until(project, 1)
    follow(project.folder, SCHOOL, project.latest, ["student", "attendance_mark"], rows=1)  # by way of the mirrors
    found = changes(project, "attendance_mark")
    assert found["new"] == 2 * len(objects_of(project, "student"))
    assert found["unchanged"] == len(marks_until(project, 0))
    assert [entity for entity in FURTHER if entity != "exclusion" and changes(project, entity).get("gone")] == []
