"""A small school written by hand, as the documents of the Batch API have it; its people are named in the tests.

Names and e-mails are padded here and there, blanks are `&#x20;`, and what attributes say stands in Legacy elements
again, sometimes empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PUPILS, HEALTH = "Pupil_GetCurrentPupils", "Pupil_GetCurrentPupilsHealth"
CONTACTS, TYPES = "ContactAdvanced_GetContacts", "ControlPanel_GetContactTypeGlobalList"
STAFF, YEARS, FORMS = "HumanResources_GetCurrentStaff", "School_GetAllYears", "School_GetSchoolForms"
ACADEMIC, BOARDING = "School_GetAcademicHouses", "School_GetBoardingHouses"
SUBJECTS, SETS = "Teaching_GetDepartmentsAndSubjects", "Teaching_GetTeachingSets"
SET_LISTS = "Teaching_GetTeachingSetLists"

PLACES = {
    PUPILS: "PupilManager/CurrentPupils",
    HEALTH: "PupilManager/CurrentPupils",
    CONTACTS: "PupilManager/Contacts",
    TYPES: "ControlPanel/ContactTypes",
    STAFF: "HRManager/CurrentStaff",
    YEARS: "SchoolManager/Years",
    FORMS: "SchoolManager/Forms",
    ACADEMIC: "SchoolManager/AcademicHouses",
    BOARDING: "SchoolManager/BoardingHouses",
    SUBJECTS: "TeachingManager/Departments",
    SETS: "TeachingManager/Sets",
    SET_LISTS: "TeachingManager/SetLists",
}
Given = Mapping[str, list[str]]
"""The records of each method."""


def document(given: Given, methods: Iterable[str]) -> str:
    """The document that a key with these methods gets."""
    blocks = []
    for method in methods:
        module, _, collection = PLACES[method].partition("/")
        inner = "\n".join(given.get(method, []))
        blocks.append(f"<{module}><{collection}>{inner}</{collection}></{module}>")
    return f"<iSAMS>{''.join(blocks)}</iSAMS>"


def element(name: str, attributes: Mapping[str, Any] | None = None, **children: Any) -> str:
    """An element. Children that are None are left out; those that begin with `<` stand as they are."""
    said = "".join(f' {key}="{value}"' for key, value in (attributes or {}).items() if value is not None)
    inner = "".join(_child(key, str(value)) for key, value in children.items() if value is not None)
    return f"<{name}{said}>{inner}</{name}>"


def _child(name: str, value: str) -> str:
    if value.startswith("<"):
        return f"<{name}>{value}</{name}>"
    if value.startswith("legacy:"):
        text = value.removeprefix("legacy:")
        return f'<{name} Legacy="True">{text}</{name}>' if text else f'<{name} Legacy="True"/>'
    return f"<{name}>{'&#x20;' if value == ' ' else value}</{name}>" if value else f"<{name}/>"


def pupil(key: int, forename: str, surname: str, year: int, **more: Any) -> str:
    """A pupil, whose SchoolId is 4733683000 and the key. Attributes are those names that end with `Id`."""
    own = {"DivisionId": 1, **{name: more.pop(name) for name in list(more) if name.endswith("HouseId")}}
    attributes = {"Id": key, "PersonId": 1000 + key, **own}
    return element(
        "Pupil",
        attributes,
        **{"SchoolId": f"{4733683000 + key}", "Forename": forename, "Surname": surname, "NCYear": year, **more},
    )


def contact(key: int, person: int | None, names: str, relationship: str, *pupils: int, **more: Any) -> str:
    """A contact in one row; `first` says which of two people of one address it is."""
    forename, surname = names.split()
    first = more.pop("first", None)
    children = "".join(
        f'<Pupil Id="{each}"><Status>Current</Status><SchoolId Legacy="True"/></Pupil>' for each in pupils
    )
    return element(
        "Contact",
        {"Id": key, "PersonId": person, "IsFirstPersonContact": first},
        **{"Forename": forename, "Surname": surname, "RelationshipRaw": relationship},
        **{"MailMergeAll": 0, "CorrespondenceMailMerge": 0, "BillingMailMerge": 0, **more},
        Pupils=children or None,
    )


def contact_type(key: int, name: str, default: str) -> str:
    """A contact type."""
    return element("ContactType", {"Id": key}, Name=name, ParentalResponsibilityDefault=default)


WREN = pupil(
    710,
    "Wrenna ",
    " Oakapple",
    7,
    AcademicHouseId=101,
    BoardingHouseId=12,
    UPN=" z000000000001 ",
    SchoolCode="SIM009",
    Title="Miss",
    Middlename="Émilie  Rose",
    Preferredname="Wren",
    Gender="F",
    DOB="2014-11-02T00:00:00",
    AcademicHouse="Grenville",
    BoardingHouse="Sheriff",
    Form="7/A",
    EmailAddress=" wren@pupils.example.org ",
    MobileNumber="07700 900001",
    PupilType="Boarder",
    EnrolmentDate="2025-09-03T00:00:00",
)
IVO = pupil(
    711,
    "Ivo",
    "Oakapple",
    8,
    AcademicHouseId=102,
    AcademicHouse="Nelson",
    Form="8/B",
    PupilType="Day",
    Preferredname=" ",
)
JUNO = pupil(712, "Juno", "Larkmoor", 27, AcademicHouseId=101, AcademicHouse="Grenville", Form="27/C", Middlename="")
TAM = pupil(713, "Tam", "Fenwick", 8, AcademicHouseId=102, AcademicHouse="Nelson", Form="8/B")

ADA = contact(
    4410,
    9021,
    "Ada Oakapple",
    " mother ",
    710,
    Title="Mrs",
    Middlename="Jane",
    EmailAddress="ada@example.org; ada.work@example.org  ada@home.example.org",
    Mobile="07700 900101",
    Telephone="01632 960101",
    MailMergeAll=1,
    ParentalResponsibility="Default",
    Address="<AddressLines><Address1>1 High Street</Address1><Address2>Flat  2</Address2><Address3>Northside</Address3>"
    "</AddressLines><Town>Sampleton</Town><County>Eastshire</County><Postcode>ZZ1 1ZZ</Postcode>"
    "<Country>United Kingdom</Country>",
)
ADA_AGAIN = contact(
    4411, 9021, "Ada Oakapple", "Guardian", 711, CorrespondenceMailMerge=1, ParentalResponsibility="Yes", Mobile=" "
)
BRAN = contact(
    4412,
    9031,
    "Bran Larkmoor",
    "Father",
    712,
    first="True",
    EmailAddress="home@example.org",
    MailMergeAll=1,
    ParentalResponsibility="Yes",
)
CORA = contact(4412, 9032, "Cora Larkmoor", "Mother", 712, first="False", EmailAddress="home@example.org")
DELL = contact(4413, 9041, "Dell Fenwick", "Step-Mother", 713, BillingMailMerge=1, ParentalResponsibility="No")
EWAN = contact(
    4414, 9051, "Ewan Oakapple", "Grandfather", 710, CorrespondenceMailMerge=1, ParentalResponsibility="Default"
)
FAYE = contact(4415, 9061, "Faye Marsh", "Housekeeper", 713, ParentalResponsibility="Default")

OTTILIE = element(
    "StaffMember",
    {"Id": 380, "PersonId": 3041},
    Initials="OL",
    UserCode="OLX28529081319808003",
    Title="Dr",
    Forename="Ottilie",
    MiddleNames="Maud",
    Surname=" Larkmoor ",
    PreferredName="Tilly",
    SchoolEmailAddress="ol@example.org",
    SchoolMobileNumber="07700 900200",
    TeachingStaff=1,
    LeavingDate="2027-07-20T00:00:00",
    Roles='<Role Id="1"><Name>Teacher</Name></Role><Role Id="2"><Name>Head of Year</Name></Role>',
    Divisions='<Division Id="1"><Name>Senior School</Name></Division>',
)
PIP = element(
    "StaffMember", {"Id": 381}, Initials=" ", Forename="Pip", Surname="Marsh", PreferredName="", TeachingStaff=0
)


def year(key: int, name: str, **more: Any) -> str:
    """A year; `TutorId` is an attribute, and its Legacy twin holds nothing."""
    tutor = more.pop("TutorId", None)
    return element("Year", {"Id": key, "TutorId": tutor}, Tutor="legacy:", Name=name, Code=f"Y{key}", **more)


def house(key: int, name: str, code: str, master: int | None = None) -> str:
    """A house of either kind."""
    return element("House", {"Id": key, "HouseMasterId": master}, HouseMaster="legacy:OLX28", Name=name, Code=code)


def form(key: str, own_year: int, tutor: int | None) -> str:
    """A form; it contains an element of its own name."""
    return element("Form", {"Id": key, "TutorId": tutor, "YearId": own_year}, Tutor="legacy:", Form=key)


HISTORY = element(
    "Set",
    {"Id": 501, "SubjectId": 31, "YearId": 7},
    SubjectId="legacy:31",
    SetCode="7Hi1",
    Name="7 History  1",
    Teachers='<Teacher Id="1" StaffId="380" PrimaryTeacher="True"/>'
    '<Teacher Id="2" StaffId="381" PrimaryTeacher="False"/>',
)
ART = element("Set", {"Id": 502}, SubjectId="legacy:", SetCode="8Ar1")


def set_list(key: int, own_set: int, own_pupil: int) -> str:
    """A pupil in a teaching set."""
    attributes = {"Id": key, "SetId": own_set, "PupilId": own_pupil}
    return element("SetList", attributes, SetId="legacy:", SchoolId="legacy:", LastUpdated="")


def condition(key: int, name: str, **more: Any) -> str:
    """A medical condition, as it is taken to be in a pupil's health."""
    return element("MedicalCondition", {"Key": key}, Type=name, **more)


