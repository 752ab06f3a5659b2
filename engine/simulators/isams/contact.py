"""Contacts as the Batch API has them: a row an address record and person, with the pupils it is about.

Two people of one household with the same children are a joint record, which comes as two rows; of some families
each child has a row of its own. Both repeat a person: `PersonId` says who. Next: `staff`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Attributes, Block, Legacy, Node, Value
from engine.simulators.isams.roll import STATUS_CODES, STATUS_WORDS, Roll, school_id
from engine.simulators.person import Contact, Link, Pupil
from engine.simulators.world import RESTRICTED

CONTACTS = ("PupilManager", "Contacts")
TYPES = (
    (1, "Mother", "Yes"),
    (2, "Father", "Yes"),
    (3, "Step-Mother", "No"),
    (4, "Other Family Member", "No"),
    (5, "Guardian", "Yes"),
    (6, "PA to Parent", "No"),
)
"""The list of contact types: id, name, default of parental responsibility."""
_ODD = {"Mother": ("Mother_copy", "Step-Mother", "mother"), "Father": ("Father ", "Parents", "Guardian")}
_ADMISSIONS = ("Enquiry", "Registered", "Offered", "Accepted")
_OFTEN_DEFAULT = 8  # of ten contacts so many leave parental responsibility to their type


@dataclass(frozen=True)
class Row:
    """A row of contacts. `first` tells the first person of a joint record, `other` is who it is shared with."""

    id: int
    contact: Contact
    links: tuple[Link, ...]
    first: bool = True
    other: int | None = None


def contacts(roll: Roll, asked: Asked) -> list[Block]:
    """The contacts whom the filter leaves, with the pupils whom it leaves."""
    nodes = []
    for row in rows(roll):
        links = tuple(link for link in row.links if _wants_pupil(roll, asked, roll.pupils[link.pupil]))
        if links and _wants_row(roll, asked, row):
            nodes.append(_contact_node(roll, replace(row, links=links)))
    return [Block(CONTACTS, nodes)]


def contact_types(roll: Roll, asked: Asked) -> list[Block]:
    """The list of contact types, where a way to it is set: nobody has seen its elements."""
    path = roll.setting.contact_types_path
    if not path:
        return []
    name, description, default = roll.setting.contact_type_names
    nodes = [
        Node(path[2], {"Id": key}, {name: word, description: word, default: answer}) for key, word, answer in TYPES
    ]
    return [Block(path[:2], nodes if roll.school.groups else [])]


# Rows


def rows(roll: Roll) -> Iterator[Row]:
    """All rows, those of a joint record one after the other."""
    done: set[int] = set()
    for contact in roll.school.contacts:
        links = tuple(roll.links_of.get(contact.id, ()))
        if contact.id in done or not links:
            continue
        other = partner(roll, contact, links)
        if other is not None:
            done.add(other)
            shared = tuple(roll.links_of[other])
            same = roll.has("joint-same-id")
            yield Row(contact.id, contact, links, other=other)
            yield Row(contact.id if same else other, roll.contacts[other], shared, first=False, other=contact.id)
        elif roll.has("several-rows") and contact.id % 5 == 0:
            for link in links:
                yield Row(contact.id * 1000 + link.pupil % 1000, contact, (link,))
        else:
            yield Row(contact.id, contact, links)


def partner(roll: Roll, contact: Contact, links: tuple[Link, ...]) -> int | None:
    """The other person of a joint record: the one contact who shares home and children."""
    if not roll.has("joint-contacts") or contact.hidden == RESTRICTED:
        return None
    children = {link.pupil for link in links}
    found = [
        link.contact
        for link in roll.parents_of[links[0].pupil]
        if link.contact != contact.id
        and link.responsible
        and roll.contacts[link.contact].address == contact.address
        and roll.contacts[link.contact].hidden != RESTRICTED
        and {each.pupil for each in roll.links_of[link.contact]} == children
    ]
    return found[0] if len(found) == 1 and links[0].responsible else None


def relationship(roll: Roll, contact: Contact, link: Link) -> str:
    """What the school calls a contact: a list of its own, with oddities."""
    if roll.has("odd-relationships") and contact.id % 12 == 5 and link.relationship in _ODD:
        return _ODD[link.relationship][contact.id // 12 % 3]
    return link.relationship


def responsibility(roll: Roll, contact: Contact, link: Link) -> str:
    """Yes and No only where somebody has said so; else Default."""
    if not link.responsible and link.relationship in ("Mother", "Father"):
        return "No"
    if roll.has("default-responsibility") and contact.id % 10 < _OFTEN_DEFAULT:
        return "Default"
    return "Yes" if link.responsible else "No"


def merges(contact: Contact) -> tuple[int, int, int, int]:
    """The flags of mail merges: all, correspondence, billing, reports."""
    if contact.hidden == RESTRICTED:
        return 0, 0, 0, 0
    kind = contact.id % 10
    return int(kind < 7), int(kind in (2, 7)), int(kind in (3, 7, 8)), int(kind == 8)


def mail(roll: Roll, contact: Contact) -> str | None:
    """The addresses of a contact, one or several in a field."""
    found = roll.mails.get(contact.id, [])
    if not found:
        return "" if contact.id % 2 else None
    if len(found) > 1 and roll.has("several-mails"):
        return (" ", ";", "; ")[contact.id % 3].join(found)
    return f" {found[0]} " if roll.has("padded") and contact.id % 14 == 0 else found[0]


def contact_only(link: Link) -> bool:
    """Whether somebody is a contact and nothing else."""
    return not link.responsible


def location(contact: Contact) -> str:
    """Where the address of a contact is."""
    return "Work" if contact.work_phone else "Home"


def _contact_node(roll: Roll, row: Row) -> Node:
    contact, link = row.contact, row.links[0]
    person = None if roll.has("old-server") else roll.contact_person(contact)
    attributes: Attributes = {"Id": row.id, "PersonId": person, "IsFirstPersonContact": str(row.first)}
    every, correspondence, billing, reports = merges(contact)
    fields: dict[str, Value] = {
        "Title": contact.title,
        "Forename": None if roll.has("title-only") and contact.id % 9 == 0 else contact.forename,
        "Surname": f"{contact.surname}  " if roll.has("padded") and contact.id % 15 == 0 else contact.surname,
        "RelationshipRaw": relationship(roll, contact, link),
        "EmailAddress": mail(roll, contact),
        "Mobile": contact.mobile,
        "Telephone": contact.home_phone or contact.work_phone,
        "Profession": "Surveyor" if contact.id % 6 == 0 else None,
        "MailMergeAll": every,
        "CorrespondenceMailMerge": correspondence,
        "BillingMailMerge": billing,
        "ReportsMailMerge": reports,
        "ParentalResponsibility": responsibility(roll, contact, link),
        "Address": _address(contact),
        "Pupils": [_pupil_node(roll.pupils[each.pupil]) for each in row.links],
    }
    return Node("Contact", attributes, fields)


def address_lines(contact: Contact) -> list[str]:
    """The lines of an address in front of its town, three at most."""
    home = contact.address
    street = f"{home.house_no} {home.street}" if home.house_no else home.street
    lines = [line for line in (home.apartment, home.house_name, street, home.district) if line]
    return lines if len(lines) < 4 else [f"{lines[0]}, {lines[1]}", *lines[2:]]


def _address(contact: Contact) -> dict[str, Value]:
    home = contact.address
    lines: dict[str, Value] = {f"Address{number}": line for number, line in enumerate(address_lines(contact), 1)}
    return {
        "AddressLines": lines,
        "Town": home.town,
        "County": home.county,
        "Postcode": home.postcode,
        "Country": home.country,
    }


def _pupil_node(pupil: Pupil) -> Node:
    fields: dict[str, Value] = {"Status": STATUS_WORDS[pupil.status], "SchoolId": Legacy(school_id(pupil.id))}
    return Node("Pupil", {"Id": pupil.id}, fields)


# Filters


def admission_status(pupil: Pupil) -> str:
    """How far a pupil has come: those who are here or were here have been accepted."""
    return _ADMISSIONS[pupil.draw % 4] if pupil.status == "PreAdmission" else "Accepted"


def _wants_pupil(roll: Roll, asked: Asked, pupil: Pupil) -> bool:
    statuses, admissions = asked.items("SystemStatusesToInclude"), asked.items("AdmissionsStatusesToInclude")
    years = asked.items("EnrolmentSchoolYearsToInclude")
    return (
        roll.shows(pupil, asked.years)
        and (statuses is None or STATUS_CODES[pupil.status] in statuses)
        and (admissions is None or admission_status(pupil).lower() in admissions)
        and (years is None or str(roll.school_year(pupil.entry)) in years)
    )


def _wants_row(roll: Roll, asked: Asked, row: Row) -> bool:
    link, home = row.links[0], asked.flag("StudentHome")
    types, only, places = asked.items("ContactTypes"), asked.flag("ContactOnly"), asked.items("ContactLocations")
    return (
        (types is None or relationship(roll, row.contact, link).strip().lower() in types)
        and (only is None or contact_only(link) == only)
        and (places is None or location(row.contact).lower() in places)
        and (home is None or any(roll.pupils[each.pupil].address == row.contact.address for each in row.links) == home)
    )
