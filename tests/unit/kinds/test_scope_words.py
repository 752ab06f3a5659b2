"""Scopes: what opens what, and how a person reads it."""

from __future__ import annotations

import pytest

from engine.kinds.scope import Scope, ScopeRule, opens, said

EITHER = ScopeRule.model_validate({"any": ["Student", "StudentLite"]})
BOTH = ScopeRule.model_validate({"all": ["Contact", {"any": ["Student", "StudentLite"]}]})


@pytest.mark.parametrize(
    ("scope", "granted", "is_open"),
    [
        (None, "", True),
        ("UPN", "upn", True),
        ("UPN", "student", False),
        (EITHER, "studentlite", True),
        (EITHER, "contact", False),
        (BOTH, "contact studentlite", True),
        (BOTH, "contact", False),
        (BOTH, "student studentlite", False),
    ],
)
def test_a_scope_is_open_when_all_or_any_of_it_is_granted(scope: Scope | None, granted: str, is_open: bool) -> None:
    assert opens(scope, granted.split()) is is_open


def test_a_scope_is_read_as_a_sentence() -> None:
    assert [said(scope) for scope in (None, "UPN", EITHER, BOTH)] == [
        "",
        "UPN",
        "Student or StudentLite",
        "Contact and (Student or StudentLite)",
    ]
