"""The form of documents: which files `haplomap fmt` looks at, and which key of a document comes first.

Next: `cli/commands/fmt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.document import Document, load, parse_bytes
from engine.document_format import formatted
from engine.errors import Problem
from engine.spec.load import KINDS
from engine.spec.project import FOLDERS, shown_as


@dataclass(frozen=True)
class Form:
    """What became of one file: its text, the text in its form, or what is wrong with it; `name` is for messages."""

    file: Path
    name: str
    text: str
    wanted: str
    problems: list[Problem]

    @property
    def changes(self) -> bool:
        return self.text != self.wanted


def form_of_file(file: Path) -> Form:
    """Read a file, and say how it should look."""
    return _form(file, shown_as(file), *load(file, shown_as(file)))


def form_of_bytes(raw: bytes, name: str) -> Form:
    """Say how a text should look; `name` is its name for messages."""
    return _form(Path(name), Path(name), *parse_bytes(raw, Path(name)))


def _form(file: Path, shown: Path, document: Document | None, problems: list[Problem]) -> Form:
    if document is None or problems:
        return Form(file, str(shown), "", "", problems)
    return Form(file, str(shown), document.text, formatted(document, leading_key(document)), [])


def leading_key(document: Document) -> str | None:
    """Return the key that says what a document is, where another stands first and there is no doubt; else None."""
    keys = list(document.data)
    if keys[0] in KINDS:
        return None
    found = [key for key in keys if key in KINDS and set(keys) <= _keys_of(key)]
    return found[0] if len(found) == 1 else None


def _keys_of(kind: str) -> set[str]:
    return {field.alias or name for name, field in KINDS[kind].model_fields.items()}


def files_of(paths: Sequence[Path], project_folder: Path) -> Iterator[Path]:
    """Yield the YAML files of some files and folders, each once; without any those of a project."""
    roots = list(paths) or [project_folder]
    seen: set[Path] = set()
    for root in roots:
        for file in [root] if root.is_file() else _within(root):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _within(folder: Path) -> list[Path]:
    """Return the documents of a project, or all YAML files of another folder; hidden folders are left alone."""
    inner = [folder / name for name in FOLDERS if (folder / name).is_dir()] or [folder]
    found = [file for each in inner for file in each.rglob("*.yaml")]
    hidden = [file for file in found if any(part.startswith(".") for part in file.relative_to(folder).parts)]
    return sorted(set(found) - set(hidden))
