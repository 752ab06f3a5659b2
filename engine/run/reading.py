"""The first half of a run: answers are extracted, record sets landed and mirrored, drift told. Next: `run/making`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.errors import ChangesRefused, TransformError
from engine.journal import Journal
from engine.kinds.changes import ChangedSince, ChangeToken
from engine.run.caching import hidden
from engine.run.choosing import Terms, Way, all_windows, asked_of, choose, signature, walk_name, with_days, with_keys
from engine.run.folder import runs
from engine.run.mirroring import AnewError, Came, Merging, age_hours, came_facts, in_full, mirror_row
from engine.run.parting import Parting, land_kept
from engine.run.plan import Plan
from engine.run.price import Pricing
from engine.run.remaining import Remaining
from engine.run.report import Report, SetReport
from engine.run.unfound import unfound
from engine.run.walking import Walking, said, was_partly
from engine.run.windowing import Windowing
from engine.secret import Config
from engine.spec.changing import changes_of
from engine.stages.answer import Answer
from engine.stages.clients import Clients
from engine.stages.earlier import Earlier
from engine.stages.events import Event, Tell
from engine.stages.extract import extract_with
from engine.stages.land import SetFacts, land
from engine.stages.mirror import clear, keep
from engine.stages.transform import SetRead
from engine.stages.want import Want
from engine.state import Mirror, State

_WORTH_A_NOTE = ("changed", "repeated-keys", "page-size", "reasked", "not-ready")
MIRROR = "mirror"
"""The folder of a school in which its mirrors are, each in a folder of its set's name."""


def set_read(facts: SetFacts, fields: frozenset[str] | None) -> SetRead:
    """Return a landed set as mappings see it: without a record nothing is known of its fields, so none is absent."""
    return SetRead(facts.file, facts.rows, frozenset(facts.present) if facts.rows else frozenset(fields or ()))


