"""Pupils in the Batch API: current ones, siblings, passports, applicants and former pupils. Next: `contact`."""

from __future__ import annotations

from engine.simulators import pool
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.medical import condition_fields, conditions_of
from engine.simulators.isams.node import Attributes, Block, Legacy, Node, Value
from engine.simulators.isams.roll import (
    ACADEMIC,
    AUTHOR,
    AUTHOR_ID,
    BOARDING,
    STATUS_CODES,
    STATUS_WORDS,
    Roll,
    guid_of,
    number_of,
    school_id,
)
from engine.simulators.isams.structure import division_name, division_of
from engine.simulators.person import Pupil

CURRENT = ("PupilManager", "CurrentPupils")
PUPILS = ("PupilManager", "Pupils")
BOARDING_HOUSES = ("Sheriff", "Wolfe")
NATIONALITIES = ("British", "British,Pakistani", "British", "Irish", "British,French")
LANGUAGES = ("English", "English, Urdu", "English", "English, Irish", "English, French")
ETHNICITIES = ("White, British", "Asian, Pakistani", "White, British", "White, Irish", "Mixed, Other")


def current_pupils(roll: Roll, asked: Asked) -> list[Block]:
    """All current pupils; in two blocks where the school is awkward so."""
    nodes = [pupil_node(roll, pupil) for pupil in roll.chosen(asked.years)]
    if roll.has("several-blocks") and len(nodes) > 1:
        half = -(-len(nodes) // 2)
        return [Block(CURRENT, nodes[:half]), Block(CURRENT, nodes[half:])]
    return [Block(CURRENT, nodes)]


def further_block(roll: Roll, asked: Asked) -> list[Block]:
    """What methods for transport and custom fields add: a block whose own elements nobody has seen."""
    return [Block(CURRENT, [Node("Pupil", _attributes(roll, pupil), {}) for pupil in roll.chosen(asked.years)])]


def health(roll: Roll, asked: Asked) -> list[Block]:
    """The health of current pupils, with their medical conditions as far as these are not archived.

    Nobody has seen these elements: they are named as the members of the REST API are.
    """
    nodes = []
    for pupil in roll.chosen(asked.years):
        found = [
            Node("MedicalCondition", {"Key": each.key}, condition_fields(each))
            for each in conditions_of(roll, pupil)
            if not each.archived
        ]
        nodes.append(Node("Pupil", _attributes(roll, pupil), {"MedicalConditions": found or None}))
    return [Block(CURRENT, nodes)]


def pupil_node(roll: Roll, pupil: Pupil) -> Node:
    """One current pupil."""
    attributes: Attributes = {**_attributes(roll, pupil)}
    if not roll.has("old-server"):
        house = roll.house(pupil)
        attributes |= {
            "DivisionId": division_of(roll, roll.year(pupil)),
            "AcademicHouseId": None if house is None else roll.key(ACADEMIC + house),
            "BoardingHouseId": roll.key(boarding_house(pupil)) if roll.boards(pupil) else None,
        }
    if roll.has("extra-attribute"):
        attributes["MadeUp"] = "123"
    fields: dict[str, Value] = {"OtherMadeUp": "1234"} if roll.has("extra-element") else {}
    return Node("Pupil", attributes, {**fields, **_identity(roll, pupil), **_schooling(roll, pupil)})


def boarding_house(pupil: Pupil) -> int:
    """The number of the boarding house of one who boards."""
    return BOARDING + (pupil.gender == "F")


def _attributes(roll: Roll, pupil: Pupil) -> Attributes:
    if roll.has("old-server"):
        return {"Id": pupil.id}
    return {"Id": pupil.id, "PersonId": 1_000_000 + pupil.id, "PersonGuid": guid_of("pupil", pupil.id)}


def _identity(roll: Roll, pupil: Pupil) -> dict[str, Value]:
    """Who the pupil is."""
    some = roll.has("absent")
    padded = roll.has("padded")
    preferred = pupil.forename.partition("-")[0]
    return {
        "UPN": None if some and pupil.id % 11 == 0 else f"Z{pupil.id:012}",
        "SchoolCode": None if some and pupil.id % 5 == 0 else f"SIM{pupil.admission}",
        "SchoolId": school_id(pupil.id),
        "UserCode": user_code(pupil),
        "UserName": None if some and pupil.id % 8 == 0 else f"{pool.mail(pupil.surname, host='')[:4]}{pupil.id}",
        "Title": "Mr" if pupil.gender == "M" else "Miss",
        "Forename": f"{pupil.forename} " if padded and pupil.id % 13 == 0 else pupil.forename,
        "Surname": f" {pupil.surname}" if padded and pupil.id % 17 == 0 else pupil.surname,
        "Middlename": "" if pupil.middle is None and pupil.id % 2 else pupil.middle,
        "Initials": f"{pupil.forename[0]}{pupil.surname[0]}",
        "Preferredname": None if some and pupil.id % 6 == 0 else preferred,
        "Fullname": f"{pupil.forename} {pupil.surname}",
        "Gender": pupil.gender,
        "DOB": f"{pupil.born}T00:00:00" if pupil.born else None,
    }


def user_code(pupil: Pupil) -> str:
    """The user code of a pupil; it never changes."""
    return f"PUPIL{pupil.id}{number_of(f'user:{pupil.id}') % 10**10:010}"


def mail_of(roll: Roll, pupil: Pupil) -> str | None:
    """The pupil's address at the school; one in ten has none yet."""
    if pupil.email is None and roll.has("absent") and pupil.draw % 10 == 0:
        return None
    return pupil.email or f"p{pupil.id}@pupils.example.org"


def _schooling(roll: Roll, pupil: Pupil) -> dict[str, Value]:
    """Where the pupil is at school, and what else is known."""
    some, house, boards = roll.has("absent"), roll.house(pupil), roll.boards(pupil)
    mail, year, draw = mail_of(roll, pupil), roll.year(pupil), pupil.draw
    day = ("Day", "Day Boarder")[draw % 9 == 0]
    return {
        "AcademicHouse": None if house is None else pool.HOUSES[house],
        "BoardingHouse": BOARDING_HOUSES[boarding_house(pupil) - BOARDING] if boards else None,
        "Form": roll.form_names.get(pupil.form_id),
        "NCYear": year,
        "DivisionName": division_name(year),
        "EmailAddress": f" {mail} " if mail and roll.has("padded") and pupil.id % 19 == 0 else mail,
        "MobileNumber": f"07700 900{draw % 1000:03}" if draw % 3 == 0 else None,
        "PupilType": "Boarder" if boards else day,
        "EnrolmentDate": roll.moment(pupil.entry),
        "EnrolmentTerm": None if some and draw % 7 == 0 else term_of(pupil),
        "EnrolmentSchoolYear": None if some and draw % 8 == 0 else roll.school_year(pupil.entry),
        "FamilyId": roll.family(pupil),
        "Nationalities": NATIONALITIES[draw % 5],
        "Languages": LANGUAGES[draw % 5],
        "Tutor": roll.user(roll.tutor(pupil)) or None,
        "Ethnicity": ETHNICITIES[draw % 5],
    }


def term_of(pupil: Pupil) -> str:
    """The term in which a pupil came."""
    return f"Term {1 if pupil.entry.month >= 9 else 2 if pupil.entry.month <= 3 else 3}"


# Siblings and passports


def siblings(roll: Roll, asked: Asked) -> list[Block]:
    """Pupils with their brothers and sisters; told from one side only where the school is awkward so."""
    nodes = []
    for pupil in roll.school.pupils:
        others = [roll.pupils[other] for other in pupil.siblings if other in roll.pupils]
        first = not roll.has("one-sided-siblings") or pupil.id < min((other.id for other in others), default=0)
        if others and first and roll.shows(pupil, asked.years):
            guid = guid_of("pupil", pupil.id).upper()
            rows = [_sibling(roll, other, guid) for other in others]
            attributes: Attributes = {"Id": pupil.id, "AuthorId": AUTHOR_ID, "PersonGuid": guid}
            nodes.append(Node("Pupil", attributes, {**_told(pupil), "Siblings": rows}))
    return [Block(PUPILS, nodes)]


def _sibling(roll: Roll, other: Pupil, guid: str) -> Node:
    own = guid if roll.has("sibling-guid") else guid_of("pupil", other.id).upper()
    return Node("Sibling", {"PupilId": other.id, "AuthorId": AUTHOR_ID, "PersonGuid": own}, _told(other))


def _told(pupil: Pupil) -> dict[str, Value]:
    status = STATUS_WORDS[pupil.status]
    return {"Author": Legacy(AUTHOR), "SchoolId": Legacy(school_id(pupil.id)), "Status": status}


def passports(roll: Roll, asked: Asked) -> list[Block]:
    """Pupils with a passport, under the way of the siblings; what is inside them nobody has seen."""
    statuses = asked.items("SystemStatusesToInclude")
    nodes = [
        Node("Pupil", _attributes(roll, pupil), {})
        for pupil in roll.school.pupils
        if pupil.draw % 3 == 0
        and (statuses is None or STATUS_CODES[pupil.status] in statuses)
        and roll.shows(pupil, asked.years)
    ]
    return [Block(PUPILS, nodes)]


# Applicants and former pupils


def applicants(roll: Roll, asked: Asked) -> list[Block]:
    """Those who may come, where a way to them was set."""
    return _others(roll, roll.setting.applicants_path, "PreAdmission")


def alumni(roll: Roll, asked: Asked) -> list[Block]:
    """Those who have left, where a way to them was set."""
    return _others(roll, roll.setting.alumni_path, "Leaver")


def _others(roll: Roll, path: tuple[str, ...], status: str) -> list[Block]:
    if not path:
        return []
    leaver = status == "Leaver"
    nodes = []
    for pupil in roll.school.pupils:
        if pupil.status == status:
            fields = _identity(roll, pupil)
            if not leaver:
                fields = {name: value for name, value in fields.items() if name not in ("UserCode", "UserName")}
            fields |= {"FamilyId": roll.family(pupil), "Ethnicity": ETHNICITIES[pupil.draw % 5]}
            fields |= {"EmailAddress": mail_of(roll, pupil)} if leaver else {}
            nodes.append(Node(path[2], _attributes(roll, pupil), fields))
    return [Block(path[:2], nodes)]
