"""Answers a read: realm, scope, parameters, the records of the day. It knows neither tokens nor limits.

What an unknown realm, a missing scope, or a parameter that is wrong or missing is answered, nobody has seen.
Next: `server`.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import date

from engine.simulators.hubmis import code, contact, days, pastoral, staff, structure, student
from engine.simulators.hubmis.asked import Asked, Make, Refused, invalid, narrow, not_found, page
from engine.simulators.hubmis.fact import Read, reads
from engine.simulators.hubmis.roll import Roll
from engine.simulators.hubmis.value import Item, complete, draw
from engine.simulators.living import Schools
from engine.simulators.message import Answer, Request, json_answer

MAKERS: dict[str, Make] = {
    **code.MAKERS,
    **student.MAKERS,
    **contact.MAKERS,
    **staff.MAKERS,
    **structure.MAKERS,
    **days.MAKERS,
    **pastoral.MAKERS,
}
"""What makes the records of each read, by its path."""
_NAMES, _PERSONAL = "students.current.overview.name-details.read", "students.current.overview.personal.read"
_PAST, _APPLICANTS = "students.past.read", "students.admissions.admissions.read"
_STAFF, _PAST_STAFF = "staff.current.overview.name-details.read", "staff.past.read"
SCOPES = (_NAMES, _PERSONAL, _PAST, _APPLICANTS, _STAFF, _PAST_STAFF)
"""The scopes that the document names; what else a client needs is not known, and not asked for."""
_NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "v1/students": {"current": (_NAMES, _PERSONAL), "past": (_PAST,), "applicant": (_APPLICANTS,)},
    "v1/staff": {"current": (_STAFF,), "past": (_PAST_STAFF,)},
}
_UNFILTERED = {"v1/students": SCOPES[:4], "v1/students/past": (_PAST,), "v1/staff": SCOPES[4:]}
_FILTERS = {"v1/students": "enrolmentStatus", "v1/staff": "status"}
_MAY_GO = ("students", "contacts", "staff")
_DAYS_KEPT = 3


class Service:
    """The reads of all realms. `gone` is the share of those listed who are gone when asked for."""

    def __init__(
        self, realms: Mapping[str, Schools], scopes: Iterable[str] | None, gone: float, largest_page: int
    ) -> None:
        if not 0 <= gone <= 1:
            raise ValueError("gone is a share, between 0% and 100%")
        self.realms, self.gone, self.largest_page = realms, gone, largest_page
        self.scopes = frozenset(SCOPES if scopes is None else scopes)
        if unknown := self.scopes - set(SCOPES):
            raise ValueError(f"no scope {min(unknown)!r}: one of {', '.join(SCOPES)}")
        self._reads = [(re.compile(read.pattern), read) for read in reads()]
        self._rolls: OrderedDict[tuple[str, date, str], Roll] = OrderedDict()
        self._lock = threading.Lock()

    def roll(self, realm: str, today: date) -> Roll:
        """The school of a realm on a day."""
        schools = self.realms[realm]
        key = (realm, *schools.kind_of(today))
        with self._lock:
            if key not in self._rolls:
                self._rolls[key] = Roll(schools.of(*key[1:]), key[1])
                if len(self._rolls) > _DAYS_KEPT * len(self.realms):
                    self._rolls.popitem(last=False)
            self._rolls.move_to_end(key)
            return self._rolls[key]

    def is_gone(self, kind: str, key: int) -> bool:
        """Whether somebody, of students, contacts or staff, is listed and gone when asked for."""
        return kind in _MAY_GO and draw("gone", kind, key) % 10_000 < self.gone * 10_000

    def answer(self, request: Request, path: str, today: date) -> Answer:
        """The answer to a read; raises `Refused`."""
        realm = request.headers.get("realm", "")
        if not realm:
            raise Refused(400, "The Realm header is required.")
        if realm not in self.realms:
            raise Refused(403, "This client has no access to the realm.")
        read, groups = self._find(path)
        self._look_at_scopes(read, request)
        for name in read.required:
            if not request.parameter(name):
                raise invalid(name, "is required")
        roll = self.roll(realm, today)
        found = self._make(read, roll, _asked(read, roll, request, groups))
        about = f"{realm}/{path}"
        if isinstance(found, dict):
            return json_answer(complete(found, read.fields, about, roll.opened))
        items = narrow(found, request)
        items = page(items, request, self.largest_page) if read.paged else items
        shown = [complete(item, read.fields, about, roll.opened) for item in items]
        return json_answer({read.at: shown} if read.at else shown)

    def _find(self, path: str) -> tuple[Read, tuple[str, ...]]:
        for pattern, read in self._reads:
            found = pattern.fullmatch(path)
            if found is not None:
                return read, found.groups()
        raise not_found()

    def _look_at_scopes(self, read: Read, request: Request) -> None:
        name = _FILTERS.get(read.path, "")
        word = request.parameter(f"filter[{name}]") or ""
        wanted = _NEEDED.get(read.path, {}).get(word, _UNFILTERED.get(read.path, ()))
        if not set(wanted) <= self.scopes:
            raise Refused(403, "Invalid scope(s) provided.")

    def _make(self, read: Read, roll: Roll, asked: Asked) -> Item | list[Item]:
        kind = read.path.split("/")[1]
        if asked.ids and "{id}" in read.path and self.is_gone(kind, asked.id):
            raise not_found()
        make = MAKERS[read.path]
        if not read.whole:
            found = make(roll, asked)
        else:
            key = (read.path, asked.words, asked.year, *map(asked.request.parameter, _SHAPING))
            found = roll.kept(key, lambda: make(roll, asked))
        if found is None:
            raise not_found()
        return found


_SHAPING = ("groupId", "filter[includePastStudents]")
"""Parameters that makers look at themselves."""


def _asked(read: Read, roll: Roll, request: Request, groups: tuple[str, ...]) -> Asked:
    """What a request asks for; the school year is that of the path, of a header, or the active one."""
    ids = [int(group) for group in groups if group.isdecimal()]
    words = tuple(group for group in groups if not group.isdecimal())
    header = request.headers.get("academic-year-id", "")
    year = ids.pop(0) if read.of_a_year else int(header) if header.isdecimal() else roll.year_id
    if year not in roll.year_ids:
        raise not_found()
    return Asked(request, tuple(ids), words, year)
