"""What is stored of a school goes: folders and records of runs after their time, everything when it is asked for.

A folder is renamed before it is emptied, so that a kill leaves none that looks whole. Next: `run/runner`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.errors import EngineError
from engine.journal import cannot_write, read_entries
from engine.problem_text import did_you_mean
from engine.run.folder import STATE, locked, runs
from engine.run.history import known_state, open_state
from engine.spec.project import NotFoundError
from engine.state import State

GOING = ".expired-"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_KINDS = {"mirror": "mirrors", "sent": "sent"}


@dataclass
class Amount:
    """How much of something there was."""

    folders: int = 0
    files: int = 0
    bytes: int = 0

    def add(self, other: Amount) -> None:
        self.folders, self.files, self.bytes = (
            self.folders + other.folders,
            self.files + other.files,
            self.bytes + other.bytes,
        )


@dataclass(frozen=True)
class Removed:
    """What was removed of a school: files by what they were for, rows of the state by table."""

    school: str
    files: dict[str, Amount] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def expire(home: Path, state: State, school: str, keep: timedelta, now: datetime, current: str) -> str:
    """Remove run folders older than `keep`; return what is to be told of it, '' for nothing.

    The current run stays, so does the latest complete one, and those in which the state has files.
    """
    folders = runs(home)
    stay = {current, *_needed(state, school)}
    stay |= {folder.name for folder in [each for each in folders if _complete(each)][-1:]}
    old = [folder for folder in folders if folder.name not in stay and now - _began(folder) > keep]
    gone = Amount()
    for folder in [*home.glob(f"{GOING}*"), *old]:  # those first that a kill left half removed
        gone.add(_remove(folder))
    if not gone.folders:
        return ""
    return f"{gone.folders} run folder{'s' if gone.folders > 1 else ''} expired: {gone.files:,} files were removed"


def expire_records(home: Path, state: State, school: str, keep: timedelta, now: datetime) -> str:
    """Forget what runs older than `keep` came to; return what is to be told of it, '' for nothing.

    Of a run whose folder stands, or in which the state has files, the record stays.
    """
    stay = {folder.name for folder in runs(home)} | set(_needed(state, school))
    gone = state.drop_runs(school, now - keep, stay)
    return f"the records of {gone:,} old run{'s' if gone > 1 else ''} expired" if gone else ""


def purge(root: Path, school: str, clock: Clock) -> Removed:
    """Remove everything that is stored of a school; refused while a run is under way."""
    home = require_stored(root, school)
    with open_state(root) as state, locked(home, state), state.lock(school, "purge", clock):
        rows = state.forget(school)  # first, so that it never speaks of files that are gone
        removed = Removed(school, {}, rows)
        for path in sorted(home.iterdir()):
            kind = "runs" if path.name[:1].isdigit() or path.name.startswith(GOING) else _KINDS.get(path.name, "other")
            removed.files.setdefault(kind, Amount()).add(_remove(path))
        _unlink(home)
    return removed


def require_stored(root: Path, school: str) -> Path:
    """Return the folder of a school of which something is stored."""
    home, there = root / STATE / school, _schools(root)
    if _NAME.fullmatch(school) and ((home / "lock").exists() or school in there):
        home.mkdir(mode=0o700, exist_ok=True)
        return home
    raise NotFoundError(f"nothing is stored of a school '{school}'", fix=did_you_mean(school, there))


def _schools(root: Path) -> list[str]:
    folders = {path.parent.name for path in (root / STATE).glob("*/lock")}
    with known_state(root) as state:
        folders |= set() if state is None else set(state.schools())
    return sorted(folders)


def _needed(state: State, school: str) -> Iterator[str]:
    """Yield the first parts of the paths of files that the state knows: a run's name, if they are in its folder."""
    for mirror in state.mirrors(school).values():
        yield mirror.file.split("/")[0]
    for sent in state.sent(school).values():
        yield sent.file.split("/")[0]
        yield sent.run


def _complete(folder: Path) -> bool:
    return "end" in _entries(folder)


def _began(folder: Path) -> datetime:
    begun = _entries(folder).get("run")
    if begun is not None:
        return datetime.fromisoformat(begun["began"])
    return datetime.fromtimestamp((folder / "journal.jsonl").stat().st_mtime, UTC)


def _entries(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        return read_entries(folder / "journal.jsonl")
    except EngineError:
        return {}


def _remove(path: Path) -> Amount:
    """Remove a file or a folder; return how much it was."""
    try:
        if not path.is_dir() or path.is_symlink():
            amount = Amount(0, 1, path.lstat().st_size)
            path.unlink()
            return amount
        going = path if path.name.startswith(GOING) else path.rename(path.with_name(GOING + path.name))
        amount = _measured(going)
        shutil.rmtree(going)
    except OSError as error:
        raise cannot_write(path, error) from None
    return amount


def _measured(folder: Path) -> Amount:
    files = [each for each in folder.rglob("*") if each.is_symlink() or not each.is_dir()]
    return Amount(1, len(files), sum(each.lstat().st_size for each in files))


def _unlink(home: Path) -> None:
    try:
        home.rmdir()
    except OSError as error:
        raise cannot_write(home, error) from None
