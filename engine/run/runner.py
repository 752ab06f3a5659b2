"""Carries out one school's run: extract, land, transform, emit, check, deliver; each step once, then the next.

Every step leaves its output and a line in the journal, so that a run that was killed goes on with the step it was
at. Nothing is delivered before all entities are made and checked. Next: `cli/main`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.errors import EngineError, Interrupted, SecretMissing, SourceClosed
from engine.haplo.api import Mode
from engine.haplo.part import Emitted
from engine.journal import Journal
from engine.kinds.word import seconds
from engine.run.application import school_application
from engine.run.checking import Checking
from engine.run.comparing import Comparing, Scope
from engine.run.consulting import Consulting
from engine.run.delivering import Delivering, Receiver
from engine.run.expiry import expire, expire_records
from engine.run.folder import locked, new_run, school_folder, unfinished
from engine.run.guarding import Trip, accepted, guard, tripped
from engine.run.history import Beginning, open_state, record_refusal, recorded
from engine.run.left import tell_left_behind
from engine.run.live import live_delivery, mode_of, require_confirmed, said_mode
from engine.run.making import Making
from engine.run.plan import Plan
from engine.run.reading import Reading
from engine.run.report import Report
from engine.run.secrets import Secrets, all_missing
from engine.secret import Config, Secret
from engine.spec.project import Project
from engine.spec.school import Delivery, Folder
from engine.sql import within
from engine.stages.compare import Compared
from engine.stages.events import Event, Tell
from engine.stages.transform import SetRead
from engine.state import SchoolBusyError, State

DOCUMENTS = ("source", "endpoints_of", "mapping", "schema", "binding", "settings", "lookup", "application")


@dataclass(frozen=True)
class Options:
    """How a run is carried out; what is left out is as the school file says. A live one must be `confirmed`.

    `full`: everything is read and sent; `accept`: guards that may trip, such as `removed:ENTITY`.
    """

    send: bool = True
    dry_run: bool = False
    fresh: bool = False
    today: date | None = None
    confirmed: bool = False
    full: bool = False
    accept: tuple[str, ...] = ()
    reuse: timedelta | None = None
    """What was read so short a time ago is not asked for again."""

    def mode(self, delivery: Delivery | None) -> Mode | None:
        """Return how files are delivered; None for not at all."""
        return mode_of(delivery, send=self.send, dry_run=self.dry_run)


@dataclass(frozen=True)
class Night:
    """What one run works with."""

    folder: Path
    journal: Journal
    today: date
    report: Report
    state: State
    home: Path
    delivering: Delivering
    allowed: frozenset[str]
    config: Config


@dataclass(frozen=True)
class Looked:
    """What a run would send: its folder, what became of each entity's rows, the files of what was last sent, and the
    guards that would stop it.
    """

    folder: Path
    compared: list[Compared]
    sent: dict[str, Path | None]
    tripped: list[Trip]


class Runner:
    """One run of one school."""

    def __init__(
        self,
        project: Project,
        plan: Plan,
        options: Options,
        environ: Mapping[str, str],
        tell: Tell,
        clock: Clock | None = None,
    ) -> None:
        self.project, self.plan, self.options, self.tell = project, plan, options, tell
        self.school, self.clock, self.secrets = plan.school, clock or Clock(), Secrets(environ)
        self.zone = ZoneInfo(self.school.time_zone)

    def run(self) -> Report:
        """Carry out the run, or go on with one that did not end."""
        live = live_delivery(self.school, self.plan.entities, self._mode())
        require_confirmed(live, confirmed=self.options.confirmed)
        with ExitStack() as held:
            try:
                night = held.enter_context(self._night(delivering=True))
            except SchoolBusyError as error:
                facts = (self.school.school, self._today(), said_mode(self.school.deliver, self._mode()))
                record_refusal(self.project.root, error, *facts, self.clock)
                raise
            with recorded(Beginning(night.state, self.clock, night.report, night.journal)):
                self._steps(night)
        return night.report

    def look(self) -> Looked:
        """Read, and compare with what was sent; a run soon after goes on with what was seen."""
        with self._night(delivering=False) as night:
            night.journal.record("looked", at=self.clock.now().isoformat())
            consulting = self._consulting(night)
            self.plan = consulting.plan(self.plan, night.journal)
            comparing, making = self._compared(night)
            sets = self._read(night)
            consulting.read(night.journal)
            compared = making.rows(sets)
            sent = {each.entity: comparing.sent_before(each.entity) for each in compared}
            ages = making.ages(sets, self.clock.now())
            found = tripped(self.school, compared, night.report, ages, self.plan.momentary)
        return Looked(night.folder, compared, sent, found)

    @contextmanager
    def _night(self, *, delivering: bool) -> Iterator[Night]:
        """Hold the school, and find the run that is to be gone on with, or begin one."""
        mode = self._mode()
        allowed = accepted(self.options.accept, self.plan.entities)
        config, api_key = self._secrets(delivering=delivering)
        home = school_folder(self.project.root, self.school.school)
        with open_state(self.project.root) as state, locked(home, state), within(home):
            signature = self._signature(config)
            found = None if self.options.fresh else self._unfinished(home, signature)
            folder = found or new_run(home, self.clock.now().astimezone(self.zone))
            notes: list[str] = []
            held = state.lock(self.school.school, folder.name, self.clock, notes.append)
            with held, Journal(folder / "journal.jsonl") as journal:
                today = self._begin(journal, signature)
                self.tell(Event("run", f"{'going on with' if found else 'beginning'} {folder}"))
                said = said_mode(self.school.deliver, mode)
                report = Report(self.school.school, folder.name, today.isoformat(), said, folder=str(folder))
                report.notes += notes
                receiver = Receiver(self.project, self.school, mode, api_key, home, state, self.clock.now())
                to = Delivering(receiver, self.tell, report)
                yield Night(folder, journal, today, report, state, home, to, allowed, config)

    def _unfinished(self, home: Path, signature: str) -> Path | None:
        """Return the run to go on with."""
        momentary = not self.plan.momentary.isdisjoint(self.plan.entities)
        return unfinished(home, signature, self.clock.now(), momentary=momentary)

    def _begin(self, journal: Journal, signature: str) -> date:
        """Fix the day of the run, or find the one that was fixed."""
        begun = journal.get("run")
        if begun is not None:
            return date.fromisoformat(begun["today"])
        today = self._today()
        facts = {"today": today.isoformat(), "began": self.clock.now().isoformat(), "entities": self.plan.entities}
        journal.record("run", signature=signature, **facts)
        return today

    def _today(self) -> date:
        """Return the day of a run that begins now."""
        return self.options.today or self.clock.now().astimezone(self.zone).date()

    def _steps(self, night: Night) -> None:
        """Take every step; whatever happens, leave a report of how far it came."""
        began = self.clock.monotonic()
        report, journal = night.report, night.journal
        report.outcome = "failed"
        consulting = self._consulting(night)
        try:
            night.delivering.settle()
            report.notes += tell_left_behind(night.home, night.folder)  # what was in doubt may be settled by now
            self.plan = consulting.plan(self.plan, journal)
            with consulting.explaining():
                sets = self._read(night)
            consulting.read(journal)
            emitted = self._made(night, sets)
            night.state.require_lock(self.school.school, report.run)
            night.delivering.deliver(emitted, night.folder, journal)
            consulting.remember()
            report.outcome = "complete"
        except KeyboardInterrupt:
            report.outcome = "interrupted"
            raise Interrupted("interrupted", fix="give the same command again: it goes on where it stopped") from None
        except SourceClosed as error:
            report.outcome = error.level
            report.notes.append(f"{error.level}: {error.what}")
            raise
        except EngineError as error:
            report.notes.append(f"failed: {error.what}")
            raise
        finally:
            self._expire(night)
            report.notes = list(dict.fromkeys(report.notes))
            report.seconds = round(self.clock.monotonic() - began, 2)
            report.write(night.folder / "report.json")
        journal.record("end", outcome="complete")  # last of all: a run that lacks its report is gone on with

    def _expire(self, night: Night) -> None:
        """Remove run folders, and then the records of runs, after their time; if that fails, it is told."""
        school, now, place = self.school, self.clock.now(), (night.home, night.state, self.school.school)
        folders, records = (timedelta(seconds=seconds(text)) for text in (school.keep_runs, school.keep_records))
        try:
            said = [expire(*place, folders, now, night.folder.name), expire_records(*place, records, now)]
        except EngineError as error:
            said = [f"old run folders could not be removed: {error.what}"]
        night.report.notes += filter(None, said)

    def _secrets(self, *, delivering: bool) -> tuple[Config, Secret | None]:
        """Return what the source is asked with, and the key of the receiver; stop with all secrets that are missing."""
        missing: list[SecretMissing] = []
        config: Config = {}
        api_key: Secret | None = None
        try:
            config = self.secrets.config(self.plan.source, self.school)
        except SecretMissing as error:
            missing.append(error)
        try:
            api_key = self._api_key() if delivering else None
        except SecretMissing as error:
            missing.append(error)
        if missing:
            raise all_missing(missing)
        return config, api_key

    def _api_key(self) -> Secret | None:
        spec = self.school.deliver
        if self._mode() is None or spec is None or isinstance(spec, Folder):
            return None
        return self.secrets.read(spec.api_key)

    def _mode(self) -> Mode | None:
        """Return how the files are delivered; None for not at all."""
        return self.options.mode(self.school.deliver)

    def _consulting(self, night: Night) -> Consulting:
        around = (night.config, self.clock, self.tell, night.report, night.state)
        return Consulting(self.project, self.school, night.folder, night.today, night.allowed, *around)

    def _read(self, night: Night) -> dict[str, SetRead]:
        reading = Reading(
            self.plan,
            night.folder,
            night.journal,
            self.clock,
            self.tell,
            night.report,
            night.state,
            full=self.options.full,
            fresh=self.options.fresh,
            reuse=self.options.reuse,
            today=night.today,
        )
        return reading.read(night.config)

    def _made(self, night: Night, sets: Mapping[str, SetRead]) -> dict[str, Emitted]:
        """Make rows, look at what became of them, make files unless a guard trips, and check these."""
        comparing, making = self._compared(night)
        compared = making.rows(sets)
        ages = making.ages(sets, self.clock.now())
        found = tripped(self.school, compared, night.report, ages, self.plan.momentary)
        guard(self.project, self.school, found, night.report, night.folder, comparing.sent_before, night.allowed)
        emitted = making.files()
        known = comparing.known()
        Checking(self.project, self.plan, night.folder, night.today, self.tell, night.report, known).check(emitted)
        return emitted

    def _compared(self, night: Night) -> tuple[Comparing, Making]:
        """Return what makes rows and compares them."""
        sent = night.state.sent(self.school.school)
        scope = Scope(self.clock.now(), self.options.full, self._mode() == "live")
        comparing = Comparing(self.project, self.plan, night.home, night.folder, night.journal, sent, scope)
        making = Making(
            self.project, self.plan, night.folder, night.journal, night.today, comparing, self.tell, night.report
        )
        return comparing, making

    def _signature(self, config: Config) -> str:
        """Return what a run must have in common with an unfinished one to go on with it; holds no secrets."""
        documents = [
            loaded.document.text
            for kind in DOCUMENTS
            for loaded in sorted(self.project.of(kind), key=lambda item: item.name)
        ]
        lookups = self.project.lookups(self.school.source)
        documents += [lookup.model_dump_json() for lookup in lookups.values()]  # with the rows of CSV files
        application = school_application(self.project, self.school)
        documents.append("" if application is None else application.model_dump_json())
        plain = {name: value for name, value in config.items() if isinstance(value, str)}
        school = self.school.model_dump_json(by_alias=True)
        options = [self._mode(), str(self.options.today), self.options.full, str(self.options.reuse)]
        wanted = [documents, school, plain, self.plan.entities, options]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32]
