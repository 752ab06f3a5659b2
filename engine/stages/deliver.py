"""Delivery of one entity's files: create a batch, upload each part, compare its digest, schedule.

Every step is in the journal before and after, so that the same command goes on: what was scheduled is never
scheduled again, and when the answer to that was lost, asking again tells. Imports `haplo`, `spec`, `journal`,
`secret` and `errors`. Next: `run`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DeliveryError, StorageError
from engine.haplo.api import BatchApi, Mode, StandardApi
from engine.haplo.part import Emitted, Part
from engine.haplo.refusal import UNAVAILABLE, NotUploadingError
from engine.journal import Journal
from engine.secret import Secret
from engine.spec.school import Deliver

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Delivered:
    """What Haplo has taken. `again`: it was scheduled before, and nothing was sent this time."""

    entity: str
    mode: Mode
    batch: str = ""
    parts: int = 0
    rows: int = 0
    again: bool = False


def deliver(
    spec: Deliver,
    api_key: Secret,
    entity: str,
    emitted: Emitted,
    mode: Mode,
    journal: Journal,
    comment: str,
    tell: Tell,
    *,
    timeout: float = 60.0,
) -> Delivered:
    """Send an entity's files and have them imported; with no rows nothing is made."""
    if not emitted.parts:
        tell(f"{entity}: no rows, nothing to send")
        return Delivered(entity, mode)
    steps = _Steps(journal, entity, mode, _fingerprint(spec, entity, emitted))
    batch = steps.scheduled()
    if batch is not None:
        tell(f"{entity}: was sent before")
        return _delivered(entity, emitted, mode, batch, again=True)
    api = (StandardApi if spec.kind == "standard" else BatchApi)(spec.url, api_key, spec.key_header, timeout=timeout)
    with api:
        batch = _send(api, spec, emitted, steps, comment, tell)
    return _delivered(entity, emitted, mode, batch)


def _delivered(entity: str, emitted: Emitted, mode: Mode, batch: str, *, again: bool = False) -> Delivered:
    return Delivered(entity, mode, batch, len(emitted.parts), emitted.rows, again)


class _Steps:
    """The journal's entries of one delivery: `deliver:student:create`, `deliver:student:dry-run:create`, …"""

    def __init__(self, journal: Journal, entity: str, mode: Mode, files: str) -> None:
        self.entity, self.mode = entity, mode
        self._journal, self._files = journal, files
        self._prefix = f"deliver:{entity}" if mode == "live" else f"deliver:{entity}:{mode}"

    def begin(self, step: str, **facts: str) -> None:
        """Put down that a step is about to be asked for."""
        self._record(step, "begun", facts)

    def end(self, step: str, **facts: str) -> None:
        """Put down that Haplo has done a step."""
        self._record(step, "done", facts)

    def _record(self, step: str, state: str, facts: dict[str, str]) -> None:
        self._journal.record(f"{self._prefix}:{step}", state=state, files=self._files, **facts)

    def get(self, step: str, **facts: str) -> dict[str, Any] | None:
        """Return a step's entry when it is about these files, and these facts."""
        found = self._journal.get(f"{self._prefix}:{step}")
        wanted = {"files": self._files, **facts}
        return found if found is not None and wanted.items() <= found.items() else None

    def done(self, step: str, **facts: str) -> dict[str, Any] | None:
        """Return a step's entry when Haplo has done it."""
        return self.get(step, state="done", **facts)

    def scheduled(self) -> str | None:
        """Return the batch that was scheduled with these files; other files of the same run are refused."""
        found = self._journal.get(f"{self._prefix}:schedule")
        if found is not None and found["files"] != self._files:
            raise DeliveryError(
                f"{self.entity}: this run has sent other files already",
                why="a run sends an entity once; its files, its control file or its receiver have changed since",
                fix="begin a new run",
            )
        done = self.done("schedule")
        return None if done is None else str(done["batch"])


def _send(api: StandardApi | BatchApi, spec: Deliver, emitted: Emitted, steps: _Steps, comment: str, tell: Tell) -> str:
    pending = steps.get("schedule")
    if pending is not None:
        batch = str(pending["batch"])
        tell(f"{steps.entity}: asking again for what was not answered")
        _schedule(api, batch, steps, asked_before=True)
        return batch
    accepted = 0
    try:
        batch = _create(api, spec, emitted, steps, comment)
        for part in emitted.parts:
            _upload(api, batch, part, steps)
            accepted += 1
            tell(f"{steps.entity}: part {accepted} of {len(emitted.parts)} is there")
    except DeliveryError as error:
        parts = f"{accepted} of {len(emitted.parts)} parts of {steps.entity} were accepted"
        error.why = "; ".join(filter(None, (error.why, f"{parts}, nothing of it is scheduled")))
        raise
    _schedule(api, batch, steps, asked_before=False)
    tell(f"{steps.entity}: scheduled{' (dry run)' if steps.mode == 'dry-run' else ''}")
    return batch


def _create(api: StandardApi | BatchApi, spec: Deliver, emitted: Emitted, steps: _Steps, comment: str) -> str:
    """Make the batch, or find the one that was made before. One whose answer was lost stays empty in Haplo."""
    done = steps.done("create")
    if done is not None:
        return str(done["batch"])
    if isinstance(api, BatchApi):
        origin = _send_control(api, emitted.control, steps, comment)
    else:
        origin = spec.kinds.get(steps.entity, steps.entity)
    steps.begin("create")
    batch = api.create(origin, comment)
    steps.end("create", batch=batch)
    return batch


def _send_control(api: BatchApi, control: Path, steps: _Steps, comment: str) -> str:
    own = _digest(control)
    steps.begin("control", sha256=own)
    _compare(api.control(control, comment), own, "the control file")
    steps.end("control", sha256=own)
    return own


def _upload(api: StandardApi | BatchApi, batch: str, part: Part, steps: _Steps) -> None:
    """Send a part, unless it is there; sent twice under its name, the later counts."""
    facts = {"batch": batch, "sha256": part.sha256}
    if steps.done(f"part:{part.name}", **facts) is not None:
        return
    steps.begin(f"part:{part.name}", **facts)
    _compare(api.upload(batch, part.name, part.path), part.sha256, part.name)
    steps.end(f"part:{part.name}", **facts)


def _schedule(api: StandardApi | BatchApi, batch: str, steps: _Steps, *, asked_before: bool) -> None:
    """Schedule the batch. One that no longer takes files, and that we asked for before, was scheduled then."""
    steps.begin("schedule", batch=batch)
    try:
        api.schedule(batch, steps.mode)
    except NotUploadingError:
        if not asked_before:
            raise
    except DeliveryError as error:
        known = "it is not scheduled" if error.code != UNAVAILABLE else "whether it is scheduled is not known yet"
        error.why = "; ".join(filter(None, (error.why, f"all parts of {steps.entity} were accepted, {known}")))
        raise
    steps.end("schedule", batch=batch)


def _compare(given: str, own: str, what: str) -> None:
    if given != own:
        raise DeliveryError(
            f"sending {what}: Haplo has received other bytes than were sent",
            why="the digest that it answered is not that of the file",
            fix="give the same command again; if it stays so, something on the way changes files",
        )


def _fingerprint(spec: Deliver, entity: str, emitted: Emitted) -> str:
    """Tell these files, on their way to this receiver, from any others."""
    told = [spec.kind, spec.url, spec.kinds.get(entity, entity), _digest(emitted.control)]
    told += [f"{part.name} {part.sha256}" for part in emitted.parts]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read", why=error.strerror or type(error).__name__) from None
