"""What is wrong with the links of a source document, and with the filters that it says are needed.

Next: `spec/check_school`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.spec.place import Path, unknown
from engine.spec.source import Api, Endpoint, RecordSet, Source


def check_links(document: Document, path: Path, record_set: RecordSet, sets: dict[str, RecordSet]) -> Iterator[Problem]:
    """Check that the fields of a set link to fields that are there; `sets` are all of the source."""
    for name, field in record_set.fields.items():
        for index, (other, target) in enumerate(field.links()):
            at: Path = (*path, "fields", name, "link")
            at = (*at, index) if document.has((*at, index)) else at
            if not target:
                key = sets[other].key if other in sets else None
                fix = f"say {other}.{key[0]}" if key else ""
                yield Problem("bad-value", f"'{other}' is not of the form SET.FIELD", document.place(at), fix=fix)
            elif other not in sets:
                yield unknown("unknown-set", f"there is no record set '{other}'", document, at, other, list(sets))
            elif target not in sets[other].fields:
                what, known = f"'{other}' has no field '{target}'", [*sets[other].fields]
                yield unknown("unknown-field", what, document, at, target, known)


def check_filters(document: Document, at: Path, endpoint: Endpoint, api: Api | None) -> Iterator[Problem]:
    """Check that filters which are needed are declared, and that options can be asked for."""
    for index, name in enumerate(endpoint.needs_filter):
        if name not in endpoint.filters:
            what, path, known = f"there is no filter '{name}'", (*at, "needs_filter", index), list(endpoint.filters)
            yield unknown("unknown-filter", what, document, path, name, known)
    if api is not None and api.options_asked is None:
        for name in (name for name, each in endpoint.options.items() if each.asked):
            why = "its api does not say how options are asked for (options_asked)"
            place = document.key_place((*at, "options", name))
            yield Problem("option-unasked", "this option is never asked for", place, why)


def sets_of(source: Source) -> dict[str, RecordSet]:
    """Return all record sets of a source by name."""
    return {name: each for _, name, each in source.sets()}
