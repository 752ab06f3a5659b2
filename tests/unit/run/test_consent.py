"""What was granted before and is not any more, by entity, until somebody says that it is well so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.clock import Clock
from engine.errors import SourceRefused
from engine.run.consent import Before, narrow, told
from engine.run.outlook import outlook
from engine.run.plan import LeftAlone, Plan, make_plan
from engine.spec.project import open_project
from engine.state import Consented

DEMO = Path(__file__).parents[3] / "examples" / "demo"
THEN = datetime(2026, 9, 1, tzinfo=UTC)


def before(scopes: str, lost: dict[str, list[str]] | None = None, accepted: tuple[str, ...] = ()) -> Before:
    return Before({"main": Consented("main", tuple(scopes.split()), lost or {}, THEN, "r1")}, accepted)


def test_a_scope_is_lost_to_every_entity_when_it_is_taken_back() -> None:
    then = before("School UPN Staff")
    now = {"main": ("school", "Staff")}  # spelt otherwise, it is the same
    assert then.newly_lost(now) == {"main": ["UPN"]}
    assert then.lost(now, "student") == {"main": ["UPN"]}


def test_what_was_lost_stays_lost_until_it_comes_back_or_is_accepted() -> None:
    lost = {"student": ["UPN"]}
    assert before("School", lost).newly_lost({"main": ("School",)}) == {}
    assert before("School", lost).lost({"main": ("School",)}, "student") == {"main": ["UPN"]}
    assert before("School", lost).lost({"main": ("School",)}, "staff") == {}
    assert before("School", lost).lost({"main": ("School", "UPN")}, "student") == {}
    assert before("School", lost, ("student",)).lost({"main": ("School",)}, "student") == {}


def test_nothing_is_lost_that_was_never_granted() -> None:
    assert Before({}).newly_lost({"main": ("School",)}) == {}
    assert Before({}).lost({"main": ("School",)}, "student") == {}


def test_what_is_left_alone_is_told_by_the_scope_that_would_open_it_what_was_lost_first() -> None:
    left = [
        LeftAlone("student", "upn", ("students.UPN",), "UPN"),
        LeftAlone("student", "town", ("students.Town",), "Address", lost=True),
        LeftAlone("guardian", "", ("contacts",), "Contact"),
        LeftAlone("student", "county", ("students.County",), "Address", lost=True),
    ]
    assert told(left) == [
        "taken back: Address; left alone in Haplo: student.town, student.county",
        "not granted: UPN; left alone in Haplo: student.upn",
        "not granted: Contact; left alone in Haplo: guardian",
    ]


def granting(tmp_path: Path, *scopes: str) -> Plan:
    """Return the demo's plan for a school that grants these scopes only."""
    project = open_project(DEMO)
    plan = make_plan(project, "waters-edge")
    return narrow(project, plan, {"main": scopes}, Before({}), date(2026, 9, 1), tmp_path)


def test_little_consent_is_enough_for_what_it_opens(tmp_path: Path) -> None:
    plan = granting(tmp_path, "StudentLite", "School")
    assert plan.entities == ["school", "group", "student"]
    assert plan.granted.skipped == ["staff", "guardian", "group_membership"]
    assert [want.endpoint for want in plan.wants()] == ["groups", "school_info", "students"]
    assert list(plan.granted.closed) == ["person_comms"]  # values are made of it, and of other sets
    left = {each.field: each for each in plan.granted.left if each.entity == "student"}
    assert (left["upn"].because, left["upn"].scope, left["upn"].lost) == (("students.UPN",), "UPN", False)
    assert "emails" not in left  # those at school are open
    assert left["phones"].because == ("person_comms", "students.HomePhone", "students.MobilePhone")
    [students] = [want for want in plan.wants() if want.endpoint == "students"]
    assert {"UPN", "DateOfBirth"} <= students.withheld["students"]
    assert plan.whole  # who leaves is gone, though others are left alone


def test_no_consent_is_an_error_that_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused) as refused:
        granting(tmp_path, "Photos")
    assert "Student or StudentLite" in refused.value.why


def test_a_source_that_tells_nothing_is_asked_for_all(tmp_path: Path) -> None:
    project = open_project(DEMO)
    plan = make_plan(project, "waters-edge")
    assert narrow(project, plan, {}, Before({}), date(2026, 9, 1), tmp_path) is plan
    assert set(outlook(project, plan, Clock()).ways) == {request.endpoint for request in plan.requests}
