"""Contacts, and what hangs on one of them. Next: `staff`."""

from __future__ import annotations

from collections.abc import Callable

from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.reach import emails, first_email, phones, related_addresses
from engine.simulators.hubmis.roll import Roll, pair_id, person
from engine.simulators.hubmis.value import Item, entry
from engine.simulators.person import Contact

RESTRICTED = "includerestrictedrelationships"
_GENDERS = {"Mother": "Female", "Father": "Male"}


def contacts(roll: Roll, asked: Asked) -> list[Item]:
    """All contacts, those of past students and applicants too."""
    return [contact(roll, each) for each in roll.school.contacts]


def contact(roll: Roll, one: Contact) -> Item:
    """A contact with the students it is of; one under a court order has access to none of them."""
    links = roll.children.get(one.id, [])
    children = [roll.pupils[link.pupil] for link in links if link.pupil in roll.pupils]
    reached = [] if one.hidden == RESTRICTED else [each for each in children if each.status == "OnRoll"]
    gender = next((_GENDERS[link.relationship] for link in links if link.relationship in _GENDERS), None)
    return {
        "id": one.id,
        "access_status": "invited" if reached and one.id % 2 else "no_access",
        "multi_realm": False,
        "students_access": [person(each) for each in reached],
        "deleted_at": None,
        "external_id": None,
        "first_name": one.forename,
        "gender": entry(code.GENDERS, gender),
        "last_name": one.surname,
        "middle_name": None,
        "primary_email": first_email(roll, "Contact", one.id),
        "profile_image": None,
        "status": "active" if any(each.status != "Leaver" for each in children) else "inactive",
        "students": [person(each) for each in children],
        "title": entry(code.TITLES, one.title),
    }


def of_contact(make: Callable[[Roll, Contact], Item | list[Item]]) -> Make:
    """What is made of the contact of a path, if there is one."""

    def made(roll: Roll, asked: Asked) -> Item | list[Item] | None:
        found = roll.contacts.get(asked.id)
        return None if found is None else make(roll, found)

    return made


def students(roll: Roll, one: Contact) -> list[Item]:
    """The students of a contact: the other side of the contacts of a student, under the same ids."""
    return [
        {
            "id": pair_id(link.pupil, link.contact),
            "student": person(roll.pupils[link.pupil]),
            "relationship_type": entry(code.RELATIONSHIPS, link.relationship),
        }
        for link in roll.children.get(one.id, ())
        if link.pupil in roll.pupils
    ]


MAKERS: dict[str, Make] = {
    "v1/contacts": contacts,
    "v1/contacts/{id}": of_contact(contact),
    "v1/contacts/{id}/students": of_contact(students),
    "v1/contacts/{id}/email-addresses": of_contact(lambda roll, one: emails(roll, "Contact", one.id)),
    "v1/contacts/{id}/phones": of_contact(lambda roll, one: phones(roll, "Contact", one.id)),
    "v1/contacts/{id}/related-addresses": of_contact(lambda roll, one: related_addresses(one.address)),
    "v1/contacts/{id}/communication-preferences": of_contact(lambda roll, one: [{"id": one.id}]),
    "v1/contacts/{id}/consent": of_contact(lambda roll, one: {"consent": one.id % 5 != 0}),
}
