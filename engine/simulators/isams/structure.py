"""The structure of the school: houses, years, divisions, forms, terms and pastoral tutors. Next: `teaching`."""

from __future__ import annotations

from datetime import date

from engine.simulators import pool
from engine.simulators.family import academic_start
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block, Legacy, Node, Value
from engine.simulators.isams.roll import ACADEMIC, AUTHOR, AUTHOR_ID, BOARDING, CAMPUS_YEAR, Roll
from engine.simulators.person import Group

DIVISIONS = (
    (1, "Pre Prep School", "PP", (-2, -1, 0)),
    (2, "Lower School", "LS", (7, 8, 9, CAMPUS_YEAR + 7)),
    (3, "Upper School", "US", (10, 11)),
    (11, "Sixth Form", "SF", (12, 13)),
)
LOW_YEARS = ((-2, "Nursery", "N"), (-1, "Kindergarten", "K"), (0, "Reception", "R"))
_LINKS = 64  # the first id of the rows between divisions and years
_BOARDING_NAMES = ("Sheriff", "Wolfe")
_SITE = "www.example.org"


def division_of(roll: Roll, year: int) -> int | None:
    """The first division of a year."""
    found = next((number for number, _, _, years in DIVISIONS if year in years), None)
    return None if found is None else roll.key(found)


def division_name(year: int) -> str | None:
    """The name of the first division of a year."""
    return next((name for _, name, _, years in DIVISIONS if year in years), None)


# Houses


def academic_houses(roll: Roll, asked: Asked) -> list[Block]:
    """The academic houses."""
    sexes = ("F", "M", "U", "U")
    nodes = [
        _house(roll, ACADEMIC + number, number, {"Name": name, "Code": name[:2].upper(), "Type": "Academic"}, sex)
        for number, (name, sex) in enumerate(zip(pool.HOUSES, sexes, strict=True))
        if roll.school.groups
    ]
    return [Block(("SchoolManager", "AcademicHouses"), nodes)]


def boarding_houses(roll: Roll, asked: Asked) -> list[Block]:
    """The boarding houses; their ids are of the same table as those of the academic ones."""
    nodes = [
        _house(roll, BOARDING + number, number + 4, {"Name": name, "Code": f"BH{name[0]}", "Type": "Boarding"}, None)
        for number, name in enumerate(_BOARDING_NAMES)
        if roll.school.groups
    ]
    return [Block(("SchoolManager", "BoardingHouses"), nodes)]


def house_masters(roll: Roll, number: int) -> tuple[int | None, int | None]:
    """The heads of a house; in one of them the deputy has left the school."""
    gone = roll.gone_staff(number) if number == 1 else None
    return roll.teacher(number + 1), gone or roll.teacher(number + 7)


def _house(roll: Roll, key: int, number: int, names: dict[str, Value], sex: str | None) -> Node:
    master, assistant = house_masters(roll, number)
    pointers = {"HouseMasterId": master, "AssistantHouseMasterId": assistant}
    fields: dict[str, Value] = {
        "HouseMaster": Legacy(roll.user(master)),
        "AssistantHouseMaster": Legacy(roll.user(assistant)),
        **names,
        "Sex": sex,
        "Address1": f"{names['Type']} House Street {number + 1}",
        "Town": "Brindlewick",
        "County": "Eastshire",
        "Postcode": f"ZZ{number + 10} 2AH",
        "Telephone": f"01632 9607{number:02}",
        "Fax": f"01632 9608{number:02}",
        "PrimaryEmail": f"{names['Code']}@example.org",
        "Website": f"{_SITE}/{names['Code']}",
    }
    return Node("House", {"Id": roll.key(key), **_pointers(roll, pointers)}, fields)


def _pointers(roll: Roll, pointers: dict[str, int | None]) -> dict[str, int | None]:
    """What points at others, unless the school has that in legacy elements only."""
    return dict.fromkeys(pointers) if roll.has("legacy-only") else pointers


# Years and divisions


def year_list(roll: Roll) -> list[tuple[int, str, str]]:
    """The years by number, with name and code."""
    if not roll.school.groups:
        return []
    years = list(LOW_YEARS) if roll.has("low-years") else []
    years += [(year, f"Year {year}", f"Y{year}") for year in range(7, 14)]
    return [*years, (CAMPUS_YEAR + 7, "Year 7", "N7")] if roll.has("campuses") else years


def all_years(roll: Roll, asked: Asked) -> list[Block]:
    """The years; the names of two campuses are the same."""
    nodes = []
    for year, name, code in year_list(roll):
        tutor = roll.teacher(year + 20)
        pointers = {"AuthorId": AUTHOR_ID, "TutorId": tutor}
        fields: dict[str, Value] = {
            "NationalCurriculumYear": Legacy(str(year)),
            "Tutor": Legacy(roll.user(tutor)),
            "AssistantTutor": Legacy(""),
            "Author": Legacy(AUTHOR),
            "Name": name,
            "Code": code,
            "Email": f"year-{code.lower()}@example.org",
            "Website": f"https://{_SITE}/years/{code.lower()}",
            "LastUpdated": roll.touched,
        }
        nodes.append(Node("Year", {"Id": year, **_pointers(roll, pointers)}, fields))
    return [Block(("SchoolManager", "Years"), nodes)]


