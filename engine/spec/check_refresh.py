"""What is wrong with when an endpoint is asked for records again. Next: `spec/check_requests`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.spec.asking import is_momentary
from engine.spec.place import Path, unknown
from engine.spec.source import Endpoint, Source


def check_refresh(document: Document, at: Path, endpoint: Endpoint, source: Source) -> Iterator[Problem]:
    """Check `refresh` and `fresh_for` of an endpoint."""
    api = source.apis.get(endpoint.api)
    if endpoint.fresh_for is not None and api is not None and api.answers == "xml":
        what, why = "'fresh_for' is for answers in JSON", "of an answer in XML only what a run needs is kept"
        yield Problem("refresh-unfit", what, document.key_place((*at, "fresh_for")), why, "take it out")
    for word in ("refresh", "fresh_for"):
        if getattr(endpoint, word) is not None and is_momentary(source, endpoint):
            what, why = f"'{word}' does not go with what is so at this moment only", "it would be used when it is over"
            yield Problem("refresh-unfit", what, document.key_place((*at, word)), why, "take it out")
    if endpoint.refresh is None:
        return
    if endpoint.for_each is None:
        what, why = "'refresh' needs 'for_each'", "it says for which records of a set the endpoint is asked again"
        yield Problem("refresh-alone", what, document.key_place((*at, "refresh")), why, "add for_each:, or take it out")
        return
    parents = {name: each for _, name, each in source.sets()}.get(endpoint.for_each.set)
    for index, name in enumerate(endpoint.refresh.looked_at if parents is not None else []):
        if parents is not None and name not in parents.fields:
            path, what = (*at, "refresh", "parent_changed", index), f"'{endpoint.for_each.set}' has no field '{name}'"
            yield unknown("unknown-field", what, document, path, name, list(parents.fields))
    yield from _check_kept(document, at, endpoint)


def _check_kept(document: Document, at: Path, endpoint: Endpoint) -> Iterator[Problem]:
    """What is kept of a record must stand in what came of it, which is replaced by it when it is asked for again."""
    assert endpoint.for_each is not None
    for set_name, record_set in endpoint.sets.items():
        lacking = [name for name in endpoint.for_each.keep if name not in record_set.fields]
        if lacking:
            what = f"'{set_name}' has no field '{lacking[0]}', which 'for_each' keeps"
            why = "by it its records are replaced when the same is asked for again"
            fix = f"add {lacking[0]}: {{}} to its fields"
            yield Problem("refresh-kept", what, document.key_place((*at, "sets", set_name)), why, fix)
