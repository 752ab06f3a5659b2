"""What a token's scopes and a request's options open: endpoints, columns, rows.

A scope expression is a CSV of alternatives, each of one scope or several with `&`, as in
`Contact&Student,Contact&StudentLite`.
Next: `xporter`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.simulators.xod.fact import all_scopes

# Columns by the scope that opens them; a set's other columns need no more than the endpoint does.
_STUDENT_SCOPES = {
    "StudentExtended": (
        "HomeEmail HomePhone MobilePhone DateofBirth UniqueLearnerNumber LegalForename LegalSurname "
        "EntryDate LeavingDate Destination DestinationStartDate ReasonForLeaving MiddleName Boarder"
    ),
    "Student": "AdmissionNo StudentStatus NCYear",
    "SEN,SENTypes": "SENProvision",
    "StudentDemographic,StudentFunding": "EAL",
    "StudentDemographic": (
        "ReligionCode Religion HomeLanguage HomeLanguageCode FirstLanguage FirstLanguageCode "
        "FirstLanguageSource EnglishProficiencyLevel NationalIdentity Nationality AsylumStatus "
        "ModeOfTravel IsTraveller TravellerSource"
    ),
    "StudentEthnicity": "EthnicityCode Ethnicity EthnicitySource",
    "StudentFunding": "FSMEligible FsmEndDate UniformAllowance PupilPremium YSSA FSMEver6 Gifted",
    "StudentFamily": "InLeaCare LeaCareAuthority EverInCare ServiceChild ServiceChildSource IsYoungCarer",
    "UPN": "UPN",
    "Address": (
        "ParentalSalutation AddressBlock HouseNo HouseName Apartment Street District TownOrCity County Country"
    ),
    "Address,StudentDemographic": "PostCode",
    "StudentFreeText": "QuickNote",
    "School": "GroupIds",
}
_STAFF_SCOPES = {
    "School": "RegGroup GroupIds",
    "StaffExtended": "Gender MiddleName LegalForename LegalSurname DateOfBirth MobilePhone",
    "StaffEmployment": "NINumber TeacherNumber EmploymentStart EmploymentEnd Roles",
    "StaffPersonalContact": "HomeEmail HomePhone",
    "StaffAddress": ("AddressBlock HouseNo HouseName Apartment Street District TownOrCity County PostCode Country"),
}


# The options that show rows which are else left out.
_SHOWING = (
    "includeleavers",
    "includepreadmissions",
    "includerestrictedrelationships",
    "includeprevious",
    "includefuture",
)


def _by_column(scopes: dict[str, str]) -> dict[str, str]:
    return {column: scope for scope, columns in scopes.items() for column in columns.split()}


@dataclass(frozen=True)
class Endpoint:
    """A read: its sets (the main one first), its scope, its filters (column by parameter, lower case)."""

    name: str
    sets: tuple[str, ...]
    scope: str
    id_columns: tuple[str, ...] = ("Id", "ExternalId")
    filters: dict[str, str] = field(default_factory=dict)
    column_scopes: dict[str, str] = field(default_factory=dict)
    column_options: dict[str, str] = field(default_factory=dict)
    set_options: dict[str, str] = field(default_factory=dict)
    row_options: dict[str, str] = field(default_factory=dict)  # the column that must be true

    @property
    def row_and_column_options(self) -> frozenset[str]:
        """The options that change what the main set looks like."""
        return frozenset([*_SHOWING, *self.column_options.values(), *self.row_options])


ENDPOINTS = {
    "students": Endpoint(
        "Students",
        ("Students", "StudentSiblings"),
        "Student,StudentLite",
        filters={"yeargroupid": "YearGroupId", "studentstatus": "StudentStatus"},
        column_scopes=_by_column(_STUDENT_SCOPES),
        column_options={
            "GroupIds": "includegroupids",
            "StudentSiblingIds": "includesiblingslist",
            "ParentIdaasIds": "includeparentidaasids",
        },
        set_options={"StudentSiblings": "includesiblingsresultset"},
    ),
    "contacts": Endpoint(
        "Contacts",
        ("Contacts",),
        "Contact",
        column_options={"ChildIdaasIds": "includechildidaasids"},
        row_options={"onlyparentalresponsibility": "ChildIdaasIds"},
    ),
    "studentcontacts": Endpoint(
        "StudentContacts",
        ("StudentContacts",),
        "Contact&Student,Contact&StudentLite",
        id_columns=("Id", "StudentId", "ContactId"),
        filters={"relationship": "Relationship", "priority": "Priority", "parresp": "ParResp"},
    ),
    "personcomms": Endpoint(
        "PersonComms",
        ("PersonComms",),
        "Contact,Staff,Student",
        id_columns=("Id", "PersonId"),
        filters={
            "persontype": "PersonType",
            "commstype": "CommsType",
            "locationcode": "LocationCode",
            "priority": "Priority",
            "isdefault": "IsDefault",
        },
    ),
    "staff": Endpoint(
        "Staff",
        ("Staff",),
        "Staff,StaffLite",
        filters={"staffstatus": "StaffStatus"},
        column_scopes=_by_column(_STAFF_SCOPES),
        column_options={"GroupIds": "includegroupids"},
        row_options={"teachersonly": "IsTeacher"},
    ),
    "groups": Endpoint(
        "Groups",
        ("Group", "StaffMembers", "StudentMembers", "GroupTypes"),
        "School,SchoolLite",
        filters={"type": "Type", "code": "Code"},
        column_options={
            "StudentIds": "includemembersids",
            "StaffIds": "includemembersids",
            "SubjectCode": "includesubjects",
            "SubjectName": "includesubjects",
        },
        set_options={
            "StudentMembers": "includestudentmembers",
            "StaffMembers": "includestaffmembers",
            "GroupTypes": "includegrouptypes",
        },
    ),
    "schoolinfo": Endpoint("SchoolInfo", ("SchoolInfo", "Sites"), "School,SchoolLite"),
}

_ALL_SCOPES = (
    "Address Contact School SchoolLite SEN SENTypes Staff StaffAddress StaffEmployment StaffExtended "
    "StaffLite StaffPersonalContact Student StudentDemographic StudentEthnicity StudentExtended "
    "StudentFamily StudentFreeText StudentFunding StudentLite UPN"
)
ALL_SCOPES = tuple(sorted({*_ALL_SCOPES.split(), *all_scopes()}))


def allows(expression: str, scopes: frozenset[str]) -> bool:
    """Whether scopes satisfy an expression: a comma means any of, `&` all of; empty asks for nothing."""
    if not expression:
        return True
    return any(set(choice.split("&")) <= scopes for choice in expression.split(","))


def open_columns(endpoint: Endpoint, columns: list[str], scopes: frozenset[str], options: frozenset[str]) -> list[str]:
    """The columns of the main set that scopes and options open, in the order of the wire."""
    return [
        column
        for column in columns
        if allows(endpoint.column_scopes.get(column, ""), scopes)
        and endpoint.column_options.get(column, "") in ("", *options)
    ]


def parse_select(select: str, columns: list[str]) -> list[tuple[str, str]]:
    """Columns with the names they are to have: `A,B as C`, any case; `*` is all; unknown ones go."""
    known = {column.lower(): column for column in columns}
    chosen: list[tuple[str, str]] = []
    for item in select.split(","):
        words = item.split()
        if words == ["*"]:
            chosen += [(column, column) for column in columns]
        elif words and (column := known.get(words[0].lower())):
            renamed = len(words) == 3 and words[1].lower() == "as"
            chosen.append((column, words[2] if renamed else column))
    return chosen


def passes(values: dict[str, Any], filters: list[tuple[str, frozenset[str]]], since: str) -> bool:
    """Whether a row is updated after `since` and has one of the wanted values in each filtered column."""
    if since and values.get("LastUpdated", "") <= since:
        return False
    return all(str(values.get(column)).lower() in wanted for column, wanted in filters)
