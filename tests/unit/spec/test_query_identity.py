"""Natural keys as a mapping writes them, and references that lead to the stable key of what they point to."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import TransformError
from engine.spec.reference import Keys
from engine.stages.identity import Remembered
from tests.unit.spec.trial import Outcome, Trial

THINGS = {"Id": "text", "name": "text", "num": "integer", "tags": "{type: list, split: ';'}"}
LINKS = {"Id": "text", "of": "text", "to": "text"}
RENAMED = "SELECT unnest(['new', 'newer', 'other']) AS own, unnest(['old', 'old', 'third']) AS key"
KEYS = Keys("SELECT unnest(['old', 'k'])", {"reference-gone": "SELECT 'third'"}, RENAMED)


def known(mapping: str, records: list[dict[str, str | None]], **options: Any) -> Outcome:
    trial = Trial({"things": THINGS}, mapping=mapping)
    assert trial.findings() == []
    return trial.run({"things": records}, remembered=Remembered("tonight"), **options)


def keys_of(outcome: Outcome) -> list[tuple[str, str]]:
    return [(row["key"], row["natural_key"]) for row in outcome.identities]


def test_natural_keys_are_values_as_fields_are_written_and_blank_ones_are_none() -> None:
    known_by = "known_by: {chip: {from: name, clean: upper}, tag: {sql: \"'t' || num\"}, num: num}\n"
    outcome = known(
        known_by + "fields: {id: Id}\n",
        [{"Id": "1", "name": " a:1 "}, {"Id": "2", "name": " \t", "num": "07"}, {"Id": "3"}],
    )
    assert keys_of(outcome) == [
        ("1", "chip:A:1"),
        ("1", "id:1"),
        ("2", "id:2"),
        ("2", "num:7"),
        ("2", "tag:t7"),
        ("3", "id:3"),
    ]


def test_a_natural_key_that_no_answer_carried_is_none() -> None:
    outcome = known("known_by: {chip: name}\nfields: {id: Id}\n", [{"Id": "1"}], absent={"things": {"name"}})
    assert keys_of(outcome) == [("1", "id:1")]


def test_records_that_are_merged_into_a_row_do_not_count() -> None:
    mapping = "one_per: {order: [num]}\nknown_by: {chip: name}\nfields: {id: Id}\n"
    records: list[dict[str, str | None]] = [
        {"Id": "1", "num": "2", "name": "b"},
        {"Id": "1", "num": "1", "name": "a"},
        {"Id": "2", "num": "1", "name": "b"},
    ]
    assert keys_of(known(mapping, records)) == [("1", "chip:a"), ("1", "id:1"), ("2", "chip:b"), ("2", "id:2")]


def test_natural_keys_that_fail_are_named() -> None:
    mapping = 'known_by: {chip: {sql: "CAST(name AS INTEGER)"}}\nfields: {id: Id}\n'
    with pytest.raises(TransformError, match="the SQL of 'chip' fails on a record"):
        known(mapping, [{"Id": "1", "name": "x"}])


def test_a_plain_reference_leads_to_the_stable_key_before_it_is_checked() -> None:
    trial = Trial({"things": THINGS}, "out: {ref: other}", "fields: {id: Id, out: name}\n", keys=lambda _: KEYS)
    records = [{"Id": key, "name": key} for key in ("k", "new", "newer", "old", "other", "x")]
    outcome = trial.run({"things": records})
    assert outcome.column("out") == {"k": "k", "new": "old", "newer": "old", "old": "old", "other": None, "x": None}
    assert outcome.held() == [
        ("other", "out", "reference-gone", "value"),
        ("x", "out", "unknown-reference", "value"),
    ]


@pytest.mark.parametrize(("tags", "kept"), [("k;new", ["k", "old"]), ("new;k;newer;x;old", ["old", "k"]), (None, None)])
def test_references_of_a_list_lead_to_stable_keys_each_once(tags: str | None, kept: list[str] | None) -> None:
    target = "out: {type: list, of: {ref: other}}"
    trial = Trial({"things": THINGS}, target, "fields: {id: Id, out: tags}\n", keys=lambda _: KEYS)
    assert trial.run({"things": [{"Id": "1", "tags": tags}]}).column("out") == {"1": kept}


@pytest.mark.parametrize(
    ("item", "of", "expected"),
    [
        ("item: to", "{ref: other}", ["old", "k"]),
        (
            "fields: {who: to, link: Id}",
            "{type: record, fields: {who: {ref: other, required: true}, link: {}}}",
            [{"who": "old", "link": "a"}, {"who": "k", "link": "b"}, {"who": "old", "link": "c"}],
        ),
    ],
)
def test_references_that_are_collected_lead_to_stable_keys(item: str, of: str, expected: list[Any]) -> None:
    mapping = f"fields: {{id: Id, out: {{collect: links, by: {{of: Id}}, order: [Id], {item}}}}}\n"
    trial = Trial({"things": THINGS, "links": LINKS}, f"out: {{type: list, of: {of}}}", mapping, keys=lambda _: KEYS)
    assert trial.findings() == []
    links = [{"Id": f"{n}", "of": "1", "to": to} for n, to in zip("abcd", ["new", "k", "newer", "other"], strict=True)]
    outcome = trial.run({"things": [{"Id": "1"}], "links": links})
    assert outcome.column("out") == {"1": expected}
    assert outcome.held() == [("1", "out", "reference-gone", "item")]
