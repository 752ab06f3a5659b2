"""Faults declared as data: which request they strike, how often, and what happens then.

    {"match": {"path": "Students", "page": 7}, "times": 1, "do": {"status": 500}}

match: `path` (a regular expression, searched), `method`, `page` (no page counts as 1), `query` (a subset);
`nth` and `every` count the requests that match the rest. No match at all means every request.
times: how often it strikes at most; null or absent means without end.
do, without the simulator acting (with `"after": true` it acts first, and the answer is replaced):
    status, headers, body, content_type   any answer; headers may hold {http_date+2} and {unix+2}
    html: true                            an HTML page (with status, if given)
    error_body: "text"                    the system's own way to say no (Xporter: four keys, status 200)
    drop: "before" | "after"              the connection ends without an answer, before or after acting
do, on the way:
    delay: seconds                        also together with others
    repeat_page: n                        page n is served instead
    empty_records: "Students"             the set is there and empty
    drop_records: {"set", "count"}        the last ones are missing, counts stay
    rename_field: {"set", "from", "to"}, remove_field: {"set", "field"}
    truncate: bytes                       the full Content-Length, and an early end
    cut: bytes                            a body cut short, with a Content-Length that fits it
The first fault that fires is the one that strikes. A `set` may be a path (`data.pupils`). Next: `http`.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from engine.simulators.message import JSON, TEXT, Answer, Part, Request, encode, html_answer

FaultData = Mapping[str, Any]

_MATCH: dict[str, type | tuple[type, ...]] = {
    "path": str,
    "method": str,
    "page": int,
    "query": dict,
    "nth": int,
    "every": int,
}
_DO: dict[str, type | tuple[type, ...]] = {
    "status": int,
    "headers": dict,
    "body": str,
    "content_type": str,
    "html": bool,
    "error_body": str,
    "after": bool,
    "drop": str,
    "delay": (int, float),
    "repeat_page": int,
    "empty_records": str,
    "drop_records": dict,
    "rename_field": dict,
    "remove_field": dict,
    "truncate": int,
    "cut": int,
}
_INNER = {
    "drop_records": {"set", "count"},
    "rename_field": {"set", "from", "to"},
    "remove_field": {"set", "field"},
}
_CANNED = {"status", "body", "html", "error_body"}
_MACRO = re.compile(r"\{(http_date|unix)([+-]\d+)?\}")


class FaultError(ValueError):
    """A fault is not written as it should be, or cannot be carried out on an answer."""


@dataclass
class Fault:
    """One declared fault and its count: `seen` requests matched, `fired` of them were struck."""

    match: FaultData
    do: FaultData
    times: int | None = None
    seen: int = 0
    fired: int = 0

    @classmethod
    def parse(cls, data: Any) -> Fault:
        """Read one fault; everything unknown is refused."""
        if not isinstance(data, dict):
            raise FaultError("a fault is an object with match, times and do")
        _check_keys(data, {"match": dict, "times": (int, type(None)), "do": dict}, "a fault")
        match, do = data.get("match", {}), data.get("do", {})
        _check_keys(match, _MATCH, "match")
        _check_keys(do, _DO, "do")
        if not do:
            raise FaultError("a fault without anything to do")
        for key, keys in _INNER.items():
            if key in do and set(do[key]) != keys:
                raise FaultError(f"{key} takes exactly {', '.join(sorted(keys))}")
        if do.get("drop", "after") not in ("before", "after"):
            raise FaultError("drop is 'before' or 'after'")
        if any(match.get(key, 1) < 1 for key in ("nth", "every")):
            raise FaultError("nth and every count from 1")
        try:
            re.compile(match.get("path", ""))
        except re.error as error:
            raise FaultError(f"path is not a regular expression: {error}") from error
        return cls(match, do, data.get("times"))

    def counts(self, request: Request) -> bool:
        """Whether this request is one of those that the fault is about."""
        match = self.match
        if "path" in match and not re.search(match["path"], request.path):
            return False
        if "method" in match and match["method"].upper() != request.method:
            return False
        if "page" in match and (request.parameter("page") or "1") != str(match["page"]):
            return False
        wanted = match.get("query", {})
        return all(request.parameter(name) == str(value) for name, value in wanted.items())

    def is_due(self) -> bool:
        """Whether it strikes the request that was just counted."""
        if self.times is not None and self.fired >= self.times:
            return False
        if "nth" in self.match and self.seen != self.match["nth"]:
            return False
        return bool(self.seen % self.match.get("every", 1) == 0)

    def describe(self) -> dict[str, Any]:
        """The fault as declared, with its counts."""
        data = {"match": dict(self.match), "times": self.times, "do": dict(self.do)}
        return {**data, "seen": self.seen, "fired": self.fired}


def _check_keys(data: FaultData, known: Mapping[str, type | tuple[type, ...]], where: str) -> None:
    for key, value in data.items():
        if key not in known:
            raise FaultError(f"unknown key {key!r} in {where}: one of {', '.join(known)}")
        expected = known[key]
        if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
            raise FaultError(f"{key} in {where} has a value of the wrong type")


@dataclass
class FaultList:
    """The faults of a simulator, safe to ask and to replace from several threads."""

    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def parse(cls, data: Iterable[Any]) -> FaultList:
        """Read a list of faults."""
        return cls([Fault.parse(item) for item in data])

    def replace(self, data: Any) -> None:
        """Take other faults in place of the present ones; counts begin anew."""
        if not isinstance(data, list):
            raise FaultError("faults are a list")
        faults = [Fault.parse(item) for item in data]
        with self._lock:
            self.faults = faults

    def strike(self, request: Request) -> Fault | None:
        """Count the request in every fault and give the first one that strikes it."""
        with self._lock:
            found: Fault | None = None
            for fault in self.faults:
                if not fault.counts(request):
                    continue
                fault.seen += 1
                if found is None and fault.is_due():
                    fault.fired += 1
                    found = fault
            return found


def expand_macros(text: str) -> str:
    """Fill {http_date+2} and {unix+2}: now and so many seconds, as an HTTP date or as unix time."""

    def value(found: re.Match[str]) -> str:
        moment = time.time() + int(found[2] or 0)
        return formatdate(moment, usegmt=True) if found[1] == "http_date" else str(int(moment))

    return _MACRO.sub(value, text)


def canned_answer(do: FaultData) -> Answer | None:
    """The answer that a fault gives of itself, or None when the simulator's own is wanted."""
    if not _CANNED & set(do):
        return None
    status = do.get("status", 200)
    if do.get("html"):
        answer = html_answer("Service temporarily unavailable", status)
    else:
        answer = Answer(status, (do.get("body", "").encode(),), do.get("content_type", TEXT))
    headers = {name: expand_macros(str(value)) for name, value in do.get("headers", {}).items()}
    return Answer(answer.status, answer.parts, answer.content_type, headers)


