"""The school in the REST API: houses, years, terms, teaching, rooms, lists, medical. Next: `rest_register`."""

from __future__ import annotations

from typing import Any

from engine.simulators import pool
from engine.simulators.isams import rest_pupil, rest_register
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.contact import TYPES
from engine.simulators.isams.edition import Edition
from engine.simulators.isams.medical import SEVERITIES, TYPES_OF_CONDITION, conditions_of
from engine.simulators.isams.node import Block, Node
from engine.simulators.isams.rest import Item, Resource
from engine.simulators.isams.structure import (
    DIVISIONS,
    academic_houses,
    boarding_houses,
    house_masters,
    term_list,
    year_list,
)
from engine.simulators.isams.teaching import DEPARTMENTS, buildings, members, set_subject, set_year, subject_id
from engine.simulators.isams.timetable import lessons, structure
from engine.simulators.message import Request

_TITLES = ("Mr", "Mrs", "Ms", "Miss", "Dr", "Revd")
_LISTS = {
    "titles": _TITLES,
    "countries": ("United Kingdom", "Ireland", "France", "Pakistan"),
    "counties": ("Eastshire",),
    "languages": tuple(dict.fromkeys(name for _, name in pool.LANGUAGES)),
    "nationalities": ("British", "Irish", "French", "Pakistani"),
    "ethnicity": tuple(name for _, name in pool.ETHNICITIES),
    "religions": tuple(name for _, name in pool.RELIGIONS),
    "admissionsstatus": ("Enquiry", "Registered", "Offered", "Accepted"),
    "pupilleavingreasons": ("End of phase transfer",),
}


def houses(edition: Edition, request: Request) -> list[Item]:
    """The houses of both kinds."""
    roll = edition.roll
    found = []
    for kind, blocks in (("Academic", academic_houses(roll, Asked())), ("Boarding", boarding_houses(roll, Asked()))):
        for number, node in enumerate(blocks[0].nodes):
            fields = node.fields
            master, assistant = house_masters(roll, number + (4 if kind == "Boarding" else 0))
            found.append(
                {
                    "id": node.attributes["Id"],
                    "name": fields["Name"],
                    "code": fields["Code"],
                    "type": kind,
                    "gender": fields["Sex"],
                    "houseMasterEmployeeId": master,
                    "assistantHouseMasterEmployeeId": assistant,
                    "addressLine": fields["Address1"],
                    "town": fields["Town"],
                    "county": fields["County"],
                    "postcode": fields["Postcode"],
                    "telephone": fields["Telephone"],
                    "fax": fields["Fax"],
                    "email": fields["PrimaryEmail"],
                    "website": fields["Website"],
                }
            )
    return found


def year_groups(edition: Edition, request: Request) -> list[Item]:
    """The years."""
    roll = edition.roll
    return [
        {
            "ncYear": year,
            "name": name,
            "code": code,
            "reference": None,
            "tutorId": roll.teacher(year + 20),
            "assistantTutorId": None,
            "averageStartingAge": year + 4,
            "censusYearGroup": str(year),
            "emailAddress": f"year-{code.lower()}@example.org",
            "websiteAddress": None,
            "lastUpdated": rest_pupil.updated(roll, None),
        }
        for year, name, code in year_list(roll)
    ]


def one_year(edition: Edition, request: Request, key: str) -> Item | None:
    """One year."""
    return next((item for item in year_groups(edition, request) if str(item["ncYear"]) == key), None)


def year_divisions(edition: Edition, request: Request, key: str) -> list[Item]:
    """The divisions of a year."""
    roll = edition.roll
    return [
        {
            "id": roll.key(number),
            "code": code,
            "name": name,
            "order": place,
            "lastUpdated": rest_pupil.updated(roll, None),
        }
        for place, (number, name, code, years) in enumerate(DIVISIONS, start=1)
        if key in map(str, years) or (number == 11 and key == "11" and roll.has("two-divisions"))
    ]


def terms(edition: Edition, request: Request) -> list[Item]:
    """The terms."""
    return [
        {
            "id": edition.roll.key(number),
            "name": name,
            "schoolYear": year,
            "startDate": first.isoformat(),
            "finishDate": last.isoformat(),
        }
        for number, year, name, first, last in term_list(edition.roll)
    ]


def departments(edition: Edition, request: Request) -> list[Item]:
    """The departments that teach."""
    return [{"id": edition.roll.key(key), "name": name} for key, name, _ in DEPARTMENTS]


def _subject(edition: Edition, number: int) -> Item:
    code, name = pool.SUBJECTS[number]
    flags = {"active": True, "isHidden": False, "formSubject": True, "setSubject": True}
    return {"id": subject_id(edition.roll, number), "code": code, "name": name, "reportingName": name, **flags}


def subjects(edition: Edition, request: Request) -> list[Item]:
    """The subjects."""
    return [_subject(edition, number) for number in range(len(pool.SUBJECTS))]


