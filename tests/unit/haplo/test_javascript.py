"""Values as a script sees them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.haplo import javascript as js


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.50, "1.5"),
        (10.0, "10"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456.789, "123456.789"),
        (0.000001, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (2**53, "9007199254740992"),
        (2**53 + 1, "9007199254740992"),
        (10**400, "Infinity"),
        (-1e300, "-1e+300"),
    ],
)
def test_number_text_is_that_of_a_double(value: float, written: str) -> None:
    assert js.number_text(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("x", "x"),
        ([1, None, ["a", "b"]], "1,,a,b"),
        ({}, "[object Object]"),
    ],
)
def test_text_of_other_values(value: Any, written: str) -> None:
    assert js.text(value) == written


@pytest.mark.parametrize("value", [None, False, ""])
def test_empty_values(value: Any) -> None:
    assert js.is_empty(value)


@pytest.mark.parametrize("value", [0, 0.0, "0", [], {}, True, " "])
def test_values_that_are_not_empty(value: Any) -> None:
    assert not js.is_empty(value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(1, 1.0, True), (1, "1", False), (1, True, False), (0, False, False), (None, None, True), ([], [], False)],
)
def test_same_is_strict(one: Any, other: Any, same: bool) -> None:
    assert js.same(one, other) is same


def test_whole_number_keys_come_first() -> None:
    assert js.in_order(["b", "10", "01", "2", "a"]) == ["2", "10", "b", "01", "a"]


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ([1, None], [1, None]),
        ({"b": 1, "a": 2}, [1, 2]),
        ({"length": 2, "1": "x"}, [None, "x"]),
        ({"length": "2"}, ["2"]),
        ("ab", ["a", "b"]),
        (5, []),
        (None, []),
    ],
)
def test_walk(value: Any, elements: list[Any]) -> None:
    assert list(js.walk(value)) == elements


def test_walk_splits_characters_past_the_basic_plane() -> None:
    assert list(js.walk("a🎓")) == ["a", "\ud83c", "\udf93"]


@pytest.mark.parametrize(
    ("written", "number"), [(" 7.25 ", 7.25), ("12abc", 12), (".5", 0.5), ("5.", 5), ("1e3x", 1000), ("-", None)]
)
def test_read_number_takes_what_the_text_begins_with(written: str, number: float | None) -> None:
    assert js.read_number(written) == number


@pytest.mark.parametrize("written", ["", "\ufeff[]", "[NaN]", "[1,]", "{'a':1}", '["\n"]', "[" * 100_000])
def test_parse_json_refuses(written: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error or ours, which the caller takes alike
        js.parse_json(written)


def test_parse_json_reads_endless_numbers_as_infinite() -> None:
    assert js.parse_json(f"[{'9' * 5000}]") == [math.inf]


def test_to_json_is_compact_and_in_the_order_of_keys() -> None:
    assert js.to_json({"b": 1.0, "1": "é\n", "a": [None, True]}) == '{"1":"é\\n","b":1,"a":[null,true]}'
