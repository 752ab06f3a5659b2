"""The staff who are there; those who left are simply no longer listed. Next: `structure`."""

from __future__ import annotations

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Attributes, Block, Node, Value
from engine.simulators.isams.roll import Roll, guid_of
from engine.simulators.isams.structure import DIVISIONS
from engine.simulators.person import Staff

_ROLES = ((1, "Teacher"), (2, "Head of Department"), (3, "Tutor"), (4, "Administrator"))


def current_staff(roll: Roll, asked: Asked) -> list[Block]:
    """All staff who are there."""
    return [Block(("HRManager", "CurrentStaff"), [_staff_node(roll, member) for member in roll.present])]


def is_blank(roll: Roll, member: Staff) -> bool:
    """Whether a record of staff was opened and never filled in."""
    return roll.has("blanks") and (member.id - roll.base) % 17 == 6


def role_list(member: Staff) -> list[tuple[int, str]]:
    """The roles of a member of staff."""
    if not member.teacher:
        return [_ROLES[3]] if member.id % 3 else []
    roles = [_ROLES[0]]
    return roles + ([_ROLES[1]] if member.id % 6 == 0 else []) + ([_ROLES[2]] if member.form else [])


def _staff_node(roll: Roll, member: Staff) -> Node:
    guid = guid_of("staff", member.id).upper()
    attributes: Attributes = {"Id": member.id, "PersonId": roll.staff_person(member), "PersonGuid": guid}
    if roll.has("old-server"):
        attributes = {"Id": member.id}
    fields: dict[str, Value] = {"PreviousMISId": str(1000 + member.id) if member.id % 4 == 0 else None}
    fields |= _blank_names(roll, member) if is_blank(roll, member) else _names(roll, member)
    roles = [Node("Role", {"Id": key}, {"Name": name}) for key, name in role_list(member)]
    divisions = [
        Node("Division", {"Id": roll.key(key)}, {"Name": name})
        for key, name, _, _ in DIVISIONS[1 : 2 + member.id % 3]
        if member.teacher
    ]
    fields |= {"TeachingStaff": int(member.teacher), "LeavingDate": roll.moment(member.end)}
    return Node("StaffMember", attributes, {**fields, "Roles": roles or None, "Divisions": divisions or None})


def _names(roll: Roll, member: Staff) -> dict[str, Value]:
    padded, mail = roll.has("padded"), member.email
    code = member.code
    return {
        "Initials": code,
        "UserCode": roll.user(member.id),
        "UserName": f"{member.forename[0]}{member.surname[:5]}".upper() if member.id % 5 else None,
        "Title": member.title,
        "Forename": member.forename,
        "MiddleNames": "" if member.id % 3 else None,
        "Surname": f"{member.surname} " if padded and member.id % 13 == 0 else member.surname,
        "FullName": f"{member.forename} {member.surname}",
        "NameInitials": f"{member.forename[0]}{member.surname[0]}",
        "PreferredName": member.forename,
        "Salutation": f"{member.title} {member.surname}",
        "DOB": roll.moment(member.born) if member.id % 7 else None,
        "Gender": "M" if member.title == "Mr" else "F",
        "SchoolEmailAddress": f" {mail}" if mail and padded and member.id % 11 == 0 else mail or "",
        "SchoolMobileNumber": "",
        "PersonalMobileNumber": member.home_phone or "",
    }


def _blank_names(roll: Roll, member: Staff) -> dict[str, Value]:
    """What such a record looks like: blanks in some elements, nothing in others."""
    return {
        "Initials": " ",
        "UserCode": roll.user(member.id),
        "Title": "",
        "Forename": " ",
        "MiddleNames": "",
        "Surname": " ",
        "FullName": "   ",
        "NameInitials": "",
        "PreferredName": "test",
        "Salutation": "  ",
        "Gender": "",
        "SchoolEmailAddress": "",
        "SchoolMobileNumber": "",
        "PersonalMobileNumber": "",
    }
