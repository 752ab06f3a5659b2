"""How each endpoint is read tonight: in full, by what changed, or not at all; and why. Asks nothing of anyone.

The copy that a school keeps of a record set, its mirror, was made by a certain request of a certain source
document. Changes are asked for only where the same request would be made again. Next: `run/mirroring`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from engine.kinds.changes import ChangedSince, ChangeToken, NoChanges
from engine.kinds.windows import Windows
from engine.kinds.word import seconds
from engine.run.span import Span, first_day
from engine.spec.asking import is_momentary
from engine.spec.changing import changes_of, deleted_path
from engine.spec.days import day_link
from engine.spec.school import School
from engine.spec.settings import SettingValue
from engine.spec.source import Endpoint, Source
from engine.stages.mirror import Shape, look_at
from engine.stages.want import Want, names_asked, options_asked
from engine.state import Mirror

FIRST: Final = "nothing was read before"
_ALL: Final = "everything was asked for (--full)"
_SAID: Final = {
    "full": "in full",
    "changes": "by changes",
    "windows": "in part",
    "refresh": "record by record",
    "reuse": "not asked again",
}
_CHANGED: Final = {
    "api": "the address, or the school's config, changed",
    "set": "the source document changed",
    "changes": "the source document says otherwise how to ask for changes",
    "windows": "the source document says otherwise what its windows are",
    "params": "its parameters changed",
    "options": "other options are asked for",
    "fields": "other fields are asked for",
}


@dataclass(frozen=True)
class Terms:
    """What a run asks: everything in full; or no read of what was read so short a time ago."""

    now: datetime
    zone: ZoneInfo
    full: bool = False
    reuse: timedelta | None = None
    today: date | None = None
    settings: Mapping[str, Mapping[str, SettingValue]] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The day of the run."""
        return self.today or self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Way:
    """How an endpoint is read. `given` are the parameters; `base` the files of the mirrors it stands on, by set.

    `windows` are the first and last days of those that are asked for, None where the endpoint has none. With windows, a
    read in full has a base too if what it does not read stays.
    """

    mode: Literal["full", "changes", "windows", "refresh", "reuse"]
    at: str
    """The time of the run's question; what was changed later may or may not be in the answers."""
    why: str = ""
    given: dict[str, str] = field(default_factory=dict)
    base: dict[str, str] = field(default_factory=dict)
    number: int = 1
    windows: list[list[str]] | None = None
    asked: str = ""
    """What tells the fields that were asked for from others: what is granted may change before a run goes on."""

    def facts(self) -> dict[str, Any]:
        """Return what a journal keeps of it."""
        return asdict(self)

    def in_full(self, why: str, begin: dict[str, str], windows: list[list[str]] | None = None) -> Way:
        """Return the way on which everything is read anew."""
        return Way("full", self.at, why, begin, number=self.number + 1, windows=windows, asked=self.asked)

    @property
    def told(self) -> bool:
        """Whether a person should know why everything is read."""
        return self.mode == "full" and self.why not in ("", FIRST)

    def __str__(self) -> str:
        said = _SAID[self.mode]
        if self.windows is not None:
            many = f"{len(self.windows):,} window{'s' if len(self.windows) != 1 else ''}"
            said += f", {many}" + (f" from {self.windows[0][0]} to {self.windows[-1][1]}" if self.windows else "")
        return f"{said}: {self.why}" if self.why else said


def asked_of(source: Source, want: Want) -> str:
    """Return what tells the fields that are asked for from others; '' where fields have no names."""
    names = names_asked(source, want)
    return "" if names is None else _sha([source.apis[source.endpoints[want.endpoint].api].fields_asked, sorted(names)])


def walk_name(endpoint: str) -> str:
    """Return the name under which it is kept what an endpoint was asked for, beside the mirrors of sets."""
    return f"{endpoint}@walk"


def choose(source: Source, school: School, want: Want, mirrors: Mapping[str, Mirror], home: Path, terms: Terms) -> Way:
    """Choose how an endpoint is read; `mirrors` are all that the school has, by set."""
    return _Choice(source, school, want, mirrors, home, terms).way()


