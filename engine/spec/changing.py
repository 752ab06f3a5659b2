"""What a source document says of changes, endpoint by endpoint: its own words, or its api's. Next: `spec/check`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.kinds.changes import ChangedSince, Changes, ChangeToken, NoChanges
from engine.kinds.select import path
from engine.kinds.types import SourceField
from engine.spec.source import Api, Endpoint, RecordSet, Source

NONE = NoChanges(kind="none")


def changes_of(source: Source, endpoint_name: str) -> Changes:
    """Return how an endpoint is asked for what changed."""
    endpoint = source.endpoints[endpoint_name]
    return changes_between(endpoint, source.apis.get(endpoint.api))


def changes_between(endpoint: Endpoint, api: Api | None) -> Changes:
    """Return how an endpoint of an api is asked for what changed; not at all where it is read in parts."""
    if endpoint.windows is not None or endpoint.per is not None or endpoint.for_each is not None:
        return NONE
    return endpoint.changes or (api.changes if api is not None else None) or NONE


def deleted_path(record_set: RecordSet, api: Api) -> str | None:
    """Return where an answer lists the records of a set that are gone; None where nothing says so."""
    if record_set.deleted is not None:
        return record_set.deleted
    if api.deleted is None:
        return None
    steps = path(record_set.records.removesuffix("[*]")).steps
    if not steps or not isinstance(steps[-1], str):
        return None
    names = [*steps[:-1], steps[-1] + api.deleted.suffix]
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in names)


def deleted_name(set_name: str) -> str:
    """Return the name under which the list of a set's gone records is read; no set can have it."""
    return f"{set_name}.deleted"


def deleted_sets(source: Source, endpoint_name: str, set_names: Iterable[str]) -> dict[str, RecordSet]:
    """Return the lists of gone records of these sets, as record sets with the parts of the key as `key_0`, ..."""
    endpoint = source.endpoints[endpoint_name]
    api, found = source.apis[endpoint.api], {}
    if not isinstance(changes_of(source, endpoint_name), ChangeToken):
        return {}
    for name in set_names:
        record_set = endpoint.sets[name]
        where = deleted_path(record_set, api)
        if where is not None and record_set.key:
            fields = {f"key_{at}": SourceField(at=paths) for at, paths in enumerate(_key_paths(record_set))}
            found[deleted_name(name)] = RecordSet(records=where, key=list(fields), counted=False, fields=fields)
    return found


def _key_paths(record_set: RecordSet) -> list[list[str]]:
    own = record_set.deleted_key
    if own is not None:
        return [[text] for text in ([own] if isinstance(own, str) else own)]
    return [record_set.fields[name].paths(name) for name in record_set.key or []]


def said_paths(source: Source, endpoint_name: str) -> dict[str, str]:
    """Return what is taken from the envelope of an endpoint's answers, beside pages and errors, with its path."""
    api, changes = source.apis[source.endpoints[endpoint_name].api], changes_of(source, endpoint_name)
    token = changes.next if isinstance(changes, ChangeToken) else None
    total = changes.total if isinstance(changes, ChangeToken | ChangedSince) else None
    paths = {
        "data_time": api.data_time.at if api.data_time else None,
        "system": api.system,
        "next": token,
        "total": total,
    }
    return {what: where for what, where in paths.items() if where is not None}
