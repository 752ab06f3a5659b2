"""Values that follow from what they are about: numbers, references, and whatever a record does not say itself.

Next: `roll`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

Item = dict[str, Any]
"""A record as it is sent; names that begin with `_` are for filters only, and stay here."""
Names = Sequence[str]


def draw(*parts: object) -> int:
    """A number that follows from parts, the same every time."""
    return zlib.crc32(":".join(map(str, parts)).encode())


def named(key: int | None, name: str | None) -> Item | None:
    """A reference: the id and the name of something, or nothing."""
    return None if key is None else {"id": key, "name": name}


def entries(names: Iterable[str]) -> list[Item]:
    """A code list: numbered names."""
    return [{"id": number, "name": name} for number, name in enumerate(names, start=1)]


def one_of(names: Names, number: int) -> Item:
    """A reference to an entry of a code list."""
    place = number % len(names)
    return {"id": place + 1, "name": names[place]}


def entry(names: Names, name: str | None) -> Item | None:
    """A reference to the entry of a name; one that the list does not have comes behind it."""
    if name is None:
        return None
    return {"id": names.index(name) + 1 if name in names else len(names) + 1, "name": name}


def moment(day: date, time: str = "08:00:00") -> str:
    """A day and a time, in UTC."""
    return f"{day}T{time}Z"


def complete(item: Mapping[str, Any], fields: Mapping[str, str], about: str, opened: date) -> Item:
    """A record with all fields of a read in their order, and no others; what it does not say itself is made up."""
    key = (about, item.get("id"))
    return {name: item[name] if name in item else _value(name, kind, key, opened) for name, kind in fields.items()}


def _value(name: str, kind: str, about: object, opened: date) -> Any:
    number = draw(about, name)
    day = opened - timedelta(days=1 + number % 300)
    word = name.replace("_", " ")
    made: dict[str, Any] = {
        "integer": number % 50,
        "boolean": number % 3 == 0,
        "date": str(day),
        "datetime": moment(day),
        "time": f"{8 + number % 8:02}:{number % 4 * 15:02}:00",
        "array": [],
        "object": {"id": 1 + number % 5, "name": f"{word} {1 + number % 5}"},
        "person": {"id": 2 + number % 3},
        "text": f"{word} {number % 100}" if number % 4 else None,
    }
    return made[kind]
