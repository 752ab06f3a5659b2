"""What the probes share: a source document for the Xporter simulator, and one whole read of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from engine.clock import Clock
from engine.journal import Journal
from engine.secret import Secret
from engine.spec.source import Source
from engine.stages.events import Event
from engine.stages.extract import extract
from engine.stages.land import SetFacts, land
from engine.stages.want import Want

RULES: list[dict[str, Any]] = [
    {"when": {"json": "$.ExceptionMessage", "matches": "paused"}, "means": "paused", "say": "the school has paused"},
    {"when": {"json": "$.ExceptionMessage", "matches": "secret not correct"}, "means": "refused", "say": "not let in"},
    {"when": {"json": "$.ExceptionMessage", "matches": "token has expired"}, "means": "expired", "say": "token over"},
    {"when": {"json": "$.ExceptionMessage", "matches": "try later"}, "means": "retry", "say": "busy for now"},
    {"when": {"json": "$.ExceptionMessage", "present": True}, "means": "fatal", "say": "the source reports an error"},
]
TOKEN = {
    "kind": "token",
    "request": {
        "method": "POST",
        "url": "{{ config.sts_url }}",
        "json": {
            "estab": "{{ config.estab }}",
            "relyingParty": "{{ config.relying_party }}",
            "password": "{{ config.secret }}",
            "thirdpartyid": "XporterOnDemand",
        },
    },
    "token": "$.token",
    "expires_at": "$.expires",
    "header": {"name": "Authorization", "value": "Idaas {{ token }}"},
}
FIELDS = {
    "Id": {},
    "forename": {"at": "Forename"},
    "surname": {"at": "Surname"},
    "birth": {"at": ["DateofBirth", "DateOfBirth"]},
}


def a_source(*, connections: int = 1, size: int = 50, wait: str = "10ms", attempts: int = 3, **api: Any) -> Source:
    """Return a source document of one endpoint."""
    pages = {
        "kind": "number",
        "param": "page",
        "size": {"param": "pageSize", "value": size},
        "last": {"at": "$.__pagination__[0].PageCount", "absent": "one"},
        "total": "$.__pagination__[0].RowCount",
        "page": "$.__pagination__[0].PageNumber",
    }
    main = {
        "base_url": "{{ config.base_url }}/api/v1",
        "auth": TOKEN,
        "errors": RULES,
        "pages": pages,
        "options_asked": {"param": "options"},
        "rates": {"connections": connections},
        "retry": {"attempts": attempts, "wait": wait, "longest": "5s"},
        "timeout": "10s",
    }
    students = {
        "get": "School/{{ config.estab }}/Students/",
        "sets": {"students": {"records": "$.Students", "key": "Id", "fields": FIELDS}},
    }
    return Source.model_validate(
        {"source": "probe", "apis": {"main": {**main, **api}}, "endpoints": {"students": students}}
    )


def config_of(simulator: Any, **other: str) -> dict[str, str | Secret]:
    """Return the config of a school that reads a simulator, its secret as a secret."""
    plain = {**simulator.config, **other}
    return {key: Secret(text) if "secret" in key else text for key, text in plain.items()}


def read(
    source: Source, config: dict[str, str | Secret], folder: Path, tell: Callable[[Event], None] = lambda event: None
) -> SetFacts:
    """Extract and land the students; the same folder again goes on."""
    with Journal(folder / "journal.jsonl") as journal:
        answers = extract(source, config, [Want("students", {"students": None})], folder, journal, Clock(), tell)
    return land(source, "students", None, answers, folder / "records")


def ids(facts: SetFacts) -> list[str]:
    """Return the ids that landed, in order."""
    rows = duckdb.execute("SELECT Id FROM read_parquet(?)", [str(facts.file)]).fetchall()
    return [row[0] for row in rows]


def pages_asked(simulator: Any) -> list[int]:
    """Return the pages of students that were asked for, in order."""
    return [int(each.query["page"]) for each in simulator.requests if each.path.endswith("/Students/")]


def main() -> None:
    """Read as told by the JSON on the command line: run by the probe that kills this process."""
    told = json.loads(sys.argv[1])
    config = {key: Secret(text) if "secret" in key else text for key, text in told["config"].items()}
    read(a_source(connections=told["connections"]), config, Path(told["folder"]))


if __name__ == "__main__":
    main()
