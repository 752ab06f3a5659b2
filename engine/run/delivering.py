"""The last step of a run: files are delivered, and what was sent is remembered, entity by entity.

What was sent moves when Haplo has scheduled a live batch, not before; a run that ended between Haplo's answer and our
record is settled by the next one. Trials and folders move nothing. Next: `run/runner`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import DeliveryError
from engine.haplo.api import Mode
from engine.haplo.part import Emitted
from engine.journal import Journal, cannot_write
from engine.run.comparing import identities_file, identities_of, next_file, receiver_of, sent_file
from engine.run.folder import runs
from engine.run.installed import require_installed
from engine.run.making import emitted_before
from engine.run.report import Report
from engine.secret import Secret
from engine.spec.project import Project
from engine.spec.school import Folder, School
from engine.stages.compare import Compared
from engine.stages.deliver import Delivered, Upload, deliver, leave
from engine.stages.events import Event, Tell
from engine.state import Sent, State


@dataclass(frozen=True)
class Receiver:
    """Where a run delivers to, and how."""

    project: Project
    school: School
    mode: Mode | None
    api_key: Secret | None
    home: Path
    state: State
    now: datetime


class Delivering:
    """Delivers what a school's runs have made."""

    def __init__(self, receiver: Receiver, tell: Tell, report: Report) -> None:
        self._to, self._tell, self._report = receiver, tell, report

    def deliver(self, emitted: Mapping[str, Emitted], folder: Path, journal: Journal) -> None:
        """Deliver the files of every entity, in their order."""
        to, spec = self._to, self._to.school.deliver
        if spec is None or to.mode is None:
            return
        if isinstance(spec, Folder):
            self._leave(spec, emitted, journal)
            return
        self._require_ready(emitted)
        for line in self._report.entities:
            sent = self._send(line.entity, emitted[line.entity], folder.name, journal)
            line.sent = sent.rows
            self._report.notes += [sent.note] if sent.note else []
            if to.mode == "live":
                self._move(line.entity, folder, journal, sent.batch)

    def settle(self) -> None:
        """Find out what became of live batches of earlier runs that ended before they had put it down."""
        for folder in runs(self._to.home):
            with Journal(folder / "journal.jsonl") as journal:
                for key in journal.keys("compare:"):
                    entity = key.partition(":")[2]
                    scheduled = journal.get(f"deliver:{entity}:schedule")
                    if scheduled is not None and journal.get(f"moved:{entity}") is None:
                        self._settle(entity, folder, journal, scheduled)

    def _settle(self, entity: str, folder: Path, journal: Journal, scheduled: Mapping[str, Any]) -> None:
        made = (journal.get(f"compare:{entity}") or {})["made"]
        batch = str(scheduled.get("batch", ""))
        if scheduled["state"] == "refused" or self._to.mode != "live":
            return
        if scheduled["state"] == "begun":
            if made["receiver"] != receiver_of(self._to.school.deliver, entity):
                self._note(f"{entity}: whether run {folder.name} was imported is not known: it went to another Haplo")
                return
            self._note(f"{entity}: run {folder.name} had asked Haplo to import it, and had no answer; asking again")
            done = journal.get(f"emit:{entity}")
            assert done is not None, "an entity's files are made before they are delivered"
            files = emitted_before(done, folder / "files")
            batch = self._send(entity, files, folder.name, journal).batch
        self._move(entity, folder, journal, batch)

    def _note(self, text: str) -> None:
        self._report.notes.append(text)
        self._tell(Event("sent", text))

    def _require_ready(self, emitted: Mapping[str, Emitted]) -> None:
        to, spec = self._to, self._to.school.deliver
        assert spec is not None
        if to.mode == "live" and to.school.application is None:
            raise DeliveryError(
                "a live run needs the application's schema",
                why="without it nobody knows whether rows are found again, and everybody could be made twice",
                fix="name it in the school file (application:), or run with --dry-run",
                code="application-unknown",
            )
        if to.mode == "live" and spec.kind == "standard":
            require_installed(to.home, to.school.school, emitted)

    def _send(self, entity: str, files: Emitted, run: str, journal: Journal) -> Delivered:
        to, spec = self._to, self._to.school.deliver
        assert spec is not None
        assert not isinstance(spec, Folder)
        assert to.mode is not None
        assert to.api_key is not None
        comment = f"haplomap {to.school.school} {entity} {run}"
        return deliver(spec, to.api_key, entity, files, to.mode, journal, comment, self._told)

    def _move(self, entity: str, folder: Path, journal: Journal, batch: str) -> None:
        """Remember what Haplo has taken: the files first, then the record that speaks of them, then the journal."""
        if journal.get(f"moved:{entity}") is not None:
            return
        facts = journal.get(f"compare:{entity}")
        assert facts is not None, "an entity is compared before it is delivered"
        before = self._to.state.sent(self._to.school.school).get(entity)
        if before is None or before.run <= folder.name:
            sent = self._record(entity, folder.name, batch, facts, before)
            kept = [self._to.home / sent.file, self._to.home / identities_of(sent.file)]
            _keep(next_file(folder, entity), kept[0])
            if identities_file(folder, entity).exists():
                _keep(identities_file(folder, entity), kept[1])
            self._to.state.put_sent(self._to.school.school, sent)
            _remove_others(*kept)
        journal.record(f"moved:{entity}", batch=batch)

    def _record(self, entity: str, run: str, batch: str, facts: Mapping[str, Any], before: Sent | None) -> Sent:
        compared = Compared(**facts["counts"])
        full = facts["full"] or before is None
        return Sent(
            entity=entity,
            file=sent_file(entity, run),
            rows=compared.rows + compared.held + compared.kept,
            run=run,
            batch=batch,
            sent_at=self._to.now,
            full_at=self._to.now if full or before is None else before.full_at,
            **facts["made"],
        )

    def _leave(self, spec: Folder, emitted: Mapping[str, Emitted], journal: Journal) -> None:
        """Leave the files of all entities in a folder of this run's own."""
        to = self._to
        name = f"{to.school.school}-{self._report.run}"
        uploads = [
            Upload(line.entity, to.project.binding(line.entity).model, emitted[line.entity])
            for line in self._report.entities
        ]
        leave((to.project.root / spec.path / name).resolve(), name, uploads, journal, self._told)

    def _told(self, text: str) -> None:
        self._tell(Event("sent", text))


def _keep(file: Path, kept: Path) -> None:
    """Give a file of a run a second name, under which it outlives the run."""
    try:
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        os.link(file, kept)
    except OSError as error:
        raise cannot_write(kept, error) from None


def _remove_others(*kept: Path) -> None:
    for path in kept[0].parent.glob("*.parquet"):
        if path not in kept:
            path.unlink(missing_ok=True)
