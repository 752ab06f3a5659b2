"""The first half of a run: answers are extracted, record sets landed, drift told. Next: `run/making`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.clock import Clock
from engine.errors import TransformError
from engine.journal import Journal
from engine.run.plan import Plan
from engine.run.report import Report, SetReport
from engine.secret import Secret
from engine.stages.events import Event, Tell
from engine.stages.extract import Want, extract
from engine.stages.land import SetFacts, land
from engine.stages.transform import SetRead

_WORTH_A_NOTE = ("changed", "repeated-keys", "page-size", "reasked")


def set_read(facts: SetFacts, fields: frozenset[str] | None) -> SetRead:
    """Return a landed set as mappings see it: without a record nothing is known of its fields, so none is absent."""
    return SetRead(facts.file, facts.rows, frozenset(facts.present) if facts.rows else frozenset(fields or ()))


class Reading:
    """Reads what a plan needs, once; what the journal has is not read again."""

    def __init__(self, plan: Plan, folder: Path, journal: Journal, clock: Clock, tell: Tell, report: Report) -> None:
        self.plan, self.folder, self.journal, self.clock = plan, folder, journal, clock
        self._tell, self._report = tell, report

    def read(self, config: Mapping[str, str | Secret]) -> dict[str, SetRead]:
        """Return every record set that the plan needs."""
        wants = self.plan.wants()
        missing = [want for want in wants if any(self._landed(name) is None for name in want.sets)]
        answers = extract(self.plan.source, config, missing, self.folder, self.journal, self.clock, self._hear)
        sets = {}
        for want in wants:
            own = [answer for answer in answers if answer.endpoint == want.endpoint]
            for name, fields in want.sets.items():
                facts = self._landed(name) or self._land(want, name, own)
                self._tell(Event("landed", f"{name}: {facts.rows:,} records", name, facts.rows, facts.rows))
                sets[name] = set_read(replace(facts, file=self.folder / "sets" / facts.file.name), fields)
                self._enter(name, facts)
        return sets

    def _land(self, want: Want, name: str, answers: list[Any]) -> SetFacts:
        facts = land(self.plan.source, name, want.sets[name], answers, self.folder / "sets")
        self.journal.record(f"land:{name}", **{**asdict(facts), "file": facts.file.name})
        return facts

    def _landed(self, name: str) -> SetFacts | None:
        entry = self.journal.get(f"land:{name}")
        if entry is None:
            return None
        facts: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
        return SetFacts(**{**facts, "file": Path(entry["file"])})

    def _hear(self, event: Event) -> None:
        """Pass on what extraction tells; keep for the report what is more than progress."""
        if event.kind in _WORTH_A_NOTE:
            self._report.notes.append(f"{event.about}: {event.text}" if event.about else event.text)
        self._tell(event)

    def _enter(self, name: str, facts: SetFacts) -> None:
        """Put a set into the report, with what drifted; that is a failure where the school says so."""
        self._report.sets.append(
            SetReport(name, facts.rows, facts.repeated or 0, list(facts.absent), list(facts.drift))
        )
        if facts.repeated:
            several = f"{facts.repeated_across:,} of them on several pages"
            self._report.notes.append(f"{name}: {facts.repeated:,} keys stand on several records, {several}")
        drift = self.plan.school.drift
        self._drifted("missing_field", name, facts.absent, "is mapped, and was not sent", drift.missing_field)
        self._drifted("unknown_field", name, facts.drift, "was sent, and nothing declares it", drift.unknown_field)

    def _drifted(self, kind: str, set_name: str, fields: tuple[str, ...], said: str, policy: str) -> None:
        notes = [f"{set_name}.{field_name} {said}" for field_name in fields]
        self._report.notes += notes
        if notes and policy == "fail":
            why = f"the school file says drift: {{{kind}: fail}}"
            raise TransformError("; ".join(notes), why=why, fix="declare the field, or tell it only", code="drift")
