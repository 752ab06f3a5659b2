"""What holds for every test: no network outside `e2e`, a clean environment, and `--update` for golden files."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Problem
from engine.spec.load import Loaded, load_file
from engine.spec.project import open_project, shipped

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="write golden files anew; read the difference before you commit"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give each core a worker, and one more: whole runs over HTTP wait a lot."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Say whether golden files are to be written anew."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def _shipped_documents_are_read_once() -> Iterator[None]:
    """Keep what was read of the documents that are shipped: most tests open all of them, and none writes them."""
    homes = [shipped() / name for name in ("mappings", "schemas")]
    kept: dict[tuple[Path, Path], tuple[Loaded | None, list[Problem]]] = {}

    def read(file: Path, shown: Path) -> tuple[Loaded | None, list[Problem]]:
        if not any(file.is_relative_to(home) for home in homes):
            return load_file(file, shown)
        if (file, shown) not in kept:
            kept[file, shown] = load_file(file, shown)
        loaded, problems = kept[file, shown]
        return loaded, list(problems)

    defaults: Any = open_project.__kwdefaults__
    defaults["read"] = read
    yield
    defaults["read"] = load_file


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine of whoever runs the tests brings along."""
    for name in list(os.environ):
        if name.startswith("HAPLOMAP_") or name.lower() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections, unless a test says that it is `e2e`; sockets of the machine itself are free."""
    if request.node.get_closest_marker("e2e"):
        return

    def refusing(name: str) -> Any:
        plain = getattr(socket.socket, name)

        def connect(self: socket.socket, *args: Any) -> Any:
            if self.family != socket.AF_UNIX:
                raise ConnectionRefusedError(f"a test that is not marked e2e called {name} of a socket")
            return plain(self, *args)

        return connect

    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, refusing(name))

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        raise ConnectionRefusedError("a test that is not marked e2e looked up a host")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser; `opened` of `tests/browser.py` opens a page in it."""
    from tests.browser import started

    with started() as running:
        yield running
