"""A school's records by their keys, and what can be done to them so that everything still points at something.

A record is never changed but replaced, with the day it happened: schools of former days stay as they were.
Next: `event`, `rollover`, then `life`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from engine.simulators.family import Register, hiding
from engine.simulators.person import Comm, Contact, Group, Link, Pupil, Staff
from engine.simulators.school import FORM_SIZE, School, letters

K = TypeVar("K", bound=Hashable)
R = TypeVar("R", Pupil, Contact, Link, Comm, Staff, Group)

RESTRICTED = "includerestrictedrelationships"
NEVER = "never"
FIRST_GROUP = 100_001  # the ids of groups that open later


class NotPossible(Exception):
    """What was drawn can't happen in this school today; nothing was done."""


class World:
    """All records of a school, today."""

    def __init__(self, school: School, register: Register) -> None:
        self.opened = self.day = school.today
        self.name, self.messy = school.name, school.messy
        self.pupils = {pupil.id: pupil for pupil in school.pupils}
        self.contacts = {contact.id: contact for contact in school.contacts}
        self.links: dict[tuple[int, int], Link] = {}
        self.comms: dict[int, Comm] = {}
        self.staff = {member.id: member for member in school.staff}
        self.groups = {group.id: group for group in school.groups}
        self.parents: dict[int, list[int]] = {}
        self.children: dict[int, list[int]] = {}
        self.reach: dict[tuple[str, int], list[int]] = {}
        self.on_roll = [pupil.id for pupil in school.pupils if pupil.status == "OnRoll"]
        self.gone: list[int] = []  # those who left since it was drawn, and may come back
        self.copies: list[tuple[int, int]] = []  # contacts that were entered twice
        self.restricted = {contact.id for contact in school.contacts if contact.hidden == RESTRICTED}
        self.left_alone = {pupil for pupil, _ in school.messy}
        self.next_group = FIRST_GROUP
        self._seed, self._pupil_id, self._contact_id = register.seed, register.pupil_id, register.contact_id
        for link in school.links:
            self._index_link(link)
        for comm in school.comms:
            self._index_comm(comm)
        self._last_comm = max(self.comms, default=0)

    def school(self) -> School:
        """The school as it is now."""
        return School(
            name=self.name,
            today=self.day,
            pupils=list(self.pupils.values()),
            contacts=list(self.contacts.values()),
            links=list(self.links.values()),
            comms=list(self.comms.values()),
            staff=list(self.staff.values()),
            groups=list(self.groups.values()),
            messy=self.messy,
            opened=self.opened,
        )

    def alter(self, records: dict[K, R], key: K, **changes: Any) -> R:
        """Put a changed record in place of one; without changes, it is marked as changed today."""
        records[key] = changed = replace(records[key], changed=self.day, **changes)
        return changed

    # Newcomers

    def register(self, random: Random) -> Register:
        """A register to draw newcomers into, with ids that nobody had."""
        return Register(self._seed, self.day, random, pupil_id=self._pupil_id, contact_id=self._contact_id)

    def take_in(self, register: Register) -> None:
        """Take in everybody who was drawn into a register; groups come after."""
        self._pupil_id, self._contact_id = register.pupil_id, register.contact_id
        for pupil in register.pupils:
            self.pupils[pupil.id] = replace(pupil, changed=self.day)
            if pupil.status == "OnRoll":
                self.on_roll.append(pupil.id)
        for contact in register.contacts:
            self.contacts[contact.id] = replace(contact, changed=self.day)
        for link in register.links:
            self.link(link)
        for comm in register.list_comms():
            self.add_comm(comm)

    def add_comm(self, comm: Comm) -> None:
        """Add a phone or an e-mail, with a number that none had."""
        self._last_comm += 1
        self._index_comm(replace(comm, number=self._last_comm, changed=self.day))

    def _index_comm(self, comm: Comm) -> None:
        self.comms[comm.number] = comm
        self.reach.setdefault((comm.person_type, comm.person), []).append(comm.number)

    # Who belongs to whom

    def link(self, link: Link) -> None:
        """Link a pupil and a contact; both rows tell of it."""
        self._index_link(replace(link, changed=self.day))
        self.alter(self.pupils, link.pupil)
        self.alter(self.contacts, link.contact)

    def unlink(self, pupil: int, contact: int) -> None:
        """Take a link away."""
        del self.links[pupil, contact]
        self.parents[pupil].remove(contact)
        self.children[contact].remove(pupil)
        self.alter(self.pupils, pupil)
        self.alter(self.contacts, contact)

    def _index_link(self, link: Link) -> None:
        self.links[link.pupil, link.contact] = link
        self.parents.setdefault(link.pupil, []).append(link.contact)
        self.children.setdefault(link.contact, []).append(link.pupil)

    def parents_of(self, pupil: int) -> list[int]:
        """The contacts of a pupil, without those under a court order."""
        return [contact for contact in self.parents.get(pupil, ()) if contact not in self.restricted]

    def remove_contact(self, contact: int) -> None:
        """Take away a contact whom nobody is linked to any more."""
        for number in self.reach.pop(("Contact", contact), ()):
            del self.comms[number]
        del self.contacts[contact]

    def set_reach(self, person_type: str, person: int, kind: str, place: str, old: str | None, new: str | None) -> None:
        """Follow, among phones and e-mails, a change of one of a person's own columns."""
        numbers = self.reach.get((person_type, person), [])
        for number in numbers:
            comm = self.comms[number]
            if (comm.kind, comm.location, comm.value) == (kind, place, old):
                if new is None:
                    numbers.remove(number)
                    del self.comms[number]
                else:
                    self.alter(self.comms, number, value=new)
                return
        if new is not None:
            self.add_comm(Comm(person_type, person, kind, place, new))

    # Who is shown

    def show(self, pupil: int) -> None:
        """Show or hide what hangs on a pupil, whose status has changed."""
        status = self.pupils[pupil].status
        self._hide_comms("Student", pupil, hiding(status))
        for other in self.pupils[pupil].siblings:
            self.alter(self.pupils, other)
        for contact in self.parents.get(pupil, ()):
            link = self.links[pupil, contact]
            hidden = hiding(status)
            if contact in self.restricted:
                hidden = NEVER if hidden else RESTRICTED
            if link.hidden != hidden:
                self.alter(self.links, (pupil, contact), hidden=hidden)
            self.show_contact(contact)

    def show_contact(self, contact: int) -> None:
        """Show a contact as openly as the most visible of the links to it."""
        found = [self.links[pupil, contact].hidden for pupil in self.children[contact]]
        hidden = min(found, key=lambda option: (option != "", option == NEVER))
        if self.contacts[contact].hidden != hidden:
            self.alter(self.contacts, contact, hidden=hidden)
        self._hide_comms("Contact", contact, hidden)

    def hide_staff(self, member: int) -> None:
        """Hide the phones and e-mails of staff who have left."""
        self._hide_comms("Staff", member, "includeprevious")

    def _hide_comms(self, person_type: str, person: int, hidden: str) -> None:
        for number in self.reach.get((person_type, person), ()):
            if self.comms[number].hidden != hidden:
                self.alter(self.comms, number, hidden=hidden)

    # Groups

    def join(self, pupil: int, group: int) -> None:
        """Put a pupil into a group."""
        found, person = self.groups[group], self.pupils[pupil]
        joined = {**found.joined, pupil: self.day}
        self.alter(self.groups, group, pupils=[*found.pupils, pupil], joined=joined)
        own: dict[str, Any] = {"groups": [*person.groups, group]}
        if found.type == "RegGrp":
            own |= {"form": found.code, "form_id": group}
        if found.type == "HouseGrp":
            own["house"] = group - 41
        self.alter(self.pupils, pupil, **own)

    def quit(self, pupil: int, group: int) -> None:
        """Take a pupil out of a group."""
        found, person = self.groups[group], self.pupils[pupil]
        joined = {key: day for key, day in found.joined.items() if key != pupil}
        self.alter(self.groups, group, pupils=[key for key in found.pupils if key != pupil], joined=joined)
        own: dict[str, Any] = {"groups": [key for key in person.groups if key != group]}
        if found.type == "RegGrp":
            own |= {"form": "", "form_id": 0}
        if found.type == "HouseGrp":
            own["house"] = None
        self.alter(self.pupils, pupil, **own)

    def place(self, pupil: int, random: Random) -> None:
        """Put a pupil on roll into a year, a form, and in Year 7 a house."""
        year = self.pupils[pupil].year
        self.join(pupil, 20 + year)
        self.join(pupil, self._roomiest_form(year, random))
        if year == 7:
            self.join(pupil, 41 + random.randrange(4))

    def forms(self, year: int) -> list[int]:
        """The registration groups of a year."""
        found: list[int] = []
        while year * 1000 + len(found) in self.groups:
            found.append(year * 1000 + len(found))
        return found

    def _roomiest_form(self, year: int, random: Random) -> int:
        best = min(self.forms(year), key=lambda id_: len(self.groups[id_].pupils), default=None)
        if best is None or len(self.groups[best].pupils) > FORM_SIZE + 2:
            return self.open_form(year, random)
        return best

    def open_form(self, year: int, random: Random) -> int:
        """Open one more registration group of a year, with a tutor."""
        index = len(self.forms(year))
        code = f"{year}{letters(index)}"
        return self.open_group(Group(year * 1000 + index, "RegGrp", code, code), random)

    def open_group(self, group: Group, random: Random) -> int:
        """Open a group, with one of the teachers."""
        self.groups[group.id] = replace(group, changed=self.day)
        self.teach(random.choice(self.teachers()), group.id)
        return group.id

    def close_group(self, group: int) -> None:
        """Close a group; those who were in it stay without."""
        for pupil in self.groups[group].pupils:
            self.quit(pupil, group)
        for member in self.groups[group].staff:
            self.stop_teaching(member, group)
        del self.groups[group]

    def sets(self) -> list[int]:
        """The teaching groups that pupils are in."""
        return [group.id for group in self.groups.values() if group.type == "TeachingGrp" and group.pupils]

    # Staff

    def teachers(self) -> list[int]:
        """The teachers who are there."""
        return [member.id for member in self.staff.values() if member.teacher and member.status == "Current"]

    def teach(self, member: int, group: int) -> None:
        """Put staff in front of a group."""
        self.alter(self.groups, group, staff=[*self.groups[group].staff, member])
        self._set_groups(member, [*self.staff[member].groups, group])

    def stop_teaching(self, member: int, group: int) -> None:
        """Take staff away from a group."""
        self.alter(self.groups, group, staff=[key for key in self.groups[group].staff if key != member])
        self._set_groups(member, [key for key in self.staff[member].groups if key != group])

    def _set_groups(self, member: int, groups: list[int]) -> None:
        forms = [self.groups[key].code for key in groups if self.groups[key].type == "RegGrp"]
        self.alter(self.staff, member, groups=groups, form=",".join(forms) or None)
