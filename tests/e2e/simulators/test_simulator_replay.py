"""Recorded answers, served byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from engine.simulators.http import Simulator
from engine.simulators.replay import ReplaySimulator

pytestmark = pytest.mark.e2e

Serve = Callable[[Simulator], httpx.Client]
FOLDER = Path(__file__).parent.parent / "replay"
STUDENTS = "/api/v1/School/9991234/Students/"


def test_the_first_entry_that_fits_is_served_byte_for_byte(serve: Serve) -> None:
    client = serve(ReplaySimulator(folder=FOLDER))
    assert client.get(STUDENTS).content == (FOLDER / "students-1.json").read_bytes()
    second = client.get(STUDENTS, params={"page": 2, "pageSize": 1})
    assert second.content == (FOLDER / "students-2.json").read_bytes()
    assert client.get("/api/v1/school/9991234/groups").headers["cache-control"] == "no-cache"


def test_status_and_headers_are_those_recorded(serve: Serve) -> None:
    answer = serve(ReplaySimulator(folder=FOLDER)).get("/api/v1/School/9991234/Photos/")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")
    assert answer.headers["retry-after"] == "1"


def test_a_token_is_given_and_what_is_not_recorded_is_said(serve: Serve) -> None:
    sim = ReplaySimulator(folder=FOLDER)
    client = serve(sim)
    assert client.post(sim.config["sts_url"], json={}).json()["token"]
    missing = client.get("/api/v1/School/9991234/Rooms/")
    assert missing.status_code == 404
    assert missing.text == "replay: no recorded answer to GET /api/v1/School/9991234/Rooms/ with this query"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"path": "/a", "body": "missing.json"}, "'missing.json' is not a file"),
        ({"path": "/a", "body": "../replay.json"}, "is not a file of the folder"),
        ({"path": "/a"}, "an entry has no body"),
        ({"path": "/a", "body": "replay.json", "stauts": 1}, "unknown key 'stauts'"),
    ],
)
def test_a_wrong_index_is_refused_at_the_start(tmp_path: Path, entry: dict[str, str], text: str) -> None:
    (tmp_path / "replay.json").write_text(json.dumps({"answers": [entry]}))
    with pytest.raises(ValueError, match=text):
        ReplaySimulator(folder=tmp_path)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"replay\.json is not there"):
        ReplaySimulator(folder=tmp_path)
