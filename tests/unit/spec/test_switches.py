"""What a setting switches off: a table is empty then, and nothing of what it is made of is read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trial import Trial

from engine.spec.query import build
from engine.spec.relation import Reading
from engine.spec.settings import switch

TWO = Trial(
    sets={"fast": {"Id": "text", "Name": "text"}, "slow": {"Id": "text", "Title": "text"}, "kinds": {"Id": "text"}},
    target="name: {type: text}\nkinds: {type: list, of: {type: text}}",
    settings={"s": {"slowly": "BOOLEAN"}},
    mapping="""
mapping: thing
source: acme
tables:
  fast_ones: {from: fast, unless: s.slowly, fields: {label: Name, extra: {value: null}}}
  slow_ones:
    from: slow
    when: s.slowly
    join: {kind: {set: kinds, by: {Id: Title}, keep: first}}
    fields:
      label: Title
      extra: {collect: kinds, by: {Id: Title}, item: Id}
  labelled: {from: {union: [fast_ones, slow_ones]}, fields: {all_extra: extra}}
from: labelled
fields: {id: Id, name: label, kinds: all_extra}
""",
)
RECORDS = {"fast": [{"Id": "1", "Name": "f"}], "slow": [{"Id": "2", "Title": "s"}], "kinds": [{"Id": "s"}]}


def used(trial: Trial) -> dict[str, list[str]]:
    world = trial.world()
    return build(trial.document(), world, Reading(world.source.formats, lambda name: name)).used


@pytest.mark.parametrize(("slowly", "names"), [(True, {"2": "s"}), (False, {"1": "f"}), (None, {"1": "f"})])
def test_a_table_that_is_off_has_no_records(slowly: bool | None, names: dict[str, str]) -> None:
    trial = replace(TWO, values={"s": {"slowly": slowly}})
    outcome = trial.run(RECORDS, values={"s": {"slowly": slowly}})
    assert outcome.column("name") == names
    assert outcome.books.read == 1
    assert outcome.books.absent == []


def test_of_a_table_that_is_off_nothing_is_read() -> None:
    assert used(replace(TWO, values={"s": {"slowly": False}})) == {"fast": ["Id", "Name"]}
    assert set(used(replace(TWO, values={"s": {"slowly": True}}))) == {"slow", "kinds"}


def test_where_no_school_is_known_everything_is_looked_at() -> None:
    assert TWO.findings() == []
    assert set(used(TWO)) == {"fast", "slow", "kinds"}


def test_what_is_wrong_in_a_table_that_is_off_is_told() -> None:
    trial = replace(TWO, mapping=TWO.mapping.replace("label: Title", "label: Titel"), values={"s": {"slowly": False}})
    assert [(each.code, each.wrong) for each in trial.findings()] == [("unknown-field", "Titel")]


def test_a_field_of_tables_that_are_all_off_is_left_alone() -> None:
    text = "mapping: thing\nsource: acme\ntables:\n  none: {from: fast, when: s.slowly}\nfrom: slow\n"
    text += "join: {other: {set: none, by: {Id: Id}, keep: first}}\nfields: {id: Id, name: other.Name}\n"
    outcome = replace(TWO, mapping=text, values={"s": {"slowly": False}}).run(RECORDS, values={"s": {"slowly": False}})
    assert outcome.books.absent == ["name"]
    assert outcome.books.emitted == 1


def test_a_switch_says_nothing_where_nobodys_settings_are_known() -> None:
    assert switch({}, "s.slowly") is None
    assert switch({"s": {"slowly": None}}, "s.slowly") is False
    assert switch({"s": {"slowly": True}}, "s.slowly") is True
