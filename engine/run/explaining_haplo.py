"""What Haplo makes of one row: its record, the instructions that use it, and what they come to when interpreted here.

The row is written and interpreted as in a run, alone, in a folder that goes away again. Objects that it points to are
taken to be there. A home of DuckDB. Next: `run/explaining`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.haplo.compile import instruction_at, instructions_of_names
from engine.haplo.identity import code
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Entry, Outcome
from engine.haplo.outcome import Path as At
from engine.haplo.part import Emitted
from engine.haplo.target import data_types, object_type
from engine.kinds.types import TargetField, literal, parquet, quote
from engine.run.application import school_application
from engine.run.checking import receiving_case
from engine.run.dry_run import said_place
from engine.run.explained import InHaplo
from engine.run.leading import Leading
from engine.spec.project import Project
from engine.spec.school import School
from engine.sql import connect
from engine.stages.check import KNOWN, Receiver
from engine.stages.emit import emit


class OneRow:
    """One row as Haplo takes it. `left_out`: fields that no row of the run is sent with."""

    def __init__(
        self, project: Project, school: School, entity: str, home: Path, rows: Path, left_out: list[str], today: date
    ) -> None:
        self._project, self._school, self._entity = project, school, entity
        self._schema, self._binding = project.schema(entity), project.binding(entity)
        self._leading = Leading(project, school, entity)
        self._home, self._rows, self._left_out, self._today = home, rows, left_out, today
        application = school_application(project, school)
        self._types = data_types(application, self._binding.model) if application is not None else {}
        self.outcome = Outcome()
        self._entries: list[Entry] = []
        self._control: dict[str, Any] = {}
        self._instructions: dict[str, list[At]] = {}

    def interpret(self, key: str, row: Mapping[str, Any], entities: list[str]) -> None:
        """Write the row's files, and interpret them."""
        with TemporaryDirectory(dir=self._home, prefix="explain-") as name:
            emitted = self._emit(Path(name), key)
            self._control = json.loads(emitted.control.read_bytes())
            self._instructions = instructions_of_names(self._control, self._schema, self._binding, self._types)
            with Receiver(receiving_case(self._project, self._school, entities)) as receiver:
                for entity, keys in _references(self._schema.fields, row):
                    codes = [code(self._school.code_prefix, entity, each) for each in keys]
                    receiver.know(codes, object_type(self._project.binding(entity)))
                self.outcome = interpret(
                    self._control,
                    {part.name: part.path for part in emitted.parts},
                    receiver.application,
                    store=receiver.store(self._entity),
                    today=self._today,
                    on_commit=self._entries.append,
                )

    def names(self, field: str) -> Iterator[InHaplo]:
        """Yield the names of Haplo that a field fills."""
        for name, spot in self._leading.bound(field).items():
            paths = self._instructions.get(name, [])
            given = tuple((said_place(self._control, path), instruction_at(self._control, path)) for path in paths)
            yield InHaplo(name, spot.place, given, tuple(self._values(name)), tuple(self._messages(paths)))

    def messages(self) -> list[tuple[str, str]]:
        """Return all that Haplo would say of the record, each without the values that it is about, and whole."""
        found = [(each.summary, each.message) for each in self.outcome.findings]
        stop = self.outcome.exception
        return [*found, *([(stop.why, stop.message or stop.why)] if stop is not None else [])]

    def _emit(self, folder: Path, key: str) -> Emitted:
        one = folder / "row.parquet"
        with connect(folder, self._rows.parent) as database:
            row = f"FROM {parquet(self._rows)} WHERE {quote(self._schema.key)} = {literal(key)}"
            database.execute(f"COPY (SELECT * {row}) TO {literal(str(one.resolve()))} (FORMAT parquet)")
        around = (
            self._project.schemas(),
            self._binding,
            self._school.code_prefix,
            one,
            self._left_out,
            folder / "files",
        )
        return emit(self._schema, *around, data_types=self._types)

    def _values(self, name: str) -> Iterator[Any]:
        destination, inner = self._binding.place_of(name)
        for entry in self._entries:
            if entry["destination"] == destination or destination in ("profile", "object"):
                yield from map(_known, entry["values"].get(inner, ()))

    def _messages(self, paths: list[At]) -> Iterator[tuple[str, str]]:
        for finding in self.outcome.findings:
            if finding.path is not None and any(finding.path[: len(path)] == path for path in paths):
                yield finding.summary, finding.message


def _known(value: Any) -> Any:
    """Return a value; a reference to an object that is taken to be there is its code."""
    if isinstance(value, dict) and isinstance(value.get("ref"), str):
        return {**value, "ref": value["ref"].removeprefix(KNOWN)}
    return value


def _references(fields: Mapping[str, TargetField], row: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the entities that a row points to, each with the keys."""
    for name, spec in fields.items():
        yield from _pointed(spec, row.get(name))


def _pointed(spec: TargetField, value: Any) -> Iterator[tuple[str, list[str]]]:
    if value is None:
        return
    if spec.ref is not None:
        yield spec.ref, [str(value)]
    elif spec.of is not None:
        for item in value:
            yield from _pointed(spec.of, item)
    elif spec.fields is not None:
        yield from _references(spec.fields, value)
