"""JSON Schemas of single documents as files, and the line of a document by which editors find its own.

They lie in `.haplomap/editor_schemas/` of the project, beside what else is made anew at any time. Next: `run/watching`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from engine.journal import cannot_write
from engine.problem_text import did_you_mean
from engine.spec.editor_schema import editor_schema
from engine.spec.load import Loaded
from engine.spec.project import NotFoundError, Project
from engine.writing import write_whole

KINDS: Final = ("mapping", "school", "binding")
_LINE = re.compile(r"^# yaml-language-server: *\$schema=.*$", re.MULTILINE)


def default_folder(root: Path) -> Path:
    """Return where a project has its schemas; no school can be called so."""
    return root / ".haplomap" / "editor_schemas"


def own_documents(project: Project) -> list[Loaded]:
    """Return the documents of the project's own folder that can have a schema of their own."""
    root = project.root.resolve()
    return [each for each in _of_kinds(project) if root in each.home.resolve().parents]


def named_documents(project: Project, names: Sequence[str]) -> list[Loaded]:
    """Return documents by name, `SOURCE/student` or `student`; also those that are shipped."""
    known = _of_kinds(project)
    found = []
    for name in names:
        fitting = [each for each in known if name in (each.name, each.name.rpartition("/")[2])]
        if not fitting:
            fix = did_you_mean(name, [each.name for each in known])
            raise NotFoundError(f"there is no mapping, school or binding '{name}' that can be read", fix=fix)
        found += fitting
    return found


def _of_kinds(project: Project) -> list[Loaded]:
    return [each for each in project.documents.values() if each.kind in KINDS]


def schema_file(folder: Path, loaded: Loaded) -> Path:
    """Return the file of a document's schema."""
    return folder / f"{loaded.kind}.{loaded.name.replace('/', '.')}.json"


def write_schemas(project: Project, documents: Iterable[Loaded], folder: Path) -> list[Path]:
    """Write the schemas of documents; return all their files. A file that is right is not touched."""
    written = []
    _make(folder)
    for loaded in documents:
        schema = editor_schema(project, loaded)
        if schema is None:
            continue
        file, text = schema_file(folder, loaded), json.dumps(schema, ensure_ascii=False, indent=1) + "\n"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            write_whole(file, text)
        written.append(file)
    return written


def _make(folder: Path) -> None:
    """Make a folder; what is made anew of a project's state is private, as a run makes it."""
    try:
        if folder.parent.name == ".haplomap":
            folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None


def write_lines(documents: Iterable[Loaded], folder: Path) -> list[Path]:
    """Let documents name the schemas that were written for them; return the files that changed."""
    changed = []
    for loaded in documents:
        file = schema_file(folder, loaded)
        text = loaded.document.text
        if file.exists() and (new := with_line(text, _relative(file, loaded.home))) != text:
            write_whole(loaded.home.resolve(), new)
            changed.append(loaded.document.file)
    return changed


def _relative(file: Path, document: Path) -> str:
    return Path(os.path.relpath(file.resolve(), document.resolve().parent)).as_posix()


def with_line(text: str, schema: str) -> str:
    """Return a document's text with the line that names its schema: in place of the one it has, else as the first."""
    line, end = f"# yaml-language-server: $schema={schema}", "\r\n" if "\r\n" in text else "\n"
    if found := _LINE.search(text):
        return text[: found.start()] + line + ("\r" if found.group().endswith("\r") else "") + text[found.end() :]
    return line + end + text
