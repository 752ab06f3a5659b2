"""Haplo on loopback: the batch API and the standard batch API, with their refusals.

Files are kept and batches are scheduled, not carried out, unless an interpreter is given (`batch.Interpreter`).
GET /__control__/batches and /__control__/files/DIGEST show what came in. Next: `batch`, `multipart`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

from engine.simulators.batch import BatchStore, Interpreter, make_identifier
from engine.simulators.http import CONTROL, Route, Simulator
from engine.simulators.message import Answer, Request, html_answer, json_answer, text_answer
from engine.simulators.multipart import Field, MultipartError, read_multipart

BATCH_API = "/api/haplo-data-import-batch/"
STANDARD_API = "/api/haplo-data-import-standard-api/"
MODES = ("ok", "blocked", "throttled", "not-permitted")
_BAD_REQUEST = "Bad request (failed validation)"
_NO_FILE_EXPECTED = "A file was uploaded, but it was not expected by the application. Field name: '%s'"
_THROTTLED = (
    "Too many failed API authentication attempts, API usage suspended. Pause requests to wait until restriction lifted."
)
_REFUSALS = {
    "invalid": ("INVALID-API-KEY", "Invalid API Key"),
    "blocked": ("UNAUTHORISED", "Not authorised"),
    "throttled": ("THROTTLE", _THROTTLED),
}

Form = dict[str, str]


class HaploSimulator(Simulator):
    """Takes batches. There are two keys, each for the path of its API, as Haplo makes them."""

    NAME = "haplo"
    ABOUT = "Haplo: the batch import APIs"

    def __init__(
        self,
        *,
        kinds: Iterable[str] | None = None,
        mode: str = "ok",
        state: Path | None = None,
        interpreter: Interpreter | None = None,
        check_control: Callable[[Any], list[str]] = lambda control: [],
        **common: Any,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        super().__init__(**common)
        self.kinds = None if kinds is None else frozenset(kinds)
        self.mode = mode
        self.store = BatchStore(self.seed, state, interpreter)
        self.keys = {path: make_identifier(f"{self.seed}:key:{path}") for path in (BATCH_API, STANDARD_API)}
        self._check_control = check_control

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--kinds", metavar="FILE|CSV", help="installed standard API kinds; a JSON file or a list (any kind)")
        add("--mode", choices=MODES, default="ok", help="what happens to right keys (ok)")

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        return cls(kinds=_parse_kinds(args.kinds), mode=args.mode, state=args.state, **common)

    @property
    def config(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "api_key": self.keys[STANDARD_API],
            "batch_api_key": self.keys[BATCH_API],
            "kinds": None if self.kinds is None else sorted(self.kinds),
        }

    def routes(self) -> list[Route]:
        return [
            ("POST", BATCH_API + "control", self._taking_file(self._control)),
            ("POST", BATCH_API + "batch", self._taking_form(self._batch)),
            ("POST", BATCH_API + "file", self._taking_file(self._file)),
            ("POST", BATCH_API + "schedule", self._taking_form(self._schedule)),
            ("POST", STANDARD_API + "batch", self._taking_form(self._standard_batch)),
            ("POST", STANDARD_API + "file", self._taking_file(self._file)),
            ("POST", STANDARD_API + "schedule", self._taking_form(self._schedule)),
            ("GET", "/api/.*", self._wrong_method),
            ("POST", "/.*", self._wrong_path),
        ]

    def control_routes(self) -> list[Route]:
        return [
            ("GET", CONTROL + "batches", lambda request: json_answer(self.store.describe())),
            ("GET", CONTROL + "controls", lambda request: json_answer(self.store.controls)),
            ("GET", CONTROL + "files/([0-9a-f]+)", self._stored_file),
        ]

    def error_answer(self, text: str) -> Answer:
        return text_answer(text, 400)

    # Who may

    def _refusal(self, request: Request, form: Form) -> Answer | None:
        """The refusal of a request without a good key, or None; `_ak` is taken out of the form."""
        key = _find_key(request, form)
        multipart = request.media_type == "multipart/form-data"
        as_json = multipart or request.method == "GET"
        if key is None and multipart:
            return text_answer("Unauthorised", 403)
        right = [path for path, own in self.keys.items() if own == key and request.path.startswith(path)]
        reason = self.mode if self.mode in _REFUSALS else None if right else "invalid"
        if reason is None:
            if self.mode == "not-permitted":
                return html_answer("You are not permitted to perform this action.")
            return None
        if key is None or not as_json:
            return html_answer("Request denied for security reasons", 403)
        kind, message = _REFUSALS[reason]
        return json_answer({"success": False, "kind": kind, "error": {"message": message}}, 403)

    def _wrong_method(self, request: Request) -> Answer:
        """A GET: a bad key is refused before the path is looked at."""
        if _find_key(request, {}) is None:
            return html_answer("Not found", 404)
        return self._refusal(request, {}) or html_answer("Not found", 404)

    def _wrong_path(self, request: Request) -> Answer:
        form = {} if request.media_type == "multipart/form-data" else _read_form(request)
        return self._refusal(request, form) or html_answer("Not found", 404)

    # What is sent

    def _taking_form(self, act: Callable[[Form], Answer]) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            multipart = request.media_type == "multipart/form-data"
            form = {} if multipart else _read_form(request)
            refusal = self._refusal(request, form)
            if refusal is None and multipart:
                return html_answer("Internal error", 500)
            return refusal or act(form)

        return answer

    def _taking_file(self, act: Callable[[Form, bytes], Answer]) -> Callable[[Request], Answer]:
        def answer(request: Request) -> Answer:
            multipart = request.media_type == "multipart/form-data"
            refusal = self._refusal(request, {} if multipart else _read_form(request))
            if refusal is not None:
                return refusal
            if not multipart:
                return text_answer(_BAD_REQUEST, 400)
            try:
                fields = read_multipart(request.headers["content-type"], request.body)
            except MultipartError as error:
                return text_answer(f"simulator: not multipart/form-data: {error}", 400)
            return _act_on_file(act, fields)

        return answer

    # What is done

    def _control(self, form: Form, content: bytes) -> Answer:
        try:
            control = json.loads(content)
        except ValueError:
            return text_answer("Uploaded file is not JSON", 400)
        if messages := self._check_control(control):
            return text_answer("Invalid control file:\n  " + "\n  ".join(messages), 400)
        return text_answer(self.store.add_control(content, form.get("comment", "Unnamed control file")))

    def _batch(self, form: Form) -> Answer:
        control = form.get("control")
        if not control:
            return text_answer(_BAD_REQUEST, 400)
        if control not in self.store.controls:
            return text_answer(f"Control file not found: {control}", 400)
        return text_answer(self.store.create(form.get("comment", "Unnamed batch"), control=control).id)

    def _standard_batch(self, form: Form) -> Answer:
        kind = form.get("kind")
        if not kind:
            return text_answer(_BAD_REQUEST, 400)
        if self.kinds is not None and kind not in self.kinds:
            return text_answer(f"Kind not found: {kind}", 400)
        return text_answer(self.store.create(form.get("comment", "Unnamed batch"), kind=kind).id)

    def _file(self, form: Form, content: bytes) -> Answer:
        if not form.get("batch") or not form.get("name"):
            return text_answer(_BAD_REQUEST, 400)
        batch = self.store.batches.get(form["batch"])
        if batch is None:
            return text_answer(f"Batch not found: {form['batch']}", 400)
        return text_answer(self.store.add_file(batch, form["name"], content))

    def _schedule(self, form: Form) -> Answer:
        mode = form.get("mode", "")
        if not form.get("batch") or mode not in ("", "dry-run"):
            return text_answer(_BAD_REQUEST, 400)
        batch = self.store.batches.get(form["batch"])
        if batch is None:
            return text_answer(f"Batch not found: {form['batch']}", 400)
        if not self.store.schedule(batch, mode):
            return text_answer(f"Batch {batch.id} is not in the 'uploading' state", 400)
        return text_answer("SCHEDULED")

    def _stored_file(self, request: Request, digest: str) -> Answer:
        content = self.store.read(digest)
        if content is None:
            return text_answer("no such file", 404)
        return Answer(200, (content,), "application/octet-stream")


def _act_on_file(act: Callable[[Form, bytes], Answer], fields: list[Field]) -> Answer:
    """Sort the parts into form and file, as Haplo does, and act."""
    form = {field.name: field.content.decode("utf-8") for field in fields if not field.filename}
    files = [field for field in fields if field.filename]
    for file in files:
        if file.name != "file":
            return text_answer(_NO_FILE_EXPECTED % file.name, 400)
    if "file" in form:
        return html_answer("Internal error", 500)
    if len(files) != 1:
        return text_answer(_BAD_REQUEST, 400)
    return act(form, files[0].content)


def _read_form(request: Request) -> Form:
    if request.media_type != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8"), keep_blank_values=True))


def _find_key(request: Request, form: Form) -> str | None:
    """The key of a request, from the first of the three places that is used; None for none."""
    in_form = form.pop("_ak", None)
    authorization = request.headers.get("authorization")
    if authorization is None:
        return request.headers.get("x-oneis-key", in_form)
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key if scheme == "Basic" and user == "haplo" else None


def _parse_kinds(text: str | None) -> list[str] | None:
    """Kinds from a JSON file (a list, or an object by kind) or from a CSV."""
    if text is None:
        return None
    if Path(text).is_file():
        return [str(kind) for kind in json.loads(Path(text).read_text(encoding="utf-8"))]
    return [kind.strip() for kind in text.split(",") if kind.strip()]


SIMULATOR = HaploSimulator
