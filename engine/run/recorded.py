"""Record sets landed from a recording, by the source documents as they are now: nothing is asked of anyone.

What is read may differ from what was recorded: endpoints and sets may have other names, fields other paths. What the
recording cannot tell is said in notes; it never fails for that. Next: `run/preview`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from engine.errors import AnswerUnreadable
from engine.journal import cannot_write
from engine.run.parting import land_kept, levels
from engine.run.plan import Plan, plan_for
from engine.run.reading import set_read
from engine.run.recording import Recorded, Recording, RecordingError
from engine.spec.project import Project
from engine.spec.school import School
from engine.spec.source import Endpoint, RecordSet, Source
from engine.stages.answer import Answer, Seen
from engine.stages.envelope import AnswerReader, Reader, UnreadableError
from engine.stages.kept import kept_values
from engine.stages.land import SetFacts, land
from engine.stages.transform import SetRead
from engine.stages.want import Want
from engine.stages.xml_answer import XmlReader


@dataclass(frozen=True)
class LandedRecording:
    """Record sets as `transform` takes them, what they are planned for, and what the recording could not tell."""

    plan: Plan
    sets: Mapping[str, SetRead]
    today: date
    notes: list[str]


def land_recorded(
    project: Project, school: School, recording: Recording, folder: Path, only: Iterable[str] = ()
) -> LandedRecording:
    """Land what a school's entities, or those named, need of a recording, below a folder."""
    if school.source != recording.source:
        what = f"{recording.folder} is a recording of '{recording.source}', and '{school.school}' is of another source"
        raise RecordingError(what, why=f"its source is '{school.source}'", fix="name a recording of that source")
    plan = plan_for(project, school, only)
    landing = _Landing(plan.source, recording, folder)
    sets = {}
    for level in levels(plan.source, plan.wants()):
        for want in level:
            for name, fields in want.sets.items():
                sets[name] = set_read(landing.land(want, name), fields)
    return LandedRecording(plan, sets, recording.today, landing.notes)


@dataclass
class _Landing:
    """Lands the sets of one recording; those that others are asked for come first."""

    source: Source
    recording: Recording
    folder: Path
    notes: list[str] = field(default_factory=list)

    def land(self, want: Want, name: str) -> SetFacts:
        """Land one set of an endpoint."""
        endpoint, out = self.source.endpoints[want.endpoint], self.folder / "sets"
        recorded = self._of_set(want.endpoint, endpoint, name)
        if recorded is None:
            self.notes.append(f"{name} was not recorded: it has no records here")
            recorded = []
        if endpoint.for_each is None:
            there = [each for each in recorded if each.file]  # records that it was asked for may have had nothing
            answers = list(self._read(want, name, there, [""] * len(there)))
            facts = land(self.source, name, want.sets[name], answers, out)
        else:
            parts = self._parts(want, endpoint, name, recorded)
            answers = list(self._read(want, name, [each for each, _ in parts], [part.part for _, part in parts]))
            facts = land_kept(self.source, want, name, answers, [part for _, part in parts], out)
        if facts.absent:
            self.notes.append(f"{name}: {', '.join(facts.absent)} did not come when it was recorded")
        return facts

    def _of_set(self, name: str, endpoint: Endpoint, set_name: str) -> list[Recorded] | None:
        """Return the requests that brought a set, the same under other names too; None where none did."""
        kept, at = self.recording.sets, endpoint.sets[set_name].records
        home = name if name in self.recording.endpoints else self._named_before(endpoint)
        if set_name in kept:
            before = set_name
        else:
            found = (other for other, each in kept.items() if each.endpoint == home and each.at == at)
            before = next(found, "")
        if not before:
            return None
        return [each for each in self.recording.answers if before in each.sets]

    def _named_before(self, endpoint: Endpoint) -> str:
        """Return the name that an endpoint of the same path had when it was recorded; '' where there was none."""
        path = _shape(f"{endpoint.method} {endpoint.path}")
        return next((name for name, asked in self.recording.endpoints.items() if _shape(asked) == path), "")

    def _parts(
        self, want: Want, endpoint: Endpoint, name: str, recorded: Sequence[Recorded]
    ) -> list[tuple[Recorded, Want]]:
        """Return the answers of the records that an endpoint is asked for now, each with what is kept of its record."""
        word = endpoint.for_each
        assert word is not None
        kept, _ = kept_values(self.folder / "sets" / f"{word.set}.parquet", word)
        found, lacking = [], 0
        for number, record in enumerate(kept, 1):
            own = [each for each in recorded if _same(each.each, record)]
            lacking += not own
            part = Want(want.endpoint, want.sets, part=f"record-{number}", names={"each": record})
            found += [(each, part) for each in own if each.file]
        if lacking and recorded:
            self.notes.append(f"{name}: {lacking:,} records of {word.set} were not asked for when it was recorded")
        return found

    def _read(self, want: Want, name: str, recorded: Sequence[Recorded], parts: Sequence[str]) -> Iterator[Answer]:
        """Read the envelopes of answers, as extraction does of those that it gets."""
        endpoint = self.source.endpoints[want.endpoint]
        fields = want.sets[name]
        for page, (each, part) in enumerate(zip(recorded, parts, strict=True), 1):
            file = self._copied(each)
            seen = self._see(endpoint, name, fields, file)
            if seen is not None:
                yield Answer(want.endpoint, page, file, file.stat().st_size, {name: seen}, part=part)
            else:
                at = endpoint.sets[name].records
                self.notes.append(f"{name}: {each.file} has no list of records at {at}, and is passed over")

    def _see(self, endpoint: Endpoint, name: str, fields: frozenset[str] | None, file: Path) -> Seen | None:
        sets: dict[str, RecordSet] = {name: endpoint.sets[name]}
        api = self.source.apis[endpoint.api]
        reader: AnswerReader
        if api.answers == "xml":
            tell_empty = self.source.formats.blank == "keep"
            reader = XmlReader(api.root or "", sets, {name: fields}, (), tell_empty=tell_empty)
        else:
            reader = Reader(sets)
        try:
            with file.open("rb") as stream:
                return reader.read_from(stream, file).sets[name]
        except UnreadableError as error:
            raise AnswerUnreadable(f"{self.recording.folder}: an answer {error.what}") from None

    def _copied(self, each: Recorded) -> Path:
        """Return a copy of an answer in the folder: what is read of it may stand beside it."""
        file = self.folder / "answers" / each.endpoint / Path(each.file).name
        try:
            if not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.recording.folder / each.file, file)
        except OSError as error:
            raise cannot_write(file, error) from None
        return file


def _same(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Say whether a record is the one that was asked for; where the names are all others, by the values."""
    shared = before.keys() & now.keys()
    if not shared:
        return bool(before) and list(before.values()) == list(now.values())
    return all(before[name] == now[name] for name in shared)


def _shape(asked: str) -> str:
    """Return a method and a path as they are compared: whatever is filled in."""
    method, _, path = asked.partition(" ")
    return f"{method} {re.sub(r'{{.*?}}', '{}', path).strip('/').lower()}"
