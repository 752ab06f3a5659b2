"""What a run would do: which requests, for which fields, feeding which entities. Asks nothing of anyone.

Next: `run/folder`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.errors import DocumentError, Problem
from engine.kinds.request import Ask
from engine.problem_text import did_you_mean
from engine.run.caching import may_be_old
from engine.spec.asking import Share, is_momentary, is_partial, keys_of, shares, with_parents
from engine.spec.assumed import assumed_in
from engine.spec.lookup import Lookup
from engine.spec.place import problem_of
from engine.spec.project import NotFoundError, Project
from engine.spec.query import Query, World, build
from engine.spec.reference import Keys
from engine.spec.relation import Reading, Use
from engine.spec.school import School
from engine.spec.settings import SettingValue
from engine.spec.source import Endpoint, Source
from engine.stages.want import Want, options_asked


@dataclass(frozen=True)
class Request:
    """One endpoint that would be read."""

    endpoint: str
    path: str
    options: list[str]
    sets: dict[str, list[str]]
    """Record set to the fields that are read of it."""
    method: str = "GET"
    shares: list[Share] = field(default_factory=list)
    """What it is asked for, request by request; of one that is asked for records, with any of them."""
    for_each: str = ""

    def asked(self, source: Source, share: Share) -> list[str]:
        """Return the methods that one of its requests asks for, with the filters as they are written."""
        asks = [source.endpoints[self.endpoint].sets[name].ask for name in share.sets]
        return list(dict.fromkeys(_said(ask) for ask in asks if ask is not None))


@dataclass(frozen=True)
class LeftAlone:
    """A target field of which Haplo keeps what it has, or a whole entity (`field` is ''), and why.

    `because` are fields of record sets, as `set.field`, or sets; `scope` is what would open them. `lost`: it was open
    when rows were last sent.
    """

    entity: str
    field: str
    because: tuple[str, ...]
    scope: str
    lost: bool = False

    def __str__(self) -> str:
        return f"{self.entity}.{self.field}" if self.field else self.entity


@dataclass(frozen=True)
class Granted:
    """What the scopes that a source grants make of a plan; without any being known, nothing.

    `requests` are those that are made; `closed` the sets in use that are not asked for, each with the fields in use;
    `withheld` the fields that are not asked for; `lost` what was open when rows were last sent, by entity; `present`
    the fields that may come, in use or not, by set.
    """

    requests: list[Request] | None = None
    closed: dict[str, list[str]] = field(default_factory=dict)
    withheld: dict[str, frozenset[str]] = field(default_factory=dict)
    left: list[LeftAlone] = field(default_factory=list)
    lost: dict[str, frozenset[Use]] = field(default_factory=dict)
    present: dict[str, frozenset[str]] | None = None

    @property
    def skipped(self) -> list[str]:
        """The entities that are left alone whole."""
        return [each.entity for each in self.left if not each.field]


@dataclass
class Plan:
    """A run, before it is run. Entities are in the order of their references."""

    school: School
    source: Source
    entities: list[str]
    requests: list[Request]
    queries: dict[str, Query] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    settings: dict[str, dict[str, SettingValue]] = field(default_factory=dict)
    momentary: frozenset[str] = frozenset()
    """The school's entities, planned or not, that are made of what is so at this moment."""
    partial: frozenset[str] = frozenset()
    """Those that are never read whole, the momentary ones and those of some days: none of their rows is gone."""
    others: dict[str, Query] = field(default_factory=dict)
    """Entities of the school that are not in this run, and whose fields are asked for with the others of their sets."""
    granted: Granted = field(default_factory=lambda: Granted())

    off: dict[str, str] = field(default_factory=dict)
    """The school's entities that are switched off, with the setting that says so."""

    @property
    def whole(self) -> bool:
        """Whether every entity is planned whose rows may be gone, but for those that are left alone as not granted."""
        return {*self.entities, *self.partial, *self.off, *self.granted.skipped} >= set(self.school.entities)

    def wants(self) -> list[Want]:
        """Return what extraction is asked for: what is granted, as far as that is known."""
        opened = self.requests if self.granted.requests is None else self.granted.requests
        return [replace(_want(request), withheld=self.granted.withheld) for request in opened]

    def all_wants(self) -> list[Want]:
        """Return what extraction would be asked for if everything were granted."""
        return [_want(request) for request in self.requests]

    def said_off(self) -> list[str]:
        """Return what is told of entities that are switched off."""
        what = "nothing is asked for it, and Haplo keeps what it has"
        return [f"'{entity}' is switched off ({switch}): {what}" for entity, switch in self.off.items()]

    def fields(self) -> dict[str, list[str]]:
        """Return the fields that are read, by record set."""
        return {name: fields for request in self.requests for name, fields in request.sets.items()}

    def purposes(self, set_name: str, field_name: str) -> list[str]:
        """Return the target fields that a source field is read for."""
        use = (set_name, field_name)
        return [
            f"{entity}.{target}"
            for entity, query in {**self.queries, **self.others}.items()
            for target, uses in query.lineage.items()
            if use in uses
        ]

    def becomes(self, set_name: str, field_name: str) -> list[str]:
        """Return the kinds of personal data that the value of a source field becomes."""
        queries = {**self.queries, **self.others}.values()
        found = (kind for query in queries for kind in query.becomes.get((set_name, field_name), ()))
        return list(dict.fromkeys(found))


