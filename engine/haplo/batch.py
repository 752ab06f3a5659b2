"""The state of one job while its records are interpreted: targets being filled, and messages.

A target is the object or dictionary that a destination is filling for the current record. Stands on `models`
and `store`. Next: `instructions`, which fills targets, and `saving`, which takes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from engine.haplo.application import TITLE, Application, Values, type_of
from engine.haplo.models import Destination, Model
from engine.haplo.outcome import Finding, Outcome, Path, StopError
from engine.haplo.store import Store
from engine.haplo.use import Report

REPORTED: Final = 499
_TOO_MANY: Final = "Too many errors in import batch, no further errors will be reported"
_TITLE_ADVICE: Final = (
    f"To set defaults for {TITLE}, see example of if-has-value instruction at "
    "https://docs.haplo.org/import/control/instruction/if-has-value"
)
_DEPTH: Final = 16


class Target:
    """What a destination is filling. `before` are the values that a loaded object came with."""

    __slots__ = ("before", "destination", "parent", "ref", "values")

    def __init__(
        self, destination: Destination, values: Values | None = None, ref: str | None = None, parent: Any = None
    ) -> None:
        self.destination = destination
        self.before = values
        self.values: Values = {} if values is None else {name: list(held) for name, held in values.items()}
        self.ref = ref
        self.parent: Target | None = parent

    @property
    def is_new(self) -> bool:
        """Whether it will be a new object."""
        return self.before is None

    @property
    def lacks_title(self) -> bool:
        """Whether it has no title; one that it never had to our knowledge is Haplo's to know."""
        return TITLE not in self.values and (self.before is None or TITLE in self.before)


