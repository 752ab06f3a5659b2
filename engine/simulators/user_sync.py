"""Haplo's user sync API: files of users, a control file named `_control`, and a run that may wait for a person.

    GET  /__control__/user-sync             the runs
    POST /__control__/user-sync/apply       what an administrator does with a run that waits: apply it,
    POST /__control__/user-sync/discard     or give it up
    PUT  /__control__/user-sync/automatic   true or false: whether runs are applied without being asked

The words of the three answers that ask for a person are ours; the reference names the reasons only. Next: `haplo`.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.simulators.batch import BatchStore, write_state
from engine.simulators.form import BAD_REQUEST, UploadError, parse_text_file, taking_file, taking_form
from engine.simulators.http import CONTROL, Route
from engine.simulators.key import Form, Gate
from engine.simulators.message import Answer, Request, json_answer, text_answer
from engine.simulators.multipart import Field
from engine.simulators.worker import Worker

if TYPE_CHECKING:
    from engine.simulators.importing import Importer

USER_SYNC_API = "/api/haplo-user-sync/"
MODEL = "haplo:user-sync"
CONTROL_NAME = "_control"
_NAME = re.compile(r"[a-z0-9A-Z_-]+\Z")
_NOT_READY = "Last sync is not ready. Upload all the required files."
_MANUAL = {
    "off": "Sync not queued: automatic apply is switched off. Apply it in the admin interface.",
    "first": "Sync not queued: the first sync has to be applied in the admin interface.",
    "size": "Sync not queued: the size of a file has changed by more than 10%. Apply it in the admin interface.",
}


@dataclass
class SyncRun:
    """One sync. States: uploading, manual (a person must decide), queued, running, complete, error, discarded."""

    state: str = "uploading"
    files: dict[str, str] = field(default_factory=dict)  # name to digest
    sizes: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    log: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class UserSyncApi:
    """All runs. With a folder, a restart finds them again."""

    def __init__(
        self, gate: Gate, store: BatchStore, importer: Importer | None, worker: Worker, folder: Path | None
    ) -> None:
        self._gate, self._store, self._importer, self._worker = gate, store, importer, worker
        self._path = folder / "user-sync.json" if folder is not None else None
        self._automatic = True
        self._runs: list[SyncRun] = []
        self._lock = threading.RLock()
        if self._path is not None and self._path.is_file():
            document = json.loads(self._path.read_text(encoding="utf-8"))
            self._automatic = document["automatic"]
            self._runs = [SyncRun(**one) for one in document["runs"]]

    def routes(self) -> list[Route]:
        """What programs may ask."""
        return [
            ("POST", USER_SYNC_API + "upload-file", taking_file(self._gate, self._upload)),
            ("POST", USER_SYNC_API + "start-sync", taking_form(self._gate, self._start)),
            ("POST", USER_SYNC_API + "start-sync/json", taking_form(self._gate, self._start_for_json)),
            ("POST", USER_SYNC_API + "start-sync/xml", taking_form(self._gate, self._start_for_xml)),
        ]

    def control_routes(self) -> list[Route]:
        """What an administrator does and sees."""
        return [
            ("GET", CONTROL + "user-sync", lambda request: json_answer(self.describe())),
            ("POST", CONTROL + "user-sync/apply", lambda request: self._decide(self._queue, ("manual",))),
            (
                "POST",
                CONTROL + "user-sync/discard",
                lambda request: self._decide(self._discard, ("manual", "uploading")),
            ),
            ("PUT", CONTROL + "user-sync/automatic", self._set_automatic),
        ]

    def describe(self) -> list[dict[str, Any]]:
        """All runs as data, in their order."""
        return [asdict(run) for run in self._runs]

    def resume(self) -> None:
        """Apply what was queued, or being applied, when the simulator ended."""
        for run in self._runs:
            if run.state in ("queued", "running"):
                self._queue(run)

    # What programs ask

    def _upload(self, form: Form, file: Field) -> Answer:
        name = form.get("name", "")
        if not _NAME.match(name):
            return text_answer(BAD_REQUEST, 400)
        try:
            with self._lock:
                digest = self._add(self._open_run(), name, file.content)
        except UploadError as error:
            return text_answer(str(error), 400)
        return json_answer({"digest": digest, "fileSize": len(file.content), "filename": file.filename})

    def _open_run(self) -> SyncRun:
        """The run that takes files: a new one when the last is over."""
        if not self._runs or self._runs[-1].state in ("complete", "error", "discarded"):
            self._runs.append(SyncRun())
        return self._runs[-1]

    def _add(self, run: SyncRun, name: str, content: bytes) -> str:
        if run.state != "uploading":
            raise UploadError("Sync in unexpected state -- use admin interface to resolve.")
        if name in run.files:
            raise UploadError(f"File {name} has already been uploaded for this sync run.")
        if name == CONTROL_NAME:
            self._check_control(content)
        run.files[name], run.sizes[name] = self._store.keep(content), len(content)
        self._save()
        return run.files[name]

    def _check_control(self, content: bytes) -> None:
        control = parse_text_file(content, "Control file was not valid JSON: unexpected character")
        messages = self._importer.check(control) if self._importer is not None else []
        if messages:
            text = "\n  ".join(messages)
            raise UploadError(f"File named {CONTROL_NAME} is not a valid control file:\n  {text}")
        if not isinstance(control, dict) or control.get("model") != MODEL:
            raise UploadError(f'model property in control file must be set to "{MODEL}"')

    def _start(self, form: Form) -> Answer:
        outcome = self._begin()
        if outcome == "not-ready":
            return text_answer(_NOT_READY, 400)
        return text_answer(_MANUAL.get(outcome, "OK. Sync queued."))

    def _start_for_json(self, form: Form) -> Answer:
        return json_answer({"status": _status(self._begin())})

    def _start_for_xml(self, form: Form) -> Answer:
        body = f'<?xml version="1.0" encoding="UTF-8"?><response><status>{_status(self._begin())}</status></response>'
        return Answer(200, (body.encode(),), "application/xml; charset=utf-8")

    def _begin(self) -> str:
        """Queue the run that was uploaded, or say why not: not-ready, or a key of _MANUAL."""
        with self._lock:
            run = self._runs[-1] if self._runs else SyncRun()
            if run.state != "uploading" or not self._is_whole(run):
                return "not-ready"
            run.reason = self._reason(run)
            if not run.reason:
                self._queue(run)
                return "queued"
            run.state = "manual"
            self._save()
            return run.reason

    def _is_whole(self, run: SyncRun) -> bool:
        content = self._store.read(run.files.get(CONTROL_NAME, ""))
        return content is not None and set(run.files) == {CONTROL_NAME, *json.loads(content).get("files", ())}

    def _reason(self, run: SyncRun) -> str:
        """Why a person must look at the run first; nothing when it may go on by itself."""
        if not self._automatic:
            return "off"
        last = next((one for one in reversed(self._runs) if one.state == "complete"), None)
        if last is None:
            return "first"
        changed = any(abs(size - last.sizes.get(name, 0)) * 10 > last.sizes.get(name, 0) for name, size in _data(run))
        return "size" if changed else ""

    # What an administrator does

    def _decide(self, act: Callable[[SyncRun], None], states: tuple[str, ...]) -> Answer:
        with self._lock:
            if not self._runs or self._runs[-1].state not in states:
                return text_answer("there is no sync to decide about", 400)
            act(self._runs[-1])
        return text_answer("done")

    def _set_automatic(self, request: Request) -> Answer:
        text = request.body.decode().strip()
        if text not in ("true", "false"):
            return text_answer("automatic is true or false", 400)
        self._automatic = text == "true"
        self._save()
        return text_answer(text)

    def _discard(self, run: SyncRun) -> None:
        run.state = "discarded"
        self._save()

    # What is done in the background

    def _queue(self, run: SyncRun) -> None:
        run.state = "queued"
        self._save()
        if self._importer is not None:
            importer = self._importer
            self._worker.put(lambda: self._apply(run, importer))

    def _apply(self, run: SyncRun, importer: Importer) -> None:
        run.state = "running"
        self._save()
        try:
            self._carry_out(run, importer)
        except Exception as error:  # a bug must be seen by the test that meets it
            traceback.print_exc(file=sys.stderr)
            run.log, run.state = [f"EXCEPTION: {type(error).__name__}: {error}"], "error"
        self._save()

    def _carry_out(self, run: SyncRun, importer: Importer) -> None:
        control = json.loads(self._store.read(run.files[CONTROL_NAME]) or b"null")
        found = {name: self._store.locate(digest) for name, digest in run.files.items() if name != CONTROL_NAME}
        files = {name: data for name, data in found.items() if data is not None}
        report = importer.run_user_sync(control, files)
        run.log, run.counts = report.log, report.counts
        run.state = "error" if report.stopped else "complete"

    def _save(self) -> None:
        if self._path is not None:
            write_state(self._path, {"automatic": self._automatic, "runs": self.describe()})


def _data(run: SyncRun) -> list[tuple[str, int]]:
    return [(name, size) for name, size in run.sizes.items() if name != CONTROL_NAME]


def _status(outcome: str) -> str:
    """The word of the json and xml forms."""
    return {"not-ready": "missing-files", "queued": "queued-for-apply"}.get(outcome, "admin-intervention-required")