def divisions(roll: Roll, asked: Asked) -> list[Block]:
    """The divisions with their years. The id of a link is not that of the year."""
    there = {year for year, _, _ in year_list(roll)}
    nodes, link = [], _LINKS
    for number, name, code, years in DIVISIONS:
        members = [year for year in years if year in there]
        if number == 11 and roll.has("two-divisions"):
            members.append(11)
        if not (there and members):
            continue
        rows = []
        for year in members:
            legacy: dict[str, Value] = {"NationalCurriculumYear": Legacy(str(year)), "Author": Legacy("")}
            ids = {"Id": roll.key(link), **_pointers(roll, {"YearId": year})}
            rows.append(Node("Year", ids, legacy))
            link += 1
        fields: dict[str, Value] = {"Author": Legacy(AUTHOR), "Name": name, "Code": code}
        fields |= {"LastUpdated": roll.touched, "Years": rows}
        nodes.append(Node("SchoolDivision", {"Id": roll.key(number)}, fields))
    return [Block(("SchoolManager", "SchoolDivisions"), nodes)]


# Forms, terms, tutors


def form_tutors(roll: Roll, group: Group) -> tuple[int | None, int | None, int | None]:
    """Tutor, assistant and second assistant of a form; in some forms the last has left the school."""
    tutor = group.staff[0] if group.staff else None
    assistant = roll.teacher(group.id % 97) if group.id % 3 == 0 else None
    return tutor, assistant, roll.gone_staff(group.id) if group.id % 2 == 0 else None


def form_room(roll: Roll, group: Group) -> int:
    """The room of a form."""
    return roll.key(31 + group.id % 12)


def forms(roll: Roll, asked: Asked) -> list[Block]:
    """The forms; their ids are text."""
    nodes = []
    for group in roll.forms:
        tutor, assistant, second = form_tutors(roll, group)
        name, room, year = roll.form_names[group.id], form_room(roll, group), (group.id - roll.base) // 1000
        year = roll.form_year(group.id, year)
        pointers = {
            "TutorId": tutor,
            "AssistantTutorId": assistant,
            "SecondAssistantTutorId": second,
            "YearId": year,
            "RoomId": room,
            "AuthorId": AUTHOR_ID,
        }
        author = "" if roll.has("empty-legacy") and group.id % 5 == 0 else AUTHOR
        fields: dict[str, Value] = {
            "Tutor": Legacy(roll.user(tutor)),
            "AssistantFormTutor": Legacy(roll.user(assistant)),
            "SecondAssistantFormTutor": Legacy(roll.user(second)),
            "NationalCurriculumYear": Legacy(str(year)),
            "RoomId": Legacy(str(room)),
            "Author": Legacy(author),
            "Form": name,
            "EmailAddress": f"{group.code}@example.org",
            "Website": f"{_SITE}/{group.code}",
            "LastUpdated": roll.moment(group.changed) or roll.touched,
        }
        nodes.append(Node("Form", {"Id": name, **_pointers(roll, pointers)}, fields))
    return [Block(("SchoolManager", "Forms"), nodes)]


def term_list(roll: Roll) -> list[tuple[int, int, str, date, date]]:
    """The terms on file: id, school year, name, first and last day."""
    start, found = academic_start(roll.opened).year, []
    for year in range(start - 2, academic_start(roll.school.today).year + 2):
        number = (year - 2000) * 3
        found += [
            (number + 1, year, "Autumn", date(year, 9, 1), date(year, 12, 18)),
            (number + 2, year, "Spring", date(year + 1, 1, 6), date(year + 1, 3, 27)),
            (number + 3, year, "Summer", date(year + 1, 4, 20), date(year + 1, 7, 10)),
        ]
    return found if roll.school.groups else []


def terms(roll: Roll, asked: Asked) -> list[Block]:
    """The terms of all years on file."""
    nodes = []
    for number, year, name, first, last in term_list(roll):
        fields: dict[str, Value] = {
            "Author": Legacy(AUTHOR),
            "SchoolYear": year,
            "Name": name,
            "StartDate": roll.moment(first),
            "FinishDate": roll.moment(last),
            "LastUpdated": roll.touched,
        }
        nodes.append(Node("Term", {"Id": roll.key(number), **_pointers(roll, {"AuthorId": AUTHOR_ID})}, fields))
    return [Block(("SchoolManager", "Terms"), nodes)]


def pastoral_tutors(roll: Roll, asked: Asked) -> list[Block]:
    """Those who are tutors of a form, by their ids alone; some have left."""
    found = {member for group in roll.forms for member in form_tutors(roll, group) if member}
    return [Block(("SchoolManager", "PastoralTutors"), [Node("StaffMember", {"Id": key}, {}) for key in sorted(found)])]
