"""What requests ask for: methods by key, over POST; and one request for each record of another set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_documents
from click.testing import CliRunner

from engine.cli.main import cli
from engine.clock import Clock
from engine.errors import DocumentError, EngineError, SourceError, SourceRefused, SourceUnavailable
from engine.journal import Journal
from engine.run.folder import new_run, school_folder
from engine.run.history import open_state
from engine.run.plan import make_plan
from engine.run.reading import Reading
from engine.run.records import extract_sets
from engine.run.report import Report
from engine.run.secrets import Secrets
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.spec.project import open_project
from engine.stages.events import Event
from engine.stages.transform import SetRead

pytestmark = pytest.mark.e2e

BEGAN = datetime(2026, 3, 4, 3, tzinfo=UTC)
SECRETS = {"PEOPLE_KEY": "k1-people<&", "MARKS_KEY": "k2-marks", "OPEN_SECRET": "s3-open", "SAME_KEY": "k2-marks"}
METHODS = {"People": "people", "Rooms": "rooms", "Marks": "marks", "Notes": "notes"}


class MethodSimulator(Simulator):
    """Answers with what a POST asks for by name; a record of one set has things of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.people = [{"Id": "1", "Kind": "a"}, {"Id": "x?/2", "Kind": "b"}, {"Id": "3", "Kind": "a"}]
        self.things: dict[str, list[str]] = {"1": ["t1", "t2"], "x?/2": ["t3"]}
        self.bodies: list[str] = []
        self.given: list[tuple[str, str]] = []
        self.failures: list[tuple[int, str]] = []
        self.refused = ""
        self.everything = False

    def routes(self) -> list[Route]:
        return [
            ("POST", "/ask", self._ask),
            ("POST", "/token", self._token),
            ("GET", r"/people/(.+)/things", self._things),
        ]

    def _token(self, request: Request) -> Answer:
        return json_answer({"token": "t-" + json.loads(request.body)["id"]})

    def _ask(self, request: Request) -> Answer:
        self.bodies.append(request.body.decode())
        self.given.append((request.parameter("key") or "", request.headers.get("authorization", "")))
        if self.failures:
            status, text = self.failures.pop(0)
            return json_answer({"error": text}, status)
        if self.everything:
            return json_answer({"people": self.people})
        asked = re.findall("<Method>(.*?)</Method>", self.bodies[-1])
        lists = {"people": self.people, "rooms": [{"Id": "r"}], "marks": [{"Id": "m"}], "notes": [{"Id": "n"}]}
        return json_answer({METHODS[name]: lists[METHODS[name]] for name in asked})

    def _things(self, request: Request, person: str) -> Answer:
        if person == self.refused:
            return json_answer({}, 401)
        if person not in self.things:
            return json_answer({"error": "nobody"}, 404)
        return json_answer({"things": [{"Id": each} for each in self.things[person]]})


BODY = (
    "<Filters><MethodsToRun>{% for each in asked %}<Method>{{ each.method }}</Method>{% endfor %}</MethodsToRun>"
    "{% for parent in filtered %}<{{ parent.name }}>{% for each in parent.elements %}<{{ each.name }}"
    '{% for filter in each.filters %} {{ filter.name }}="{{ filter.value }}"{% endfor %}/>{% endfor %}'
    "</{{ parent.name }}>{% endfor %}</Filters>"
)


def a_set(name: str, method: str, **more: Any) -> dict[str, Any]:
    return {"records": f"$.{name}", "ask": {"method": method}, "key": "Id", "fields": {"Id": {}}, **more}


