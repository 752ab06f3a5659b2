"""A user sync: the control file and every data file sent, digests and sizes compared, then started once.

Haplo keeps one user sync at a time and takes no file twice. When the answer to a file was lost, "already uploaded"
tells that it is there; when the answer to the start was lost, "not ready" tells that it was started. The control file
goes first, so that the files of another sync, begun and left, are met before anything else is sent.
Stands on its siblings. Next: `stages/deliver`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.errors import DeliveryError
from engine.haplo.api import UserSyncApi
from engine.haplo.part import Emitted
from engine.haplo.refusal import AlreadyThereError, NotReadyError
from engine.haplo.steps import Steps, Tell, compare, digest_of

CONTROL: Final = "_control"
_STARTED_BEFORE: Final = "started-before"
NOTES: Final = {
    "queued": "",
    "switched-off": "an administrator must apply it in Haplo: applying by itself is switched off",
    "first-run": "an administrator must apply it in Haplo: it is the first user sync",
    "size-changed": "an administrator must apply it in Haplo: a file's size has changed by more than 10 %",
    "manual": "an administrator must apply it in Haplo",
    _STARTED_BEFORE: "look in Haplo whether it waits for an administrator: the answer to its start was lost",
}


def send_accounts(api: UserSyncApi, emitted: Emitted, steps: Steps, tell: Tell) -> str:
    """Send all files, start the user sync, and return a key of `NOTES`."""
    if steps.get("schedule", state="begun") is not None:
        tell(f"{steps.entity}: asking again for what was not answered")
        return _start(api, steps, asked_before=True)
    own = digest_of(emitted.control)
    files = [(CONTROL, emitted.control, own), *((part.name, part.path, part.sha256) for part in emitted.parts)]
    accepted = 0
    try:
        for name, path, sha256 in files:
            _upload(api, name, path, sha256, steps)
            accepted += 1
            tell(f"{steps.entity}: file {accepted} of {len(files)} is there")
    except DeliveryError as error:
        _add(error, f"{accepted} of {len(files)} files of {steps.entity} were accepted, nothing is started")
        raise
    return _start(api, steps, asked_before=False)


def _upload(api: UserSyncApi, name: str, path: Path, sha256: str, steps: Steps) -> None:
    """Send a file, unless it is there."""
    step, facts = f"file:{name}", {"sha256": sha256}
    if steps.done(step, **facts) is not None:
        return
    asked_before = steps.get(step, state="begun", **facts) is not None
    steps.begin(step, **facts)
    try:
        given = api.upload(name, path)
    except DeliveryError as error:
        if not (asked_before and isinstance(error, AlreadyThereError)):
            steps.give_up(step, error, asked_before=asked_before, **facts)
            raise
    else:
        own = (sha256, path.stat().st_size)
        if given != own:
            steps.refuse(step, **facts)  # what Haplo has under this name is not ours, and never counts as that
        compare(given, own, name)
    steps.end(step, **facts)


def _start(api: UserSyncApi, steps: Steps, *, asked_before: bool) -> str:
    steps.begin("schedule")
    try:
        outcome: str = api.start()
    except NotReadyError as error:
        if not asked_before:
            steps.give_up("schedule", error, asked_before=False)
            raise
        outcome = _STARTED_BEFORE
    except DeliveryError as error:
        certain = steps.give_up("schedule", error, asked_before=asked_before)
        known = "it is not started" if certain else "whether it is started is not known yet"
        _add(error, f"all files of {steps.entity} were accepted, {known}")
        raise
    steps.end("schedule", outcome=outcome)
    return outcome


def _add(error: DeliveryError, why: str) -> None:
    error.why = "; ".join(filter(None, (error.why, why)))
