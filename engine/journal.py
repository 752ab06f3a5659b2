"""What a run has done, one JSON line each: an entry that is there is not done again.

Lines are only ever added, each with one write. A kill can tear the last line: it is cut off when the
journal is next opened, and what it told of is done again. Any other damage stops the run.
Stands on the standard library and `errors`. Next: `stages/extract`.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import StorageError


class Journal:
    """The journal of one run, in one file; of entries with one key the last counts. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._entries: dict[str, dict[str, Any]] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot_write(path, error) from None
        try:
            self._read()
        except BaseException:
            self.close()
            raise

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the facts of an entry, or None when it was never recorded."""
        with self._lock:
            facts = self._entries.get(key)
            return None if facts is None else dict(facts)

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with a prefix, in the order they were first recorded."""
        with self._lock:
            keys = [key for key in self._entries if key.startswith(prefix)]
        yield from keys

    def record(self, key: str, **facts: Any) -> None:
        """Add an entry; when this returns, a kill of this process can't lose it."""
        line = json.dumps({"key": key, **facts}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._append(line)
            self._entries[key] = facts

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: bytes) -> None:
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, "the line was written in part")
        except OSError as error:
            os.ftruncate(self._file, before)
            raise cannot_write(self.path, error) from None

    def _read(self) -> None:
        data = self.path.read_bytes()
        lines = data.split(b"\n")
        torn, whole = lines.pop(), len(data)
        for number, line in enumerate(lines, 1):
            entry = _entry(line)
            if entry is not None:
                self._entries[entry.pop("key")] = entry
            elif number == len(lines) and not torn:
                torn = line + b"\n"
            else:
                raise StorageError(
                    f"{self.path}:{number}: the journal of this run is damaged",
                    why="a line in the middle is not one that we wrote",
                    fix="begin the run anew in another folder",
                )
        if torn:
            os.ftruncate(self._file, whole - len(torn))


def read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of a journal by key and change nothing: a run may be writing it meanwhile."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError as error:
        raise StorageError(f"{path}: cannot be read", why=error.strerror or type(error).__name__) from None
    found = [entry for line in lines if (entry := _entry(line)) is not None]
    return {entry.pop("key"): entry for entry in found}


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("key"), str) else None


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Return the error for a file or a folder that the system does not let us write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"{path}: the disk is full", fix="make room, then give the same command again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(f"{path}: may not be written", why=error.strerror or "", fix="choose another folder")
    return StorageError(f"{path}: cannot be written", why=error.strerror or type(error).__name__)