def _want(request: Request) -> Want:
    return Want(request.endpoint, {name: frozenset(fields) for name, fields in request.sets.items()})


def _said(ask: Ask) -> str:
    filters = ", ".join(f"{name} {text}" for name, text in ask.filters.items() if text)
    return f"{ask.method} ({filters})" if filters else ask.method


def make_plan(project: Project, name: str, only: Iterable[str] = ()) -> Plan:
    """Plan a school's run, or that of some of its entities."""
    return plan_for(project, project.school(name), only)


def plan_for(project: Project, school: School, only: Iterable[str] = ()) -> Plan:
    """Plan the same for a school that need not have a file in the project."""
    source = source_of(project, school)
    chosen, off = _chosen(project, school, list(only))
    entities = in_order(chosen, {e: s.refs() for e, s in project.schemas().items()})
    queries = {entity: _query(project, school, source, entity) for entity in entities}
    for entity, query in queries.items():
        if query.findings:
            raise DocumentError(_problems(project, school, entity, query))
    others = {e: _query(project, school, source, e) for e in school.entities if e not in entities}
    momentary, partial = (_of(kind, source, queries | others) for kind in (is_momentary, is_partial))
    named = any(api.fields_asked for api in source.apis.values())
    others = {entity: query for entity, query in others.items() if named and entity not in off}
    used = fields_used(queries.values(), others.values())
    requests, settings = requests_for(source, used, school), project.values(school)
    notes = assumed_in(source, used) + may_be_old(source, school, [request.endpoint for request in requests])
    return Plan(school, source, entities, requests, queries, notes, settings, momentary, partial, others, off=off)


def _query(project: Project, school: School, source: Source, entity: str) -> Query:
    mapping, world = project.mapping(school.source, entity, school), world_of(project, school, source, entity)
    return build(mapping, world, Reading(source.formats, lambda set_name: set_name))


def _of(kind: Callable[[Source, Endpoint], bool], source: Source, queries: Mapping[str, Query]) -> frozenset[str]:
    """Return the entities that are made of an endpoint of some kind."""
    return frozenset(
        e for e, query in queries.items() if any(kind(source, source.find(name)[1]) for name in query.used)
    )


