"""A small Haplo application behind a simulator, and the steps that tests take with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from engine.simulators.haplo import BATCH_API, STANDARD_API, HaploSimulator
from engine.simulators.http import Simulator

Serve = Callable[[Simulator], httpx.Client]
PERSON = "std:type:person"

SCHEMA: dict[str, Any] = {
    "attributes": [
        {"code": "dc:attribute:title", "type": "text"},
        {"code": "dc:attribute:type", "type": "ref"},
        {"code": "std:attribute:configured-behaviour", "type": "configuration-name"},
        {"code": "std:attribute:email", "type": "email-address"},
        {"code": "std:attribute:job-title", "type": "text"},
        {"code": "school:attribute:year", "type": "integer"},
        {"code": "school:attribute:born", "type": "datetime"},
        {"code": "school:attribute:tutor", "type": "ref", "refTypes": [PERSON]},
    ],
    "types": [
        {
            "code": PERSON,
            "attributes": [
                "dc:attribute:title",
                "dc:attribute:type",
                "std:attribute:configured-behaviour",
                "std:attribute:email",
                "std:attribute:job-title",
                "school:attribute:year",
                "school:attribute:born",
                "school:attribute:tutor",
            ],
        }
    ],
    "objects": [
        {"ref": "entry:1", "type": PERSON, "title": {"first": "Tess", "last": "Tutor"}, "behaviour": "staff:tutor"}
    ],
    "users": [{"username": "Old.User", "email": "old@example.org"}],
}

LOAD = [
    {"source": "code", "destination": "load:by-ref", "name": "ref", "filters": ["haplo:code-to-ref"]},
    {
        "action": "load",
        "destination": "profile",
        "using": "load:by-ref",
        "otherwise": [
            {"action": "new", "destination": "profile"},
            {"source": "code", "destination": "profile", "name": "std:attribute:configured-behaviour"},
        ],
    },
]
NAME = [
    {"source": "first", "destination": "value:person-name", "name": "first"},
    {"source": "last", "destination": "value:person-name", "name": "last"},
    {
        "action": "field-structured",
        "structured": "value:person-name",
        "destination": "profile",
        "name": "dc:attribute:title",
    },
]
FIELDS = [
    {"source": "year", "destination": "profile", "name": "school:attribute:year"},
    {"source": "born", "destination": "profile", "name": "school:attribute:born", "dateFormat": "yyyy-MM-dd"},
    {
        "source": "tutor",
        "destination": "profile",
        "name": "school:attribute:tutor",
        "filters": ["haplo:code-to-ref"],
    },
]

PUPILS: list[dict[str, Any]] = [
    {"code": "pupil:1", "first": "Ann", "last": "Archer", "year": 7, "tutor": "staff:tutor"},
    {"code": "pupil:2", "first": "Bob", "last": "Bell", "year": 8, "tutor": "pupil:1"},
]


def control_file(*, instructions: Sequence[Any] = (*LOAD, *NAME, *FIELDS), **changes: Any) -> bytes:
    """A control file that finds persons by their code, or makes them."""
    document = {
        "dataImportControlFileVersion": 0,
        "model": "haplo:person",
        "files": {"DEFAULT": {"read": "json"}},
        "instructions": list(instructions),
    }
    return json.dumps(document | changes).encode()


def basic(key: str) -> httpx.BasicAuth:
    """The credentials of a key."""
    return httpx.BasicAuth("haplo", key)


class Haplo:
    """A simulated application and a client that takes the steps of an import."""

    def __init__(self, serve: Serve, **arguments: Any) -> None:
        self.sim = HaploSimulator(**{"application": SCHEMA, **arguments})
        self.http = serve(self.sim)
        self.http.auth = basic(self.sim.config["batch_api_key"])

    def upload_control(self, content: bytes) -> httpx.Response:
        return self.http.post(BATCH_API + "control", files={"file": ("c.json", content)})

    def send_file(self, batch: str, name: str, records: Any, api: str = BATCH_API) -> None:
        content = records if isinstance(records, bytes) else json.dumps(records).encode()
        answer = self.http.post(api + "file", data={"batch": batch, "name": name}, files={"file": ("d", content)})
        assert answer.status_code == 200

    def schedule(self, batch: str, mode: str = "", api: str = BATCH_API) -> None:
        answer = self.http.post(api + "schedule", data={"batch": batch} | ({"mode": mode} if mode else {}))
        assert (answer.status_code, answer.text) == (200, "SCHEDULED")

    def new_batch(self, control: bytes) -> str:
        answer = self.http.post(BATCH_API + "batch", data={"control": self.upload_control(control).text})
        assert answer.status_code == 200
        return answer.text

    def take_in(self, records: Any, *, mode: str = "", control: bytes | None = None) -> dict[str, Any]:
        """Send one file as a batch, have it run, and give the batch."""
        batch = self.new_batch(control or control_file())
        self.send_file(batch, "people", records)
        self.schedule(batch, mode)
        return self.finish(batch)

    def take_in_kind(self, kind: str, records: Any) -> dict[str, Any]:
        """The same with the standard API."""
        self.http.auth = basic(self.sim.config["api_key"])
        batch = self.http.post(STANDARD_API + "batch", data={"kind": kind}).text
        self.send_file(batch, "people", records, STANDARD_API)
        self.schedule(batch, api=STANDARD_API)
        return self.finish(batch)

    def finish(self, batch: str) -> dict[str, Any]:
        answer = self.http.post("/__control__/run")
        assert answer.status_code == 200
        return next(one for one in answer.json() if one["id"] == batch)

    def see(self, path: str, **parameters: str) -> Any:
        answer = self.http.get("/__control__/" + path, params=parameters)
        assert answer.status_code == 200
        return answer.json()

    def people(self) -> dict[str, dict[str, Any]]:
        """All persons by code, each with `ref` and `values`."""
        objects = self.see("objects", type=PERSON, values="1")["objects"]
        code = "std:attribute:configured-behaviour"
        return {one["values"].get(code, [{"text": ""}])[0]["text"]: one for one in objects}

    def count(self) -> int:
        found: int = self.see("objects", type=PERSON)["counts"][PERSON]
        return found


def without(counts: Mapping[str, int], *names: str) -> dict[str, int]:
    """Counts without some of them."""
    return {name: count for name, count in counts.items() if name not in names}