def all_windows(
    source: Source, school: School, want: Want, mirrors: Mapping[str, Mirror], terms: Terms
) -> list[list[str]] | None:
    """Return the windows of a read that stands on nothing: from the first day on, or from the first that was kept."""
    word = source.endpoints[want.endpoint].windows
    if word is None:
        return None
    first = first_day(source, school, want.endpoint, terms.settings, terms.day)
    kept = [span.first for name in want.sets if name in mirrors and (span := Span.read(mirrors[name].token))]
    return _cut(word, min([first, *kept]), terms.day)


def _cut(word: Windows, first: date, last: date) -> list[list[str]]:
    return [[day.isoformat() for day in window] for window in word.cut(first, last)]


def signature(source: Source, school: School, want: Want, set_name: str, system: str) -> str:
    """Return what a mirror is made by, part by part, as digests: when one differs, its changes are not asked for."""
    return json.dumps({**_signed(source, school, want, set_name), "system": system}, sort_keys=True)


def system_of(mirror: Mirror) -> str:
    """Return the name of the system that a mirror's data are from; '' where it is not known."""
    return str(_read(mirror.signature).get("system", ""))


def _signed(source: Source, school: School, want: Want, set_name: str) -> dict[str, str]:
    endpoint = source.endpoints[want.endpoint]
    api, record_set = source.apis[endpoint.api], endpoint.sets[set_name]
    config = {name: value for name, value in school.config.items() if isinstance(value, str | int)}
    fields = {name: spec.paths(name) for name, spec in record_set.fields.items()}
    keys = [record_set.key, record_set.deleted_key, deleted_path(record_set, api)]
    word = endpoint.windows
    windowed = {} if word is None else {"windows": _sha([*_dates(source, word), *_day_of(endpoint, set_name, word)])}
    naming = {"fields": asked} if (asked := asked_of(source, want)) else {}
    asking = [each.model_dump(mode="json") for each in (endpoint.body, endpoint.for_each, record_set.ask) if each]
    return {
        "api": _sha([source.source, api.base_url, endpoint.path, config]),
        "set": _sha([record_set.records, keys, fields, *asking]),
        "changes": _sha(changes_of(source, want.endpoint).model_dump(mode="json")),
        "params": _sha([api.params, endpoint.params]),
        "options": _sha(options_asked(endpoint, want)),
        **naming,
        **windowed,
    }


def _day_of(endpoint: Endpoint, set_name: str, word: Windows) -> list[str]:
    """Return where the day of a record of a set stands: the type of its field, after the link to another set."""
    link = day_link(endpoint, set_name)
    found = [] if link is None else [link.set, link.own, link.key]
    return [*found, endpoint.sets[set_name if link is None else link.set].fields[word.field].type]


def _dates(source: Source, word: Windows) -> list[Any]:
    """Return what decides to which day a record belongs, and how days are asked for."""
    formats = source.formats
    return [word.from_, word.to, word.field, word.format, word.inclusive, formats.date, formats.datetime]


def keyless(source: Source, want: Want) -> list[str]:
    """Return the wanted sets of an endpoint in which nothing tells records apart."""
    sets = source.endpoints[want.endpoint].sets
    return [name for name in want.sets if not sets[name].key]


def with_keys(source: Source, want: Want) -> Want:
    """Return what is wanted with the fields by which records find their places: keys, days, what they were asked by."""
    want = with_days(source, want)
    endpoint = source.endpoints[want.endpoint]
    by = () if endpoint.for_each is None or endpoint.refresh is None else endpoint.for_each.keep
    sets = {
        name: fields if fields is None else fields | frozenset((*(endpoint.sets[name].key or ()), *by))
        for name, fields in want.sets.items()
    }
    return replace(want, sets=sets)


