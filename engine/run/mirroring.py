"""Record sets by what changed: landed, merged into what was read before, and kept for the next run.

The order is what makes a kill harmless: the way of an endpoint is in the journal before anything is asked; its sets
are whole files of the run before the state hears of them; the state takes files and token of all its sets at once;
old files go last. Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.kinds.changes import ChangeToken, DataTime
from engine.run.choosing import system_of
from engine.spec.changing import changes_of, deleted_name, deleted_sets
from engine.spec.source import Source
from engine.stages.answer import Answer
from engine.stages.credential import utc_time
from engine.stages.land import SetFacts, land_set
from engine.stages.mirror import Merged, MirrorError, look_at, merge
from engine.stages.want import Want
from engine.state import Mirror

CHANGED = "changed"
"""The folder of a run in which what changed lands, before it is merged."""


class AnewError(Exception):
    """What changed is no use: everything must be read. `why` is one line."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Said:
    """What the answers of an endpoint say beside their records."""

    data_time: datetime | None = None
    system: str = ""
    token: str | None = None
    why_no_token: str = ""
    total: int | None = None


@dataclass(frozen=True)
class Came:
    """What came of an endpoint: what its answers said, which sets are complete, and what its merges came to."""

    data_time: str | None = None
    system: str = ""
    token: str | None = None
    complete: list[str] = field(default_factory=list)
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    partly: bool = False
    """Whether records of its sets are lacking that were never asked for."""

    @property
    def moment(self) -> datetime | None:
        """Of when the data are."""
        return None if self.data_time is None else datetime.fromisoformat(self.data_time)


def said_by(source: Source, endpoint: str, answers: Sequence[Answer], zone: ZoneInfo) -> Said:
    """Return what answers say together: the oldest of their times, and a token only where all give the same."""
    api = source.apis[source.endpoints[endpoint].api]

    def texts(what: str) -> list[str]:
        return [answer.said[what] for answer in answers if what in answer.said]

    times = [time for text in texts("data_time") if (time := moment_of(api.data_time, text, zone)) is not None]
    tokens = set(texts("next"))
    whole = next((int(text) for text in reversed(texts("total")) if text.isdecimal()), None)
    return Said(
        data_time=min(times, default=None),
        system=next(iter(texts("system")), ""),
        token=next(iter(tokens)) if len(tokens) == 1 else None,
        why_no_token="the data changed while they were read" if tokens else "the answers gave no token",
        total=whole,
    )


def moment_of(word: DataTime | None, text: str, zone: ZoneInfo) -> datetime | None:
    """Return a time that an answer gives; None where it cannot be read."""
    if word is None or word.format is None:
        return utc_time(text, zone)
    try:
        when = datetime.strptime(text, word.format)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def require_same_system(said: Said, mirrors: Iterable[Mirror]) -> str:
    """Return the system that mirrors are from; raise `AnewError` where answers are from another."""
    before = {system_of(mirror) for mirror in mirrors} - {""}
    if said.system and before and before != {said.system}:
        raise AnewError(f"its data are from '{said.system}' now, and were from '{'/'.join(sorted(before))}'")
    return "".join(sorted(before))


def in_full(
    source: Source, want: Want, answers: Sequence[Answer], mirrors: Mapping[str, Mirror], zone: ZoneInfo
) -> Came:
    """Return what came of a read in full; after a change of the system behind the source nothing counts as gone."""
    said = said_by(source, want.endpoint, answers, zone)
    notes = []
    before = {system_of(mirrors[name]) for name in want.sets if name in mirrors} - {""}
    moved = bool(said.system and before and before != {said.system})
    if moved:
        notes.append(f"its data are from '{said.system}' now, and were from '{'/'.join(sorted(before))}'")
    changes = changes_of(source, want.endpoint)
    if isinstance(changes, ChangeToken) and want.given and said.token is None:
        notes.append(f"{said.why_no_token}; the next read is in full")
    time = said.data_time.isoformat() if said.data_time else None
    complete = [] if moved else list(want.sets)
    return Came(time, said.system, said.token if want.given else None, complete, {}, notes)


