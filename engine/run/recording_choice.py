"""Which records a recording keeps: those of a few people, with all that belongs to them and all that they refer to.

Some records of one set are chosen, spread over all of it; then what leads to them and what they lead to, until nothing
is missing, so that joins lead as far as before. Lists that lead further are cut. A home of DuckDB.
Next: `run/recorder`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from engine.errors import StorageError
from engine.kinds.types import parquet, quote
from engine.run.known_codes import folded
from engine.run.links import Edge
from engine.spec.source import RecordSet
from engine.sql import connect, reworded

_SMALL: Final = 60
"""Records of a set that is kept whole, if it is about no person: a table of codes."""
_TIMES: Final = 10
"""So many records of a set belong to one chosen record, on average, at most."""
_MATCHES: Final = 5
_PERSONAL: Final = ("identifier", "name", "contact", "birth", "address", "family")
Rows = dict[int, set[int]]
"""Records by page and number."""


@dataclass
class Landed:
    """A set that was read: of each record its page and number, and the values of the fields that link it."""

    places: list[tuple[int, int]]
    values: dict[str, list[list[str]]]

    @cached_property
    def holding(self) -> dict[str, dict[str, list[int]]]:
        """By field and value, the records that hold it."""
        found: dict[str, dict[str, list[int]]] = {}
        for name, column in self.values.items():
            own = found[name] = defaultdict(list)
            for at, texts in enumerate(column):
                for text in texts:
                    own[text].append(at)
        return found

    def at(self, name: str, text: str) -> list[int]:
        """Return the records that hold a value."""
        return self.holding[name].get(text, []) if name in self.holding else []


@dataclass
class Choosing:
    """Chooses records. What was kept stays kept when more sets come. `limit` None keeps everything."""

    sets: Mapping[str, RecordSet]
    edges: Sequence[Edge]
    root: str
    limit: int | None
    landed: dict[str, Landed] = field(default_factory=dict)
    kept: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _own: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Records that were chosen, or belong to chosen ones; others of `kept` are only referred to."""

    def read(self, name: str, file: Path) -> None:
        """Take in a set that has landed; of one that comes again with other records nothing is kept yet."""
        linked = {edge.field for edge in self.edges if edge.set == name}
        linked |= {edge.to_field for edge in self.edges if edge.to_set == name}
        before, self.landed[name] = self.landed.get(name), read_links(file, self.sets[name], sorted(linked))
        if before is not None and before.places != self.landed[name].places:
            self.kept.pop(name, None)
            self._own.pop(name, None)

    def grow(self, *, whole: Iterable[str] = ()) -> None:
        """Keep what belongs to what is kept, and is referred to; of the sets `whole` some records in any case."""
        if self.limit is None:
            for name, landed in self.landed.items():
                self._keep(name, range(len(landed.places)), own=True)
            return
        if self.root in self.landed and not self.kept[self.root]:
            self._keep(self.root, self._spread(self.root, range(len(self.landed[self.root].places))), own=True)
        for name in self.landed:
            if self._is_codes(name):
                self._keep(name, range(len(self.landed[name].places)), own=False)
        self._settle()
        for name in whole:
            if name in self.landed and not self.kept[name]:
                fitting = [at for at in range(len(self.landed[name].places)) if self._fits(name, at, strict=False)]
                self._keep(name, self._spread(name, fitting), own=False)
        self._settle()

    def rows(self, name: str) -> Rows:
        """Return the records of a set that are kept."""
        found: Rows = defaultdict(set)
        for at in self.kept[name]:
            page, row = self.landed[name].places[at]
            found[page].add(row)
        return found

    def lost(self, name: str, field_name: str) -> frozenset[str]:
        """Return the values of a list that lead to records which are there, and are not kept."""
        edges = [edge for edge in self.edges if (edge.set, edge.field) == (name, field_name) and edge.many]
        values = {text for texts in self.landed[name].values.get(field_name, ()) for text in texts} if edges else set()
        return frozenset(
            text
            for text in values
            if any(self._targets(edge, text) for edge in edges)
            and not any(self.kept[edge.to_set] & set(self._targets(edge, text)) for edge in edges)
        )

    # How it grows

    def _settle(self) -> None:
        before = -1
        while before != (before := self._size()):
            for name in self.landed:
                for at in sorted(self.kept[name]):
                    self._follow(name, at)
            for edge in self.edges:
                self._gather(edge)

    def _size(self) -> int:
        return sum(map(len, self.kept.values())) + sum(map(len, self._own.values()))

    def _follow(self, name: str, at: int) -> None:
        """Keep what a record refers to; of lists only those of what was chosen first."""
        for edge in self.edges:
            if edge.set != name or edge.to_set not in self.landed:
                continue
            if edge.many and (name != self.root or edge.to_set == self.root):
                continue
            for text in self._texts(name, edge.field, at):
                found = self._targets(edge, text)
                if edge.to_field not in (self.sets[edge.to_set].key or ()):  # it may lead to what belongs to others
                    found = [each for each in found if self._fits(edge.to_set, each, strict=False)]
                found = found if len(found) <= _MATCHES else found[:1]
                self._keep(edge.to_set, found, own=False)

    def _gather(self, edge: Edge) -> None:
        """Keep the records that belong to kept ones: that name them, and no record of the root that is not kept."""
        if edge.set == self.root or edge.set not in self.landed or edge.to_set not in self.landed:
            return
        if edge.many and edge.to_set != self.root:
            return
        assert self.limit is not None
        target = self.landed[edge.to_set]
        for at in sorted(self.kept[edge.to_set]):
            own = at in self._own[edge.to_set]
            if not own and not _of_people(self.sets[edge.to_set]):
                continue  # what is only referred to, and is nobody: a code, a group
            for text in target.values[edge.to_field][at]:
                found = self.landed[edge.set].at(edge.field, text)
                fitting = [each for each in found if self._fits(edge.set, each, strict=not own)]
                room = self.limit * _TIMES - len(self._own[edge.set])
                new = [each for each in fitting if each not in self._own[edge.set]]
                self._keep(edge.set, new[: max(room, 0)], own=True)

    def _fits(self, name: str, at: int, *, strict: bool) -> bool:
        """Say whether a record names no record of the root that is not kept; if `strict`, none of any set."""
        for edge in self.edges:
            if edge.set != name or edge.many or edge.to_set not in self.landed or edge.to_set == name:
                continue
            if not strict and edge.to_set != self.root:
                continue
            for text in self._texts(name, edge.field, at):
                found = self._targets(edge, text)
                if found and not self.kept[edge.to_set].intersection(found):
                    return False
        return True

    def _keep(self, name: str, found: Iterable[int], *, own: bool) -> None:
        chosen = set(found)
        self.kept[name] |= chosen
        if own:
            self._own[name] |= chosen

    def _texts(self, name: str, field_name: str, at: int) -> list[str]:
        return self.landed[name].values[field_name][at]

    def _targets(self, edge: Edge, text: str) -> list[int]:
        return self.landed[edge.to_set].at(edge.to_field, text) if edge.to_set in self.landed else []

    def _spread(self, name: str, among: Sequence[int]) -> list[int]:
        """Return some of the records, spread over all of them."""
        assert self.limit is not None
        count = min(self.limit, len(among))
        return [among[index * len(among) // count] for index in range(count)]

    def _is_codes(self, name: str) -> bool:
        leads = any(edge.set == name and edge.to_set == self.root for edge in self.edges)
        return not leads and not _of_people(self.sets[name]) and len(self.landed[name].places) <= _SMALL


def root_of(sets: Mapping[str, RecordSet], edges: Iterable[Edge], wanted: Iterable[str]) -> str:
    """Return the set of people that all is chosen by: '' where none of the sets is about people.

    Of those with dates of birth it is the one that most others about people lead to; where there are none, the one with
    most personal fields: a group may be led to by all its members, and is none of them.
    """
    about = {name: count for name in wanted if (count := _personal_fields(sets[name]))}
    leading = {(edge.set, edge.to_set) for edge in edges if edge.set != edge.to_set and edge.set in about}
    led = Counter(to_set for _, to_set in leading)
    born = [name for name in about if any(spec.pii == "birth" for spec in sets[name].fields.values())]
    if born:
        return max(born, key=lambda name: (led[name], about[name]))
    return max(about, key=lambda name: (about[name], led[name]), default="")


def _of_people(record_set: RecordSet) -> bool:
    return _personal_fields(record_set) > 0


def _personal_fields(record_set: RecordSet) -> int:
    return sum(spec.pii in _PERSONAL for spec in record_set.fields.values())


def read_links(file: Path, record_set: RecordSet, names: Sequence[str]) -> Landed:
    """Read the values that link the records of a landed set."""
    there = [name for name in names if name in record_set.fields]
    with connect(file.parent) as database, reworded(f"reading {file.name}", StorageError):
        columns = "".join(f", {quote(name)}" for name in there)
        rows = database.execute(f"SELECT _page, _row{columns} FROM {parquet(file)} ORDER BY _page, _row").fetchall()
    values = {
        name: [
            list(linked(row[index], many=record_set.fields[name].type == "list", split=record_set.fields[name].split))
            for row in rows
        ]
        for index, name in enumerate(there, 2)
    }
    return Landed([(row[0], row[1]) for row in rows], values)


def linked(text: str | None, *, many: bool, split: str | None) -> Iterator[str]:
    """Yield the values in a field, as they are compared."""
    if text is None:
        return
    if not many:
        items = [text]
    elif split is not None:
        items = text.split(split)
    else:
        try:
            data = json.loads(text, parse_int=str, parse_float=str)
        except ValueError:
            data = []
        items = [each for each in data if isinstance(each, str)] if isinstance(data, list) else []
    yield from (value for each in items if (value := folded(each)))
