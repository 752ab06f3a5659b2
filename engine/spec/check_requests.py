"""What is wrong with what requests ask for: methods and filters, keys, and the sets whose records they are made for.

Next: `spec/check_school`.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.document import Document
from engine.errors import Problem
from engine.kinds.auth import NoAuth
from engine.kinds.changes import NoChanges
from engine.problem_text import did_you_mean
from engine.spec.asking import ancestors, carriers, keys_of, with_parents
from engine.spec.check_refresh import check_refresh
from engine.spec.check_text import marked
from engine.spec.place import Path, unknown
from engine.spec.project import Project
from engine.spec.query import World, build
from engine.spec.relation import Reading
from engine.spec.school import School
from engine.spec.source import Api, Endpoint, RecordSet, Source
from engine.template import Template


def names_of_api(source: Source, api_name: str) -> dict[str, object]:
    """Return the names that the templates of an api may use."""
    own = [each for each in source.endpoints.values() if each.api == api_name]
    keyed: dict[str, object] = {}
    for each in own:
        keyed |= _key_names(source, each)
    return {"config": _plain(source), "token": {}, "today": None, **keyed}


def names_of_endpoint(source: Source, endpoint: Endpoint) -> dict[str, object]:
    """Return the names that the templates of an endpoint's requests may use."""
    names: dict[str, object] = {"config": _plain(source), "today": None, **_key_names(source, endpoint)}
    if any(each.ask is not None for each in endpoint.sets.values()):
        names |= {"asked": None, "filtered": None}
    if endpoint.for_each is not None:
        names["each"] = dict(endpoint.for_each.keep)
    return names


def _plain(source: Source) -> dict[str, object]:
    return {name: item for name, item in source.config.items() if item.type != "keys"}


def _key_names(source: Source, endpoint: Endpoint) -> dict[str, object]:
    item = source.config.get(endpoint.per or "")
    return {} if item is None else {"key": None, "secrets": dict.fromkeys(item.secrets)}


def check_auth(document: Document, at: Path, api: Api, source: Source) -> Iterator[Problem]:
    """Check what an auth is asked for by: it must be something that a school can give."""
    if isinstance(api.auth, NoAuth) or api.auth.if_given is None:
        return
    known = [name for name, item in source.config.items() if item.type != "keys"]
    known += [name for item in source.config.values() for name in item.secrets]
    if api.auth.if_given not in known:
        what = f"no school can give '{api.auth.if_given}'"
        yield unknown("unknown-config", what, document, (*at, "auth", "if_given"), api.auth.if_given, known)


def check_requests(
    document: Document, at: Path, endpoint: Endpoint, api: Api | None, source: Source
) -> Iterator[Problem]:
    """Check what an endpoint's requests ask for, with which keys, and for the records of which set."""
    yield from _check_per(document, at, endpoint, api, source)
    use = endpoint.deprecated.use if endpoint.deprecated is not None else None
    if use is not None and use not in source.endpoints:
        path, known = (*at, "deprecated", "use"), list(source.endpoints)
        yield unknown("unknown-endpoint", f"there is no endpoint '{use}'", document, path, use, known)
    if endpoint.for_each is not None:
        yield from _check_for_each(document, (*at, "for_each"), endpoint, source)
    yield from check_refresh(document, at, endpoint, source)
    if api is not None:
        for name, record_set in endpoint.sets.items():
            yield from _check_ask(document, (*at, "sets", name), name, record_set, api)
        yield from _check_unasked(document, at, endpoint)
    changing = endpoint.changes is not None and not isinstance(endpoint.changes, NoChanges)
    parts = [word for word in ("per", "for_each") if getattr(endpoint, word) is not None]
    others = [word for word, there in (("changes", changing), ("windows", endpoint.windows is not None)) if there]
    clash = [*parts, *others] if parts and others else parts
    if len(clash) > 1:
        what = f"'{clash[0]}' and '{clash[1]}' do not go together"
        yield Problem("parts-clash", what, document.key_place((*at, clash[1])), "an endpoint is read in parts one way")


def _check_per(document: Document, at: Path, endpoint: Endpoint, api: Api | None, source: Source) -> Iterator[Problem]:
    known = [name for name, item in source.config.items() if item.type == "keys"]
    if endpoint.per is not None and endpoint.per not in known:
        what = f"the source '{source.source}' has no keys '{endpoint.per}'"
        yield unknown("unknown-config", what, document, (*at, "per"), endpoint.per, known)
    if endpoint.per is None and api is not None and _names_in(api) & {"key", "secrets"}:
        why = "the requests of its api are made with a key"
        fix = f"add per: {known[0]}" if known else ""
        yield Problem("missing-key", "the endpoint does not say which keys", document.key_place(at), why, fix)


def _check_for_each(document: Document, at: Path, endpoint: Endpoint, source: Source) -> Iterator[Problem]:
    word = endpoint.for_each
    assert word is not None
    sets = {name: each for _, name, each in source.sets()}
    if word.set not in sets:
        what = f"there is no record set '{word.set}'"
        yield unknown("unknown-set", what, document, (*at, "set"), word.set, list(sets))
        return
    fields = list(sets[word.set].fields)
    named: list[tuple[Path, str]] = [((*at, "where", name), name) for name in word.where]
    named += [((*at, "keep", name), field) for name, field in word.keep.items()]
    for path, field in named:
        if field not in fields:
            problem = unknown("unknown-field", f"'{word.set}' has no field '{field}'", document, path, field, fields)
            place = document.key_place(path) if path[-2] == "where" else problem.place
            yield Problem(problem.code, problem.what, place, problem.why, problem.fix)
    if set(ancestors(source, endpoint)) & set(endpoint.sets):
        what = f"its own records would have to be read before it, as '{word.set}' is asked for each of them"
        yield Problem("each-loop", what, document.place((*at, "set")))


