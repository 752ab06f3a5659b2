"""Models, destinations and names."""

from __future__ import annotations

from engine.haplo.application import Application, Attribute, ObjectType
from engine.haplo.models import Name, find_model, has_model

APPLICATION = Application(
    attributes={
        code: Attribute(code, kind, alias_of=alias)
        for code, kind, alias in (
            ("dc:attribute:title", "text", None),
            ("dc:attribute:type", "ref", None),
            ("std:attribute:email", "email-address", None),
            ("x:attribute:short-title", "text", "dc:attribute:title"),
            ("x:attribute:flag", "boolean", None),
            ("x:attribute:address", "postal-address", None),
        )
    },
    types={
        "std:type:person": ObjectType(
            "std:type:person",
            attributes=("x:attribute:short-title", "dc:attribute:type", "std:attribute:email", "x:attribute:flag"),
        ),
        "x:type:club": ObjectType("x:type:club", attributes=("dc:attribute:title", "x:attribute:address")),
    },
    auto_models=frozenset({"x:type:club", "x:type:none"}),
)


def test_names_are_the_attributes_that_can_be_named() -> None:
    model = find_model(APPLICATION, "haplo:person")
    assert model is not None
    # An alias goes by the attribute behind it; a boolean can't be named.
    assert model.destinations["profile"].names == {
        "dc:attribute:title": Name("person-name"),
        "dc:attribute:type": Name("object-type"),
        "std:attribute:email": Name("email-address"),
    }


def test_passing_destinations_go_with_the_types_that_are_used() -> None:
    person, club = find_model(APPLICATION, "haplo:person"), find_model(APPLICATION, "TYPE:x:type:club")
    assert person is not None
    assert club is not None
    assert list(person.destinations) == ["profile", "load:by-ref", "value:person-name"]
    assert list(club.destinations) == ["object", "load:by-ref", "value:postal-address"]


def test_models_that_do_not_exist() -> None:
    for name in ("TYPE:x:type:none", "TYPE:std:type:person", "x:type:club", None, 5):
        assert not has_model(APPLICATION, name)
    assert not has_model(Application(), "haplo:person")


def test_accounts_leave_type_and_address_to_haplo() -> None:
    model = find_model(APPLICATION, "haplo:user-sync")
    assert model is not None
    assert model.destinations["user"].required == ("email", "nameFirst", "nameLast", "username")
    assert model.destinations["user"].names["groups"].several
    assert list(model.destinations["profile"].names) == ["dc:attribute:title"]
