"""Codes for any key at all: one code each, in the form Haplo asks for, the same in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.haplo.identity import code, code_sql, escape, escape_sql, key_of

HAPLO_FORM = re.compile(r"[a-zA-Z0-9_-]+:[:a-zA-Z0-9_-]+")
KEYS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("_%25FfaZ09:./-~ +é")


@pytest.fixture(scope="module")
def database() -> Iterator[Any]:
    with duckdb.connect() as connection:
        yield connection


def read_back(escaped: str) -> str:
    """The inverse, written on its own: where there is one, no two keys have the same code."""
    raw = bytearray()
    while escaped:
        taken = 3 if escaped[0] == "_" else 1
        raw += bytes.fromhex(escaped[1:3]) if taken == 3 else escaped[0].encode()
        escaped = escaped[taken:]
    return raw.decode()


@given(key=KEYS)
def test_no_two_keys_have_one_code(key: str) -> None:
    assert read_back(escape(key)) == key


@given(key=KEYS)
def test_a_code_gives_its_key_back(key: str) -> None:
    assert key_of(code("s-1", "group_member", key)) == key


@given(key=KEYS)
def test_every_code_has_the_form_that_haplo_asks_for(key: str) -> None:
    assert HAPLO_FORM.fullmatch(code("s", "student", key))


@given(keys=st.lists(KEYS, min_size=1, max_size=20))
@settings(deadline=None, max_examples=50)
def test_sql_escapes_in_the_same_way(keys: list[str], database: Any) -> None:
    found = database.execute(f"SELECT list_transform(?::VARCHAR[], lambda key: {escape_sql('key')})", [keys])
    assert found.fetchone()[0] == [escape(key) for key in keys]


@given(key=KEYS)
@settings(deadline=None, max_examples=50)
def test_sql_makes_the_same_code(key: str, database: Any) -> None:
    found = database.execute(f"SELECT {code_sql('s', 'group', 'key')} FROM (SELECT ? AS key)", [key])
    assert found.fetchone()[0] == code("s", "group", key)
