"""Haplo's import batches and the files in them, in memory or in a folder. Next: `importing`."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.simulators.worker import Worker

Data = bytes | Path


@dataclass
class File:
    """A data file of a batch, under the name that the control file knows."""

    name: str
    digest: str
    size: int


@dataclass
class Batch:
    """A batch. It has a control file (digest) or a kind, by the API that made it.

    States: uploading, scheduled, running, then complete, dry-run or error.
    """

    id: str
    comment: str
    control: str = ""
    kind: str = ""
    state: str = "uploading"
    mode: str = ""
    files: list[File] = field(default_factory=list)
    uploads: int = 0
    log: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Report:
    """What came of a run: the lines of its log, its counts, and whether it was stopped."""

    log: list[str]
    counts: dict[str, int] = field(default_factory=dict)
    stopped: bool = False


# Carries out an import: gets a control file, or why there is none, the data files by name, and whether to save.
CarryOut = Callable[[bytes | str, Mapping[str, Data], bool], Report]


def compute_digest(content: bytes) -> str:
    """The digest that Haplo tells a file by."""
    return hashlib.sha256(content).hexdigest()


def make_identifier(text: str) -> str:
    """44 characters of A-Z, a-z, 0-9, - and _, always the same from a text."""
    return base64.urlsafe_b64encode(hashlib.sha512(text.encode()).digest()[:33]).decode()


def write_state(path: Path, document: Any) -> None:
    """Write a document in one step: whoever reads finds the old one or the new one."""
    half = path.with_suffix(".half")
    half.write_text(json.dumps(document, indent=1), encoding="utf-8")
    half.replace(path)


class BatchStore:
    """All batches, files and control files. With a folder, a restart finds them again."""

    def __init__(self, seed: int, folder: Path | None, worker: Worker, carry_out: CarryOut | None = None) -> None:
        self._seed, self._folder, self._worker, self._carry_out = seed, folder, worker, carry_out
        self._files: dict[str, bytes] = {}
        self.controls: dict[str, str] = {}  # digest to comment
        self.kinds: dict[str, str] = {}  # kind of the standard API to the digest of its control file
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
            digest = self.keep(content)
            self.controls[digest] = comment
            self._save()
            return digest

    def install(self, kind: str, content: bytes) -> str:
        """Keep the control file of a kind of the standard API, as an administrator does in the application."""
        with self._lock:
            self.kinds[kind] = self.keep(content)
            self._save()
            return self.kinds[kind]

    def add_file(self, batch: Batch, name: str, content: bytes) -> str:
        """Keep a data file; the same name again takes the place of the earlier one."""
        with self._lock:
            file = File(name, self.keep(content), len(content))
            batch.uploads += 1
            names = [earlier.name for earlier in batch.files]
            if name in names:
                batch.files[names.index(name)] = file
            else:
                batch.files.append(file)
            self._save()
            return file.digest

    def schedule(self, batch: Batch, mode: str) -> bool:
        """Move a batch on, and have it run where it can be; false when it was scheduled before."""
        with self._lock:
            if batch.state != "uploading":
                return False
            batch.state, batch.mode = "scheduled", mode
            self._save()
            self._put(batch)
            return True

    def resume(self) -> None:
        """Have the batches run that were waiting, or running, when the simulator ended."""
        with self._lock:
            for batch in self.batches.values():
                if batch.state in ("scheduled", "running"):
                    self._put(batch)

    def locate(self, digest: str) -> Data | None:
        """A file's bytes, or its path where files are kept in a folder; None when there is no such file."""
        if self._folder is None:
            return self._files.get(digest)
        path = self._folder / "files" / digest
        return path if digest.isalnum() and path.is_file() else None

    def read(self, digest: str) -> bytes | None:
        """The bytes of a file, or None when there is no such file."""
        found = self.locate(digest)
        return found.read_bytes() if isinstance(found, Path) else found

    def keep(self, content: bytes) -> str:
        """Keep bytes under their digest."""
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

    def _put(self, batch: Batch) -> None:
        if self._carry_out is not None:
            carry_out = self._carry_out
            self._worker.put(lambda: self._run(batch, carry_out))

    def _run(self, batch: Batch, carry_out: CarryOut) -> None:
        """The one place where a batch is carried out."""
        with self._lock:
            batch.state = "running"
            self._save()
            control = self.read(batch.control or self.kinds.get(batch.kind, ""))
            files = {file.name: found for file in batch.files if (found := self.locate(file.digest)) is not None}
        missing = f"no control file is installed for kind {batch.kind}"
        report = carry_out(missing if control is None else control, files, not batch.mode)
        with self._lock:
            batch.log, batch.counts = report.log, report.counts
            batch.state = "error" if report.stopped else "dry-run" if batch.mode else "complete"
            self._save()

    def _save(self) -> None:
        if self._folder is not None:
            document = {"batches": self.describe(), "controls": self.controls, "kinds": self.kinds}
            write_state(self._folder / "batches.json", document)

    def _load(self, folder: Path) -> None:
        path = folder / "batches.json"
        if path.is_file():
            document = json.loads(path.read_text(encoding="utf-8"))
            self.controls = document["controls"]
            self.kinds = document.get("kinds", {})
            for data in document["batches"]:
                files = [File(**file) for file in data.pop("files")]
                self.batches[data["id"]] = Batch(**data, files=files)
