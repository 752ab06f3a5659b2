"""The second half of a run: rows are made of record sets, and files of rows, entity by entity.

Entities come in the order of their references, so that a reference is kept only to a row that goes out too.
Next: `run/runner`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.errors import EngineError, TransformError
from engine.haplo.part import Emitted, Part
from engine.haplo.target import data_types
from engine.journal import Journal
from engine.run.application import school_application
from engine.run.comparing import Comparing
from engine.run.plan import Plan, world_of
from engine.run.report import EntityReport, Report
from engine.spec.project import Project
from engine.spec.school import School
from engine.stages.compare import GONE, SEND, Compared
from engine.stages.emit import emit
from engine.stages.events import Event, Tell
from engine.stages.transform import Circumstances, ExpressionFailedError, SetRead, Transformed, transform


def circumstances_of(project: Project, school: School, today: date) -> Circumstances:
    """Return what a school's run brings to its mappings."""
    return Circumstances(today, school.school, school.time_zone, project.values(school), school.title)


class Making:
    """Makes the rows and the files of a plan's entities; what the journal has is not made again."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        folder: Path,
        journal: Journal,
        today: date,
        comparing: Comparing,
        tell: Tell,
        report: Report,
    ) -> None:
        self.project, self.plan, self.folder, self.journal, self.today = project, plan, folder, journal, today
        self.school, self._comparing, self._tell, self._report = plan.school, comparing, tell, report
        self._books: dict[str, Transformed] = {}

    def rows(self, sets: Mapping[str, SetRead]) -> list[Compared]:
        """Make the rows of every entity, and return what became of them since they were last sent."""
        found = []
        self._report.notes += self.plan.said_off()
        for entity in self.plan.entities:
            complete = all(sets[name].complete for name in self.plan.queries[entity].used)
            books = self._books[entity] = self._transformed(entity, sets, complete=complete)
            compared = self._comparing.compare(books, self._absent(entity), complete=complete)
            self._enter(books, compared)
            found.append(compared)
            self._tell(Event("made", f"{entity}: {books.emitted:,} rows", entity, books.emitted, books.emitted))
        return found

    def ages(self, sets: Mapping[str, SetRead], now: datetime) -> dict[str, timedelta]:
        """Return how old the source says that an entity's data are, where it does: those of its oldest set."""
        found = {}
        for entity, query in self.plan.queries.items():
            times = [moment for name in query.used if (moment := sets[name].data_time) is not None]
            if times:
                found[entity] = now - min(times)
        return found

    def files(self) -> dict[str, Emitted]:
        """Return the files of every entity whose rows are made."""
        return {entity: self._emitted(entity) for entity in self._books}

    def _transformed(self, entity: str, sets: Mapping[str, SetRead], *, complete: bool) -> Transformed:
        done = self.journal.get(f"transform:{entity}")
        if done is not None:
            return Transformed(**done)
        world = world_of(self.project, self.school, self.plan.source, entity, self._comparing.keys)
        mapping = self.project.mapping(self.school.source, entity, self.school)
        circumstances = circumstances_of(self.project, self.school, self.today)
        remembered = self._comparing.remembered(entity, complete=complete)
        folders = self._comparing.folders()
        try:
            lost = self.plan.granted.lost.get(entity, frozenset())
            books = transform(
                mapping, world, sets, circumstances, self.folder, *folders, remembered=remembered, lost=lost
            )
        except ExpressionFailedError as error:
            raise self._placed(error) from None
        self.journal.record(f"transform:{entity}", **asdict(books))
        return books

    def _absent(self, entity: str) -> list[str]:
        """Return the fields of which nothing is known tonight: nobody maps them, or no answer carried them."""
        mapped = self.plan.queries[entity].lineage
        unmapped = [name for name in self.project.schema(entity).fields if name not in mapped]
        return [*self._books[entity].absent, *unmapped]

    def _left_out(self, entity: str) -> list[str]:
        """Return the fields that no row is sent with; what only some rows are sent with, the others withhold."""
        compared = self.journal.get(f"compare:{entity}") or {"counts": {}}
        restored = compared["counts"].get("restored", ())
        return [name for name in self._absent(entity) if name not in restored]

    def _placed(self, error: ExpressionFailedError) -> EngineError:
        """Return the error with the place of the SQL that failed."""
        loaded = self.project.get("mapping", f"{self.school.source}/{error.entity}")
        for word in ("fields", "known_by"):
            at = (word, error.field, "sql")
            if loaded is not None and loaded.document.has(at):
                error.what = f"{loaded.document.place(at)}: {error.what}"
                break
        return error

    def _enter(self, books: Transformed, compared: Compared) -> None:
        """Put an entity into the report; codes never seen are a failure where the school says so."""
        self._report.entities.append(EntityReport(**asdict(books)))
        self._report.changes[books.entity] = {
            name: count for name, count in asdict(compared).items() if isinstance(count, int)
        }
        self._report.notes += [f"{books.entity}.{said}: {count:,} records" for said, count in books.told.items()]
        self._report.notes += [f"{books.entity} {said}: {count:,} rows" for said, count in books.identity.items()]
        self._report.notes += [f"{books.entity}.{name} was not sent: Haplo keeps what it has" for name in books.absent]
        if self.school.drift.unknown_code == "fail" and any(": code (" in said for said in books.told):
            raise TransformError(
                f"{books.entity}: codes came that no lookup knows",
                why="the school file says drift: {unknown_code: fail}",
                fix=f"look into quarantine/{books.entity}.parquet, and add them to the lookup",
                code="drift",
            )

    def _emitted(self, entity: str) -> Emitted:
        done, out = self.journal.get(f"emit:{entity}"), self.folder / "files"
        if done is not None:
            return emitted_before(done, out)
        binding, schemas = self.project.binding(entity), self.project.schemas()
        application = school_application(self.project, self.school)
        types = data_types(application, binding.model) if application is not None else {}
        rows, gone = (self.folder / kind / f"{entity}.parquet" for kind in (SEND, GONE))
        emitted = emit(
            schemas[entity],
            schemas,
            binding,
            self.school.code_prefix,
            rows,
            self._left_out(entity),
            out,
            data_types=types,
            gone=gone if binding.removed is not None else None,
        )
        parts = [{**asdict(part), "path": part.path.name} for part in emitted.parts]
        facts = {"control": emitted.control.name, "parts": parts, "rows": emitted.rows, "gone": emitted.gone}
        self.journal.record(f"emit:{entity}", **facts)
        return emitted


def emitted_before(done: Mapping[str, Any], out: Path) -> Emitted:
    """Return the files that a run has made of an entity, as its journal has them, in the folder `out`."""
    parts = (Part(p["name"], out / p["path"], p["rows"], p["bytes"], p["sha256"]) for p in done["parts"])
    return Emitted(out / done["control"], tuple(parts), done["rows"], done.get("gone", 0))
