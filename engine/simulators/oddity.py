"""The awkward ones, planted on purpose, and on request values that cannot be read.

Oddities are good data that a hasty program trips over; mess is bad data. Next: `wire`.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.simulators import pool
from engine.simulators.family import Register, academic_start
from engine.simulators.person import Address, Comm, Contact, Link, Pupil, Staff

UNREADABLE_DATE = "31/13/2010"
UNKNOWN_CODE = "Q7"
OVERLONG = "Endless " * 40


def plant_oddities(register: Register, staff: list[Staff]) -> None:
    """Make the first pupils and families awkward; a school of 40 pupils has them all."""
    on_roll = [pupil for pupil in register.pupils if pupil.status == "OnRoll"]
    for pupil, change in zip(on_roll, _PUPILS, strict=False):
        change(pupil)
    if len(on_roll) > len(_PUPILS):
        _remove_contacts(register, on_roll[len(_PUPILS)])
        _place_leap_birthday(register, on_roll[len(_PUPILS) - 1])
    parents = [contact for contact in register.contacts if not contact.hidden]
    if len(parents) >= 12:
        _plant_contacts(register, parents, staff)


def plant_mess(pupils: list[Pupil], count: int) -> list[tuple[int, str]]:
    """Give so many pupils an unreadable date, an unknown code or an overlong name, in turn; say which."""
    on_roll = [pupil for pupil in pupils if pupil.status == "OnRoll"]
    if count > len(on_roll):
        raise ValueError(f"mess is {count}, but there are only {len(on_roll)} pupils")
    planted = []
    for number in range(count):
        pupil = on_roll[(number * len(on_roll) + len(on_roll) // 2) // count]
        if number % 3 == 0:
            pupil.born = UNREADABLE_DATE
        elif number % 3 == 1:
            pupil.gender = UNKNOWN_CODE
        else:
            pupil.forename = OVERLONG.strip()
        planted.append((pupil.id, ("birth date", "gender", "forename")[number % 3]))
    return planted


def _apostrophe(pupil: Pupil) -> None:
    pupil.surname = "O'Neill"


def _diacritics(pupil: Pupil) -> None:
    pupil.forename, pupil.surname, pupil.middle = "Zoë", "Łuczak-Nuñez", "Émilie"


def _right_to_left(pupil: Pupil) -> None:
    pupil.forename, pupil.surname = "نور", "הלוי"


def _emoji(pupil: Pupil) -> None:
    pupil.note = 'Plays the tuba 🎺, "loudly"\tand\\or often 👩‍👧‍👦'


def _no_birthday(pupil: Pupil) -> None:
    pupil.born = None


def _long_address(pupil: Pupil) -> None:
    pupil.address = Address(
        None, "Foundry Hill", "Castle Orsby", "ZZ90 1AB", "The Old  Forge", "Flat 2", "Northside", "Eastshire"
    )


def _legal_name(pupil: Pupil) -> None:
    pupil.legal_surname = "Østergaard"
    pupil.admission = "000042"


def _leap_day(pupil: Pupil) -> None:
    """Set with `_place_leap_birthday`, which knows today."""


_PUPILS: tuple[Callable[[Pupil], None], ...] = (
    _apostrophe,
    _diacritics,
    _right_to_left,
    _emoji,
    _no_birthday,
    _long_address,
    _legal_name,
    _leap_day,
)


def _place_leap_birthday(register: Register, pupil: Pupil) -> None:
    """Move the pupil into the year whose children were born around a 29 February."""
    start = academic_start(register.today).year
    year = next(year for year in range(7, 14) if (start - year - 5 + 1) % 4 == 0)
    pupil.year, pupil.born = year, f"{start - year - 4}-02-29"


def _remove_contacts(register: Register, pupil: Pupil) -> None:
    register.links = [link for link in register.links if link.pupil != pupil.id]
    linked = {link.contact for link in register.links}
    register.contacts = [contact for contact in register.contacts if contact.id in linked]


def _plant_contacts(register: Register, parents: list[Contact], staff: list[Staff]) -> None:
    _silence(parents[7])
    _give_many_numbers(register, parents[8])
    member = staff[1]
    parents[9].forename, parents[9].surname, parents[9].title = member.forename, member.surname, member.title
    parents[9].home_email = member.home_email = pool.mail(member.forename, member.surname, "home")
    _share_parent(register)
    _restrict(register, parents[10])
    _add_neighbour(register, parents[11])


def _silence(contact: Contact) -> None:
    """No phone, no e-mail, no title."""
    contact.home_email = contact.work_email = contact.home_phone = contact.work_phone = contact.mobile = None
    contact.title = None


def _give_many_numbers(register: Register, contact: Contact) -> None:
    contact.home_email, contact.mobile = "first.choice@example.org", "07700 900001"
    others = (
        ("E", "H", "second.choice@example.org", 2, None),
        ("E", "W", "at.work@example.com", 3, "not after 6"),
        ("M", "M", "+44 7700 900002", 2, None),
        ("T", "H", "01632 960003", 3, "ask for Gran; let it ring\nlong"),
    )
    for kind, location, value, priority, notes in others:
        register.extra_comms.append(Comm("Contact", contact.id, kind, location, value, priority, False, notes))


def _share_parent(register: Register) -> None:
    """A father of pupils in two families that live apart: the first two families without a father."""
    fathered = {link.pupil for link in register.links if link.relationship == "Father"}
    mothers = [link for link in register.links if link.relationship == "Mother" and link.pupil not in fathered]
    first = mothers[0]
    second = next(link for link in mothers if link.contact != first.contact)
    home = next(contact.address for contact in register.contacts if contact.id == first.contact)
    register.contact_id += 1
    father = Contact(register.contact_id, "Mr", "Two", "D'Arcy-Finch", home, home_email="two.homes@example.org")
    register.contacts.append(father)
    for link in (first, second):
        register.links.append(Link(link.pupil, father.id, "Father", 2))


def _restrict(register: Register, parent: Contact) -> None:
    """A contact under a court order, beside a parent who is not."""
    register.contact_id += 1
    hidden = "includerestrictedrelationships"
    other = Contact(register.contact_id, "Mr", "Barred", parent.surname, parent.address, hidden=hidden)
    register.contacts.append(other)
    for child in register.children_of(parent.id):
        register.links.append(Link(child, other.id, "Father", 9, responsible=False, hidden=hidden))


def _add_neighbour(register: Register, parent: Contact) -> None:
    """Somebody to call who has no say, with the same place in the order as another."""
    register.contact_id += 1
    other = Contact(register.contact_id, None, "Gran", "Pebblewright", parent.address, home_phone="01632 960777")
    register.contacts.append(other)
    for child in register.children_of(parent.id):
        register.links.append(Link(child, other.id, "Other Family Member", 1, responsible=False))
