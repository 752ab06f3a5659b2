"""What answers say beside their records: one token or none, the oldest time, in whose zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.kinds.changes import ChangedSince, ChangeToken, DataTime
from engine.run.mirroring import moment_of, said_by
from engine.spec.source import Source
from engine.stages.answer import Answer

LONDON = ZoneInfo("Europe/London")


def a_source() -> Source:
    api = {
        "base_url": "http://x",
        "auth": {"kind": "none"},
        "changes": {"kind": "token", "param": "t", "next": "$.next"},
        "data_time": {"at": "$.when"},
    }
    endpoint = {"get": "x", "sets": {"s": {"records": "$.s", "key": "Id", "fields": {"Id": {}}}}}
    return Source.model_validate({"source": "test", "apis": {"main": api}, "endpoints": {"e": endpoint}})


def answers(*said: dict[str, str]) -> list[Answer]:
    return [Answer("e", page, Path("x"), 1, {}, said=each) for page, each in enumerate(said, 1)]


@pytest.mark.parametrize(
    ("said", "token", "why"),
    [
        ([{"next": "n"}, {"next": "n"}], "n", "the data changed while they were read"),
        ([{"next": "n"}, {"next": "m"}], None, "the data changed while they were read"),
        ([{}, {}], None, "the answers gave no token"),
    ],
)
def test_a_token_counts_only_where_all_pages_give_it(said: list[dict[str, str]], token: str | None, why: str) -> None:
    found = said_by(a_source(), "e", answers(*said), LONDON)
    assert found.token == token
    assert token is not None or found.why_no_token == why


def test_of_several_times_the_oldest_counts() -> None:
    said = answers({"data_time": "2026-03-02T02:00:00"}, {"data_time": "2026-03-01T02:00:00.5"}, {"data_time": "soon"})
    found = said_by(a_source(), "e", said, LONDON).data_time
    assert found == datetime(2026, 3, 1, 2, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ({"at": "$.x"}, "2026-07-01T02:00:00.48", datetime(2026, 7, 1, 1, 0, 0, 480_000, UTC)),
        ({"at": "$.x"}, "2026-07-01T02:00:00Z", datetime(2026, 7, 1, 2, tzinfo=UTC)),
        ({"at": "$.x", "format": "%d/%m/%Y %H:%M"}, "01/07/2026 02:00", datetime(2026, 7, 1, 1, tzinfo=UTC)),
        ({"at": "$.x", "format": "%d/%m/%Y"}, "2026-07-01", None),
        ({"at": "$.x"}, "yesterday", None),
    ],
)
def test_a_time_without_a_zone_is_the_schools(word: dict[str, str], text: str, expected: datetime | None) -> None:
    assert moment_of(DataTime.model_validate(word), text, LONDON) == expected


def test_a_read_in_full_and_one_of_changes_are_asked_for_as_the_word_says() -> None:
    now = datetime(2026, 3, 2, 3, tzinfo=LONDON)
    token = ChangeToken.model_validate({"kind": "token", "param": "t", "next": "$.n"})
    assert (token.begin(), token.go_on("abc", now), token.go_on(None, now)) == ({"t": "*"}, {"t": "abc"}, None)
    since = ChangedSince.model_validate({"kind": "since", "param": "s", "format": "%d.%m.%Y", "overlap": "2d"})
    assert (since.begin(), since.go_on(None, now)) == ({}, {"s": "28.02.2026"})
