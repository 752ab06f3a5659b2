"""Households: parents and their children, in one home or two, drawn one family after the other.

The first families are of chosen kinds, so that even a small school has them. Next: `oddity`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from engine.simulators import pool
from engine.simulators.person import Address, Comm, Contact, Link, Pupil

KINDS = ("couple", "single", "two homes", "single", "couple", "single", "single")


@dataclass
class Register:
    """What has been drawn so far, and the generator it is drawn from."""

    seed: int
    today: date
    random: Random
    pupils: list[Pupil] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    extra_comms: list[Comm] = field(default_factory=list)
    pupil_id: int = 3000
    contact_id: int = 3000  # the ids of pupils and contacts overlap, as they do in life

    def children_of(self, contact: int) -> list[int]:
        """The pupils linked to a contact."""
        return [link.pupil for link in self.links if link.contact == contact]

    def list_comms(self) -> list[Comm]:
        """Phones and e-mails of contacts and pupils: those of their own columns, then the others."""
        comms = []
        for contact in self.contacts:
            values = (
                ("E", "H", contact.home_email),
                ("E", "W", contact.work_email),
                ("T", "H", contact.home_phone),
                ("T", "W", contact.work_phone),
                ("M", "M", contact.mobile),
            )
            for kind, location, value in values:
                if value:
                    comms.append(Comm("Contact", contact.id, kind, location, value, hidden=contact.hidden))
        for pupil in self.pupils:
            if pupil.email:
                comms.append(Comm("Student", pupil.id, "E", "W", pupil.email, hidden=hiding(pupil.status)))
        return comms + self.extra_comms


def academic_start(today: date) -> date:
    """The first of September before or on a day."""
    return date(today.year if today.month >= 9 else today.year - 1, 9, 1)


def hiding(status: str) -> str:
    """The option that shows pupils of a status."""
    return {"Leaver": "includeleavers", "PreAdmission": "includepreadmissions"}.get(status, "")


def draw_address(random: Random) -> Address:
    """A made-up address, sometimes with a flat, a house name or a district."""
    return Address(
        house_no=str(1 + random.randrange(180)) if random.random() < 0.95 else None,
        street=pool.draw(random, pool.STREETS),
        town=pool.draw(random, pool.TOWNS),
        postcode=pool.postcode(random),
        house_name="The Old Forge" if random.random() < 0.05 else None,
        apartment=f"Flat {1 + random.randrange(9)}" if random.random() < 0.08 else None,
        district=random.choice(pool.DISTRICTS),
        county="Eastshire" if random.random() < 0.3 else None,
    )


def draw_families(register: Register, on_roll: int) -> None:
    """Draw families until so many pupils are on roll, then those who left and those who are to come."""
    number = 0
    while (missing := on_roll - len(register.pupils)) > 0:
        draw_family(register, number, missing)
        number += 1
    state = register.random
    register.random = Random(f"{register.seed}:others")
    for extra in range(max(2, on_roll // 50)):
        draw_family(register, 100, 1, "Leaver" if extra % 2 == 0 else "PreAdmission")
    register.random = state


def draw_family(register: Register, number: int, limit: int, status: str = "OnRoll") -> None:
    """Draw one family, with so many children at most; the number makes the first ones of chosen kinds."""
    random = register.random
    kind = {5: "single", 6: "single", 10: "two homes"}.get(number) or random.choice(KINDS)
    size = 2 if number in (9, 10) else random.choices((1, 2, 3), (52, 36, 12))[0]
    twins = size > 1 and (number == 9 or random.random() < 0.04)
    surname, home = random.choice(pool.SURNAMES), draw_address(random)
    children: list[Pupil] = []
    for _ in range(min(size, limit)):
        child = draw_pupil(register, surname, home, status)
        if twins and children:
            child.born, child.year, child.entry = children[0].born, children[0].year, children[0].entry
        children.append(child)
    for child in children:
        child.siblings = [other.id for other in children if other is not child]
    register.pupils += children
    for priority, (contact, relationship) in enumerate(_draw_parents(register, kind, surname, home, status), start=1):
        register.contacts.append(contact)
        for child in children:
            register.links.append(Link(child.id, contact.id, relationship, priority, hidden=hiding(status)))


def draw_pupil(register: Register, surname: str, home: Address, status: str) -> Pupil:
    """Draw one child, who is of no family yet."""
    random = register.random
    register.pupil_id += 1 + random.randrange(3)
    girl = random.random() < 0.5
    year, start = 7 + random.randrange(7), academic_start(register.today)
    age = {"Leaver": 19, "PreAdmission": 11}.get(status, year + 5)
    born = date(start.year - age, 9, 1) + timedelta(days=random.randrange(365))
    entry = date(start.year - (year - 7), 9, 1)
    pupil = Pupil(
        id=register.pupil_id,
        admission=f"{register.pupil_id - 2000:06}",
        forename=random.choice(pool.GIRLS if girl else pool.BOYS),
        surname=surname,
        gender="F" if girl else "M",
        born=born.isoformat(),
        year={"Leaver": 13, "PreAdmission": 7}.get(status, year),
        address=home,
        entry=entry if status == "OnRoll" else date(start.year + (1 if status == "PreAdmission" else -6), 9, 1),
        status=status,
        middle=random.choice(pool.GIRLS if girl else pool.BOYS) if random.random() < 0.4 else None,
        draw=random.getrandbits(30),
    )
    if status == "Leaver":
        pupil.left = date(start.year, 7, 20)
    if random.random() < 0.06:
        pupil.email = pool.mail(pupil.forename, pupil.surname, pupil.id)
    return pupil


def _draw_parents(register: Register, kind: str, surname: str, home: Address, status: str) -> list[tuple[Contact, str]]:
    random = register.random
    parents = [(draw_contact(register, surname, home, status, woman=True), "Mother")]
    if kind == "single":
        return parents
    other_home = home if kind == "couple" else draw_address(random)
    other_name = surname if kind == "couple" else random.choice(pool.SURNAMES)
    return [*parents, (draw_contact(register, other_name, other_home, status, woman=False), "Father")]


def draw_contact(register: Register, surname: str, home: Address, status: str, *, woman: bool) -> Contact:
    """Draw one grown-up, who is linked to nobody yet."""
    random = register.random
    register.contact_id += 1 + random.randrange(3)
    forename = random.choice(pool.GIRLS if woman else pool.BOYS)
    contact = Contact(
        id=register.contact_id,
        title=random.choice(("Mrs", "Ms", "Dr", None) if woman else ("Mr", "Mr", "Dr", "Revd")),
        forename=forename,
        surname=surname,
        address=home,
        hidden=hiding(status),
    )
    if random.random() < 0.45:
        contact.home_email = pool.mail(forename, surname, register.contact_id)
    if random.random() < 0.4:
        contact.mobile = pool.mobile(random)
    if random.random() < 0.08:
        contact.home_phone = pool.landline(random)
    if random.random() < 0.03:
        contact.work_email = pool.mail(forename, surname, register.contact_id, host="example.com")
        contact.work_phone = pool.landline(random)
    return contact
