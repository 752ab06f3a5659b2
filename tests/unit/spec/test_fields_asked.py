"""The names that fields are asked for by."""

from __future__ import annotations

import pytest

from engine.kinds.types import SourceField
from engine.spec.asking import fields_asked, wire_names
from engine.spec.source import Source
from engine.stages.want import Want, names_asked, record_params, request_params
from tests.unit.spec.trial import read

SOURCE = """
source: acme
apis: {main: {base_url: 'https://acme.example', auth: {kind: none}, %s options_asked: {param: options}}}
endpoints:
  all:
    get: all
    sets:
      things: {records: $.things, key: Id, fields: {Id: {}, name: {at: [Name, NAME]}, born: {option: more}, other: {}}}
      links: {records: $.links, key: Id, fields: {Id: {}, of: {at: Thing.Id}}}
"""
NAMED = SOURCE % "fields_asked: {param: select, join: ';'},"


@pytest.mark.parametrize(
    ("at", "names"),
    [
        (None, ["Born"]),
        ("Child.Name", ["Child"]),
        (["DateofBirth", "DateOfBirth"], ["DateofBirth"]),  # spellings that differ in case alone are one
        (["Forename", "FirstName"], ["Forename", "FirstName"]),
        ("$..Name", []),
    ],
)
def test_a_field_is_asked_for_by_the_first_step_of_its_place(at: str | list[str] | None, names: list[str]) -> None:
    assert wire_names(SourceField(at=at), "Born") == names


def test_what_is_asked_for_is_what_is_in_use_and_not_withheld() -> None:
    source: Source = read(Source, NAMED)
    sets = {"things": frozenset({"Id", "name", "born"}), "links": frozenset({"Id", "of"})}
    want = Want("all", sets, withheld={"things": frozenset({"born"})})
    asked = fields_asked(source, source.endpoints["all"], want.sets, want.withheld)
    assert asked == {"things": ["Id", "Name"], "links": ["Id", "Thing"]}
    assert names_asked(source, want) == ["Id", "Name", "Thing"]
    assert request_params(source, want) == {"select": "Id;Name;Thing"}  # nor the option of what is withheld
    assert request_params(source, Want("all", sets)) == {"options": "more", "select": "Id;Name;born;Thing"}
    assert record_params(source, Want("all", sets)) == {"options": "more"}


def test_everything_is_sent_where_all_is_wanted_or_fields_have_no_names() -> None:
    assert request_params(read(Source, NAMED), Want("all", {"things": None})) == {"options": "more"}
    assert names_asked(read(Source, SOURCE % ""), Want("all", {"things": frozenset({"Id"})})) is None
