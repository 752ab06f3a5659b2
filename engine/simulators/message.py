"""A request and an answer as a simulator sees them. Stands on the standard library only. Next: `fault`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

Part = bytes | memoryview


@dataclass(frozen=True)
class Request:
    """One request, read to its end. Header names are lower case; `query` keeps order and repetitions."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = "127.0.0.1"

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter, whatever the case of its name."""
        wanted = name.lower()
        return next((value for key, value in self.query if key.lower() == wanted), None)

    def with_parameter(self, name: str, value: str) -> Request:
        """The same request with one query parameter set, in place of its former values."""
        kept = tuple(pair for pair in self.query if pair[0].lower() != name.lower())
        return replace(self, query=(*kept, (name, value)))

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


@dataclass(frozen=True)
class Answer:
    """One answer. The body is a row of parts, so that a large page is sent without being copied."""

    status: int = 200
    parts: Sequence[Part] = ()
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


@dataclass(frozen=True)
class Exchange:
    """One line of the log. `connection` is the number of its connection of `connections` so far."""

    time: float
    method: str
    path: str
    query: dict[str, str]
    status: int | None  # None: the connection was dropped
    milliseconds: float
    size: int
    connection: int
    connections: int
    fault: bool


@dataclass(frozen=True)
class Delivery:
    """What goes out: an answer, or nothing, or the beginning of an answer."""

    answer: Answer | None
    truncate: int | None = None
    fault: bool = False


def encode(value: Any) -> bytes:
    """JSON as the services write it: no spaces, UTF-8 as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, (encode(value),), JSON, headers or {})


def text_answer(text: str, status: int = 200) -> Answer:
    """An answer in plain text, without a line end."""
    return Answer(status, (text.encode(),), TEXT)


def html_answer(heading: str, status: int = 200) -> Answer:
    """A small HTML page, as servers show when they expected a person."""
    head = f"<!DOCTYPE html>\n<html><head><title>{heading}</title></head>"
    page = f"{head}<body><h1>{heading}</h1></body></html>\n"
    return Answer(status, (page.encode(),), HTML)