SOURCE: dict[str, Any] = {
    "source": "asked",
    "config": {"base_url": {"type": "url"}, "keys": {"type": "keys", "secrets": ["client_secret"]}},
    "apis": {
        "main": {
            "base_url": "{{ config.base_url }}",
            "auth": {
                "kind": "token",
                "if_given": "client_secret",
                "request": {
                    "url": "{{ config.base_url }}/token",
                    "json": {"id": "{{ key }}", "secret": "{{ secrets.client_secret }}"},
                },
                "token": "$.token",
                "header": {"name": "Authorization", "value": "Bearer {{ token }}"},
            },
            "params": {"key": "{{ key }}"},
            "retry": {"attempts": 2, "wait": "1ms"},
            "pages": {"kind": "none"},
            "methods": {
                "People": {},
                "Rooms": {},
                "Marks": {
                    "element": "Register/Mark",
                    "filters": {"From": {}, "To": {}, "Kind": {}},
                    "needs_filter": True,
                },
                "Notes": {"element": "Register/Note", "filters": {"Text": {}}},
            },
            "errors": [{"when": {"json": "$.error", "matches": "deadlock"}, "means": "retry", "say": "it is locked"}],
        },
        "rest": {
            "base_url": "{{ config.base_url }}",
            "auth": {"kind": "none"},
            "pages": {"kind": "none"},
            "rates": {"connections": 3},
        },
    },
    "endpoints": {
        "things": {
            "api": "rest",
            "get": "people/{{ each.person }}/things",
            "for_each": {"set": "people", "keep": {"person": "Id"}},
            "sets": {"things": {"records": "$.things", "key": ["Id", "person"], "fields": {"Id": {}, "person": {}}}},
        },
        "all": {
            "post": "ask",
            "per": "keys",
            "body": {"type": "application/xml", "text": BODY},
            "sets": {
                "people": a_set("people", "People", fields={"Id": {}, "Kind": {}}),
                "rooms": a_set("rooms", "Rooms"),
                "marks": a_set("marks", "Marks"),
                "notes": a_set("notes", "Notes"),
            },
        },
    },
}
MARKS = {"From": "{{ today | days(-1) }}", "To": "{{ today }}", "Kind": "{{ settings.marks.kind }}"}
SOURCE["endpoints"]["all"]["sets"]["marks"]["ask"]["filters"] = MARKS
SOURCE["endpoints"]["all"]["sets"]["notes"]["ask"]["filters"] = {"Text": "{{ settings.marks.kind }}"}
ENTITIES = {"person": "people", "room": "rooms", "mark": "marks", "note": "notes", "thing": "things"}
SCHOOL = "brook"
KEYS: dict[str, Any] = {
    "people": {"key": {"env": "PEOPLE_KEY"}, "methods": ["People"]},
    "marks": {
        "key": {"env": "MARKS_KEY"},
        "methods": ["Marks", "Notes"],
        "secrets": {"client_secret": {"env": "OPEN_SECRET"}},
    },
    "others": {"key": {"env": "PEOPLE_KEY"}},
}


@dataclass
class Night(Clock):
    """A project that is read night after night."""

    folder: Path
    source: MethodSimulator
    time: datetime = BEGAN
    notes: list[str] = field(default_factory=list)
    complete: set[str] = field(default_factory=set)

    def now(self) -> datetime:
        return self.time

    def put(self, *entities: str, kind: str = "", keys: dict[str, Any] = KEYS, source: dict[str, Any] = SOURCE) -> None:
        school = {
            "school": SCHOOL,
            "source": "asked",
            "config": {"base_url": self.source.url, "keys": keys},
            "entities": list(entities),
            "settings": {"marks": {"kind": kind}},
        }
        groups = {"marks": {"kind": {"type": "text", "default": "", "description": "of what kind marks are"}}}
        documents: dict[str, Any] = {
            "mappings/asked/source.yaml": source,
            "schemas/marks.yaml": {"settings": "marks", "groups": groups},
            f"schools/{SCHOOL}.yaml": school,
        }
        for entity, records in ENTITIES.items():
            fields = {"source_id": "Id", "person": "person"} if entity == "thing" else {"source_id": "Id"}
            documents |= small_documents.of_entity("asked", entity, records, fields)
        small_documents.write(self.folder, documents)

    def read(self, folder: Path | None = None) -> dict[str, SetRead]:
        """Read a night; a folder is gone on with."""
        folder = folder or new_run(school_folder(self.folder, SCHOOL), self.now())
        plan = make_plan(open_project(self.folder), SCHOOL)
        report = Report(SCHOOL, folder.name, "", "none")
        config = Secrets(SECRETS).config(plan.source, plan.school)
        with open_state(self.folder) as state, Journal(folder / "journal.jsonl") as journal:
            reading = Reading(plan, folder, journal, self, lambda event: None, report, state)
            sets = reading.read(config)
        self.notes, self.complete = report.notes, {line.set for line in report.sets if line.complete}
        return sets

    def ids(self, **how: Any) -> dict[str, list[str]]:
        return {name: pl.read_parquet(read.file)["Id"].to_list() for name, read in self.read(**how).items()}

    def paths(self) -> list[str]:
        """The paths of the requests since this was last looked at."""
        found = [each.path for each in self.source.requests]
        self.source.requests.clear()
        return found


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    with MethodSimulator() as source:
        yield Night(tmp_path, source)


