"""What was granted before and is not any more, by entity, until somebody says that it is well so."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.run.consent import Before, told
from engine.run.plan import LeftAlone
from engine.state import Consented

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
