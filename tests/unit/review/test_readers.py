"""Which lines look at a setting or a lookup: counted by hand in the documents of `orchard`."""

from __future__ import annotations

from pathlib import Path

import orchard

from engine.review.readers import readers
from engine.spec.project import open_project

MORE = """\
mapping: member
source: orchard
when: members.stay
tables:
  called:
    from: phones
    unless: members.stay
    join: {other: {set: people, by: {id: settings.members.greeting}}}
    fields: {greeting: {setting: members.greeting}, colour: {from: kind, lookup: colours}}
from: people
fields:
  source_id: id
  name: name
  phones:
    collect: called
    by: {person: id}
    fields: {number: {sql: settings.members.greeting || number}}
"""
ENDPOINTS = """\
endpoints_of: orchard
endpoints:
  days:
    get: days
    windows: {from: From, to: To, by: day, since: '{{ settings.members.greeting }}', field: day}
    sets: {days: {records: $.days, fields: {day: {type: date}}}}
"""


def told(folder: Path) -> dict[str, list[str]]:
    return {
        what: [f"{each.place} {each.said} -> {each.url}" for each in lines]
        for what, lines in readers(open_project(folder)).items()
    }


def test_rules_values_and_bindings_are_readers(folder: Path) -> None:
    page = "mappings/orchard/member.html"
    assert told(folder) == {
        "setting:members.kinds": [
            f"mappings/orchard/member.yaml:11:14 orchard member: rule kinds -> {page}#rule:called.kinds"
        ],
        "setting:members.greeting": [
            f"mappings/orchard/member.yaml:29:3 orchard member: greeting -> {page}#field:greeting"
        ],
        "setting:members.stay": [
            "schemas/haplo/member.yaml:12:3 Haplo member: what becomes of rows that are gone -> haplo/member.html"
            "#removed"
        ],
        "lookup:orchard/colours": [f"mappings/orchard/member.yaml:22:3 orchard member: colour -> {page}#field:colour"],
    }


def test_switches_joins_steps_and_parts_are_readers(folder: Path) -> None:
    orchard.write(folder, member=MORE)
    (folder / "schemas" / "member.yaml").write_text(orchard.SCHEMA)
    (folder / "schemas" / "haplo" / "member.yaml").write_text(orchard.BINDING)
    found = {what: [line.split(" -> ")[0] for line in lines] for what, lines in told(folder).items()}
    at = "mappings/orchard/member.yaml"
    assert found["setting:members.stay"] == [
        f"{at}:3:1 orchard member: whether it is made at all",
        f"{at}:7:5 orchard member: whether table called has records",
        "schemas/haplo/member.yaml:12:3 Haplo member: what becomes of rows that are gone",
    ]
    assert found["setting:members.greeting"] == [
        f"{at}:8:12 orchard member: join other",
        f"{at}:9:14 orchard member: called.greeting",
        f"{at}:17:14 orchard member: phones.number",
    ]
    assert found["lookup:orchard/colours"] == [f"{at}:9:53 orchard member: called.colour"]


def test_requests_are_readers(folder: Path) -> None:
    (folder / "mappings" / "orchard" / "days.yaml").write_text(ENDPOINTS)
    assert (
        "mappings/orchard/days.yaml:5:44 orchard: the requests of days -> systems/orchard.html#endpoint:days"
        in told(folder)["setting:members.greeting"]
    )
