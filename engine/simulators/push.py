"""Haplo's push-data API: the body of a request is the data file, and its answer says what came of it.

    PUT /__control__/push/NAME?format=json|xml&enabled=true|false      a control file: what an administrator defines

Next: `haplo`.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from engine.simulators.batch import BatchStore, write_state
from engine.simulators.form import UploadError, misfit, read_control, read_form
from engine.simulators.http import CONTROL, Route
from engine.simulators.key import Gate
from engine.simulators.message import JSON, Answer, Request, json_answer, text_answer

if TYPE_CHECKING:
    from engine.haplo.outcome import Outcome
    from engine.simulators.importing import Importer

PUSH_API = "/api/push-data/"


@dataclass
class Definition:
    """What an administrator has defined under a name; `control` is the digest of its control file."""

    control: str
    format: str = "json"
    enabled: bool = True


@dataclass
class Result:
    """What the answer says."""

    result: str
    applied: int = 0
    failures: int = 0
    errorCount: int = 0  # noqa: N815 (the name on the wire)
    errors: list[str] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return {"success": 200, "not authorised": 403}.get(self.result, 400)


class PushApi:
    """All definitions. With a folder, a restart finds them again."""

    def __init__(self, gate: Gate, store: BatchStore, importer: Importer | None, folder: Path | None) -> None:
        self._gate, self._store, self._importer = gate, store, importer
        self._path = folder / "push.json" if folder is not None else None
        self._definitions: dict[str, Definition] = {}
        self.keys: dict[str, str] = {}
        if self._path is not None and self._path.is_file():
            for name, one in json.loads(self._path.read_text(encoding="utf-8")).items():
                self._add(name, Definition(**one))

    def routes(self) -> list[Route]:
        """What programs may ask."""
        return [("POST", PUSH_API + "([^/]*)", self._push), ("GET", PUSH_API + "([^/]*)", self._wrong_method)]

    def control_routes(self) -> list[Route]:
        """What an administrator does."""
        return [("PUT", CONTROL + "push/([a-z0-9-]+)", self._define)]

    def _define(self, request: Request, name: str) -> Answer:
        if self._importer is None:
            return text_answer("push-data needs an application: start the simulator with --application", 400)
        try:
            read_control(request.body, self._importer.check)
        except UploadError as error:
            return text_answer(str(error), 400)
        form = (request.parameter("format") or "json").lower()
        enabled = (request.parameter("enabled") or "true").lower()
        if form not in ("json", "xml") or enabled not in ("true", "false"):
            return text_answer("format is json or xml, enabled is true or false", 400)
        self._add(name, Definition(self._store.keep(request.body), form, enabled == "true"))
        if self._path is not None:
            write_state(self._path, {name: asdict(one) for name, one in self._definitions.items()})
        return json_answer({"path": PUSH_API + name, "key": self.keys[name]})

    def _add(self, name: str, definition: Definition) -> None:
        self._definitions[name] = definition
        self.keys[name] = self._gate.make("=" + PUSH_API + name)

    def _wrong_method(self, request: Request, name: str) -> Answer:
        return text_answer("Only POST requests supported for push data REST APIs.", 400)

    def _push(self, request: Request, name: str) -> Answer:
        definition = self._definitions.get(name)
        as_xml = definition is not None and definition.format == "xml"
        not_authorised = _answer(Result("not authorised", errorCount=1), as_xml)
        refusal = self._gate.refusal(request, read_form(request), not_authorised)
        if refusal is not None:
            return refusal
        return misfit(request) or _answer(self._import(name, definition, request.body), as_xml)

    def _import(self, name: str, definition: Definition | None, body: bytes) -> Result:
        if definition is None or self._importer is None:
            return Result("error", errors=[f"API not defined: {name}"])
        if not definition.enabled:
            return Result("error", errors=[f"API is disabled: {name}"])
        control = json.loads(self._store.read(definition.control) or b"null")
        changed: dict[int, list[dict[str, Any]]] = {}

        def note(entry: dict[str, Any]) -> None:
            if entry["kind"] == "object":
                saved = {"kind": "object:save", "destination": entry["destination"]}
                more = {"ref": entry["ref"], "new": entry["new"]}
                changed.setdefault(entry["record"], []).append(saved | more)

        try:
            outcome = self._importer.run(control, {"body": body}, on_commit=note)
        except Exception as error:  # a bug must be seen by the test that meets it
            traceback.print_exc(file=sys.stderr)
            return Result("error", errors=[f"Exception when processing: {type(error).__name__}: {error}"])
        return _result(outcome, changed)


def _result(outcome: Outcome, changed: Mapping[int, list[dict[str, Any]]]) -> Result:
    actions = [{"record": f"record {number}", "changed": changed.get(number, [])} for number in range(outcome.records)]
    applied, failures = outcome.complete, outcome.records - outcome.complete
    stop = outcome.exception
    if stop is None and not outcome.control_errors:
        kind = "failure" if failures else "success"
        return Result(kind, applied, failures, outcome.error_count, list(outcome.errors), actions)
    if stop is not None and stop.during == "commit":
        applied -= 1
    elif stop is not None and stop.during == "record":
        failures -= 1
    message = "Errors in control file:\n  " + "\n  ".join(outcome.control_errors)
    if stop is not None:
        message = stop.message or stop.why
    errors = [*outcome.errors, f"Exception when processing: {message}"]
    return Result("error", applied, failures, 0, errors, actions)


def _answer(result: Result, as_xml: bool) -> Answer:
    """The answer in its form; in XML it never tells by its status that something failed."""
    if as_xml:
        return Answer(200, (_xml(result),), "application/xml; charset=utf-8")
    body = json.dumps(asdict(result), indent=4, ensure_ascii=False).encode()
    return Answer(result.status, (body,), JSON)


def _xml(result: Result) -> bytes:
    counts = {"applied": result.applied, "failures": result.failures, "errorCount": result.errorCount}
    root = ElementTree.Element("response", {"result": result.result, **{key: str(n) for key, n in counts.items()}})
    errors = ElementTree.SubElement(root, "errors")
    for message in result.errors:
        ElementTree.SubElement(errors, "error").text = message
    actions = ElementTree.SubElement(root, "actions")
    for action in result.actions:
        record = ElementTree.SubElement(actions, "record", {"identifier": action["record"]})
        for one in action["changed"]:
            ElementTree.SubElement(record, "changed", {key: _word(value) for key, value in one.items()})
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
