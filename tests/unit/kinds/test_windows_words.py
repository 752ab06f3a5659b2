"""Windows of dates: how days are cut, which are read again, and how a window is asked for; checked by a calendar."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.kinds.windows import Windows, day_before, days

TODAY = date(2026, 3, 4)  # a Wednesday


def a_word(**more: Any) -> Windows:
    return Windows.model_validate(
        {"from": "f", "to": "t", "by": "week", "field": "on", "since": "2026-01-01"} | more, strict=True
    )


def cut(by: str, first: str, last: str) -> list[tuple[str, str]]:
    word = a_word(by=by)
    return [(str(a), str(b)) for a, b in word.cut(date.fromisoformat(first), date.fromisoformat(last))]


def test_days_are_cut_into_windows_that_join() -> None:
    assert cut("week", "2026-02-19", "2026-03-04") == [
        ("2026-02-19", "2026-02-22"),
        ("2026-02-23", "2026-03-01"),
        ("2026-03-02", "2026-03-04"),
    ]
    assert cut("month", "2025-12-31", "2026-02-28") == [
        ("2025-12-31", "2025-12-31"),
        ("2026-01-01", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
    ]
    assert cut("day", "2026-02-28", "2026-03-01") == [("2026-02-28", "2026-02-28"), ("2026-03-01", "2026-03-01")]
    assert cut("week", "2026-03-04", "2026-03-03") == []


@pytest.mark.parametrize(
    ("by", "last", "expected"),
    [
        ("day", "3d", "2026-03-01"),
        ("day", "36h", "2026-03-02"),
        ("week", "14d", "2026-02-16"),
        ("week", "2d", "2026-03-02"),
        ("month", "5d", "2026-02-01"),
    ],
)
def test_what_is_read_again_begins_with_a_whole_window(by: str, last: str, expected: str) -> None:
    assert str(a_word(by=by, last=last).again(TODAY)) == expected


def test_a_window_is_asked_for_in_the_sources_own_form() -> None:
    window = (date(2026, 3, 2), date(2026, 3, 8))
    assert a_word().params(window) == {"f": "2026-03-02", "t": "2026-03-08"}
    word = a_word(format="%d/%m/%Y", inclusive=False)
    assert word.params(window) == {"f": "02/03/2026", "t": "09/03/2026"}
    assert a_word(by="day", to=None).params((TODAY, TODAY)) == {"f": "2026-03-04"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2025-09-01", "2025-09-01"), (" 10d ", "2026-02-22"), ("soon", "None"), ("2025-13-01", "None"), ("", "None")],
)
def test_the_first_day_is_a_date_or_so_long_before_today(text: str, expected: str) -> None:
    assert str(day_before(text, TODAY)) == expected


def test_a_duration_in_days_is_no_shorter_than_itself() -> None:
    assert (days("14d"), days("25h"), days("1s")) == (14, 2, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"since": "soon"}, "bad-value"),
        ({"to": None}, "missing-key"),
        ({"format": "%Q"}, "bad-format"),
        ({"last": "14"}, "bad-unit"),
        ({"by": "term"}, "literal_error"),
    ],
)
def test_what_is_no_window_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Windows).validate_python(a_word().model_dump(by_alias=True) | change)
    (error,) = caught.value.errors()
    assert error.get("ctx", {}).get("code", error["type"]) == code
