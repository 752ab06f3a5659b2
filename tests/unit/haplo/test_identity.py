"""Codes of objects: what stays of a key, and what becomes of the rest."""

from __future__ import annotations

import re

import pytest

from engine.haplo.identity import code, escape, key_of

HAPLO_FORM = re.compile(r"[a-zA-Z0-9_-]+:[:a-zA-Z0-9_-]+")


@pytest.mark.parametrize(
    ("key", "escaped"),
    [
        ("1001", "1001"),
        ("a-Z", "a-Z"),
        ("12/BBN", "12_2FBBN"),
        ("9919.2016-08-26.AM", "9919_2E2016-08-26_2EAM"),
        ("a_b", "a_5Fb"),
        ("a:b", "a_3Ab"),
        ("é", "_C3_A9"),
        ("x y\n", "x_20y_0A"),
        ("_2F", "_5F2F"),
        ("", ""),
    ],
)
def test_escapes_what_a_code_may_not_hold(key: str, escaped: str) -> None:
    assert escape(key) == escaped


def test_a_code_names_school_entity_and_key() -> None:
    assert code("waters-edge", "student", "12/BBN") == "waters-edge:student:12_2FBBN"


@pytest.mark.parametrize("key", ["", ":", "é/ß", "\0", "😀"])
def test_a_code_has_the_form_that_haplo_asks_for(key: str) -> None:
    assert HAPLO_FORM.fullmatch(code("s", "group_member", key))


@pytest.mark.parametrize(
    "strange",
    ["", "1001", "s:student", ":student:1", "s::1", "s:student:a_b", "s:student:_FF", "s:student:é", "s:student:_2f"],
)
def test_what_is_no_code_of_ours_has_no_key(strange: str) -> None:
    assert key_of(strange) is None


def test_a_key_is_read_back() -> None:
    assert key_of("waters-edge:student:12_2FBBN") == "12/BBN"
