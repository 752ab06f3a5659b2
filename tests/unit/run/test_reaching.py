"""What no test reaches of a mapping is what its records never decide."""

from __future__ import annotations

from pathlib import Path

from tried import tried


def left(folder: Path, given: str, more: str = "") -> list[str]:
    """Return what is not reached by one test that expects every row to come."""
    text = f"  - test: it\n    given: {{{given}}}\n{more}    expect: {{rows: []}}\n"
    return [f"{each.kind} {each.name}" for each in tried(folder, text).reaches["acme/thing"].left()]


FIELDS = ["field source_id", "field name", "field colour", "field born"]
REST = ["first_of named.label: Name", "first_of named.label: Id", "rule has-owner"]


def test_nothing_is_reached_without_records(folder: Path) -> None:
    codes = ["lookup colour: r", "lookup colour: g", "default colour"]
    assert left(folder, "") == [*FIELDS, "required source_id", "merged one_per", "rule colours", *codes, *REST]


def test_each_branch_is_reached_by_the_record_that_takes_it(folder: Path) -> None:
    nothing = set(left(folder, ""))

    def reached(given: str, more: str = "") -> set[str]:
        return nothing - set(left(folder, given, more))

    name, number = "first_of named.label: Name", "first_of named.label: Id"
    assert reached("things: [{Id: 1, Colour: g}]") == {"lookup colour: g", number}
    assert reached("things: [{Id: 1, Colour: r, Name: Ball}]") == {"lookup colour: r", name}
    assert reached("things: [{Id: 1, Colour: q}]") == {"default colour", number}
    assert reached("things: [{Name: Ball, Colour: r}]") == {"required source_id", "lookup colour: r", name}
    twice = {"merged one_per", "default colour", name}
    assert reached("things: [{Id: 1, Name: A}, {Id: 1, Name: B}]") == twice
    chosen = "    settings: {things: {colours: [r]}}\n"
    # what a table makes of a record that is left out later is made all the same, and what the mapping makes is not
    assert reached("things: [{Id: 1, Colour: g}]", chosen) == {"rule colours", number}
    assert reached("links: [{Id: 1}]") == {"rule has-owner"}  # of a table that nothing uses yet


def test_a_key_that_rows_are_known_by_is_reached_by_a_record_that_has_it(folder: Path) -> None:
    mapping = folder / "mappings" / "acme" / "thing.yaml"
    mapping.write_text(mapping.read_text() + "known_by: {badge: {first_of: [Name, Colour]}}\n")
    own = ["known_by badge", "first_of known_by.badge: Name", "first_of known_by.badge: Colour"]
    assert [each for each in left(folder, "things: [{Id: 1}]") if each in own] == own[:2]
    assert [each for each in left(folder, "things: [{Id: 1, Name: Ball}]") if each in own] == own[2:]


def test_a_field_is_reached_where_a_value_of_it_is_expected_and_comes(folder: Path) -> None:
    text = """\
  - test: it
    given: {things: [{Id: 1, Name: Ball, Colour: r}]}
    expect: {rows: [{source_id: 1, name: Ball, colour: green, born: null}]}
"""
    reach = tried(folder, text).reaches["acme/thing"]
    assert [branch.name for branch in reach.left("field")] == ["colour", "born"]
    assert str(reach.place(reach.left("field")[0])) == "mappings/acme/thing.yaml:17:3"
