"""The leaf texts of documents that are templates or SQL: found through the models' marks, and checked for form.

Folded blocks (`>`) are refused for both, since their lines are not those of the file. Next: `spec/check_school`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.document import Document
from engine.errors import Problem
from engine.kinds.word import Word
from engine.template import Template

Path = tuple[str | int, ...]


def check_texts(document: Document, content: Word) -> Iterator[Problem]:
    """Return a problem for each template or SQL text that is folded."""
    for mark in ("template", "sql"):
        for path, _ in marked(content, mark):
            if document.has(path) and document.style(path) == "folded":
                what = f"{'SQL' if mark == 'sql' else 'a template'} cannot stand in a folded block"
                why = "a folded block joins lines, so errors could not say where they are"
                yield Problem("folded-text", what, document.place(path), why, "write | instead of >")


def templates(document: Document, at: Path, word: Word) -> Iterator[tuple[Path, Template]]:
    """Yield every template below a word that stands at a path of a document."""
    for path, text in marked(word, "template"):
        if document.has((*at, *path)):
            yield (*at, *path), Template.parse(text)


def marked(word: Any, mark: str, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the texts of a model that bear a mark, with their paths."""
    if isinstance(word, Word):
        for name, field in type(word).model_fields.items():
            value = getattr(word, name)
            key = field.alias or name
            is_marked = _bears(field, mark)
            yield from _texts(value, mark, (*at, key), is_marked)


def _texts(value: Any, mark: str, at: Path, is_marked: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if is_marked:
            yield at, value
    elif isinstance(value, Word):
        yield from marked(value, mark, at)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, mark, (*at, key), is_marked)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, mark, (*at, index), is_marked)


def _bears(field: Any, mark: str) -> bool:
    """Say whether a field's annotation, or what it holds, bears a mark."""
    return f"'{mark}': True" in repr(field)
