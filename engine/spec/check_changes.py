"""What is wrong with the words of a source document about changes. Next: `spec/check_school`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.kinds.changes import ChangedSince, ChangeToken, NoChanges
from engine.kinds.select import path as read_path
from engine.spec.changing import changes_between, deleted_path
from engine.spec.place import Path
from engine.spec.source import Api, Endpoint, RecordSet


def check_changes(document: Document, at: Path, endpoint: Endpoint, api: Api | None) -> Iterator[Problem]:
    """Check how an endpoint is asked for changes, and where its sets say what is gone."""
    changes = changes_between(endpoint, api)
    if isinstance(changes, ChangeToken | ChangedSince):
        yield from _check_param(document, at, endpoint, api, changes)
    for name, record_set in endpoint.sets.items():
        path = (*at, "sets", name)
        if endpoint.changes is not None and not isinstance(changes, NoChanges) and not record_set.key:
            why = "what changed is found by its key; without one all of the endpoint is read in full"
            fix = "give the set a key, or say changes: {kind: none}"
            yield Problem("changes-without-key", f"'{name}' has no key", document.key_place(path), why, fix)
        yield from _check_deleted(document, path, record_set, api, asked=isinstance(changes, ChangeToken))


def _check_param(
    document: Document, at: Path, endpoint: Endpoint, api: Api | None, changes: ChangeToken | ChangedSince
) -> Iterator[Problem]:
    """The parameter of changes is sent last, so it would hide another of its name."""
    own = {name: (*at, "params", name) for name in endpoint.params}
    if changes.param in own:
        what = f"the parameter '{changes.param}' is that of changes too"
        fix = "leave it to changes, or say changes: {kind: none}"
        yield Problem("changes-param", what, document.key_place(own[changes.param]), fix=fix)
    elif api is not None and endpoint.changes is not None and changes.param in api.params:
        what = f"the parameter '{changes.param}' is one of every request of the api"
        yield Problem("changes-param", what, document.place((*at, "changes", "param")))


def _check_deleted(
    document: Document, path: Path, record_set: RecordSet, api: Api | None, *, asked: bool
) -> Iterator[Problem]:
    said = "deleted" if record_set.deleted is not None else "deleted_key"
    given = record_set.deleted is not None or record_set.deleted_key is not None
    if given and not asked:
        why = "only changes of kind token tell what is gone"
        yield Problem("deleted-unasked", "this is never read", document.place((*path, said)), why)
    elif given and not record_set.key:
        yield Problem("changes-without-key", "a set without a key", document.place((*path, said)))
    elif (
        given and record_set.deleted_key is not None and len(_list(record_set.deleted_key)) != len(record_set.key or [])
    ):
        count = len(record_set.key or [])
        what = f"the key has {count} part{'s' if count != 1 else ''}, and this has {len(_list(record_set.deleted_key))}"
        yield Problem("deleted-key", what, document.place((*path, "deleted_key")), fix="give a path for each, in order")
    if not given and asked and api is not None and api.deleted is not None and deleted_path(record_set, api) is None:
        what = f"no name follows from {record_set.records} by the api's suffix"
        fix = "say deleted: with the path of the list of records that are gone"
        yield Problem("deleted-unnamed", what, document.place((*path, "records")), fix=fix)
    if given and record_set.deleted is not None and read_path(record_set.deleted) == read_path(record_set.records):
        what = "records and those that are gone stand in one list"
        yield Problem("deleted-twice", what, document.place((*path, "deleted")))


def _list(value: list[str] | str) -> list[str]:
    return [value] if isinstance(value, str) else value
