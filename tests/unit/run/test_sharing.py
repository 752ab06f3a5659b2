"""The annex to an agreement on data sharing: what is asked for, and what else the answers hold."""

from __future__ import annotations

import json

from engine.cli.asked_text import data_text
from engine.run.plan import Granted, Plan, requests_for
from engine.run.sharing import along_fields, shared_fields, whole_records
from engine.spec.school import School
from engine.spec.source import Source
from tests.unit.spec.trial import read

SCHOOL = "school: elm\nsource: acme\ntime_zone: Europe/London\nentities: [thing]\n"
SOURCE = """
source: acme
apis:
  main:
    base_url: 'https://acme.example'
    auth: {kind: none}
    fields_asked: {param: select}
    options_asked: {param: options}
  old:
    base_url: 'https://old.example'
    auth: {kind: none}
    answers: xml
    root: all
    methods: {People: {}, Cars: {}}
endpoints:
  all:
    get: all
    params: {options: always}
    sets:
      things:
        records: $.things
        key: Id
        fields:
          Id: {}
          name: {at: [Name, NAME]}
          town: {at: Home.Town}
          street: {at: Home.Street, pii: address}
          born: {option: more}
          other: {}
      links: {records: $.links, fields: {Of: {}, NAME: {pii: name, scope: Names}, born: {}, other: {}}}
      notes: {records: $.notes, scope: Notes, fields: {Id: {pii: identifier}, Of: {option: more}, text: {}}}
      details: {records: $.details, option: more, fields: {Id: {}}}
      unknown: {records: $.unknown, scope: Notes, fields: {}}
      extras: {records: $.extras, option: always, known: [Of, text], fields: {Id: {}}}
  others:
    get: others
    sets:
      elsewhere: {records: $.elsewhere, fields: {Id: {}}}
  people:
    api: old
    get: people
    sets:
      people: {ask: {method: People}, records: Person, known: [Faith], fields: {Id: {}, Born: {pii: birth}}}
      pets: {ask: {method: People}, records: Person/Pet, fields: {Name: {}}}
      toys: {ask: {method: People}, records: Person/Toy, fields: {}}
      cars: {ask: {method: Cars}, records: Car, fields: {Plate: {}}}
"""


def planned(used: dict[str, list[str]], granted: Granted | None = None) -> Plan:
    """Return the plan of a run that uses these fields."""
    source, school = read(Source, SOURCE), read(School, SCHOOL)
    return Plan(school, source, [], requests_for(source, used, school), granted=granted or Granted())


def along(plan: Plan) -> list[tuple[str, str, str, str, str]]:
    return [(each.set, each.field, each.asked_as, each.pii, each.scope) for each in along_fields(plan)]


ASKED = {"things": ["name", "town"], "links": ["Of"]}
"""Asked for as Id (the key), Name, Home and Of."""
ALONG = [
    ("things", "street", "Home", "address", ""),  # what is asked for is all that is below a name
    ("links", "NAME", "NAME", "name", "Names"),  # spelt otherwise, it is the same name
    ("notes", "Id", "Id", "identifier", "Notes"),  # but not Of, which needs an option
    ("unknown", "(any name that is asked for)", "(any name that is asked for)", "not said", "Notes"),
    ("extras", "Of", "Of", "not said", ""),  # a field that is sent, as it is known, and declared no further
    ("extras", "Id", "Id", "", ""),
]


def test_what_bears_a_name_that_is_asked_for_comes_along_in_every_set_of_the_answer() -> None:
    plan = planned(ASKED)
    assert [(each.set, each.field) for each in shared_fields(plan)] == [
        ("things", "Id"),
        ("things", "name"),
        ("things", "town"),
        ("links", "Of"),
    ]
    assert along(plan) == ALONG
    assert whole_records(plan) == []


def test_an_option_that_is_asked_for_brings_its_fields_and_sets_along() -> None:
    plan = planned({"things": ["name", "town", "born"], "links": ["Of"]})
    assert {(each.set, each.field) for each in along_fields(plan)} == {
        *((name, field) for name, field, *_ in ALONG),
        ("links", "born"),
        ("notes", "Of"),
        ("details", "Id"),
    }


def test_what_was_not_granted_does_not_come() -> None:
    present = {name: frozenset(("Id", "street")) for name in ("things", "details", "extras")}
    plan = planned(
        ASKED, Granted(present={**present, "links": frozenset(("Of",)), "notes": frozenset(), "unknown": frozenset()})
    )
    assert [(each.set, each.field) for each in along_fields(plan)] == [
        ("things", "street"),
        ("unknown", "(any name that is asked for)"),  # as nobody declared what needs which scope
        ("extras", "Of"),
        ("extras", "Id"),
    ]
    withheld = {"links": frozenset(("NAME",))}
    assert ALONG[1] not in along(planned({**ASKED, "links": ["Of", "NAME"]}, Granted(withheld=withheld)))


def test_all_of_the_answer_comes_where_fields_are_not_asked_for() -> None:
    plan = planned({"people": ["Id"]})
    assert along(plan) == [
        ("people", "Faith", "Faith", "not said", ""),
        ("people", "Born", "Born", "birth", ""),
        ("pets", "Name", "Name", "", ""),  # of toys nothing is known; cars another method brings
    ]
    assert whole_records(plan) == ["people"]


def test_every_form_lists_what_comes_along_apart() -> None:
    plan = planned({"links": ["Of"], "people": ["Id"]})  # of the other sets of `all`, extras has an Of; unknown may
    told = json.loads(data_text(plan, "json"))
    assert [(each["set"], each["field"]) for each in told["fields"]] == [("links", "Of"), ("people", "Id")]
    assert [(each["set"], each["field"], each["pii"]) for each in told["comes_along"]] == [
        ("unknown", "(any name that is asked for)", "not said"),
        ("extras", "Of", "not said"),
        ("people", "Faith", "not said"),
        ("people", "Born", "birth"),
        ("pets", "Name", ""),
    ]
    assert told["whole_records"] == ["people"]
    assert data_text(plan, "csv").splitlines() == [
        "endpoint,record set,field,asked for as,pii,scope,option,for",
        "all,links,Of,Of,,,,(joins and rules)",
        "people,people,Id,Id,,,,(joins and rules)",
        f'all,unknown,{",".join(["(any name that is asked for)"] * 2)},not said,Notes,,"(comes along, is not read)"',
        'all,extras,Of,Of,not said,,,"(comes along, is not read)"',
        'people,people,Faith,Faith,not said,,,"(comes along, is not read)"',
        'people,people,Born,Born,birth,,,"(comes along, is not read)"',
        'people,pets,Name,Name,,,,"(comes along, is not read)"',
        'people,(any),(whatever else its records hold),,not said,,,"(comes along, is not read)"',
    ]
    asked, said, beside = data_text(plan, "markdown").split("\n\n")
    assert (asked.count("\n"), beside.count("\n")) == (3, 8)  # head, line and lines; the last one ends the text
    assert said.startswith("Comes along, is not read: ")
    assert "| people | people | Born | Born | birth |  |  | (comes along, is not read) |" in beside
    first, second = data_text(plan, "text").split("Comes along, is not read: ")
    assert "Born" not in first
    assert "Born" in second
    assert "5 fields of 4 record sets come along" in second
    assert "note: these send whole records: people; whatever else is in them" in second


def test_nothing_is_said_of_what_comes_along_where_nothing_does() -> None:
    plan = planned({"elsewhere": ["Id"]})
    assert json.loads(data_text(plan, "json"))["comes_along"] == []
    for form in ("text", "csv", "markdown"):
        assert "along" not in data_text(plan, form)
