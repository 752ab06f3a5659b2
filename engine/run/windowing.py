"""Record sets by windows of dates: landed, looked at, and put in the place of what was there of the same days.

A record that comes in a window to which it does not belong stops the run: the source did not do what was asked of it,
or the record is dated otherwise than the source document says, and the next night would not find what to replace.
Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.errors import AnswerUnreadable
from engine.kinds.types import convert, filled, parquet, quote
from engine.run.mirroring import (
    CHANGED,
    AnewError,
    Came,
    counts,
    present_in_both,
    require_same_system,
    said_by,
)
from engine.run.span import Span
from engine.spec.days import day_link
from engine.spec.source import Source
from engine.stages.answer import Answer
from engine.stages.land import SetFacts, land_set
from engine.stages.mirror import Merged, MirrorError, look_at, of_days, splice, strays
from engine.stages.want import Want
from engine.state import Mirror


def windows_of(source: Source, want: Want, windows: Sequence[Sequence[str]] | None) -> list[Want]:
    """Return what is asked for: a part for each window; all at once where an endpoint has none."""
    word = source.endpoints[want.endpoint].windows
    if word is None or windows is None:
        return [want]
    parts = []
    for first, last in windows:
        given = word.params((date.fromisoformat(first), date.fromisoformat(last)))
        parts.append(replace(want, given=given, part=_part(first, last)))
    return parts


def _part(first: str, last: str) -> str:
    return first if first == last else f"{first}..{last}"


class Windowing:
    """Puts what came of the windows of one endpoint into the mirrors of its sets; `base` are those that it stands on.

    Without a base, what came is all that there is.
    """

    def __init__(
        self,
        source: Source,
        want: Want,
        answers: Sequence[Answer],
        windows: Sequence[Sequence[str]],
        base: Mapping[str, Mirror],
        home: Path,
        folder: Path,
        zone: ZoneInfo,
    ) -> None:
        self._source, self._want, self._answers, self._windows, self._base = source, want, answers, windows, base
        self._home, self._folder = home, folder
        self._said = said_by(source, want.endpoint, answers, zone)
        self._omits = source.formats.omits_null
        self._landed: dict[str, Path] = {}

    def read(self) -> tuple[dict[str, SetFacts], Came]:
        """Write the whole sets; raises `AnewError` where they must be read in full instead."""
        said = self._said
        before = require_same_system(said, self._base.values())
        sets: dict[str, SetFacts] = {}
        changes: dict[str, dict[str, int]] = {}
        for name in sorted(self._want.sets, key=self._linked):
            if name not in self._base:
                sets[name] = self._land(name, self._want.sets[name], self._folder / "sets")
                continue
            sets[name], merged = self._splice(name, self._base[name])
            changes[name] = counts(merged)
        time = said.data_time.isoformat() if said.data_time else None
        notes = [] if self._windows else ["nothing was asked for: its first day is yet to come"]
        span = self._span()
        return sets, Came(time, said.system or before, str(span) if span else None, [], changes, notes)

    def _span(self) -> Span | None:
        """Return the days that the mirrors hold now."""
        spans = [span for mirror in self._base.values() if (span := Span.read(mirror.token))]
        held = [Span(max(span.first for span in spans), min(span.last for span in spans))] if spans else []
        if self._windows:
            ends = (date.fromisoformat(day) for day in (self._windows[0][0], self._windows[-1][1]))
            held.append(Span(*ends))
        if not held:
            return None
        return Span(min(span.first for span in held), max(span.last for span in held))

    def _splice(self, name: str, mirror: Mirror) -> tuple[SetFacts, Merged]:
        record_set, wanted = self._source.endpoints[self._want.endpoint].sets[name], self._want.sets[name]
        file = self._home / mirror.file
        shape = look_at(file)
        if shape is None:
            raise AnewError(f"the copy of {name} is missing or damaged")
        fields = [each for each in record_set.fields if wanted is None or each in wanted | shape.columns]
        came = self._land(name, frozenset(fields), self._folder / CHANGED)
        present = present_in_both(name, came, mirror, omits_null=self._omits, strict=True)
        first, last = (self._windows[0][0], self._windows[-1][1]) if self._windows else ("9999-12-31", "0001-01-01")
        held = {other: self._home / each.file for other, each in self._base.items()}
        taken, out = of_days(first, last, self._day(name, held)), self._folder / "sets" / came.file.name
        try:
            merged = splice(record_set.key or [], fields, file, came.file, taken, out)
        except MirrorError as error:
            raise AnewError(f"{name}: {error.why}") from None
        facts = replace(
            came,
            rows=merged.rows,
            present=tuple(each for each in fields if each in present),
            absent=tuple(each for each in fields if merged.rows and each not in present),
        )
        return facts, merged

    def _land(self, name: str, fields: frozenset[str] | None, out: Path) -> SetFacts:
        """Land what came of a set; each record must be of a day of the window that it came in."""
        record_set = self._source.endpoints[self._want.endpoint].sets[name]
        facts = land_set(name, record_set, fields, self._answers, out, omits_null=self._omits)
        self._landed[name] = facts.file
        window = {_part(first, last): (first, last) for first, last in self._windows}
        asked = [(answer.page, *window[answer.part]) for answer in self._answers]
        undated, outside = strays(facts.file, self._day(name, self._landed), asked)
        if undated or outside:
            self._refuse(name, undated, outside)
        return facts

    def _refuse(self, name: str, undated: int, outside: int) -> None:
        word = self._source.endpoints[self._want.endpoint].windows
        assert word is not None
        said = [f"{outside:,} of another day than those that were asked for"] if outside else []
        link = day_link(self._source.endpoints[self._want.endpoint], name)
        without = "a day that can be read" if link is None else f"a record of '{link.set}' that has a day"
        said += [f"{undated:,} without {without}"] if undated else []
        raise AnswerUnreadable(
            f"endpoint '{self._want.endpoint}': of the records of '{name}', {' and '.join(said)}",
            why=f"the source document says that {link.set if link else name}.{word.field} is the day by which "
            f"{word.from_} asks",
            fix="correct its `windows:` (field, format, inclusive), or the formats of the source",
            code="outside-window",
        )

    def _linked(self, name: str) -> bool:
        """Whether the day of a set's records stands in another set, which must be there before it."""
        return day_link(self._source.endpoints[self._want.endpoint], name) is not None

    def _day(self, name: str, files: Mapping[str, Path]) -> str:
        """Return the SQL expression of the day that a record of a set belongs to; `files` are those of the others."""
        endpoint, formats = self._source.endpoints[self._want.endpoint], self._source.formats
        assert endpoint.windows is not None
        link = day_link(endpoint, name)
        if link is not None:
            rows = f"SELECT {quote(link.key)} AS _to, {self._day(link.set, files)} AS _on FROM"
            rows += f" {parquet(files[link.set])}"
            return f"(SELECT max(_on) FROM ({rows}) WHERE _to = {quote(link.own)})"
        field = endpoint.windows.field
        raw = filled(quote(field), formats)
        return f"({convert(raw, endpoint.sets[name].fields[field].type, formats)})::DATE"
