"""The steps of a delivery, as the journal has them: each is put down before it is asked for, and after it is done.

What was asked for and never answered is known by that. Stands on `journal` and `errors`. Next: `batching`, `syncing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import DeliveryError, StorageError
from engine.haplo.api import Mode
from engine.haplo.part import Emitted
from engine.haplo.refusal import is_certain
from engine.journal import Journal

Tell = Callable[[str], None]
NAMELESS: Final = "?"
"""Stands for a batch whose identifier never came."""


@dataclass(frozen=True)
class Delivered:
    """What Haplo has taken. `again`: it was sent before, and nothing was sent this time. `note`: what is left to do."""

    entity: str
    mode: Mode
    batch: str = ""
    parts: int = 0
    rows: int = 0
    again: bool = False
    note: str = ""


class Steps:
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

    def refuse(self, step: str, **facts: str) -> None:
        """Put down that a step was asked for and is certainly not done."""
        self._record(step, "refused", facts)

    def give_up(self, step: str, error: DeliveryError, *, asked_before: bool, **facts: str) -> bool:
        """Put down that a step was refused, where that is certain of every time that it was asked for."""
        certain = is_certain(error) and not asked_before
        if certain:
            self.refuse(step, **facts)
        return certain

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

    def sent(self) -> dict[str, Any] | None:
        """Return the entry of the last step with these files; other files of the same run are refused."""
        found = self._journal.get(f"{self._prefix}:schedule")
        if found is not None and found["state"] != "refused" and found["files"] != self._files:
            raise DeliveryError(
                f"{self.entity}: this run has sent other files already",
                why="a run sends an entity once; its files, its control file or its receiver have changed since",
                fix="begin a new run",
            )
        return self.done("schedule")

    def left(self) -> tuple[str, ...]:
        """Return the batches that were made and will not be scheduled; `NAMELESS` for each that may have been made."""
        found = self._journal.get(f"{self._prefix}:create")
        if found is None:
            return ()
        own = found["state"] == "done" and found["files"] == self._files
        return (*_earlier(found), *(() if own else _made(found)))


def left_behind(journal: Journal) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield, for each entity of a run that is not gone on with: the batches that it left, and one that is in doubt.

    In doubt is the batch whose scheduling was asked for and not answered; mostly there is none.
    """
    for key in journal.keys("deliver:"):
        found = journal.get(key)
        if found is None or not key.endswith(":create"):
            continue
        scheduling = journal.get(key.removesuffix("create") + "schedule") or {"state": "refused"}
        left = _earlier(found) + (_made(found) if scheduling["state"] == "refused" else ())
        doubtful = str(scheduling["batch"]) if scheduling["state"] == "begun" else ""
        if left or doubtful:
            yield key.split(":")[1], left, doubtful


def _earlier(create: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(create.get("left", "")).split())


def _made(create: dict[str, Any]) -> tuple[str, ...]:
    """What the last asking for a batch came to."""
    return {"done": (str(create.get("batch")),), "begun": (NAMELESS,)}.get(create["state"], ())


def tell_left(left: tuple[str, ...]) -> str:
    """Say which batches stay in Haplo; nothing when there are none."""
    named = [batch for batch in left if batch != NAMELESS]
    nameless = len(left) - len(named)
    said = []
    if named:
        said.append(f"made and never scheduled: {', '.join(named)}")
    if nameless:
        said.append(f"asked for and not answered, so that Haplo may have {nameless:,} that have no files")
    return f"batches that may stay in Haplo and import nothing: {'; '.join(said)}" if said else ""


def compare(given: object, own: object, what: str) -> None:
    """Stop when Haplo has received something else than was sent."""
    if given != own:
        raise DeliveryError(
            f"sending {what}: Haplo has received other bytes than were sent",
            why="the digest that it answered is not that of the file",
            fix="give the same command again; if it stays so, something on the way changes files",
        )


def fingerprint(emitted: Emitted, *receiver: str) -> str:
    """Tell these files, on their way to this receiver, from any others."""
    told = [*receiver, digest_of(emitted.control)]
    told += [f"{part.name} {part.sha256}" for part in emitted.parts]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def digest_of(path: Path) -> str:
    """Return the digest of a file, as Haplo makes it."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read", why=error.strerror or type(error).__name__) from None
