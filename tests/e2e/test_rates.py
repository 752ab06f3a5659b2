"""A source with a limit is never asked too early, by however many processes that share a state: over real HTTP."""

from __future__ import annotations

import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from engine.clock import Clock
from engine.journal import Journal
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.want import Want
from engine.state import State

pytestmark = pytest.mark.e2e

BURST, REFILL, PAGES = 4, 1.0, 4


class LimitedSimulator(Simulator):
    """Pages of one thing each; more requests than its bucket holds are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: list[float] = []
        self.refused = 0
        self._level, self._at, self._door = float(BURST), time.monotonic(), threading.Lock()

    def routes(self) -> list[Route]:
        return [("GET", "/things", self._things)]

    def _things(self, request: Request) -> Answer:
        with self._door:
            now = time.monotonic()
            self._level, self._at = min(BURST, self._level + (now - self._at) / REFILL), now
            if self._level < 1:
                self.refused += 1
                return json_answer({}, 429)
            self._level -= 1
            self.accepted.append(now)
        return json_answer({"things": [{"id": request.parameter("page")}], "pages": PAGES, "total": PAGES})


def a_source(limits: list[dict[str, object]]) -> Source:
    pages = {
        "kind": "number",
        "param": "page",
        "size": {"param": "size", "value": 1},
        "last": {"at": "$.pages"},
        "total": "$.total",
    }
    return Source.model_validate(
        {
            "source": "limited",
            "apis": {
                "main": {
                    "base_url": "{{ config.base_url }}",
                    "auth": {"kind": "none"},
                    "retry": {"attempts": 1},
                    "rates": {"connections": 2, "limits": limits},
                }
            },
            "endpoints": {
                "things": {
                    "get": "things",
                    "pages": pages,
                    "sets": {"things": {"records": "$.things", "fields": {"id": {}}}},
                }
            },
        }
    )


def read(url: str, folder: Path, state_file: Path) -> int:
    """Read all pages as one of several processes; return how many answers there were."""
    folder.mkdir()
    limit = {"per": "address", "burst": BURST, "refill": "1 per 1s"}
    want = Want("things", {"things": frozenset({"id"})})
    with State.open(state_file) as state, Journal(folder / "journal.jsonl") as journal:
        around = (folder, journal, Clock(), lambda _: None)
        return len(extract(a_source([limit]), {"base_url": url}, [want], *around, state.budget))


def test_processes_that_share_a_state_share_the_limit_of_a_source(tmp_path: Path) -> None:
    state_file = tmp_path / "state.sqlite"
    State.open(state_file).close()
    with LimitedSimulator() as source, ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        asked = [pool.submit(read, source.url, tmp_path / name, state_file) for name in ("first", "second")]
        assert [each.result() for each in asked] == [PAGES, PAGES]
        assert source.refused == 0
        took = source.accepted[-1] - source.accepted[0]
    assert len(source.accepted) == 2 * PAGES
    # three of the burst at once, and five more at one a second
    assert 4.5 <= took <= 9
