"""What is wrong with the words of a source document about windows of dates. Next: `spec/check_school`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.kinds.changes import NoChanges
from engine.kinds.windows import Windows
from engine.spec.days import day_link
from engine.spec.place import Path, unknown
from engine.spec.source import Api, Endpoint


def check_windows(document: Document, at: Path, endpoint: Endpoint, api: Api | None) -> Iterator[Problem]:
    """Check how an endpoint is asked for windows, and that each of its sets has the day of a record."""
    word = endpoint.windows
    if word is None:
        return
    path = (*at, "windows")
    if endpoint.changes is not None and not isinstance(endpoint.changes, NoChanges):
        why = "a window that is read replaces itself; changes are merged into what was read in full"
        yield Problem("windows-and-changes", "an endpoint is read by windows or by changes", document.place(path), why)
    yield from _check_params(document, path, endpoint, api, word)
    for name, record_set in endpoint.sets.items():
        field = record_set.fields.get(word.field)
        if field is None and day_link(endpoint, name) is not None:
            continue
        if field is None:
            what = f"'{name}' has no field '{word.field}', the day by which its records belong to windows"
            what += ", and no link to the key of a set beside it that has" if len(endpoint.sets) > 1 else ""
            yield unknown("unknown-field", what, document, (*path, "field"), word.field, [*record_set.fields])
        elif field.type not in ("date", "datetime"):
            what = f"'{name}.{word.field}' is {field.type}, and the day of a record is a date or a datetime"
            place = document.place((*path, "field"))
            yield Problem("windows-field", what, place, fix="give the field its type, or name another")


def _check_params(
    document: Document, path: Path, endpoint: Endpoint, api: Api | None, word: Windows
) -> Iterator[Problem]:
    """The parameters of a window are sent last, so they would hide others of their names."""
    if word.to == word.from_:
        what = f"'{word.to}' cannot hold the first day and the last"
        yield Problem("windows-param", what, document.place((*path, "to")))
    for key, param in (("from", word.from_), ("to", word.to)):
        if param in endpoint.params or (api is not None and param in api.params):
            owner = "the endpoint" if param in endpoint.params else "every request of the api"
            what = f"'{param}' is a parameter of {owner} already"
            yield Problem("windows-param", what, document.place((*path, key)), fix="leave it to the windows")
