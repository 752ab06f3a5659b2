"""The objects of an application: those that were there, and those that the job has saved.

Another store may stand in for `ObjectStore` by having the methods of `Store`. Objects saved by the job are kept
only where a later record could find them again: by their code, or through a link to another object; they go to
a temporary file once there are many. Stands on `application`. Next: `batch`.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, Final, Protocol

from engine.haplo.application import ExistingObject, Values, behaviour_of, type_of

_IN_MEMORY: Final = 16 * 1024 * 1024


class Store(Protocol):
    """What the interpreter asks of the application's objects."""

    def by_behaviour(self, code: str) -> str | None:
        """The reference of the object with that configured behaviour."""

    def load(self, ref: str) -> Values | None:
        """The values of an object, for the caller to read and not to change."""

    def of_types(self, codes: frozenset[str]) -> Iterator[tuple[str, Values]]:
        """The objects of just those types."""

    def linked(self, attribute: str, ref: str) -> Sequence[str]:
        """References of the objects whose attribute links to an object, the oldest first."""

    def save(self, ref: str, values: Values, *, links: frozenset[str]) -> None:
        """Keep an object; `links` are the attributes by which it may be asked for."""

    def close(self) -> None:
        """Let go of files."""


class ObjectStore:
    """A store in memory."""

    def __init__(self, objects: Sequence[ExistingObject] = ()) -> None:
        self._values: dict[str, Values] = {}
        self._behaviours: dict[str, str] = {}
        self._links: dict[str, dict[str, list[str]]] = {}
        self._shelf = Shelf()
        for one in objects:
            self._values[one.ref] = one.values
            self._index(one.ref, one.values)

    def by_behaviour(self, code: str) -> str | None:
        """The reference of the object with that configured behaviour."""
        return self._behaviours.get(code)

    def load(self, ref: str) -> Values | None:
        """The values of an object, for the caller to read and not to change."""
        return self._values.get(ref) or self._shelf.get(ref)

    def of_types(self, codes: frozenset[str]) -> Iterator[tuple[str, Values]]:
        """The objects of just those types, of those that were there before the job."""
        return ((ref, values) for ref, values in self._values.items() if type_of(values) in codes)

    def linked(self, attribute: str, ref: str) -> Sequence[str]:
        """References of the objects whose attribute links to an object, the oldest first."""
        if attribute not in self._links:
            self._links[attribute] = {}
            for one, values in self._values.items():
                self._link(attribute, one, values)
        return [one for one in self._links[attribute].get(ref, ()) if ref in _refs(attribute, self.load(one))]

    def save(self, ref: str, values: Values, *, links: frozenset[str]) -> None:
        """Keep an object; `links` are the attributes by which it may be asked for."""
        before = self.load(ref)
        if before is None and behaviour_of(values) is None and links.isdisjoint(values):
            return
        if before is not None:
            self._forget_behaviour(ref, before)
        if ref in self._values:
            self._values[ref] = values
        else:
            self._shelf.put(ref, values)
        self._index(ref, values)
        for attribute in links.intersection(values):
            self.linked(attribute, ref)
            self._link(attribute, ref, values)

    def close(self) -> None:
        """Let go of the temporary file, if there is one."""
        self._shelf.close()

    def _index(self, ref: str, values: Values) -> None:
        behaviour = behaviour_of(values)
        if behaviour is not None:
            self._behaviours[behaviour] = ref

    def _forget_behaviour(self, ref: str, values: Values) -> None:
        behaviour = behaviour_of(values)
        if behaviour is not None and self._behaviours.get(behaviour) == ref:
            del self._behaviours[behaviour]

    def _link(self, attribute: str, ref: str, values: Values) -> None:
        for linked in _refs(attribute, values):
            known = self._links[attribute].setdefault(linked, [])
            if ref not in known:
                known.append(ref)


def _refs(attribute: str, values: Values | None) -> list[str]:
    """References among an attribute's values, qualified ones too."""
    held = values.get(attribute, ()) if values is not None else ()
    bare = (value.get("value", value) if isinstance(value, dict) else value for value in held)
    return [value["ref"] for value in bare if isinstance(value, dict) and value.get("type") == "ref"]


class Shelf:
    """Values by reference, in memory while there are few and in a temporary file when there are many."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._file: Any = None
        self._end = 0

    def put(self, ref: str, values: Values) -> None:
        """Keep the values; those kept before under the same reference are forgotten."""
        if self._file is None:
            # Outlives this method; `close` lets go of it.
            self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
        written = marshal.dumps(values)
        self._file.seek(self._end)
        self._file.write(written)
        self._places[ref] = (self._end, len(written))
        self._end += len(written)

    def get(self, ref: str) -> Values | None:
        """A fresh copy of the values, or None."""
        place = self._places.get(ref)
        if place is None:
            return None
        self._file.seek(place[0])
        found: Values = marshal.loads(self._file.read(place[1]))  # noqa: S302 - this process wrote it
        return found

    def close(self) -> None:
        """Let go of the temporary file, if there is one."""
        self._places.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
