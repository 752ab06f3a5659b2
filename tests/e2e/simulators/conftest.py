"""A client that speaks to a simulator as the public clients of Xporter do; simulators that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from hubmis_client import Hub
from isams_school import Isams

from engine.simulators.http import Simulator
from engine.simulators.hubmis import SIMULATOR as HUBMIS
from engine.simulators.isams import SIMULATOR
from engine.simulators.xporter import XporterSimulator


class School:
    """Reads of one simulated school, with a token got beforehand."""

    def __init__(self, sim: XporterSimulator) -> None:
        self.sim = sim
        self.config = sim.config
        self.http = httpx.Client(base_url=sim.url, timeout=10, trust_env=False)
        self.token = ""
        self.sign_in()

    def ask_token(self, **changes: Any) -> dict[str, Any]:
        body = {
            "estab": self.config["estab"],
            "relyingParty": self.config["relying_party"],
            "password": self.config["secret"],
            "thirdpartyid": "XporterOnDemand",
        }
        answer = self.http.post(self.config["sts_url"], json=body | changes)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def sign_in(self, **changes: Any) -> None:
        self.token = self.ask_token(**changes)["token"] or ""

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        url = path if path.startswith("/") else f"/api/v1/School/{self.config['estab']}/{path}"
        return self.http.get(url, params=parameters or None, headers={"Authorization": f"Idaas {self.token}"})

    def read(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def error(self, path: str, **parameters: Any) -> str:
        body = self.read(path, **parameters)
        assert set(body) == {"Message", "ExceptionType", "ExceptionMessage", "InnerException"}
        return str(body["ExceptionMessage"])


@pytest.fixture
def start() -> Iterator[Callable[..., School]]:
    """Start a simulated school; it and its client end with the test."""
    schools: list[School] = []

    def begin(**arguments: Any) -> School:
        sim = XporterSimulator(**{"pupils": 60, **arguments}).start()
        schools.append(School(sim))
        return schools[-1]

    yield begin
    for school in schools:
        school.http.close()
        school.sim.stop()


@pytest.fixture
def serve() -> Iterator[Callable[[Simulator], httpx.Client]]:
    """Start any simulator and give a client of it."""
    running: list[tuple[Simulator, httpx.Client]] = []

    def begin(simulator: Simulator) -> httpx.Client:
        simulator.start()
        client = httpx.Client(base_url=simulator.url, timeout=10, trust_env=False)
        running.append((simulator, client))
        return client

    yield begin
    for simulator, client in running:
        client.close()
        simulator.stop()


@pytest.fixture
def isams() -> Iterator[Callable[..., Isams]]:
    """Start a simulated iSAMS; it and its client end with the test."""
    schools: list[Isams] = []

    def begin(**arguments: Any) -> Isams:
        schools.append(Isams(SIMULATOR(**{"pupils": 40, **arguments}).start()))
        return schools[-1]

    yield begin
    for school in schools:
        school.http.close()
        school.sim.stop()


@pytest.fixture
def hub() -> Iterator[Callable[..., Hub]]:
    """Start a simulated HUBmis; it and its client end with the test."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Hub:
            found = Hub(stack.enter_context(HUBMIS(**{"pupils": 40, **options})))
            stack.callback(found.http.close)
            return found

        yield begin
