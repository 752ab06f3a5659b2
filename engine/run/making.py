"""The second half of a run: rows are made of record sets, and files of rows, entity by entity.

Entities come in the order of their references, so that a reference is kept only to a row that goes out too.
Next: `run/runner`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path

from engine.errors import EngineError, TransformError
from engine.haplo.part import Emitted, Part
from engine.haplo.target import data_types
from engine.journal import Journal
from engine.kinds.types import literal, quote
from engine.run.application import school_application
from engine.run.plan import Plan, settings_of, world_of
from engine.run.report import EntityReport, Report
from engine.spec.project import Project
from engine.spec.school import School
from engine.stages.emit import emit
from engine.stages.events import Event, Tell
from engine.stages.transform import Circumstances, ExpressionFailedError, SetRead, Transformed, transform


def circumstances_of(project: Project, school: School, today: date) -> Circumstances:
    """Return what a school's run brings to its mappings."""
    return Circumstances(today, school.school, school.time_zone, settings_of(project, school))


class Making:
    """Makes the rows and the files of a plan's entities; what the journal has is not made again."""

    def __init__(
        self, project: Project, plan: Plan, folder: Path, journal: Journal, today: date, tell: Tell, report: Report
    ) -> None:
        self.project, self.plan, self.folder, self.journal, self.today = project, plan, folder, journal, today
        self.school, self._tell, self._report = plan.school, tell, report

    def make(self, sets: Mapping[str, SetRead]) -> dict[str, Emitted]:
        """Return the files of every entity."""
        emitted = {}
        for entity in self.plan.entities:
            books = self._transformed(entity, sets)
            self._enter(books)
            emitted[entity] = self._emitted(entity, books)
            self._tell(Event("made", f"{entity}: {books.emitted:,} rows", entity, books.emitted, books.emitted))
        return emitted

    def _transformed(self, entity: str, sets: Mapping[str, SetRead]) -> Transformed:
        done = self.journal.get(f"transform:{entity}")
        if done is not None:
            return Transformed(**done)
        world = world_of(self.project, self.school, self.plan.source, entity, self._keys(entity))
        mapping = self.project.mapping(self.school.source, entity, self.school)
        circumstances = circumstances_of(self.project, self.school, self.today)
        try:
            books = transform(mapping, world, sets, circumstances, self.folder)
        except ExpressionFailedError as error:
            raise self._placed(error) from None
        self.journal.record(f"transform:{entity}", **asdict(books))
        return books

    def _keys(self, entity: str) -> Callable[[str], str | None]:
        """Return what gives the keys that a reference may hold: those of rows that go out in this run."""
        made = self.plan.entities[: self.plan.entities.index(entity)]

        def keys(other: str) -> str | None:
            if other not in made:
                return None
            file = self.folder / "rows" / f"{other}.parquet"
            key = quote(self.project.schema(other).key)
            return f"SELECT {key} FROM read_parquet({literal(str(file.resolve()))})"

        return keys

    def _placed(self, error: ExpressionFailedError) -> EngineError:
        """Return the error with the place of the SQL that failed."""
        loaded = self.project.get("mapping", f"{self.school.source}/{error.entity}")
        if loaded is not None and loaded.document.has(("fields", error.field, "sql")):
            error.what = f"{loaded.document.place(('fields', error.field, 'sql'))}: {error.what}"
        return error

    def _enter(self, books: Transformed) -> None:
        """Put an entity into the report; codes never seen are a failure where the school says so."""
        self._report.entities.append(EntityReport(**asdict(books)))
        self._report.notes += [f"{books.entity}.{said}: {count:,} records" for said, count in books.told.items()]
        self._report.notes += [f"{books.entity}.{name} was not sent: Haplo keeps what it has" for name in books.absent]
        if self.school.drift.unknown_code == "fail" and any(": code (" in said for said in books.told):
            raise TransformError(
                f"{books.entity}: codes came that no lookup knows",
                why="the school file says drift: {unknown_code: fail}",
                fix=f"look into quarantine/{books.entity}.parquet, and add them to the lookup",
                code="drift",
            )

    def _emitted(self, entity: str, books: Transformed) -> Emitted:
        done, out = self.journal.get(f"emit:{entity}"), self.folder / "files"
        if done is not None:
            parts = (Part(p["name"], out / p["path"], p["rows"], p["bytes"], p["sha256"]) for p in done["parts"])
            return Emitted(out / done["control"], tuple(parts), done["rows"])
        binding, schemas = self.project.binding(entity), self.project.schemas()
        application = school_application(self.project, self.school)
        types = data_types(application, binding.model) if application is not None else {}
        unmapped = [name for name in schemas[entity].fields if name not in self.plan.queries[entity].lineage]
        rows = self.folder / "rows" / f"{entity}.parquet"
        absent = [*books.absent, *unmapped]
        emitted = emit(schemas[entity], schemas, binding, self.school.code_prefix, rows, absent, out, data_types=types)
        parts_facts = [{**asdict(part), "path": part.path.name} for part in emitted.parts]
        self.journal.record(f"emit:{entity}", control=emitted.control.name, parts=parts_facts, rows=emitted.rows)
        return emitted
