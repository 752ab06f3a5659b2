"""A control file and its data files, interpreted as Haplo would: what is saved, what is reported, what stops it.

    outcome = interpret(control, {"people": Path("people.json")}, application)

Stands on everything else in this folder. Next: `instructions`, for what happens to a record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, Final

from engine.haplo.application import Application
from engine.haplo.batch import Batch
from engine.haplo.control import check_control
from engine.haplo.filters import Directory
from engine.haplo.instructions import prepare
from engine.haplo.models import find_model
from engine.haplo.outcome import Entry, Finding, Outcome, Path, Stop, StopError
from engine.haplo.preparation import Preparation, Step
from engine.haplo.readers import Data, Records, open_files
from engine.haplo.saving import Saving
from engine.haplo.store import ObjectStore, Store
from engine.haplo.users import Accounts

__all__ = ["Finding", "Outcome", "Path", "Stop", "interpret"]

_NO_END: Final = "a value is nested too deeply, or has a `length` without end"


def interpret(
    control: dict[str, Any],
    files: Mapping[str, Data],
    application: Application,
    *,
    save: bool = True,
    keep_committed: bool = True,
    on_commit: Callable[[Entry], None] | None = None,
    store: Store | None = None,
    today: date | None = None,
    titles_required: bool = True,
) -> Outcome:
    """Interpret a control file over data files, given in the order in which they are uploaded.

    `save=False` is Haplo's dry run. Saved entries go to `on_commit`, and into the outcome unless
    `keep_committed` is False. `store` stands in for the application's objects; `today` decides what a year of
    two digits means. Releases of Haplo differ on objects without a title: `titles_required` abandons their records,
    as the stricter ones do.
    """
    outcome = Outcome()
    try:
        outcome.control_errors = check_control(control, application)
    except (RecursionError, OverflowError):
        outcome.exception = Stop("setup", None, None, _NO_END)
    if outcome.control_errors or outcome.exception is not None:
        return outcome

    def commit(entry: Entry) -> None:
        if keep_committed:
            outcome.committed.append(entry)
        if on_commit is not None:
            on_commit(entry)

    objects = ObjectStore(application.objects) if store is None else store
    day = today or datetime.now(UTC).date()
    try:
        job = _Job(control, application, objects, outcome, today=day, titles_required=titles_required)
        job.run(files, commit if save else None)
    finally:
        if store is None:
            objects.close()
    return outcome


class _Job:
    """One run of a control file; `during` is the phase that a fault is blamed on."""

    def __init__(
        self,
        control: dict[str, Any],
        application: Application,
        store: Store,
        outcome: Outcome,
        *,
        today: date,
        titles_required: bool,
    ) -> None:
        model = find_model(application, control["model"])
        assert model is not None, "the check of the control file has found it"
        self.control, self.outcome = control, outcome
        self.batch = Batch(model, application, store, outcome, titles_required=titles_required)
        directory = _directory(application, store)
        mappings = control.get("mapping")
        self.preparation = Preparation(
            self.batch, application, store, directory, mappings if isinstance(mappings, dict) else {}, today
        )
        self.during = "setup"
        self.record: int | None = None

    def run(self, files: Mapping[str, Data], commit: Callable[[Entry], None] | None) -> None:
        """Prepare, read and interpret everything; a fault ends up in the outcome."""
        try:
            step = prepare(self.preparation, self.control["instructions"])
            saving = None if commit is None else Saving(self.batch, commit)
            take = (
                self._take_accounts(step, saving) if self.batch.model.syncs_users else self._take_records(step, saving)
            )
            if take is None:
                return
            self.during = "read"
            self._take_all(open_files(self.control, files), take)
        except StopError as stop:
            during = stop.during or self.during
            self.outcome.exception = Stop(during, self.record, stop.message, stop.why, stop.path)
        except (RecursionError, OverflowError):
            # The script language has a limit of this kind too.
            self.outcome.exception = Stop(self.during, self.record, None, _NO_END)

    def _take_all(self, opened: list[Records], take: Callable[[Any, int], bool]) -> None:
        numbers = count()
        for records in opened:
            for record in records():
                number = next(numbers)
                self.during, self.record = "record", number
                self.outcome.records += 1
                take(record, number)
                self.during, self.record = "read", None

    def _take_records(self, step: Step, saving: Saving | None) -> Callable[[Any, int], bool]:
        batch, outcome = self.batch, self.outcome

        def take(record: Any, number: int) -> bool:
            batch.begin(number)
            step(record)
            if not batch.abandoned:
                batch.check_all()
            if batch.abandoned:
                return False
            outcome.complete += 1
            if saving is not None:
                saving.save_record()
            return True

        return take

    def _take_accounts(self, step: Step, saving: Saving | None) -> Callable[[Any, int], bool] | None:
        accounts = Accounts(self.preparation, self.control["instructions"], step)
        if not accounts.possible:
            return None

        def save() -> None:
            self.outcome.complete += 1
            if saving is not None:
                saving.save_account()

        return lambda record, number: accounts.take(record, number, save)


def _directory(application: Application, store: Store) -> Directory:
    users = application.users
    return Directory(
        by_behaviour=store.by_behaviour,
        by_username={user.username.lower(): user.ref for user in users},
        by_email={user.email.lower(): user.ref for user in users if user.email},
    )
