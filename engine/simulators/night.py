"""Bad nights: what a school's system gives instead of the school. Next: `day`.

empty          every list of records is empty
half, tenth    of the pupils every second, or every tenth, with what hangs on them
other-school   another school, with other people and other ids
stale          what was there the night before, with its date
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from engine.simulators.person import Comm, Group
from engine.simulators.school import School

NIGHTS = ("empty", "half", "tenth", "other-school", "stale")
OTHER_SEED = 7_000_003
OTHER_NAME = "Fenny Compton High School"
OTHER_ESTAB = "9995678"
_OTHER_IDS = 800_000


def check_nights(nights: Mapping[str, str]) -> dict[date, str]:
    """Bad nights by their day; ValueError for one that is not known."""
    for kind in nights.values():
        if kind not in NIGHTS:
            raise ValueError(f"no bad night {kind!r}: one of {', '.join(NIGHTS)}")
    try:
        return {date.fromisoformat(day): kind for day, kind in nights.items()}
    except ValueError as error:
        raise ValueError(f"a night is written as 2026-03-05=empty: {error}") from None


def read_nights(body: bytes) -> dict[date, str]:
    """Read an object of JSON, of kinds by day."""
    nights = json.loads(body)
    if not isinstance(nights, dict):
        raise ValueError("an object of kinds by day is wanted")
    return check_nights(nights)


def parse_nights(text: str) -> dict[date, str]:
    """Read `2026-03-05=empty,2026-03-07=stale`."""
    return check_nights(
        {day.strip(): kind for day, _, kind in (item.partition("=") for item in text.split(",")) if day}
    )


def day_of_data(nights: Mapping[date, str], today: date) -> date:
    """The day that the data are of: before a row of stale nights, if today is one."""
    while nights.get(today) == "stale":
        today -= timedelta(days=1)
    return today


def thin_out(school: School, each: int) -> School:
    """Every so-manieth pupil only; nothing points at those who are missing."""
    kept = {pupil.id for pupil in school.pupils[::each]}
    pupils = [
        replace(pupil, siblings=[other for other in pupil.siblings if other in kept])
        for pupil in school.pupils
        if pupil.id in kept
    ]
    links = [link for link in school.links if link.pupil in kept]
    people = {link.contact for link in links}
    contacts = [contact for contact in school.contacts if contact.id in people]
    there = {"Student": kept, "Contact": people, "Staff": {member.id for member in school.staff}}
    comms = [comm for comm in school.comms if comm.person in there[comm.person_type]]
    groups = [replace(group, pupils=[id_ for id_ in group.pupils if id_ in kept]) for group in school.groups]
    return replace(school, pupils=pupils, contacts=contacts, links=links, comms=comms, groups=groups)


def rename_school(school: School) -> School:
    """The same people under other ids, in a school of another name."""
    base = _OTHER_IDS

    def move(ids: list[int]) -> list[int]:
        return [id_ + base for id_ in ids]

    def move_group(group: Group) -> Group:
        joined = {id_ + base: day for id_, day in group.joined.items()}
        return replace(group, id=group.id + base, pupils=move(group.pupils), staff=move(group.staff), joined=joined)

    def move_comm(comm: Comm) -> Comm:
        return replace(comm, person=comm.person + base, number=comm.number + base)

    pupils = [
        replace(one, id=one.id + base, form_id=one.form_id + base, groups=move(one.groups), siblings=move(one.siblings))
        for one in school.pupils
    ]
    return replace(
        school,
        name=OTHER_NAME,
        base=base,
        pupils=pupils,
        contacts=[replace(contact, id=contact.id + base) for contact in school.contacts],
        links=[replace(link, pupil=link.pupil + base, contact=link.contact + base) for link in school.links],
        comms=[move_comm(comm) for comm in school.comms],
        staff=[replace(member, id=member.id + base, groups=move(member.groups)) for member in school.staff],
        groups=[move_group(group) for group in school.groups],
    )
