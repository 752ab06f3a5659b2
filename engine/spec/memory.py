"""What was read, and what was found, is kept while nothing that it hangs on changes. Next: `run/watching`.

A document is read again when its file changes. What was made of it, its problems or its JSON Schema, is made again when
a document that it looks at changes: a mapping looks at its source, its entity, lookups and settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from engine.errors import Problem
from engine.spec.load import Loaded, load_file
from engine.spec.mapping import Mapping
from engine.spec.project import Project
from engine.spec.source import Endpoints, Source
from engine.spec.tests_of import Tests

Found = TypeVar("Found")
Stamp = tuple[int, int, int]


def stamp(file: Path) -> Stamp | None:
    """Return what changes when a file is saved; None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Reader:
    """Reads documents as `load_file` does, each once for as long as its file stays the same."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[Stamp | None, tuple[Loaded | None, list[Problem]]]] = {}
        self.read: list[Path] = []
        """The files that were read since somebody emptied this."""

    def __call__(self, file: Path, shown: Path) -> tuple[Loaded | None, list[Problem]]:
        now = stamp(file)
        known = self._kept.get(file)
        if known is None or known[0] != now:
            self.read.append(file)
            known = self._kept[file] = (now, load_file(file, shown))
        loaded, problems = known[1]
        return loaded, list(problems)


class Memory:
    """Keeps what was made of each document; `also` are kinds of documents that all of it hangs on besides."""

    def __init__(self, *also: str) -> None:
        self._also = also
        self._kept: dict[tuple[str, str], tuple[tuple[object, ...], list[Any]]] = {}

    def of(self, project: Project, loaded: Loaded, make: Callable[[Project, Loaded], Iterable[Found]]) -> list[Found]:
        """Return what is made of a document: what is kept, where all that it looks at is as it was."""
        name, looked_at = (loaded.kind, loaded.name), looked_at_by(project, loaded)
        looked_at += tuple(each for kind in self._also for each in _shared(project, kind))
        known = self._kept.get(name)
        if known is None or known[0] != looked_at:
            known = self._kept[name] = (looked_at, list(make(project, loaded)))
        return known[1]


def looked_at_by(project: Project, loaded: Loaded) -> tuple[object, ...]:
    """Return the documents that a document is checked against, with itself, and the kinds that are broken."""
    content = loaded.content
    whole = (*_documents(project.documents.values()), frozenset(project.broken))
    always: list[object] = [loaded.document, frozenset(project.broken)]
    if isinstance(content, Mapping):
        target, source = project.get("schema", content.mapping), project.get("source", content.source)
        if target is None or source is None:
            return whole
        if content.tests:
            always += _for_tests(project)
        return (*always, target.document, *_of_source(project, content.source), *_shared(project, "lookup"))
    if isinstance(content, Tests) and (mapping := project.get("mapping", content.tests_of)) is not None:
        return (*always, *looked_at_by(project, mapping), *_for_tests(project))
    if isinstance(content, Source):
        return (*always, *_of_source(project, content.source))
    if isinstance(content, Endpoints):
        return (*always, *_of_source(project, content.endpoints_of))
    return whole


def _for_tests(project: Project) -> list[object]:
    """Return what tests of mappings look at besides: they give settings values, and name other entities."""
    return [*_shared(project, "schema"), *_shared(project, "settings")]


def _of_source(project: Project, name: str) -> list[object]:
    """Return the documents of a source, and which settings there are, at which its requests may look."""
    parts = [each for each in project.of("endpoints_of") if getattr(each.content, "endpoints_of", "") == name]
    types = project.setting_types()
    settings = frozenset((group, *member) for group, members in types.items() for member in members.items())
    return [*_documents([project.get("source", name), *parts]), settings]


def _shared(project: Project, kind: str) -> list[object]:
    return _documents(project.of(kind))


def _documents(found: Iterable[Loaded | None]) -> list[object]:
    return [each.document if each is not None else None for each in found]
