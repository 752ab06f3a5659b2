"""The people and groups of a made-up school, plain and without any system's spellings.

`changed` is the day a record was last changed; None while it is as it was drawn. Next: `school`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class Address:
    """A postal address; every part but street and town may be missing."""

    house_no: str | None
    street: str
    town: str
    postcode: str
    house_name: str | None = None
    apartment: str | None = None
    district: str | None = None
    county: str | None = None
    country: str | None = "United Kingdom"

    def lines(self) -> list[str]:
        """The address as it stands on an envelope."""
        street = f"{self.house_no} {self.street}" if self.house_no else self.street
        below = [self.district, self.town, self.county, self.postcode, self.country]
        return [line for line in (self.apartment, self.house_name, street, *below) if line]


@dataclass(slots=True)
class Pupil:
    """A pupil. `status` is OnRoll, Leaver or PreAdmission; `year` counts from 7 to 13."""

    id: int
    admission: str
    forename: str
    surname: str
    gender: str
    born: str | None
    year: int
    address: Address
    entry: date
    status: str = "OnRoll"
    middle: str | None = None
    legal_surname: str | None = None
    left: date | None = None
    email: str | None = None
    note: str | None = None
    form: str = ""
    form_id: int = 0
    house: int | None = None
    enrolment: str = "C"
    draw: int = 0  # a number to take the flags and codes from
    groups: list[int] = field(default_factory=list)
    siblings: list[int] = field(default_factory=list)
    changed: date | None = None


@dataclass(slots=True)
class Contact:
    """A parent, carer or other contact. `hidden` names the option that shows it, if one is needed."""

    id: int
    title: str | None
    forename: str
    surname: str
    address: Address
    home_email: str | None = None
    work_email: str | None = None
    home_phone: str | None = None
    work_phone: str | None = None
    mobile: str | None = None
    hidden: str = ""
    changed: date | None = None


@dataclass(slots=True)
class Link:
    """A pupil and a contact. Lower priority is called first."""

    pupil: int
    contact: int
    relationship: str
    priority: int
    responsible: bool = True
    hidden: str = ""
    changed: date | None = None


@dataclass(slots=True)
class Comm:
    """A phone (T), mobile (M) or e-mail (E) of a person."""

    person_type: str
    person: int
    kind: str
    location: str
    value: str
    priority: int = 1
    default: bool = True
    notes: str | None = None
    hidden: str = ""
    number: int = 0
    changed: date | None = None


@dataclass(slots=True)
class Staff:
    """A member of staff. `status` is Current, Previous or Future."""

    id: int
    title: str
    forename: str
    surname: str
    code: str | None
    teacher: bool
    born: date
    start: date
    address: Address
    email: str | None = None
    home_email: str | None = None
    home_phone: str | None = None
    status: str = "Current"
    end: date | None = None
    form: str | None = None
    groups: list[int] = field(default_factory=list)
    changed: date | None = None


@dataclass(slots=True)
class Group:
    """A group. `type` is YearGrp, RegGrp, HouseGrp or TeachingGrp; `joined` has the days of those who came later."""

    id: int
    type: str
    code: str
    name: str
    subject: tuple[str, str] | None = None
    pupils: list[int] = field(default_factory=list)
    staff: list[int] = field(default_factory=list)
    joined: dict[int, date] = field(default_factory=dict)
    changed: date | None = None
