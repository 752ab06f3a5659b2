"""What each setting of a school does to a small iSAMS school: whose rows go and stay, by name.

Leavers, and guardians whose last student has left, are about nights: `tests/e2e/test_isams_leavers.py`.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from isams_mapped import Made, Settings, mapped

from engine.errors import TransformError
from tests.isams_school import CONTACTS, TYPES, WHOLE, YEARS, Given, contact, contact_type, year

WREN, IVO, JUNO, TAM = "4733683710", "4733683711", "4733683712", "4733683713"
ADA, BRAN, CORA, DELL, EWAN, FAYE = "9021", "9031", "9032", "9041", "9051", "9061"
EVERYBODY = {ADA: [WREN, IVO], BRAN: [JUNO], CORA: [JUNO], DELL: [TAM], EWAN: [WREN], FAYE: [TAM]}
"""The guardians, and whose they are where no setting leaves anybody out."""


class School:
    """The school of a test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count()

    def map(self, entity: str, settings: Settings, given: Given = WHOLE) -> Made:
        return mapped(self._folder / str(next(self._numbers)), entity, settings, given)

    def guardians(self, given: Given = WHOLE, students: dict[str, Any] | None = None, **settings: Any) -> Made:
        return self.map("guardian", {"guardians": settings, "students": students or {}}, given)


@pytest.fixture
def school(tmp_path: Path) -> School:
    return School(tmp_path)


def children(made: Made) -> dict[str, list[str]]:
    """The students of each guardian."""
    return {key: [each["student"] for each in row["relationships"]] for key, row in made.rows.items()}


def test_with_no_setting_everybody_is_a_guardian(school: School) -> None:
    assert children(school.guardians()) == EVERYBODY


# Contact types


@pytest.mark.parametrize(
    ("types", "kept"),
    [
        (["mother"], {ADA: [WREN]}),
        (["Guardian"], {ADA: [IVO]}),
        (["Father", "Step-Mother"], {BRAN: [JUNO], DELL: [TAM]}),
    ],
)
def test_only_contacts_of_these_types_are_guardians(
    types: list[str], kept: dict[str, list[str]], school: School
) -> None:
    made = school.guardians(types=types)
    assert children(made) == kept
    assert made.left == dict.fromkeys(set(EVERYBODY) - set(kept), "relationship-type")


# Mailings


@pytest.mark.parametrize(
    ("mailings", "kept"),
    [
        (["all", "billing"], {ADA: [WREN], BRAN: [JUNO], DELL: [TAM]}),
        (["all", "correspondence"], {ADA: [WREN, IVO], BRAN: [JUNO], EWAN: [WREN]}),
        (["correspondence"], {ADA: [IVO], EWAN: [WREN]}),
    ],
)
def test_only_contacts_that_get_one_of_these_mailings_are_guardians(
    mailings: list[str], kept: dict[str, list[str]], school: School
) -> None:
    made = school.guardians(mailings=mailings)
    assert children(made) == kept
    assert made.left == dict.fromkeys(set(EVERYBODY) - set(kept), "mailing")


# Parental responsibility


def test_only_contacts_with_parental_responsibility_are_guardians(school: School) -> None:
    made = school.guardians(parental_responsibility_only=True)
    assert children(made) == {ADA: [WREN, IVO], BRAN: [JUNO], CORA: [JUNO]}
    assert made.left == dict.fromkeys((DELL, EWAN, FAYE), "parental-responsibility")


def test_responsibility_is_as_given_or_that_of_the_type(school: School) -> None:
    """Yes and No count whatever the type says; all else is what the type says, and nothing where it is not listed."""
    said = {1: "Yes", 2: "No", 3: "Default", 4: " default ", 5: "", 6: None}
    kinds = {10: " MOTHER ", 20: "Aunt", 30: "Nanny"}  # Yes, No, and not in the list
    cases = [(tens + ones, kinds[tens], said[ones]) for tens in kinds for ones in said]
    rows = [contact(key, key, "Ada Oakapple", kind, 710, ParentalResponsibility=word) for key, kind, word in cases]
    given = {**WHOLE, CONTACTS: rows, TYPES: [contact_type(1, "Mother", "Yes"), contact_type(2, "aunt", "No")]}
    yes = {"11", "21", "31", "13", "14", "15", "16"}
    no = {"12", "22", "32", "23", "24", "25", "26"}
    made = school.guardians(given)
    found = {key: row["relationships"][0]["parental_responsibility"] for key, row in made.rows.items()}
    assert found == {**dict.fromkeys(yes, True), **dict.fromkeys(no, False), **dict.fromkeys(("33", "34", "35", "36"))}
    assert {key for key, row in made.rows.items() if row["responsible_for"] == [WREN]} == yes
    only = school.guardians(given, parental_responsibility_only=True)
    assert set(only.rows) == yes
    assert set(only.left.values()) == {"parental-responsibility"}


def test_without_a_list_of_types_nobody_can_say_who_is_responsible(school: School) -> None:
    given = {**WHOLE, TYPES: []}
    with pytest.raises(TransformError) as caught:
        school.guardians(given, parental_responsibility_only=True)
    assert caught.value.code == "field-not-sent"