def fields_used(queries: Iterable[Query], others: Iterable[Query] = ()) -> dict[str, list[str]]:
    """Return the fields in use by record set, with those that others use of the same sets.

    So a run of some entities asks for the same fields as one of all, and a source's changes go on from one to the next.
    """
    used: dict[str, dict[str, None]] = {}
    for query in queries:
        for set_name, fields in query.used.items():
            used.setdefault(set_name, {}).update(dict.fromkeys(fields))
    for query in others:
        for set_name in set(query.used) & set(used):
            used[set_name].update(dict.fromkeys(query.used[set_name]))
    return {name: list(fields) for name, fields in used.items()}


def _chosen(project: Project, school: School, only: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return what is made of the entities that are asked for, and all that are off, with the setting that says so."""
    for entity in only:
        require_entity(school, entity)
    wanted = [entity for entity in school.entities if not only or entity in only]
    mappings = {entity: project.mapping(school.source, entity, school) for entity in school.entities}
    values = project.values(school)
    off = {entity: each.when or "" for entity, each in mappings.items() if each.is_off(values)}
    if off.keys() >= set(wanted):
        entity, switch = wanted[0], off[wanted[0]]
        raise NotFoundError(
            f"'{entity}' is switched off in '{school.school}'", fix=f"set {switch} to true in the school file"
        )
    return [entity for entity in wanted if entity not in off], off


def require_entity(school: School, entity: str) -> None:
    """Stop where a school has no such entity."""
    if entity not in school.entities:
        fix = did_you_mean(entity, school.entities) or f"it has {', '.join(school.entities)}"
        raise NotFoundError(f"'{school.school}' has no entity '{entity}'", fix=fix)


def _problems(project: Project, school: School, entity: str, query: Query) -> list[Problem]:
    loaded = project.get("mapping", f"{school.source}/{entity}")
    assert loaded is not None
    return [problem_of(loaded.document, finding) for finding in query.findings]


def in_order(entities: list[str], refs: Mapping[str, set[str]]) -> list[str]:
    """Return entities so that each comes after those it refers to; in a circle the given order decides."""
    done: list[str] = []
    waiting = list(entities)
    while waiting:
        ready = [e for e in waiting if not (refs.get(e, set()) & set(waiting)) - {e}]
        chosen = ready[0] if ready else waiting[0]
        done.append(chosen)
        waiting.remove(chosen)
    return done


def source_of(project: Project, school: School) -> Source:
    """Return the school's source, with the school's own rates."""
    source = project.source(school.source)
    if school.connections is None:
        return source
    apis = {
        name: api.model_copy(update={"rates": api.rates.model_copy(update={"connections": school.connections})})
        for name, api in source.apis.items()
    }
    return source.model_copy(update={"apis": apis})


def world_of(
    project: Project,
    school: School,
    source: Source,
    entity: str,
    keys: Callable[[str], Keys | None] = lambda entity: None,
) -> World:
    """Return what an entity's mapping stands in."""
    lookups: dict[str, Lookup] = project.lookups(school.source)
    return World(source, project.schema(entity), lookups, project.setting_types(), keys, project.values(school))


def requests_for(source: Source, used: Mapping[str, Iterable[str]], school: School) -> list[Request]:
    """Return the requests that bring these record sets, in the order of the source document."""
    requests, used = [], with_parents(source, used)
    for name, endpoint in source.endpoints.items():
        sets = {
            set_name: [known for known in record_set.fields if known in set(used[set_name])]
            for set_name, record_set in endpoint.sets.items()
            if set_name in used
        }
        if sets:
            want = Want(name, {set_name: frozenset(fields) for set_name, fields in sets.items()})
            options = options_asked(endpoint, want)
            own = shares(endpoint, sets, keys_of(school, endpoint.per), source.apis[endpoint.api].methods)
            each = _each(endpoint)
            requests.append(Request(name, endpoint.path, options, sets, endpoint.method, own, each))
    return requests


def _each(endpoint: Endpoint) -> str:
    word = endpoint.for_each
    if word is None:
        return ""
    held = " and ".join(f"{name} is {' or '.join(texts)}" for name, texts in word.where.items())
    return f"each record of {word.set}" + (f" whose {held}" if held else "")
