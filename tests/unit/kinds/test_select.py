"""Paths: simple ones are steps, the others are JSONPath, and both find the same things."""

import pytest

from engine.kinds.select import MISSING, path

ANSWER = {"a": {"b": [{"c": 1}, {"c": None}], "x-y": 2, "@Id": 3}, "it's": 4, "Name": 5, "b": [7]}


@pytest.mark.parametrize(
    ("text", "steps", "value"),
    [
        ("$", (), ANSWER),
        ("", (), ANSWER),
        ("Name", ("Name",), 5),
        ("$.Name", ("Name",), 5),
        ("['Name']", ("Name",), 5),
        ("$['Name']", ("Name",), 5),
        ("$.a.b[0].c", ("a", "b", 0, "c"), 1),
        ("a.b[1].c", ("a", "b", 1, "c"), None),
        ("$.a['b'][0]['c']", ("a", "b", 0, "c"), 1),
        ("$.a.x-y", ("a", "x-y"), 2),
        ("a.@Id", ("a", "@Id"), 3),
        ("$.a.b[2].c", ("a", "b", 2, "c"), MISSING),
        ("$.a.nothing", ("a", "nothing"), MISSING),
        ("$.Name.deeper", ("Name", "deeper"), MISSING),
        ("$.a[0]", ("a", 0), MISSING),
    ],
)
def test_a_simple_path_is_steps(text, steps, value):
    found = path(text)
    assert found.simple
    assert found.steps == steps
    assert found.first(ANSWER) is value or found.first(ANSWER) == value
    assert found.all(ANSWER) == ([] if value is MISSING else [value])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$..c", [1, None]),
        ("$..b", [[{"c": 1}, {"c": None}], [7]]),
        ("$.a.b[*].c", [1, None]),
        ("$.a.b[?(@.c==1)]", [{"c": 1}]),
        ("$..nothing", []),
    ],
)
def test_other_paths_are_jsonpath(text, values):
    found = path(text)
    assert not found.simple
    assert sorted(map(repr, found.all(ANSWER))) == sorted(map(repr, values))
    assert (found.first(ANSWER) is MISSING) == (not values)


@pytest.mark.parametrize("text", ["$.", "$.a[", "a..", "$[?(", "$name x"])
def test_what_is_no_path_is_told_in_one_line(text):
    with pytest.raises(ValueError, match=r"\S") as caught:
        path(text)
    assert "\n" not in str(caught.value)
