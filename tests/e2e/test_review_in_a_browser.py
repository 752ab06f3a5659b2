"""The page of a review in a real browser: it opens with its differences, says no error, and fits a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.review.finding import Example, Finding, Found, Spot
from engine.review.review_page import review_page
from engine.review.reviewing import Review
from tests.browser import opened

pytestmark = pytest.mark.e2e

LONG = "{sql: " + "coalesce(SomeFieldOfARecord, AnotherFieldOfARecord), " * 8 + "}"
MEANING = [
    Finding(
        "field-changed",
        "acme/student.family_name",
        "{from: Surname, clean: [squeeze]}",
        "{from: LegalSurname, clean: [squeeze]}",
        Spot("mappings/acme/student.yaml", 40),
        Spot("mappings/acme/student.yaml", 41),
        ("dc:attribute:title",),
        (("students.Surname",), ("students.LegalSurname",)),
    ),
    Finding("filter-removed", "acme/guardian where.has-student", LONG, None, Spot("mappings/acme/guardian.yaml", 53)),
    Finding("pii-added", "acme students.Religion", None, "students.Religion (sensitive) → student.religion → <b>x</b>"),
]
DATA = [
    Finding("rows-lost", "guardian", count=1234, examples=(Example("•••", "", ""),)),
    Finding(
        "cells-changed", "student.house", count=2, examples=(Example("17", "Red & Blue", "–"),), note="2 have none"
    ),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = Found(MEANING, {"the recording autumn": DATA, "the recording spring": []}, ["students: House did not come"])
    out = tmp_path_factory.mktemp("review") / "review.html"
    out.write_text(review_page(Review("main", "the working tree", found)), encoding="utf-8")
    return out


def test_it_shows_each_difference_with_its_line_and_what_differs_in_it(browser: Any, file: Path) -> None:
    with opened(browser) as page:
        page.goto(file.as_uri())
        assert page.locator("h1").inner_text() == "main → the working tree"
        cards = page.locator(".card")
        assert cards.count() == len(MEANING)
        first = cards.nth(0)
        assert "mappings/acme/student.yaml:41, was mappings/acme/student.yaml:40" in first.inner_text()
        assert (first.locator("del").all_inner_texts(), first.locator("ins").all_inner_texts()) == (
            ["Surname"],
            ["LegalSurname"],
        )
        assert "students.Surname → students.LegalSurname" in first.inner_text()
        assert "<b>x</b>" in cards.nth(2).inner_text()
        assert page.locator("tbody tr").nth(0).locator("td.number").inner_text() == "1,234"
        assert "Red & Blue" in page.locator("tbody tr").nth(1).inner_text()
        assert "students: House did not come" in page.locator("main").inner_text()


def test_its_headings_are_reached_by_keyboard(browser: Any, file: Path) -> None:
    with opened(browser) as page:
        page.goto(file.as_uri())
        link = page.get_by_role("link", name="On the recording autumn")
        while not link.evaluate("each => each === document.activeElement"):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#d1")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(browser: Any, file: Path, dark: bool) -> None:
    with opened(browser, width=375, dark=dark) as page:
        page.goto(file.as_uri())
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 375
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is not dark
