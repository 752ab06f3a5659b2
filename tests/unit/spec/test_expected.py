"""What tests write for values of an entity, read as the types of its fields."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from engine.kinds.types import TargetField
from engine.spec.expected import UnfitError, value_of

RECORD = TargetField(type="record", fields={"key": TargetField(), "rank": TargetField(type="integer")})


@pytest.mark.parametrize(
    ("written", "target", "value"),
    [
        (None, TargetField(type="date"), None),
        ("007", TargetField(), "007"),
        (True, TargetField(), "true"),
        ("7", TargetField(type="integer"), 7),
        ("1.50", TargetField(type="number"), 1.5),
        (False, TargetField(type="boolean"), False),
        ("true", TargetField(type="boolean"), True),
        ("2026-09-01", TargetField(type="date"), date(2026, 9, 1)),
        ("2026-09-01T08:30:00", TargetField(type="datetime"), datetime(2026, 9, 1, 8, 30)),
        ("08:30", TargetField(type="time"), time(8, 30)),
        (["a", "7"], TargetField(type="list", of=TargetField()), ["a", "7"]),
        ([{"key": "a"}], TargetField(type="list", of=RECORD), [{"key": "a", "rank": None}]),
    ],
)
def test_a_value_is_read_as_its_type(written: Any, target: TargetField, value: Any) -> None:
    assert value_of(written, target) == value


@pytest.mark.parametrize(
    ("written", "target", "said"),
    [
        ("x", TargetField(type="integer"), "a whole number"),
        ("1.5", TargetField(type="integer"), "a whole number"),
        ("maybe", TargetField(type="boolean"), "true or false"),
        ("01/09/2026", TargetField(type="date"), "a date, yyyy-mm-dd"),
        ("noon", TargetField(type="time"), "a time, hh:mm"),
        (["a"], TargetField(), "text"),
        ("a", TargetField(type="list", of=TargetField()), "a list"),
        ([{"kay": "a"}], TargetField(type="list", of=RECORD), "a record of key, rank, without 'kay'"),
        (["a"], TargetField(type="list", of=RECORD), "a record of key, rank"),
    ],
)
def test_a_value_that_no_field_of_the_type_has_is_refused(written: Any, target: TargetField, said: str) -> None:
    with pytest.raises(UnfitError) as caught:
        value_of(written, target)
    assert caught.value.said == said
