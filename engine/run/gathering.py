"""What a recording is made of: whole records, asked of the source; of what is asked record by record, the chosen ones.

Lists are read whole, once. Then the records are chosen, and only these are asked about further, level by level, until
what is kept refers to nothing that was not asked for. A home of DuckDB. Next: `run/recorder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.errors import StorageError
from engine.journal import Journal
from engine.kinds.changes import ChangeToken
from engine.kinds.request import ForEach
from engine.kinds.types import parquet, quote
from engine.run.choosing import Terms, all_windows
from engine.run.disguising import Held, inner_values
from engine.run.parting import Parting, land_kept, levels
from engine.run.recording_choice import Choosing
from engine.secret import Config
from engine.spec.changing import changes_of
from engine.spec.school import School
from engine.spec.settings import SettingValue
from engine.spec.source import Source
from engine.sql import connect, reworded
from engine.stages.answer import Answer
from engine.stages.clients import Clients
from engine.stages.earlier import Earlier
from engine.stages.extract import extract_with
from engine.stages.kept import kept_values
from engine.stages.land import SetFacts, land
from engine.stages.walk import Round
from engine.stages.want import Want

_ROUNDS = 6


@dataclass(frozen=True)
class Part:
    """One request with its pages."""

    want: Want
    answers: list[Answer]


@dataclass
class Gathering:
    """Reads what is wanted into a folder; `found` has it by endpoint in the end."""

    source: Source
    school: School
    config: Config
    settings: Mapping[str, Mapping[str, SettingValue]]
    wants: Sequence[Want]
    folder: Path
    clock: Clock
    choosing: Choosing
    facts: dict[str, SetFacts] = field(default_factory=dict)
    found: dict[str, list[Part]] = field(default_factory=dict)

    @property
    def sets(self) -> Path:
        return self.folder / "sets"

    @property
    def terms(self) -> Terms:
        return Terms(self.clock.now(), ZoneInfo(self.school.time_zone), settings=self.settings)

    def read(self, clients: Clients, journal: Journal) -> None:
        """Read, and choose, until nothing is lacking."""
        asked: object = None
        for _ in range(_ROUNDS):
            for level in levels(self.source, self.wants):
                self._level(level, clients, journal)
            self.choosing.grow(whole=[name for want in self.wants for name in want.sets])
            now = {name: sorted(part.want.part for part in parts) for name, parts in self.found.items()}
            if now == asked or not any(self.source.endpoints[want.endpoint].for_each for want in self.wants):
                return
            asked = now

    def _level(self, level: Sequence[Want], clients: Clients, journal: Journal) -> None:
        parting = Parting(self.source, self.school, self.config, self.settings, self.terms.day, self.sets)
        parts = [part for want in level for part in self._parts(parting, want)]
        answers = extract_with(clients, parts, self.folder, journal, Earlier((), self.clock))
        for want in level:
            own = [part for part in parts if part.endpoint == want.endpoint]
            if self._known(want, own):
                continue
            mine = [each for each in answers if each.endpoint == want.endpoint]
            self.found[want.endpoint] = [Part(part, [each for each in mine if each.part == part.part]) for part in own]
            for name in want.sets:
                self.facts[name] = self._land(want, name, [each for each in mine if name in each.sets], own)
                self.choosing.read(name, self.facts[name].file)
        self.choosing.grow(whole=self._asked_for())

    def _known(self, want: Want, parts: Sequence[Want]) -> bool:
        """Say whether an endpoint was asked the same in the round before."""
        before = [part.want.part for part in self.found.get(want.endpoint, ())]
        return want.endpoint in self.found and before == [part.part for part in parts]

    def _asked_for(self) -> Iterable[str]:
        """Yield the sets for whose records others are asked."""
        words = (self.source.endpoints[want.endpoint].for_each for want in self.wants)
        return {word.set for word in words if word is not None}

    def _parts(self, parting: Parting, want: Want) -> list[Want]:
        endpoint = self.source.endpoints[want.endpoint]
        changes = changes_of(self.source, want.endpoint)
        if isinstance(changes, ChangeToken):
            want = replace(want, given=changes.begin())
        windows = all_windows(self.source, self.school, want, {}, self.terms)
        if windows is not None and endpoint.windows is not None:
            first = endpoint.windows.again(self.terms.day).isoformat()
            windows = [window for window in windows if window[1] >= first]
        if endpoint.for_each is not None:
            parting.rounds[want.endpoint] = self._chosen(endpoint.for_each)
        return parting.parts(want, windows)

    def _chosen(self, word: ForEach) -> Round:
        """Return the records of a set that an endpoint is asked for, each with its number among all of them."""
        file = self.sets / f"{word.set}.parquet"
        values, blank = kept_values(file, word)
        kept = self.choosing.rows(word.set)
        columns = ", ".join(quote(name) for name in word.keep.values())
        with connect(self.sets) as database, reworded(f"reading {file.name}", StorageError):
            rows = database.execute(f"SELECT _page, _row, {columns} FROM {parquet(file)}").fetchall()
        chosen = {tuple(row[2:]) for row in rows if row[1] in kept.get(row[0], ())}
        asked = [(number, each, "") for number, each in enumerate(values, 1) if tuple(each.values()) in chosen]
        return Round(asked, {}, 0, 0, 0, blank)

    def _land(self, want: Want, name: str, answers: Sequence[Answer], parts: Sequence[Want]) -> SetFacts:
        if self.source.endpoints[want.endpoint].for_each is None:
            return land(self.source, name, None, answers, self.sets)
        return land_kept(self.source, want, name, answers, parts, self.sets)

    def values(self) -> dict[Held, Counter[str]]:
        """Count the values of each field, in all records that were read."""
        found: dict[Held, Counter[str]] = {}
        with connect(self.sets) as database, reworded("counting values", StorageError):
            for name, facts in self.facts.items():
                for field_name, spec in self.source.find(name)[2].fields.items():
                    column = quote(field_name)
                    rows = database.execute(
                        f"SELECT {column}, count(*) FROM {parquet(facts.file)} WHERE {column} IS NOT NULL GROUP BY ALL"
                    ).fetchall()
                    for text, count in rows:
                        listed = spec.type == "list" and spec.split is None
                        for inner, value in inner_values(text) if listed else [("", text)]:
                            found.setdefault(Held(name, field_name, inner), Counter())[value] += count
        return found