class Reading:
    """Reads what a plan needs, once; what the journal has is not read again.

    With a state, what was read before is kept in mirrors, and only what changed is asked for where the source can be
    asked so. `full` asks for everything; `fresh` uses no answer of an earlier run; `reuse` does not ask for what was
    read so short a time ago. Without `mirrors` they are looked at, and left as they are. `today` decides which windows
    are read.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        journal: Journal,
        clock: Clock,
        tell: Tell,
        report: Report,
        state: State | None = None,
        *,
        full: bool = False,
        fresh: bool = False,
        reuse: timedelta | None = None,
        mirrors: bool = True,
        today: date | None = None,
    ) -> None:
        self.plan, self.folder, self.journal, self.clock = plan, folder, journal, clock
        self._mirroring = mirrors
        self._tell, self._report, self._state = tell, report, state
        self._home, self._zone = folder.parent, ZoneInfo(plan.school.time_zone)
        self._terms = Terms(clock.now(), self._zone, full, reuse, today, plan.settings)
        self._ways: dict[str, Way] = {}
        self._clients: Clients | None = None
        self._remaining = Remaining({})
        others = [] if full or fresh or state is None else [each for each in runs(self._home) if each != folder]
        self._earlier = Earlier(others, clock)

    def read(self, config: Config) -> dict[str, SetRead]:
        """Return every record set that the plan needs."""
        wants = [self._wanted(want) for want in self.plan.wants()]
        self._ways = {want.endpoint: self._way(want) for want in wants}
        missing = [want for want in wants if self._missing(want)]
        budget = None if self._state is None else self._state.budget
        self._remaining = self._expected(missing)
        with Clients(self.plan.source, config, self.clock, self._hear, budget) as clients:
            self._clients = clients
            while missing:
                missing = self._round(missing, config)
        sets = {}
        for want, planned in zip(wants, self.plan.wants(), strict=True):
            came = self._came(want)
            self._keep(want, came)
            self._report.notes += [f"{want.endpoint}: {note}" for note in came.notes]
            for name, fields in planned.sets.items():
                facts = self._landed(want, name)
                assert facts is not None
                facts = replace(facts, file=self.folder / "sets" / facts.file.name)
                self._tell(Event("landed", f"{name}: {facts.rows:,} records", name, facts.rows, facts.rows))
                read = set_read(facts, fields)
                sets[name] = replace(read, complete=name in came.complete, data_time=came.moment, partly=came.partly)
                self._enter(want, name, fields, facts, came)
        return {**sets, **self._closed()}

    def _closed(self) -> dict[str, SetRead]:
        """Return the sets that are in use and not granted: empty, and without a field, so that all of it is absent."""
        found = {}
        for name, fields in self.plan.granted.closed.items():
            facts = land(self.plan.source, name, fields, [], self.folder / "sets")
            found[name] = SetRead(facts.file, 0, frozenset())
        return found

    def _wanted(self, want: Want) -> Want:
        return with_days(self.plan.source, want) if self._state is None else with_keys(self.plan.source, want)

    # How an endpoint is read

    def _way(self, want: Want) -> Way:
        """Return the way that the run is on, or choose one; a way whose mirrors have gone is chosen anew."""
        entry = self.journal.get(f"way:{want.endpoint}")
        way = None if entry is None else Way(**entry)
        mirrors = self._mirrors()
        if way is not None:
            self._ways[want.endpoint] = way
            stands = way.base == {name: mirrors[name].file for name in way.base if name in mirrors}
            stands = stands and way.asked == asked_of(self.plan.source, want)
            if stands or not self._missing(want):
                return self._tell_way(want, way)
        if self._state is None:
            return Way("full", self._terms.now.isoformat(), windows=self._all_windows(want))
        chosen = choose(self.plan.source, self.plan.school, want, mirrors, self._home, self._terms)
        number, asked = 1 if way is None else way.number + 1, asked_of(self.plan.source, want)
        return self._record(want, replace(chosen, number=number, asked=asked))

    def _anew(self, want: Want, why: str) -> None:
        """Have everything of an endpoint read; where even that is asked with a token, without one."""
        way, changes = self._ways[want.endpoint], changes_of(self.plan.source, want.endpoint)
        begin = changes.begin() if isinstance(changes, ChangeToken | ChangedSince) and way.mode != "full" else {}
        self._ways[want.endpoint] = self._record(want, way.in_full(why, begin, self._all_windows(want)))

    def _all_windows(self, want: Want) -> list[list[str]] | None:
        return all_windows(self.plan.source, self.plan.school, want, self._mirrors(), self._terms)

    def _record(self, want: Want, way: Way) -> Way:
        self.journal.record(f"way:{want.endpoint}", **way.facts())
        return self._tell_way(want, way)

    def _tell_way(self, want: Want, way: Way) -> Way:
        if way.told or way.mode == "reuse":
            said = "read in full" if way.mode == "full" else "not asked again"
            self._report.notes.append(f"{want.endpoint}: {said}: {way.why}")
        return way

    def _mirrors(self) -> dict[str, Mirror]:
        return {} if self._state is None else self._state.mirrors(self.plan.school.school)

    # What comes of it

    def _missing(self, want: Want) -> bool:
        return any(self._landed(want, name) is None for name in want.sets)

    def _round(self, wants: list[Want], config: Config) -> list[Want]:
        """Read endpoints; return those that must be read again, in full."""
        for want in wants:
            if self._ways[want.endpoint].mode == "reuse":
                self._use_again(want)
        asked = [self._asked(want) for want in wants if self._ways[want.endpoint].mode != "reuse" and self._can(want)]
        parting = self._parting(config)
        walkings = {want.endpoint: walking for want in asked if (walking := self._walking(want)) is not None}
        parting.rounds.update({name: walking.choose() for name, walking in walkings.items()})
        parts = [part for want in asked for part in parting.parts(want, self._ways[want.endpoint].windows)]
        self._remaining.known(Counter(part.endpoint for part in parts if part.part))
        try:
            assert self._clients is not None
            answers = extract_with(self._clients, parts, self.folder, self.journal, self._earlier)
        except ChangesRefused as error:
            [refused] = [want for want in asked if want.endpoint == error.endpoint]
            if not refused.given:
                raise
            self._anew(refused, error.what)
            return [want for want in wants if self._missing(want)]
        for want in asked:
            own = [answer for answer in answers if answer.endpoint == want.endpoint]
            try:
                own_parts = [part for part in parts if part.endpoint == want.endpoint]
                self._land(want, own, own_parts, parting, walkings.get(want.endpoint))
                self._remaining.known({want.endpoint: 0})
            except AnewError as error:
                self._anew(want, error.why)
        return [want for want in wants if self._missing(want)]

    def _can(self, want: Want) -> bool:
        """Say whether an endpoint can be read yet: the set whose records it is asked for must be there."""
        word = self.plan.source.endpoints[want.endpoint].for_each
        return word is None or not any(word.set in each.sets and self._missing(each) for each in self.plan.wants())

    def _parting(self, config: Config) -> Parting:
        plan, terms = self.plan, self._terms
        return Parting(plan.source, plan.school, config, terms.settings, terms.day, self.folder / "sets")

    def _asked(self, want: Want) -> Want:
        way = self._ways[want.endpoint]
        return replace(want, given=way.given, changes=way.mode == "changes")

    def _walking(self, want: Want) -> Walking | None:
        """Return how an endpoint is asked for some records only; None where it is asked for all of them."""
        endpoint = self.plan.source.endpoints[want.endpoint]
        if endpoint.refresh is None or endpoint.for_each is None or self._state is None:
            return None
        parents = self.folder / "sets" / f"{endpoint.for_each.set}.parquet"
        around = (self._ways[want.endpoint], self._mirrors(), self._home, self.folder, parents)
        return Walking(self.plan.source, want, *around, everything=self._terms.full)

    def _land(
        self, want: Want, answers: list[Answer], parts: list[Want], parting: Parting, walking: Walking | None
    ) -> None:
        source, mirrors, way = self.plan.source, self._mirrors(), self._ways[want.endpoint]
        if way.windows is not None:
            base = {name: mirrors[name] for name in way.base}
            windowing = Windowing(source, want, answers, way.windows, base, self._home, self.folder, self._zone)
            sets, came = windowing.read()
        elif want.changes:
            sets, came = Merging(source, want, answers, mirrors, self._home, self.folder, self._zone).merge()
        else:
            came, sets = in_full(source, want, answers, mirrors, self._zone), {}
        if walking is not None:
            sets, changes = walking.land(answers, parts)
            came = replace(came, changes=changes)
        elif source.endpoints[want.endpoint].for_each is not None:
            out = self.folder / "sets"
            sets = {name: land_kept(source, want, name, answers, parts, out) for name in want.sets}
        if source.endpoints[want.endpoint].for_each is not None:
            came = self._of_each(want, came, len(parts), len({answer.part for answer in answers}), parting)
        if source.endpoints[want.endpoint].momentary or source.endpoints[want.endpoint].partial:
            came = replace(came, complete=[])
        last = [mirrors[name].read_at for name in want.sets if name in mirrors]
        old = hidden(source, self.plan.school, want.endpoint, last, datetime.fromisoformat(way.at))
        self._put_down(want, replace(came, notes=[*came.notes, *old]))
        if any(answer.part for answer in answers):  # then the pages are numbered over all parts
            files = {str(answer.page): str(answer.file.relative_to(self.folder)) for answer in answers}
            self.journal.record(f"pages:{want.endpoint}", files=files)
        for name, fields in want.sets.items():
            if sets or self._landed(want, name) is None:
                own = [answer for answer in answers if name in answer.sets]
                facts = sets.get(name) or land(source, name, fields, own, self.folder / "sets")
                self._put_down_set(want, name, facts)

    def _of_each(self, want: Want, came: Came, asked: int, answered: int, parting: Parting) -> Came:
        """Return what came record by record: whole only where all records were there to be asked for."""
        word = self.plan.source.endpoints[want.endpoint].for_each
        assert word is not None
        blank, notes, round_ = parting.blank[want.endpoint], list(came.notes), parting.rounds.get(want.endpoint)
        parents = [each for each in self.plan.wants() if word.set in each.sets]
        partly = bool(round_ and round_.never) or any(self._came(each).partly for each in parents)
        whole = not blank and not partly and all(word.set in self._came(each).complete for each in parents)
        notes += said(round_, word.set) if round_ is not None else []
        if answered < asked:
            notes.append(f"of {asked:,} records of {word.set}, {asked - answered:,} have nothing there (404)")
        if blank:
            notes.append(f"{blank:,} records of {word.set} lack a value that it is asked by, and were left out")
        return replace(came, complete=came.complete if whole else [], notes=notes, partly=partly)

    def _use_again(self, want: Want) -> None:
        """Take mirrors for what was read."""
        mirrors = self._mirrors()
        times = [mirrors[name].data_time for name in want.sets]
        known = [time for time in times if time is not None]
        partly = was_partly(mirrors, want.endpoint)
        self._put_down(want, Came(min(known).isoformat() if known else None, partly=partly))
        for name, fields in want.sets.items():
            mirror, wanted = mirrors[name], fields or frozenset()
            file = self.folder / "sets" / f"{name}.parquet"
            keep(self._home / mirror.file, file)
            declared = [each for each in self.plan.source.find(name)[2].fields if fields is None or each in wanted]
            present = tuple(each for each in declared if each in mirror.present)
            absent = tuple(each for each in declared if mirror.rows and each not in mirror.present)
            facts = SetFacts(name, file, mirror.rows, mirror.rows, present, absent, (), (), 0, 0)
            self._put_down_set(want, name, facts)

    def _put_down(self, want: Want, came: Came) -> None:
        self.journal.record(f"came:{want.endpoint}", **came_facts(came))

    def _expected(self, wants: list[Want]) -> Remaining:
        """Return what is known before anything is asked of how many requests there will be."""
        if not any(api.rates.limits for api in self.plan.source.apis.values()):
            return Remaining({})
        pricing = Pricing(self.plan, self._ways, self._mirrors(), self._home)
        prices = [pricing.price(want) for want in wants]
        return Remaining({each.endpoint: None if each.basis == "unknown" else each.requests for each in prices})

    def _came(self, want: Want) -> Came:
        entry = self.journal.get(f"came:{want.endpoint}")
        return Came(complete=list(want.sets)) if entry is None else Came(**entry)

    def _put_down_set(self, want: Want, name: str, facts: SetFacts) -> None:
        number = self._ways[want.endpoint].number
        self.journal.record(f"land:{name}", way=number, **{**asdict(facts), "file": facts.file.name})

    def _landed(self, want: Want, name: str) -> SetFacts | None:
        entry = self.journal.get(f"land:{name}")
        if entry is None or entry.pop("way", 1) != self._ways[want.endpoint].number:
            return None
        facts: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
        return SetFacts(**{**facts, "file": Path(entry["file"])})

    def _keep(self, want: Want, came: Came) -> None:
        """Make what was read the mirror of its sets: files first, then the state, old files last."""
        way, state = self._ways[want.endpoint], self._state
        if state is None or way.mode == "reuse" or not self._mirroring:
            return
        school, run = self.plan.school, self.folder.name
        if self.journal.get(f"mirror:{want.endpoint}") is None:
            before, rows = self._mirrors(), []
            for name in want.sets:
                facts = self._landed(want, name)
                assert facts is not None
                file = f"{MIRROR}/{name}/{run}.parquet"
                keep(self.folder / "sets" / facts.file.name, self._home / file)
                signed = signature(self.plan.source, school, want, name, came.system)
                made = {"signature": signed, "mode": way.mode, "at": way.at, "run": run}
                rows.append(mirror_row(name, facts, came, before.get(name), made, file))
            walking = self._walking(want)
            if walking is not None:
                rows.append(self._keep_walk(walking, came))
            state.put_mirrors(school.school, rows)
            self.journal.record(f"mirror:{want.endpoint}", token=came.token)
        for name in (*want.sets, walk_name(want.endpoint)):
            if (self._home / MIRROR / name).is_dir():
                clear(self._home / MIRROR / name, f"{run}.parquet")

    def _keep_walk(self, walking: Walking, came: Came) -> Mirror:
        file = f"{MIRROR}/{walk_name(walking.want.endpoint)}/{self.folder.name}.parquet"
        keep(walking.file, self._home / file)
        return walking.row(self.folder.name, file, partly=came.partly)

    # What is told

    def _hear(self, event: Event) -> None:
        """Pass on what extraction tells; keep for the report what is more than progress."""
        if event.kind in ("answer", "resumed") and self._clients is not None:
            self._remaining.answered(event.about)
            client = self._clients.of(self.plan.source.endpoints[event.about].api)
            left = client.seconds_for(self._remaining.requests)
            event = replace(event, left=left, more=self._remaining.open)
        if event.kind in _WORTH_A_NOTE:
            self._report.notes.append(f"{event.about}: {event.text}" if event.about else event.text)
        self._tell(event)

    def _enter(self, want: Want, name: str, fields: frozenset[str] | None, facts: SetFacts, came: Came) -> None:
        """Put a set into the report, with what drifted; that is a failure where the school says so."""
        way = self._ways[want.endpoint]
        absent = [each for each in facts.absent if fields is None or each in fields]
        found = SetReport(name, facts.rows, facts.repeated or 0, absent, list(facts.drift), way.mode)
        found.changes, found.complete = came.changes.get(name, {}), name in came.complete
        found.data_time, found.system = came.data_time, came.system
        found.age_hours = age_hours(came, datetime.fromisoformat(way.at))
        self._report.sets.append(found)
        if facts.repeated:
            several = f"{facts.repeated_across:,} of them on several pages"
            self._report.notes.append(f"{name}: {facts.repeated:,} keys stand on several records, {several}")
        self._report.notes += unfound(self.plan.source.endpoints[want.endpoint], facts, fields)
        drift, withheld = self.plan.school.drift, self.plan.granted.withheld.get(name, frozenset())
        missing = tuple(each for each in absent if each not in withheld)  # what is not granted is told already
        self._drifted("missing_field", name, missing, "is mapped, and was not sent", drift.missing_field)
        self._drifted("unknown_field", name, facts.drift, "was sent, and nothing declares it", drift.unknown_field)

    def _drifted(self, kind: str, set_name: str, fields: tuple[str, ...], said: str, policy: str) -> None:
        notes = [f"{set_name}.{field_name} {said}" for field_name in fields]
        self._report.notes += notes
        if notes and policy == "fail":
            why = f"the school file says drift: {{{kind}: fail}}"
            raise TransformError("; ".join(notes), why=why, fix="declare the field, or tell it only", code="drift")
