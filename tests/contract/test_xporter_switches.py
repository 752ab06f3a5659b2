"""What a school of Xporter is asked for: what its entities need, and of what is sensitive nothing by default."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mapped import DEMO, project

from engine.errors import EngineError
from engine.run.plan import Plan, make_plan
from engine.spec.project import open_project

USUAL = ["school", "staff", "student", "guardian", "group", "group_membership"]
ASKED = {
    "school_info": [],
    "staff": [],
    "students": ["includeComms"],
    "contacts": [],
    "groups": ["includeStaffMembers", "includeStudentMembers", "includeSubjects"],
    "person_comms": [],
    "student_contacts": [],
}
"""What the usual entities ask for, with the options."""

SENSITIVE = {
    "behaviour_event": ("behaviour.send", {"achievements", "behaviour"}),
    "exclusion": ("exclusions.send", {"student_exclusions"}),
    "medical_condition": ("medical.send", {"student_medical"}),
    "dietary_need": ("dietary.send", {"dietary_needs"}),
    "special_need": ("special_needs.send", {"sen"}),
}
"""Entities that a setting must allow, with the endpoints that nothing else asks."""

LISTED = {
    "attendance_mark": {"attendance_codes", "attendance_for_date_range"},
    "assessment_result": {"assessment_results", "assessment_structure"},
    "exam_result": {"exam_results", "exams_structure"},
    "lesson": {"timetable_model"},
}
"""Entities that a school only has to list."""


def plan(folder: Path, entities: list[str], settings: str = "", only: list[str] | None = None) -> Plan:
    """The plan of the demo's school with other entities and further settings."""
    shutil.copytree(DEMO, folder, dirs_exist_ok=True)
    file = folder / "schools" / "waters-edge.yaml"
    text = (DEMO / "schools" / "waters-edge.yaml").read_text(encoding="utf-8")
    listed = f"entities: [{', '.join(USUAL)}]"
    assert listed in text
    text = text.replace(listed, f"entities: [{', '.join(entities)}]").replace(
        "settings:\n", f"settings:\n{settings}", 1
    )
    file.write_text(text, encoding="utf-8")
    return make_plan(open_project(folder), "waters-edge", only or [])


def allowed(*switches: str) -> str:
    parts = (switch.split(".") for switch in switches)
    return "".join(f"  {group}: {{{name}: true}}\n" for group, name in parts)


def asked(found: Plan) -> set[str]:
    return {request.endpoint for request in found.requests}


ALL_SENSITIVE = allowed(*(switch for switch, _ in SENSITIVE.values()))


def test_every_shipped_entity_is_usual_listed_or_sensitive():
    mapped = {name.partition("/")[2] for name in project().names("mapping") if name.startswith("xporter/")}
    assert mapped == {*USUAL, *SENSITIVE, *LISTED}


def test_a_school_of_the_usual_entities_is_asked_for_nothing_else(tmp_path):
    """Not even where the settings would allow it: what is made is what is listed."""
    found = plan(tmp_path, USUAL, ALL_SENSITIVE)
    assert {request.endpoint: sorted(request.options) for request in found.requests} == ASKED


def test_what_is_sensitive_is_not_asked_for_unless_it_is_allowed(tmp_path):
    found = plan(tmp_path, [*USUAL, *SENSITIVE])
    assert found.off == {entity: switch for entity, (switch, _) in SENSITIVE.items()}
    assert set(found.entities) == set(USUAL)
    assert {request.endpoint: sorted(request.options) for request in found.requests} == ASKED
    assert found.fields() == plan(tmp_path, USUAL).fields()


@pytest.mark.parametrize("entity", SENSITIVE)
def test_what_is_allowed_is_asked_for_and_nothing_beside_it(entity, tmp_path):
    switch, endpoints = SENSITIVE[entity]
    found = plan(tmp_path, [*USUAL, *SENSITIVE], allowed(switch))
    assert set(found.off) == set(SENSITIVE) - {entity}
    assert asked(found) == set(ASKED) | endpoints


@pytest.mark.parametrize("entity", LISTED)
def test_what_is_listed_is_asked_for(entity, tmp_path):
    assert asked(plan(tmp_path, [*USUAL, entity])) == set(ASKED) | LISTED[entity]


def test_an_entity_alone_that_is_not_allowed_is_refused(tmp_path):
    with pytest.raises(EngineError) as refused:
        plan(tmp_path, [*USUAL, "exclusion"], only=["exclusion"])
    assert refused.value.fix == "set exclusions.send to true in the school file"


def test_of_students_a_result_or_a_need_reads_no_more_than_who_is_sent(tmp_path):
    alone = [entity for entity in (*SENSITIVE, *LISTED) if entity != "lesson"]
    found = plan(tmp_path, [*USUAL, *alone], ALL_SENSITIVE, only=alone)
    assert set(found.queries) == set(alone)
    assert [entity for entity in alone if set(found.queries[entity].used["students"]) != {"Id", "YearGroup"}] == []


def test_photographs_are_never_asked_for(tmp_path):
    """Haplo's import takes no files, so nothing could be done with them."""
    found = plan(tmp_path, [*USUAL, *SENSITIVE, *LISTED], ALL_SENSITIVE)
    assert found.off == {}
    options = [option for request in found.requests for option in request.options]
    fields = [name for names in found.fields().values() for name in names]
    assert [name for name in options + fields if "photo" in name.lower()] == []
    assert asked(found).isdisjoint({"photos", "student_linked_documents", "staff_linked_documents"})


@pytest.mark.parametrize(
    ("without", "whole"),
    [
        ([], True),
        (["attendance_mark"], True),
        (["attendance_mark", "behaviour_event"], True),
        (["assessment_result"], False),
        (["lesson"], False),
    ],
)
def test_a_run_that_leaves_out_only_what_is_read_by_days_is_one_of_all(without, whole, tmp_path):
    """Of marks and events nothing is ever gone, so a night without them may still remove what else is gone."""
    entities = [*USUAL, "attendance_mark", "behaviour_event", "assessment_result", "lesson"]
    found = plan(tmp_path, entities, allowed("behaviour.send"), [name for name in entities if name not in without])
    assert found.partial == {"attendance_mark", "behaviour_event"}
    assert found.whole is whole
