"""What each setting of a school does to a small HUBmis school, and what its entities ask for, and how often."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hubmis_school import WHOLE, Record, named
from mapped import Mapped, chosen, fields_of, project, run, world
from test_hubmis import ENTITIES
from test_hubmis_endpoints import SCHOOL, write

from engine.run.new_project import make_project
from engine.run.plan import make_plan
from engine.run.soundness import all_problems
from engine.spec.asking import with_parents
from engine.spec.project import open_project, shipped
from engine.spec.query import build
from engine.spec.relation import Reading
from engine.stages.transform import Circumstances, undecided

ONE_BY_ONE = list(project().settings()["one_by_one"])
"""The settings that ask for something person by person."""
ADA, BRAN, CORA, DELL = "21", "22", "23", "24"


def mapped(entity: str, settings: dict[str, dict[str, Any]], **given: list[Record]) -> Mapped:
    return run("hubmis", entity, {**WHOLE, **given}, settings)


def children(settings: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The students of each guardian."""
    found = mapped("guardian", settings).emitted()
    return {key: [each["student"] for each in row["relationships"]] for key, row in found.items()}


def filtered(found: Mapped) -> dict[str, str | None]:
    return {key: reason for key, (state, reason) in found.reasons().items() if state == "filtered"}


# Guardians


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, {ADA: ["11", "12"], BRAN: ["13"], CORA: ["13"], DELL: ["14"]}),
        ({"types": ["Mother"]}, {ADA: ["11"], CORA: ["13"]}),
        ({"types": ["Legal Guardian", "Step-Mother"]}, {ADA: ["12"], DELL: ["14"]}),
        ({"parental_responsibility_only": True}, {ADA: ["11", "12"], BRAN: ["13"]}),
        ({"types": ["Mother"], "parental_responsibility_only": True}, {ADA: ["11"]}),
    ],
)
def test_a_link_to_a_student_must_meet_all_that_is_chosen(settings, kept):
    assert children({"guardians": settings}) == kept


def test_guardians_who_are_left_out_are_counted_by_the_rule():
    settings = {"guardians": {"types": ["Mother"], "parental_responsibility_only": True}}
    found = filtered(mapped("guardian", settings))
    assert {key: found[key] for key in (BRAN, CORA, DELL)} == {
        BRAN: "relationship-type",
        CORA: "parental-responsibility",
        DELL: "relationship-type",
    }


def test_a_school_that_goes_by_responsibility_is_told_where_relations_do_not_say_it(tmp_path):
    """The shape of a relation is assumed: where it is another, the rule stops the run and drops nobody in silence."""
    present = fields_of("hubmis")
    present["student_contacts"] -= {"parental_responsibility", "position"}
    everybody = run("hubmis", "guardian", WHOLE, None, present)
    assert set(everybody.emitted()) == {ADA, BRAN, CORA, DELL}
    assert "responsible_for" in everybody.absent
    given = chosen({"guardians": {"parental_responsibility_only": True}})
    around = replace(world("hubmis", "guardian"), values=given)
    reading = Reading(around.source.formats, lambda name: name, present)
    query = build(project().mapping("hubmis", "guardian"), around, reading)
    terms = Circumstances(date(2026, 3, 2), "brook", "Europe/London", given)
    assert undecided(around, query, terms, tmp_path) == ["rule 'parental-responsibility'"]


# Years


def test_only_students_of_these_years_are_sent_with_all_that_hangs_on_them():
    """Tam is in no form, and so in no year."""
    settings = {"students": {"year_groups": ["Year 8"]}}
    found = mapped("student", settings)
    assert set(found.emitted()) == {"12"}
    assert filtered(found) == {"11": "year-group", "13": "year-group", "14": "year-group", "15": "deleted"}
    assert children(settings) == {ADA: ["12"]}
    members = mapped("group_membership", settings).emitted()
    assert [key for key in members if key.startswith("student")] == ["student-set-502-12", "student-tutor-5-12"]
    assert set(mapped("attendance_mark", settings).emitted()) == {"12.2026-03-02.AM"}


