"""What one version makes of landed records: rows, states, what is held back, and the objects that Haplo would have.

By the steps of a run, below a folder of its own; nothing is sent, and nothing is remembered. A home of pyarrow.
Next: `review/effect`, which compares two of these.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.errors import DeliveryError, EngineError, TransformError
from engine.haplo.application import BEHAVIOUR
from engine.haplo.identity import key_of
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Entry, Outcome
from engine.haplo.part import Emitted
from engine.kinds.types import literal, parquet, quote
from engine.run.checking import receiving_case
from engine.run.making import circumstances_of
from engine.run.plan import world_of
from engine.spec.binding import OBJECTS as OF_OBJECTS
from engine.spec.project import Project
from engine.spec.reference import Keys
from engine.spec.school import School
from engine.spec.source import Source
from engine.sql import connect
from engine.stages.check import Receiver
from engine.stages.emit import emit
from engine.stages.transform import STATES, SetRead, Transformed, transform

OBJECTS: Final = "objects"
GONE: Final = "gone_objects"


@dataclass(frozen=True)
class Landed:
    """Records as a version's documents land them, and the school that they are of; `notes`: what can't be told."""

    school: School
    source: Source
    entities: list[str]
    sets: Mapping[str, SetRead]
    today: date
    notes: list[str]


@dataclass
class Made:
    """What a version makes, entity by entity. `failed`: the error that an entity ended with."""

    project: Project
    folder: Path
    books: dict[str, Transformed] = field(default_factory=dict)
    failed: dict[str, EngineError] = field(default_factory=dict)
    messages: dict[str, Counter[str]] = field(default_factory=dict)
    """What Haplo would say, by entity: each message without values, and how often."""

    def file(self, kind: str, entity: str) -> Path:
        """Return one of the files of an entity."""
        return self.folder / kind / f"{entity}.parquet"


class Maker:
    """Makes all entities of a version; `gone`: also what becomes of the objects of rows that are gone."""

    def __init__(self, project: Project, landed: Landed, folder: Path, gone: frozenset[str] = frozenset()) -> None:
        self._project, self._landed, self._folder, self._gone = project, landed, folder, gone
        self._schemas = project.schemas()
        self.made = Made(project, folder)
        self._codes: dict[str, str] = {}

    def make(self) -> Made:
        """Make every entity, in the order of their references."""
        self._folder.mkdir(parents=True, exist_ok=True)
        bound = [each for each in self._landed.entities if self._project.get("binding", each) is not None]
        with Receiver(receiving_case(self._project, self._landed.school, bound)) as receiver:
            for entity in self._landed.entities:
                try:
                    self.made.books[entity] = self._rows(entity)
                    if entity in bound:
                        self._objects(entity, receiver)
                except (TransformError, DeliveryError) as error:
                    self.made.failed[entity] = error
        return self.made

    def _rows(self, entity: str) -> Transformed:
        school, source = self._landed.school, self._landed.source
        mapping = self._project.mapping(school.source, entity, school)
        world = world_of(self._project, school, source, entity, self._keys)
        circumstances = circumstances_of(self._project, school, self._landed.today)
        return transform(mapping, world, self._landed.sets, circumstances, self._folder)

    def _keys(self, entity: str) -> Keys | None:
        """Return the keys of an entity that is made already."""
        if entity not in self.made.books or entity in self.made.failed:
            return None
        rows, states = (parquet(self.made.file(kind, entity)) for kind in ("rows", STATES))
        there = f"SELECT key FROM {states} WHERE key IS NOT NULL AND state"
        lost = {f"reference-{state}": f"{there} = {literal(state)}" for state in ("filtered", "quarantined")}
        return Keys(f"SELECT DISTINCT {quote(self._schemas[entity].key)} FROM {rows}", lost)

    def _objects(self, entity: str, receiver: Receiver) -> None:
        """Let Haplo import the rows, and where that is to be seen, that all of them are gone."""
        objects = _Objects(entity, self._codes)
        said = self._import(entity, receiver, objects)
        self.made.messages[entity] = Counter({summary: count for (_, summary), count in said.counts.items()})
        self.made.messages[entity].update(said.control_errors)
        if said.exception is not None:
            self.made.messages[entity][f"the import stops: {said.exception.why}"] += 1
        objects.write(self.made.file(OBJECTS, entity))
        if entity in self._gone and self._project.binding(entity).removed is not None:
            after = _Objects(entity, self._codes)
            self._import(entity, receiver, after, gone=self._all_gone(entity))
            after.write(self.made.file(GONE, entity))

    def _all_gone(self, entity: str) -> Path:
        """Write the keys of all rows as those of rows that are gone; return their file."""
        file, key = self.made.file("gone", entity), quote(self._schemas[entity].key)
        file.parent.mkdir(exist_ok=True)
        with connect(self._folder) as database:
            rows = parquet(self.made.file("rows", entity))
            into = f"TO {literal(str(file.resolve()))} (FORMAT parquet)"
            database.execute(f"COPY (SELECT {key} FROM {rows}) {into}")
            nobody = self.made.file("nobody", entity)
            nobody.parent.mkdir(exist_ok=True)
            into = f"TO {literal(str(nobody.resolve()))} (FORMAT parquet)"
            database.execute(f"COPY (SELECT * FROM {rows} LIMIT 0) {into}")
        return file

    def _import(self, entity: str, receiver: Receiver, objects: _Objects, gone: Path | None = None) -> Outcome:
        rows = self.made.file("rows" if gone is None else "nobody", entity)
        emitted = self._emitted(entity, rows, gone)
        return interpret(
            json.loads(emitted.control.read_bytes()),
            {part.name: part.path for part in emitted.parts},
            receiver.application,
            keep_committed=False,
            on_commit=objects.keep,
            store=receiver.store(entity),
            today=self._landed.today,
        )

    def _emitted(self, entity: str, rows: Path, gone: Path | None) -> Emitted:
        mapped = self._project.mapping(self._landed.school.source, entity, self._landed.school).fields
        absent = [
            *self.made.books[entity].absent,
            *(each for each in self._schemas[entity].fields if each not in mapped),
        ]
        prefix, binding = self._landed.school.code_prefix, self._project.binding(entity)
        out = self._folder / ("files" if gone is None else "gone_files")
        return emit(self._schemas[entity], self._schemas, binding, prefix, rows, absent, out, gone=gone)


class _Objects:
    """Keeps what Haplo saves of one entity: an attribute of an object a line, references by codes.

    An object is known by its code; an account, and what belongs to it, by the user name of its record.
    """

    def __init__(self, entity: str, codes: dict[str, str]) -> None:
        self._entity, self._codes = entity, codes
        self._lines: dict[tuple[str | int, str], str] = {}
        self._names: dict[int, str] = {}

    def keep(self, entry: Entry) -> None:
        """Keep what is saved; of an object that is saved again, what it is then."""
        values, number, within = entry["values"], int(entry["record"]), str(entry["destination"])
        code = next((str(each["text"]) for each in values.get(BEHAVIOUR, ()) if isinstance(each, dict)), None)
        if code is not None:
            self._codes[f"{self._entity}/{entry.get('ref', '')}"] = code
        if "username" in values:
            self._names[number] = str(values["username"][0])
        for name, value in values.items():
            if name != BEHAVIOUR and value:
                whole = name if within in OF_OBJECTS else f"{within}/{name}"
                key = number if code is None else (key_of(code) or code)
                self._lines[key, whole] = json.dumps(self._by_codes(value), sort_keys=True, ensure_ascii=False)

    def _by_codes(self, value: Any) -> Any:
        """Return a value with codes in the place of references, whose numbers hang on what else is imported."""
        if isinstance(value, list):
            return [self._by_codes(each) for each in value]
        if isinstance(value, dict):
            return {name: self._by_codes(each) for name, each in value.items()}
        return self._codes.get(value, value) if isinstance(value, str) else value

    def write(self, file: Path) -> None:
        """Write the attributes as Parquet."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file.parent.mkdir(exist_ok=True)
        text = pa.string()
        keys = [key if isinstance(key, str) else self._names.get(key, f"record {key}") for key, _ in self._lines]
        columns = {
            "key": pa.array(keys, text),
            "name": pa.array([name for _, name in self._lines], text),
            "value": pa.array([*self._lines.values()], text),
        }
        pq.write_table(pa.table(columns), file)
