"""Answers of JSON made anew for a recording: what is declared of the records that are kept, each value disguised.

Nothing is taken over that no document names: what is not declared is counted by its name and left out. How values were
written, as numbers or as texts, stays. Next: `run/recording_xml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from engine.kinds.select import MISSING, path
from engine.run.disguising import Held
from engine.run.known_codes import folded
from engine.run.recording_pages import Told
from engine.spec.source import RecordSet
from engine.stages.envelope import records_path

_PLAIN_NAME: Final = re.compile(r"[@$]?[A-Za-z_][\w@.-]{0,60}")
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_AS_IT_IS: Final = "\0"
Replace = Callable[[Held, str], str]


class Wire(str):
    """A number of JSON, as it was written."""

    __slots__ = ()


@dataclass
class Remade:
    """How the answers of one request are made anew.

    `rows` are the records of each set that are kept, by page, counted from 1. `kept` are paths beside the records whose
    values stay; `told` those of them that get other values. `lost` are values of lists that lead to records which are
    not kept.
    """

    sets: Mapping[str, RecordSet]
    rows: Mapping[str, Mapping[int, set[int]]]
    replace: Replace
    lost: Mapping[tuple[str, str], frozenset[str]]
    kept: Sequence[str] = ()
    told: Told = field(default_factory=dict)
    dropped: dict[str, set[str]] = field(default_factory=dict)
    """By set, the names of what is not declared."""
    _first: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    def pages(self, answers: Mapping[int, bytes], told: Mapping[int, Told]) -> list[bytes]:
        """Return the answers, page by page, each of which says `told` of itself."""
        return [
            written(self._page(number, data, {**self.told, **told.get(number, {})}))
            for number, data in sorted(answers.items())
        ]

    def as_one(self, answers: Mapping[int, bytes], told: Told) -> bytes:
        """Return one answer with the records of all, which says `told` of itself."""
        first, *others = (self._page(number, data, told) for number, data in sorted(answers.items()))
        for place in {each.records for each in self.sets.values() if not each.one}:
            where = records_path(place)
            records = where.first(first)
            for other in others:
                more = where.first(other)
                if isinstance(records, list) and isinstance(more, list):
                    records.extend(more)
        return written(first)

    def without_records(self, answer: bytes, told: Told) -> bytes:
        """Return an answer as it is where there are no records."""
        bare = replace(self, rows={name: {} for name in self.rows})
        return written(bare._page(1, answer, told))

    def listed(self, records: Mapping[str, int]) -> int:
        """Return how far a page goes that has so many records of each set, as those who ask for the next count it."""
        counted = [count for name, count in records.items() if self.sets[name].counted]
        return max(counted, default=sum(records.values()))

    def drop(self, set_name: str, name: str) -> None:
        """Take note of something that is not declared; a name that looks like a value is not told."""
        self.dropped.setdefault(set_name, set()).add(name if _PLAIN_NAME.fullmatch(name) else "(no plain name)")

    def first_names(self, set_name: str) -> frozenset[str]:
        """Return the names that stand first on the paths of a set's fields."""
        if set_name not in self._first:
            fields = self.sets[set_name].fields.items()
            steps = [path(text).steps or () for name, spec in fields for text in spec.paths(name)]
            self._first[set_name] = frozenset(str(each[0]) for each in steps if each)
        return self._first[set_name]

    def value(self, set_name: str, field_name: str, value: Any) -> Any:
        """Return what stands in the place of the value of a field."""
        spec = self.sets[set_name].fields[field_name]
        lost = self.lost.get((set_name, field_name), frozenset())
        if lost and isinstance(value, list):
            value = [each for each in value if not (isinstance(each, str) and folded(each) in lost)]
        elif lost and isinstance(value, str) and spec.split is not None:
            items = value.split(spec.split)
            value = spec.split.join(each for each in items if folded(each) not in lost)
        return self._disguised(set_name, field_name, value, ())

    def _disguised(self, set_name: str, field_name: str, value: Any, names: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {name: self._disguised(set_name, field_name, each, (*names, name)) for name, each in value.items()}
        if isinstance(value, list):
            return [self._disguised(set_name, field_name, each, names) for each in value]
        held = Held(set_name, field_name, ".".join(names))
        if isinstance(value, bool):
            self.replace(held, str(value).lower())  # so that the report counts it
        if not isinstance(value, str):
            return value
        made = self.replace(held, str(value))
        return Wire(made) if isinstance(value, Wire) and _NUMBER.fullmatch(made) else made

    def _page(self, number: int, data: bytes, told: Told) -> Any:
        answer = json.loads(data, parse_int=Wire, parse_float=Wire)
        copying = _Copying(self)
        for text in self.kept:
            copying.keep(answer, path(text).steps or (), told.get(text, _AS_IT_IS))
        for name, record_set in self.sets.items():
            copying.choose(answer, name, record_set, self.rows[name].get(number, set()))
        made = copying.copied(answer, "")
        for set_name, name in copying.passed:
            self.drop(set_name, name)
        return made


class _Copying:
    """Copies what was marked of one answer."""

    def __init__(self, remade: Remade) -> None:
        self._remade = remade
        self._leaves: dict[tuple[int, str | int], Any] = {}
        self._chosen: dict[int, set[int]] = {}
        self._about: dict[int, str] = {}
        self.passed: list[tuple[str, str]] = []
        """What is not declared: the set, and the name."""

    def keep(self, answer: Any, steps: Sequence[str | int], told: str | None) -> None:
        """Mark a value beside the records; None is said as null."""
        holder = _holder(answer, steps)
        if holder is not MISSING and not isinstance(holder[steps[-1]], dict | list):
            value = holder[steps[-1]]
            number = isinstance(value, Wire) and told is not None and _NUMBER.fullmatch(told)
            made = value if told == _AS_IT_IS else (Wire(told) if number else told)
            self._leaves[id(holder), steps[-1]] = value if value is None else made

    def choose(self, answer: Any, name: str, record_set: RecordSet, rows: set[int]) -> None:
        """Mark the fields of the records of a set that are kept."""
        found = records_path(record_set.records).first(answer)
        records = [found] if record_set.one and isinstance(found, dict) else found
        if not isinstance(records, list):
            self._nothing(answer, record_set)
            return
        if not record_set.one:
            self._chosen.setdefault(id(records), set()).update(row - 1 for row in rows)
        for at, record in enumerate(records, 1):
            if at in rows or record_set.one:
                self._about[id(record)] = name
                self._mark(record, name, record_set)

    def _nothing(self, answer: Any, record_set: RecordSet) -> None:
        """Keep a null that stands in the place of a list of records."""
        steps = records_path(record_set.records).steps or ()
        holder = _holder(answer, steps)
        if holder is not MISSING and holder[steps[-1]] is None:
            self._leaves[id(holder), steps[-1]] = None

    def _mark(self, record: Any, name: str, record_set: RecordSet) -> None:
        for field_name, spec in record_set.fields.items():
            for text in spec.paths(field_name):
                steps = path(text).steps or ()
                holder = _holder(record, steps)
                if holder is not MISSING:
                    value = holder[steps[-1]]
                    made = self._remade.value(name, field_name, value)
                    key = (id(holder), steps[-1])
                    if (
                        key not in self._leaves or self._leaves[key] == value
                    ):  # what is replaced in one set is so in all
                        self._leaves[key] = made
                else:
                    self._null_on_the_way(record, steps)

    def _null_on_the_way(self, record: Any, steps: Sequence[str | int]) -> None:
        for length in range(1, len(steps)):
            holder = _holder(record, steps[:length])
            if holder is not MISSING and holder[steps[length - 1]] is None:
                self._leaves[id(holder), steps[length - 1]] = None

    def copied(self, node: Any, about: str) -> Any:
        """Return a copy of what was marked; MISSING where nothing was."""
        if isinstance(node, dict):
            about = self._about.get(id(node), about)
            made = {name: value for name in node if (value := self._of(node, name, about)) is not MISSING}
            return made if made or id(node) in self._about else MISSING
        if not isinstance(node, list):
            return MISSING
        if id(node) in self._chosen:
            return [self.copied(node[at], about) for at in sorted(self._chosen[id(node)]) if at < len(node)]
        items = [self._of(node, at, about) for at in range(len(node))]
        while items and items[-1] is MISSING:
            items.pop()
        return [{} if each is MISSING else each for each in items] if items else MISSING

    def _of(self, node: Any, name: str | int, about: str) -> Any:
        if (id(node), name) in self._leaves:
            return self._leaves[id(node), name]
        before = len(self.passed)
        found = self.copied(node[name], about)
        if found is MISSING and isinstance(name, str) and about:
            told = name not in self._remade.first_names(about)  # what is declared may be empty
            self.passed[before:] = [(about, name)] if told else []  # and not what is in it
        return found


def _holder(data: Any, steps: Sequence[str | int]) -> Any:
    """Return what holds the last step of a path; MISSING where nothing does, or where the path is none of steps."""
    for step in steps[:-1]:
        data = _step(data, step)
    return data if steps and _step(data, steps[-1]) is not MISSING else MISSING


def _step(data: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return data[step] if isinstance(data, list) and step < len(data) else MISSING
    return data[step] if isinstance(data, dict) and step in data else MISSING


def written(node: Any) -> bytes:
    """Return JSON as people read it, and as it is compared line by line."""
    return ("".join(_lines(node, "\n")) + "\n").encode()


def _lines(node: Any, end: str) -> list[str]:
    if isinstance(node, dict | list) and node:
        inner = end + " "
        items = node.items() if isinstance(node, dict) else ((None, each) for each in node)
        parts = []
        for name, each in items:
            label = "" if name is None else f"{json.dumps(name, ensure_ascii=False)}: "
            parts.append(inner + label + "".join(_lines(each, inner)))
        begin, finish = "{}" if isinstance(node, dict) else "[]"
        return [begin, ",".join(parts), end, finish]
    return [str(node) if isinstance(node, Wire) else json.dumps(node, ensure_ascii=False)]