def test_the_wanted_methods_are_asked_for_by_key_with_their_filters(night: Night) -> None:
    night.put("person", "room", "mark", "note", kind='"<&')
    assert night.ids() == {"people": ["1", "x?/2", "3"], "rooms": ["r"], "marks": ["m"], "notes": ["n"]}
    marks = '<Mark From="2026-03-03" To="2026-03-04" Kind="&#34;&lt;&amp;"/>'
    assert night.source.bodies == [
        "<Filters><MethodsToRun><Method>People</Method><Method>Rooms</Method></MethodsToRun></Filters>",
        "<Filters><MethodsToRun><Method>Marks</Method><Method>Notes</Method></MethodsToRun>"
        f'<Register>{marks}<Note Text="&#34;&lt;&amp;"/></Register></Filters>',
    ], "the keys 'people' and 'others' are one"
    assert night.source.given == [("k1-people<&", ""), ("k2-marks", "Bearer t-k2-marks")]
    assert night.complete == {"people", "rooms", "marks", "notes"}


def test_only_what_is_wanted_is_asked_for_and_an_empty_filter_is_not_sent(night: Night) -> None:
    night.put("mark")
    night.ids()
    expected = '<Register><Mark From="2026-03-03" To="2026-03-04"/></Register>'
    assert night.source.bodies == [
        f"<Filters><MethodsToRun><Method>Marks</Method></MethodsToRun>{expected}</Filters>",
    ]


def test_a_needed_filter_that_is_empty_tonight_is_no_request(night: Night) -> None:
    source = json.loads(json.dumps(SOURCE))
    source["endpoints"]["all"]["sets"]["marks"]["ask"]["filters"] = {"Kind": "{{ settings.marks.kind }}"}
    night.put("mark", source=source)
    with pytest.raises(DocumentError) as caught:
        night.read()
    assert [problem.code for problem in caught.value.problems] == ["filter-missing"]
    assert night.paths() == []


def test_a_set_that_no_key_opens_is_never_taken_for_empty(night: Night) -> None:
    night.put("person", "mark", keys={"people": KEYS["people"]})
    with pytest.raises(DocumentError) as caught:
        night.read()
    assert [problem.what for problem in caught.value.problems] == ["no key of 'brook' opens what brings 'marks'"]
    assert night.paths() == []


def test_keys_of_one_value_are_one(night: Night) -> None:
    keys = {"notes": {"key": {"env": "SAME_KEY"}, "methods": ["Notes"]}, "marks": {"key": {"env": "MARKS_KEY"}}}
    night.put("mark", "note", keys=keys)
    assert night.ids() == {"marks": ["m"], "notes": ["n"]}
    assert night.source.given == [("k2-marks", "")]


def test_what_names_no_method_is_read_with_each_key(night: Night) -> None:
    source = json.loads(json.dumps(SOURCE))
    everything = source["endpoints"]["all"]
    everything |= {"body": {"json": {"day": "{{ today }}"}}, "sets": {"people": everything["sets"]["people"]}}
    del everything["sets"]["people"]["ask"]
    del source["endpoints"]["things"]
    night.put("person", source=source)
    night.source.everything = True
    frame = pl.read_parquet(night.read()["people"].file)
    assert frame.select("_page", "Id").rows() == [(page, key) for page in (1, 2) for key in ("1", "x?/2", "3")]
    assert night.source.bodies == ['{"day":"2026-03-04"}'] * 2
    assert [key for key, _ in night.source.given] == ["k1-people<&", "k2-marks"]
    assert "people: 3 keys stand on several records, 3 of them on several pages" in night.notes


def test_sets_that_one_request_cannot_bring_are_asked_for_apart(night: Night) -> None:
    source = json.loads(json.dumps(SOURCE))
    source["endpoints"]["all"]["sets"]["rooms"]["apart_from"] = ["people"]
    night.put("person", "room", source=source)
    assert night.ids() == {"people": ["1", "x?/2", "3"], "rooms": ["r"]}
    assert [re.findall("<Method>(.*?)<", body) for body in night.source.bodies] == [["People"], ["Rooms"]]


@pytest.mark.parametrize(
    ("failures", "expected", "asked"),
    [
        ([(500, "deadlock")], None, 2),
        ([(500, "deadlock")] * 2, SourceUnavailable, 2),
        ([(500, "not XML")], SourceError, 1),
        ([(503, "")], None, 2),
        ([(403, "")], SourceRefused, 1),
    ],
)
def test_of_a_post_only_what_may_heal_is_tried_again(
    failures: list[tuple[int, str]], expected: type[EngineError] | None, asked: int, night: Night
) -> None:
    night.put("person")
    night.source.failures = list(failures)
    if expected is None:
        assert night.ids() == {"people": ["1", "x?/2", "3"]}
    else:
        with pytest.raises(expected) as caught:
            night.read()
        assert not any(secret in f"{caught.value.what} {caught.value.why}" for secret in SECRETS.values())
    assert len(night.source.bodies) == asked


def test_no_secret_is_on_disk_after_a_read(night: Night) -> None:
    night.put("person", "mark", "thing")
    night.read()
    for file in night.folder.rglob("*"):
        data = file.read_bytes() if file.is_file() else b""
        assert not any(secret.encode() in data for secret in SECRETS.values()), file


