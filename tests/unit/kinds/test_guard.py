"""Limits of guards: counts and shares, and whose they are."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from engine.kinds.guard import Guards, exceeds


@pytest.mark.parametrize("limit", ["10", "101%", "-1%", "ten", "10 %", "1e1%", -1, "", "%"])
def test_what_is_no_limit_is_refused(limit: object) -> None:
    with pytest.raises(ValidationError, match="is no limit"):
        Guards.model_validate({"max_removed": limit})


@pytest.mark.parametrize(
    ("figure", "limit", "base", "stops"),
    [
        (10, "10%", 100, False),
        (11, "10%", 100, True),
        (3, "10%", 10, False),  # three rows are few
        (4, "10%", 10, True),
        (1, "0%", 10, True),  # none is none
        (2, "2.5%", 40, False),
        (4, "2.5%", 100, True),
        (5, 5, 1000, False),
        (6, 5, 1000, True),
        (1, 0, 1000, True),
        (0, 0, 0, False),
        (0, "0%", 0, False),
    ],
)
def test_a_figure_is_held_against_a_count_or_a_share(figure: int, limit: int | str, base: int, stops: bool) -> None:
    assert exceeds(figure, limit, base) is stops


def test_an_entity_has_its_own_limits_then_those_of_all_then_the_sane_ones() -> None:
    guards = Guards.model_validate(
        {"max_removed": 7, "max_changed": None, "entities": {"pet": {"max_removed": "5%", "max_quarantined": None}}}
    )
    pet, other = guards.of("pet"), guards.of("owner")
    assert (pet.max_removed, pet.max_changed, pet.max_quarantined, pet.max_rescoped) == ("5%", None, None, 0)
    assert (other.max_removed, other.max_changed, other.max_quarantined, other.min_rows) == (7, None, "10%", "1%")
