"""Values that may lack what we may not read any more: rows go without them, so that Haplo keeps what it has."""

from __future__ import annotations

import pytest

from tests.unit.spec.trial import Trial

SETS = {
    "things": {"Id": "text", "work": "text", "home": "text", "kind": "text"},
    "others": {"Id": "text", "of": "text", "kind": "text", "value": "text"},
}
TABLES = """tables:
  at_work: {from: things, fields: {who: Id, value: work}}
  at_home: {from: things, fields: {who: Id, value: home}}
  more:
    from: others
    where: [{rule: right-kind, field: kind, equals: m}]
    fields: {who: of, value: value}
  all: {from: {union: [at_work, at_home, more]}}
"""
RECORDS = {
    "things": [{"Id": "1", "work": "w1"}, {"Id": "2"}],
    "others": [{"Id": "7", "of": "1", "kind": "m", "value": "o1"}],
}
HOME = frozenset({("things", "home")})


def left(value: str, lost: frozenset[tuple[str, str]], target: str = "{type: text}") -> dict[str, list[str]]:
    """Return, by key, the fields that rows go without when `home` is in no answer."""
    trial = Trial(SETS, target=f"out: {target}", mapping=f"{TABLES}fields: {{id: Id, out: {value}}}\n")
    assert trial.findings() == []
    outcome = trial.run(RECORDS, absent={"things": {"home"}}, lost=lost)
    assert outcome.held() == []  # nothing is wrong with the rows
    return {row["id"]: row["_withheld"] for row in outcome.rows}


@pytest.mark.parametrize(
    ("value", "target", "without"),
    [
        ("home", "{type: text}", {"1": ["out"], "2": ["out"]}),
        ("{first_of: [work, home]}", "{type: text}", {"1": [], "2": ["out"]}),  # the second had no other value
        ("{from: home, default: none}", "{type: text}", {"1": ["out"], "2": ["out"]}),
        ('{sql: "coalesce(work, home)"}', "{type: text}", {"1": ["out"], "2": ["out"]}),
        ("{collect: all, by: {who: Id}, item: value}", "{type: list, of: {type: text}}", {"1": ["out"], "2": ["out"]}),
        ("work", "{type: text}", {"1": [], "2": []}),
    ],
)
def test_a_row_goes_without_what_may_lack_something_that_was_lost(
    value: str, target: str, without: dict[str, list[str]]
) -> None:
    assert left(value, HOME, target) == without


def test_what_never_came_is_not_waited_for() -> None:
    assert left("{first_of: [work, home]}", frozenset()) == {"1": [], "2": []}
    lists = left("{collect: all, by: {who: Id}, item: value}", frozenset(), "{type: list, of: {type: text}}")
    assert lists == {"1": [], "2": []}


def test_a_rule_that_cannot_be_decided_in_a_table_leaves_what_is_made_of_it_alone() -> None:
    mapping = f"{TABLES}fields: {{id: Id, out: {{collect: more, by: {{who: Id}}, item: value}}}}\n"
    trial = Trial(SETS, target="out: {type: list, of: {type: text}}", mapping=mapping)
    assert trial.run(RECORDS, absent={"others": set(SETS["others"])}).books.absent == ["out"]
    assert trial.run(RECORDS).rows[0]["out"] == ["o1"]
    whole = f"{TABLES}fields: {{id: Id, out: {{collect: all, by: {{who: Id}}, item: value}}}}\n"
    trial = Trial(SETS, target="out: {type: list, of: {type: text}}", mapping=whole)
    outcome = trial.run(RECORDS, absent={"others": set(SETS["others"])})
    assert (outcome.books.absent, outcome.rows[0]["out"]) == ([], ["w1"])


@pytest.mark.parametrize(
    ("value", "target", "without"),
    [
        ("other.value", "{type: text}", {"1": [], "2": ["out"]}),
        ("{first_of: [other.value, home]}", "{type: text}", {"1": [], "2": ["out"]}),
        ("{collect: more, by: {who: Id}, item: value}", "{type: list, of: {type: text}}", {"1": ["out"], "2": ["out"]}),
        ("home", "{type: text}", {"1": [], "2": []}),
    ],
)
def test_a_row_goes_without_what_nobody_has_asked_for_yet(
    value: str, target: str, without: dict[str, list[str]]
) -> None:
    join = "join: {other: {set: others, by: {of: Id}, keep: first, order: [Id]}}\n"
    trial = Trial(SETS, target=f"out: {target}", mapping=f"{TABLES}{join}fields: {{id: Id, out: {value}}}\n")
    assert trial.findings() == []
    outcome = trial.run(RECORDS, partly=frozenset({"others"}))
    assert {row["id"]: row["_withheld"] for row in outcome.rows} == without
    assert {row["id"]: row["_withheld"] for row in trial.run(RECORDS).rows} == {"1": [], "2": []}
