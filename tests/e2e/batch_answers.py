"""A server that answers requests of the Batch API with given documents, and how shipped declarations read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from xml.etree import ElementTree

import polars as pl
import yaml

from engine.clock import Clock
from engine.run.records import extract_sets
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request
from engine.spec.project import Project, open_project
from engine.spec.source import RecordSet

KEY = "3c0de5a1-77b2-4c11-9d52-0e1f2a3b4c5d"


class DocumentSimulator(Simulator):
    """Answers with the next of `answers`, each a status and a document; with the last one again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.answers, self.bodies = list[tuple[int, bytes]](), list[bytes]()

    def routes(self) -> list[Route]:
        return [(method, "/api/batch/1.0/xml.ashx", self._answer) for method in ("GET", "POST")]

    def _answer(self, request: Request) -> Answer:
        self.bodies.append(request.body)
        status, document = self.answers.pop(0) if self.answers[1:] else self.answers[0]
        return Answer(status, (document,), "text/xml")


class Hurried(Clock):
    """A clock on which waits take no time; they are counted."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 4, 3, tzinfo=UTC)

    def wait(self, stopped: Event, seconds: float) -> bool:
        self.waited += max(seconds, 0)
        return stopped.is_set()


@dataclass
class Asking:
    """A school whose one key opens all methods, and the server that it is asked at."""

    server: DocumentSimulator
    project: Project
    clock: Hurried = field(default_factory=Hurried)

    def read(self, out: Path, *sets: str, answers: Sequence[tuple[int, bytes]] = ()) -> dict[str, pl.DataFrame]:
        """Read record sets as the project's documents declare them, every field, over HTTP."""
        self.server.answers, self.server.bodies, self.clock = list(answers), [], Hurried()
        facts = extract_sets(self.project, "brook", sets, out, {"KEY": KEY}, lambda event: None, self.clock)
        return {each.set_name: pl.read_parquet(each.file) for each in facts}

    def again(self) -> Asking:
        """The same with its documents read anew."""
        return Asking(self.server, open_project(self.project.root))

    def record_set(self, name: str) -> RecordSet:
        """A set as it is declared."""
        return self.project.source("isams").find(name)[2]


@contextmanager
def asking(folder: Path) -> Iterator[Asking]:
    """A project with nothing but a school, and its server."""
    with DocumentSimulator() as server:
        config = {"host": server.url, "keys": {"all": {"key": {"env": "KEY"}}}}
        school = {"school": "brook", "source": "isams", "config": config, "entities": ["student"]}
        file = folder / "schools" / "brook.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(yaml.safe_dump(school, sort_keys=False), encoding="utf-8")
        yield Asking(server, open_project(folder))


def values(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The records of a set, fields without a value left out."""
    return [
        {name: value for name, value in row.items() if value is not None and name not in ("_page", "_row")}
        for row in frame.to_dicts()
    ]


def expected(document: bytes, record_set: RecordSet) -> list[dict[str, Any]]:
    """The same by another way: the standard library's tree, and each path looked up by itself."""
    root = ElementTree.fromstring(document)
    above = {child: parent for parent in root.iter() for child in parent}
    found = []
    for record in root.findall(record_set.records):
        fields = {}
        for name, spec in record_set.fields.items():
            many = spec.type == "list" and spec.split is None
            spellings = [_texts(record, path, above) for path in spec.element_paths(name)]
            there = next((texts for texts in spellings if any(texts)), [])
            if there:
                fields[name] = _as_json(there) if many else there[0]
        found.append(fields)
    return found


def _texts(element: Any, path: str, above: dict[Any, Any]) -> list[str]:
    while path.startswith("../"):
        element, path = above[element], path.removeprefix("../")
    steps, _, attribute = path.rpartition("@") if "@" in path else (path, "", "")
    elements = element.findall(steps.rstrip("/")) if steps.rstrip("/") else [element]
    return [each.get(attribute) or "" if attribute else each.text or "" for each in elements]


def _as_json(texts: list[str]) -> str:
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"
