"""The recordings in the examples are what the present source documents can land; every mapping makes rows of them.

Where this fails because documents declare more than before, they are to be made anew: tests/README.md says how.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.run.making import circumstances_of
from engine.run.plan import world_of
from engine.run.recorded import land_recorded
from engine.run.recording import read_recording
from engine.spec.project import open_project
from engine.stages.transform import transform

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "recordings"
LACKING = {
    "xporter": ["students: BoardingHouse did not come when it was recorded"],
    "isams": [
        "contacts: Middlename did not come when it was recorded",
        "staff: LeavingDate did not come when it was recorded",
    ],
    "hubmis": [],
}
"""What mappings use, and the simulated schools do not send."""


@pytest.mark.parametrize("source", ["xporter", "isams", "hubmis"])
def test_every_mapping_makes_rows_of_the_recording(source: str, tmp_path: Path) -> None:
    project, recording = open_project(ROOT / "examples" / "demo"), read_recording(FOLDER / source)
    school = recording.school(project)
    mapped = {loaded.name.partition("/")[2] for loaded in project.of("mapping") if loaded.name.startswith(f"{source}/")}
    assert set(school.entities) == mapped
    landed = land_recorded(project, school, recording, tmp_path)
    assert landed.notes == LACKING[source]
    for name, read in landed.sets.items():
        assert read.rows == recording.sets[name].records, name
    made = {}
    for entity in landed.plan.entities:
        world = world_of(project, school, landed.plan.source, entity)
        circumstances = circumstances_of(project, school, landed.today)
        mapping = project.mapping(source, entity, school)
        made[entity] = transform(mapping, world, landed.sets, circumstances, tmp_path).emitted
    assert [entity for entity, rows in made.items() if not rows] == []
