"""One test of a mapping, carried out by the steps of a run: land, transform, compare, emit, interpret.

A home of DuckDB. Next: `run/judging`, which compares what comes of it with what is expected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import DeliveryError, EngineError, TransformError
from engine.haplo.application import BEHAVIOUR
from engine.haplo.identity import code, key_of
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Entry, Outcome
from engine.haplo.target import derived_application, object_type
from engine.kinds.types import literal, parquet, quote
from engine.run.comparing import pair_of, stays
from engine.run.recorded import land_recorded
from engine.run.recording import Recording, RecordingError, read_recording
from engine.spec.binding import Binding
from engine.spec.expected import value_of
from engine.spec.load import Loaded
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.mapping import Table
from engine.spec.project import Project
from engine.spec.query import World
from engine.spec.reference import Keys
from engine.spec.source import RecordSet
from engine.spec.tabled import Row, items, rows_at
from engine.spec.tests_of import Case
from engine.sql import connect, dicts
from engine.stages.before import CHANGES
from engine.stages.check import Receiver
from engine.stages.compare import GONE, SEND, Terms, compare
from engine.stages.emit import emit
from engine.stages.given import write_identities, write_records, write_sent
from engine.stages.identity import Remembered
from engine.stages.transform import STATES, Circumstances, SetRead, Transformed, transform

if TYPE_CHECKING:
    import duckdb

TODAY: Final = date(2026, 9, 1)
"""The day of a test that does not name one: never that of the clock, or a test would not be the same tomorrow."""
Route = tuple[str | int, ...]


@dataclass(frozen=True)
class Bench:
    """What all tests of a mapping stand in."""

    project: Project
    source_name: str
    entity: str

    @cached_property
    def loaded(self) -> Loaded:
        found = self.project.get("mapping", f"{self.source_name}/{self.entity}")
        assert found is not None, "the check of the documents has found it"
        return found

    @cached_property
    def mapping(self) -> MappingDocument:
        return self.project.mapping(self.source_name, self.entity)

    @cached_property
    def binding(self) -> Binding:
        return self.project.binding(self.entity)

    @cached_property
    def world(self) -> World:
        project, source = self.project, self.project.source(self.source_name)
        return World(source, project.schema(self.entity), project.lookups(self.source_name), project.setting_types())

    @cached_property
    def sets(self) -> dict[str, RecordSet]:
        """Every record set that the mapping names, in its tables too that nothing uses."""
        steps: list[MappingDocument | Table] = [self.mapping, *self.mapping.tables.values()]
        values = [value for step in steps for value in step.fields.values()]
        named = [name for step in steps for name in step.from_.sets]
        named += [join.set for step in steps for join in step.join.values()]
        named += [value.collect for value in values if value.collect is not None]
        found = (name for name in dict.fromkeys(named) if name not in self.mapping.tables)
        return {name: self.world.source.find(name)[2] for name in found}


@dataclass(frozen=True)
class Trial:
    """A test in its document: `case` has what the document gives to all, `path` is where it stands."""

    bench: Bench
    loaded: Loaded
    path: Route
    case: Case

    def rows(self, *path: str | int) -> list[Row]:
        """Return rows that are written at a path of the test, or at the same path of the document."""
        document, home = self.loaded.document, self.loaded.home.parent
        own = (*self.path, *path)
        return rows_at(document, own if document.has(own) else path, home)

    def values(self, rows: list[Row]) -> list[dict[str, Any]]:
        """Return rows of the entity as values of its fields' types."""
        fields = self.bench.world.schema.fields
        return [
            {
                name: value_of(items(cell.value, row) if fields[name].type == "list" else cell.value, fields[name])
                for name, cell in row.cells.items()
            }
            for row in rows
        ]

    @cached_property
    def recording(self) -> Recording | None:
        """The recording whose records come; raises `RecordingError`."""
        folder = self.case.recorded
        return None if folder is None else read_recording(Path(normpath(self.loaded.home.parent / folder)))

    @property
    def today(self) -> date:
        if self.case.today:
            return date.fromisoformat(self.case.today)
        return TODAY if self.recording is None else self.recording.today


