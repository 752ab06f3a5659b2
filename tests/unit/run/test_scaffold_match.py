"""Which field of a record is proposed for which field of an entity, and how sure that is."""

from __future__ import annotations

from typing import Any

import pytest

from engine.kinds.types import SourceField, TargetField
from engine.run.scaffold_match import Entity, Match, best, match, passed_over
from engine.spec.lookup import Lookup

GENDER = Lookup(lookup="gender", fold_case=True, values={"F": "female", "M": "male"})
ENTITY = Entity(passed_over("student", "students"), {"gender": GENDER})
SEXES = ["female", "male", "other"]


def proposed(target: str, wanted: Any, name: str, given: Any, samples: list[str] | None = None) -> Match | None:
    wanted_field, given_field = TargetField.model_validate(wanted), SourceField.model_validate(given)
    return match(target, wanted_field, name, given_field, samples or [], ENTITY)


@pytest.mark.parametrize(
    ("target", "name", "sure", "why"),
    [
        ("house", "House", 1.0, "same name"),
        ("date_of_birth", "dateOfBirth", 0.9, "same words"),
        ("house", "studentHouse", 0.9, "same words"),
        ("given_name", "forename", 0.8, "words that mean the same"),
        ("family_name", "last_name", 0.8, "words that mean the same"),
        ("date_of_birth", "DOB", 0.8, "words that mean the same"),
        ("upn", "uniquePersonNumber", 0.8, "its initials"),
        ("town", "homeTown", 0.6, "shares town"),
        ("legal_name", "name", None, ""),
        ("house", "form", None, ""),
        ("family_name", "given_name", None, ""),
    ],
)
def test_names_are_alike_by_letters_by_words_and_by_meaning(
    target: str, name: str, sure: float | None, why: str
) -> None:
    found = proposed(target, {}, name, {})
    assert (found.sure, found.why, found.value) == (sure, why, name) if sure and found else found is None


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ({"type": "date"}, {"type": "text"}),
        ({"type": "boolean"}, {"type": "integer"}),
        ({"type": "integer"}, {"type": "number"}),
        ({"ref": "group"}, {}),
        ({"type": "list", "of": {"ref": "group"}}, {"type": "list"}),
    ],
)
def test_what_cannot_become_it_as_it_is_is_not_proposed(wanted: Any, given: Any) -> None:
    assert proposed("seen", wanted, "seen", given) is None


@pytest.mark.parametrize(
    ("codes", "value"),
    [
        (["female", "other"], "sex"),
        (["Female", "MALE"], {"from": "sex", "clean": "lower"}),
        (["F", "m"], {"from": "sex", "lookup": "gender"}),
    ],
)
def test_an_enum_is_proposed_with_what_makes_its_values(codes: list[str], value: Any) -> None:
    by_values = proposed("gender", {"type": "enum", "values": SEXES}, "sex", {"type": "enum", "values": codes})
    by_samples = proposed("gender", {"type": "enum", "values": SEXES}, "sex", {}, codes)
    assert by_values is not None
    assert by_samples is not None
    assert by_values.value == by_samples.value == value


def test_an_enum_is_not_proposed_where_a_code_means_nothing() -> None:
    wanted = {"type": "enum", "values": SEXES}
    assert proposed("gender", wanted, "gender", {"type": "enum", "values": ["F", "Z"]}) is None
    assert proposed("gender", wanted, "gender", {}) is None


def test_values_that_fit_make_it_surer_and_others_less_sure() -> None:
    wanted = {"pattern": r"\d{10}"}
    sure = [proposed("uln", wanted, "uniqueLearnerNumber", {}, values) for values in ([], ["1234567890"], ["12"])]
    assert [each and each.sure for each in sure] == [0.8, 0.9, 0.5]
    assert proposed("town", {"max": 3}, "homeTown", {}, ["Lincoln"]) is None


def test_a_text_becomes_a_list_by_what_parts_its_items() -> None:
    wanted = {"type": "list", "of": {}}
    emails, phones = proposed("emails", wanted, "eMail", {}), proposed("phones", wanted, "mobile", {"split": ";"})
    assert emails is not None
    assert emails.value == {"from": "eMail", "split": r"[;,\s]+"}
    assert phones is not None
    assert phones.value == "mobile"


def test_a_field_is_proposed_once_where_it_is_surest() -> None:
    first = Match("legal_given_name", "first", 0.6, "", "first")
    better = Match("given_name", "first", 0.8, "", "first")
    other = Match("legal_given_name", "second", 0.5, "", "second")
    assert best([first, other, better]) == {"given_name": better, "legal_given_name": other}
