"""What tonight's rows are compared with, entity by entity, and what has changed on our side since they were sent.

A loss is the source's as long as we ask for the same records and make the same of them. What was sent to another
application, or under another prefix, was not sent. Next: `run/guarding`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from engine.haplo.compile import compile_control
from engine.haplo.record import keys
from engine.haplo.removed import fields_touched
from engine.haplo.target import data_types
from engine.journal import Journal
from engine.kinds.types import parquet, quote
from engine.run.application import school_application
from engine.run.plan import Plan
from engine.spec.binding import Binding
from engine.spec.project import Project
from engine.spec.reference import Keys
from engine.spec.schema import Schema
from engine.spec.school import Delivery, Folder
from engine.spec.settings import SettingValues, switch
from engine.stages.before import CHANGES, NEXT, Pair, write_next
from engine.stages.compare import Compared, Ours, Terms, compare
from engine.stages.identity import IDENTITIES, SAME, Remembered, other_keys
from engine.stages.transform import STATES, Transformed
from engine.stages.want import record_params
from engine.state import Sent

FULL_EVERY: Final = timedelta(days=7)
"""Everything is sent so often: Haplo gives no answer about a job, so what went wrong there heals by itself."""
_SETTING: Final = re.compile(r'settings"?\."?(\w+)"?\."?(\w+)')


@dataclass(frozen=True)
class Made:
    """What an entity's files are made by and for, as digests: when one differs, more than the data has changed."""

    receiver: str
    prefix: str
    control: str
    mapping: str
    request: str


@dataclass(frozen=True)
class Scope:
    """What a run covers. `full`: all rows are sent; `live`: what is sent is remembered."""

    now: datetime
    full: bool = False
    live: bool = False


