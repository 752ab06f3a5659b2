"""The leaf texts of documents that are templates or SQL: found through the models' marks, and checked for form.

Folded blocks (`>`) are refused for both, since their lines are not those of the file. Next: `spec/check_school`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo

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
        given = word.model_fields_set
        for name, key, is_marked in _fields(type(word), mark):
            if name in given:
                yield from _texts(getattr(word, name), mark, (*at, key), is_marked)


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


@lru_cache(maxsize=256)
def _fields(model: type[Word], mark: str) -> tuple[tuple[str, str, bool], ...]:
    """Return the fields of a model that bear a mark, or hold words that may: name, key, and whether they bear it."""
    found = []
    for name, field in model.model_fields.items():
        is_marked = _bears(field, mark) or _bears_within(field.annotation, mark)
        if is_marked or _holds_words(field.annotation):
            found.append((name, field.alias or name, is_marked))
    return tuple(found)


def _holds_words(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Word):
        return True
    return any(_holds_words(part) for part in get_args(annotation))


def _bears(field: object, mark: str) -> bool:
    extra = field.json_schema_extra if isinstance(field, FieldInfo) else None
    return isinstance(extra, dict) and mark in extra


def _bears_within(annotation: object, mark: str) -> bool:
    if get_origin(annotation) is Annotated and any(_bears(item, mark) for item in get_args(annotation)[1:]):
        return True
    return any(_bears_within(part, mark) for part in get_args(annotation))