def health(own_pupil: int, *conditions: str) -> str:
    """The health of a pupil."""
    return element("Pupil", {"Id": own_pupil}, MedicalConditions="".join(conditions) or None)


WHOLE: dict[str, list[str]] = {
    PUPILS: [WREN, IVO, JUNO, TAM],
    CONTACTS: [ADA, ADA_AGAIN, BRAN, CORA, DELL, EWAN, FAYE],
    TYPES: [
        contact_type(1, "Mother", "Yes"),
        contact_type(2, "Father", "Yes"),
        contact_type(3, "Step-Mother", "No"),
        contact_type(4, "Grandfather", "No"),
    ],
    STAFF: [OTTILIE, PIP],
    YEARS: [year(7, "Year 7", TutorId=380), year(8, " Year  8 "), year(27, "Year 7")],
    FORMS: [form("7/A", 7, 380), form("8/B", 8, 399), form("27/C", 27, None)],
    ACADEMIC: [house(101, "Grenville", "GR", 380), house(102, "Nelson", "NE")],
    BOARDING: [house(12, "Sheriff", "SH", 381)],
    SUBJECTS: [
        element(
            "Department",
            {"Id": 3},
            Name="Humanities",
            Subjects='<Subject Id="31"><Code>Hi</Code><Name>History</Name></Subject>',
        )
    ],
    SETS: [HISTORY, ART],
    SET_LISTS: [set_list(1, 501, 710), set_list(2, 501, 710), set_list(3, 501, 799), set_list(4, 502, 711)],
    HEALTH: [
        health(710, condition(7101, "Asthma", Severity="Mild", Treatment="Inhaler", DateEntered="2025-09-03T00:00:00")),
        health(
            711, condition(7111, "Nut allergy", Trigger=" Nuts ", Archived=1), condition(7112, "Hay  fever", Archived=0)
        ),
        health(712, condition(7121, "Migraine")),
        health(713),
    ],
}
"""The whole school."""
