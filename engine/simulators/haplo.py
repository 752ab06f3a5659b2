"""Haplo on loopback: batch API, standard batch API, push-data API and user sync API, with their refusals.

With an application (its schema, in the form of a conformance case) control files are checked, and scheduled batches
are carried out by the interpreter, one after another. Without one, files are kept and batches stay scheduled.

    POST /__control__/run                   come back when everything scheduled is done
    GET  /__control__/batches, batches/ID/log, files/DIGEST, controls, kinds, users
    GET  /__control__/objects?type=CODE     counts by type; with values=1 the objects too
    PUT  /__control__/kinds/KIND            install the control file of a kind of the standard API
    POST /__control__/keys                  make a key: {"path": "/api/…", "blocked": false, "permitted": true}

`push` and `user_sync` have more. Next: `batch`, `key`, `importing`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from engine.simulators.batch import BatchStore
from engine.simulators.form import BAD_REQUEST, UploadError, read_control, read_form, taking_file, taking_form
from engine.simulators.http import CONTROL, DEFAULT_TODAY, Route, Simulator
from engine.simulators.key import MODES, Form, Gate, find_key
from engine.simulators.message import Answer, Request, html_answer, json_answer, text_answer
from engine.simulators.multipart import Field
from engine.simulators.push import PushApi
from engine.simulators.user_sync import USER_SYNC_API, UserSyncApi
from engine.simulators.worker import Worker

if TYPE_CHECKING:
    from engine.simulators.importing import Importer
    from engine.simulators.objects import Objects

BATCH_API = "/api/haplo-data-import-batch/"
STANDARD_API = "/api/haplo-data-import-standard-api/"
_INSTALLED = ".control.json"


class HaploSimulator(Simulator):
    """One application. There is a key for each API, as Haplo makes them; `clock` gives seconds since 1970."""

    NAME = "haplo"
    ABOUT = "Haplo: batch, standard batch, push-data and user sync APIs"

    def __init__(
        self,
        *,
        application: Mapping[str, Any] | None = None,
        kinds: Iterable[str] | None = None,
        kinds_dir: Path | None = None,
        mode: str = "ok",
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
        **common: Any,
    ) -> None:
        seed = common.get("seed", 1)
        self.kinds = None if kinds is None else frozenset(kinds)
        self.gate = Gate(seed, mode, clock)
        self.keys = {path: self.gate.make(path) for path in (BATCH_API, STANDARD_API, USER_SYNC_API)}
        self._worker = Worker()
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
        today = common.get("today", DEFAULT_TODAY)
        self._importer = None if application is None else _make_importer(application, state, today, clock)
        importer = self._importer
        self.store = BatchStore(seed, state, self._worker, importer.run_batch if importer else None)
        self.push = PushApi(self.gate, self.store, importer, state)
        self.user_sync = UserSyncApi(self.gate, self.store, importer, self._worker, state)
        super().__init__(**common)
        if kinds_dir is not None:
            self._install_all(kinds_dir)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--application", type=Path, metavar="FILE", help="the application's schema, as in a conformance case")
        add("--kinds", metavar="FILE|CSV", help="installed standard API kinds; a JSON file or a list (any kind)")
        add("--kinds-dir", type=Path, metavar="DIR", help=f"control files of kinds, each named KIND{_INSTALLED}")
        add("--mode", choices=MODES, default="ok", help="what happens to right keys (ok)")

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        application = json.loads(args.application.read_text(encoding="utf-8")) if args.application else None
        own = {"mode": args.mode, "state": args.state, "kinds_dir": args.kinds_dir}
        return cls(application=application, kinds=_parse_kinds(args.kinds), **own, **common)

    @property
    def config(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "api_key": self.keys[STANDARD_API],
            "batch_api_key": self.keys[BATCH_API],
            "user_sync_api_key": self.keys[USER_SYNC_API],
            "push_api_keys": dict(self.push.keys),
            "kinds": None if self.kinds is None else sorted(self.kinds.union(self.store.kinds)),
        }

    @property
    def objects(self) -> Objects:
        """The application's objects, once every scheduled batch is carried out."""
        assert self._importer is not None, "without an application nothing is kept"
        self._worker.wait()
        return self._importer.objects

    def move_to(self, day: date) -> None:
        super().move_to(day)
        if self._importer is not None:
            self._importer.today = day

    def start(self) -> Self:
        super().start()
        self.store.resume()
        self.user_sync.resume()
        return self

    def stop(self) -> None:
        super().stop()
        self._worker.stop()
        if self._importer is not None:
            self._importer.objects.close()

    def routes(self) -> list[Route]:
        return [
            ("POST", BATCH_API + "control", taking_file(self.gate, self._control)),
            ("POST", BATCH_API + "batch", taking_form(self.gate, self._batch)),
            ("POST", STANDARD_API + "batch", taking_form(self.gate, self._standard_batch)),
            *(("POST", api + "file", taking_file(self.gate, self._file)) for api in (BATCH_API, STANDARD_API)),
            *(("POST", api + "schedule", taking_form(self.gate, self._schedule)) for api in (BATCH_API, STANDARD_API)),
            *self.push.routes(),
            *self.user_sync.routes(),
            ("GET", "/api/.*", self._wrong_method),
            ("POST", "/.*", self._wrong_path),
        ]

    def control_routes(self) -> list[Route]:
        return [
            ("POST", CONTROL + "run", self._run),
            ("GET", CONTROL + "batches", lambda request: json_answer(self.store.describe())),
            ("GET", CONTROL + "batches/([^/]+)/log", self._log),
            ("GET", CONTROL + "controls", lambda request: json_answer(self.store.controls)),
            ("GET", CONTROL + "files/([0-9a-f]+)", self._stored_file),
            ("GET", CONTROL + "kinds", lambda request: json_answer(self.store.kinds)),
            ("PUT", CONTROL + "kinds/([^/]+)", self._install_kind),
            ("GET", CONTROL + "objects", self._objects),
            ("GET", CONTROL + "users", self._users),
            ("POST", CONTROL + "keys", self._make_key),
            *self.push.control_routes(),
            *self.user_sync.control_routes(),
        ]

    def error_answer(self, text: str) -> Answer:
        return text_answer(text, 400)

    def _wrong_method(self, request: Request) -> Answer:
        """A GET: a bad key is refused before the path is looked at."""
        if find_key(request, {}) is None:
            return html_answer("Not found", 404)
        return self.gate.refusal(request, {}) or html_answer("Not found", 404)

    def _wrong_path(self, request: Request) -> Answer:
        return self.gate.refusal(request, read_form(request)) or html_answer("Not found", 404)

    # What programs ask

    def _control(self, form: Form, file: Field) -> Answer:
        try:
            read_control(file.content, self._check)
        except UploadError as error:
            return text_answer(str(error), 400)
        return text_answer(self.store.add_control(file.content, form.get("comment", "Unnamed control file")))

    def _check(self, control: Any) -> list[str]:
        return [] if self._importer is None else self._importer.check(control)

    def _batch(self, form: Form) -> Answer:
        control = form.get("control")
        if not control:
            return text_answer(BAD_REQUEST, 400)
        if control not in self.store.controls:
            return text_answer(f"Control file not found: {control}", 400)
        return text_answer(self.store.create(form.get("comment", "Unnamed batch"), control=control).id)

    def _standard_batch(self, form: Form) -> Answer:
        kind = form.get("kind")
        if not kind:
            return text_answer(BAD_REQUEST, 400)
        if self.kinds is not None and kind not in self.kinds.union(self.store.kinds):
            return text_answer(f"Kind not found: {kind}", 400)
        return text_answer(self.store.create(form.get("comment", "Unnamed batch"), kind=kind).id)

    def _file(self, form: Form, file: Field) -> Answer:
        if not form.get("batch") or not form.get("name"):
            return text_answer(BAD_REQUEST, 400)
        batch = self.store.batches.get(form["batch"])
        if batch is None:
            return text_answer(f"Batch not found: {form['batch']}", 400)
        return text_answer(self.store.add_file(batch, form["name"], file.content))

    def _schedule(self, form: Form) -> Answer:
        mode = form.get("mode", "")
        if not form.get("batch") or mode not in ("", "dry-run"):
            return text_answer(BAD_REQUEST, 400)
        batch = self.store.batches.get(form["batch"])
        if batch is None:
            return text_answer(f"Batch not found: {form['batch']}", 400)
        if not self.store.schedule(batch, mode):
            return text_answer(f"Batch {batch.id} is not in the 'uploading' state", 400)
        return text_answer("SCHEDULED")

    # What an administrator does and sees

    def _run(self, request: Request) -> Answer:
        self._worker.wait()
        return json_answer(self.store.describe())

    def _log(self, request: Request, batch: str) -> Answer:
        found = self.store.batches.get(batch)
        return text_answer("no such batch", 404) if found is None else text_answer("\n".join(found.log))

    def _stored_file(self, request: Request, digest: str) -> Answer:
        content = self.store.read(digest)
        if content is None:
            return text_answer("no such file", 404)
        return Answer(200, (content,), "application/octet-stream")

    def _install_kind(self, request: Request, kind: str) -> Answer:
        try:
            return text_answer(self._install(kind, request.body))
        except UploadError as error:
            return text_answer(str(error), 400)

    def _install(self, kind: str, content: bytes) -> str:
        read_control(content, self._check)
        return self.store.install(kind, content)

    def _install_all(self, folder: Path) -> None:
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is not a folder")
        for path in sorted(folder.glob("*" + _INSTALLED)):
            try:
                self._install(path.name.removesuffix(_INSTALLED), path.read_bytes())
            except UploadError as error:
                raise ValueError(f"{path}: {error}") from error

    def _objects(self, request: Request) -> Answer:
        if self._importer is None:
            return text_answer("objects are kept with --application only", 404)
        objects, code = self._importer.objects, request.parameter("type")
        counts = objects.counts()
        answer: dict[str, Any] = {"counts": counts if code is None else {code: counts.get(code, 0)}}
        if request.parameter("values") == "1":
            found = objects.of_types(None if code is None else [code])
            answer["objects"] = [{"ref": ref, "values": values} for ref, values in found]
        return json_answer(answer)

    def _users(self, request: Request) -> Answer:
        if self._importer is None:
            return text_answer("users are kept with --application only", 404)
        return json_answer(self._importer.objects.users())

    def _make_key(self, request: Request) -> Answer:
        try:
            return text_answer(self.gate.make(**json.loads(request.body)))
        except (TypeError, ValueError) as error:
            return text_answer(f"a key is an object with path, blocked and permitted: {error}", 400)


def _make_importer(schema: Mapping[str, Any], state: Path | None, today: Any, clock: Callable[[], float]) -> Importer:
    # Imported here: without an application nothing of the interpreter is needed.
    from engine.simulators.importing import Importer
    from engine.simulators.objects import Objects

    objects = Objects(None if state is None else state / "objects.sqlite")
    return Importer(schema, objects, today=today, clock=clock)


def _parse_kinds(text: str | None) -> list[str] | None:
    """Kinds from a JSON file (a list, or an object by kind) or from a CSV."""
    if text is None:
        return None
    if Path(text).is_file():
        return [str(kind) for kind in json.loads(Path(text).read_text(encoding="utf-8"))]
    return [kind.strip() for kind in text.split(",") if kind.strip()]


SIMULATOR = HaploSimulator
