"""How people are reached: e-mail addresses, telephones, addresses. Next: `student`."""

from __future__ import annotations

from collections.abc import Mapping

from engine.simulators.hubmis import code
from engine.simulators.hubmis.roll import Roll
from engine.simulators.hubmis.value import Item, draw, entry
from engine.simulators.person import Address

_PLACES = {"H": "Home", "W": "Work", "M": "Mobile"}


def emails(roll: Roll, kind: str, key: int) -> list[Item]:
    """The e-mail addresses of a person, the first one marked."""
    words = {**_PLACES, "W": "School"} if kind == "Student" else _PLACES
    return _comms(roll, kind, key, "E", "email", code.EMAIL_TYPES, words)


def phones(roll: Roll, kind: str, key: int) -> list[Item]:
    """The telephones of a person, the first one marked."""
    return _comms(roll, kind, key, "TM", "phone", code.PHONE_TYPES, _PLACES)


def first_email(roll: Roll, kind: str, key: int) -> str | None:
    """The first e-mail address of a person."""
    found = emails(roll, kind, key)
    return found[0]["email"] if found else None


def _comms(
    roll: Roll, kind: str, key: int, kinds: str, field: str, types: tuple[str, ...], words: Mapping[str, str]
) -> list[Item]:
    found = [comm for comm in roll.comms.get((kind, key), ()) if comm.kind in kinds]
    return [
        {
            "id": comm.number,
            field: comm.value,
            "type": entry(types, words.get(comm.location, "Home")),
            "is_primary": number == 0,
        }
        for number, comm in enumerate(found)
    ]


def addresses(key: int, home: Address) -> list[Item]:
    """The addresses of a person: a home, and for some another in term time."""
    found = [_address(key * 10 + 1, home, "Home", 1)]
    if key % 17 == 0:
        found.append(_address(key * 10 + 2, home, "Term time", 2))
    return found


def _address(key: int, home: Address, kind: str, position: int) -> Item:
    text = ", ".join(home.lines())
    return {
        "id": key,
        "address_types": [entry(code.ADDRESS_TYPES, kind)],
        "position": position,
        "address": {"id": _place(home), "town": home.town, "postcode": home.postcode},
        "formatted_address": text,
    }


def related_addresses(home: Address) -> list[Item]:
    """The address that a household shares."""
    return [{"id": _place(home), "position": 1, "formatted_address": ", ".join(home.lines())}]


def _place(home: Address) -> int:
    return draw(*home.lines()) % 10_000_000
