"""Code lists: what can be said of people and things. Next: `student`."""

from __future__ import annotations

from engine.simulators import pool
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.roll import Roll
from engine.simulators.hubmis.value import Item, entries

GENDERS = ("Male", "Female")
TITLES = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Revd")
RELATIONSHIPS = ("Mother", "Father", "Other Family Member", "Guardian", "Brother", "Sister")
COUNTRIES = ("United Kingdom", "Ireland", "France", "Pakistan", "Poland")
ETHNICITIES = tuple(name for _, name in pool.ETHNICITIES)
FAITHS = tuple(name for _, name in pool.RELIGIONS)
LANGUAGES = ("English", "Bengali", "Polish", "Welsh")
NATIONALITIES = ("British", "Irish", "French", "Pakistani", "Polish")
BOARDING_TYPES = ("Day", "Full Boarder", "Weekly Boarder")
STATUSES = ("Active", "Under review", "Closed")
SEVERITIES = ("Low", "Medium", "High")
SUPPORT_TYPES = ("Dyslexia", "Dyspraxia", "Hearing", "Speech")
REVIEW_TYPES = ("Annual review", "Termly review")
QUALIFICATIONS = ("GCSE", "A Level", "BTEC")
CONTRACTS = ("Permanent", "Fixed term", "Supply")
POSITIONS = ("Head", "Teacher", "Administrator", "Teaching Assistant")
MARITAL = ("Single", "Married", "Divorced", "Widowed")
AUTHORITIES = ("Eastshire", "Westshire")
AUTHORITY_TYPES = ("County", "Borough")
SHANARRI = ("Safe", "Healthy", "Achieving", "Nurtured", "Active", "Respected", "Responsible", "Included")
PHONE_TYPES = ("Home", "Work", "Mobile")
EMAIL_TYPES = ("Home", "Work", "School")
ADDRESS_TYPES = ("Home", "Term time")
DESTINATIONS = ("University of Aldermere", "Castle Orsby College", "Employment")

LISTS: dict[str, tuple[str, ...]] = {
    "v1/boarding-types": BOARDING_TYPES,
    "v1/education-types": ("Independent", "Maintained", "Higher education"),
    "v1/school-college-categories": ("Feeder", "Destination"),
    "v1/schools-colleges": DESTINATIONS,
    "v1/relationship-groups": ("Parents", "Family", "Others"),
    "v1/relationship-types": RELATIONSHIPS,
    "v1/learning-support/record-statuses": STATUSES,
    "v1/learning-support/severities": SEVERITIES,
    "v1/learning-support/types": SUPPORT_TYPES,
    "v1/learning-support/review-types": REVIEW_TYPES,
    "v1/learning-support/terminology": ("Learning Support", "Individual Plan"),
    "v1/staff-contract-types": CONTRACTS,
    "v1/staff-positions": POSITIONS,
    "v1/locations": ("Main Building", "Science Block", "Sports Hall"),
    "v1/group-types": ("form", "subject_set", "tutor_group", "year_group"),
    "v1/pastoral/{module}/severity-levels": SEVERITIES,
    "v1/countries": COUNTRIES,
    "v1/ethnicities": ETHNICITIES,
    "v1/faiths": FAITHS,
    "v1/genders": GENDERS,
    "v1/languages": LANGUAGES,
    "v1/marital-statuses": MARITAL,
    "v1/nationalities": NATIONALITIES,
    "v1/qualifications": QUALIFICATIONS,
    "v1/titles": TITLES,
    "v1/authorities": AUTHORITIES,
    "v1/authority-types": AUTHORITY_TYPES,
}
_FIELDS = ("Bus route", "House colour", "Locker")
_GROUPS = {"student": 1, "staff": 2, "contact": 3}


def _code_list(path: str) -> Make:
    return lambda roll, asked: entries(LISTS[path])


def field_groups(roll: Roll, asked: Asked) -> list[Item]:
    """The groups of custom fields of a kind of person."""
    return [{"id": _GROUPS[asked.words[0]], "name": f"More about {asked.words[0]}"}]


def custom_fields(roll: Roll, asked: Asked) -> list[Item]:
    """The custom fields of a group."""
    group = asked.request.parameter("groupId") or ""
    known = group in map(str, _GROUPS.values())
    return [{"id": int(group) * 10 + number, "name": name} for number, name in enumerate(_FIELDS)] if known else []


def field_options(roll: Roll, asked: Asked) -> list[Item] | None:
    """What can be chosen in a custom field."""
    if asked.id // 10 not in _GROUPS.values() or asked.id % 10 >= len(_FIELDS):
        return None
    return [{"id": asked.id * 10 + number, "name": f"Option {number + 1}"} for number in range(2)]


MAKERS: dict[str, Make] = {
    **{path: _code_list(path) for path in LISTS},
    "v1/custom-fields/{userType}/groups": field_groups,
    "v1/custom-fields/fields": custom_fields,
    "v1/custom-fields/fields/{id}/options": field_options,
}