def test_years_of_two_campuses_are_told_apart_by_what_goes_before_their_names():
    settings = {"groups": {"year_prefixes": {"7": "North"}}, "students": {"year_groups": ["North Year 7"]}}
    assert mapped("group", settings).emitted()["year-7"]["name"] == "North Year 7"
    found = mapped("student", settings).emitted()
    assert {key: row["year_group"] for key, row in found.items()} == {"11": "North Year 7", "13": "North Year 7"}
    assert set(children(settings)) == {ADA, BRAN, CORA}


# Groups


def test_only_groups_of_these_kinds_are_sent():
    settings = {"groups": {"kinds": ["year", "house"]}}
    groups = mapped("group", settings).emitted()
    assert {row["kind"] for row in groups.values()} == {"year", "house"}
    assert mapped("student", settings).emitted()["11"]["groups"] == ["year-7", "house-1", "house-3"]
    assert mapped("group_membership", settings).emitted() == {}
    settings = {"groups": {"kinds": ["registration"]}}
    assert set(mapped("group", settings).emitted()) == {"form-71", "form-81", "tutor-5"}
    assert {row["group"] for row in mapped("group_membership", settings).emitted().values()} == {"tutor-5"}


@pytest.mark.parametrize(
    ("houses", "kept", "of_wren"),
    [
        (["academic"], {"house-1", "house-2"}, ("Grenville", None, ["house-1"])),
        (["boarding"], {"house-3"}, (None, "Sheriff", ["house-3"])),
        (["academic", "boarding"], {"house-1", "house-2", "house-3"}, ("Grenville", "Sheriff", ["house-1", "house-3"])),
    ],
)
def test_only_houses_of_these_kinds_are_sent(houses, kept, of_wren):
    settings = {"groups": {"houses": houses}}
    assert {key for key in mapped("group", settings).emitted() if key.startswith("house")} == kept
    wren = mapped("student", settings).emitted()["11"]
    places = [each for each in wren["groups"] if each.startswith("house")]
    assert (wren["house"], wren["boarding_house"], places) == of_wren


def test_a_house_of_another_kind_is_sent_where_no_kinds_are_chosen():
    house = {**WHOLE["houses"][0], **named(6, "Day House"), "house_type": "day"}
    assert set(mapped("group", {"groups": {"kinds": ["house"]}}, houses=[house]).emitted()) == {"house-6"}


def test_tutor_groups_may_be_left_out():
    settings = {"groups": {"tutor_groups": False}}
    assert "tutor-5" not in mapped("group", settings).emitted()
    assert {row["group"] for row in mapped("group_membership", settings).emitted().values()} == {"set-501", "set-502"}


# Attendance


def test_marks_of_a_closed_school_are_sent_where_the_school_wants_them():
    row = mapped("attendance_mark", {"attendance": {"closed": True}}).emitted()["13.2026-02-27.PM"]
    assert (row["category"], row["code"]) == ("not_required", "#")


# What is asked for


LISTS = {
    "school": {"communication_details"},
    "staff": {"staff"},
    "student": {"students", "forms", "year_groups"},
    "guardian": {"students", "forms", "year_groups", "contacts"},
    "group": {"year_groups", "forms", "tutor_groups", "houses", "subjects", "subject_sets"},
    "group_membership": {"students", "forms", "year_groups", "staff", "subject_sets", "tutor_groups"},
    "attendance_mark": {"students", "forms", "year_groups", "attendance_codes"},
}
"""What each entity needs that comes in lists."""
EACH = {
    "student": {"enrolment": {"student_enrolment"}, "student_addresses": {"student_address_mappings"}},
    "guardian": {
        "relationships": {"student_contacts"},
        "guardian_phones": {"student_contacts", "contact_phones"},
        "guardian_emails": {"student_contacts", "contact_email_addresses"},
        "guardian_addresses": {"student_contacts", "contact_related_addresses"},
    },
    "staff": {"employment": {"staff_employment"}},
}
"""What a setting adds to an entity, a request for each person."""
ALWAYS = {
    "group_membership": {"subject_set_students", "tutor_group_students"},
    "attendance_mark": {"student_attendance_records"},
}
"""What comes with the entity, a request for each group or student."""


