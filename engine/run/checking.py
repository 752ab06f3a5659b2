"""The step of a run that interprets what was made as Haplo will, before anything is sent. Next: `run/runner`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from engine.errors import DeliveryError
from engine.haplo.identity import code_sql
from engine.haplo.part import Emitted
from engine.haplo.target import application_case, derived_application, object_type
from engine.kinds.types import parquet, quote
from engine.run.application import school_application
from engine.run.comparing import identities_file
from engine.run.leading import Leading
from engine.run.plan import Plan
from engine.run.report import EntityReport, Report
from engine.spec.project import Project
from engine.spec.school import School
from engine.sql import connect
from engine.stages.check import Checked, Receiver, check
from engine.stages.events import Event, Tell


def receiving_case(project: Project, school: School, entities: Sequence[str]) -> dict[str, object]:
    """Return the application that a school's files go to; where it names none, the one that the bindings assume."""
    application = school_application(project, school)
    if application is not None:
        return application_case(application)
    return derived_application([project.binding(entity) for entity in entities], project.schemas())


class Checking:
    """Checks the files of a plan's entities; what would stop an import stops the run."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        folder: Path,
        today: date,
        tell: Tell,
        report: Report,
        sent: Mapping[str, Path] | None = None,
    ) -> None:
        self._project, self._plan, self._folder, self._today = project, plan, folder, today
        self._tell, self._report, self._sent = tell, report, sent or {}

    def check(self, emitted: Mapping[str, Emitted]) -> None:
        """Interpret every entity's files, and put into the report what Haplo would say of them."""
        case = receiving_case(self._project, self._plan.school, self._plan.entities)
        with Receiver(case) as receiver:
            for entity, file in self._sent.items():
                receiver.know(self._codes(entity, file), object_type(self._project.binding(entity)))
            for line in self._report.entities:
                found = self._checked(line.entity, emitted[line.entity], receiver)
                self._enter(line, found)
                self._refuse(found)
                about = f"{line.entity}: {found.good:,} of {found.records:,} good"
                self._tell(Event("checked", about, line.entity, found.good, found.records))

    def _codes(self, entity: str, file: Path) -> list[str]:
        """Return the codes of the objects that earlier imports have made of an entity."""
        code = code_sql(self._plan.school.code_prefix, entity, quote(self._project.schema(entity).key))
        with connect(file.parent) as database:
            found = database.execute(f"SELECT {code} FROM {parquet(file)}").fetchall()
        return [one for (one,) in found]

    def _checked(self, entity: str, emitted: Emitted, receiver: Receiver) -> Checked:
        back = Leading(self._project, self._plan.school, entity, identities_file(self._folder, entity))
        return check(entity, emitted, receiver, self._today, self._messages(entity), back=back)

    def _messages(self, entity: str) -> Path:
        return self._folder / "messages" / f"{entity}.jsonl"

    def _enter(self, line: EntityReport, found: Checked) -> None:
        line.good, line.messages = found.good, found.messages
        line.origins = [told.facts() for told in found.told]
        self._report.notes += [str(told) for told in found.told]

    def _refuse(self, found: Checked) -> None:
        faults = found.control or ((found.stop,) if found.stop is not None else ())
        if not faults:
            return
        first = faults[0]
        said = [fault.summary for fault in faults]
        said += [f"it is given {', '.join(map(str, first.origin.fields))}"] if first.origin.fields else []
        said += [f"it is at record {example.record}" for example in first.examples]
        raise DeliveryError(
            f"{found.entity}: Haplo would stop this import",
            why="; ".join(said),
            fix=f"the whole message, and the record's key, are in {self._messages(found.entity)}",
            code="import-refused",
            place=first.origin.names[0].place if first.origin.names else None,
        )
