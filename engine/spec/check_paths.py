"""What is wrong with the paths of a source document: JSONPaths and element paths each where they belong.

Next: `spec/check_changes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.document import Document
from engine.errors import Problem
from engine.kinds.changes import NoChanges
from engine.kinds.element import element_path, is_element_path
from engine.kinds.pages import OnePage
from engine.kinds.select import path as json_path
from engine.kinds.types import SourceField
from engine.spec.place import Path, unknown
from engine.spec.source import Api, Endpoint, RecordSet, Source

_WHY = {"xml": "answers of this api are XML", "json": "answers of this api are JSON, as long as it does not say xml"}


def check_api_paths(document: Document, at: Path, api: Api) -> Iterator[Problem]:
    """Check the words of an api that look into answers."""
    words: dict[str, object] = {"system": api.system, "data_time": api.data_time, "deleted": api.deleted}
    words |= {"pages": _paging(api.pages), "changes": _changing(api.changes)}
    words |= {"fields_asked": api.fields_asked, "consent": api.consent, "standing": api.standing}
    words |= {"status": api.status or None}
    for word in (name for name, value in words.items() if value is not None and api.answers == "xml"):
        yield _misplaced(document, (*at, word), word, api)
    if api.root is not None and api.answers == "json":
        yield _misplaced(document, (*at, "root"), "root", api)
    for index, rule in enumerate(api.errors):
        word, given = ("json", rule.when.json_) if api.answers == "xml" else ("xml", rule.when.xml)
        if given is not None:
            yield _misplaced(document, (*at, "errors", index, "when", word), word, api)


def check_paths(document: Document, at: Path, endpoint: Endpoint, api: Api, source: Source) -> Iterator[Problem]:
    """Check the paths of an endpoint's sets."""
    if api.answers == "xml":
        for word, value in (("pages", _paging(endpoint.pages)), ("changes", _changing(endpoint.changes))):
            if value is not None:
                yield _misplaced(document, (*at, word), word, api)
    for name, record_set in endpoint.sets.items():
        path = (*at, "sets", name)
        yield from _check_apart(document, path, name, record_set, source)
        if api.answers == "xml":
            yield from _check_elements(document, path, record_set, api)
        else:
            yield from _check_json(document, path, record_set, api)


def _paging(pages: object) -> object:
    return None if isinstance(pages, OnePage) else pages


def _changing(changes: object) -> object:
    return None if isinstance(changes, NoChanges) else changes


def _misplaced(document: Document, path: Path, word: str, api: Api) -> Problem:
    return Problem(
        "other-answers", f"'{word}' does not go with these answers", document.key_place(path), _WHY[api.answers]
    )


def _check_apart(document: Document, path: Path, name: str, record_set: RecordSet, source: Source) -> Iterator[Problem]:
    sets = {other: each for _, other, each in source.sets() if other != name}
    for index, other in enumerate(record_set.apart_from):
        at = (*path, "apart_from", index)
        if other not in sets:
            yield unknown("unknown-set", f"there is no record set '{other}'", document, at, other, list(sets))
        elif not _share(sets[other].records, record_set.records):
            what = f"'{other}' stands at another path than '{name}'"
            yield Problem("apart-path", what, document.place(at), "only sets at the same path can't be told apart")


def _share(one: str, other: str) -> bool:
    """Say whether records of one set may be taken for those of another, or their parents."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _check_elements(document: Document, path: Path, record_set: RecordSet, api: Api) -> Iterator[Problem]:
    for word, value in (("deleted", record_set.deleted), ("deleted_key", record_set.deleted_key)):
        if value is not None:
            yield _misplaced(document, (*path, word), word, api)
    records = element_path(record_set.records) if is_element_path(record_set.records) else None
    if records is None or records.up or records.attribute or not records.steps:
        what = f"'{record_set.records}' is not the path of an element below the root"
        fix = "say it like Children/Child, without the name of the root"
        yield Problem("bad-path", what, document.place((*path, "records")), _WHY["xml"], fix)
        return
    yield from _check_element_fields(document, (*path, "fields"), record_set.fields, len(records.steps))


def _check_element_fields(
    document: Document, at: Path, fields: Mapping[str, SourceField], depth: int
) -> Iterator[Problem]:
    for name, field in fields.items():
        for index, text in enumerate(field.element_paths(name)):
            said = (*at, name, "at", index) if isinstance(field.at, list) else (*at, name, "at")
            place = document.key_place((*at, name)) if field.at is None else document.place(said)
            if not is_element_path(text):
                fix = "say at: with names of elements, or '@' and the name of an attribute"
                yield Problem("bad-path", f"'{text}' is not an element path", place, _WHY["xml"], fix)
            elif element_path(text).up >= depth:
                yield Problem("bad-path", f"'{text}' leads to the root or beyond", place)


def _check_json(document: Document, path: Path, record_set: RecordSet, api: Api) -> Iterator[Problem]:
    yield from _check_json_path(document, (*path, "records"), record_set.records)
    for name, field in record_set.fields.items():
        at = field.at if isinstance(field.at, list) else [field.at] if field.at else []
        for index, text in enumerate(at):
            said = ("at", index) if isinstance(field.at, list) else ("at",)
            yield from _check_json_path(document, (*path, "fields", name, *said), text)


def _check_json_path(document: Document, at: Path, text: str) -> Iterator[Problem]:
    try:
        json_path(text)
    except ValueError:
        fix = "say answers: xml at the api if they are" if is_element_path(text) else ""
        yield Problem("bad-path", f"'{text}' is not a JSONPath", document.place(at), _WHY["json"], fix)
