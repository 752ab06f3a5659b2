"""What hangs on pupils besides: custom groups, reports, rewards, events of the calendar, tracking. Next: `method`."""

from __future__ import annotations

from datetime import date, timedelta

from engine.simulators import pool
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block, Legacy, Node, Value
from engine.simulators.isams.roll import AUTHOR, AUTHOR_ID, STATUS_CODES, Roll, school_id
from engine.simulators.person import Pupil

GROUPS = ((1, "Choir", 1, 9), (2, "Trip to the coast", 2, 14), (3, "Chess club", 1, 11))
"""Id, name, category, and of how many pupils one is in it."""
GRADES = ("A", "B", "C")


# Custom groups. ID stands in capitals here.


def group_categories(roll: Roll, asked: Asked) -> list[Block]:
    """The categories of custom groups."""
    names = ((1, "Clubs"), (2, "Trips"))
    nodes = [Node("Category", {"Id": roll.key(key)}, {"Name": name}) for key, name in names if roll.school.groups]
    return [Block(("PupilManager", "CustomGroupCategory"), nodes)]


def custom_groups(roll: Roll, asked: Asked) -> list[Block]:
    """The custom groups; one has been deleted."""
    nodes = []
    for key, name, category, _ in GROUPS if roll.school.groups else ():
        fields: dict[str, Value] = {
            "Name": name,
            "CategoryId": roll.key(category),
            "Shared": int(key != 2),
            "ExpiryDate": roll.moment(roll.opened + timedelta(days=365)),
            "ExpiryDisable": int(key == 1),
            "Author": Legacy(AUTHOR),
            "Deleted": int(key == 3),
        }
        nodes.append(Node("CustomPupilGroup", {"Id": roll.key(key), "AuthorID": AUTHOR_ID}, fields))
    return [Block(("PupilManager", "CustomPupilGroups"), nodes)]


def in_group(pupil: Pupil, every: int) -> bool:
    """Whether a pupil is in a custom group."""
    return pupil.draw % every == 0


def group_members(roll: Roll, asked: Asked) -> list[Block]:
    """Who is in which custom group; without a filter, those who are here."""
    statuses = asked.items("SystemStatusesToInclude") or {"1"}
    nodes = [
        Node(
            "CustomPupilGroupMembershipItem",
            {"Id": pupil.id * 10 + key, "PupilID": pupil.id},
            {"CustomGroupId": roll.key(key)},
        )
        for key, _, _, every in GROUPS
        for pupil in roll.school.pupils
        if in_group(pupil, every) and STATUS_CODES[pupil.status] in statuses and roll.shows(pupil, asked.years)
    ]
    return [Block(("PupilManager", "CustomPupilGroupMembershipItems"), nodes)]


# Reports


def _cycles(roll: Roll) -> list[tuple[int, int, int, int]]:
    """The report cycles: id, year, term, type."""
    year = roll.school_year(roll.opened)
    return [(1, year, 1, 0), (2, year, 2, 0), (3, year, 2, 7)] if roll.school.groups else []


def report_cycles(roll: Roll, asked: Asked) -> list[Block]:
    """The report cycles, by term, type and year."""
    term, kind, year = asked.items("ReportTerm"), asked.items("ReportCycleType"), asked.items("ReportYear")
    nodes = [
        Node("ReportCycle", {"Id": roll.key(cycle[0])}, _cycle_fields(roll, cycle))
        for cycle in _cycles(roll)
        if (term is None or str(cycle[2]) in term)
        and (kind is None or str(cycle[3]) in kind)
        and (year is None or str(cycle[1]) in year)
    ]
    return [Block(("SchoolReports", "ReportCycles"), nodes)]


def reports(roll: Roll, asked: Asked) -> list[Block]:
    """The report cycles with the reports of their pupils. A report is ready (1) or not yet (3)."""
    cycles, kinds = asked.items("reportCycleIdsToInclude"), asked.items("reportType")
    years, states = asked.items("ncYear"), asked.items("reportStatus")
    nodes = []
    for cycle in _cycles(roll):
        key = roll.key(cycle[0])
        if (cycles is None or str(key) in cycles) and (kinds is None or str(cycle[3]) in kinds):
            found = [
                _report(roll, cycle[0], pupil)
                for pupil in roll.chosen(asked.years)
                if pupil.draw % 6 == 0
                and (years is None or str(roll.year(pupil)) in years)
                and (states is None or ("3" if pupil.draw % 4 == 0 else "1") in states)
            ]
            fields: dict[str, Value] = {**_cycle_fields(roll, cycle), "Reports": found or None}
            nodes.append(Node("ReportCycle", {"Id": key}, fields))
    return [Block(("SchoolReports", "ReportCycles"), nodes)]


def _cycle_fields(roll: Roll, cycle: tuple[int, int, int, int]) -> dict[str, Value]:
    key, year, term, kind = cycle
    start = date(year, 9, 1) + timedelta(days=120 * (term - 1))
    return {
        "CycleName": f"Cycle {key}",
        "ReportName": f"Term {term} report",
        "StartDate": roll.moment(start),
        "EndDate": roll.moment(start + timedelta(days=60)),
        "ReportYear": year,
        "ReportTerm": term,
        "ReportType": kind,
        "LastUpdated": roll.touched,
    }