def _check_ask(document: Document, at: Path, name: str, record_set: RecordSet, api: Api) -> Iterator[Problem]:
    ask, path = record_set.ask, (*at, "ask")
    if ask is None:
        return
    method = api.methods.get(ask.method)
    if method is None:
        what, known = f"the api has no method '{ask.method}'", list(api.methods)
        yield unknown("unknown-method", what, document, (*path, "method"), ask.method, known)
        return
    for each in ask.filters:
        if each not in method.filters:
            what, known = f"'{ask.method}' has no filter '{each}'", list(method.filters)
            place, why = document.key_place((*path, "filters", each)), f"it has {', '.join(known) or 'none'}"
            yield Problem("unknown-filter", what, place, why, did_you_mean(each, known))
    if method.needs_filter and not any(text for text in ask.filters.values()):
        what = f"'{ask.method}' needs a filter, and '{name}' gives none"
        why = f"it has {', '.join(method.filters)}" if method.filters else ""
        yield Problem("filter-missing", what, document.place((*path, "method")), why, "add filters:")


def _check_unasked(document: Document, at: Path, endpoint: Endpoint) -> Iterator[Problem]:
    """Where requests ask by method, a set that names none would never be there."""
    asking = [name for name, each in endpoint.sets.items() if each.ask is not None]
    for name, each in endpoint.sets.items():
        if asking and each.ask is None:
            what, why = f"'{name}' does not say which method brings it", f"'{asking[0]}' of this endpoint does"
            yield Problem("missing-key", what, document.key_place((*at, "sets", name)), why, "add ask: {method: ...}")


def _names_in(api: Api) -> set[str]:
    return {name.partition(".")[0] for _, text in marked(api, "template") for name in Template.parse(text).names}


# The keys of a school


def check_keys(project: Project, document: Document, school: School, source: Source) -> Iterator[Problem]:
    """Check that a school's keys name what there is, and open all that its entities need."""
    items = {name: item for name, item in source.config.items() if item.type == "keys" and keys_of(school, name)}
    for item_name, item in items.items():
        methods = _methods(source, item_name)
        alone = [name for api in source.apis.values() for name, each in api.methods.items() if each.own_key]
        for name, key in keys_of(school, item_name).items():
            path: Path = ("config", item_name, name)
            for index, method in enumerate(key.methods or []):
                if method in alone and not set(key.methods or []) <= set(alone):
                    what, why = f"'{method}' stands on a key of its own", "so that the school can take it back alone"
                    place, fix = document.place((*path, "methods", index)), "give it a key that opens nothing else"
                    yield Problem("shared-key", what, place, why, fix)
            for index, method in enumerate(key.methods or []):
                if method not in methods:
                    what = f"the source '{source.source}' has no method '{method}'"
                    at = (*path, "methods", index)
                    yield unknown("unknown-method", what, document, at, method, methods)
            for secret in key.secrets:
                if secret not in item.secrets:
                    what = f"a key of '{source.source}' has no secret '{secret}'"
                    place, why = document.key_place((*path, "secrets", secret)), f"it has {', '.join(item.secrets)}"
                    fix = did_you_mean(secret, item.secrets)
                    yield Problem("unknown-config", what, place, why if item.secrets else "", fix)
    if any(item.type == "keys" for item in source.config.values()):
        yield from _check_opened(project, document, school, source)


def _methods(source: Source, item: str) -> list[str]:
    apis = {each.api for each in source.endpoints.values() if each.per == item}
    return [method for name, api in source.apis.items() if name in apis for method in api.methods]


def _check_opened(project: Project, document: Document, school: School, source: Source) -> Iterator[Problem]:
    wanted = with_parents(source, {name: [] for name in _used(project, school, source)})
    told: set[str] = set()
    for endpoint_name, set_name, record_set in source.sets():
        endpoint, ask = source.endpoints[endpoint_name], record_set.ask
        methods = source.apis[endpoint.api].methods if endpoint.api in source.apis else {}
        if set_name not in wanted or endpoint.per not in source.config:
            continue
        keys = keys_of(school, endpoint.per)
        if not keys and endpoint.per not in told:
            told.add(endpoint.per)
            what = f"the source '{source.source}' needs config '{endpoint.per}', which brings '{set_name}'"
            place = document.key_place(("config",) if document.has(("config",)) else ("school",))
            yield Problem(
                "missing-config", what, place, source.config[endpoint.per].description, f"add {endpoint.per}:"
            )
        if not keys or ask is None or ask.method in told or carriers(keys, ask.method, methods):
            continue
        told.add(ask.method)
        named = [method for key in keys.values() for method in key.methods or []]
        what = f"no key of this school opens '{ask.method}', which brings '{set_name}'"
        fix = did_you_mean(ask.method, [each for each in named if each not in _methods(source, endpoint.per)])
        fix = fix or f"add {ask.method} to the methods of the key that has it"
        yield Problem("unopened-method", what, document.key_place(("config", endpoint.per)), fix=fix)


def _used(project: Project, school: School, source: Source) -> Iterator[str]:
    """Yield the record sets that a school's entities need; none of an entity whose documents have problems."""
    reading = Reading(source.formats, lambda name: name)
    for entity in school.entities:
        mapping = project.get("mapping", f"{school.source}/{entity}")
        if mapping is None or project.get("schema", entity) is None or project.broken:
            continue
        own, values = project.mapping(school.source, entity, school), project.values(school)
        if not own.is_off(values):
            lookups, types = project.lookups(school.source), project.setting_types()
            yield from build(own, World(source, project.schema(entity), lookups, types, values=values), reading).used
