"""What the scopes that a source grants make of a plan: what is not asked for, and what is left alone in Haplo.

Asks nobody. A field that is not granted is absent, never null; an entity is left alone whole where its rows, or what
decides over them, stand in what is not granted. Next: `run/inquiry`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from engine.errors import SourceRefused
from engine.kinds.scope import Scope, opens, said
from engine.run.making import circumstances_of
from engine.run.plan import Granted, LeftAlone, Plan, Request, fields_used, requests_for, world_of
from engine.spec.asking import ancestors
from engine.spec.project import Project
from engine.spec.query import Query, build
from engine.spec.relation import Reading, Use
from engine.spec.source import Source
from engine.stages.transform import undecided
from engine.state import Consented

Scopes = Mapping[str, Collection[str]]
"""The names of what is granted, by api; an api that does not tell is not there, and opens everything."""


@dataclass(frozen=True)
class Before:
    """What was granted before, by api: at the end of the last complete run, and what was lost until then by entity."""

    consents: Mapping[str, Consented]
    accepted: Collection[str] = ()
    """Entities of which somebody has said that what was lost may go."""

    def newly_lost(self, granted: Scopes) -> dict[str, list[str]]:
        """Return the scopes that were granted at the last run and are not any more, by api."""
        found = {}
        for api, names in granted.items():
            before, now = self.consents.get(api), _small(names)
            gone = [name for name in (() if before is None else before.scopes) if name.lower() not in now]
            if gone:
                found[api] = gone
        return found

    def lost(self, granted: Scopes, entity: str) -> dict[str, list[str]]:
        """Return the scopes that are lost to an entity, by api: those taken back now, or before and not accepted."""
        if entity in self.accepted:
            return {}
        newly = self.newly_lost(granted)
        found = {}
        for api, names in granted.items():
            known = self.consents.get(api)
            old = [] if known is None else known.lost.get(entity, [])
            still = [name for name in old if name.lower() not in _small(names)]
            found[api] = list(dict.fromkeys([*still, *newly.get(api, [])]))
        return {api: names for api, names in found.items() if names}


def _small(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


class Closing:
    """Which sets and fields of a source some scopes do not open, and what would."""

    def __init__(self, source: Source, granted: Scopes) -> None:
        self._source = source
        self._granted = {api: _small(names) for api, names in granted.items()}
        self.sets: dict[str, str] = {}
        self.fields: dict[Use, str] = {}
        for endpoint_name, set_name, record_set in source.sets():
            endpoint = source.endpoints[endpoint_name]
            if not self._opens(endpoint.api, record_set.scope):
                self.sets[set_name] = said(record_set.scope)
            for name, spec in record_set.fields.items():
                if not self._opens(endpoint.api, spec.scope):
                    self.fields[set_name, name] = said(spec.scope)
        for endpoint_name, set_name, _ in source.sets():
            for parent in ancestors(source, source.endpoints[endpoint_name]):
                if parent in self.sets:
                    self.sets.setdefault(set_name, self.sets[parent])

    def _opens(self, api: str, scope: Scope | None) -> bool:
        granted = self._granted.get(api)
        return granted is None or opens(scope, granted)

    def of(self, use: Use) -> str:
        """Return what would open a field, in words; '' where it is open."""
        return " and ".join(dict.fromkeys(text for text in (self.sets.get(use[0]), self.fields.get(use)) if text))

    def present(self) -> dict[str, frozenset[str]]:
        """Return the fields that may come, by set."""
        return {
            name: frozenset(each for each in record_set.fields if not self.of((name, each)))
            for _, name, record_set in self._source.sets()
        }


def narrow(
    project: Project, plan: Plan, granted: Scopes, before: Before, today: date, folder: Path, *, strict: bool = True
) -> Plan:
    """Return a plan that asks for what is granted only; stops, where `strict`, if nothing is left of it."""
    if not granted:
        return plan
    closing = Closing(plan.source, granted)
    left: list[LeftAlone] = []
    lost: dict[str, frozenset[Use]] = {}
    for entity in plan.entities:
        lost[entity] = frozenset(_lost(plan, closing, granted, before, entity))
        left += _Look(project, plan, closing, lost[entity], today, folder).left(entity)
    skipped = {each.entity for each in left if not each.field}
    entities = [entity for entity in plan.entities if entity not in skipped]
    if plan.entities and not entities and strict:
        raise _nothing_granted(left)
    look = _Look(project, plan, closing, frozenset(), today, folder)
    others = {name: query for name, query in plan.others.items() if all(each.field for each in look.left(name))}
    queries = {entity: plan.queries[entity] for entity in entities}
    requests, closed, withheld = _requests(plan, closing, queries.values(), others.values())
    narrowed = Granted(requests, closed, withheld, left, lost, closing.present())
    return replace(plan, entities=entities, queries=queries, others=others, granted=narrowed)


def _lost(plan: Plan, closing: Closing, granted: Scopes, before: Before, entity: str) -> Iterator[Use]:
    """Yield the fields that were open to an entity when it was last sent, and are not any more."""
    gone = before.lost(granted, entity)
    if not gone:
        return
    then = Closing(plan.source, {api: [*names, *gone.get(api, [])] for api, names in granted.items()})
    for set_name, fields in plan.queries[entity].used.items():
        yield from (
            (set_name, each) for each in fields if closing.of((set_name, each)) and not then.of((set_name, each))
        )


def _requests(
    plan: Plan, closing: Closing, queries: Iterable[Query], others: Iterable[Query]
) -> tuple[list[Request], dict[str, list[str]], dict[str, frozenset[str]]]:
    """Return the requests that bring what is open to these entities, the sets that are not, and fields left out."""
    used = fields_used(queries, others)
    closed = {name: fields for name, fields in used.items() if name in closing.sets}
    opened = {name: fields for name, fields in used.items() if name not in closing.sets}
    withheld = {
        name: shut for name, fields in opened.items() if (shut := frozenset(f for f in fields if closing.of((name, f))))
    }
    return requests_for(plan.source, opened, plan.school), closed, withheld


class _Look:
    """Looks at entities as they would be made of what is open."""

    def __init__(
        self, project: Project, plan: Plan, closing: Closing, lost: frozenset[Use], today: date, folder: Path
    ) -> None:
        self._project, self._plan, self._closing, self._lost = project, plan, closing, lost
        self._today, self._folder = today, folder

    def left(self, entity: str) -> Iterator[LeftAlone]:
        """Yield what is left alone of an entity: all of it, or some of its fields."""
        plan, school = self._plan, self._plan.school
        world = world_of(self._project, school, plan.source, entity)
        present = self._closing.present()
        mapping = self._project.mapping(school.source, entity, school)
        query = build(mapping, world, Reading(plan.source.formats, lambda name: name, present, self._lost))
        closed = [name for name in query.sets if name in self._closing.sets]
        if closed:
            scope = " and ".join(dict.fromkeys(self._closing.sets[name] for name in closed))
            yield LeftAlone(entity, "", tuple(closed), scope, self._is_lost(closed))
            return
        needed = [name for name, target in world.schema.fields.items() if target.required or name == world.schema.key]
        circumstances = circumstances_of(self._project, school, self._today)
        if undecided(world, query, circumstances, self._folder):
            yield self._whole(entity, self._behind_rules(query))
        elif any(name in query.absent for name in needed):
            uses = [use for name in needed if name in query.absent for use in query.lineage[name]]
            yield self._whole(entity, uses)
        else:
            yield from self._fields(entity, query)

    def _behind_rules(self, query: Query) -> list[Use]:
        """Return what is closed of what decides over rows: whole sets, else fields that no value is made of."""
        used = [(name, each) for name, fields in query.used.items() for each in fields]
        shut, mapped = [use for use in used if self._closing.of(use)], {*chain(*query.lineage.values())}
        of_sets = [use for use in shut if use[0] in self._closing.sets]
        return of_sets or [use for use in shut if use not in mapped] or shut

    def _whole(self, entity: str, uses: Collection[Use]) -> LeftAlone:
        shut = [use for use in uses if self._closing.of(use)]
        return LeftAlone(entity, "", self._because(shut), self._scope(shut), any(use in self._lost for use in shut))

    def _fields(self, entity: str, query: Query) -> Iterator[LeftAlone]:
        for name, uses in query.lineage.items():
            shut = [use for use in uses if self._closing.of(use)]
            if name in query.absent and shut:
                lost = any(use in self._lost for use in shut)
                yield LeftAlone(entity, name, self._because(shut), self._scope(shut), lost)
            elif name in query.incomplete:
                gone = [use for use in shut if use in self._lost]
                yield LeftAlone(entity, name, self._because(gone), self._scope(gone), lost=True)

    def _because(self, uses: Collection[Use]) -> tuple[str, ...]:
        sets = self._closing.sets
        return tuple(dict.fromkeys(name if name in sets else f"{name}.{each}" for name, each in uses))

    def _scope(self, uses: Collection[Use]) -> str:
        return ", ".join(dict.fromkeys(self._closing.of(use) for use in uses))

    def _is_lost(self, sets: Collection[str]) -> bool:
        return any(name in sets for name, _ in self._lost)


def _nothing_granted(left: Collection[LeftAlone]) -> SourceRefused:
    scopes = ", ".join(dict.fromkeys(each.scope for each in left if each.scope))
    return SourceRefused(
        "the school has not granted us what the entities of this run need",
        why=f"what is missing: {scopes}",
        fix="ask the school for these scopes, or take the entities out of the school file; "
        "Haplo keeps what it has meanwhile",
    )


def told(left: Collection[LeftAlone]) -> list[str]:
    """Return what is left alone in sentences, one for each scope that would open it; what was lost apart."""
    groups: dict[tuple[bool, str], list[str]] = {}
    for each in left:
        groups.setdefault((each.lost, each.scope), []).append(str(each))
    return [
        f"{'taken back' if lost else 'not granted'}: {scope}; left alone in Haplo: {', '.join(names)}"
        for (lost, scope), names in sorted(groups.items(), key=lambda group: not group[0][0])
    ]


def remembered(plan: Plan, granted: Scopes, before: Before, now: datetime, run: str) -> list[Consented]:
    """Return what the state keeps of what was granted, once a run is complete."""
    lost: dict[str, dict[str, list[str]]] = {}
    for entity in plan.school.entities:
        for api, names in before.lost(granted, entity).items():
            lost.setdefault(api, {})[entity] = names
    return [Consented(api, tuple(sorted(names)), lost.get(api, {}), now, run) for api, names in granted.items()]