def test_one_link_must_meet_all_that_is_chosen(school: School) -> None:
    """Ada is a mother who gets mail for Wren, and is responsible for Ivo as a guardian: neither lends to the other."""
    made = school.guardians(types=["Guardian"], mailings=["all", "billing"])
    assert made.rows == {}
    assert (made.left[ADA], made.left[BRAN]) == ("mailing", "relationship-type")
    made = school.guardians(types=["mother", "Father"], mailings=["all", "billing"], parental_responsibility_only=True)
    assert children(made) == {ADA: [WREN], BRAN: [JUNO]}


# Years


def test_only_students_of_these_years_are_sent_with_their_guardians(school: School) -> None:
    settings = {"students": {"year_groups": ["Year 8"]}}
    made = school.map("student", settings)
    assert (set(made.rows), made.left) == ({IVO, TAM}, {WREN: "year-group", JUNO: "year-group"})
    made = school.guardians(students=settings["students"])
    assert children(made) == {ADA: [IVO], DELL: [TAM], FAYE: [TAM]}
    assert made.left == dict.fromkeys((BRAN, CORA, EWAN), "has-student")
    made = school.map("group_membership", settings)
    assert set(made.rows) == {"student-502-711", "staff-501-380", "staff-501-381"}
    assert made.left == dict.fromkeys(("student-501-710", "student-501-799"), "member-known")
    made = school.map("medical_condition", {**settings, "medical": {"send": True}})
    assert set(made.rows) == {f"{IVO}-7112"}


def test_years_of_two_campuses_that_bear_one_name_are_told(school: School) -> None:
    made = school.map("group", {})
    assert made.books.told == {"name: not-unique (warning)": 2}
    assert set(school.map("student", {"students": {"year_groups": ["Year 7"]}}).rows) == {WREN, JUNO}


def test_a_prefix_parts_the_years_of_two_campuses(school: School) -> None:
    settings: Settings = {"groups": {"year_prefixes": {"27": "North"}}}
    made = school.map("group", settings)
    assert made.books.told == {}
    names = {key: name for key, name in made.column("name").items() if key.startswith("year-")}
    assert names == {"year-7": "Year 7", "year-8": "Year 8", "year-27": "North Year 7"}
    plain = school.map("group", {}).column("name")
    assert {key for key, name in made.column("name").items() if plain[key] != name} == {"year-27"}
    assert school.map("student", settings).column("year_group") == {
        WREN: "Year 7",
        IVO: "Year 8",
        JUNO: "North Year 7",
        TAM: "Year 8",
    }
    chosen: Settings = {**settings, "students": {"year_groups": ["North Year 7"]}}
    assert set(school.map("student", chosen).rows) == {JUNO}
    assert set(school.map("guardian", chosen).rows) == {BRAN, CORA}


def test_years_of_other_names_are_not_told(school: School) -> None:
    given = {**WHOLE, YEARS: [year(7, "Year 7"), year(8, "Year 8"), year(27, "Year 7 North")]}
    assert school.map("group", {}, given).books.told == {}


# Classes and houses

SET_501 = {"student-501-710", "staff-501-380", "staff-501-381"}


@pytest.mark.parametrize(
    ("kinds", "groups", "memberships"),
    [
        (["teaching"], {"set-501", "set-502"}, {*SET_501, "student-502-711"}),
        (
            ["teaching", "registration"],
            {"set-501", "set-502", "form-7/A", "form-8/B", "form-27/C"},
            {*SET_501, "student-502-711"},
        ),
        (["year", "house"], {"year-7", "year-8", "year-27", "house-101", "house-102", "house-12"}, set()),
    ],
)
def test_classes_are_sets_only_or_forms_too(
    kinds: list[str], groups: set[str], memberships: set[str], school: School
) -> None:
    settings = {"groups": {"kinds": kinds}}
    made = school.map("group", settings)
    assert set(made.rows) == groups
    assert set(made.left.values()) == {"group-kind"}
    assert set(school.map("group_membership", settings).rows) == memberships
    places = {each for row in school.map("student", settings).column("groups").values() for each in row}
    assert places == {key for key in groups if not key.startswith("set-")}, "a student points at what is sent only"


@pytest.mark.parametrize(
    ("houses", "groups", "wren"),
    [
        (["academic"], {"house-101", "house-102"}, ("Grenville", None, ["year-7", "form-7/A", "house-101"])),
        (["boarding"], {"house-12"}, (None, "Sheriff", ["year-7", "form-7/A", "house-12"])),
        (
            ["academic", "boarding"],
            {"house-101", "house-102", "house-12"},
            ("Grenville", "Sheriff", ["year-7", "form-7/A", "house-101", "house-12"]),
        ),
        (
            None,
            {"house-101", "house-102", "house-12"},
            ("Grenville", "Sheriff", ["year-7", "form-7/A", "house-101", "house-12"]),
        ),
    ],
)
def test_houses_are_academic_or_boarding_or_both(
    houses: list[str] | None, groups: set[str], wren: tuple[str | None, str | None, list[str]], school: School
) -> None:
    settings = {"groups": {"houses": houses}}
    made = school.map("group", settings)
    assert {key for key, kind in made.column("kind").items() if kind == "house"} == groups
    assert set(made.left.values()) <= {"house-kind"}
    row = school.map("student", settings).rows[WREN]
    assert (row["house"], row["boarding_house"], row["groups"]) == wren
    assert {key for key, kind in made.column("kind").items() if kind != "house"} == {
        key for key, kind in school.map("group", {}).column("kind").items() if kind != "house"
    }
