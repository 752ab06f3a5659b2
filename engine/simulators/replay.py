"""Serves recorded answers from a folder, byte for byte; its `replay.json` says which request gets which.

A folder with a `recording.json`, which `haplomap record` makes, is served as that says (`recorded`). Else:

    {"answers": [{"path": "/api/v1/School/9991234/Students/", "query": {"page": "2"}, "body": "students-2.json",
                  "method": "GET", "status": 200, "headers": {}}]}

Only path and body must be given. The first entry fits whose path is the request's and whose query is part of
it. A call for a token (`.../GetToken`) is answered unless an entry does. Next: `http`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from engine.simulators.http import Route, Simulator
from engine.simulators.message import JSON, Answer, Request, json_answer, text_answer
from engine.simulators.recorded import MANIFEST, Recording
from engine.simulators.sts import no_error

INDEX = "replay.json"
TOKEN = "cmVwbGF5+token/of/no/worth=="  # noqa: S105 (worth nothing, as it says)
_KEYS = {"path", "query", "body", "method", "status", "headers"}


@dataclass(frozen=True)
class Entry:
    """One recorded answer and the request it belongs to."""

    path: str
    body: bytes
    method: str = "GET"
    query: dict[str, str] = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def fits(self, request: Request) -> bool:
        """Whether this is the answer to a request."""
        same = request.path.rstrip("/").lower() == self.path.rstrip("/").lower() and request.method == self.method
        return same and all(request.parameter(name) == value for name, value in self.query.items())


class ReplaySimulator(Simulator):
    """Answers from the folder `folder`; what is not there is a 404 that says so."""

    NAME = "replay"
    ABOUT = "recorded answers from a folder: one that `haplomap record` made, or one with a replay.json"

    def __init__(self, *, folder: Path, **common: Any) -> None:
        self.recording = Recording(folder) if (folder / MANIFEST).is_file() else None
        self.entries = read_index(folder) if self.recording is None else []
        super().__init__(**common)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        folder = parser.add_mutually_exclusive_group(required=True)
        folder.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a recording, or a folder of answers")
        folder.add_argument("--dir", type=Path, metavar="DIR", help="the same")

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        return cls(folder=args.folder or args.dir, **common)

    @property
    def config(self) -> dict[str, Any]:
        if self.recording is not None:
            return {"base_url": self.url, **dict.fromkeys(self.recording.urls, self.url)}
        known = {"estab": "9991234", "relying_party": "haplomap.example.org", "secret": "demo-school-secret"}
        return {"base_url": self.url, "sts_url": f"{self.url}/idaas/sts/STS/GetToken", **known}

    def routes(self) -> list[Route]:
        return [("GET", "/.*", self._answer), ("POST", "/.*", self._answer)]

    def _answer(self, request: Request) -> Answer:
        if self.recording is not None:
            return self.recording.answer(request)
        for entry in self.entries:
            if entry.fits(request):
                headers = {name: value for name, value in entry.headers.items() if name.lower() != "content-type"}
                given = {name.lower(): value for name, value in entry.headers.items()}
                return Answer(entry.status, (entry.body,), given.get("content-type", JSON), headers)
        if request.method == "POST" and request.path.lower().endswith("/gettoken"):
            expires = datetime.now(UTC) + timedelta(hours=1)
            return json_answer({"token": TOKEN, "expires": f"{expires:%Y-%m-%dT%H:%M:%S.%f}Z", **no_error()})
        return text_answer(f"replay: no recorded answer to {request.method} {request.path} with this query", 404)


def read_index(folder: Path) -> list[Entry]:
    """Read replay.json and the files it names; whatever is wrong is said at once."""
    path = folder / INDEX
    if not path.is_file():
        raise ValueError(f"{path} is not there")
    return [_read_entry(folder, data) for data in json.loads(path.read_text(encoding="utf-8"))["answers"]]


def _read_entry(folder: Path, data: dict[str, Any]) -> Entry:
    if unknown := set(data) - _KEYS:
        raise ValueError(f"{folder / INDEX}: unknown key {min(unknown)!r}: one of {', '.join(sorted(_KEYS))}")
    if missing := {"path", "body"} - set(data):
        raise ValueError(f"{folder / INDEX}: an entry has no {min(missing)}")
    file = folder / data["body"]
    if file.resolve().parent != folder.resolve() or not file.is_file():
        raise ValueError(f"{folder / INDEX}: {data['body']!r} is not a file of the folder")
    rest = {key: value for key, value in data.items() if key not in ("path", "body")}
    return Entry(data["path"], file.read_bytes(), **rest)


SIMULATOR = ReplaySimulator
