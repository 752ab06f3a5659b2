"""Pages: what they ask for and what they read from an answer."""

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.kinds.pages import Came, NumberedPages, OnePage, Pages, whole_number

NUMBERED = {
    "kind": "number",
    "param": "page",
    "size": {"param": "pageSize", "value": 25},
    "last": {"at": "$.p[0].PageCount", "absent": "one"},
    "total": "$.p[0].RowCount",
    "page": "$.p[0].PageNumber",
}


def pages(**keys):
    return TypeAdapter(Pages).validate_python(keys)


def test_one_page_asks_for_nothing():
    one = pages(kind="none")
    assert isinstance(one, OnePage)
    assert (one.params(1), one.paths(), one.first_page(), one.page_size()) == ({}, [], 1, None)
    assert (one.last_page({}), one.stated_total({}), one.stated_page({})) == (1, None, None)


def test_numbered_pages_ask_by_number():
    numbered = pages(**NUMBERED)
    assert isinstance(numbered, NumberedPages)
    assert numbered.params(7) == {"page": "7", "pageSize": "25"}
    assert numbered.page_size() == 25
    assert numbered.paths() == ["$.p[0].PageCount", "$.p[0].RowCount", "$.p[0].PageNumber"]


@pytest.mark.parametrize(
    ("envelope", "last", "total", "page"),
    [
        ({"p": [{"PageCount": 3, "RowCount": 70, "PageNumber": 2}]}, 3, 70, 2),
        ({"p": [{"PageCount": "3", "RowCount": "70", "PageNumber": "2"}]}, 3, 70, 2),
        ({"p": []}, 1, None, None),
        ({}, 1, None, None),
        ({"p": [{"PageCount": None}]}, 1, None, None),
        ({"p": [{"PageCount": "many", "RowCount": True}]}, None, None, None),
    ],
)
def test_what_an_answer_says_of_the_whole(envelope, last, total, page):
    numbered = pages(**NUMBERED)
    assert numbered.last_page(envelope) == last
    assert numbered.stated_total(envelope) == total
    assert numbered.stated_page(envelope) == page


def test_an_answer_must_say_how_many_pages_unless_it_may_leave_that_out():
    assert pages(**{**NUMBERED, "last": {"at": "$.x"}}).last_page({}) is None


def test_counts_are_whole_numbers():
    assert [whole_number(value) for value in (3, "3", 3.5, "3.5", -1, "-1", True, None, [])] == [
        3, 3, None, None, -1, None, None, None, None,
    ]  # fmt: skip


def test_unknown_kinds_and_sizes_of_nothing_are_refused():
    for keys in ({"kind": "cursor"}, {**NUMBERED, "size": {"param": "x", "value": 0}}):
        with pytest.raises(ValidationError):
            pages(**keys)


def test_an_offset_is_counted_by_pages_where_the_total_is_stated_and_by_records_elsewhere():
    stated = pages(kind="offset", param="skip", first=1, size={"param": "take", "value": 50}, total="$.count")
    assert (stated.params(3), stated.states_last(), stated.page_size()) == ({"skip": "101", "take": "50"}, True, 50)
    assert [stated.last_page({"count": count}) for count in (0, 50, "51", None)] == [1, 1, 2, None]
    assert [stated.requests_for(records) for records in (0, 50, 51)] == [1, 1, 2]
    plain = pages(kind="offset", param="skip", size={"param": "take", "value": 50})
    assert (plain.params(3, Came(70)), plain.states_last()) == ({"skip": "70", "take": "50"}, False)
    assert [plain.requests_for(records) for records in (0, 30, 50, 120)] == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("url", "found", "after"),
    [
        (False, "/a+b=", "/a+b="),
        (False, 7, "7"),
        (False, None, None),
        (False, "", None),
        (True, "https://x/y?size=2&after=a%2Bb", "a+b"),
        (True, "?after=3", "3"),
    ],
)
def test_what_asks_for_the_next_page_stands_in_the_answer_or_in_a_url_there(url, found, after):
    cursor = pages(kind="cursor", param="after", next={"at": "$.more", "url": url})
    assert cursor.after({"more": found}) == after
    assert cursor.params(2, Came(5, after or "")) == ({"after": after} if after else {})


@pytest.mark.parametrize("found", [True, {"a": 1}, "https://x/y?page=2"])
def test_what_asks_for_no_page_is_refused(found):
    with pytest.raises(ValueError, match="it is"):
        pages(kind="cursor", param="after", next={"at": "$.more", "url": True}).after({"more": found})
