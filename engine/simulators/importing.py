"""Imports into a simulated Haplo: the interpreter of `engine.haplo` over the objects that are kept here.

The only module of this folder that imports something of the engine. Next: `accounts`, `push`, `user_sync`.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from engine.haplo.application import Application
from engine.haplo.application import User as Account
from engine.haplo.control import check_control
from engine.haplo.interpret import Outcome, interpret
from engine.simulators.accounts import apply_accounts
from engine.simulators.batch import Data, Report
from engine.simulators.form import UploadError
from engine.simulators.objects import Objects, User, Values

Entry = dict[str, Any]
OnCommit = Callable[[Entry], None]

USER_SYNC: Final = "haplo:user-sync"
_NO_RULE: Final = "No simple rule for extracting username from records."


class JobObjects:
    """The objects as one job sees them (`engine.haplo.store.Store`): its new ones get lasting references."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._made: dict[str, str] = {}

    def by_behaviour(self, code: str) -> str | None:
        return self._objects.by_behaviour(code)

    def load(self, ref: str) -> Values | None:
        return self._objects.load(self.lasting(ref))

    def of_types(self, codes: frozenset[str]) -> Iterator[tuple[str, Values]]:
        return self._objects.of_types(codes)

    def linked(self, attribute: str, ref: str) -> Sequence[str]:
        return self._objects.linked(attribute, self.lasting(ref))

    def save(self, ref: str, values: Values, *, links: frozenset[str]) -> None:
        lasting: Values = self._with_lasting(values)
        self._objects.save(self.lasting(ref), lasting)

    def close(self) -> None:
        """The objects outlive the job."""

    def lasting(self, ref: str) -> str:
        """The reference that an object keeps; the interpreter calls the new ones `new:1`, `new:2`, …"""
        if not ref.startswith("new:"):
            return ref
        if ref not in self._made:
            self._made[ref] = self._objects.new_ref()
        return self._made[ref]

    def _with_lasting(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_lasting(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value.get("type") == "ref":
            return value | {"ref": self.lasting(value["ref"])}
        return {key: self._with_lasting(one) for key, one in value.items()}


class Importer:
    """What a simulated application does with control files. One import is carried out at a time."""

    def __init__(self, schema: Mapping[str, Any], objects: Objects, *, today: date, clock: Callable[[], float]) -> None:
        try:
            self._application = Application.from_case(schema)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"the application's schema is not in the form of a conformance case: {error!r}") from error
        self.objects = objects
        self.today, self._clock = today, clock
        self.turn = threading.RLock()
        objects.seed(((one.ref, one.values) for one in self._application.objects), self._users())
        self._application = replace(self._application, objects=())

    def check(self, control: Any) -> list[str]:
        """Haplo's messages about a control file; none when it may be used."""
        return check_control(control, self._application)

    def run(
        self, control: Any, files: Mapping[str, Data], *, save: bool = True, on_commit: OnCommit | None = None
    ) -> Outcome:
        """Interpret a control file over data files and the objects that are there."""
        with self.turn:
            store = JobObjects(self.objects)

            def commit(entry: Entry) -> None:
                if on_commit is not None:
                    on_commit(entry | {"ref": store.lasting(entry["ref"])} if "ref" in entry else entry)

            try:
                return interpret(
                    control,
                    files,
                    self._present(),
                    save=save,
                    keep_committed=False,
                    on_commit=commit,
                    store=store,
                    today=self.today,
                )
            finally:
                self.objects.commit()

    def run_batch(self, control: bytes | str, files: Mapping[str, Data], save: bool) -> Report:
        """Carry out a batch; a text in place of a control file says why there is none."""
        try:
            if isinstance(control, str):
                raise UploadError(control)
            parsed = json.loads(control)
            accounts = isinstance(parsed, dict) and parsed.get("model") == USER_SYNC
            outcome = self.run(parsed, files, save=save and not accounts)
            fault = fault_of(outcome)
            if fault is None and accounts and save and outcome.complete:
                fault = "Delegate for user does not implement commit()"
        except UploadError as error:
            return self.report(Outcome(), str(error))
        except Exception as error:  # Haplo stops a batch at any exception and writes it to the log
            traceback.print_exc(file=sys.stderr)
            return self.report(Outcome(), f"{type(error).__name__}: {error}")
        return self.report(outcome, fault)

    def run_user_sync(self, control: Any, files: Mapping[str, Data]) -> Report:
        """Carry out a user sync: records first, then all accounts, so that a stopped one changes nothing."""
        entries: list[Entry] = []
        with self.turn:
            outcome = self.run(control, files, on_commit=entries.append)
            without_rule = next((text for text in outcome.errors if text.startswith(_NO_RULE)), None)
            fault = fault_of(outcome) or without_rule
            if fault is not None:
                return self.report(outcome, fault)
            counts = apply_accounts(self.objects, entries, outcome.errors)
            self.objects.commit()
        return self.report(outcome, None, counts)

    def report(self, outcome: Outcome, fault: str | None, counts: Mapping[str, int] | None = None) -> Report:
        """The report of a finished run, with its log as Haplo keeps it."""
        log = [f"START: {self.date()}", *outcome.errors]
        if fault is not None:
            log.append(f"EXCEPTION: Error during import: {fault}. File: simulator, line: 0")
        log.append(f"END: {self.date()}")
        seen = {
            "records": outcome.records,
            "complete": outcome.complete,
            "created": outcome.created,
            "updated": outcome.updated,
            "unchanged": outcome.unchanged,
            "errors": outcome.error_count if fault is None else 0,  # taken over only at the regular end
        }
        return Report(log, seen | dict(counts or {}), fault is not None)

    def date(self) -> str:
        """Now, as the script language writes it."""
        return time.strftime("%a %b %d %Y %H:%M:%S GMT-0000 (GMT)", time.gmtime(self._clock()))

    def _present(self) -> Application:
        """The application with the users that it has by now."""
        users = [Account(one["username"], one["email"], one["ref"]) for one in self.objects.users()]
        return replace(self._application, users=users)

    def _users(self) -> list[User]:
        return [
            {"username": one.username, "email": one.email, "ref": one.ref, "blocked": False}
            for one in self._application.users
        ]


def fault_of(outcome: Outcome) -> str | None:
    """What stopped an import, in Haplo's words where they are known."""
    if outcome.control_errors:
        return "Errors in control file:\n  " + "\n  ".join(outcome.control_errors)
    if outcome.exception is None:
        return None
    return outcome.exception.message or outcome.exception.why
