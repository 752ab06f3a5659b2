"""Recordings of a source of every kind of pages, whose documents tag nothing: nobody is in them; each can be replayed.

What asks for the next page is here as bad as it can be: a URL with a host, a token, somebody's name and date of birth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest
from project import Ended, call_here
from recordings import day_clock
from small_documents import of_entity, write

from engine.run.records import extract_sets
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.simulators.replay import ReplaySimulator
from engine.spec.project import open_project

pytestmark = pytest.mark.e2e

FIRST = ["Aoife", "Bram", "Cerys", "Dilwyn", "Esme", "Farid", "Greta"]
LAST = ["Applegarth", "Brathwaite", "Cholmondeley", "Dunwoody", "Entwistle", "Farquharson", "Gathercole"]
PUPILS = [
    {
        "id": 5101 + 7 * n,
        "first": FIRST[n],
        "called": "Billie" if n == 1 else None,
        "last": LAST[n],
        "born": f"2012-0{n + 1}-1{n}",
        "form": 71 + n % 2,
        "here": n != 3,
        "mails": [{"sort": "home", "at": f"{LAST[n].lower()}@homes.example"}],
    }
    for n in range(7)
]
FORMS = [{"id": 71 + n, "code": f"{7 + n}A"} for n in range(5)]
MARKS = [{"pupil": pupil["id"], "mark": f"{n}"} for n, pupil in enumerate(PUPILS)]
SIZE = {"param": "limit", "value": 3}
PAGES: dict[str, dict[str, Any]] = {
    "cursor": {"kind": "cursor", "param": "after", "next": {"at": "$.next"}, "size": SIZE, "total": "$.total"},
    "total": {"kind": "offset", "param": "offset", "size": SIZE, "total": "$.total"},
    "offset": {"kind": "offset", "param": "offset", "size": SIZE, "first": 1},
    "open": {"kind": "open", "param": "page", "size": SIZE},
    "number": {"kind": "number", "param": "page", "size": SIZE, "last": {"at": "$.pages"}},
}
SETS = [f"marks_{name}" for name in PAGES]


class Badly(Simulator):
    """Seven pupils, their marks by each kind of pages, and five forms."""

    def routes(self) -> list[Route]:
        marks: list[Route] = [("GET", f"/marks/{name}", self._marks) for name in PAGES]
        return [*marks, ("GET", "/pupils", self._pupils), ("GET", "/forms", lambda _: json_answer({"items": FORMS}))]

    def _pupils(self, request: Request) -> Answer:
        after = (request.parameter("after") or "").partition("|")[0]
        start = LAST.index(after) + 1 if after else 0
        items = PUPILS[start : start + 3]
        query = urlencode({"after": f"{items[-1]['last']}|{items[-1]['born']}", "limit": 3, "token": "sekrit"})
        last = start + 3 >= len(PUPILS)
        return json_answer({"meta": {"next": None if last else f"{self.url}/pupils?{query}"}, "items": items})

    def _marks(self, request: Request) -> Answer:
        page, offset, after = (request.parameter(name) for name in ("page", "offset", "after"))
        start = (int(page) - 1) * 3 if page else int(offset or after or 0)
        start -= request.path.endswith("/offset")  # that counts from 1
        items, end = MARKS[start : start + 3], start + 3
        return json_answer({"next": end if end < 7 else None, "total": 7, "pages": 3, "items": items})


MAPPING = {
    "tables": {"mails": {"from": {"set": "pupils", "each": "mails"}, "fields": {"at": {"sql": "item ->> '$.at'"}}}},
    "join": {"own": {"set": "forms", "by": {"id": "form"}}},
    "fields": {
        "source_id": "id",
        "given_name": {"first_of": ["called", "first"]},
        "family_name": {"from": "last", "clean": "squeeze"},
        "born": "born",
        "form": "own.code",
        "mails": {"collect": "mails", "by": {"id": "id"}, "item": "at"},
    },
}
SCHEMA: dict[str, Any] = {
    "source_id": {"pii": "identifier"},
    "given_name": {"pii": "name"},
    "family_name": {"pii": "name"},
    "born": {"type": "date", "pii": "birth"},
    "form": {"pii": "status"},
    "mails": {"type": "list", "of": {"type": "text"}, "pii": "contact"},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project")
    pupils = {name: {} for name in PUPILS[0]} | {
        "born": {"type": "date"},
        "here": {"type": "boolean"},
        "mails": {"type": "list"},
        "form": {"link": "forms.id"},
    }
    url = {"at": "$.meta.next", "url": True}
    endpoints: dict[str, Any] = {
        "forms": {
            "get": "forms",
            "sets": {"forms": {"records": "$.items", "key": "id", "fields": {"id": {}, "code": {}}}},
        },
        "pupils": {
            "get": "pupils",
            "pages": {"kind": "cursor", "param": "after", "next": url, "size": SIZE},
            "sets": {"pupils": {"records": "$.items", "key": "id", "fields": pupils}},
        },
    }
    fields = {"pupil": {"link": "pupils.id"}, "mark": {}}
    for name, pages in PAGES.items():
        sets = {f"marks_{name}": {"records": "$.items", "fields": fields}}
        endpoints[f"marks_{name}"] = {"get": f"marks/{name}", "pages": pages, "sets": sets}
    with Badly() as server:
        source = {
            "source": "acme",
            "config": {"base_url": {"type": "url"}},
            "apis": {"main": {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}},
            "endpoints": endpoints,
        }
        documents = of_entity("acme", "thing", "pupils", {"source_id": "id"})
        documents["mappings/acme/thing.yaml"] |= MAPPING
        documents["schemas/thing.yaml"]["fields"] = SCHEMA
        for school, its in (("east", server.url), ("again", "http://127.0.0.1:1")):
            entities = {"school": school, "source": "acme", "config": {"base_url": its}, "entities": ["thing"]}
            documents[f"schools/{school}.yaml"] = entities
        write(folder, {**documents, "mappings/acme/source.yaml": source})
        yield folder


def record(project: Path, to: Path, *more: str) -> Ended:
    sets = [word for name in SETS for word in ("--set", name)]
    return call_here("record", "east", "--to", str(to), *sets, *more, "--project", str(project), environ={}).well()


def texts(folder: Path) -> dict[str, str]:
    return {str(each.relative_to(folder)): each.read_text() for each in sorted(folder.rglob("*")) if each.is_file()}


def replayed(project: Path, recording: Path, to: Path) -> dict[str, list[str]]:
    """Return the keys that are read of each set from a simulator that serves a recording."""
    with ReplaySimulator(folder=recording) as simulator:
        file = project / "schools" / "again.yaml"
        school = {"school": "again", "source": "acme", "config": {"base_url": simulator.url}, "entities": ["thing"]}
        file.write_text(json.dumps(school), encoding="utf-8")
        sets = ["pupils", "forms", *SETS]
        extract_sets(open_project(project), "again", sets, to, {}, lambda event: None, day_clock())
    keys = {name: "pupil" if name in SETS else "id" for name in sets}
    return {name: pl.read_parquet(to / f"{name}.parquet")[key].to_list() for name, key in keys.items()}


@pytest.mark.parametrize(("records", "kept", "forms"), [("all", 7, 5), ("5", 5, 5), ("1", 1, 5)])
def test_nobody_is_in_it_and_all_pages_can_be_replayed(
    project: Path, tmp_path: Path, records: str, kept: int, forms: int
) -> None:
    to = tmp_path / "to"
    record(project, to, "--records", records, "--of", "pupils")
    made = texts(to)
    whole = "".join(made.values()).casefold()
    known = [str(value) for pupil in PUPILS for key, value in pupil.items() if key in ("id", "first", "last", "born")]
    found = [text for text in [*known, "Billie", "homes.example", "sekrit", "127.0.0.1"] if text.casefold() in whole]
    assert found == []
    read = replayed(project, to, tmp_path / "read")
    assert {name: len(keys) for name, keys in read.items()} == {
        **dict.fromkeys(SETS, kept),
        "pupils": kept,
        "forms": forms,
    }
    assert {tuple(read[name]) for name in SETS} == {tuple(read["pupils"])}, "joins hold, and the order"


def test_without_a_word_it_is_made_of_people_and_says_so(project: Path, tmp_path: Path) -> None:
    ended = record(project, tmp_path / "to", "--records", "2")
    said = "2 of 7 records of pupils, with what belongs to them and what they refer to: 17 of 47 records in all"
    assert f"chosen: {said} (--of says of which set)" in ended.out
    report = texts(tmp_path / "to")["REPORT.md"]
    assert f"Made of {said}." in report
    assert "| `here` |  | 2 | left 2: true or false |" in report
    assert "| `first` | name, of thing.given_name | 2 | replaced 2: pii: name |" in report
    told = record(project, tmp_path / "told", "--records", "2", "--format", "json")
    assert json.loads(told.out)["of"] == "pupils"
