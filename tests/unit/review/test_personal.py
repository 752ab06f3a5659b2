"""Which personal data goes where: the lines of the small project, worked out by hand."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from engine.review.personal import as_csv, ways
from engine.review.tracing import lineages
from engine.run.plan import make_plan
from engine.run.sharing import shared_fields
from engine.run.soundness import sound_project


def test_every_way_of_personal_data_is_a_line(folder: Path) -> None:
    found = ways(lineages(sound_project(folder)).values())
    assert [(way.kind, f"{way.set}.{way.field}", way.use, way.target, way.name) for way in found] == [
        ("address", "homes.town", "goes to Haplo", "town", "x:attribute:town"),
        ("birth", "people.born", "stays here: by it a row is known again", "birth", ""),
        ("contact", "phones.kind", "read, not sent", "phones.kind", ""),  # by its target's tag: it has none of its own
        ("contact", "phones.number", "goes to Haplo", "phones.number", "x:attribute:number"),
        (
            "identifier",
            "people.id",
            "goes to Haplo, in the object's code and in references to it",
            "source_id",
            "_code",
        ),
        ("identifier", "phones.person", "decides only", "phones", ""),
        ("name", "people.name", "read, not sent", "greeting", ""),
        ("name", "people.name", "goes to Haplo", "name", "dc:attribute:title"),
        ("name", "people.nick", "read, not sent", "greeting", ""),
        ("name", "people.nick", "goes to Haplo", "name", "dc:attribute:title"),
    ]
    by_field = {(way.set, way.field, way.target): way for way in found}
    assert by_field["people", "nick", "name"].scope == "Names"
    assert by_field["homes", "town", "town"].scope == "Homes"
    assert by_field["phones", "number", "phones.number"].settings == ()
    assert by_field["people", "nick", "greeting"].settings == ("members.greeting",)


def test_a_field_without_a_tag_is_listed_as_what_it_becomes_where_a_school_is_told_what_is_asked(folder: Path) -> None:
    (folder / "schools").mkdir()
    school = "school: hill\nsource: orchard\nconfig: {key: {env: KEY}}\nentities: [member]\n"
    (folder / "schools" / "hill.yaml").write_text(school)
    listed = shared_fields(make_plan(sound_project(folder), "hill"))
    assert {f"{each.set}.{each.field}": each.pii for each in listed} == {
        "people.id": "identifier",
        "people.name": "name",
        "people.nick": "name",
        "people.colour": "",
        "people.born": "birth",
        "homes.person": "",  # by it the home is found, and no value is made of it
        "homes.town": "address",
        "homes.main": "",
        "phones.person": "identifier",
        "phones.number": "contact",
        "phones.kind": "contact",  # it has no tag, and becomes a part of phones, which has one
        "phones.rank": "",
    }


def test_no_cell_of_the_csv_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(as_csv([("=cmd()", "@x", "-1", "+1", 'a "quoted", word', "plain")]))))
    assert rows[0][:4] == ["kind", "system", "record set", "field"]
    assert rows[1] == ["'=cmd()", "'@x", "'-1", "'+1", 'a "quoted", word', "plain"]
