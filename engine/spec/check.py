"""Everything that is wrong with a project's documents, in one pass. Needs no network and no secrets.

Each kind of document has its check; mappings are bound: every field name and every SQL expression is resolved
against the declared record sets and the target schema. Next: `spec/check_school`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.document import Document
from engine.errors import Place, Problem
from engine.kinds.word import Word
from engine.problem_text import did_you_mean
from engine.spec.asking import wire_name
from engine.spec.binding import Binding, BoundName
from engine.spec.check_changes import check_changes
from engine.spec.check_links import check_filters, check_links, sets_of
from engine.spec.check_paths import check_api_paths, check_paths
from engine.spec.check_requests import check_auth, check_requests, names_of_api, names_of_endpoint
from engine.spec.check_school import check_school
from engine.spec.check_settings import check_settings, check_switch
from engine.spec.check_tests import check_cases, check_tests
from engine.spec.check_text import check_texts, templates
from engine.spec.check_windows import check_windows
from engine.spec.load import Loaded
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping
from engine.spec.memory import Memory
from engine.spec.place import Path, problem_of, unknown
from engine.spec.project import Project
from engine.spec.query import World, findings
from engine.spec.schema import Schema
from engine.spec.settings import Settings
from engine.spec.source import Api, Endpoint, Endpoints, RecordSet, Source
from engine.spec.tables import CsvProblem, read_csv
from engine.spec.tests_of import Tests

TAKEN = frozenset({"run", "settings", "_bad", "_base", "_page", "_row", "_rule", "_run", "_set", "_source_key"})
"""Names that the SQL of a mapping needs itself."""


def check(project: Project, memory: Memory | None = None) -> list[Problem]:
    """Return every problem of every document in view, sorted by place; a memory looks only at what has changed."""
    found, memory = list(project.problems), memory or Memory()
    for loaded in project.documents.values():
        found += memory.of(project, loaded, _check)
    return sorted(dict.fromkeys(found), key=Problem.sort_key)


def _check(project: Project, loaded: Loaded) -> Iterator[Problem]:
    content, document = loaded.content, loaded.document
    yield from check_texts(document, content)
    if isinstance(content, Source):
        yield from _check_source(project, document, content)
    elif isinstance(content, Endpoints):
        yield from _check_endpoints(project, document, content)
    elif isinstance(content, Schema):
        yield from _check_schema(project, document, content)
    elif isinstance(content, Mapping):
        yield from check_mapping(project, loaded, content)
        yield from check_cases(project, loaded, content, content.tests)
    elif isinstance(content, Tests):
        yield from check_tests(project, loaded, content)
    elif isinstance(content, Binding):
        yield from _check_binding(project, document, content)
    elif isinstance(content, Lookup):
        yield from _check_lookup(loaded, content)
    elif isinstance(content, Settings):
        yield from check_settings(project, document, content)
    else:
        yield from check_school(project, loaded)


def _check_source(project: Project, document: Document, source: Source) -> Iterator[Problem]:
    for name, api in source.apis.items():
        yield from _check_names(document, ("apis", name), api, names_of_api(project.source(source.source), name))
        yield from check_auth(document, ("apis", name), api, source)
        yield from check_api_paths(document, ("apis", name), api)
    yield from _check_endpoint_map(document, source.source, source, source.endpoints, project)


def _check_endpoints(project: Project, document: Document, part: Endpoints) -> Iterator[Problem]:
    if project.get("source", part.endpoints_of) is None:
        if "source" not in project.broken:
            what = f"there is no source '{part.endpoints_of}'"
            known = project.names("source")
            yield unknown("unknown-source", what, document, ("endpoints_of",), part.endpoints_of, known)
        return
    source = project.source(part.endpoints_of)
    yield from _check_endpoint_map(document, part.endpoints_of, source, part.endpoints, project)


def _check_endpoint_map(
    document: Document, owner: str, source: Source, endpoints: dict[str, Endpoint], project: Project
) -> Iterator[Problem]:
    whole = project.source(owner)
    sets = sets_of(whole)
    homes: dict[str, list[str]] = {}
    for endpoint_name, set_name, _ in whole.sets():
        homes.setdefault(set_name, []).append(endpoint_name)
    for name, endpoint in endpoints.items():
        at: Path = ("endpoints", name)
        yield from _check_endpoint_names(document, at, endpoint, source, project)
        api = source.apis.get(endpoint.api)
        if api is None:
            what = f"there is no api '{endpoint.api}'"
            yield unknown("unknown-api", what, document, (*at, "api"), endpoint.api, list(source.apis))
        misplaced = [] if api is None else list(check_paths(document, at, endpoint, api, whole))
        yield from misplaced
        if not misplaced and (api is None or api.answers == "json"):
            yield from check_changes(document, at, endpoint, api)
        yield from check_windows(document, at, endpoint, api)
        yield from check_requests(document, at, endpoint, api, whole)
        yield from check_filters(document, at, endpoint, api)
        for set_name, record_set in endpoint.sets.items():
            path = (*at, "sets", set_name)
            if len(homes[set_name]) > 1:
                what = f"record set '{set_name}' is declared by {' and '.join(homes[set_name])}"
                yield Problem("duplicate-set", what, document.key_place(path))
            for index, key in enumerate(record_set.key or []):
                if key not in record_set.fields:
                    what = f"the key '{key}' is no field of '{set_name}'"
                    yield unknown("unknown-field", what, document, (*path, "key", index), key, [*record_set.fields])
            yield from _check_fields(document, path, list(record_set.fields))
            yield from _check_options(document, path, api, record_set)
            yield from _check_fields_asked(document, path, api, record_set)
            yield from check_links(document, path, record_set, sets)


def _check_endpoint_names(
    document: Document, at: Path, endpoint: Endpoint, source: Source, project: Project
) -> Iterator[Problem]:
    """Only the first day of windows, and filters, may depend on settings."""
    sets = {name: each.model_copy(update={"ask": None}) for name, each in endpoint.sets.items()}
    requests = endpoint.model_copy(update={"windows": None, "sets": sets})
    yield from _check_names(document, at, requests, names_of_endpoint(source, endpoint))
    if "settings" in project.broken:
        return
    settings = {f"{group}.{name}": None for group, members in project.settings().items() for name in members}
    known = {"config": source.config, "settings": settings}
    if endpoint.windows is not None:
        yield from _check_names(document, (*at, "windows"), endpoint.windows, known)
    for name, record_set in endpoint.sets.items():
        if record_set.ask is not None:
            yield from _check_names(document, (*at, "sets", name, "ask"), record_set.ask, {**known, "today": None})


def _check_fields(document: Document, path: Path, names: list[str]) -> Iterator[Problem]:
    """SQL knows no case in names, and some names it needs itself."""
    first: dict[str, str] = {}
    for name in names:
        place = document.key_place((*path, "fields", name))
        fix = f"give it another name, and say at: {name}"
        if name.lower() in TAKEN:
            yield Problem("name-taken", f"'{name}' means something else in a mapping", place, fix=fix)
        elif name.lower() in first:
            what = f"'{name}' and '{first[name.lower()]}' differ by case alone"
            yield Problem("name-taken", what, place, "SQL does not tell them apart", fix)
        first.setdefault(name.lower(), name)


def _check_options(document: Document, path: Path, api: Api | None, record_set: RecordSet) -> Iterator[Problem]:
    if api is None or api.options_asked is not None:
        return
    asking: list[Path] = [("option",)] if record_set.option else []
    asking += [("fields", name, "option") for name, spec in record_set.fields.items() if spec.option]
    for tail in asking:
        why = "its api does not say how options are asked for (options_asked)"
        yield Problem("option-unasked", "this option is never asked for", document.place((*path, *tail)), why)


def _check_fields_asked(document: Document, path: Path, api: Api | None, record_set: RecordSet) -> Iterator[Problem]:
    """Where fields are asked for by name, each place must begin with one."""
    if api is None or api.fields_asked is None or api.answers == "xml":
        return
    for name, spec in record_set.fields.items():
        if len(spec.paths(name)) > sum(wire_name(text) is not None for text in spec.paths(name)):
            why = "fields of its api are asked for by name (fields_asked), and this place does not begin with one"
            what, place = f"'{name}' can't be asked for", document.place((*path, "fields", name, "at"))
            yield Problem("field-unasked", what, place, why)


def _check_names(document: Document, at: Path, word: Word, known: dict[str, object]) -> Iterator[Problem]:
    """Check the names that templates below a path use: `config.x` must be declared."""
    for path, template in templates(document, at, word):
        for name in sorted(template.names):
            head, _, tail = name.partition(".")
            members = known.get(head)
            if head in known and (not tail or not isinstance(members, dict) or tail in members):
                continue
            choices = [f"{k}.{m}" for k, v in known.items() if isinstance(v, dict) for m in v] + ["token"]
            line = template.line(name)
            place = document.block_place(path, line, _column(template.text, name, line))
            what = f"the template uses '{name}', which nothing declares"
            place = Place(place.file, place.line, place.column, len(name))
            yield Problem("unknown-name", what, place, fix=did_you_mean(name, choices))


def _column(text: str, name: str, line: int) -> int:
    found = re.search(re.escape(name), text.split("\n")[line - 1])
    return found.start() + 1 if found else 1


def _check_schema(project: Project, document: Document, schema: Schema) -> Iterator[Problem]:
    fields = list(schema.fields)
    if schema.key not in schema.fields:
        yield unknown("unknown-field", f"the key '{schema.key}' is no field", document, ("key",), schema.key, fields)
    elif schema.fields[schema.key].type != "text":
        place = document.place(("fields", schema.key, "type"))
        yield Problem("bad-key", f"'{schema.key}' is the key of a row, and a key is text", place)
    for index, name in enumerate(schema.sort):
        if name not in schema.fields:
            yield unknown("unknown-field", f"'{name}' is no field", document, ("sort", index), name, fields)
    for index, unique in enumerate(schema.unique):
        for at, name in enumerate(unique.fields):
            if name not in schema.fields:
                where: Path = ("unique", index, "fields", at)
                yield unknown("unknown-field", f"'{name}' is no field", document, where, name, fields)
        for name in unique.where:
            if name not in schema.fields:
                place = document.key_place(("unique", index, "where", name))
                yield Problem("unknown-field", f"'{name}' is no field", place, fix=did_you_mean(name, fields))
    entities = project.names("schema")
    for name, field in schema.fields.items():
        for entity in field.refs():
            if entity not in entities and "schema" not in project.broken:
                what = f"'{name}' refers to '{entity}', and there is no such schema"
                path = ("fields", name, "ref") if document.has(("fields", name, "ref")) else ("fields", name)
                yield unknown("unknown-entity", what, document, path, entity, entities)


def _check_binding(project: Project, document: Document, binding: Binding) -> Iterator[Problem]:
    if project.get("schema", binding.binding) is None:
        if "schema" not in project.broken:
            what = f"there is no schema '{binding.binding}'"
            known = project.names("schema")
            yield unknown("unknown-entity", what, document, ("binding",), binding.binding, known)
        return
    fields = list(project.schema(binding.binding).fields)
    for name, bound in binding.names.items():
        for tail, used in _fields_of(bound):
            if used not in fields:
                what = f"there is no field '{used}' in schema '{binding.binding}'"
                yield unknown("unknown-field", what, document, ("names", name, *tail), used, fields)
    if binding.removed is not None:
        yield from check_switch(project, document, ("removed", "unless"), binding.removed.unless)


def _fields_of(bound: BoundName) -> Iterator[tuple[Path, str]]:
    if bound.from_ is not None:
        yield ("from",), bound.from_
    for key in ("person_name", "postal_address"):
        part = getattr(bound, key)
        if part is not None:
            yield from (((key, name), value) for name, value in part.model_dump(exclude_none=True).items())


def _check_lookup(loaded: Loaded, lookup: Lookup) -> Iterator[Problem]:
    if lookup.csv is None:
        yield from _check_codes(loaded.document, lookup)
        return
    try:
        read_csv(lookup.csv, loaded.home.parent)
    except CsvProblem as problem:
        known = problem.candidates
        key, word = ("from", lookup.csv.from_) if lookup.csv.from_ not in known else ("to", lookup.csv.to)
        place = loaded.document.place(("csv", key if problem.code == "unknown-column" else "file"))
        why = f"its columns are {', '.join(known)}" if known else ""
        yield Problem(problem.code, problem.what, place, why, did_you_mean(word, known))


def _check_codes(document: Document, lookup: Lookup) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for code in lookup.values or {}:
        folded = lookup.folded(code)
        if folded in first:
            what = f"the codes '{code}' and '{first[folded]}' are one, since case is folded"
            yield Problem("duplicate-code", what, document.key_place(("values", code)), fix="take one of them out")
        first.setdefault(folded, code)


def check_mapping(project: Project, loaded: Loaded, mapping: Mapping) -> Iterator[Problem]:
    """Bind a mapping against its source and its schema."""
    document, missing = loaded.document, False
    for kind, name in (("source", mapping.source), ("schema", mapping.mapping)):
        if project.get(kind, name) is None:
            missing = True
            if kind not in project.broken:
                path: Path = ("source",) if kind == "source" else ("mapping",)
                known = project.names(kind)
                yield unknown(f"unknown-{kind}", f"there is no {kind} '{name}'", document, path, name, known)
    if missing:
        return
    if {"endpoints_of", "lookup", "settings"} & project.broken:
        return
    yield from check_switch(project, document, ("when",), mapping.when)
    for name, table in mapping.tables.items():
        for word in ("when", "unless"):
            yield from check_switch(project, document, ("tables", name, word), getattr(table, word))
    source = project.source(mapping.source)
    world = World(source, project.schema(mapping.mapping), project.lookups(mapping.source), project.setting_types())
    yield from (problem_of(document, finding) for finding in findings(mapping, world))
