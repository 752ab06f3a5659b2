"""The school of one day as it is served: each piece is made and written once; and the days of it, good and bad.

Next: `roll`, `method`, `batch`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.method import Method
from engine.simulators.isams.node import write_json, write_xml
from engine.simulators.isams.roll import Roll
from engine.simulators.isams.setting import Setting
from engine.simulators.life import Life
from engine.simulators.living import Schools

_PIECES_KEPT, _DAYS_KEPT = 48, 3

T = TypeVar("T")
Piece = tuple[tuple[str, ...], bytes]
"""The way to a collection, and what it holds, written; empty for nothing."""


class Edition:
    """A day of the school; safe to ask from several threads."""

    def __init__(self, roll: Roll) -> None:
        self.roll = roll
        self.written: dict[tuple[int, int], dict[str, Any]] = {}  # what was put into registers, by period and pupil
        self._kept: dict[str, Any] = {}
        self._pieces: OrderedDict[tuple[object, ...], list[Piece]] = OrderedDict()
        self._lock = threading.RLock()

    def pieces(self, method: Method, asked: Asked, *, as_json: bool) -> list[Piece]:
        """What a method gives, written."""
        if method.make is None:
            return []
        key = (method.name, asked.signature, as_json, self.roll.now)
        with self._lock:
            if key not in self._pieces:
                write = write_json if as_json else write_xml
                blocks = method.make(self.roll, asked)
                self._pieces[key] = [(path, write(nodes).encode() if nodes else b"") for path, nodes in blocks]
                if len(self._pieces) > _PIECES_KEPT:
                    self._pieces.popitem(last=False)
            self._pieces.move_to_end(key)
            return self._pieces[key]

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """Something that is made once."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            found: T = self._kept[name]
            return found

    def listed(self, name: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """A list of the REST API that is made once, for all its pages."""
        return self.kept(name, make)


def write_document(pieces: Iterable[Piece], empty: str) -> list[bytes]:
    """The document in XML, in parts: modules in the order in which they come first, collections in theirs."""
    parts = [b"<iSAMS>"]
    for module, collections in _by_module(pieces).items():
        inner: list[bytes] = []
        for name, content in collections:
            if content:
                inner += [b"<%s>" % name.encode(), content, b"</%s>" % name.encode()]
            elif empty == "empty":
                inner.append(b"<%s/>" % name.encode())
        if inner:
            parts += [b"<%s>" % module.encode(), *inner, b"</%s>" % module.encode()]
    return [*parts, b"</iSAMS>"]


def write_json_document(pieces: Iterable[Piece], empty: str) -> list[bytes]:
    """The document in JSON, in parts: a collection that comes again makes an array of containers."""
    parts, before = [b'{"iSAMS":'], b"{"
    for module, collections in _by_module(pieces).items():
        found: dict[str, list[bytes]] = {}
        for name, content in collections:
            if content or empty == "empty":
                found.setdefault(name, []).append(content or b"null")
        if not found:
            continue
        parts.append(b'%s"%s":{' % (before, module.encode()))
        for number, (name, many) in enumerate(found.items()):
            parts.append(b'%s"%s":' % (b"," if number else b"", name.encode()))
            parts += many if len(many) == 1 else [b"[", b",".join(many), b"]"]
        parts.append(b"}")
        before = b","
    return [*parts, b"null}" if before == b"{" else b"}}"]


def _by_module(pieces: Iterable[Piece]) -> dict[str, list[tuple[str, bytes]]]:
    found: dict[str, list[tuple[str, bytes]]] = {}
    for (module, name, *_), content in pieces:
        found.setdefault(module, []).append((name, content))
    return found


class Editions:
    """Gives the edition of a day."""

    def __init__(self, life: Life, setting: Setting, nights: Mapping[date, str], clock: Callable[[], datetime]) -> None:
        self.schools, self.setting, self._clock = Schools(life, nights), setting, clock
        self._editions: OrderedDict[tuple[date, str], Edition] = OrderedDict()
        self._lock = threading.Lock()

    def today(self) -> Edition:
        """What the school's system holds now, whatever the night makes of it."""
        now = self._clock()
        key = self.schools.kind_of(now.date())
        with self._lock:
            if key not in self._editions:
                self._editions[key] = Edition(Roll(self.schools.of(*key), self.setting, now))
                if len(self._editions) > _DAYS_KEPT:
                    self._editions.popitem(last=False)
            self._editions.move_to_end(key)
            self._editions[key].roll.now = now
            return self._editions[key]
