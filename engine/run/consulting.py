"""What a run asks before it reads: how the school stands, and what it has granted; the plan is then for that only.

What was lost since the last run is told, with the fields that are left alone. Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from engine.clock import Clock
from engine.errors import SourceClosed, SourceError, SourceRefused, SourceRevoked
from engine.journal import Journal
from engine.run.consent import Before, narrow, remembered, told
from engine.run.inquiry import Inquiry, apis_of
from engine.run.plan import Plan
from engine.run.report import Report
from engine.secret import Config
from engine.spec.project import Project
from engine.spec.school import School
from engine.stages.events import Event, Tell
from engine.state import State

_GRANTED, _ALL_READ = "granted", "all-read"
"""Keys of a run's journal: what was granted when it last asked, and that it has read all of it."""
SCOPES = "scopes"
"""The word before an entity by which `--accept` lets go what was lost."""


class Consulting:
    """Asks for one run of one school."""

    def __init__(
        self,
        project: Project,
        school: School,
        folder: Path,
        today: date,
        allowed: Collection[str],
        config: Config,
        clock: Clock,
        tell: Tell,
        report: Report,
        state: State,
    ) -> None:
        self._project, self._school, self._folder, self._today = project, school, folder, today
        self._config, self._clock, self._tell, self._report, self._state = config, clock, tell, report, state
        accepted = [word.partition(":")[2] for word in allowed if word.startswith(f"{SCOPES}:")]
        self._before = Before(state.consents(school.school), accepted)
        self._granted: Mapping[str, Collection[str]] = {}
        self._plan: Plan | None = None

    def plan(self, plan: Plan, journal: Journal) -> Plan:
        """Return the plan for what is granted; stop where the school is closed to us, or nothing is left.

        A run that has read everything goes on with what was granted then, and asks nobody.
        """
        known = journal.get(_GRANTED)
        if known is not None and journal.get(_ALL_READ) is not None:
            self._granted = known["scopes"]
        else:
            self._ask(plan)
            journal.record(_GRANTED, scopes={api: list(names) for api, names in self._granted.items()})
        self._plan = narrow(self._project, plan, self._granted, self._before, self._today, self._folder)
        notes = [*lost_since(self._before, self._granted), *told(self._plan.granted.left)]
        for note in notes:
            self._tell(Event("consent", note))
        self._report.notes += notes
        return self._plan

    def _ask(self, plan: Plan) -> None:
        with self._inquiring(plan) as inquiry, saying_how_to_purge(self._school.school):
            self._look_at_standing(inquiry)
            self._granted = inquiry.granted(apis_of(plan))

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Where a source refuses what it gave before, ask how the school stands: it may have taken its consent back."""
        try:
            with saying_how_to_purge(self._school.school):
                yield
        except SourceRefused:
            assert self._plan is not None
            with self._inquiring(self._plan) as inquiry, saying_how_to_purge(self._school.school):
                self._look_at_standing(inquiry)
            raise

    @staticmethod
    def read(journal: Journal) -> None:
        """Put down that everything has been read."""
        journal.record(_ALL_READ)

    def remember(self) -> None:
        """Keep what is granted, for the next run to compare with; at the end of a complete run."""
        assert self._plan is not None
        made = remembered(self._plan, self._granted, self._before, self._clock.now(), self._report.run)
        self._state.put_consents(self._school.school, made)

    def _look_at_standing(self, inquiry: Inquiry) -> None:
        """Stop where the school is closed to us; where that can't be learnt, it is told, and nothing else."""
        try:
            inquiry.standing()
        except SourceClosed:
            raise
        except SourceError as error:
            self._report.notes.append(f"how the school stands is not known: {error.what}")

    def _inquiring(self, plan: Plan) -> Inquiry:
        return Inquiry(plan.source, self._config, self._today, self._clock, self._tell, self._state.budget)


@contextmanager
def saying_how_to_purge(school: str) -> Iterator[None]:
    """Add to what is told of a school that has taken its consent back how its data are removed here."""
    try:
        yield
    except SourceRevoked as error:
        purge = f"'haplomap purge {school}' removes what is stored of it here; Haplo keeps what it has"
        error.fix = f"{error.fix}; {purge}" if error.fix else purge
        raise


def lost_since(before: Before, granted: Mapping[str, Collection[str]]) -> list[str]:
    """Return a sentence on the scopes that were granted at the last run and are not any more."""
    return [
        f"warning: the school has taken back {', '.join(names)} since the run {before.consents[api].run}"
        for api, names in before.newly_lost(granted).items()
    ]