def reshape(do: FaultData, answer: Answer) -> Answer:
    """Change the records of an answer and cut its body, as the fault says."""
    parts: tuple[Part, ...] = tuple(answer.parts)
    if {"empty_records", *_INNER} & set(do):
        document = json.loads(answer.body)
        _change_records(do, document)
        parts = (encode(document),)
    if "cut" in do:
        parts = (b"".join(parts)[: do["cut"]],)
    headers = dict(answer.headers)
    if not _CANNED & set(do):
        headers |= {name: expand_macros(str(value)) for name, value in do.get("headers", {}).items()}
    return Answer(answer.status, parts, answer.content_type or JSON, headers)


def _change_records(do: FaultData, document: Any) -> None:
    if "empty_records" in do:
        _records(document, do["empty_records"]).clear()
    if "drop_records" in do:
        records = _records(document, do["drop_records"]["set"])
        del records[max(0, len(records) - do["drop_records"]["count"]) :]
    if "rename_field" in do:
        _rename(_records(document, do["rename_field"]["set"]), do["rename_field"])
    if "remove_field" in do:
        for record in _records(document, do["remove_field"]["set"]):
            record.pop(do["remove_field"]["field"], None)


def _rename(records: list[dict[str, Any]], rename: FaultData) -> None:
    for record in records:
        renamed = {rename["to"] if key == rename["from"] else key: record[key] for key in record}
        record.clear()
        record.update(renamed)


def _records(document: Any, path: str) -> list[Any]:
    found = document
    for name in filter(None, path.split(".")):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise FaultError(f"the answer has no set {path!r} for the fault to change")
    return found
