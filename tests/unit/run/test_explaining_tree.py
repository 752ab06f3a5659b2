"""Each kind of step, followed on records written by hand; what is expected is worked out by hand.

No run is needed: the records land as they do in a run, and the mapping's statement is made with a trace.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import Place
from engine.kinds.types import SourceField
from engine.run.explained import Came
from engine.run.explaining_answers import PAGE, Stands
from engine.run.explaining_frames import Frames, Record
from engine.run.explaining_tree import Tree
from engine.spec.query import build
from engine.spec.relation import Reading, Use
from engine.spec.trace import Trace
from engine.stages.transform import Circumstances, prepare
from tests.unit.spec.trial import Trial

SETS = {
    "things": {
        "Id": "text",
        "Name": "text",
        "Nick": "text",
        "Born": "date",
        "Sex": "text",
        "Tags": "{type: list, split: ','}",
        "Team": "text",
    },
    "teams": {"Id": "text", "Title": "text", "Open": "boolean"},
}
THINGS = [
    {"Id": "1", "Name": "  Ann  Lee ", "Nick": None, "Born": "2011-02-30", "Sex": "M", "Tags": "a, b", "Team": "T"},
    {"Id": "2", "Name": " ", "Nick": "Bo;Bob", "Born": "2011-02-28", "Sex": "X", "Tags": None, "Team": "U"},
    {"Id": "3", "Name": "Cy", "Nick": "C", "Born": None, "Sex": None, "Tags": None, "Team": None},
]
TEAMS = [{"Id": "T", "Title": "Reds", "Open": "true"}, {"Id": "U", "Title": "Blues", "Open": "false"}]
GENDER = "lookup: gender\nvalues: {M: male, F: female}\n"
TARGET = """
name: {type: text}
nick: {type: list, of: {type: text}}
born: {type: date}
sex: {type: text}
kind: {type: text}
first: {type: text}
open: {type: text}
here: {type: text}
team: {type: text}
mates: {type: list, of: {type: text}}
size: {type: text}
"""
MAPPING = """
mapping: thing
source: acme
tables:
  opened:
    from: teams
    where: [{rule: open, field: Open, equals: true}]
    fields: {loud: {sql: upper(Title)}}
  ones: {from: things, fields: {word: Name, rank: {value: 1}}}
  twos: {from: things, fields: {word: Nick, rank: {value: 2}}}
  words: {from: {union: [ones, twos]}}
from: things
join: {own: {set: opened, by: {Id: Team}, keep: first}}
where: [{rule: known, field: Sex, present: true}]
fields:
  id: Id
  name: {from: Name, clean: squeeze}
  nick: {from: Nick, split: ';'}
  born: Born
  sex: {from: Sex, lookup: gender, default: unknown}
  kind: {case: Sex, map: {M: he}, else: Nick}
  first: {first_of: [Nick, Name, Id]}
  open: {setting: club.name}
  here: {value: yes it is}
  team: own.loud
  mates: {collect: words, by: {Id: Id}, item: {from: word, clean: trim}, order: [rank]}
  size: {sql: "Sex || '-' || run.school"}