class Merging:
    """Merges what changed of one endpoint into the mirrors of its sets."""

    def __init__(
        self,
        source: Source,
        want: Want,
        answers: Sequence[Answer],
        mirrors: Mapping[str, Mirror],
        home: Path,
        folder: Path,
        zone: ZoneInfo,
    ) -> None:
        self._source, self._want, self._answers, self._mirrors = source, want, answers, mirrors
        self._home, self._folder = home, folder
        self._changes = changes_of(source, want.endpoint)
        self._lists = deleted_sets(source, want.endpoint, want.sets)
        self._said = said_by(source, want.endpoint, answers, zone)
        self._omits = source.formats.omits_null

    def merge(self) -> tuple[dict[str, SetFacts], Came]:
        """Write the whole sets; raises `AnewError` where they must be read in full instead."""
        said = self._said
        if isinstance(self._changes, ChangeToken) and said.token is None:
            raise AnewError(said.why_no_token)
        before = require_same_system(said, self._mirrors.values())
        sets: dict[str, SetFacts] = {}
        merges: dict[str, Merged] = {}
        complete, notes = [], []
        for name in self._want.sets:
            gone = self._deleted(name)
            sets[name], merges[name] = self._merge(name, gone)
            complete += [name] if gone is not None else []
            notes += list(_odd(name, merges[name]))
        changes = {name: counts(each) for name, each in merges.items()}
        time = said.data_time.isoformat() if said.data_time else None
        return sets, Came(time, said.system or before, said.token, complete, changes, notes)

    def _merge(self, name: str, gone: Path | None) -> tuple[SetFacts, Merged]:
        record_set, mirror = self._source.endpoints[self._want.endpoint].sets[name], self._mirrors[name]
        file, wanted = self._home / mirror.file, self._want.sets[name]
        shape = look_at(file)
        if shape is None:
            raise AnewError(f"the copy of {name} is missing or damaged")
        fields = [each for each in record_set.fields if wanted is None or each in wanted | shape.columns]
        out = self._folder / CHANGED
        came = land_set(name, record_set, fields, self._answers, out, omits_null=self._omits)
        strict = "scopes" in getattr(self._changes, "restart_when", ())
        present = present_in_both(name, came, mirror, omits_null=self._omits, strict=strict)
        try:
            merged = merge(record_set.key or [], fields, file, came.file, gone, self._folder / "sets" / came.file.name)
        except MirrorError as error:
            raise AnewError(f"{name}: {error.why}") from None
        if record_set.counted and self._said.total is not None and merged.rows != self._said.total:
            raise AnewError(f"{name}: there are {merged.rows:,} records, and the source says {self._said.total:,}")
        facts = replace(
            came,
            rows=merged.rows,
            present=tuple(each for each in fields if each in present),
            absent=tuple(each for each in fields if merged.rows and each not in present),
            repeated=0,
            repeated_across=0,
        )
        return facts, merged

    def _deleted(self, name: str) -> Path | None:
        """Land the keys of a set's records that are gone; None where no answer lists them."""
        known = deleted_name(name)
        answers = [answer for answer in self._answers if known in answer.sets]
        if known not in self._lists or not answers:
            return None
        return land_set(known, self._lists[known], None, answers, self._folder / CHANGED, omits_null=True).file


def present_in_both(name: str, came: SetFacts, mirror: Mirror, *, omits_null: bool, strict: bool) -> frozenset[str]:
    """Return the fields that both have: one that either lacks is not known of all records; `strict` reads anew then."""
    now, then = frozenset(came.present), frozenset(mirror.present)
    if not came.rows or not mirror.rows:
        return now if came.rows else then
    if omits_null:
        return now | then
    differing = sorted((now ^ then) & frozenset((*came.present, *came.absent)))
    if differing and strict:
        raise AnewError(f"other fields come than before: {', '.join(f'{name}.{each}' for each in differing)}")
    return now & then


def counts(merged: Merged) -> dict[str, int]:
    """Return what a merge came to, for the report."""
    return {"new": merged.new, "changed": merged.changed, "deleted": merged.deleted}


def _odd(name: str, merged: Merged) -> Iterable[str]:
    if merged.unknown:
        yield f"{name}: {merged.unknown:,} records are said to be gone that were not there"
    if merged.kept:
        yield f"{name}: {merged.kept:,} records are said to be changed and gone; they stay until the next read in full"


def mirror_row(
    name: str, facts: SetFacts, came: Came, before: Mirror | None, made: Mapping[str, Any], file: str
) -> Mirror:
    """Return what the state keeps of a set: `made` has `signature`, `mode`, `at` and `run`."""
    at, full = datetime.fromisoformat(made["at"]), made["mode"] == "full" or before is None
    part: Literal["changes", "window"] = "window" if made["mode"] == "windows" else "changes"
    return Mirror(
        set_name=name,
        file=file,
        rows=facts.rows,
        signature=made["signature"],
        token=came.token,
        kind="full" if full else part,
        read_at=at,
        data_time=came.moment,
        full_at=at if full or before is None else before.full_at,
        present=facts.present,
        run=made["run"],
    )


def came_facts(came: Came) -> dict[str, Any]:
    """Return what a journal keeps of it."""
    return asdict(came)


def age_hours(came: Came, at: datetime) -> float | None:
    """Return how old data were at a time, by the source's account."""
    when = came.moment
    return None if when is None else round((at - when) / timedelta(hours=1), 1)
