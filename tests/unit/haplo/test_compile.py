"""Control files: what they say, and what Haplo's rules make of them for each state of a value."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from engine.errors import DocumentError
from engine.haplo.application import Application
from engine.haplo.compile import compile_control, origin_of, render_control
from engine.haplo.control import check_control
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Outcome
from engine.haplo.target import derived_application
from engine.spec.binding import Binding
from engine.spec.schema import Schema

TODAY = date(2026, 1, 1)
TITLE = {"dc:attribute:title": "title"}
FIELDS = {
    "source_id": {"type": "text"},
    "title": {"type": "text"},
    "text": {"type": "text"},
    "whole": {"type": "integer"},
    "real": {"type": "number"},
    "flag": {"type": "boolean"},
    "day": {"type": "date"},
    "moment": {"type": "datetime"},
    "hour": {"type": "time"},
    "status": {"type": "enum", "values": ["in", "out"]},
    "owner": {"type": "text", "ref": "owner"},
    "texts": {"type": "list", "of": {"type": "text"}},
    "owners": {"type": "list", "of": {"type": "text", "ref": "owner"}},
    "links": {
        "type": "list",
        "of": {"type": "record", "fields": {"who": {"type": "text", "ref": "owner"}, "how": {"type": "text"}}},
    },
    "first": {"type": "text"},
    "last": {"type": "text"},
    "street": {"type": "text"},
    "country": {"type": "text"},
    "home": {"type": "record", "fields": {"town": {"type": "text"}}},
}
SCHEMA = Schema.model_validate({"schema": "pet", "fields": FIELDS})
OWNER = Schema.model_validate({"schema": "owner", "fields": {"source_id": {"type": "text"}}})
SCHEMAS = {"pet": SCHEMA, "owner": OWNER}


def _binding(names: dict[str, Any], **more: Any) -> Binding:
    given = {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "names": names}
    return Binding.model_validate({**given, **more})


def _person(names: dict[str, Any], **more: Any) -> Binding:
    return _binding(names, model="haplo:person", destination="profile", **more)


def _instructions(names: dict[str, Any], data_types: dict[str, str] | None = None) -> list[Any]:
    """The instructions for the names: those of finding and making the object left out."""
    found: list[Any] = compile_control(SCHEMA, SCHEMAS, _binding(names), data_types or {})["instructions"]
    return found[2:]


def _import(binding: Binding, *records: Any, objects: list[Any] | None = None) -> Outcome:
    case = derived_application([binding], SCHEMAS)
    case["types"].append({"code": "x:type:owner", "attributes": []})
    case["objects"] += objects or []
    for number in (1, 2):
        case["objects"].append({"ref": f"o{number}", "type": "x:type:owner", "behaviour": f"s:owner:{number}"})
    control = json.loads(render_control(compile_control(SCHEMA, SCHEMAS, binding)))
    data = json.dumps(list(records)).encode()
    return interpret(control, {"pet-001": data}, Application.from_case(case), today=TODAY)


def _values(outcome: Outcome) -> dict[str, Any]:
    """What the one object holds that was saved; nothing may have been reported."""
    assert (outcome.control_errors, outcome.errors, outcome.exception) == ([], [], None)
    [entry] = outcome.committed
    found: dict[str, Any] = entry["values"]
    return found


def _after(names: dict[str, Any], record: dict[str, Any], had: dict[str, list[Any]]) -> dict[str, Any]:
    """What an object that had these values holds after an import; a mark in its notes makes sure it is saved."""
    names = {**names, "std:attribute:notes": {"value": "seen"}}
    there = {"ref": "p1", "type": "x:type:pet", "title": "Rex", "behaviour": "s:pet:1", "values": had}
    found = _values(_import(_binding(names), {"_code": "s:pet:1", **record}, objects=[there]))
    return {name: value for name, value in found.items() if name.startswith("x:")}


# What is written


def test_the_whole_file_of_a_person() -> None:
    names = {
        "dc:attribute:title": {"person_name": {"first": "first", "last": "last"}},
        "x:day": {"from": "day", "clear": True},
    }
    control = compile_control(SCHEMA, SCHEMAS, _person(names, type="x:type:pet"))
    parts = [
        {"source": "first", "destination": "value:person-name", "name": "first"},
        {"source": "last", "destination": "value:person-name", "name": "last"},
        {
            "action": "field-structured",
            "structured": "value:person-name",
            "destination": "profile",
            "name": "dc:attribute:title",
        },
    ]
    title = {"destination": "profile", "name": "dc:attribute:title"}
    day = {"destination": "profile", "name": "x:day"}
    assert control == {
        "dataImportControlFileVersion": 0,
        "model": "haplo:person",
        "files": {"DEFAULT": {"read": "json"}},
        "instructions": [
            {"source": "_code", "destination": "load:by-ref", "name": "ref", "filters": ["haplo:code-to-ref"]},
            {
                "action": "load",
                "destination": "profile",
                "using": "load:by-ref",
                "otherwise": [
                    {"action": "new", "destination": "profile"},
                    {"source": "_code", "destination": "profile", "name": "std:attribute:configured-behaviour"},
                ],
            },
            {"action": "set-value", "destination": "profile", "name": "dc:attribute:type", "value": "x:type:pet"},
            {"action": "within", "source": "dc:attribute:title", "instructions": parts},
            {
                "action": "if-has-value",
                **title,
                "else": [{"action": "within", "source": "dc:attribute:title:partial", "instructions": parts}],
            },
            {
                "action": "if-value-one-of",
                "source": "day",
                "values": [None],
                "then": [{"action": "remove-values", **day}],
            },
            {"source": "day", **day, "dateFormat": "yyyy-MM-dd"},
            {"action": "if-has-value", **title, "else": [{"action": "abort-record", "message": "no title"}]},
        ],
    }


def test_the_bytes_are_stable_and_readable() -> None:
    control = compile_control(SCHEMA, SCHEMAS, _binding({"x:a": {"from": "text", "map": {"é": "ü"}}}))
    written = render_control(control)
    assert written.startswith(b'{\n  "dataImportControlFileVersion": 0,\n  "model": "TYPE:x:type:pet",\n')
    assert written.endswith(b"\n}\n")
    assert '"é": "ü"'.encode() in written
    assert list(control) == ["dataImportControlFileVersion", "model", "files", "instructions"]
    assert (
        render_control(compile_control(SCHEMA, SCHEMAS, _binding({"x:a": {"from": "text", "map": {"é": "ü"}}})))
        == written
    )


TARGET = {"destination": "object", "name": "x:a"}


@pytest.mark.parametrize(
    ("bound", "data_types", "expected"),
    [
        ("text", {}, {"source": "text"}),
        ("hour", {}, {"source": "hour"}),
        ("flag", {}, {"source": "flag"}),
        ("day", {}, {"source": "day", "dateFormat": "yyyy-MM-dd"}),
        ("day", {"x:a": "datetime"}, {"source": "day", "dateFormat": "yyyy-MM-dd"}),
        ("day", {"x:a": "text"}, {"source": "day"}),
        ("moment", {}, {"source": "moment", "dateFormat": "yyyy-MM-dd'T'HH:mm:ss"}),
        ("owner", {}, {"source": "owner", "filters": ["haplo:code-to-ref"]}),
        ("text", {"x:a": "ref"}, {"source": "text", "filters": ["haplo:code-to-ref"]}),
        ({"from": "status", "map": {"in": "Here"}}, {}, {"source": "status", "mapInputValue": {"in": "Here"}}),
        ({"from": "status", "list": {"in": "x:l:in"}}, {"x:a": "ref"}, {"source": "status", "refMapping": "x:a"}),
        ({"from": "text", "qualifier": "x:q:home"}, {}, {"source": "text", "qualifier": "x:q:home"}),
        ({"value": "now"}, {}, {"action": "set-value", "value": "now"}),
        ({"value": True}, {}, {"action": "set-value", "value": "true"}),
        ({"value": 0}, {}, {"action": "set-value", "value": 0}),
        (
            {"value": "2024-01-01"},
            {"x:a": "datetime"},
            {"action": "set-value", "value": "2024-01-01", "dateFormat": "yyyy-MM-dd"},
        ),
        (
            {"value": "x:l:in"},
            {"x:a": "ref"},
            {"action": "set-value", "value": "x:l:in", "filters": ["haplo:code-to-ref"]},
        ),
    ],
)
def test_a_name_has_the_properties_of_its_type(
    bound: Any, data_types: dict[str, str], expected: dict[str, Any]
) -> None:
    assert _instructions({"x:a": bound}, data_types) == [{**expected, **TARGET}]


def test_list_entries_go_into_the_mapping_section() -> None:
    control = compile_control(SCHEMA, SCHEMAS, _binding({"x:a": {"from": "status", "list": {"in": "x:l:in"}}}))
    assert control["mapping"] == {"x:a": {"using": "behaviour", "values": {"in": "x:l:in"}}}


def test_a_constant_of_nothing_says_nothing_or_clears() -> None:
    assert _instructions({"x:a": {"value": None}}) == []
    assert _instructions({"x:a": {"value": None, "clear": True}}) == [{"action": "remove-values", **TARGET}]


# Three states of a value: no key, null, a value


@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize(
    ("field", "old", "given", "new"),
    [
        ("text", "old", "new", "new"),
        ("whole", 1, 0, 0),
        ("real", 1.5, 2.5, 2.5),
        ("flag", "true", "false", "false"),
        ("hour", "08:00:00", "09:00:00", "09:00:00"),
        ("status", "in", "out", "out"),
        ("day", {"type": "datetime", "date": "2020-01-01"}, "2024-02-29", {"type": "datetime", "date": "2024-02-29"}),
        (
            "moment",
            {"type": "datetime", "date": "2020-01-01"},
            "2024-02-29T23:59:59",
            {"type": "datetime", "date": "2024-02-29"},
        ),
        ("owner", {"type": "ref", "ref": "o1"}, "s:owner:2", {"type": "ref", "ref": "o2"}),
    ],
)
def test_a_single_value_is_kept_cleared_or_set(field: str, old: Any, given: Any, new: Any, clear: bool) -> None:
    names = {"x:a": {"from": field, "clear": clear}}
    assert _after(names, {}, {"x:a": [old]}) == {"x:a": [old]}
    assert _after(names, {field: None}, {"x:a": [old]}).get("x:a", []) == ([] if clear else [old])
    assert _after(names, {field: given}, {"x:a": [old]}) == {"x:a": [new]}


@pytest.mark.parametrize("clear", [False, True])
def test_a_list_is_kept_cleared_or_replaced(clear: bool) -> None:
    names = {"x:a": {"from": "texts", "clear": clear}}
    assert _after(names, {}, {"x:a": ["1", "2"]}) == {"x:a": ["1", "2"]}
    assert _after(names, {"texts": None}, {"x:a": ["1", "2"]}).get("x:a", []) == ([] if clear else ["1", "2"])
    assert _after(names, {"texts": ["2", "3"]}, {"x:a": ["1", "2"]}) == {"x:a": ["2", "3"]}


def test_an_empty_list_clears_where_it_may() -> None:
    assert _after({"x:a": {"from": "texts", "clear": True}}, {"texts": []}, {"x:a": ["1"]}).get("x:a", []) == []


@pytest.mark.parametrize("clear", [False, True])
def test_parts_of_records_are_kept_cleared_or_replaced(clear: bool) -> None:
    names = {
        "x:how": {"from": "links", "part": "how", "clear": clear},
        "x:who": {"from": "links", "part": "who", "clear": clear},
    }
    one, two = ({"type": "ref", "ref": ref} for ref in ("o1", "o2"))
    had = {"x:how": ["Aunt"], "x:who": [one]}
    given = [{"how": "Mother", "who": "s:owner:2"}, {"how": None, "who": "s:owner:1"}]
    assert _after(names, {}, had) == had
    assert _after(names, {"links": None}, had).get("x:how", []) == ([] if clear else ["Aunt"])
    assert _after(names, {"links": given}, had) == {"x:how": ["Mother"], "x:who": [two, one]}


@pytest.mark.parametrize("clear", [False, True])
def test_an_address_is_kept_cleared_or_replaced(clear: bool) -> None:
    structure = {"street1": "street", "country": "country"}
    names = {"x:home": {"postal_address": structure, "clear": clear}}
    old = {"type": "postal-address", "street1": "1 Old St", "country": "GB"}
    given = {"street1": "2 New St", "country": "FR"}
    assert _after(names, {}, {"x:home": [old]}) == {"x:home": [old]}
    assert _after(names, {"x:home": None}, {"x:home": [old]}).get("x:home", []) == ([] if clear else [old])
    assert _after(names, {"x:home": given}, {"x:home": [old]}) == {"x:home": [{"type": "postal-address", **given}]}


@pytest.mark.parametrize("clear", [False, True])
def test_a_part_of_one_record_is_kept_cleared_or_set(clear: bool) -> None:
    names = {"x:town": {"from": "home", "part": "town", "clear": clear}}
    for nothing in ({"home": None}, {"home": {"town": None}}):
        assert _after(names, nothing, {"x:town": ["A"]}).get("x:town", []) == ([] if clear else ["A"])
    assert _after(names, {"home": {"town": "B"}}, {"x:town": ["A"]}) == {"x:town": ["B"]}


# Found again


def test_an_object_is_made_once_and_then_found_by_its_code() -> None:
    record = {"_code": "s:pet:1", "title": "Rex"}
    outcome = _import(_binding(TITLE), record, {**record, "title": "Rex II"}, {**record, "title": "Rex II"})
    assert (outcome.created, outcome.updated, outcome.unchanged) == (1, 1, 1)
    behaviour = {"type": "configuration-name", "text": "s:pet:1"}
    assert outcome.committed[0]["values"]["std:attribute:configured-behaviour"] == [behaviour]


def test_the_same_data_again_changes_nothing() -> None:
    names = {
        **TITLE,
        "x:texts": "texts",
        "x:home": {"postal_address": {"street1": "street", "country": "country"}},
        "x:day": {"from": "day", "clear": True},
        "x:now": {"value": "current"},
    }
    home = {"street1": "1 St", "country": "GB"}
    record = {"_code": "s:pet:1", "title": "Rex", "texts": ["a", "b"], "x:home": home, "day": "2024-01-01"}
    outcome = _import(_binding(names), record, record)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (1, 0, 1)


def test_a_row_becomes_its_sub_type() -> None:
    values = _values(_import(_binding(TITLE, type="x:type:cat"), {"_code": "s:pet:1", "title": "Tom"}))
    assert values["dc:attribute:type"] == [{"type": "object-type", "code": "x:type:cat"}]


# The traps of the reference, section 15


def test_trap_2_nothing_is_left_in_a_structure_when_a_part_is_missing() -> None:
    names = {
        "dc:attribute:title": {"person_name": {"first": "first", "last": "last"}},
        "std:attribute:address": {"postal_address": {"street1": "street", "country": "country"}},
    }
    records = [
        {"_code": "s:pet:1", "dc:attribute:title": {"first": "A", "last": "B"}, "std:attribute:address": None},
        {"_code": "s:pet:2", "dc:attribute:title": {"last": "B"}},
        {"_code": "s:pet:3", "dc:attribute:title": None},
        {"_code": "s:pet:4"},
        {"_code": "s:pet:5", "dc:attribute:title:partial": {"last": "C"}},
        {"_code": "s:pet:1", "dc:attribute:title:partial": {"last": "B"}, "std:attribute:address": {"country": "GB"}},
    ]
    outcome = _import(_person(names), *records)
    assert outcome.exception is None
    assert outcome.errors == ["no title (record 2)", "no title (record 3)"]
    assert [entry["values"]["dc:attribute:title"] for entry in outcome.committed] == [
        [{"type": "person-name", "first": "A", "last": "B"}],
        [{"type": "person-name", "last": "B"}],
        [{"type": "person-name", "last": "C"}],
        [{"type": "person-name", "first": "A", "last": "B"}],
    ]


def test_trap_7_lists_may_not_overwrite_their_own_values() -> None:
    names = {**TITLE, "x:texts": "texts", "x:who": {"from": "links", "part": "who"}, "x:owners": "owners"}
    binding = _binding(names)
    application = Application.from_case(derived_application([binding], SCHEMAS))
    assert check_control(compile_control(SCHEMA, SCHEMAS, binding), application) == []
    values = _values(_import(binding, {"_code": "s:pet:1", "title": "R", "texts": ["a", "b", "c"]}))
    assert values["x:texts"] == ["a", "b", "c"]


def test_trap_8_a_qualified_value_is_replaced_and_others_stay() -> None:
    old = {"qualifier": "x:q:home", "value": "old"}
    kept = {"qualifier": "x:q:work", "value": "work"}
    names = {"x:a": {"from": "text", "qualifier": "x:q:home"}, "x:b": {"value": "z", "qualifier": "x:q:work"}}
    found = _after(names, {"text": "new"}, {"x:a": [old, kept]})
    assert sorted(found["x:a"], key=lambda value: value["qualifier"]) == [{**old, "value": "new"}, kept]


def test_trap_9_a_value_that_no_list_has_is_reported() -> None:
    names = {**TITLE, "x:a": {"from": "status", "list": {"in": "x:l:in"}}}
    outcome = _import(
        _binding(names),
        {"_code": "s:pet:1", "title": "R", "status": "in"},
        {"_code": "s:pet:2", "title": "S", "status": "out"},
    )
    assert outcome.errors == ["Value in input data cannot be mapped for input field status: out (record 1)"]
    assert outcome.complete == 2


@pytest.mark.parametrize("identifier", ["0123", "7E1", "NO", "1_000", "007.50"])
def test_trap_10_identifiers_stay_text(identifier: str) -> None:
    record = {"_code": "s:pet:1", "title": "R", "text": identifier}
    values = _values(_import(_binding({**TITLE, "x:a": "text"}), record))
    assert values["x:a"] == [identifier]


def test_trap_11_without_a_title_nothing_is_saved() -> None:
    outcome = _import(_binding(TITLE), {"_code": "s:pet:1", "title": None}, {"_code": "s:pet:2", "title": "S"})
    assert (outcome.records, outcome.complete, outcome.errors) == (2, 1, ["no title (record 0)"])


@pytest.mark.parametrize("kind", ["boolean", "uuid", "postcode", "file", "attribute-group"])
def test_trap_12_attributes_that_cannot_be_set_are_told(kind: str) -> None:
    with pytest.raises(DocumentError) as failure:
        _instructions({"x:a": "text"}, {"x:a": kind})
    assert [problem.what for problem in failure.value.problems] == [
        f"'x:a' of pet is of the type {kind}, which an import cannot set"
    ]


def test_trap_13_names_that_the_type_does_not_have_are_told() -> None:
    with pytest.raises(DocumentError) as failure:
        _instructions({"x:a": "text", "x:misspelt": "text"}, {"x:a": "text"})
    assert [problem.what for problem in failure.value.problems] == [
        "'x:misspelt' of pet is not an attribute of the destination's type"
    ]


def test_trap_15_a_country_that_haplo_does_not_know_is_reported() -> None:
    names = {**TITLE, "std:attribute:address": {"postal_address": {"country": "country"}}}
    record = {"_code": "s:pet:1", "title": "R", "std:attribute:address": {"country": "UK"}}
    outcome = _import(_binding(names), record)
    assert (outcome.complete, outcome.exception) == (1, None)
    assert "recognised country" in outcome.errors[0]


# Bindings that do not fit


@pytest.mark.parametrize(
    ("bound", "data_types", "what"),
    [
        ("nothing", {}, "is taken from 'nothing', which pet does not have"),
        ({"person_name": {"last": "nobody"}}, {}, "takes its part 'last' from 'nobody', which pet does not have"),
        ({"person_name": {"last": "texts"}}, {}, "takes its part 'last' from 'texts', which is a list"),
        ("links", {}, "must say which part of 'links' is sent"),
        ({"from": "links", "part": "hwo"}, {}, "names the part 'hwo', which 'links' does not have"),
        ({"from": "text", "part": "who"}, {}, "names the part 'who', but 'text' has no parts"),
        ("text", {"x:a": "datetime"}, "is of the type datetime, and is given text"),
        ("owner", {"x:a": "text"}, "is of the type text, and is given a reference"),
        ("text", {"x:a": "person-name"}, "is of the type person-name, and is given a plain value"),
        ({"person_name": {"last": "last"}}, {"x:a": "text"}, "is of the type text, and is given a person-name"),
    ],
)
def test_a_binding_that_does_not_fit_is_told(bound: Any, data_types: dict[str, str], what: str) -> None:
    with pytest.raises(DocumentError) as failure:
        _instructions({"x:a": bound}, data_types)
    assert [problem.what for problem in failure.value.problems] == [f"'x:a' of pet {what}"]


def test_an_entity_that_is_pointed_to_needs_a_schema() -> None:
    with pytest.raises(DocumentError) as failure:
        compile_control(SCHEMA, {"pet": SCHEMA}, _binding({"x:a": "owner"}))
    assert [problem.code for problem in failure.value.problems] == ["unknown-entity"]


def test_every_instruction_leads_back_to_its_line_of_the_binding() -> None:
    binding = _person({"x:a": "text", "x:b": {"from": "texts", "clear": True}, **TITLE}, type="x:type:pet")
    instructions = compile_control(SCHEMA, SCHEMAS, binding)["instructions"]
    origins = [origin_of(SCHEMA, binding, (number,)) for number in range(len(instructions))]
    b = ("names", "x:b")
    title = ("names", "dc:attribute:title")
    assert origins == [(), (), ("type",), ("names", "x:a"), b, b, title, title]
    assert origin_of(SCHEMA, binding, (5, "then", 1)) == b
    assert origin_of(SCHEMA, binding, None) == ()
    assert origin_of(SCHEMA, binding, (99,)) == ()
