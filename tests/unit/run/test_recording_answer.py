"""Answers made anew: what is declared of what is kept, and nothing else; in JSON and in XML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.kinds.types import SourceField
from engine.run.disguising import Held
from engine.run.recording_answer import Remade
from engine.run.recording_xml import remade_xml
from engine.spec.source import RecordSet

FIELDS: dict[str, SourceField] = {
    "id": SourceField(),
    "name": SourceField(at="who.name"),
    "tags": SourceField(type="list"),
    "friends": SourceField(type="list", split=","),
    "gone": SourceField(at="a.b"),
}
ANSWER = """{"page": 1, "pages": 2, "total": 3, "secret": "x", "meta": [{"time": "2026-03-02T09:30:00", "who": "Ada"}],
 "people": [{"id": 1.50, "who": {"name": "Ada", "shoe": 4}, "tags": [{"x": "Ada", "n": 7}, true], "friends": "2,3",
             "a": null, "Ada Lovelace!": 1},
            {"id": 2, "who": {"name": "Alan"}, "tags": null, "friends": ""},
            {"id": 3, "who": {}, "extra": {"deep": "er"}}]}"""


def remade(rows: dict[int, set[int]], **more: Any) -> Remade:
    """Replace every text that says Ada, and every number that is 7."""

    def replace(held: Held, text: str) -> str:
        return {"Ada": "Eve", "7": "70"}.get(text, text)

    sets = {"people": RecordSet(records="$.people", fields=FIELDS)}
    kept = ["$.page", "$.pages", "$.total", "$.meta[0].time"]
    return Remade(sets, {"people": rows}, replace, {("people", "friends"): frozenset({"3"})}, kept, **more)


def test_only_what_is_declared_of_the_records_that_are_kept_comes_along() -> None:
    made = remade({1: {1, 3}})
    (page,) = made.pages({1: ANSWER.encode()}, {})
    assert b'"id": 1.50,' in page
    assert json.loads(page) == {
        "page": 1,
        "pages": 2,
        "total": 3,
        "meta": [{"time": "2026-03-02T09:30:00"}],
        "people": [
            {"id": 1.5, "who": {"name": "Eve"}, "tags": [{"x": "Eve", "n": 70}, True], "friends": "2", "a": None},
            {"id": 3},
        ],
    }
    assert made.dropped == {"people": {"shoe", "extra", "(no plain name)"}}


def test_pages_are_put_together_where_records_are_left_out() -> None:
    made = remade({1: {2}, 2: {3}})
    one = json.loads(made.as_one({1: ANSWER.encode(), 2: ANSWER.encode()}, {"$.pages": "1", "$.total": "2"}))
    assert [record["id"] for record in one["people"]] == [2, 3]
    assert (one["page"], one["pages"], one["total"]) == (1, 1, 2)
    none = json.loads(made.without_records(ANSWER.encode(), {"$.total": "0"}))
    assert (none["people"], none["total"]) == ([], 0)


def test_a_list_of_records_that_is_null_stays_null() -> None:
    (page,) = remade({1: set()}).pages({1: b'{"people": null}'}, {})
    assert json.loads(page) == {"people": None}


XML = """<Root xmlns:x="urn:x"><!-- a note --><People who="Ada"><Person Id="1" Born="x"><Name>Ada</Name><Shoe>4</Shoe>
 <Pets><Pet><Kind>cat</Kind></Pet><Pet><Kind>dog</Kind></Pet></Pets></Person>
 <Person Id="2"><Name>Alan</Name><Pets><Pet><Kind>fish</Kind></Pet></Pets></Person>
 <Person Id="3"><Name/></Person></People><Other><Thing>Ada</Thing></Other></Root>"""


@pytest.mark.parametrize("pets", [{1: {2}}, {}])
def test_documents_of_xml_keep_what_is_declared(tmp_path: Path, pets: dict[int, set[int]]) -> None:
    sets = {
        "people": RecordSet(records="People/Person", fields={"Id": SourceField(at="@Id"), "Name": SourceField()}),
        "pets": RecordSet(
            records="People/Person/Pets/Pet", fields={"Of": SourceField(at="../../@Id"), "Kind": SourceField()}
        ),
    }
    file = tmp_path / "a.xml"
    file.write_text(XML, encoding="utf-8")
    rows = {"people": {1: {1, 3}}, "pets": pets}
    made = Remade(sets, rows, lambda held, text: {"Ada": "Eve", "1": "9"}.get(text, text), {})
    text = remade_xml(file, made).decode()
    lines = [line.strip() for line in text.splitlines()[1:]]
    inside = ["<Pets>", "<Pet>", "<Kind>dog</Kind>", "</Pet>", "</Pets>"] if pets else ["<Pets/>"]
    assert lines == [
        '<Root xmlns:x="urn:x">',
        "<People>",
        '<Person Id="9">',
        "<Name>Eve</Name>",
        *inside,
        "</Person>",
        '<Person Id="3">',
        "<Name/>",
        "</Person>",
        "</People>",
        "</Root>",
    ]
    assert made.dropped["people"] == {"@Born", "Shoe"}