def test_one_request_is_made_for_each_record(night: Night) -> None:
    night.put("thing")
    frame = pl.read_parquet(night.read()["things"].file)
    assert frame.select("Id", "person").rows() == [("t1", "1"), ("t2", "1"), ("t3", "x?/2")]
    assert sorted(night.paths()) == ["/ask", "/people/1/things", "/people/3/things", "/people/x?/2/things"]
    assert night.notes == ["things: of 3 records of people, 1 have nothing there (404)"]
    assert night.complete == {"people", "things"}


def test_records_are_chosen_and_one_without_a_value_makes_the_set_incomplete(night: Night) -> None:
    source = json.loads(json.dumps(SOURCE))
    source["endpoints"]["things"]["for_each"]["where"] = {"Kind": "a"}
    night.put("thing", source=source)
    night.source.people.append({"Id": " ", "Kind": "a"})
    assert night.ids()["things"] == ["t1", "t2"]
    assert "things: 1 records of people lack a value that it is asked by, and were left out" in night.notes
    assert night.complete == {"people"}


def test_nobody_to_ask_for_is_an_empty_set(night: Night) -> None:
    night.put("thing")
    night.source.people = []
    assert night.ids() == {"people": [], "things": []}


def test_a_read_that_broke_off_goes_on_with_the_records_that_are_left(night: Night) -> None:
    night.put("thing")
    folder = new_run(school_folder(night.folder, SCHOOL), BEGAN)
    night.source.people = [{"Id": str(number), "Kind": "a"} for number in range(1, 9)]
    night.source.things = {str(number): [f"t{number}"] for number in range(1, 9) if number != 2}
    night.source.refused = "7"
    with pytest.raises(SourceRefused):
        night.read(folder)
    night.paths()
    night.source.refused = ""
    assert night.ids(folder=folder)["things"] == [f"t{number}" for number in range(1, 9) if number != 2]
    asked = night.paths()
    assert "/people/7/things" in asked
    assert not {"/ask", "/people/1/things", "/people/2/things"} & set(asked)


def test_extract_writes_both_sets(night: Night, tmp_path: Path) -> None:
    night.put("thing")
    facts = extract_sets(open_project(night.folder), SCHOOL, ["things"], tmp_path / "out", SECRETS, lambda event: None)
    assert [(each.set_name, each.rows) for each in facts] == [("people", 3), ("things", 3)]


def test_a_read_within_the_time_that_answers_are_kept_says_so(night: Night) -> None:
    source = json.loads(json.dumps(SOURCE))
    source["config"]["hours"] = {"type": "integer", "default": 24}
    source["apis"]["main"]["cached"] = {"up_to": "{{ config.hours }}h"}
    night.put("person", source=source)
    plan = make_plan(open_project(night.folder), SCHOOL)
    assert plan.notes == ["api 'main': its answers may be 24h old; what changed since is not in them"]
    night.read()
    assert night.notes == []
    night.time += timedelta(hours=23)
    night.read()
    assert night.notes == [
        "all: it was read 23 hours ago, and its source keeps answers for 24h: what changed meanwhile may be missing"
    ]
    night.time += timedelta(hours=24)
    night.read()
    assert night.notes == []


def test_a_plan_says_what_each_request_asks_for(night: Night) -> None:
    night.put("person", "mark", "thing")
    plan = make_plan(open_project(night.folder), SCHOOL)
    asked = [
        (request.method, share.name, share.sets, request.asked(plan.source, share), request.for_each)
        for request in plan.requests
        for share in request.shares
    ]
    filters = "From {{ today | days(-1) }}, To {{ today }}, Kind {{ settings.marks.kind }}"
    assert asked == [
        ("GET", "", ("things",), [], "each record of people"),
        ("POST", "people", ("people",), ["People"], ""),
        ("POST", "marks", ("marks",), [f"Marks ({filters})"], ""),
    ]
    shown = CliRunner().invoke(cli, ["plan", SCHOOL, "--project", str(night.folder)], catch_exceptions=False).output
    wanted = [r"all +POST ask ", r"things +– +each record of people +things", r"all +marks +– +Marks \(From "]
    assert [text for text in wanted if not re.search(text, shown)] == []


def test_progress_counts_the_records_that_were_asked_for(night: Night, tmp_path: Path) -> None:
    night.put("thing")
    told: list[Event] = []
    extract_sets(open_project(night.folder), SCHOOL, ["things"], tmp_path / "out", SECRETS, told.append)
    counted = [(each.done, each.total) for each in told if each.kind == "answer" and each.about == "things"]
    assert sorted(counted) == [(1, 3), (2, 3), (3, 3)]
