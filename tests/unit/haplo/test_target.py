"""The receiving application: read from its document, or taken from the bindings."""

from __future__ import annotations

import pytest

from engine.haplo.application import Application as Receiving
from engine.haplo.target import application_case, data_types, derived_application, root_type
from engine.spec.binding import Application, Binding
from engine.spec.schema import Schema

APPLICATION = Application.model_validate(
    {
        "application": "demo",
        "attributes": {
            "dc:attribute:title": {"type": "text"},
            "dc:attribute:type": {"type": "link"},
            "x:day": {"type": "datetime"},
            "x:house": {"type": "link", "links_to": ["x:type:house"]},
        },
        "types": {
            "std:type:person": {"title": "Person", "attributes": ["dc:attribute:title", "dc:attribute:type"]},
            "x:type:student": {"title": "Student", "parent": "std:type:person", "attributes": ["x:day", "x:house"]},
        },
        "qualifiers": ["x:q:home"],
        "auto_models": ["x:type:student"],
        "objects": {"x:list:red": {"type": "x:type:house", "title": "Red"}},
    }
)


def test_a_document_becomes_a_case_with_inherited_attributes() -> None:
    receiving = Receiving.from_case(application_case(APPLICATION))
    student = receiving.types["x:type:student"]
    assert student.attributes == ("dc:attribute:title", "dc:attribute:type", "x:day", "x:house")
    assert (student.parent, student.name) == ("std:type:person", "Student")
    assert receiving.attributes["x:house"].kind == "ref"
    assert receiving.attributes["x:house"].linked_types == ("x:type:house",)
    assert receiving.qualifiers == {"x:q:home"}
    assert receiving.auto_models == {"x:type:student"}
    assert receiving.objects[0].values["dc:attribute:title"] == ["Red"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("haplo:person", {"dc:attribute:title": "person-name", "dc:attribute:type": "object-type"}),
        (
            "TYPE:x:type:student",
            {"dc:attribute:title": "text", "dc:attribute:type": "object-type", "x:day": "datetime", "x:house": "ref"},
        ),
        ("TYPE:x:type:unknown", {}),
    ],
)
def test_a_model_fills_the_attributes_of_its_type(model: str, expected: dict[str, str]) -> None:
    assert data_types(APPLICATION, model) == expected


def test_types_that_are_each_others_parents_do_no_harm() -> None:
    types = {"a": {"parent": "b", "attributes": ["x"]}, "b": {"parent": "a", "attributes": ["y"]}}
    circle = Application.model_validate({"application": "c", "attributes": {"x": {}, "y": {}}, "types": types})
    assert data_types(circle, "a") == {"y": "text", "x": "text"}


def test_the_type_of_a_model() -> None:
    assert (root_type("haplo:person"), root_type("TYPE:a:b"), root_type("a:b")) == ("std:type:person", "a:b", "a:b")


def test_an_application_is_derived_from_bindings() -> None:
    fields = {"n": {"type": "integer"}, "d": {"type": "date"}, "r": {"type": "text", "ref": "pet"}, "t": {}}
    schema = Schema.model_validate({"schema": "pet", "fields": fields})
    names = {
        "dc:attribute:title": {"person_name": {"last": "t"}},
        "x:n": "n",
        "x:d": {"from": "d", "qualifier": "x:q"},
        "x:r": "r",
        "x:l": {"from": "t", "list": {"a": "x:list:a"}},
        "x:c": {"value": 1},
        "x:home": {"postal_address": {"country": "t"}},
    }
    binding = Binding.model_validate(
        {"binding": "pet", "model": "haplo:person", "destination": "profile", "type": "x:type:pet", "names": names}
    )
    receiving = Receiving.from_case(derived_application([binding], {"pet": schema}))
    kinds = {code: one.kind for code, one in receiving.attributes.items() if code in names}
    assert kinds == {
        "dc:attribute:title": "text",
        "x:n": "integer",
        "x:d": "datetime",
        "x:r": "ref",
        "x:l": "ref",
        "x:c": "text",
        "x:home": "postal-address",
    }
    assert receiving.types["x:type:pet"].parent == "std:type:person"
    assert receiving.qualifiers == {"x:q"}
    assert "std:attribute:configured-behaviour" in receiving.types["std:type:person"].attributes


def test_attributes_given_different_types_are_text() -> None:
    schema = Schema.model_validate({"schema": "pet", "fields": {"n": {"type": "integer"}, "t": {}}})
    bindings = [
        Binding.model_validate(
            {"binding": "pet", "model": f"TYPE:{name}", "destination": "object", "names": {"x:a": name}}
        )
        for name in ("n", "t")
    ]
    case = derived_application(bindings, {"pet": schema})
    assert {"code": "x:a", "type": "text"} in case["attributes"]
    assert case["autoModels"] == ["n", "t"]