class Comparing:
    """Compares the rows of a run's entities with those that were last sent, in the order of the plan."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        home: Path,
        folder: Path,
        journal: Journal,
        sent: Mapping[str, Sent],
        scope: Scope,
    ) -> None:
        self._project, self._plan, self._home, self._folder = project, plan, home, folder
        self._journal, self._sent, self._scope = journal, sent, scope
        self._schemas = project.schemas()
        self._school = plan.school
        self._complete = plan.whole

    def compare(self, books: Transformed, absent: Collection[str], *, complete: bool) -> Compared:
        """Compare an entity's rows; what the journal has is not compared again.

        `complete`: what is not in the sets that were read is gone at the source.
        """
        entity = books.entity
        done = self._journal.get(f"compare:{entity}")
        if done is not None:
            return Compared(**done["counts"])
        made = self.made(entity, books.absent)
        prior = self._prior(entity, made)
        pair = self._pair(entity, prior, absent)
        full = self._full(entity, made, prior)
        compared = compare(pair, self._terms(entity, made, prior, full=full, complete=complete))
        moved = self._sent.get(entity)
        if prior is None and moved is not None and moved.receiver == made.receiver:
            compared = replace(compared, rescoped=moved.rows, before=moved.rows)
        if self._scope.live:
            write_next(pair, self._targets(entity))
        facts = {"made": asdict(made), "full": full, "before": None if prior is None else prior.run}
        self._journal.record(f"compare:{entity}", counts=asdict(compared), **facts)
        return compared

    def remembered(self, entity: str, *, complete: bool) -> Remembered | None:
        """Return what is known of who an entity's rows are; None where they are known by the source's keys alone."""
        sent, to = self._sent.get(entity), receiver_of(self._school.deliver, entity)
        if sent is not None and (sent.receiver, sent.prefix) != (to, self._school.code_prefix):
            sent = None
        known = None if sent is None else self._home / identities_of(sent.file)
        known = known if known is not None and known.exists() else None
        if known is None and not self._project.mapping(self._school.source, entity, self._school).known_by:
            return None
        rows = None if sent is None else self._home / sent.file
        return Remembered(self._folder.name, rows, known, merges=self._complete and complete)

    def sent_before(self, entity: str) -> Path | None:
        """Return the file of what was last sent of an entity, if anything was."""
        sent = self._sent.get(entity)
        return None if sent is None else self._home / sent.file

    def known(self) -> dict[str, Path]:
        """Return the files of all that the receiver has from earlier runs, by entity."""
        to = {entity: receiver_of(self._school.deliver, entity) for entity in self._sent}
        here = {entity: sent for entity, sent in self._sent.items() if sent.receiver == to[entity]}
        return {
            entity: self._home / sent.file
            for entity, sent in here.items()
            if sent.prefix == self._school.code_prefix and not self._project.binding(entity).of_accounts
        }

    def keys(self, entity: str) -> Keys | None:
        """Return the keys that a reference may hold, and why not others; None where nothing is known of the entity."""
        if self._journal.get(f"compare:{entity}") is not None:
            return keys_of_run(self._folder, entity)
        sent = self._sent.get(entity)
        if sent is not None:
            place = f"SELECT {quote(self._schemas[entity].key)} FROM {parquet(self._home / sent.file)} WHERE _state"
            known = self._home / identities_of(sent.file)
            pairs = other_keys(self._schemas[entity], known) if known.exists() else None
            return Keys(f"{place} = 'current'", {"reference-gone": f"{place} = 'gone'"}, pairs)
        return Keys("SELECT NULL::VARCHAR LIMIT 0") if self._scope.live else None

    def folders(self) -> list[Path]:
        """Return the folders in which `keys` are read."""
        return sorted({(self._home / sent.file).parent for sent in self._sent.values()})

    def made(self, entity: str, absent: Collection[str]) -> Made:
        """Return what an entity's files are made by and for."""
        binding = self._project.binding(entity)
        application = school_application(self._project, self._school)
        types = data_types(application, binding.model) if application is not None else {}
        control = compile_control(self._schemas[entity], self._schemas, binding, types)
        return Made(
            receiver=receiver_of(self._school.deliver, entity),
            prefix=self._school.code_prefix,
            control=_sha({**control, "files": None}),
            mapping=_sha([*self._meaning(entity), sorted(absent)]),
            request=_sha(self._asked(entity)),
        )

    def _meaning(self, entity: str) -> list[Any]:
        """Return what makes rows of records: the statement, and what it looks into."""
        query = self._plan.queries[entity]
        lookups = self._project.lookups(self._school.source)
        settings = self._project.values(self._school)
        used = sorted(set(_SETTING.findall(query.sql)))
        values = [[group, name, settings.get(group, {}).get(name)] for group, name in used]
        return [query.sql, [lookups[name].model_dump(mode="json") for name in query.lookups], values]

    def _asked(self, entity: str) -> list[Any]:
        """Return what decides which records come: whom we ask, and for what."""
        source, used = self._plan.source, set(self._plan.queries[entity].used)
        plain = {name: value for name, value in self._school.config.items() if isinstance(value, str | int)}
        wants = [want for want in self._plan.all_wants() if used & set(want.sets)]
        asked = [
            [source.endpoints[want.endpoint].get, record_params(source, want), source.endpoints[want.endpoint].api]
            for want in wants
        ]
        return [self._school.source, plain, sorted(asked, key=json.dumps)]

    def _prior(self, entity: str, made: Made) -> Sent | None:
        """Return what was last sent, where it went to the same objects of the same application."""
        sent = self._sent.get(entity)
        if sent is None or (sent.receiver, sent.prefix) != (made.receiver, made.prefix):
            return None
        return sent

    def _full(self, entity: str, made: Made, prior: Sent | None) -> bool:
        if self._scope.full or prior is None or self._project.binding(entity).of_accounts:
            return True
        return prior.control != made.control or self._scope.now - prior.full_at >= FULL_EVERY

    def _terms(self, entity: str, made: Made, prior: Sent | None, *, full: bool, complete: bool) -> Terms:
        binding = self._project.binding(entity)
        ours: Ours = "nothing"
        if prior is not None and prior.request != made.request:
            ours = "request"
        elif prior is not None and prior.mapping != made.mapping:
            ours = "mapping"
        return Terms(
            full=full,
            complete=self._complete and complete and not stays(binding, self._project.values(self._school)),
            removes=binding.removed is not None,
            holds=binding.of_accounts,
            ours=ours,
        )

    def _pair(self, entity: str, prior: Sent | None, absent: Collection[str]) -> Pair:
        sent = None if prior is None else self._home / prior.file
        return pair_of(self._schemas[entity], self._project.binding(entity), self._folder, sent, absent)

    def _targets(self, entity: str) -> dict[str, Path]:
        """Return what became of the entities that came before this one."""
        before = self._plan.entities[: self._plan.entities.index(entity)]
        return {other: self._folder / CHANGES / f"{other}.parquet" for other in before}


