"""Which lines of which documents look at a setting, or at a lookup. Next: `review/atlas`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.errors import Place
from engine.kinds.value import Value
from engine.review.links import anchor, haplo_url, mapping_url, system_url
from engine.run.explaining_frames import names_of, names_of_rule
from engine.spec.binding import Binding
from engine.spec.check_text import templates
from engine.spec.declared import Route
from engine.spec.load import Loaded
from engine.spec.mapping import Mapping, Table
from engine.spec.project import Project
from engine.spec.source import Endpoints, Source


@dataclass(frozen=True)
class Reader:
    """A line that looks at something: `what` is looked at (`setting:students.year_groups`, `lookup:gender`)."""

    what: str
    said: str
    url: str
    place: Place


def readers(project: Project) -> dict[str, list[Reader]]:
    """Return the lines that look at each setting and at each lookup, the latter by the names of their documents."""
    found: dict[str, list[Reader]] = {}
    for loaded in sorted(project.documents.values(), key=lambda each: str(each.document.file)):
        for reader in _of_document(project, loaded):
            found.setdefault(reader.what, []).append(reader)
    return {what: sorted(dict.fromkeys(each), key=lambda one: one.place) for what, each in found.items()}


def lookup_document(project: Project, source: str, name: str) -> str:
    """Return the name of the document that a mapping of a source means by a lookup's name."""
    own = f"{source}/{name}"
    return own if project.get("lookup", own) is not None else name


def _of_document(project: Project, loaded: Loaded) -> Iterator[Reader]:
    content, document = loaded.content, loaded.document
    if isinstance(content, Mapping):
        owner = f"{content.source} {content.mapping}"
        for what, route, name, at in _of_mapping(content):
            kind, _, rest = what.partition(":")
            named = f"lookup:{lookup_document(project, content.source, rest)}" if kind == "lookup" else what
            url = mapping_url(content.source, content.mapping, at)
            yield Reader(named, f"{owner}: {name}", url, document.key_place(route))
    elif isinstance(content, Binding) and content.removed is not None and content.removed.unless is not None:
        what, url = f"setting:{content.removed.unless}", haplo_url(content.binding) + "#removed"
        said = f"Haplo {content.binding}: what becomes of rows that are gone"
        yield Reader(what, said, url, document.key_place(("removed", "unless")))
    elif isinstance(content, Source | Endpoints):
        yield from _of_endpoints(loaded, content)


def _of_endpoints(loaded: Loaded, content: Source | Endpoints) -> Iterator[Reader]:
    source = loaded.name.partition("/")[0]
    for name, endpoint in content.endpoints.items():
        for path, template in templates(loaded.document, ("endpoints", name), endpoint):
            for used in sorted(template.names):
                if used.startswith("settings."):
                    said = f"{source}: the requests of {name}"
                    place = loaded.document.key_place(path)
                    yield Reader(f"setting:{used.partition('.')[2]}", said, system_url(source, name), place)


Found = tuple[str, Route, str, str]
"""What is looked at, where, by what in words, and the anchor of that in the mapping's page."""


def _of_mapping(mapping: Mapping) -> Iterator[Found]:
    if mapping.when is not None:
        yield f"setting:{mapping.when}", ("when",), "whether it is made at all", "rows"
    for name, value in mapping.fields.items():
        yield from _of_value(value, ("fields", name), name, anchor("field", name))
    for name, value in mapping.known_by.items():
        yield from _of_value(value, ("known_by", name), f"known by {name}", anchor("known", name))
    yield from _of_records(Table(from_=mapping.from_, join=mapping.join, where=mapping.where), (), "")
    for name, table in mapping.tables.items():
        yield from _of_records(table, ("tables", name), name)


def _of_records(table: Table, at: Route, name: str) -> Iterator[Found]:
    """Yield what a table, or the mapping itself, looks at."""
    own = anchor("table", name) if name else "rows"
    for word in ("when", "unless"):
        if (setting := getattr(table, word)) is not None:
            yield f"setting:{setting}", (*at, word), f"whether table {name} has records", own
    for index, rule in enumerate(table.where):
        place = anchor("rule", *([name] if name else []), rule.rule)
        for setting in _settings(names_of_rule(rule)):
            yield f"setting:{setting}", (*at, "where", index, "rule"), f"rule {rule.rule}", place
    for alias, join in table.join.items():
        for setting in _settings(join.by.values()):
            yield f"setting:{setting}", (*at, "join", alias), f"join {alias}", own
    for field, value in table.fields.items():
        said = f"{name}.{field}"
        yield from _of_value(value, (*at, "fields", field), said, anchor("table", name, field))


def _of_value(value: Value, at: Route, said: str, place: str) -> Iterator[Found]:
    for setting in _settings(names_of(value)):
        yield f"setting:{setting}", at, said, place
    if value.lookup is not None:
        yield f"lookup:{value.lookup}", at, said, place
    if value.item is not None:
        yield from _of_value(value.item, (*at, "item"), said, place)
    for name, part in (value.fields or {}).items():
        inner = f"{place}.{name}" if place.startswith("field:") else place
        yield from _of_value(part, (*at, "fields", name), f"{said}.{name}", inner)


def _settings(names: Iterable[str]) -> Iterator[str]:
    return (name.partition(".")[2] for name in names if name.startswith("settings."))
