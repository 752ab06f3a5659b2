"""What must be true of a school file: it gives what its source asks for, and names what is there. Next: `run/plan`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.document import Document
from engine.errors import Problem
from engine.problem_text import did_you_mean
from engine.spec.binding import Binding
from engine.spec.check_requests import check_keys
from engine.spec.check_settings import check_given
from engine.spec.load import Loaded
from engine.spec.place import problem_of
from engine.spec.placeholder import URL, placeholder_of
from engine.spec.project import Project
from engine.spec.query import World, findings
from engine.spec.school import Deliver, Folder, School, UserSync
from engine.spec.source import ConfigItem, Source
from engine.template import Template

_URL = "write one such as https://example.org, without a user and without '?'"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_school(project: Project, loaded: Loaded) -> Iterator[Problem]:
    """Return what is wrong with a school file."""
    school, document = loaded.content, loaded.document
    if not isinstance(school, School):
        return
    yield from _check_zone(document, school)
    yield from check_given(project, document, school)
    yield from _check_deliver(document, school)
    yield from _check_way(project, document, school)
    yield from _check_runs(document, school)
    if school.application is not None and project.get("application", school.application) is None:
        yield _unknown(project, document, "application", school.application, ("application",))
    if project.get("source", school.source) is None:
        if "source" not in project.broken:
            yield _unknown(project, document, "source", school.source, ("source",))
        return
    yield from _check_config(document, school, project.source(school.source))
    yield from check_keys(project, document, school, project.source(school.source))
    yield from _check_entities(project, document, school)
    yield from _check_references(project, document, school)
    yield from _check_overrides(project, document, school)


def _unknown(project: Project, document: Document, kind: str, name: str, path: tuple[str | int, ...]) -> Problem:
    known = sorted(project.names(kind))
    why = f"known: {', '.join(known[:12])}" if known else ""
    what = f"there is no {kind} '{name}'"
    return Problem(f"unknown-{kind}", what, document.place(path), why, did_you_mean(name, known))


def _check_runs(document: Document, school: School) -> Iterator[Problem]:
    for name, run in school.runs.items():
        for index, entity in enumerate(run.entities or []):
            if entity not in school.entities:
                what = f"this school has no entity '{entity}'"
                place, why = document.place(("runs", name, "entities", index)), f"it has {', '.join(school.entities)}"
                yield Problem("unknown-entity", what, place, why, did_you_mean(entity, school.entities))
    for entity in school.guards.entities:
        if entity not in school.entities:
            what, place = f"this school has no entity '{entity}'", document.key_place(("guards", "entities", entity))
            why = f"it has {', '.join(school.entities)}"
            yield Problem("unknown-entity", what, place, why, did_you_mean(entity, school.entities))


def _check_zone(document: Document, school: School) -> Iterator[Problem]:
    try:
        ZoneInfo(school.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        what = f"'{school.time_zone}' is no time zone"
        yield Problem("unknown-time-zone", what, document.place(("time_zone",)), fix="write one such as Europe/London")


def _check_config(document: Document, school: School, source: Source) -> Iterator[Problem]:
    for name, item in source.config.items():
        if name not in school.config and item.default is None and item.type != "keys":
            what = f"the source '{source.source}' needs config '{name}'"
            place = document.place(("config",)) if document.has(("config",)) else document.key_place(("school",))
            yield Problem("missing-config", what, place, item.description, f"add {name}: under config:")
    for name, value in school.config.items():
        found = source.config.get(name)
        path = ("config", name)
        if found is None:
            what = f"the source '{source.source}' has no config '{name}'"
            known = list(source.config)
            why = f"it has {', '.join(known)}"
            yield Problem("unknown-config", what, document.key_place(path), why, did_you_mean(name, known))
        else:
            yield from _check_value(document, path, found, value)


def _check_value(document: Document, path: tuple[str, str], item: ConfigItem, value: object) -> Iterator[Problem]:
    plain = isinstance(value, str | int)
    if item.type == "keys" or isinstance(value, dict):
        if item.type != "keys" or not isinstance(value, dict):
            form = "write {NAME: {key: {env: VARIABLE}}}" if item.type == "keys" else ""
            said = "takes keys, each with a name" if item.type == "keys" else "takes no keys"
            yield Problem("wrong-type", f"'{path[1]}' {said}", document.place(path), fix=form)
    elif item.type == "secret" and plain:
        what = f"'{path[1]}' is a secret, and secrets do not stand in documents"
        name = path[1].upper()
        yield Problem("secret-in-file", what, document.place(path), fix=f"write {{env: {name}}} and set that variable")
    elif item.type != "secret" and not plain:
        yield Problem("wrong-type", f"'{path[1]}' is no secret: write its value", document.place(path))
    elif item.pattern and plain and not re.fullmatch(item.pattern, str(value)):
        what = f"'{path[1]}' does not have the form {item.pattern}"
        yield Problem("bad-value", what, document.place(path), item.description)
    elif plain and str(value) == placeholder_of(item):
        yield _not_filled_in(document, path, item.description)
    elif item.type == "url" and plain and not _is_url(str(value)):
        yield Problem("bad-url", f"'{path[1]}' is no http or https address", document.place(path), fix=_URL)


def _not_filled_in(document: Document, path: tuple[str, str], why: str) -> Problem:
    what = f"'{path[1]}' is to be filled in"
    return Problem("not-filled-in", what, document.place(path), why, "write the school's own value", "warning")


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.username


def _check_entities(project: Project, document: Document, school: School) -> Iterator[Problem]:
    for index, entity in enumerate(school.entities):
        path = ("entities", index)
        if project.get("schema", entity) is None:
            if "schema" not in project.broken:
                yield _unknown(project, document, "schema", entity, path)
        elif project.get("mapping", f"{school.source}/{entity}") is None and "mapping" not in project.broken:
            what = f"the source '{school.source}' has no mapping to '{entity}'"
            known = [
                name.partition("/")[2] for name in project.names("mapping") if name.startswith(school.source + "/")
            ]
            why = f"it has {', '.join(sorted(known))}" if known else ""
            yield Problem("unknown-mapping", what, document.place(path), why, did_you_mean(entity, known))
        elif project.get("binding", entity) is None and "binding" not in project.broken:
            what = f"nothing says what '{entity}' becomes in Haplo"
            fix = f"write schemas/haplo/{entity}.yaml"
            yield Problem("unknown-binding", what, document.place(path), fix=fix)
        if entity in school.entities[:index]:
            yield Problem("duplicate-entity", f"'{entity}' is there twice", document.place(path))


def _check_deliver(document: Document, school: School) -> Iterator[Problem]:
    deliver = school.deliver
    if deliver is None or isinstance(deliver, Folder):
        return
    parts = urlsplit(deliver.url)
    if not _is_url(deliver.url):
        yield Problem("bad-url", "'url' is no http or https address", document.place(("deliver", "url")), fix=_URL)
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        why = "the API key and personal data would cross the network in the clear"
        place = document.place(("deliver", "url"))
        yield Problem("insecure-url", "Haplo is reached over https only", place, why, "write https://")
    elif deliver.url == URL:
        yield _not_filled_in(document, ("deliver", "url"), "where the Haplo application is")
    for entity in deliver.kinds if isinstance(deliver, Deliver) else ():
        if entity not in school.entities:
            what = f"'{entity}' is not among this school's entities"
            place = document.key_place(("deliver", "kinds", entity))
            yield Problem("unknown-entity", what, place, fix=did_you_mean(entity, school.entities))
    if isinstance(deliver, Deliver) and deliver.log is not None:
        yield from _check_log(document, deliver.log)


def _check_log(document: Document, text: str) -> Iterator[Problem]:
    """The log's path stays at the application's host, where the key belongs, and tells batches apart."""
    place, template = document.place(("deliver", "log")), Template.parse(text)
    for name in sorted(template.names - {"batch"}):
        yield Problem("unknown-name", f"the template uses '{name}', and knows only 'batch'", place)
    if not re.fullmatch(r"/(?!/)[^\s#\\]*", re.sub(r"\{\{.*?\}\}", "x", text)):
        why = "the log is read from the application's own host, with its API key"
        yield Problem("bad-url", "'log' is no path at the application", place, why, "write one that begins with '/'")
    elif not template.names:
        what = "'log' does not say where the batch's identifier goes"
        yield Problem("bad-url", what, place, fix="write {{ batch }} in its place")


def _check_way(project: Project, document: Document, school: School) -> Iterator[Problem]:
    """User accounts go through the user sync, and nothing else does; a folder takes everything."""
    deliver = school.deliver
    if deliver is None or isinstance(deliver, Folder):
        return
    if isinstance(deliver, UserSync) and len(school.entities) > 1:
        why = "one user sync is one set of files, and blocks every account that is not in it"
        fix = "leave one entity, and write another school file for the others"
        yield Problem("wrong-way", "a user sync takes one entity", document.place(("entities",)), why, fix)
    for index, entity in enumerate(school.entities):
        loaded = project.get("binding", entity)
        if loaded is None or not isinstance(loaded.content, Binding):
            continue
        place = document.place(("entities", index))
        if isinstance(deliver, UserSync) and not loaded.content.of_accounts:
            what = f"'{entity}' does not become user accounts, and the delivery is a user sync"
            why = f"its model is {loaded.content.model}, and a user sync takes haplo:user-sync"
            yield Problem("wrong-way", what, place, why, "write deliver: {kind: batch, ...}, or another binding")
        elif isinstance(deliver, Deliver) and loaded.content.of_accounts:
            what = f"'{entity}' becomes user accounts, which no batch import can save"
            yield Problem("wrong-way", what, place, fix="write deliver: {kind: user-sync, ...}, or kind: folder")


def _check_references(project: Project, document: Document, school: School) -> Iterator[Problem]:
    """Warn of entities whose rows must point to rows that the school does not have."""
    for index, entity in enumerate(school.entities):
        path = ("entities", index)
        if project.get("schema", entity) is None:
            continue
        needed = [field.ref for field in project.schema(entity).fields.values() if field.required and field.ref]
        for other in sorted(set(needed) - set(school.entities)):
            what, place = f"every '{entity}' refers to a '{other}', which is not in entities", document.place(path)
            fix = f"add {other} to entities, or take {entity} out"
            yield Problem("missing-entity", what, place, "all its rows are held back", fix, "warning")


def _check_overrides(project: Project, document: Document, school: School) -> Iterator[Problem]:
    for entity, override in school.override.items():
        if project.get("mapping", f"{school.source}/{entity}") is None or project.get("schema", entity) is None:
            what = f"there is nothing to override: no mapping to '{entity}'"
            fix = did_you_mean(entity, school.entities)
            yield Problem("unknown-mapping", what, document.key_place(("override", entity)), fix=fix)
            continue
        mapping = project.mapping(school.source, entity, school)
        for index, name in enumerate(override.remove):
            known = project.mapping(school.source, entity).fields
            if name not in known:
                what, place = (
                    f"there is no field '{name}' to remove",
                    document.place(("override", entity, "remove", index)),
                )
                yield Problem("unknown-field", what, place, fix=did_you_mean(name, known))
        source = project.source(school.source)
        world = World(source, project.schema(entity), project.lookups(school.source), project.setting_types())
        for finding in findings(mapping, world):
            at = ("override", entity, *finding.at)
            if document.has(at[:4]):
                yield problem_of(document, type(finding)(**{**vars(finding), "at": at}))
