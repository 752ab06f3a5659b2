"""Haplo's import batches and the files in them, in memory or in a folder. Next: `haplo`."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class File:
    """A data file of a batch, under the name that the control file knows."""

    name: str
    digest: str
    size: int


@dataclass
class Batch:
    """A batch. It has a control file (digest) or a kind, by the API that made it."""

    id: str
    comment: str
    control: str = ""
    kind: str = ""
    state: str = "uploading"
    mode: str = ""
    files: list[File] = field(default_factory=list)
    uploads: int = 0
    log: list[str] = field(default_factory=list)


# Runs a scheduled batch: gets it and a way to read a file by digest, gives the messages of its log.
Interpreter = Callable[[Batch, Callable[[str], bytes]], list[str]]


def compute_digest(content: bytes) -> str:
    """The digest that Haplo tells a file by."""
    return hashlib.sha256(content).hexdigest()


def make_identifier(text: str) -> str:
    """44 characters of A-Z, a-z, 0-9, - and _, always the same from a text."""
    return base64.urlsafe_b64encode(hashlib.sha512(text.encode()).digest()[:33]).decode()


class BatchStore:
    """All batches, files and control files. With a folder, a restart finds them again."""

    def __init__(self, seed: int, folder: Path | None, interpreter: Interpreter | None) -> None:
        self._seed, self._folder, self._interpreter = seed, folder, interpreter
        self._files: dict[str, bytes] = {}
        self.controls: dict[str, str] = {}  # digest to comment
        self.batches: dict[str, Batch] = {}
        self._lock = threading.RLock()
        if folder is not None:
            (folder / "files").mkdir(parents=True, exist_ok=True)
            self._load(folder)

    def create(self, comment: str, *, control: str = "", kind: str = "") -> Batch:
        """A new batch in state uploading."""
        with self._lock:
            batch = Batch(make_identifier(f"{self._seed}:batch:{len(self.batches)}"), comment, control, kind)
            self.batches[batch.id] = batch
            self._save()
            return batch

    def add_control(self, content: bytes, comment: str) -> str:
        """Keep a control file; the same one again changes nothing but its comment."""
        with self._lock:
            digest = self._keep(content)
            self.controls[digest] = comment
            self._save()
            return digest

    def add_file(self, batch: Batch, name: str, content: bytes) -> str:
        """Keep a data file; the same name again takes the place of the earlier one."""
        with self._lock:
            file = File(name, self._keep(content), len(content))
            batch.uploads += 1
            names = [earlier.name for earlier in batch.files]
            if name in names:
                batch.files[names.index(name)] = file
            else:
                batch.files.append(file)
            self._save()
            return file.digest

    def schedule(self, batch: Batch, mode: str) -> bool:
        """Move a batch on, and run it if there is an interpreter; false when it was scheduled before."""
        with self._lock:
            if batch.state != "uploading":
                return False
            batch.state, batch.mode = "scheduled", mode
            if self._interpreter is not None:
                self._run(batch, self._interpreter)
            self._save()
            return True

    def read(self, digest: str) -> bytes | None:
        """The bytes of a file, or None when there is no such file."""
        if self._folder is None:
            return self._files.get(digest)
        path = self._folder / "files" / digest
        return path.read_bytes() if digest.isalnum() and path.is_file() else None

    def _run(self, batch: Batch, interpreter: Interpreter) -> None:
        """The one place where a batch is carried out."""
        batch.state = "running"
        try:
            batch.log = interpreter(batch, lambda digest: self.read(digest) or b"")
            batch.state = "dry-run" if batch.mode else "complete"
        except Exception as error:  # Haplo stops a batch at any exception and writes it to the log
            batch.log.append(f"EXCEPTION: {error}")
            batch.state = "error"

    def _keep(self, content: bytes) -> str:
        digest = compute_digest(content)
        if self._folder is None:
            self._files[digest] = content
        else:
            (self._folder / "files" / digest).write_bytes(content)
        return digest

    def describe(self) -> list[dict[str, Any]]:
        """All batches as data, in the order in which they were made."""
        with self._lock:
            return [asdict(batch) for batch in self.batches.values()]

    def _save(self) -> None:
        if self._folder is not None:
            document = {"batches": self.describe(), "controls": self.controls}
            (self._folder / "batches.json").write_text(json.dumps(document, indent=1), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        path = folder / "batches.json"
        if path.is_file():
            document = json.loads(path.read_text(encoding="utf-8"))
            self.controls = document["controls"]
            for data in document["batches"]:
                files = [File(**file) for file in data.pop("files")]
                self.batches[data["id"]] = Batch(**data, files=files)
