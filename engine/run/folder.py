"""The folder of a run: private, one for each run, found again by a command that goes on.

`<project>/.haplomap/<school>/<run>/` holds `journal.jsonl`, `answers/`, `sets/`, `rows/`, `quarantine/`, `files/`
and `report.json`. A lock keeps two runs of one school apart. Next: `run/runner`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from engine.errors import StorageError
from engine.journal import Journal, cannot_write
from engine.state import SchoolBusyError, State

STATE = ".haplomap"
STALE = timedelta(hours=12)
"""A run that began so long ago is not gone on with: its answers would be yesterday's."""

SEEN = timedelta(hours=1)
"""A run that was only looked at is gone on with so long: what is sent is what was seen. So is a momentary one."""


def school_folder(root: Path, school: str) -> Path:
    """Return, and make, the private folder of a school's runs."""
    folder = root / STATE / school
    try:
        with _private():
            folder.mkdir(parents=True, exist_ok=True)
            if not (unseen := folder.parent / ".gitignore").exists():
                unseen.write_text("*\n", encoding="utf-8")  # answers of a school are for no repository
    except OSError as error:
        raise cannot_write(folder, error) from None
    return folder


@contextmanager
def locked(folder: Path, state: State | None = None) -> Iterator[None]:
    """Hold the lock of a school; the system lets go of it when the process ends, however it ends.

    Who finds it held is told by whom, as far as the state knows.
    Whatever is written meanwhile is readable by its user only, by whichever library it is written.
    """
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(path, error) from None
    try:
        _take(handle, path, state)
        with _private():
            yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, state: State | None) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid, school = os.read(handle, 32).decode(errors="replace").strip(), path.parent.name
        holder = state.holder(school) if state is not None else None
        known = str(holder) if holder is not None and str(holder.pid) == pid else f"process {pid}" if pid else ""
        raise SchoolBusyError(
            f"another run of '{school}' is under way" + (f": {known}" if known else ""), fix="wait until it has ended"
        ) from None
    try:
        os.ftruncate(handle, os.pwrite(handle, f"{os.getpid()}\n".encode(), 0))
    except OSError as error:
        raise cannot_write(path, error) from None


@contextmanager
def _private() -> Iterator[None]:
    """Make folders 0700 and files 0600 meanwhile."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def runs(folder: Path) -> list[Path]:
    """Return a school's run folders, the oldest first."""
    return sorted(path.parent for path in folder.glob("[0-9]*/journal.jsonl"))


def unfinished(folder: Path, signature: str, now: datetime, *, momentary: bool = False) -> Path | None:
    """Return the latest run if it did not end, is not stale, and was to do the same from the same documents.

    `momentary`: it reads what is so at one moment, which is stale sooner.
    """
    latest = next(reversed(runs(folder)), None)
    if latest is None:
        return None
    with Journal(latest / "journal.jsonl") as journal:
        begun = journal.get("run")
        if begun is None or begun["signature"] != signature or journal.get("end") is not None:
            return None
        soon = momentary or journal.get("looked") is not None
        return latest if now - datetime.fromisoformat(begun["began"]) < (SEEN if soon else STALE) else None


def new_run(folder: Path, now: datetime) -> Path:
    """Make the folder of a new run, named by the time of its start."""
    name = now.strftime("%Y%m%d-%H%M%S")
    for tail in ("", *(f"-{n}" for n in range(2, 100))):
        path = folder / (name + tail)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise cannot_write(path, error) from None
        return path
    raise StorageError(f"{folder}: there is no name left for a run at {name}")
