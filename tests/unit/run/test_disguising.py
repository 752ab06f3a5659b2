"""What is done to values: by tags, keys, known codes, and by what they look like. Values and answers by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.kinds.types import Formats, SourceField
from engine.run.disguising import Disguising, Held, inner_values
from engine.run.inherited_tags import Inherited
from engine.run.known_codes import KnownCodes
from engine.run.recording_folder import as_recorded
from engine.spec.school import School

FIELDS = {
    ("people", "id"): SourceField(pii="identifier"),
    ("people", "name"): SourceField(pii="name"),
    ("people", "title"): SourceField(pii="name"),
    ("people", "born"): SourceField(type="date", pii="birth"),
    ("people", "birth"): SourceField(type="datetime", pii="birth"),
    ("people", "tutor"): SourceField(pii="name"),
    ("people", "sex"): SourceField(pii="status"),
    ("people", "country"): SourceField(pii="address"),
    ("people", "faith"): SourceField(pii="sensitive"),
    ("people", "group"): SourceField(pii="status"),
    ("people", "head"): SourceField(pii="status"),
    ("people", "seen"): SourceField(type="boolean", pii="sensitive"),
    ("groups", "id"): SourceField(),
    ("groups", "name"): SourceField(),
    ("school", "name"): SourceField(),
}
VALUES = {
    Held("people", "id"): Counter({"4001": 1, "4002": 1}),
    Held("people", "name"): Counter({"Ada Lovelace": 1, "Alan Turing": 1}),
    Held("people", "title"): Counter({"Mrs": 20, "Mr": 20}),
    Held("people", "born"): Counter({"2012-02-29": 1, "0001-01-01": 9}),
    Held("people", "tutor"): Counter({"Grace Hopper": 20, "Hedy Lamarr": 20}),
    Held("people", "faith"): Counter({"Quaker": 5, "says that she may tell nobody": 1}),
    Held("people", "group"): Counter({"7": 2}),
    Held("groups", "id"): Counter({"7": 1, "8": 1}),
}


@pytest.fixture
def disguising() -> Disguising:
    codes = KnownCodes(frozenset({"c", "year 7"}), {("people", "country"): frozenset({"united kingdom"})})
    alike = [{("people", "id"), ("people", "head")}, {("groups", "id"), ("people", "group")}]
    made = Disguising(FIELDS, Formats(), codes, alike, frozenset({"school"}), dict(VALUES))
    made.learn(b"secret", {"Waters": "name", "9991234": "identifier"})
    return made


@pytest.mark.parametrize(
    ("held", "text", "action", "why"),
    [
        (Held("people", "id"), "4001", "replaced", "a key of people"),
        (Held("people", "head"), "4001", "replaced", "a key of people"),
        (Held("people", "name"), "Ada Lovelace", "replaced", "pii: name"),
        (Held("people", "name"), "Mrs", "left", "one of few values of many records, pii: name"),
        (Held("people", "title"), "Mr", "left", "one of few values of many records, pii: name"),
        (Held("people", "born"), "2012-02-29", "moved", "pii: birth"),
        (Held("people", "born"), "31/13/2012", "replaced", "pii: birth, and no date"),
        (Held("people", "birth"), "2012-03-01T00:00:00.0000000+01:00", "moved", "pii: birth"),
        (Held("people", "birth"), "2012-13-01T00:00:00", "replaced", "pii: birth, and no date"),
        (Held("people", "tutor"), "Grace Hopper", "replaced", "pii: name"),
        (Held("people", "sex"), "C", "left", "a code that mappings know"),
        (Held("people", "country"), "united  Kingdom", "left", "a code that a lookup knows"),
        (Held("people", "country"), "Nowhere Lane", "replaced", "pii: address"),
        (Held("people", "faith"), "Quaker", "left", "nothing personal found in it, pii: sensitive"),
        (Held("people", "faith"), "says that she may tell nobody", "replaced", "pii: sensitive"),
        (Held("people", "seen"), "TRUE", "left", "true or false"),
        (Held("people", "group"), "7", "left", "a code, and in another set too"),
        (Held("groups", "name"), "Year  7", "left", "a code that mappings know"),
        (Held("groups", "name"), "7A", "left", "nothing personal found in it"),
        (Held("groups", "name"), "Turing's set", "names replaced", "has words that are names elsewhere"),
        (Held("groups", "name"), "Waters reading", "names replaced", "has words that are names elsewhere"),
        (Held("groups", "name"), "9991234", "replaced", "stands in a field that is replaced"),
        (Held("groups", "name"), "write to a@b.org", "replaced", "looks like an address, or a way to reach somebody"),
        (Held("groups", "name"), "01865 123456", "replaced", "looks like an address, or a way to reach somebody"),
        (Held("groups", "name"), "Hut, OX1 2AB", "replaced", "looks like an address, or a way to reach somebody"),
        (Held("groups", "name"), "Z99K123X4567", "replaced", "looks like a number of a person or a record"),
        (Held("groups", "name"), "word " * 9, "replaced", "a long text"),
        (Held("groups", "name"), "2024-09-01T10:00:00", "left", "a date or a time"),
        (Held("groups", "name"), "29/02/2012", "moved", "a date of birth elsewhere"),
        (Held("groups", "name"), "20120229", "moved", "a date of birth elsewhere"),
        (Held("groups", "name"), "2012-02-29T00:00:00.0000000Z", "moved", "a date of birth elsewhere"),
        (Held("groups", "name"), "20125678", "replaced", "looks like a number of a person or a record"),
        (Held("people", "faith"), "2012-02-29", "moved", "a date of birth elsewhere"),
        (Held("groups", "name"), "  ", "left", "blank"),
        (Held("groups", "name", "first"), "Alan Turing", "replaced", "stands in a field that is replaced"),
        (Held("school", "name"), "Riverside", "replaced", "tells of the school itself"),
    ],
)
def test_what_is_done_and_why(disguising: Disguising, held: Held, text: str, action: str, why: str) -> None:
    assert disguising.choose(held, text) == (action, why)


def test_what_was_done_is_counted(disguising: Disguising) -> None:
    disguise = disguising.learn(b"secret", {})
    name = Held("groups", "name")
    made = disguising.disguised(name, "Turing's set", disguise)
    assert made.endswith("'s set")
    assert "Turing" not in made
    assert disguising.disguised(name, "7A", disguise) == "7A"
    assert disguising.told[name].total() == 2


def test_a_date_of_birth_moves_within_what_stands_around_it(disguising: Disguising) -> None:
    disguise = disguising.learn(b"secret", {})
    plain = disguising.disguised(Held("people", "born"), "2012-02-29", disguise)
    whole = disguising.disguised(Held("people", "birth"), " 2012-02-29T00:00:00.0000000+01:00", disguise)
    assert whole == f" {plain}T00:00:00.0000000+01:00"
    assert plain != "2012-02-29"


def test_a_day_that_stands_for_none_stays(disguising: Disguising) -> None:
    disguise = disguising.learn(b"secret", {})
    for text in ("0001-01-01", "9999-12-31"):
        assert disguising.disguised(Held("people", "born"), text, disguise) == text


def test_keys_of_records_are_replaced_where_they_are_numbers_and_not_codes(disguising: Disguising) -> None:
    values = {**VALUES, Held("groups", "id"): Counter({"18000": 1}), Held("people", "group"): Counter({"18000": 1})}
    other = Disguising(FIELDS, Formats(), disguising.codes, disguising.alike, frozenset(), values)
    assert other.choose(Held("people", "group"), "18000") == ("replaced", "a key of records")


def test_texts_in_lists_are_found_with_the_names_that_lead_to_them() -> None:
    found = list(inner_values('[{"id": 4.50, "of": {"name": "Ada"}, "no": null}, "plain"]'))
    assert found == [("id", "4.50"), ("of.name", "Ada"), ("", "plain")]
    assert list(inner_values("no json")) == [("", "no json")]


def test_constants_of_a_school_have_the_stand_ins_of_answers(disguising: Disguising) -> None:
    disguise = disguising.learn(b"secret", {})
    fields = {"head": {"value": "Turing of Waters"}, "form": {"sql": "CASE WHEN head = 'Turing' THEN 'Year 7' END"}}
    fields |= {"house": {"case": "Waters", "map": {"W": "Waters"}, "default": "Year 7"}, "name": "Waters"}
    school = {
        "school": "s",
        "source": "a",
        "config": {},
        "entities": ["person"],
        "override": {"person": {"fields": fields}},
    }
    made = as_recorded(School.model_validate(school), (), disguising, disguise)["override"]
    turing, waters = disguise.text("Turing"), disguise.text("Waters")
    assert made == {
        "person": {
            "fields": {
                "head": {"value": f"{turing} of {waters}"},
                "form": {"sql": f"CASE WHEN head = '{turing}' THEN 'Year 7' END"},
                "house": {"case": "Waters", "map": {"W": waters}, "default": "Year 7"},
                "name": {"from": "Waters"},
            }
        }
    }


@pytest.mark.parametrize(("plain", "action"), [(True, "replaced"), (False, "left")])
def test_where_sql_hands_on_a_tag_what_it_compares_with_stays(plain: bool, action: str) -> None:
    use = ("lines", "sort")
    inherited = {use: Inherited("contact", "person.phones", plain, joined=False, alone=False)}
    codes = KnownCodes(frozenset({"tel"}), {})
    made = Disguising({use: SourceField(pii="contact")}, Formats(), codes, [], inherited=inherited)
    assert made.choose(Held(*use), "Tel")[0] == action
    assert made.choose(Held(*use), "07700 900123")[0] == "replaced"
