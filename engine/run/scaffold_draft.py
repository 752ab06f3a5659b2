"""A source that is being begun: what was found out about it, and the documents that say so. Next: `run/scaffold`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.run.scaffold_guess import of_people, singular, words_of
from engine.run.scaffold_shape import Drafted, Shape, fields_of

_KEYS = ("id", "uuid", "guid", "key", "code", "identifier")


@dataclass
class SetDraft:
    """Records of one kind; `assumed` are reasons."""

    name: str
    records: str
    fields: list[Drafted]
    key: list[str] = field(default_factory=list)
    one: bool = False
    known: list[str] = field(default_factory=list)
    note: str = ""
    assumed: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return it as a source document has it."""
        spec: dict[str, Any] = {"records": self.records}
        if self.one:
            spec["one"] = True
        if self.key:
            spec["key"] = self.key[0] if len(self.key) == 1 else self.key
        spec |= _told(known=self.known, note=self.note, assumed="; ".join(self.assumed))
        return {**spec, "fields": {each.name: each.spec for each in self.fields}}


@dataclass
class EndpointDraft:
    """One URL and its sets; `group` names the file that it stands in."""

    name: str
    group: str
    get: str
    sets: list[SetDraft]
    note: str = ""
    for_each: dict[str, Any] | None = None
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    filters: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, Any] | None = None
    assumed: list[str] = field(default_factory=list)
    deprecated: bool = False

    def document(self) -> dict[str, Any]:
        """Return it as a source document has it."""
        spec: dict[str, Any] = {"get": self.get}
        spec |= _told(note=self.note, assumed="; ".join(self.assumed), for_each=self.for_each, params=self.params)
        spec |= _told(headers=self.headers, filters=self.filters, pages=self.pages)
        if self.deprecated:
            spec["deprecated"] = {"note": "the description says so"}
        return {**spec, "sets": {each.name: each.document() for each in self.sets}}


@dataclass
class Draft:
    """A whole source; `left_out` says what was not taken over, and why."""

    source: str
    title: str
    origin: str
    config: dict[str, dict[str, Any]]
    api: dict[str, Any]
    endpoints: list[EndpointDraft] = field(default_factory=list)
    comments: dict[tuple[str, ...], str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def sets(self) -> list[SetDraft]:
        """Return the sets of all endpoints."""
        return [each for endpoint in self.endpoints for each in endpoint.sets]

    def document(self) -> dict[str, Any]:
        """Return what stands in `source.yaml`."""
        note = f"begun by `haplomap scaffold` from {self.origin}; nothing of it was seen on the wire"
        document: dict[str, Any] = {"source": self.source, "title": self.title, "note": note, "config": self.config}
        document["apis"] = {"main": self.api}
        formats = _formats([each for each_set in self.sets() for each in each_set.fields])
        return document | _told(formats=formats)

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return the documents of endpoints, by the names of their files."""
        found: dict[str, dict[str, Any]] = {}
        for endpoint in self.endpoints:
            group = {"endpoints_of": self.source, "group": endpoint.group, "endpoints": {}}
            found.setdefault(endpoint.group, group)["endpoints"][endpoint.name] = endpoint.document()
        return found


AUTH = ("apis", "main", "auth")
"""Where a source document says how it is told who asks."""


def begun(name: str, title: str, origin: str) -> Draft:
    """Return a draft with one api, whose address is to be given, and without auth."""
    base = {"type": "url", "description": "the address that all paths are below"}
    api = {"base_url": "{{ config.base_url }}", "auth": {"kind": "none"}}
    return Draft(name, title, origin, {"base_url": base}, api)


def set_of(name: str, records: str, shape: Shape, xml: bool = False) -> SetDraft:
    """Return a set with the fields of its records, and with a key where a field is called like one."""
    fields = _once(list(fields_of(shape, xml)))
    unread = [each for each, member in shape.members.items() if xml and _is_unread(each, member)]
    draft = SetDraft(name, records, fields, known=unread)
    if unread:
        draft.note = "what is not read are lists of records: sets of their own, if they are wanted"
    if (key := _key(name, fields)) is not None:
        draft.key = [key]
        draft.assumed.append(f"that {key} tells records apart is guessed from its name")
        if of_people([each.name for each in fields]):
            spec = next(each.spec for each in fields if each.name == key)
            spec.setdefault("pii", "identifier")
    elif fields:
        draft.assumed.append("nothing is called like a key: without one, changes and links cannot be followed")
    if not of_people([each.name for each in fields]):
        _of_things(fields)
    return draft


def _is_unread(name: str, shape: Shape) -> bool:
    """Say whether nothing of an element becomes a field: it holds lists of records only."""
    return next(fields_of(Shape("object", {name: shape}), xml=True), None) is None


def _of_things(fields: list[Drafted]) -> None:
    """Take back guesses that hold for people only: the name or the number of a room is nobody's."""
    for each in fields:
        if each.spec.get("pii") in ("identifier", "status") or "_".join(words_of(each.name)) in ("name", "title"):
            each.spec.pop("pii", None)


def _once(fields: list[Drafted]) -> list[Drafted]:
    """Number the names that would come twice."""
    seen: dict[str, int] = {}
    for each in fields:
        seen[each.name] = count = seen.get(each.name, 0) + 1
        if count > 1:
            each.name = f"{each.name}_{count}"
    return fields


def _key(name: str, fields: Sequence[Drafted]) -> str | None:
    """Return the field that is called like a key, and whose values seen are all different."""
    own = singular(name.rpartition("_")[2])
    wanted = [word for key in _KEYS for word in (key, f"{own}_{key}", f"{singular(name)}_{key}")]
    called = {"_".join(words_of(each.name)): each for each in reversed(fields) if each.spec.get("type") != "list"}
    for word in wanted:
        if (found := called.get(word)) and len(set(found.shape.samples)) == len(found.shape.samples):
            return found.name
    return None


def _formats(fields: Sequence[Drafted]) -> dict[str, list[str]]:
    """Return how dates and times are written, where that is not as everywhere."""
    seen: dict[str, list[str]] = {"date": [], "datetime": [], "time": []}
    for each in fields:
        if each.form and each.form not in seen[each.spec["type"]]:
            seen[each.spec["type"]].append(each.form)
    usual = {"date": {"%Y-%m-%d"}, "time": {"%H:%M:%S", "%H:%M"}}
    usual["datetime"] = {"%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"}
    stated = {kind: {each.spec.get("type") for each in fields if not each.form} for kind in usual}
    found = {}
    for kind, forms in seen.items():
        if set(forms) - usual[kind]:
            more = ["%Y-%m-%d"] if kind == "date" and kind in stated[kind] and "%Y-%m-%d" not in forms else []
            found[kind] = forms + more
    return found


def _told(**words: Any) -> dict[str, Any]:
    return {name: value for name, value in words.items() if value}