class Batch:
    """One job: the record it is at, its targets, and its messages.

    `targets` is the same dict throughout the job; prepared instructions hold on to it.
    """

    def __init__(
        self, model: Model, application: Application, store: Store, outcome: Outcome, *, titles_required: bool = True
    ) -> None:
        self.model, self.application, self.store, self.outcome = model, application, store, outcome
        self.targets: dict[str, Target] = {}
        self.finished: list[Target] = []
        self.blanks: dict[str, Target] = {}
        self.abandoned = False
        self.record: int | None = None
        self.suffix: str | None = None
        self.titles_required = titles_required
        self._advised = False
        self.limit: int | None = None if model.syncs_users else REPORTED

    def begin(self, record: int, who: str = "") -> None:
        """Start on a record; `who` is put into its messages."""
        self.targets.clear()
        self.finished.clear()
        self.blanks.clear()
        self.abandoned = False
        self.record = record
        self.suffix = f" (record {record}{who})"

    def report(
        self,
        path: Path | None,
        summary: str,
        message: str | None = None,
        *,
        marked: bool = True,
        refuses: bool = False,
        about: tuple[str, ...] = (),
    ) -> None:
        """Put down a message; past the limit it is only counted. `marked` appends the record's number."""
        outcome = self.outcome
        outcome.error_count += 1
        counted = (path, summary)
        outcome.counts[counted] = outcome.counts.get(counted, 0) + 1
        if refuses:
            outcome.refusals.add(counted)
        if about:
            outcome.about[counted] = about
        if self.limit is not None and len(outcome.errors) >= self.limit:
            if len(outcome.errors) == self.limit:
                outcome.errors.append(_TOO_MANY)
            return
        whole = message or summary
        if marked and self.suffix is not None:
            whole += self.suffix
        outcome.errors.append(whole)
        outcome.findings.append(Finding(whole, summary, self.record, path))

    def reporter(self, path: Path) -> Report:
        """A function that reports for one instruction."""

        def report(summary: str, message: str | None = None, /) -> None:
            self.report(path, summary, message)

        return report

    def abandon(self, path: Path | None, summary: str, *, about: tuple[str, ...] = ()) -> None:
        """Report, and leave the record unsaved."""
        self.report(path, summary, refuses=True, about=about)
        self.abandoned = True

    def find(self, name: Any, path: Path) -> Target:
        """The target of a destination, made if it makes itself; a blank one when it is not ready."""
        return self._find(name, path, ())

    def _find(self, name: Any, path: Path, askers: tuple[str, ...]) -> Target:
        known = self.targets.get(name) or self.blanks.get(name)
        if known is not None:
            return known
        destination = self.model.destinations.get(name)
        if destination is None or len(askers) > _DEPTH:
            raise StopError(f"No destination when requesting target: {name}", path=path)
        if destination.pseudo:
            made: Target | None = Target(destination)
        elif destination.depends is None:
            made = None
            users = f", required by use of {' '.join(askers)} " if askers else ""
            words = f'Destination "{name}" needs be made ready with a "new" or "load" instruction'
            self.abandon(path, words + users)
        else:
            parent = self._find(destination.depends, path, (*askers, destination.name))
            made = self._make_dependent(destination, parent, path)
        if made is None:
            # Reported once; the record's other instructions go on against a target that nobody sees.
            self.blanks[name] = made = Target(destination)
        else:
            self.targets[name] = made
        return made

    def _make_dependent(self, destination: Destination, parent: Target, path: Path) -> Target | None:
        if self.blanks.get(parent.destination.name) is parent:
            return None
        if destination.unavailable:
            self.abandon(
                path,
                f'Couldn\'t make destination "{destination.name}" available '
                f'from dependency "{parent.destination.name}"',
            )
            return None
        return self.linked(destination, parent) or Target(destination, parent=parent)

    def linked(self, destination: Destination, parent: Target) -> Target | None:
        """The object that is there already for a dependent destination: the oldest that links to its parent."""
        if parent.ref is None or parent.is_new or destination.link is None:
            return None
        for ref in self.store.linked(destination.link, parent.ref):
            made = self.load(destination, ref)
            if made is not None:
                made.parent = parent
                return made
        return None

    def load(self, destination: Destination, ref: str) -> Target | None:
        """A copy of an object, if there is one and it is of the destination's type or a subtype."""
        values = self.store.load(ref) if destination.is_object else None
        if values is None or destination.type_code not in set(self.application.lineage(type_of(values))):
            return None
        return Target(destination, values, ref)

    def make_new(self, name: Any, path: Path) -> None:
        """Finish the destination's target and begin an empty one."""
        destination = self.finish(name, path)
        self.targets[name] = Target(destination)

    def finish(self, name: Any, path: Path) -> Destination:
        """Check the destination's target, if there is one, and put it in line to be saved."""
        destination = self.model.destinations.get(name)
        if destination is None:
            raise StopError(f"Unknown destination: {name}", path=path)
        target = self.targets.pop(name, None)
        if target is not None:
            self._check(target, path)
            self.finished.append(target)
        return destination

    def check_all(self) -> None:
        """The checks at the end of a record: every destination must have been filled."""
        for name, destination in self.model.destinations.items():
            target = self.targets.get(name)
            if target is not None:
                self._check(target, None)
            elif not (destination.optional or destination.pseudo):
                self.abandon(None, f"No data set in required destination {name}")

    def _check(self, target: Target, path: Path | None) -> None:
        destination = target.destination
        missing = [name for name in destination.required if name not in target.values]
        if missing:
            about = tuple(f"{destination.name}/{name}" for name in missing)
            self.abandon(path, f"Missing values in {destination.name}: {', '.join(missing)}", about=about)
        if self.titles_required and destination.titled and target.lacks_title:
            about = (f"{destination.name}/{TITLE}",)
            self.abandon(path, f"{TITLE} is not set in object {destination.name}", about=about)
            if not self._advised:
                self.report(path, _TITLE_ADVICE, about=about)
                self._advised = True

    def to_save(self) -> Iterable[Target]:
        """The record's targets in the order in which they are saved."""
        yield from self.finished
        yield from self.targets.values()