@dataclass
class Tried:
    """What came of a test. `off`: the settings switch the entity off; `failed`: what ended it."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    """Of each record its set, its key, its state, and the rule."""
    marks: list[tuple[str, str, str | None, str, str]] = field(default_factory=list)
    """What was held back or left out: set, key of the record, target field, rule, level."""
    changes: dict[str, list[str]] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    """Of each row that is changed, the fields in which it is."""
    objects: dict[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    """What Haplo says of the records."""
    books: Transformed | None = None
    off: str = ""
    failed: EngineError | None = None


class Trying:
    """Carries out one test below a folder of its own."""

    def __init__(self, trial: Trial, folder: Path) -> None:
        self.trial, self.folder, self.bench, self.case = trial, folder, trial.bench, trial.case
        self.settings = self.bench.project.settled(self.case.settings)
        known = dict(self.case.known)
        self.world = replace(
            self.bench.world,
            keys=lambda entity: _keys(known[entity]) if entity in known else None,
            values=self.settings,
        )
        self.sets: dict[str, SetRead] = {}
        self.absent: list[str] = []

    def tried(self) -> Tried:
        """Carry it out; what ends a run ends the test, and is told."""
        found, mapping = Tried(), self.bench.mapping
        self.folder.mkdir(parents=True, exist_ok=True)
        if mapping.is_off(self.settings):
            found.off = mapping.when or ""
            return found
        try:
            self._land()
            found.books = self._transform()
            with self.database() as database:
                self._read(database, found)
            self._follow(found)
        except (TransformError, DeliveryError, RecordingError) as error:
            found.failed = error
        return found

    @property
    def circumstances(self) -> Circumstances:
        case = self.case
        return Circumstances(self.trial.today, case.school, case.time_zone, self.settings, case.title)

    def database(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Lend a database that sees the test's folder."""
        return connect(self.folder)

    def _land(self) -> None:
        (self.folder / "sets").mkdir(exist_ok=True)
        landed = self._land_recorded()
        for name, record_set in self.bench.sets.items():
            lacking = set(self.case.absent.get(name, ()))
            if name in landed and name not in self.case.given:
                self.sets[name] = replace(landed[name], present=landed[name].present - lacking)
                continue
            written = self.trial.rows("given", name) if name in self.case.given else []
            records = [_record(row, record_set) for row in written]
            file = self.folder / "sets" / f"{name}.parquet"
            write_records(file, list(record_set.fields), records)
            self.sets[name] = SetRead(file, len(records), frozenset(record_set.fields) - lacking)

    def _land_recorded(self) -> Mapping[str, SetRead]:
        """Land what the mapping needs of a recording, if the test names one."""
        recording, project = self.trial.recording, self.bench.project
        if recording is None:
            return {}
        own = {"source": self.bench.source_name, "entities": [self.bench.entity], "settings": self.case.settings}
        school = recording.school(project).model_copy(update={**own, "override": {}})
        return land_recorded(project, school, recording, self.folder).sets

    def _transform(self) -> Transformed:
        remembered = Remembered("test", self._sent, self._identities()) if self.bench.mapping.known_by else None
        books = transform(
            self.bench.mapping, self.world, self.sets, self.circumstances, self.folder, remembered=remembered
        )
        unmapped = [name for name in self.world.schema.fields if name not in self.bench.mapping.fields]
        self.absent = [*books.absent, *unmapped]
        return books

    @cached_property
    def _sent(self) -> Path | None:
        """The file of what was sent before, written when it is first asked for; None where nothing was."""
        if not self._before:
            return None
        file = self.folder / "sent" / self.bench.entity / "before.parquet"
        write_sent(file, self.world.schema, self._before)
        return file

    def _identities(self) -> Path | None:
        """Write by which natural keys the rows were known that were sent before, if the test says so."""
        if self.case.sent is None or not self.case.sent.known_by:
            return None
        file = self.folder / "sent" / self.bench.entity / "before.identities.parquet"
        write_identities(file, self._sent_keys(), self.case.sent.known_by, self.world.schema.key)
        return file

    @cached_property
    def _before(self) -> list[tuple[dict[str, Any], str]]:
        """The rows that were sent before, each with its state."""
        fields = self.bench.mapping.fields.items()
        blank: dict[str, Any] = {name: [] for name, value in fields if value.collect is not None}
        return [
            ({**blank, **row}, state)
            for state in ("current", "gone")
            if getattr(self.case.sent, state, [])
            for row in self.trial.values(self.trial.rows("sent", state))
        ]

    def _read(self, database: duckdb.DuckDBPyConnection, found: Tried) -> None:
        key = self.world.schema.key
        found.rows = {row[key]: row for row in dicts(database.execute(f"FROM {self._file('rows')}"))}
        states = f"SELECT set, source_key, state, rule FROM {self._file(STATES)}"
        found.states = database.execute(states).fetchall()
        marks = f"SELECT set, source_key, field, rule, level FROM {self._file('quarantine')}"
        found.marks = database.execute(marks).fetchall()

    def _file(self, kind: str) -> str:
        return parquet(self.folder / kind / f"{self.bench.entity}.parquet")

    def _follow(self, found: Tried) -> None:
        """Compare with what was sent, emit and interpret, as far as the test asks for it."""
        expect = self.case.expect
        if self.case.sent is None and expect.changes is None and expect.objects is None:
            return
        binding, schema = self.bench.binding, self.world.schema
        pair = pair_of(schema, binding, self.folder, self._sent, self.absent)
        complete = not stays(binding, self.settings)
        removes, holds = binding.removed is not None, binding.of_accounts
        compared = compare(pair, Terms(full=False, complete=complete, removes=removes, holds=holds))
        with self.database() as database:
            changes = f"SELECT change, list(key ORDER BY key) FROM {self._file(CHANGES)} GROUP BY ALL"
            found.changes = dict(database.execute(changes).fetchall())
            fields = f"SELECT key, fields FROM {self._file(CHANGES)} WHERE change = 'changed'"
            found.changed = dict(database.execute(fields).fetchall())
        if expect.objects is not None:
            self._interpret(found, [name for name in self.absent if name not in compared.restored])

    def _interpret(self, found: Tried, absent: list[str]) -> None:
        """Let Haplo import what was sent before, then what is sent now; keep what it saves of the second."""
        bench, binding = self.bench, self.bench.binding
        others = [bench.project.binding(entity) for entity in self.case.known]
        application = derived_application([binding, *others], bench.project.schemas())
        with Receiver(application) as receiver:
            self._know(receiver, {bench.entity: self._sent_keys(), **self.case.known})
            if self._sent is not None:
                self._import(receiver, "before", self._as_rows(self._sent), [])
            rows, gone = (self.folder / kind / f"{bench.entity}.parquet" for kind in (SEND, GONE))
            told = gone if binding.removed is not None else None
            outcome = self._import(receiver, "files", rows, absent, told, lambda entry: _keep(found, entry))
        stop = outcome.exception
        found.messages = [*outcome.control_errors, *outcome.errors, *([stop.why] if stop is not None else [])]

    def _import(
        self,
        receiver: Receiver,
        name: str,
        rows: Path,
        absent: list[str],
        gone: Path | None = None,
        keep: Callable[[Entry], None] = lambda entry: None,
    ) -> Outcome:
        schemas, school = self.bench.project.schemas(), self.case.school
        out = self.folder / name
        emitted = emit(self.world.schema, schemas, self.bench.binding, school, rows, absent, out, gone=gone)
        return interpret(
            json.loads(emitted.control.read_bytes()),
            {part.name: part.path for part in emitted.parts},
            receiver.application,
            keep_committed=False,
            on_commit=keep,
            store=receiver.store(f"{self.bench.entity} {name}"),
            today=self.trial.today,
        )

    def _as_rows(self, sent: Path) -> Path:
        """Write the rows that were sent, and not gone since, as a run has rows that it sends."""
        file = self.folder / "earlier" / f"{self.bench.entity}.parquet"
        file.parent.mkdir()
        fields = ", ".join(quote(name) for name in self.world.schema.fields)
        rows = f"SELECT {fields}, []::VARCHAR[] AS _withheld FROM {parquet(sent)}"
        with self.database() as database:
            into = f"TO {literal(str(file.resolve()))} (FORMAT parquet)"
            database.execute(f"COPY ({rows} WHERE _state = 'current') {into}")
        return file

    def _sent_keys(self) -> list[str]:
        return [row[self.world.schema.key] for row, _ in self._before]

    def _know(self, receiver: Receiver, keys: Mapping[str, list[str]]) -> None:
        for entity, known in keys.items():
            codes = [code(self.case.school, entity, key) for key in known]
            receiver.know(codes, object_type(self.bench.project.binding(entity)))


def _keys(known: list[str]) -> Keys:
    return Keys(f"SELECT unnest({literal(list(dict.fromkeys(known)))}::VARCHAR[])")


def _record(row: Row, record_set: RecordSet) -> dict[str, str | None]:
    """Return a record as it lands: a list as its source writes it."""
    return {name: _text(cell.value, record_set, name) for name, cell in row.cells.items()}


def _text(value: Any, record_set: RecordSet, name: str) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        between = record_set.fields[name].split
        return json.dumps(value, ensure_ascii=False) if between is None else between.join(value)
    return None if value is None else str(value)


def _keep(found: Tried, entry: Entry) -> None:
    """Keep what Haplo saves of a row, by the row's key."""
    values = entry["values"]
    codes = [value.get("text") for value in values.get(BEHAVIOUR, ()) if isinstance(value, dict)]
    key = key_of(codes[0]) if codes and codes[0] else None
    found.objects[key or str(entry.get("ref", ""))] = values