"""
Told = tuple[str, str, Any, str]


class Routes:
    """Places that say the path of the mapping in place of a line."""

    def mapped(self, route: Iterable[str | int]) -> Place:
        return Place(Path("/".join(map(str, route))))

    def source_field(self, set_name: str, name: str) -> SourceField:
        return SourceField(type="date" if name == "Born" else "text", pii="name" if name == "Name" else None)

    def source_place(self, set_name: str, name: str = "") -> Place:
        return Place(Path(f"{set_name}.{name}"))

    def endpoint_place(self, set_name: str) -> Place:
        return Place(Path(set_name))

    def setting(self, group: str, name: str) -> Place:
        return Place(Path(f"{group}.{name}"))

    def entry(self, lookup: str, code: str) -> Place | None:
        return Place(Path(f"{lookup}.{code}")) if code in ("M", "F") else None

    def personal(self, uses: Iterable[Use]) -> bool:
        return ("things", "Name") in set(uses)


class Followed:
    """The things, landed, and what follows values of them."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection) -> None:
        trial = Trial(SETS, TARGET, MAPPING, lookups=[GENDER], settings={"club": {"name": "VARCHAR"}})
        world, self.document = trial.world(), trial.document()
        landed = {
            "things": trial._land(folder, "things", THINGS, set()),
            "teams": trial._land(folder, "teams", TEAMS, set()),
        }

        def place(name: str) -> str:
            return f"(SELECT * REPLACE (_page * {PAGE} + _row AS _row) FROM read_parquet('{landed[name].file}'))"

        present = {name: each.present for name, each in landed.items()}
        trace = Trace()
        query = build(self.document, world, Reading(world.source.formats, place, present, traced=True), trace)
        assert query.findings == []
        around = Circumstances(date(2024, 9, 1), "waters-edge", "Europe/London", {"club": {"name": "Chess"}})
        prepare(database, world, query, around)
        self.frames, self.source, self.trace = Frames(database, trace, place), world.source, trace

    def tree(self) -> Tree:
        places: Any = Routes()
        stands = lambda name, row: Stands("run", row // PAGE, row % PAGE, Path("answer.json"))  # noqa: E731
        return Tree(self.document, self.source, places, self.frames, stands, lambda name: None)

    def told(self, number: int, field: str) -> list[Told]:
        """The steps of a field of a thing, answers left out."""
        assert self.trace.view is not None
        steps = self.tree().value(self.trace.view, record(number), ("fields", field))
        return [told(each) for step in steps for each in step.walk() if each.what != "answer"]


def record(number: int) -> Record:
    return Record("things", PAGE + number - 1)


def told(came: Came) -> Told:
    return came.what, came.said, came.value, came.note


@pytest.fixture(scope="module")
def things() -> Iterable[Followed]:
    with tempfile.TemporaryDirectory() as name, duckdb.connect(config={"threads": 1}) as database:
        yield Followed(Path(name), database)


CASES: Mapping[tuple[int, str], list[Told]] = {
    (1, "name"): [
        ("raw", "things.Name", "  Ann  Lee ", ""),
        ("from", "Name", "  Ann  Lee ", ""),
        ("clean", "squeeze", "Ann Lee", ""),
    ],
    (2, "name"): [
        ("raw", "things.Name", " ", ""),
        ("read", "Name as text", None, "blank: no value"),
        ("from", "Name", None, ""),
        ("clean", "squeeze", None, ""),
    ],
    (2, "nick"): [
        ("raw", "things.Nick", "Bo;Bob", ""),
        ("from", "Nick", "Bo;Bob", ""),
        ("split", ";", ["Bo", "Bob"], ""),
    ],
    (1, "born"): [
        ("raw", "things.Born", "2011-02-30", ""),
        ("read", "Born as date", None, "cannot be read as date"),
        ("from", "Born", None, ""),
    ],
    (2, "born"): [
        ("raw", "things.Born", "2011-02-28", ""),
        ("read", "Born as date", date(2011, 2, 28), ""),
        ("from", "Born", date(2011, 2, 28), ""),
    ],
    (1, "sex"): [
        ("raw", "things.Sex", "M", ""),
        ("from", "Sex", "M", ""),
        ("lookup", "gender", "male", "entry at gender.M:1:1"),
        ("default", "unknown", "male", "there is a value"),
    ],
    (2, "sex"): [
        ("raw", "things.Sex", "X", ""),
        ("from", "Sex", "X", ""),
        ("lookup", "gender", None, "it has no entry for this"),
        ("default", "unknown", "unknown", "used: there was no value"),
    ],
    (1, "kind"): [("raw", "things.Sex", "M", ""), ("case", "Sex", "he", "by its entry in the map")],
    (2, "kind"): [
        ("raw", "things.Sex", "X", ""),
        ("raw", "things.Nick", "Bo;Bob", ""),
        ("case", "Sex", "Bo;Bob", "no entry in the map: else Nick"),
    ],
    (1, "first"): [
        ("raw", "things.Nick", None, ""),
        ("raw", "things.Name", "  Ann  Lee ", ""),
        ("first_of", "Nick, Name, Id", "  Ann  Lee ", "Name is the first with a value"),
    ],
    (1, "open"): [("setting", "club.name", "Chess", ""), ("setting", "club.name", "Chess", "")],
    (1, "here"): [("value", "a constant", "yes it is", "")],
    (1, "team"): [
        ("raw", "teams.Title", "Reds", ""),
        ("sql", "upper(Title)", "REDS", ""),
        ("table", "opened.loud", "REDS", ""),
        ("join", "own.loud, of opened by Id = Team", "REDS", ""),
        ("from", "own.loud", "REDS", ""),
    ],
    (2, "team"): [
        ("raw", "things.Team", "U", ""),
        (
            "join",
            "own.loud, of opened by Id = Team",
            None,
            "no record of opened matches: 1 left out by rule 'open' (tables/opened/where/0/rule:1:1)",
        ),
        ("from", "own.loud", None, ""),
    ],
    (3, "team"): [
        ("raw", "things.Team", None, ""),
        ("join", "own.loud, of opened by Id = Team", None, "no record of opened matches"),
        ("from", "own.loud", None, ""),
    ],
    (3, "mates"): [
        ("raw", "things.Id", "3", ""),
        ("raw", "things.Name", "Cy", ""),
        ("from", "Name", "Cy", ""),
        ("table", "ones.word", "Cy", ""),
        ("from", "word", "Cy", ""),
        ("clean", "trim", "Cy", ""),
        ("part", "item", "Cy", ""),
        ("record", "things: record 2, page 1", None, ""),
        ("raw", "things.Nick", "C", ""),
        ("from", "Nick", "C", ""),
        ("table", "twos.word", "C", ""),
        ("from", "word", "C", ""),
        ("clean", "trim", "C", ""),
        ("part", "item", "C", ""),
        ("record", "things: record 2, page 1", None, ""),
        ("collect", "words by Id = Id", ["Cy", "C"], "2 records"),
    ],
    (1, "size"): [
        ("raw", "things.Sex", "M", ""),
        ("run", "school", "waters-edge", ""),
        ("sql", "Sex || '-' || run.school", "M-waters-edge", ""),
    ],
}


@pytest.mark.parametrize(("number", "field"), CASES)
def test_each_kind_of_step_is_told_with_the_value_after_it(things: Followed, number: int, field: str) -> None:
    assert things.told(number, field) == CASES[number, field]


def test_what_is_personal_at_the_source_stays_so_through_every_step(things: Followed) -> None:
    assert things.trace.view is not None
    steps = things.tree().value(things.trace.view, record(1), ("fields", "name"))
    assert [each.personal for step in steps for each in step.walk() if each.valued] == [True, True, True]
    [kind] = things.tree().value(things.trace.view, record(1), ("fields", "kind"))
    assert not kind.personal


def test_the_chosen_arm_is_where_a_step_stands(things: Followed) -> None:
    assert things.trace.view is not None
    [first] = things.tree().value(things.trace.view, record(1), ("fields", "first"))
    [case] = things.tree().value(things.trace.view, record(1), ("fields", "kind"))
    assert str(first.place) == "fields/first/first_of/1:1:1"
    assert str(case.place) == "fields/kind/map/M:1:1"


def test_a_rule_that_a_record_fails_shows_what_it_looked_at(things: Followed) -> None:
    assert things.trace.view is not None
    assert things.tree().failing(things.trace.view, record(1)) is None
    failing = things.tree().failing(things.trace.view, record(3))
    assert failing is not None
    assert told(failing)[:2] == ("rule", "known: Sex present True")
    assert [told(each) for each in failing.parts] == [("raw", "things.Sex", None, "")]
