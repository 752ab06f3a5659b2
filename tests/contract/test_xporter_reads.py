"""Every declared endpoint of Xporter read from one running school: keys, links, pages, options, what is asked for."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from mapped import project

from engine.clock import Clock
from engine.run.records import extract_sets
from engine.simulators.xod.fact import read_facts
from engine.simulators.xporter import XporterSimulator
from engine.spec.project import open_project, shipped
from engine.spec.source import Endpoint
from engine.stages.land import SetFacts
from engine.stages.want import Want, names_asked, options_asked

pytestmark = pytest.mark.e2e

PUPILS, PAGE = 30, 7
SOURCE = project().source("xporter")
ENDPOINTS = sorted(name for name, each in SOURCE.endpoints.items() if each.api == "main")
BY_HAND = {"students", "contacts", "staff", "groups", "person_comms", "student_contacts", "school_info"}
"""Endpoints that the simulator wrote before there was a table; it has the columns that were recorded."""
EVERY_PAGE = {"group_types": "a list that comes with every page"}


class Noon(Clock):
    def now(self) -> datetime:
        return datetime(2026, 3, 2, 12, tzinfo=UTC)


class School:
    """A school that was read whole, in pages of seven, and the simulator that still runs."""

    def __init__(self, folder: Path, simulator: XporterSimulator) -> None:
        self.simulator = simulator
        source = yaml.safe_load((shipped() / "mappings" / "xporter" / "source.yaml").read_text(encoding="utf-8"))
        source["apis"]["main"]["pages"]["size"]["value"] = PAGE
        config = simulator.config
        given = {name: config[name] for name in ("base_url", "sts_url", "estab", "relying_party")}
        secrets = {"school_secret": {"env": "SECRET"}, "management_secret": {"env": "MANAGEMENT"}}
        school = {
            "school": "brook",
            "source": "xporter",
            "time_zone": "Europe/London",
            "prefix": "brook",
            "config": {**given, **secrets, "history": "9d"},
            "entities": ["student"],
        }
        for name, document in (("mappings/xporter/source.yaml", source), ("schools/brook.yaml", school)):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        environ = {"SECRET": config["secret"], "MANAGEMENT": config["management_secret"]}
        wanted = [
            name for endpoint in ENDPOINTS for name, each in SOURCE.endpoints[endpoint].sets.items() if each.fields
        ]
        facts = extract_sets(open_project(folder), "brook", wanted, folder / "out", environ, lambda event: None, Noon())
        self.facts: dict[str, SetFacts] = {each.set_name: each for each in facts}
        self.asked = [(each.path, each.query) for each in simulator.requests]

    def frame(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.facts[name].file)

    def whole(self, path: str, **query: str) -> dict[str, Any]:
        """An answer in one piece, with every option."""
        config = self.simulator.config
        body = {"estab": config["estab"], "relyingParty": config["relying_party"], "password": config["secret"]}
        data = json.dumps({**body, "thirdpartyid": "XporterOnDemand"}).encode()
        with urllib.request.urlopen(urllib.request.Request(config["sts_url"], data)) as answer:
            token = json.load(answer)["token"]
        url = f"{config['base_url']}/api/v1/School/{config['estab']}/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Idaas {token}"})
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with XporterSimulator(pupils=PUPILS, seed=3) as simulator:
        yield School(tmp_path_factory.mktemp("reads"), simulator)


def sets_of(endpoint: Endpoint) -> list[str]:
    return [name for name, each in endpoint.sets.items() if each.fields]


def kept(name: str) -> set[str]:
    """Fields that are kept of the record which is asked for, so that no answer brings them."""
    word = SOURCE.endpoints[SOURCE.find(name)[0]].for_each
    return set() if word is None else set(word.keep)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_all_that_is_declared_comes_and_is_told_apart(name, school):
    """Each set has records, each key is there once, and every declared field is sent, no other."""
    for own in sets_of(SOURCE.endpoints[name]):
        facts = school.facts[own]
        if name in BY_HAND:
            continue
        assert facts.rows > 0, own
        assert facts.repeated in (0, None), own
        assert set(facts.absent) - kept(own) == set(), own
        assert list(facts.drift) == [], own


@pytest.mark.parametrize("name", ENDPOINTS)
def test_links_resolve(name, school):
    """A value that links somewhere is found there; an id may stand in one of several sets."""
    beside = SOURCE.endpoints[name].sets
    for own in sets_of(SOURCE.endpoints[name]):
        frame = school.frame(own)
        for field, spec in SOURCE.find(own)[2].fields.items():
            if not spec.link or field not in frame.columns:
                continue
            values = frame[field].drop_nulls()
            values = values.str.split(spec.split).explode() if spec.split else values
            there: set[str] = set()
            if any(SOURCE.endpoints[SOURCE.find(other)[0]].windows for other, _ in spec.links() if other not in beside):
                continue  # it may be of a day that was not read
            for other, to in spec.links():
                there |= set(school.frame(other)[to].drop_nulls())
            assert set(values) <= there, f"{own}.{field}"


def is_plain(name: str) -> bool:
    """Whether an endpoint is asked for once, in pages or not."""
    endpoint = SOURCE.endpoints[name]
    parts = endpoint.for_each is not None or endpoint.windows is not None
    return not parts and bool(sets_of(endpoint)) and endpoint.path.startswith("School/")


PLAIN = [name for name in ENDPOINTS if is_plain(name)]


@pytest.mark.parametrize("name", PLAIN)
def test_a_boundary_of_pages_loses_nothing(name, school):
    """What came in pages of seven is what the service gives in one piece."""
    endpoint = SOURCE.endpoints[name]
    path = endpoint.path.removeprefix("School/{{ config.estab }}/")
    asked = next(query for each, query in school.asked if each.endswith(path))
    query = {key: value for key, value in asked.items() if key.lower() not in ("page", "pagesize")}
    whole = school.whole(path, **query)
    for own in sets_of(endpoint):
        wire = endpoint.sets[own].records.removeprefix("$.")
        rows = school.frame(own).unique("Id").height if own in EVERY_PAGE else school.facts[own].rows
        assert rows == len(whole.get(wire, [])), own


def test_windows_and_requests_for_each_record_lose_nothing(school):
    """Worked out from the school itself: nine days are two weeks of marks, and every result set has its results."""
    on_roll = sum(pupil.status == "OnRoll" for pupil in school.simulator.school.pupils)
    days = 7  # 21 February was a Saturday; the weekdays from then to Monday, 2 March, are six
    assert school.facts["attendance_marks"].rows == 2 * on_roll * (days - 1)
    results = school.frame("assessment_results")
    assert results.height == on_roll * 3 * 2
    for other in ("by_aspect", "by_student"):
        assert set(school.frame(f"assessment_results_{other}")["Id"]) == set(results["Id"])
    parts = school.frame("student_behaviour")
    assert set(parts["BehaviourId"]) == set(school.frame("behaviour")["Id"])


@pytest.mark.parametrize("name", ENDPOINTS)
def test_options_and_names_ask_for_what_is_mapped_and_no_more(name):
    """Field by field: its name on the wire is asked for, and an option where the field, or its set, needs it."""
    endpoint = SOURCE.endpoints[name]
    always = {option for option, each in endpoint.options.items() if each.asked}
    for own in sets_of(endpoint):
        record_set = endpoint.sets[own]
        for field, spec in record_set.fields.items():
            want = Want(name, {own: frozenset({field})})
            asked = options_asked(endpoint, want)
            assert set(asked) == always | ({record_set.option, spec.option} - {None}), f"{own}.{field}"
            spellings = {
                text.lower(): text for text in reversed(([spec.at] if isinstance(spec.at, str) else spec.at) or [field])
            }
            assert names_asked(SOURCE, want) == ([] if field in kept(own) else list(spellings.values()))


def test_every_read_is_answered(school):
    """Those of which no field is known are asked for here, in one piece; the test of errors gives one."""
    assert len(read_facts()) == 87 - 3, "three of the four reads of results share a path with the first"
    for name in ENDPOINTS:
        endpoint = SOURCE.endpoints[name]
        if sets_of(endpoint) or not endpoint.path.startswith("School/") or endpoint.for_each is not None:
            continue
        asked = {each: "2026-03-01" if "Date" in each else "2025" for each in endpoint.filters}
        whole = school.whole(endpoint.path.removeprefix("School/{{ config.estab }}/"), **asked)
        if name == "test_error":
            assert whole["ExceptionMessage"] == "This is a test error"
        for own in endpoint.sets.values():
            assert own.records.removeprefix("$.") in whole, name
