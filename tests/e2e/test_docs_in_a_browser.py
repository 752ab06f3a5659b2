"""`haplomap docs` in a real browser: search, lineage, links, keyboard, narrow screens, dark mode, no errors."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from engine.review.site_write import document
from tests.browser import opened
from tests.unit.review import orchard

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
KINDS = (
    "index.html",
    "systems/xporter.html",
    "systems/xporter/students.html",
    "entities/student.html",
    "mappings/hubmis/guardian.html",
    "haplo/student.html",
    "attributes.html",
    "settings.html",
    "lookups.html",
    "lookups/country.html",
    "personal-data.html",
)
"""A page of each kind."""


def test_the_site_of_all_that_is_shipped_can_be_read_searched_and_followed(browser: Any, tmp_path: Path) -> None:
    """All in one, since workers would each make the site anew."""
    document(ROOT, site := tmp_path / "site", "haplomap")
    no_page_has_errors_and_each_fits_a_phone_in_light_and_dark(browser, site)
    the_search_finds_a_field_by_keyboard_and_shows_its_lineage(browser, site)
    a_click_on_what_was_found_shows_where_a_source_field_goes(browser, site)
    a_picture_can_be_followed_by_keyboard(browser, site)
    the_table_of_personal_data_is_filtered(browser, site)


def url(site: Path, page: str) -> str:
    return f"{site.as_uri()}/{page}"


def arrive(page: Any, site: Path, where: str) -> None:
    """Wait until a page is where a link leads to, seen from the site."""
    page.wait_for_url(lambda found: found == url(site, where), wait_until="domcontentloaded")


def no_page_has_errors_and_each_fits_a_phone_in_light_and_dark(browser: Any, site: Path) -> None:
    grounds = {}
    for width, dark, names in ((375, False, KINDS), (1280, True, KINDS[:2])):
        with opened(browser, width=width, dark=dark) as page:
            for name in names:
                page.goto(url(site, name))
                assert page.evaluate("document.scrollingElement.scrollWidth") <= width, name
                assert page.locator("h1").is_visible(), name
            # nothing that is wider than the page lacks a box of its own to scroll in
            assert page.evaluate("getComputedStyle(document.querySelector('.wide')).overflowX") == "auto"
            grounds[dark] = page.evaluate(
                "[document.body, document.querySelector('main h1')].map("
                "(each, i) => getComputedStyle(each)[i ? 'color' : 'backgroundColor'])"
            )
    assert grounds[False] == ["rgb(255, 255, 255)", "rgb(29, 35, 43)"]
    assert grounds[True] == ["rgb(20, 24, 29)", "rgb(227, 232, 238)"]


def test_what_documents_say_is_never_carried_out(browser: Any, tmp_path: Path) -> None:
    document(orchard.write(tmp_path / "project"), tmp_path / "site", orchard.HOSTILE)
    with opened(browser) as page:
        for name in ("index.html", "systems/orchard/people.html", "entities/member.html", "settings.html"):
            page.goto(url(tmp_path / "site", name))
            assert page.title().endswith(f"– {orchard.HOSTILE}"), name
            assert page.locator(".brand").inner_text() == orchard.HOSTILE
        page.keyboard.press("/")
        page.keyboard.type("<script> kinds")
        found = page.locator("#found [role=option]")
        found.first.wait_for()
        assert orchard.HOSTILE[:30] in str(found.first.text_content())


def the_search_finds_a_field_by_keyboard_and_shows_its_lineage(browser: Any, site: Path) -> None:
    with opened(browser) as page:
        page.goto(url(site, "settings.html"))
        field, options = page.locator("#search"), page.locator("#found [role=option]")
        page.keyboard.press("/")
        assert field.evaluate("each => each === document.activeElement")
        page.keyboard.type("date of birth")
        options.first.wait_for()
        assert field.get_attribute("aria-expanded") == "true"
        assert options.first.text_content() == "date_of_birth field of an entity – student"
        assert page.locator("#told").text_content() == f"{options.count()} found"
        page.keyboard.press("ArrowDown")
        chosen = page.locator("#found [aria-selected=true]")
        assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id") == "found-1"
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Escape")
        assert page.locator("#found").is_hidden()
        assert field.get_attribute("aria-expanded") == "false"
        page.keyboard.type(" xporter mapped")
        page.keyboard.press("Enter")
        arrive(page, site, "mappings/xporter/student.html#field:date_of_birth")
        card = page.locator("[id='field:date_of_birth']")
        assert card.locator("svg text").all_text_contents() == [
            "students.DateOfBirth",
            "date_of_birth",
            "school:attribute:date-of-birth",
        ]
        assert card.evaluate("each => each.getBoundingClientRect().top < innerHeight / 2")
        page.keyboard.press("/")
        page.keyboard.type("nothing has such a name")
        page.get_by_text("Nothing has this in its name").wait_for()


def a_click_on_what_was_found_shows_where_a_source_field_goes(browser: Any, site: Path) -> None:
    with opened(browser, width=375) as page:
        page.goto(url(site, "index.html"))
        page.locator("#search").click()
        page.keyboard.type("forename students of xporter")
        page.locator("#found b").get_by_text("Forename", exact=True).click()
        arrive(page, site, "systems/xporter/students.html#field:Forename")
        picture = page.locator("[id='field:Forename'] + tr svg")
        assert picture.is_visible(), "what the link leads to is unfolded"
        assert picture.locator("a", has_text="student.given_name").count() == 1
        # both ways: to the field of the mapping, to the entity, to Haplo, and back to where it came from
        picture.locator("a", has_text="student.given_name").click()
        arrive(page, site, "mappings/xporter/student.html#field:given_name")
        page.locator("[id='field:given_name'] h3 a").first.click()
        arrive(page, site, "entities/student.html#field:given_name")
        page.locator("[id='field:given_name'] td").last.locator("a").click()
        arrive(page, site, "haplo/student.html#name:dc:attribute:title")
        page.locator("[id='name:dc:attribute:title'] a", has_text="students.Forename").click()
        arrive(page, site, "systems/xporter/students.html#field:Forename")
        # and from a setting to a line that looks at it, and to the line of the document itself
        page.goto(url(site, "settings.html#setting:students.year_groups"))
        lines = page.locator("[id='setting:students.year_groups'] details")
        lines.locator("li", has_text="xporter student: rule year-group").locator("a").last.click()
        arrive(page, site, "mappings/xporter/student.html#L36")
        assert "year-group" in page.locator("#L36").inner_text()
        assert page.locator("#L36").is_visible()


def a_picture_can_be_followed_by_keyboard(browser: Any, site: Path) -> None:
    with opened(browser, width=375) as page:
        page.goto(url(site, "mappings/xporter/guardian.html"))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        card = page.locator("[id='field:emails']")
        card.locator("svg a").first.focus()
        names = []
        for _ in range(8):
            names.append(page.evaluate("document.activeElement.querySelector('text')?.textContent ?? ''"))
            page.keyboard.press("Tab")
        assert {"contacts.HomeEmail", "home_email.address", "emails", "std:attribute:email"} <= set(names)
        card.locator("svg a", has_text="contacts.WorkEmail").focus()
        lit = card.locator("svg a.on text:not(.sub)").all_text_contents()
        assert sorted(lit) == ["contacts.WorkEmail", "emails", "std:attribute:email", "work_email.address"]
        assert card.locator("svg path.on").count() == 3
        page.keyboard.press("Enter")
        arrive(page, site, "systems/xporter/contacts.html#field:WorkEmail")
        menu, side = page.locator("#menu"), page.locator("#side")
        assert side.is_hidden()
        menu.focus()
        page.keyboard.press("Enter")
        assert side.is_visible()
        assert menu.get_attribute("aria-expanded") == "true"


def the_table_of_personal_data_is_filtered(browser: Any, site: Path) -> None:
    with (site / "personal-data.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    medical = [line for line in lines if line["entity"] == "medical_condition" and line["system"] == "isams"]
    with opened(browser) as page:
        page.goto(url(site, "personal-data.html"))
        told, rows = page.locator(".filter [role=status]"), page.locator("#ways tbody tr:visible")
        assert told.inner_text() == f"{len(lines)} of {len(lines)} lines"
        page.locator("select[name=entity]").select_option("medical_condition")
        page.locator("select[name=system]").select_option("isams")
        assert rows.count() == len(medical) > 3
        page.locator(".filter input").fill("haplo sensitive")
        wanted = [
            line for line in medical if line["kind"] == "sensitive" and line["what becomes of it"] != "decides only"
        ]
        assert rows.count() == sum(line["what becomes of it"].startswith("goes to Haplo") for line in wanted) > 0
