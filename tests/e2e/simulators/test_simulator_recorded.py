"""Recordings served over HTTP: matched by the end of the path, and by what tells requests apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.simulators.http import Simulator
from engine.simulators.replay import ReplaySimulator

pytestmark = pytest.mark.e2e

Serve = Callable[[Simulator], httpx.Client]
ANSWERS: list[dict[str, Any]] = [
    {"method": "GET", "path": "site/*/people", "file": "one.json", "params": {"page": "1", "key": "*"}, "by": ["page"]},
    {"method": "GET", "path": "site/*/people", "file": "two.json", "params": {"page": "2"}, "by": ["page"], "page": 2},
    {"method": "GET", "path": "people/7", "file": ""},
    {"method": "GET", "path": "marks", "file": "one.json", "params": {"from": "2026-03-02"}, "by": ["from"]},
    {"method": "GET", "path": "marks", "file": "two.json", "by": []},
    {"method": "GET", "path": "staff", "file": "one.json", "params": {"status": "current"}},
    {"method": "GET", "path": "staff", "file": "two.json", "params": {"status": "former"}},
    {"method": "POST", "path": "batch.ashx", "file": "a.xml", "asks": {"Get_People": {}, "Get_Calls": {"Of": "1"}}},
    {"method": "POST", "path": "batch.ashx", "file": "b.xml", "asks": {"Get_Rooms": {}, "Get_Calls": {"Of": "0"}}},
]  # fmt: skip
TOKEN = {"method": "POST", "path": "", "answer": {"access_token": "recorded"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"is": name}), encoding="utf-8")
    (tmp_path / "a.xml").write_text("<R><People/></R>", encoding="utf-8")
    (tmp_path / "b.xml").write_text("<R><Rooms/></R>", encoding="utf-8")
    manifest = {"urls": ["host", "sts"], "beside": [TOKEN], "answers": ANSWERS}
    (tmp_path / "recording.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("/api/v1/site/9991234/people/", {"page": "1", "key": "any"}, "one"),
        ("/Site/x/People", {}, "one"),
        ("/site/x/people", {"page": "2"}, "two"),
        ("/marks", {"from": "2026-03-02", "to": "2026-03-08"}, "one"),
        ("/marks", {"from": "2025-01-01"}, "two"),
        ("/staff", {"status": "former", "more": "x"}, "two"),
        ("/staff", {"status": "current"}, "one"),
    ],
)
def test_a_request_gets_the_answer_that_was_recorded(
    serve: Serve, folder: Path, path: str, params: dict[str, str], found: str
) -> None:
    answer = serve(ReplaySimulator(folder=folder)).get(path, params=params)
    assert (answer.status_code, answer.json()) == (200, {"is": found})


def test_a_body_gets_what_brought_all_that_it_asks_for(serve: Serve, folder: Path) -> None:
    client = serve(ReplaySimulator(folder=folder))

    def ask(body: str) -> str:
        return client.post("/api/batch.ashx?apiKey=any", content=body).text

    assert ask("<Method>Get_People</Method>") == "<R><People/></R>"
    assert ask("<Method>Get_Rooms</Method><Method>Get_Calls</Method><Calls Of='0'/>") == "<R><Rooms/></R>"
    both = ask("<Method>Get_Rooms</Method><Method>Get_People</Method>")
    assert "<People />" in both
    assert "<Rooms />" in both
    assert "no recorded answer to POST /api/batch.ashx" in ask("<Method>Get_Nothing</Method>")


def test_any_secret_gets_a_token_and_config_names_the_addresses(serve: Serve, folder: Path) -> None:
    simulator = ReplaySimulator(folder=folder)
    client = serve(simulator)
    assert client.post("/auth/token", data={"secret": "any"}).json() == {"access_token": "recorded"}
    assert simulator.config == dict.fromkeys(("base_url", "host", "sts"), simulator.url)


def test_what_was_not_there_and_what_was_not_recorded_are_told_apart(serve: Serve, folder: Path) -> None:
    client = serve(ReplaySimulator(folder=folder))
    gone, unknown = client.get("/people/7"), client.get("/site/1/people", params={"page": "3"})
    assert (gone.status_code, gone.text) == (404, "replay: nothing was there when it was recorded")
    assert unknown.status_code == 404
    assert unknown.text.startswith(
        "replay: no recorded answer to GET /site/1/people so; recorded are GET site/*/people (by page), GET people/7,"
    )


def test_a_file_outside_of_the_folder_is_refused(folder: Path) -> None:
    manifest = {"urls": [], "beside": [], "answers": [{**ANSWERS[0], "file": "../one.json"}]}
    (folder / "recording.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ValueError, match="is not a file of the folder"):
        ReplaySimulator(folder=folder)