def pair_of(schema: Schema, binding: Binding, folder: Path, sent: Path | None, absent: Collection[str]) -> Pair:
    """Return an entity on two nights: tonight's rows are below the run's folder, `sent` are those of before."""
    told = {name for key in keys(schema, binding) for name in key.fields}
    known = identities_file(folder, schema.schema_)
    lacking = [name for name in absent if name in told]
    merged = known if known.exists() else None
    return Pair(schema, sorted(told), folder, sent, lacking, fields_touched(schema, binding), merged)


def stays(binding: Binding, values: SettingValues) -> bool:
    """Say whether rows that are gone stay as they are, by a setting of the school."""
    return (
        binding.removed is not None
        and binding.removed.unless is not None
        and (switch(values, binding.removed.unless) is True)
    )


def keys_of_run(folder: Path, entity: str) -> Keys:
    """Return the keys that a reference to an entity may hold, by what a run has made of its rows."""
    changes, states = (parquet(folder / kind / f"{entity}.parquet") for kind in (CHANGES, STATES))
    good = "'new', 'changed', 'returned', 'unchanged', 'held', 'kept'"
    there = f"SELECT key FROM {states} WHERE key IS NOT NULL AND state"
    lost = {
        "reference-filtered": f"{there} = 'filtered'",
        "reference-quarantined": f"{there} = 'quarantined'",
        "reference-gone": f"SELECT key FROM {changes} WHERE change IN ('gone', 'rescoped', 'past')",
    }
    same = folder / SAME / f"{entity}.parquet"
    pairs = f"SELECT own, key FROM {parquet(same)}" if same.exists() else None
    return Keys(f"SELECT key FROM {changes} WHERE change IN ({good})", lost, pairs)


def receiver_of(deliver: Delivery | None, entity: str) -> str:
    """Return what tells the receiver of an entity's files from others; empty where nobody imports them."""
    if deliver is None or isinstance(deliver, Folder):
        return ""
    kinds: Mapping[str, str] = getattr(deliver, "kinds", {})
    return f"{deliver.kind} {deliver.url.rstrip('/')} {kinds.get(entity, entity)}"


def sent_file(entity: str, run: str) -> str:
    """Return where the rows of a run are kept once they are sent, seen from the school's folder."""
    return f"sent/{entity}/{run}.parquet"


def identities_of(sent: str) -> str:
    """Return where it is kept who the rows of a file of sent rows are, if more is known of them than their keys."""
    return str(Path(sent).with_suffix(".identities.parquet"))


def identities_file(folder: Path, entity: str) -> Path:
    """Return the file of what a run will have known of who an entity's rows are, if it is known."""
    return folder / IDENTITIES / f"{entity}.parquet"


def next_file(folder: Path, entity: str) -> Path:
    """Return the file of what a run will have sent."""
    return folder / NEXT / f"{entity}.parquet"


def _sha(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:32]