def department_subjects(edition: Edition, request: Request, key: str) -> list[Item] | None:
    """The subjects of a department."""
    found = [numbers for number, _, numbers in DEPARTMENTS if str(edition.roll.key(number)) == key]
    return [_subject(edition, number) for number in found[0]] if found else None


def sets(edition: Edition, request: Request) -> list[Item]:
    """The teaching sets."""
    roll = edition.roll
    return [
        {
            "id": group.id,
            "name": group.name,
            "setCode": group.code,
            "subjectId": set_subject(roll, group),
            "yearGroup": set_year(roll, group),
            "hidden": False,
        }
        for group in roll.sets
    ]


def set_list(edition: Edition, request: Request, key: str) -> list[Item] | None:
    """The students of a set."""
    roll = edition.roll
    if not any(str(group.id) == key for group in roll.sets):
        return None
    found = [roll.pupils[pupil] for _, group, pupil in members(roll) if str(group.id) == key]
    return [rest_pupil.student(roll, pupil) for pupil in found]


def _plain(node: Node, names: dict[str, str]) -> Item:
    """A record of the Batch API with the spellings of this one."""
    item: Item = {"id": node.attributes.get("Id")}
    for name, value in node.fields.items():
        inner: Any = value
        if isinstance(value, list):
            inner = [_plain(each, names) for each in value]
        item[names.get(name, name[0].lower() + name[1:])] = inner
    return item


def _nodes(blocks: list[Block]) -> list[Node]:
    return [node for block in blocks for node in block.nodes]


def weeks(edition: Edition, request: Request) -> list[Item]:
    """The structure of the timetable."""
    names = {"Days": "timetableDays", "Day": "day"}
    return [_plain(node, names) for node in _nodes(structure(edition.roll, Asked()))]


def student_timetable(edition: Edition, request: Request, key: str) -> list[Item]:
    """The lessons of a student."""
    groups = set(rest_pupil.find_pupil(edition.roll, key).groups)
    return [item for group, _, item in _lessons(edition) if group in groups]


def employee_timetable(edition: Edition, request: Request, key: str) -> list[Item]:
    """The lessons of a member of staff."""
    return [item for _, member, item in _lessons(edition) if str(member) == key]


def _lessons(edition: Edition) -> list[tuple[int, int, Item]]:
    roll = edition.roll
    found = []
    for row in lessons(roll):
        member, period, group = roll.staff[row[2]], row[3], roll.groups[row[6]]
        item = {
            "periodId": period,
            "subjectId": set_subject(roll, group) if row[5] else subject_id(roll, group.id % 5),
            "employeeId": member.id,
            "employeeTitle": member.title,
            "employeeSurname": member.surname,
        }
        found.append((group.id, member.id, item))
    return found


def building_list(edition: Edition, request: Request) -> list[Item]:
    """The buildings."""
    return [
        {
            "id": node.attributes["Id"],
            "name": node.fields["Name"],
            "initials": node.fields["Initials"],
            "description": None,
            "hasClassrooms": node.fields["Classrooms"] is not None,
            "ordinal": place,
            "modifiedOn": rest_pupil.updated(edition.roll, None),
        }
        for place, node in enumerate(_nodes(buildings(edition.roll, Asked())), start=1)
    ]


def rooms(edition: Edition, request: Request) -> list[Item]:
    """The rooms."""
    found = []
    for node in _nodes(buildings(edition.roll, Asked())):
        for room in _plain(node, {}).get("classrooms") or []:
            found.append({**room, "buildingId": node.attributes["Id"]})
    return found


def contact_types(edition: Edition, request: Request) -> list[Item]:
    """The contact types with what parental responsibility they have by default."""
    return [
        {"id": key, "name": name, "description": name, "parentalResponsibilityDefault": answer}
        for key, name, answer in TYPES
    ]


def list_items(edition: Edition, request: Request, name: str) -> list[Item] | None:
    """A list of the system's configuration."""
    if name.lower() not in _LISTS:
        return None
    common = {"description": None, "listType": name.lower(), "common": True, "ctf": None, "dfe": None, "isc": None}
    return [{"id": key, "name": word, **common} for key, word in enumerate(_LISTS[name.lower()], start=1)]


def boarding_statuses(edition: Edition, request: Request) -> list[Item]:
    """Whether students sleep at the school."""
    return [{"id": key, "name": name} for key, name in enumerate(("Boarder", "Day"), start=1)]


def admission_statuses(edition: Edition, request: Request) -> list[Item]:
    """How far applicants have come."""
    return [{"id": key, "name": name} for key, name in enumerate(_LISTS["admissionsstatus"], start=1)]