def with_days(source: Source, want: Want) -> Want:
    """Return what is wanted with the fields by whose days records belong to windows."""
    endpoint = source.endpoints[want.endpoint]
    if endpoint.windows is None:
        return want
    day, sets = endpoint.windows.field, dict(want.sets)
    for name, fields in want.sets.items():
        link = day_link(endpoint, name)
        if fields is not None:
            sets[name] = fields | {day if link is None else link.own}
    return replace(want, sets=sets)


class _Choice:
    """One endpoint, and the mirrors of its wanted sets."""

    def __init__(
        self, source: Source, school: School, want: Want, mirrors: Mapping[str, Mirror], home: Path, terms: Terms
    ) -> None:
        self._source, self._school, self._want, self._terms = source, school, want, terms
        self._endpoint, self._home = source.endpoints[want.endpoint], home
        self._changes = changes_of(source, want.endpoint)
        self._mirrors = {name: mirrors[name] for name in want.sets if name in mirrors}
        self._walk = mirrors.get(walk_name(want.endpoint))
        self._shapes: dict[str, Shape | None] = {}

    def way(self) -> Way:
        at = self._terms.now.isoformat()
        base = {name: mirror.file for name, mirror in self._mirrors.items()}
        reason = self._why_asked()
        if not reason:
            return Way("reuse", at, f"read {_ago(self._terms.now - self._read_at())} ago", base=base)
        if self._endpoint.windows is not None:
            return self._by_windows(self._endpoint.windows, at, base)
        if self._endpoint.refresh is not None:
            return self._by_records(at, base)
        if isinstance(self._changes, NoChanges):
            return Way("full", at)
        without = keyless(self._source, self._want)
        if without:
            several = "have no key" if len(without) > 1 else "has no key"
            return Way("full", at, f"{' and '.join(without)} {several}")
        reason = next(self._why_full(), "")
        given = {} if reason else self._changes.go_on(self._token(), self._read_at().astimezone(self._terms.zone))
        if given is None or reason:
            return Way("full", at, reason or "the last read gave no token", self._changes.begin())
        return Way("changes", at, "", given, base)

    def _by_windows(self, word: Windows, at: str, base: dict[str, str]) -> Way:
        """Return the way by windows: the last ones, or all; what is not read stays, unless it was read otherwise."""
        spans = [span for mirror in self._mirrors.values() if (span := Span.read(mirror.token))]
        why = next(self._why_apart(), "")
        if why or not self._mirrors or len(spans) < len(self._mirrors):
            windows = all_windows(self._source, self._school, self._want, self._mirrors, self._terms)
            return Way("full", at, why or FIRST, windows=windows)
        today = self._terms.day
        first = first_day(self._source, self._school, self._want.endpoint, self._terms.settings, today)
        kept = max(span.first for span in spans)
        why = f"what is before {kept} was not read yet" if first < kept else next(self._why_due(word.full_every), "")
        if why:
            return Way("full", at, why, base=base, windows=_cut(word, first, today))
        again = word.again(min(today, *(span.last for span in spans)))
        return Way("windows", at, "", base=base, windows=_cut(word, max(first, again), today))

    def _by_records(self, at: str, base: dict[str, str]) -> Way:
        """Return the way of what is asked for some records: what came of others stands, out of date where told why."""
        why = next(self._why_alone(), "")
        if why or self._walk is None:
            return Way("full", at, why or FIRST)
        why = next((_CHANGED[part] for part in self._differing()), "") or next(self._lacking(), "")
        return Way("refresh", at, why, base={**base, walk_name(self._want.endpoint): self._walk.file})

    def _why_alone(self) -> Iterator[str]:
        """Yield the reasons for which nothing of what was read before can stand."""
        if self._terms.full:
            yield _ALL
        if not self._mirrors or self._walk is None:
            yield FIRST
            return
        yield from self._why_others()
        if len({mirror.run for mirror in (*self._mirrors.values(), self._walk)}) > 1:
            yield "its record sets were not read together"
        if "api" in self._differing():
            yield _CHANGED["api"]
        shape, word = look_at(self._home / self._walk.file), self._endpoint.for_each
        if shape is None or word is None or not set(word.keep) <= shape.columns:
            yield "what it was asked for before is not known"

    def _why_apart(self) -> Iterator[str]:
        """Yield the reasons for which windows cannot take their places in what was read before."""
        if self._mirrors:
            yield from self._why_others()
            yield from (_CHANGED[part] for part in self._differing())
            yield from self._lacking()

    def _why_due(self, every: str | None) -> Iterator[str]:
        if self._terms.full:
            yield _ALL
        last = min(mirror.full_at for mirror in self._mirrors.values())
        if every is not None and self._terms.now - last >= timedelta(seconds=seconds(every)):
            yield f"that is done every {every}"

    def _why_others(self) -> Iterator[str]:
        others = sorted(set(self._want.sets) - set(self._mirrors))
        if others:
            yield f"nothing was read before of {', '.join(others)}"

    def _read_at(self) -> datetime:
        return min(mirror.read_at for mirror in self._mirrors.values())

    def _token(self) -> str | None:
        return next(mirror.token for mirror in self._mirrors.values())

    def _why_asked(self) -> str:
        """Return why the source is asked at all; '' where what was read before is used as it is."""
        if self._terms.reuse is None or self._terms.full:
            return "nothing is used again"
        if is_momentary(self._source, self._endpoint):
            return "it is of the moment"
        if set(self._mirrors) != set(self._want.sets) or self._terms.now - self._read_at() >= self._terms.reuse:
            return "nothing is young enough"
        differing = set(self._differing()) - {"options", "changes", "fields"}
        return next((_CHANGED[part] for part in sorted(differing)), "") or next(self._lacking(), "")

    def _why_full(self) -> Iterator[str]:
        """Yield the reasons for which changes are not asked for; the first is told."""
        if self._terms.full:
            yield _ALL
        if not self._mirrors:
            yield FIRST
        else:
            yield from self._why_others()
            yield from self._why_anew()

    def _why_anew(self) -> Iterator[str]:
        assert isinstance(self._changes, ChangeToken | ChangedSince)
        mirrors = list(self._mirrors.values())
        if len({(mirror.token, mirror.run) for mirror in mirrors}) > 1:
            yield "its record sets were not read together"
        differing = self._differing()
        if "params" not in self._changes.restart_when:
            differing = [part for part in differing if part not in ("params", "options")]
        if "fields" not in self._changes.restart_when:
            differing = [part for part in differing if part != "fields"]
        yield from (_CHANGED[part] for part in differing if part != "fields")
        if isinstance(self._changes, ChangeToken) and self._token() is None:
            yield "the last read gave no token"
        every = self._changes.full_every
        if self._terms.now - min(mirror.full_at for mirror in mirrors) >= timedelta(seconds=seconds(every)):
            yield f"that is done every {every}"
        yield from self._lacking(fields="fields" in self._changes.restart_when)
        yield from (_CHANGED[part] for part in differing if part == "fields")

    def _differing(self) -> list[str]:
        found = []
        for name, mirror in self._mirrors.items():
            then, now = _read(mirror.signature), _signed(self._source, self._school, self._want, name)
            found += [part for part in _CHANGED if then.get(part) != now.get(part)]
        return list(dict.fromkeys(found))

    def _lacking(self, *, fields: bool = True) -> Iterator[str]:
        """Yield what is wrong with the files of the mirrors."""
        for name, mirror in self._mirrors.items():
            shape = look_at(self._home / mirror.file)
            if shape is None or shape.rows != mirror.rows:
                yield f"the copy of {name} is missing or damaged"
                continue
            needed = self._want.sets[name]
            wanted = self._endpoint.sets[name].fields.keys() if needed is None else needed
            lacking = sorted(set(wanted) - shape.columns)
            if lacking and fields:
                said = ", ".join(f"{name}.{each}" for each in lacking)
                yield f"{said} {'were' if len(lacking) > 1 else 'was'} not read before"


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ago(time: timedelta) -> str:
    minutes = max(round(time.total_seconds() / 60), 0)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _sha(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