def asked(entity: str, on: Collection[str], **groups: bool) -> set[str]:
    """The record sets that an entity is made of, where these settings of `one_by_one` are on."""
    given = chosen({"one_by_one": {name: name in on for name in ONE_BY_ONE}, "groups": groups})
    around = replace(world("hubmis", entity), values=given)
    reading = Reading(around.source.formats, lambda name: name)
    used = build(project().mapping("hubmis", entity), around, reading).used
    return set(with_parents(around.source, used))


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_is_asked_for_is_lists_and_what_a_setting_adds(entity):
    usual = LISTS[entity] | ALWAYS.get(entity, set())
    assert asked(entity, []) == usual
    for switch in ONE_BY_ONE:
        assert asked(entity, [switch]) == usual | EACH.get(entity, {}).get(switch, set()), switch


def test_without_tutor_groups_nothing_is_asked_of_who_is_in_them():
    assert asked("group_membership", [], tutor_groups=False) == {
        *("students", "forms", "year_groups", "staff", "subject_sets", "subject_set_students"),
    }
    assert "tutor_groups" not in asked("group", [], tutor_groups=False)


# The price


PUPILS, CONTACTS, STAFF, SETS, TUTOR_GROUPS = 1000, 1500, 150, 250, 40
"""The school that the README of the mappings counts for."""
PRICES = {
    "student_enrolment": PUPILS,
    "student_address_mappings": PUPILS,
    "student_contacts": PUPILS,
    "student_attendance_records": PUPILS,
    "contact_phones": CONTACTS,
    "contact_email_addresses": CONTACTS,
    "contact_related_addresses": CONTACTS,
    "staff_employment": STAFF,
    "subject_set_students": SETS,
    "tutor_group_students": TUTOR_GROUPS,
}
"""Requests of what is asked for one by one."""


def test_the_readme_gives_the_price_of_each_set_that_is_asked_for_one_by_one():
    text = (shipped() / "mappings" / "hubmis" / "README.md").read_text(encoding="utf-8")
    shown = {name: (requests, time) for name, requests, time in re.findall(ROW, text, re.MULTILINE)}
    assert shown == {name: (f"{many:,}", minutes(many)) for name, many in PRICES.items()}
    used = {name for entity in ENTITIES for name in asked(entity, ONE_BY_ONE)}
    each = {name for name in used if project().source("hubmis").find(name)[1].for_each is not None}
    assert each == set(PRICES)


ROW = r"^\| `(\w+)` \|[^|]+\|[^|]+\| ([\d,]+) \| ([\d h]+ min) \|$"


def minutes(requests: int) -> str:
    """How long so many requests take, five seconds each."""
    whole = round(requests * 5 / 60)
    return f"{whole // 60} h {whole % 60:02} min" if whole >= 60 else f"{whole} min"


def test_what_is_asked_for_one_by_one_is_kept_until_its_turn_comes_and_marks_are_not():
    """The days are those of the README."""
    endpoints = project().source("hubmis").endpoints
    refreshed = {name: endpoints[name].refresh for name in PRICES}
    assert {name: each.after for name, each in refreshed.items() if each is not None} == {
        **dict.fromkeys(("subject_set_students", "tutor_group_students"), "2d"),
        "student_contacts": "3d",
        "contact_phones": "7d",
        **dict.fromkeys(("contact_email_addresses", "contact_related_addresses", "student_address_mappings"), "14d"),
        **dict.fromkeys(("student_enrolment", "staff_employment"), "30d"),
    }
    assert {name for name, each in refreshed.items() if each is None} == {"student_attendance_records"}
    assert endpoints["student_attendance_records"].momentary


# A school


def test_a_school_is_checked_and_planned_with_all_entities(tmp_path):
    school = {**SCHOOL, "entities": ENTITIES}
    own = open_project(write(tmp_path, {"schools/brook.yaml": school}))
    assert all_problems(own) == []
    plan = make_plan(own, "brook")
    usual = set().union(*LISTS.values(), *ALWAYS.values())
    asked_for = {each.endpoint for each in plan.requests}
    assert asked_for == usual | {"student_enrolment", "student_contacts", "contact_phones"}
    assert plan.momentary == {"attendance_mark"}


def test_a_new_project_has_nothing_wrong_but_what_is_to_be_filled_in(tmp_path):
    make_project(tmp_path / "mine", "hill-top", "hubmis")
    own = open_project(tmp_path / "mine")
    assert {(each.level, each.code) for each in all_problems(own)} == {("warning", "not-filled-in")}
    assert sorted(own.school("hill-top").entities) == sorted(ENTITIES)
    assert make_plan(own, "hill-top").requests
