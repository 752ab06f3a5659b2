"""What can be set about an iSAMS: the awkward cases of its school, and what is decided where the facts stop.

Next: `roll`, `server`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CASES: dict[str, str] = {
    "absent": "optional elements are left out of some records",
    "blanks": "some staff have blank and empty values only",
    "campuses": "a second campus has years from 20, with the display names of the first",
    "default-responsibility": "most contacts leave parental responsibility to the default of their type",
    "duplicate-set-lists": "pupils are twice in a set, under two row ids",
    "duplicate-registers": "a register lists a pupil twice (REST)",
    "empty-legacy": "some legacy elements are empty",
    "form-of-another-year": "the name of a form begins with a year that is not its own",
    "form-slash": "form ids hold a slash: 7/A",
    "former-staff": "tutors and house masters who have left the school",
    "joint-contacts": "two people at one address are one record, which comes as two rows",
    "leavers-in-sets": "set lists hold pupils who have left",
    "low-years": "years below Year 1, down to -2, and their division",
    "odd-relationships": "Mother_copy, Step-Mother, and types that the list of types does not have",
    "one-sided-siblings": "siblings are told from the side of one of them only",
    "padded": "names and e-mails with spaces before or after",
    "placeholder": "the literal text termofentry where a term is meant (REST)",
    "sets-alone": "sets without teachers, and sets of a subject that no department has",
    "several-mails": "several addresses in one field, kept apart by a space or a semicolon",
    "several-rows": "a contact has a row for each child",
    "sibling-guid": "a sibling bears the GUID of the pupil",
    "two-divisions": "a year lies in two divisions",
}
"""The awkward cases that a school has unless it is told otherwise."""

RARE: dict[str, str] = {
    "extra-attribute": "pupils have an attribute that nobody knows",
    "extra-element": "pupils have an element that nobody knows",
    "fractions": "times have a fraction of a second",
    "joint-same-id": "the two rows of a joint record have one id",
    "legacy-only": "what points at staff, years and rooms is in legacy elements only",
    "old-server": "people have no attribute but Id",
    "several-blocks": "current pupils come in two blocks",
    "title-only": "contacts without a forename",
}
"""The awkward cases that a school has only when it is told so."""

STATUSES = {"filters": 400, "missing-key": 400, "bad-body": 500, "throttled": 429, "refused": 403}
"""The statuses of refusals that nobody has seen."""

EMPTY = ("missing", "empty")


def parse_cases(text: str) -> frozenset[str]:
    """Read `default`, `all`, `none`, or names with + and -: `default,-padded,+old-server`."""
    found: set[str] = set()
    for word in filter(None, (part.strip() for part in text.split(","))):
        name = word.lstrip("+-")
        groups = {"default": set(CASES), "all": {*CASES, *RARE}, "none": set[str]()}
        names = groups.get(name, {name} if name in CASES or name in RARE else None)
        if names is None:
            raise ValueError(f"no awkward case {name!r}: one of {', '.join((*groups, *CASES, *RARE))}")
        found = found - names if word.startswith("-") else found | names
    return frozenset(found)


def parse_path(text: str) -> tuple[str, ...]:
    """Read the way to a record, Module/Collection/Record; `off` or nothing for none."""
    if text in ("", "off"):
        return ()
    path = tuple(text.split("/"))
    if len(path) != 3 or not all(part.isidentifier() for part in path):
        raise ValueError(f"the way to a record is written as Module/Collection/Record, not {text!r}")
    return path


@dataclass(frozen=True)
class Setting:
    """What an iSAMS was told; the defaults are those of the reference."""

    cases: frozenset[str] = frozenset(CASES)
    empty: str = "missing"
    utf16: bool = False
    applicants_path: tuple[str, ...] = ()
    alumni_path: tuple[str, ...] = ()
    contact_types_path: tuple[str, ...] = ("ControlPanel", "ContactTypes", "ContactType")
    contact_type_names: tuple[str, ...] = ("Name", "Description", "ParentalResponsibilityDefault")
    plain_contacts: str = ""
    register_name: str = "students"
    statuses: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if unknown := set(self.cases) - {*CASES, *RARE}:
            raise ValueError(f"no awkward case {min(unknown)!r}")
        if self.empty not in EMPTY:
            raise ValueError(f"empty is one of {', '.join(EMPTY)}")
        if len(self.contact_type_names) != 3:
            raise ValueError("contact types have three elements: name, description, default")
        for name in self.statuses:
            if name not in STATUSES:
                raise ValueError(f"no refusal {name!r}: one of {', '.join(STATUSES)}")

    def status(self, name: str) -> int:
        """The status of a refusal."""
        return self.statuses.get(name, STATUSES[name])
