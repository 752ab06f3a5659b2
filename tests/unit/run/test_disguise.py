"""Stand-ins: of the same form, the same for the same word, never a word that is replaced, and no two alike."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import pytest

from engine.run.disguise import Disguise, words_of

ORIGINALS = ["Ada Lovelace", "ada.lovelace@example.org", "07700 900451", "12", "A123456789012", "Núñez", "OX1 2AB"]


@pytest.fixture
def disguise() -> Disguise:
    return Disguise(b"a secret", ORIGINALS)


def test_a_word_has_one_stand_in_wherever_it_stands(disguise: Disguise) -> None:
    given, family = disguise.text("Ada Lovelace").split()
    assert disguise.text("  LOVELACE,\tAda ") == f"  {family.upper()},\t{given} "
    local, _, domain = disguise.text("ada.lovelace@example.org").partition("@")
    assert local == f"{given}.{family}".lower()
    assert disguise.text("other@EXAMPLE.org").endswith(f"@{domain}")
    assert domain.endswith(".example")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Ada Lovelace", "Xxx Xxxxxxxx"),
        ("O'Neil-SMITH", "X'Xxxx-XXXXX"),
        ("A123456789012", "X999999999999"),
        ("ox1 2ab\n", "xx9 9xx\n"),
        ("C3B1A0D2-11aa", "X9X9X9X9-99xx"),
        ("4222", "9999"),
        ("0004222", "9999999"),
        ("", ""),
    ],
)
def test_a_stand_in_has_the_form_of_what_it_stands_for(disguise: Disguise, text: str, form: str) -> None:
    made = disguise.text(text)
    kinds = ("9" if c.isdecimal() else "X" if c.isupper() else "x" if c.islower() else c for c in made)
    assert "".join(kinds) == form
    assert not text or made != text


def test_leading_noughts_stay(disguise: Disguise) -> None:
    assert disguise.text("000") == "000"
    assert disguise.text("0004222").startswith("000")


def test_accents_stay_accents_composed_or_not(disguise: Disguise) -> None:
    made, apart = disguise.text("Núñez"), disguise.text(unicodedata.normalize("NFD", "Núñez"))
    assert not made.isascii()
    assert unicodedata.normalize("NFC", apart) == made != apart
    assert disguise.text("王小明") != "王小明"
    assert len(disguise.text("王小明")) == 3


def test_a_telephone_number_keeps_its_layout_and_where_it_begins(disguise: Disguise) -> None:
    made = disguise.text("home: 07700 900451 (mornings)", phones=True)
    number = made.partition(": ")[2].partition(" (")[0]
    assert number.startswith("07")
    assert [len(part) for part in number.split()] == [5, 6]
    assert "900451" not in made
    assert disguise.text("07700-900451", phones=True) == number.replace(" ", "-")


def test_an_address_of_the_web_keeps_its_scheme_and_loses_its_host(disguise: Disguise) -> None:
    made = disguise.text("https://www.st-marys.sch.uk/x")
    assert made.startswith("https://www.")
    assert "marys" not in made


def test_no_two_words_become_one_and_none_becomes_a_word_that_is_replaced() -> None:
    numbers = [str(number) for number in range(1, 400)]
    names = [f"{a}{b}{c}" for a in "bcdf" for b in "aeiou" for c in "lmnrst"]
    disguise = Disguise(b"x", [*numbers, *names])
    made = [disguise.text(text) for text in [*numbers, *names]]
    assert len(set(made)) == len(made)
    assert set(made) & {*numbers, *names} == set()


def test_a_date_of_birth_moves_by_less_than_six_weeks_to_a_day_that_nobody_was_born_on() -> None:
    disguise = Disguise(b"x", [])
    days = [date(2012, 9, 1) + timedelta(days=3 * number) for number in range(60)]
    for day in days:
        disguise.know_birth(day)
    moved = [disguise.birth(day) for day in days]
    assert moved == [disguise.birth(day) for day in days]
    assert len(set(moved)) == len(days)
    assert set(moved) & set(days) == set()
    assert all(0 < abs((there - day).days) <= 40 for there, day in zip(moved, days, strict=True))


def test_another_secret_gives_other_stand_ins() -> None:
    one, two = (Disguise(secret, ORIGINALS).text("Ada Lovelace 4222") for secret in (b"1", b"2"))
    assert one != two


def test_words_are_compared_in_any_case_and_normal_form() -> None:
    assert words_of("Zoë O'NEIL_2") == words_of("Zoe\u0308 o'neil 2") == ["zoë", "o", "neil", "2"]
