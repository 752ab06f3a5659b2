"""Looking at a project again whenever a document is saved: what changed is read again, what hangs on it is checked.

Files are polled, ten times a second: a look at 150 of them took about ten milliseconds on a busy machine. It works on
every kind of disk; notices of the system want one more library, and do not come from network folders and containers.
Next: `cli/commands/check`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import Problem
from engine.run.soundness import all_problems
from engine.spec.editor_files import default_folder, own_documents, schema_file, write_schemas
from engine.spec.memory import Memory, Reader, Stamp, stamp
from engine.spec.project import FOLDERS, Project, layers_of, open_project

EVERY: Final = 0.1
"""Seconds between two looks at the files."""


@dataclass(frozen=True)
class Look:
    """What one look at a project found."""

    project: Project
    problems: list[Problem]
    read: list[Path]
    """The documents that were read for it."""
    seconds: float


class Watched:
    """A project that is looked at again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._reader, self._memory, self._schemas = Reader(), Memory(), Memory("settings")
        self._seen: dict[Path, Stamp | None] = {}

    def changed(self) -> bool:
        """Say whether a file was saved, added or taken away since this was asked last."""
        now = {file: stamp(file) for file in self._files()}
        before, self._seen = self._seen, now
        changed = {file for file in {*now, *before} if now.get(file) != before.get(file)}
        if any(file.suffix != ".yaml" for file in changed):
            self._memory = Memory()  # nobody notes down which document looks at which of these
        return bool(changed)

    def _files(self) -> Iterator[Path]:
        """Yield documents, and what they may name; not what editors put beside them while they write."""
        for layer in layers_of(self.root):
            for folder in FOLDERS:
                found = (layer / folder).rglob("*.*")
                yield from (file for file in found if not file.name.startswith(".") and file.name[-1] != "~")

    def look(self) -> Look:
        """Read what has changed, and return everything that is wrong now."""
        begun = time.perf_counter()
        self._reader.read = []
        project = open_project(self.root, tests=True, read=self._reader)
        problems = all_problems(project, self._memory)
        return Look(project, problems, list(self._reader.read), time.perf_counter() - begun)

    def refresh_schemas(self, project: Project) -> None:
        """Make those JSON Schemas anew that were made once, and of the project's own documents, if any was."""
        folder = default_folder(self.root)
        if not folder.is_dir():
            return
        own = own_documents(project)
        for loaded in project.documents.values():
            if loaded in own or schema_file(folder, loaded).exists():
                self._schemas.of(project, loaded, lambda project, loaded: write_schemas(project, [loaded], folder))


def looks(watched: Watched, wait: Callable[[float], None] = time.sleep) -> Iterator[Look]:
    """Yield a look at once, and one after each save, for ever."""
    watched.changed()
    yield watched.look()
    while True:
        wait(EVERY)
        if watched.changed():
            yield watched.look()
