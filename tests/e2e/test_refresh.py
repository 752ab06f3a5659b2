"""Endpoints that are asked for each record of a set, and not for all of them every night: over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_documents
import yaml

from engine.clock import Clock
from engine.errors import SourceError
from engine.journal import Journal
from engine.run.folder import new_run, school_folder
from engine.run.history import open_state
from engine.run.outlook import outlook
from engine.run.plan import make_plan
from engine.run.price import Bill, within
from engine.run.reading import Reading
from engine.run.report import Report
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.spec.project import open_project
from engine.stages.transform import SetRead

pytestmark = pytest.mark.e2e

BEGAN = datetime(2026, 3, 4, 3, tzinfo=UTC)
SCHOOL = "brook"


class PeopleSimulator(Simulator):
    """People; each has things, and each thing has parts. Who is not in `things` answers 404."""

    def __init__(self) -> None:
        super().__init__()
        self.people = {str(n): f"name {n}" for n in range(1, 6)}
        self.things = {str(n): [f"{n}a", f"{n}b"] for n in range(1, 6)}
        self.fails_after: int | None = None

    def routes(self) -> list[Route]:
        return [
            ("GET", "/people", self._people),
            ("GET", "/people/(.+)/things", self._things),
            ("GET", "/things/(.+)/parts", self._parts),
        ]

    def _people(self, request: Request) -> Answer:
        return json_answer([{"id": each, "name": name, "room": "1"} for each, name in self.people.items()])

    def _things(self, request: Request, person: str) -> Answer:
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                return json_answer({}, 500)
        if person not in self.things:
            return json_answer({}, 404)
        return json_answer([{"id": each} for each in self.things[person]])

    def _parts(self, request: Request, thing: str) -> Answer:
        return json_answer([{"id": f"{thing}-1"}])


def a_source(things: dict[str, Any], parts: dict[str, Any], limits: list[dict[str, Any]]) -> dict[str, Any]:
    main = {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}, "pages": {"kind": "none"}}
    return {
        "source": "slow",
        "config": {"base_url": {"type": "url"}},
        "apis": {"main": {**main, "retry": {"attempts": 1}, "rates": {"connections": 1, "limits": limits}}},
        "endpoints": {
            "people": {
                "get": "people",
                "sets": {"people": {"records": "$", "key": "id", "fields": {"id": {}, "name": {}, "room": {}}}},
            },
            "things": {
                "get": "people/{{ each.person }}/things",
                "for_each": {"set": "people", "keep": {"person": "id"}},
                "sets": {"things": {"records": "$", "key": ["person", "id"], "fields": {"person": {}, "id": {}}}},
                **things,
            },
            "parts": {
                "get": "things/{{ each.thing }}/parts",
                "for_each": {"set": "things", "keep": {"person": "person", "thing": "id"}},
                "sets": {
                    "parts": {
                        "records": "$",
                        "key": ["thing", "id"],
                        "fields": {"person": {}, "thing": {}, "id": {}},
                    }
                },
                **parts,
            },
        },
    }


@dataclass
class Night(Clock):
    """A project that is read night after night."""

    folder: Path
    source: PeopleSimulator
    time: datetime = BEGAN
    notes: list[str] = field(default_factory=list)
    sets: dict[str, SetRead] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.time

    def put(
        self, *entities: str, name: str = "name", parts: Any = None, fresh: Any = None, limits: Any = (), **refresh: Any
    ) -> None:
        """Write the documents; `refresh` is that of the things."""
        documents: dict[str, Any] = {
            "mappings/slow/source.yaml": a_source(
                {"refresh": refresh, **({"fresh_for": fresh} if fresh else {})},
                {"refresh": parts} if parts else {},
                list(limits),
            ),
            f"schools/{SCHOOL}.yaml": {
                "school": SCHOOL,
                "source": "slow",
                "config": {"base_url": self.source.url},
                "entities": list(entities),
            },
        }
        sets = {"person": "people", "thing": "things", "part": "parts"}
        own = {"person": {"name": name}, "thing": {"person": "person"}, "part": {"thing": "thing"}}
        for entity, records in sets.items():
            documents |= small_documents.of_entity("slow", entity, records, {"source_id": "id", **own[entity]})
        small_documents.write(self.folder, documents)

    def read(self, folder: Path | None = None, *, days: int = 1, **how: bool) -> list[str]:
        """Read a night, and return the paths of the things and parts that were asked for, in order."""
        folder = folder or new_run(school_folder(self.folder, SCHOOL), self.now())
        self.source.requests.clear()
        plan = make_plan(open_project(self.folder), SCHOOL)
        report = Report(SCHOOL, folder.name, "", "none")
        with open_state(self.folder) as state, Journal(folder / "journal.jsonl") as journal:
            reading = Reading(plan, folder, journal, self, lambda event: None, report, state, **how)
            self.sets = reading.read({"base_url": self.source.url})
        self.notes = report.notes
        self.time += timedelta(days=days)
        return [each.path for each in self.source.requests if each.path != "/people"]

    def bill(self) -> Bill:
        project = open_project(self.folder)
        return outlook(project, make_plan(project, SCHOOL), self).bill

    def records(self, name: str) -> list[str]:
        return sorted(pl.read_parquet(self.sets[name].file)["id"].to_list())


def asked(*people: int) -> list[str]:
    return [f"/people/{person}/things" for person in people]


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    with PeopleSimulator() as source:
        yield Night(tmp_path, source)


def test_a_record_is_asked_for_again_when_it_changed_and_what_came_of_others_stands(night: Night) -> None:
    night.put("person", "thing", parent_changed=True)
    assert night.read() == asked(1, 2, 3, 4, 5)
    assert night.sets["things"].complete
    night.source.people["2"] = "another name"
    night.source.people["6"] = "joined"
    night.source.things |= {"2": ["2c"], "6": ["6a"], "4": ["nobody asks for it"]}
    del night.source.people["5"]
    assert night.read() == asked(6, 2)
    assert night.records("things") == ["1a", "1b", "2c", "3a", "3b", "4a", "4b", "6a"]
    assert night.sets["things"].complete
    assert "things: asked for 2 of 5 records of people: 1 new, 1 changed" in night.notes
    assert night.read() == []
    assert night.records("things") == ["1a", "1b", "2c", "3a", "3b", "4a", "4b", "6a"]


def test_only_the_fields_that_are_named_count_as_a_change(night: Night) -> None:
    night.put("person", "thing", parent_changed=["room"])
    night.read()
    night.source.people["2"] = "another name"
    assert night.read() == []


def test_another_field_in_use_is_no_change(night: Night) -> None:
    night.put("person", "thing", parent_changed=True, name="id")
    night.read()
    night.put("person", "thing", parent_changed=True, name="name")
    assert night.read() == []
    night.source.people["3"] = "another name"
    assert night.read() == asked(3)


def test_after_its_time_a_record_is_asked_for_again(night: Night) -> None:
    night.put("thing", after="3d")
    assert night.read() == asked(1, 2, 3, 4, 5)
    night.source.people["6"] = "joined"
    night.source.things["6"] = []
    assert night.read() == asked(6)
    assert night.read() == []
    assert night.read() == asked(1, 2, 3, 4, 5), "three days after the first night"
    assert night.read() == asked(6)


def test_a_budget_is_spent_in_order_and_what_is_left_comes_first_next_time(night: Night) -> None:
    night.put("thing", budget=2)
    assert night.read() == asked(1, 2)
    assert night.records("things") == ["1a", "1b", "2a", "2b"]
    assert not night.sets["things"].complete
    assert night.sets["things"].partly
    assert "things: 3 records of people were never asked for yet: what they lack stays in Haplo as it is" in night.notes
    assert night.read() == asked(3, 4)
    assert night.read() == asked(5, 1)
    assert night.sets["things"].complete
    assert not night.sets["things"].partly
    assert "things: 3 records of people are due and did not fit into the budget: next time first" in night.notes
    night.source.people["0"] = "joined"
    night.source.things["0"] = ["0a"]
    assert night.read() == asked(0, 2)
    assert night.read() == asked(3, 4)
    assert night.records("things") == ["0a", "1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b", "5a", "5b"]


def test_a_change_that_did_not_fit_is_not_forgotten(night: Night) -> None:
    night.put("person", "thing", parent_changed=True, after="2d", order=["oldest"], budget=2)
    assert [night.read(days=0), night.read(days=0), night.read(days=2)] == [asked(1, 2), asked(3, 4), asked(5)]
    night.source.people["3"] = "another name"
    assert night.read(days=0) == asked(1, 2), "the old ones come first here"
    assert night.read(days=0) == asked(4, 5)
    assert night.read(days=0) == asked(3)
    assert night.read(days=0) == []


def test_who_has_nothing_there_is_asked_for_once(night: Night) -> None:
    del night.source.things["3"]
    night.put("thing", after="7d")
    assert night.read() == asked(1, 2, 3, 4, 5)
    assert "things: of 5 records of people, 1 have nothing there (404)" in night.notes
    assert night.read() == []
    assert night.records("things") == ["1a", "1b", "2a", "2b", "4a", "4b", "5a", "5b"]


def test_everything_is_asked_for_where_that_is_said_whatever_the_budget(night: Night) -> None:
    night.put("thing", budget=1, after="7d")
    night.read()
    assert night.read(full=True) == asked(1, 2, 3, 4, 5)
    assert night.read() == []


def test_levels_follow_each_other_and_lack_what_the_level_above_lacks(night: Night) -> None:
    night.put("part", parts={"parent_changed": True}, budget=3, parent_changed=True)
    parts = [f"/things/{each}/parts" for each in ("1a", "1b", "2a", "2b", "3a", "3b")]
    assert night.read() == [*asked(1, 2, 3), *parts]
    assert night.sets["parts"].partly
    assert not night.sets["parts"].complete
    parts = [f"/things/{each}/parts" for each in ("4a", "4b", "5a", "5b")]
    assert night.read() == [*asked(4, 5), *parts]
    assert night.sets["parts"].complete
    del night.source.people["1"]
    assert night.read() == []
    assert night.records("parts") == [f"{each}-1" for each in ("2a", "2b", "3a", "3b", "4a", "4b", "5a", "5b")]


def test_a_changed_source_document_has_all_asked_again_and_keeps_what_came_until_then(night: Night) -> None:
    night.put("thing", parent_changed=True)
    night.read()
    night.put("thing", parent_changed=True, budget=2)
    file = night.folder / "mappings/slow/source.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["endpoints"]["things"]["params"] = {"all": "1"}
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    night.source.things = {key: [f"{key}z"] for key in night.source.things}
    assert night.read() == asked(1, 2)
    assert night.records("things") == ["1z", "2z", "3a", "3b", "4a", "4b", "5a", "5b"]
    assert night.sets["things"].complete
    assert night.read() == asked(3, 4)
    assert night.read() == asked(5)
    assert night.read() == []


def test_what_was_landed_of_late_is_not_asked_again_by_another_run(night: Night) -> None:
    del night.source.things["2"]
    night.put("person", "thing", parent_changed=True, fresh="20h")
    night.source.fails_after = 4
    with pytest.raises(SourceError):
        night.read(days=0)
    night.source.people = {"0": "joined", **night.source.people, "3": "another name", "4": "another name"}
    night.source.things["0"] = []
    night.source.fails_after = None
    assert night.read(days=0) == asked(0, 3, 4, 5), (
        "who changed in between is asked for again; 1 is not, and 2 is not there"
    )
    assert night.records("things") == ["1a", "1b", "3a", "3b", "4a", "4b", "5a", "5b"]


def test_what_was_landed_too_long_ago_is_asked_again(night: Night) -> None:
    night.put("thing", fresh="20h")
    assert night.read(days=0) == asked(1, 2, 3, 4, 5)
    night.time += timedelta(hours=19, minutes=59)
    assert night.read(days=0) == []
    night.time += timedelta(minutes=1)
    assert night.read(days=0) == asked(1, 2, 3, 4, 5)
    assert night.read(days=0, fresh=True) == asked(1, 2, 3, 4, 5)


def test_the_plan_tells_what_a_run_costs_and_what_a_budget_covers(night: Night) -> None:
    night.put("part", "person", parts={"after": "30d"}, parent_changed=True, budget=2)
    before = night.bill()
    assert [(each.endpoint, each.requests, each.basis) for each in before.prices] == [
        ("people", 1, "known"),
        ("things", 0, "unknown"),
        ("parts", 0, "unknown"),
    ]
    assert (before.requests, before.open, before.seconds) == (1, True, None)
    night.read()
    limits = [{"per": "client", "by": "me", "burst": 4, "refill": "1 per 10s"}]
    night.put("part", "person", parts={"after": "30d"}, parent_changed=True, budget=2, limits=limits)
    bill = night.bill()
    assert [(each.requests, each.basis, each.left) for each in bill.prices] == [
        (1, "known", 0),
        (2, "estimated", 1),
        (0, "estimated", 0),
    ]
    assert bill.seconds == 0.0, "3 requests, and 4 less one at once"
    assert within(bill, 2) == [1, 1, 0]
    night.time += timedelta(days=30)
    bill = night.bill()
    assert [each.requests for each in bill.prices] == [1, 2, 4], "four things were asked for their parts, 31 days ago"
    assert bill.seconds == 40.0, "7 requests: 3 at once, then one each ten seconds"
