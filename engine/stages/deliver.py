"""Delivery of what was made: to a batch API, to the user sync API, or into a folder.

Every step is in the journal before and after, so that the same command goes on: what was scheduled or started is
never asked for as new. Imports `haplo`, `spec`, `journal`, `secret` and `errors`. Next: `run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.haplo.api import BatchApi, Mode, StandardApi, UserSyncApi
from engine.haplo.batching import send_batch
from engine.haplo.manual import Upload, leave_files
from engine.haplo.part import Emitted
from engine.haplo.steps import Delivered, Steps, Tell, fingerprint, tell_left
from engine.haplo.syncing import NOTES, send_accounts
from engine.journal import Journal
from engine.secret import Secret
from engine.spec.school import Deliver, UserSync

__all__ = ["Delivered", "Upload", "deliver", "leave"]


def deliver(
    spec: Deliver | UserSync,
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
    if isinstance(spec, UserSync):
        return _sync(spec, api_key, entity, emitted, mode, journal, tell, timeout)
    receiver = (spec.kind, spec.url, spec.kinds.get(entity, entity))
    steps = Steps(journal, entity, mode, fingerprint(emitted, *receiver))
    sent = steps.sent()
    if sent is not None:
        tell(f"{entity}: was sent before")
        return _delivered(steps, str(sent["batch"]), emitted, comment, again=True)
    api = (StandardApi if spec.kind == "standard" else BatchApi)(spec.url, api_key, spec.key_header, timeout=timeout)
    with api:
        batch = send_batch(api, spec, emitted, steps, comment, tell)
    return _delivered(steps, batch, emitted, comment, again=False)


def _delivered(steps: Steps, batch: str, emitted: Emitted, comment: str, *, again: bool) -> Delivered:
    """Say what was delivered, and which batches stay in Haplo beside it."""
    left = tell_left(steps.left())
    note = f"{steps.entity}: {left} (their comment: {comment})" if left else ""
    return Delivered(steps.entity, steps.mode, batch, len(emitted.parts), emitted.rows, again=again, note=note)


def _sync(
    spec: UserSync,
    api_key: Secret,
    entity: str,
    emitted: Emitted,
    mode: Mode,
    journal: Journal,
    tell: Tell,
    timeout: float,
) -> Delivered:
    """Send user accounts; a trial of that is not possible in Haplo, so it sends nothing."""
    if mode == "dry-run":
        note = f"{entity}: a user sync has no dry run: the files were checked here, and nothing was sent"
        tell(note)
        return Delivered(entity, mode, note=note)
    steps = Steps(journal, entity, mode, fingerprint(emitted, spec.kind, spec.url))
    sent = steps.sent()
    if sent is not None:
        tell(f"{entity}: was sent before")
        outcome = str(sent["outcome"])
    else:
        with UserSyncApi(spec.url, api_key, spec.key_header, timeout=timeout) as api:
            outcome = send_accounts(api, emitted, steps, tell)
    note = f"{entity}: {NOTES[outcome]}" if NOTES[outcome] else ""
    tell(note or f"{entity}: the user sync is queued")
    return Delivered(entity, mode, outcome, len(emitted.parts), emitted.rows, again=sent is not None, note=note)


def leave(folder: Path, title: str, uploads: Sequence[Upload], journal: Journal, tell: Tell) -> None:
    """Leave the files of a whole run in a folder, for somebody to upload."""
    steps = Steps(journal, "folder", "live", str(folder))
    if steps.done("left") is None:
        steps.begin("left")
        leave_files(folder, title, uploads)
        steps.end("left")
    tell(f"files to upload are in {folder}")
