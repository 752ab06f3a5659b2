"""The school of a day as iSAMS knows it: its ids, names and codes, and who belongs to whom.

An id of a person counts within a role, `PersonId` over all of them; the pupil's `SchoolId` is text of 10 digits or
more. Everything follows from the ids of the made-up school, so that it stays the same from day to day.
Next: `pupil`, `contact`, `staff`, `structure`.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cached_property

from engine.simulators import pool
from engine.simulators.family import academic_start
from engine.simulators.isams.setting import Setting
from engine.simulators.person import Contact, Group, Link, Pupil, Staff
from engine.simulators.school import School

STATUS_WORDS = {"OnRoll": "Current", "PreAdmission": "Applicant", "Leaver": "Former"}
STATUS_CODES = {"OnRoll": "1", "PreAdmission": "0", "Leaver": "-1"}
AUTHOR, AUTHOR_ID = "ADMIN379195924992lh", 1
ACADEMIC, BOARDING = 101, 12  # the ids of the first houses
CAMPUS_YEAR = 20  # what the second campus calls Year 7 is this many years further on


def number_of(text: str) -> int:
    """A number that follows from a text."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")


def guid_of(kind: str, number: int) -> str:
    """The GUID of a person, in lower case."""
    text = hashlib.md5(f"{kind}:{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def school_id(pupil: int) -> str:
    """The identity of a pupil across the school."""
    return f"{pupil}{number_of(f'school:{pupil}') % 1_000_000:06}"


def staff_code(member: int) -> str:
    """The user code of a member of staff; it never changes."""
    number = number_of(f"staff:{member}")
    letters = "".join(chr(65 + number // 26**place % 26) for place in range(3))
    return f"{letters}{number % 10**17:017}"


def moment(day: date | None) -> str | None:
    """A day as a time without a zone."""
    return f"{day.isoformat()}T00:00:00" if day else None


class Roll:
    """The school of a day, with what is asked of it again and again."""

    def __init__(self, school: School, setting: Setting, now: datetime) -> None:
        self.school, self.setting, self.now = school, setting, now
        self.base, self.opened = school.base, school.opened or school.today
        self.cases = setting.cases
        self.pupils = {pupil.id: pupil for pupil in school.pupils}
        self.current = [pupil for pupil in school.pupils if pupil.status == "OnRoll"]
        self.contacts = {contact.id: contact for contact in school.contacts}
        self.groups = {group.id: group for group in school.groups}
        self.staff = {member.id: member for member in school.staff}
        self.present = [member for member in school.staff if member.status == "Current"]
        self.former = [member.id for member in school.staff if member.status != "Current"]
        self.forms = [group for group in school.groups if group.type == "RegGrp"]
        self.sets = [group for group in school.groups if group.type == "TeachingGrp"]
        self.form_names = {group.id: self._form_name(group) for group in self.forms}

    def has(self, case: str) -> bool:
        """Whether the school has an awkward case."""
        return case in self.cases

    @property
    def touched(self) -> str:
        """When what never changes was last changed."""
        return self.moment(self.opened) or ""

    def moment(self, day: date | None) -> str | None:
        """A day as the records have it."""
        text = moment(day)
        return f"{text}.000" if text and self.has("fractions") else text

    def key(self, number: int) -> int:
        """The id of something that every school has, in this school."""
        return self.base + number

    # Pupils

    def chosen(self, years: frozenset[int] | None) -> list[Pupil]:
        """The current pupils whom a key shows."""
        return self.current if years is None else [pupil for pupil in self.current if self.year(pupil) in years]

    def shows(self, pupil: Pupil, years: frozenset[int] | None) -> bool:
        """Whether a key shows a pupil; those who are not on roll have no year to be told by."""
        return years is None or pupil.status != "OnRoll" or self.year(pupil) in years

    def year(self, pupil: Pupil) -> int:
        """The number of a pupil's year."""
        return self.form_year(pupil.form_id, pupil.year) if pupil.form_id else pupil.year

    def form_year(self, form_id: int, year: int) -> int:
        """The number of a form's year: odd forms of Year 7 are on the second campus, if there is one."""
        second = self.has("campuses") and year == 7 and form_id % 1000 % 2 == 1
        return CAMPUS_YEAR + year if second else year

    def house(self, pupil: Pupil) -> int | None:
        """The number of a pupil's academic house, from 0."""
        if self.has("absent") and pupil.house is None and pupil.id % 9 == 0:
            return None
        return pupil.draw % len(pool.HOUSES) if pupil.house is None else pupil.house

    def boards(self, pupil: Pupil) -> bool:
        """Whether a pupil sleeps at the school."""
        return pupil.draw % 4 == 1

    def tutor(self, pupil: Pupil) -> int | None:
        """The member of staff who is a pupil's tutor."""
        group = self.groups.get(pupil.form_id)
        return group.staff[0] if group and group.staff else None

    def family(self, pupil: Pupil) -> int | None:
        """The number that brothers and sisters share."""
        return min([pupil.id, *pupil.siblings]) - self.base if pupil.siblings or pupil.id % 7 else None

    def school_year(self, day: date) -> int:
        """The school year of a day, by the year in which it begins."""
        return academic_start(day).year

    # Forms and staff

    def _form_name(self, group: Group) -> str:
        year, index = divmod((group.id - self.base), 1000)
        if self.has("form-of-another-year") and (year, index) == (10, 0):
            return f"12{'/' if self.has('form-slash') else ''}BBN"
        letters = group.code.removeprefix(str(year))
        return f"{year}/{letters}" if self.has("form-slash") else group.code

    def user(self, member: int | None) -> str:
        """The user code of a member of staff."""
        return staff_code(member) if member else ""

    def gone_staff(self, number: int) -> int | None:
        """A member of staff who has left, where the school has such tutors."""
        return self.former[number % len(self.former)] if self.former and self.has("former-staff") else None

    def teacher(self, number: int) -> int | None:
        """One of the staff, the same for a number."""
        return self.present[number % len(self.present)].id if self.present else None

    # Contacts

    @cached_property
    def links_of(self) -> dict[int, list[Link]]:
        """The links of each contact, in the order of the pupils."""
        found: dict[int, list[Link]] = {}
        for link in self.school.links:
            if link.pupil in self.pupils:
                found.setdefault(link.contact, []).append(link)
        return found

    @cached_property
    def parents_of(self) -> dict[int, list[Link]]:
        """The links of each pupil, the first to be called in front."""
        found: dict[int, list[Link]] = {}
        for link in sorted(self.school.links, key=lambda link: link.priority):
            found.setdefault(link.pupil, []).append(link)
        return found

    @cached_property
    def mails(self) -> dict[int, list[str]]:
        """The e-mail addresses of each contact, the first choice in front."""
        found: dict[int, list[str]] = {}
        for comm in self.school.comms:
            if comm.person_type == "Contact" and comm.kind == "E":
                found.setdefault(comm.person, []).append(comm.value)
        return found

    @cached_property
    def by_school_id(self) -> dict[str, Pupil]:
        """Pupils by their SchoolId."""
        return {school_id(pupil.id): pupil for pupil in self.school.pupils}

    def contact_person(self, contact: Contact) -> int:
        """The PersonId of a contact."""
        return 2_000_000 + contact.id

    def staff_person(self, member: Staff) -> int:
        """The PersonId of a member of staff."""
        return 4_000_000 + member.id
