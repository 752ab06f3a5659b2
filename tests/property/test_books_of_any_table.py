"""The books balance for any records and rules, no record is in two states, and a copy changes no text."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.spec.trial import Outcome, Trial

SETS = {"things": {"Id": "text", "name": "text", "num": "integer", "tags": "{type: list, split: ';'}"}}
RULES = [
    "{rule: small, field: num, at_most: 5}",
    "{rule: named, field: name, present: true}",
    "{rule: tagged, field: tags, at_least: 1}",
    "{rule: not-a, field: name, not_in: [a]}",
    "{rule: odd, sql: num % 2 = 1}",
]
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "Id": st.sampled_from(["1", "2", "3", "", None]),
            "name": st.sampled_from(["a", "b", "", None]),
            "num": st.sampled_from(["1", "4", "6", "7", "x", "", None]),
            "tags": st.sampled_from(["p;q;r", "p", ";", None]),
        }
    ),
    max_size=8,
)
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def mapping(rules: list[str], one_per: bool, each: bool, union: bool) -> str:
    """Return a mapping with these parts."""
    lines = ["mapping: thing", "source: acme"]
    if union:
        lines += ["tables:", "  first: {from: things}", f"  second: {{from: things, where: [{RULES[1]}]}}"]
        lines += ["from: {union: [first, second]}"]
    elif each:
        lines += ["from: {set: things, each: tags, name: tag}"]
    else:
        lines += ["from: things"]
    lines += [f"where: [{', '.join(rules)}]"] if rules else []
    lines += ["one_per: {order: [num]}"] if one_per else []
    return "\n".join([*lines, "fields: {id: Id, num: num, name: name}", ""])


def tried(records: list[dict[str, Any]], text: str) -> Outcome:
    target = "num: {type: integer, required: true}\nname: {type: text, pattern: '[a]'}"
    trial = Trial(SETS, target, text)
    assert trial.findings() == []
    return trial.run({"things": records})


@settings(max_examples=20, **SLOW)
@given(
    RECORDS,
    st.lists(st.sampled_from(RULES), unique=True, max_size=3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_the_books_balance_and_no_record_is_in_two_states(
    records: list[dict[str, Any]], rules: list[str], one_per: bool, each: bool, union: bool
) -> None:
    outcome = tried(records, mapping(rules, one_per, each, union))
    books = outcome.books
    filtered, quarantined = sum(books.filtered.values()), sum(books.quarantined.values())
    split = sum(max(len(items(r)) - 1, 0) for r in records) if each and not union else len(records) if union else 0
    assert (books.read, books.split) == (len(records), split)
    assert books.read + books.split == books.emitted + books.merged + filtered + quarantined
    assert books.emitted == len(outcome.rows) == len({row["id"] for row in outcome.rows})
    assert one_per or books.merged == 0
    told = Counter(row["rule"] for row in outcome.quarantine if row["level"] == "row")
    assert set(books.quarantined) <= set(told)  # the reason of each is told, beside others it may have


def items(record: dict[str, Any]) -> list[str]:
    return [item for item in (record["tags"] or "").split(";") if item]


@settings(max_examples=20, **SLOW)
@given(RECORDS)
def test_the_states_are_those_that_a_plain_reading_of_the_rules_gives(records: list[dict[str, Any]]) -> None:
    rules = [RULES[0], RULES[1]]
    outcome = tried(records, mapping(rules, False, False, False))
    good = [r for r in records if r["num"] in ("1", "4") and r["name"]]
    small = sum(r["num"] not in ("1", "4") for r in records)
    repeated = {key for key, count in Counter(r["Id"] for r in good if r["Id"]).items() if count > 1}
    expected = {
        r["Id"]: (int(r["num"]), r["name"] if r["name"] == "a" else None)
        for r in good
        if r["Id"] and r["Id"] not in repeated
    }
    assert {row["id"]: (row["num"], row["name"]) for row in outcome.rows} == expected
    assert outcome.books.filtered.get("small", 0) == small
    assert outcome.books.filtered.get("named", 0) == len(records) - small - len(good)


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)


@settings(max_examples=15, **SLOW)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_hostile_text_passes_unchanged_through_a_copy(texts: list[str]) -> None:
    trial = Trial(SETS, "name: {type: text}", "fields: {id: Id, name: name}\n", formats="{blank: keep}")
    outcome = trial.run({"things": [{"Id": str(index), "name": text} for index, text in enumerate(texts)]})
    assert outcome.column("name") == {str(index): text for index, text in enumerate(texts)}


@settings(max_examples=10, **SLOW)
@given(TEXTS)
def test_hostile_text_in_a_document_is_a_value_and_never_sql(text: str) -> None:
    trial = Trial(SETS, "name: {type: text}", "fields: {id: Id, name: {value: x}}\n")
    document = trial.document()
    value = document.fields["name"].model_copy(update={"value": text})
    hostile = document.model_copy(update={"fields": {**document.fields, "name": value}})
    trial.document = lambda: hostile  # type: ignore[method-assign]
    assert trial.run({"things": [{"Id": "1"}]}).column("name") == {"1": text}
