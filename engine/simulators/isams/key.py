"""The keys of the Batch API: their methods, what they hide, how long their answers are kept. Next: `cache`, `batch`.

A school gives seven keys. A file may give others:
    [{"name": "students", "methods": ["Pupil_GetCurrentPupils"], "cache_hours": 2, "years": [7, 8]}]
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from engine.simulators.isams.method import METHODS
from engine.simulators.isams.roll import guid_of

_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)
AUTHORISATIONS = ("optional", "required")

SEVEN: dict[str, tuple[str, ...]] = {
    "students": ("Pupil_GetCurrentPupils", "Pupil_GetSiblings"),
    "contacts": ("ContactAdvanced_GetContacts", "ControlPanel_GetContactTypeGlobalList"),
    "staff": ("HumanResources_GetCurrentStaff",),
    "medical": ("Pupil_GetCurrentPupilsHealth",),
    "structure": (
        "School_GetSchoolDivisions",
        "School_GetAllYears",
        "School_GetSchoolForms",
        "School_GetAcademicHouses",
        "School_GetBoardingHouses",
        "School_GetPastoralTutors",
        "School_GetSchoolTerms",
    ),
    "teaching": ("Teaching_GetDepartmentsAndSubjects", "Teaching_GetTeachingSets", "Teaching_GetTeachingForms"),
    "set-lists": ("Teaching_GetTeachingSetLists",),
}
"""The keys of a school, by what they are for. Four of them are known by name, the others are reasoned."""


@dataclass(frozen=True)
class Key:
    """A key. `years` are those it shows; `limit` requests in `limit_hours`; `addresses` are ranges that may ask.

    `secret` is what it needs to get a token, where `oauth` says that it takes one.
    """

    name: str
    guid: str
    methods: tuple[str, ...]
    secret: str
    active: bool = True
    oauth: str = "optional"
    cache_hours: float = 24
    years: tuple[int, ...] | None = None
    limit: int = 0
    limit_hours: float = 1
    addresses: tuple[str, ...] = ()
    ssl: bool = False

    def admits(self, address: str) -> bool:
        """Whether a request may come from an address."""
        found = ipaddress.ip_address(address)
        return not self.addresses or any(found in ipaddress.ip_network(each) for each in self.addresses)


def make_key(seed: int, data: Mapping[str, Any], plain_contacts: str = "") -> Key:
    """A key as a file describes it; its GUID and its secret follow from seed and name."""
    known = {field.name for field in fields(Key)}
    if unknown := set(data) - known:
        raise ValueError(f"unknown word {min(unknown)!r} of a key: one of {', '.join(sorted(known))}")
    if not isinstance(data.get("name"), str) or not isinstance(data.get("methods"), list | tuple):
        raise ValueError("a key has a name and methods")
    name = data["name"]
    methods = tuple(_method(str(each), plain_contacts) for each in data["methods"])
    secret = hashlib.sha256(f"{seed}:key-secret:{name}".encode()).hexdigest()[:32]
    given = {"guid": guid_of(f"{seed}:key:{name}", 0), "secret": secret, **data, "methods": methods}
    for word in ("years", "addresses"):
        if given.get(word) is not None:
            given[word] = tuple(given[word])
    key = Key(**given)
    if key.oauth not in AUTHORISATIONS:
        raise ValueError(f"oauth is one of {', '.join(AUTHORISATIONS)}")
    for address in key.addresses:
        ipaddress.ip_network(address)
    return key


def _method(name: str, plain_contacts: str) -> str:
    if plain_contacts and name.lower() == plain_contacts.lower():
        return plain_contacts
    if name.lower() not in METHODS:
        raise ValueError(f"no method {name!r}")
    return METHODS[name.lower()].name


def make_keys(seed: int, data: Any = None, plain_contacts: str = "", **common: Any) -> list[Key]:
    """The keys of a list, or the seven; `common` holds for those that do not say otherwise."""
    if data is None:
        data = [{"name": name, "methods": methods} for name, methods in SEVEN.items()]
        if plain_contacts:
            data[1]["methods"] = (plain_contacts, *SEVEN["contacts"][1:])
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        raise ValueError("keys are a list of objects")
    return [make_key(seed, {**common, **each}, plain_contacts) for each in data]


def describe(keys: Iterable[Key]) -> list[dict[str, Any]]:
    """Keys as a file describes them."""
    return [asdict(key) for key in keys]


def read_guid(text: str | None) -> str | None:
    """The GUID of a request, with or without braces; None when it is none."""
    found = _GUID.fullmatch(text or "")
    return found[1].lower() if found else None


class Throttle:
    """Counts requests by key, within the time that a key says."""

    def __init__(self) -> None:
        self._asked: dict[str, list[datetime]] = {}

    def passes(self, key: Key, now: datetime) -> bool:
        """Count a request; False when it is one too many."""
        if not key.limit:
            return True
        since = now - timedelta(hours=key.limit_hours)
        asked = [moment for moment in self._asked.get(key.guid, ()) if moment > since]
        allowed = len(asked) < key.limit
        self._asked[key.guid] = [*asked, now] if allowed else asked
        return allowed