def _report(roll: Roll, cycle: int, pupil: Pupil) -> Node:
    grade = GRADES[pupil.draw % 3]
    fields: dict[str, Value] = {
        "SchoolId": school_id(pupil.id),
        "AssociatedEntityName": pool.SUBJECTS[pupil.draw % 5][1],
        "Author": roll.user(roll.teacher(pupil.draw)),
        "LastUpdated": roll.touched,
        "Grades": [Node("Grade", {"GradeId": roll.key(1)}, {"Grade": grade})],
        "Results": [Node("Result", {"ResultId": roll.key(1)}, {"Result": str(40 + pupil.draw % 60)})],
        "Comments": [Node("Comment", {}, {"Comment": "Works well & asks <good> questions."})],
    }
    return Node("Report", {"Id": pupil.id * 10 + cycle, "TemplateId": roll.key(1)}, fields)


def report_templates(roll: Roll, asked: Asked) -> list[Block]:
    """Templates with what their grades are worth."""
    values = [
        Node("Value", {}, {"Grade": grade, "TransposeValue": str(3 - number)}) for number, grade in enumerate(GRADES)
    ]
    grading = Node("Grading", {}, {"Values": values})
    nodes = [Node("Template", {"Id": roll.key(1)}, {"Gradings": [grading]})] if roll.school.groups else []
    return [Block(("SchoolReports", "Templates"), nodes)]


# Rewards, calendar, tracking


def rewards(roll: Roll, asked: Asked) -> list[Block]:
    """Rewards and marks of conduct by their day; the category stands in an attribute and in an element."""
    nodes = []
    for pupil in roll.chosen(asked.years):
        day = roll.opened - timedelta(days=pupil.draw % 60)
        if pupil.draw % 5 == 0 and asked.covers(day):
            category = roll.key(1 + pupil.draw % 3)
            fields: dict[str, Value] = {
                "CategoryId": category,
                "SchoolId": school_id(pupil.id),
                "Teacher": roll.user(roll.teacher(pupil.draw)),
                "Date": roll.moment(day),
            }
            nodes.append(Node("Record", {"CategoryId": category}, fields))
    return [Block(("RewardsAndConduct", "Records"), nodes)]


def events(roll: Roll, asked: Asked) -> list[Block]:
    """The events of the calendar: one a week, by the day on which it begins."""
    first = date(roll.school_year(roll.opened), 9, 7)
    nodes = []
    for week in range(40) if roll.school.groups else ():
        day, whole = first + timedelta(days=7 * week), week % 3 == 0
        if asked.covers(day):
            fields: dict[str, Value] = {
                "StartDate": roll.moment(day),
                "AllDayEvent": int(whole),
                "StartTime": f"{day}T{'00:00:00' if whole else '18:30:00'}",
                "EndTime": f"{day}T{'00:00:00' if whole else '20:00:00'}",
                "Description": "Concert" if week % 2 else "Open day",
                "Location": "Sports Hall" if week % 4 else "",
            }
            nodes.append(Node("Event", {"Id": roll.key(1 + week), "CategoryId": roll.key(1 + week % 2)}, fields))
    return [Block(("CalendarManager", "Events"), nodes)]


def event_categories(roll: Roll, asked: Asked) -> list[Block]:
    """The categories of events."""
    names = ((1, "Music"), (2, "Admissions"))
    nodes = [Node("Category", {"Id": roll.key(key)}, {"Name": name}) for key, name in names if roll.school.groups]
    return [Block(("CalendarManager", "Categories"), nodes)]


_DATA = ((1, "MidYIS"), (2, "CAT4"))


def tracking_list(roll: Roll, asked: Asked) -> list[Block]:
    """What was brought in from elsewhere."""
    nodes = [
        Node("Data", {"Id": roll.key(key)}, {"Name": name, "Imported": roll.touched})
        for key, name in _DATA
        if roll.school.groups
    ]
    return [Block(("TrackingManager", "ExternalDataList"), nodes)]


def tracking(roll: Roll, asked: Asked) -> list[Block]:
    """The results that were brought in, of the reports asked for."""
    wanted, nodes = asked.items("IDsToInclude"), []
    for key, name in _DATA if roll.school.groups else ():
        if wanted is None or str(roll.key(key)) in wanted:
            results = [
                Node(
                    "Result",
                    {},
                    {"SchoolId": school_id(pupil.id), "Result": str(70 + pupil.draw % 60), "LastUpdated": roll.touched},
                )
                for pupil in roll.current
                if pupil.draw % 4 == 0
            ]
            aspects = [Node("Aspect", {}, {"Name": "Overall", "Results": results or None})]
            fields: dict[str, Value] = {"Code": name.upper(), "Name": name, "Description": "", "Aspects": aspects}
            nodes.append(Node("Data", {}, fields))
    return [Block(("TrackingManager", "ExternalData"), nodes)]