def conditions(edition: Edition, request: Request, key: str) -> list[Item]:
    """The medical conditions of a student; archived ones when they are asked for."""
    pupil = rest_pupil.find_pupil(edition.roll, key)
    archived = (request.parameter("includeArchive") or "").lower() == "true"
    stamp = rest_pupil.updated(edition.roll, pupil.changed)
    return [
        {
            "key": each.key,
            "groupId": each.group,
            "type": each.name,
            "severityId": each.severity,
            "sensitivity": None,
            "trigger": each.trigger,
            "treatment": each.treatment,
            "furtherInfo": "",
            "archived": each.archived,
            "dateEntered": each.entered,
            "dateReviewed": None,
            "lastUpdated": stamp,
            "lastUpdatedBy": None,
        }
        for each in conditions_of(edition.roll, pupil)
        if archived or not each.archived
    ]


def condition_types(edition: Edition, request: Request) -> list[Item]:
    """The kinds of medical conditions."""
    return [
        {"id": key, "name": name, "allergy": allergy, "deleted": False} for key, name, allergy in TYPES_OF_CONDITION
    ]


def severities(edition: Edition, request: Request) -> list[Item]:
    """How bad a medical condition can be."""
    return [{"id": key, "name": name, "triggerMedicalFlag": flag, "deleted": False} for key, name, flag in SEVERITIES]


def professions(edition: Edition, request: Request) -> list[Item]:
    """What contacts do."""
    return [{"id": 1, "name": "Surveyor"}]


_KEY, _NUMBER = "/([^/]+)", "/(-?[0-9]+)"
RESOURCES = (
    Resource("students", "students", "students", rest_pupil.students, paged=True),
    Resource("students/contacts", "contacts", "contacts", rest_pupil.contacts, paged=True),
    Resource("students/systemstatuses", "students", "systemStatuses", rest_pupil.system_statuses),
    Resource("students/boardingstatuses", "students", "items", boarding_statuses),
    Resource("admissions/statuses", "admissions", "items", admission_statuses),
    Resource("students/customgroups", "students", "customStudentGroups", rest_pupil.custom_groups),
    Resource(f"students/customgroups{_NUMBER}/students", "students", "students", rest_pupil.group_students),
    Resource(f"students{_KEY}/(?:temp)?contacts", "contacts", "contacts", rest_pupil.contacts_of),
    Resource(f"students{_KEY}/customfields", "students", "customFields", rest_pupil.student_fields),
    Resource(f"students{_KEY}", "students", "", rest_pupil.one_student),
    Resource("alumni", "alumni", "alumni", rest_pupil.alumni, paged=True),
    Resource("admissions/applicants", "admissions", "applicants", rest_pupil.applicants, paged=True),
    Resource(f"admissions/applicants{_KEY}/(?:temp)?contacts", "admissions", "contacts", rest_pupil.contacts_of),
    Resource("humanresources/employees", "employees", "employees", rest_pupil.employees, paged=True),
    Resource(f"humanresources/employees{_NUMBER}", "employees", "", rest_pupil.one_employee),
    Resource(f"humanresources/employees{_NUMBER}/roles", "employees", "roles", rest_pupil.employee_roles),
    Resource("school/houses", "school", "houses", houses),
    Resource("school/yeargroups", "school", "yearGroups", year_groups),
    Resource(f"school/yeargroups{_NUMBER}", "school", "", one_year),
    Resource(f"school/yeargroups{_NUMBER}/divisions", "school", "divisions", year_divisions),
    Resource("school/terms", "school", "terms", terms),
    Resource("school/departments/teaching", "school", "departments", departments),
    Resource(f"school/departments/teaching{_NUMBER}/subjects", "school", "subjects", department_subjects),
    Resource("teaching/subjects", "teaching", "subjects", subjects),
    Resource("teaching/sets", "teaching", "sets", sets),
    Resource(f"teaching/sets{_NUMBER}/setlist", "teaching", "students", set_list),
    Resource("timetables/structure", "timetables", "timetableWeeks", weeks),
    Resource(f"timetables/students{_KEY}", "timetables", "sets", student_timetable),
    Resource(f"timetables/employees{_NUMBER}", "timetables", "sets", employee_timetable),
    Resource("estates/buildings", "estates", "buildings", building_list),
    Resource("estates/rooms", "estates", "rooms", rooms),
    Resource("systemconfiguration/list/contacttypes", "lists", "contactTypes", contact_types),
    Resource(f"systemconfiguration/list{_KEY}", "lists", "items", list_items),
    Resource(f"medical/students{_KEY}/conditions", "medical", "conditions", conditions),
    Resource("medical/conditiontypes", "medical", "conditionTypes", condition_types),
    Resource("medical/conditionseverities", "medical", "conditionSeverities", severities),
    Resource("otherschools/professions", "lists", "professions", professions),
    *rest_register.RESOURCES,
)
"""What can be read, the narrower paths in front."""
AREAS = tuple(dict.fromkeys(resource.area for resource in RESOURCES))
