"""Words of a mapping and of a schema as they are written: shorthands, units, and what a word refuses by itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.kinds.rule import OfSetting, Rule
from engine.kinds.types import Formats, SourceField, TargetField, literal, quote
from engine.kinds.value import Join, Nested, OnePer, Value
from engine.kinds.word import Duration, Size, Word, seconds, size_in_bytes


def code(model: Any, data: Any) -> str:
    """Return the code of the one thing that is wrong."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python(data)
    (error,) = caught.value.errors()
    return str(error.get("ctx", {}).get("code", error["type"]))


@pytest.mark.parametrize(
    ("text", "expected"), [("500ms", 0.5), ("30s", 30.0), ("1.5m", 90.0), ("2h", 7200.0), ("7d", 604800.0)]
)
def test_a_duration_has_a_unit(text: str, expected: float) -> None:
    assert seconds(TypeAdapter(Duration).validate_python(text)) == expected


@pytest.mark.parametrize(("text", "expected"), [("512B", 512), ("16MB", 16_000_000), ("3kB", 3000), ("1GB", 10**9)])
def test_a_size_has_a_unit(text: str, expected: int) -> None:
    assert size_in_bytes(TypeAdapter(Size).validate_python(text)) == expected


@pytest.mark.parametrize("text", ["30", "30 s", "s", "-1s", "1e3s", "٣s", "30s "])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert code(Duration, text) == "bad-unit"


def test_words_are_frozen_and_take_no_other_keys() -> None:
    rule = Rule.model_validate({"rule": "a", "field": "x", "present": True})
    with pytest.raises(ValidationError):
        rule.rule = "b"  # type: ignore[misc]
    assert code(Rule, {"rule": "a", "field": "x", "present": True, "on": 1}) == "extra_forbidden"


def test_every_word_has_words_of_its_own_in_its_docstring() -> None:
    def below(word: type[Word]) -> list[type[Word]]:
        return [inner for child in word.__subclasses__() for inner in [child, *below(child)]]

    assert len(below(Word)) >= 20
    assert [word.__name__ for word in below(Word) if not word.__doc__] == []


def test_each_shorthand_expands_in_one_way() -> None:
    assert TypeAdapter(Nested).validate_python("name") == Value.model_validate({"from": "name"})
    assert Value.model_validate({"from": "a", "clean": "trim"}) == Value.model_validate(
        {"from": "a", "clean": ["trim"]}
    )
    assert OnePer.model_validate({"order": ["a"]}) == OnePer.model_validate({"order": [{"by": "a"}]})
    assert Rule.model_validate({"rule": "r", "field": "x", "in": [7, True]}).in_ == ["7", "true"]
    assert Rule.model_validate({"rule": "r", "field": "x", "in": {"setting": "a.b"}}).in_ == OfSetting(setting="a.b")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "one-origin"),
        ({"from": "a", "sql": "b"}, "one-origin"),
        ({"value": None, "setting": "a.b"}, "one-origin"),
        ({"from": "a", "map": {"x": "y"}}, "one-origin"),
        ({"from": "a", "by": {"x": "y"}}, "one-origin"),
        ({"case": "a"}, "missing-key"),
        ({"collect": "a", "by": {"x": "y"}}, "missing-key"),
        ({"collect": "a", "item": "x"}, "missing-key"),
        ({"collect": "a", "by": {"x": "y"}, "item": "x", "fields": {"z": "y"}}, "missing-key"),
        ({"from": "a", "clean": "shout"}, "literal_error"),
    ],
)
def test_a_value_has_one_origin_and_what_goes_with_it(data: dict[str, Any], expected: str) -> None:
    assert code(Value, data) == expected


def test_null_and_false_are_values_and_defaults() -> None:
    assert Value.model_validate({"value": None}).value is None
    assert Value.model_validate({"value": False}).value is False
    assert Value.model_validate({"from": "a", "default": None}).has_default
    assert not Value.model_validate({"from": "a"}).has_default


@pytest.mark.parametrize(
    "data",
    [
        {"field": "x"},
        {"field": "x", "present": True, "equals": "a"},
        {"present": True},
        {"field": "x", "sql": "y"},
    ],
)
def test_a_rule_has_one_test_of_one_field(data: dict[str, Any]) -> None:
    assert code(Rule, {"rule": "r", **data}) == "one-test"


@pytest.mark.parametrize("name", ["Named", "1st", "a_b", "a b", ""])
def test_the_name_of_a_rule_is_a_word_that_reports_can_count_by(name: str) -> None:
    assert code(Rule, {"rule": name, "field": "x", "present": True}) == "string_pattern_mismatch"


def test_a_join_is_found_by_something() -> None:
    assert code(Join, {"set": "a", "by": {}}) == "too_short"


@pytest.mark.parametrize(
    "data",
    [
        {"type": "list"},
        {"type": "text", "of": {"type": "text"}},
        {"type": "record"},
        {"type": "enum"},
        {"type": "text", "values": ["a"]},
        {"type": "integer", "ref": "thing"},
        {"type": "date", "max": 3},
        {"type": "boolean", "min": 1},
        {"type": "list", "of": {"type": "text"}, "pattern": "x"},
        {"type": "text", "after": "2000-01-01"},
    ],
)
def test_a_target_field_has_only_the_rules_of_its_type(data: dict[str, Any]) -> None:
    assert code(TargetField, data) == "bad-type"


@pytest.mark.parametrize(("rule", "expected"), [("after", "bad-value"), ("before", "bad-value")])
def test_a_limit_is_a_date_that_there_is(rule: str, expected: str) -> None:
    assert code(TargetField, {"type": "date", rule: "2023-02-29"}) == expected
    assert code(TargetField, {"type": "date", rule: "01/02/2023"}) == expected


def test_patterns_are_tried_when_they_are_read() -> None:
    assert code(TargetField, {"type": "text", "pattern": "(?=a)"}) == "bad-regex"  # DuckDB has no such thing
    assert code(Formats, {"date": ["%Y", "%Q"]}) == "bad-format"
    assert Formats.model_validate({"date": "%d/%m/%Y"}).date == ["%d/%m/%Y"]


def test_the_duckdb_type_of_a_target_says_all_its_parts() -> None:
    target = TargetField.model_validate(
        {"type": "list", "of": {"type": "record", "fields": {"a": {"type": "date"}, "b": {"type": "list", "of": {}}}}}
    )
    assert target.sql_type() == 'STRUCT("a" DATE, "b" VARCHAR[])[]'


def test_personal_data_and_references_are_found_in_the_parts() -> None:
    part = {"type": "record", "fields": {"who": {"type": "text", "ref": "thing", "pii": "name"}}}
    target = TargetField.model_validate({"type": "list", "of": part})
    assert (target.refs(), target.personal()) == (["thing"], True)
    assert TargetField().personal() is False


def test_the_spellings_of_a_source_field_are_its_own_name_or_those_it_says() -> None:
    assert SourceField().paths("Née") == ["['Née']"]
    assert SourceField.model_validate({"at": ["a.b", "c"]}).paths("x") == ["a.b", "c"]


def test_names_and_constants_cannot_leave_their_quotes() -> None:
    assert quote('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal(["a'", "b"]) == "['a''', 'b']"
    assert [literal(each) for each in (None, True, False, 7)] == ["NULL", "TRUE", "FALSE", "7"]
