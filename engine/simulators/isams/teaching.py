"""Departments, subjects, sets, set lists, teaching forms and rooms. Next: `timetable`."""

from __future__ import annotations

from collections.abc import Iterator

from engine.simulators import pool
from engine.simulators.isams.asked import Asked
from engine.simulators.isams.node import Block, Legacy, Node, Value
from engine.simulators.isams.roll import AUTHOR, AUTHOR_ID, Roll, school_id
from engine.simulators.person import Group

DEPARTMENTS = ((1, "Mathematics", (0,)), (2, "Languages", (1, 2)), (3, "Humanities", (3,)), (4, "Sciences", (0, 4)))
"""Departments and the numbers of their subjects; the last also teaches the first's."""
NO_SUBJECTS = (5, "Games")
ORPHAN_SUBJECT = 99
_ROW_STEP, _TWICE = 400_009, 200_003  # a pupil and a set make the id of a row; so much more is it told twice


def subject_id(roll: Roll, number: int) -> int:
    """The id of a subject."""
    return roll.key(1 + number)


def departments(roll: Roll, asked: Asked) -> list[Block]:
    """The departments with their subjects; one has none."""
    nodes = []
    for key, name, numbers in DEPARTMENTS if roll.school.groups else ():
        subjects = [
            Node(
                "Subject",
                {"Id": subject_id(roll, number)},
                {"Code": pool.SUBJECTS[number][0], "Name": pool.SUBJECTS[number][1]},
            )
            for number in numbers
        ]
        nodes.append(Node("Department", {"Id": roll.key(key)}, {"Name": name, "Subjects": subjects}))
    if nodes:
        nodes.append(Node("Department", {"Id": roll.key(NO_SUBJECTS[0])}, {"Name": NO_SUBJECTS[1]}))
    return [Block(("TeachingManager", "Departments"), nodes)]


def set_subject(roll: Roll, group: Group) -> int | None:
    """The subject of a set; that of a set without one may be a subject that no department has."""
    for number, subject in enumerate(pool.SUBJECTS):
        if group.subject == subject:
            return subject_id(roll, number)
    return roll.key(ORPHAN_SUBJECT) if roll.has("sets-alone") else None


def set_year(roll: Roll, group: Group) -> int | None:
    """The year of a set, which is that of its first pupil."""
    return roll.year(roll.pupils[group.pupils[0]]) if group.pupils else None


def set_teachers(roll: Roll, group: Group) -> list[int]:
    """The teachers of a set; now and then none."""
    return [] if roll.has("sets-alone") and group.id % 11 == 3 else group.staff


def sets(roll: Roll, asked: Asked) -> list[Block]:
    """The teaching sets. The row ids of teachers repeat from set to set."""
    nodes = []
    for number, group in enumerate(roll.sets, start=1):
        subject, year, staff = set_subject(roll, group), set_year(roll, group), set_teachers(roll, group)
        teachers = [
            Node("Teacher", {"Id": place, "StaffId": member, "PrimaryTeacher": str(place == 1)}, {})
            for place, member in enumerate(staff, start=1)
        ]
        legacy_only = roll.has("legacy-only")
        attributes = {
            "Id": group.id,
            "SubjectId": None if legacy_only else subject,
            "YearId": None if legacy_only else year,
            "AuthorId": None if legacy_only else AUTHOR_ID,
        }
        fields: dict[str, Value] = {
            "SubjectId": Legacy("" if subject is None else str(subject)),
            "YearId": Legacy("" if year is None else str(year)),
            "Teacher": Legacy(roll.user(staff[0]) if staff else ""),
            "Author": Legacy(AUTHOR),
            "SetNumber": number,
            "Block": "" if group.id % 2 else "A",
            "SetCode": group.code,
            "Name": group.name,
            "Teachers": teachers or None,
            "Description": "",
            "LastUpdated": roll.moment(group.changed) or roll.touched,
        }
        nodes.append(Node("Set", attributes, fields))
    return [Block(("TeachingManager", "Sets"), nodes)]


def members(roll: Roll) -> Iterator[tuple[int, Group, int]]:
    """Rows of set lists: id, set and pupil; some twice, and some of pupils who have left."""
    for group in roll.sets:
        for pupil in group.pupils:
            row = pupil * _ROW_STEP + group.id % _TWICE
            yield row, group, pupil
            if roll.has("duplicate-set-lists") and row % 7 == 0:
                yield row + _TWICE, group, pupil
    if roll.has("leavers-in-sets") and roll.sets:
        for leaver in roll.school.pupils:
            if leaver.status == "Leaver":
                group = roll.sets[leaver.id % len(roll.sets)]
                yield leaver.id * _ROW_STEP + group.id % _TWICE, group, leaver.id


def set_lists(roll: Roll, asked: Asked) -> list[Block]:
    """Who is in which set."""
    legacy_only, nodes = roll.has("legacy-only"), []
    for row, group, pupil in members(roll):
        attributes = {
            "Id": row,
            "SetId": None if legacy_only else group.id,
            "PupilId": pupil,
            "AuthorId": None if legacy_only else AUTHOR_ID,
        }
        joined = group.joined.get(pupil)
        fields: dict[str, Value] = {
            "SetId": Legacy(str(group.id)),
            "SchoolId": Legacy(school_id(pupil)),
            "Author": Legacy("" if roll.has("empty-legacy") and row % 9 == 0 else AUTHOR),
            "LastUpdated": roll.moment(joined) or ("" if row % 5 == 0 else roll.touched),
        }
        nodes.append(Node("SetList", attributes, fields))
    return [Block(("TeachingManager", "SetLists"), nodes)]


def teaching_forms(roll: Roll, asked: Asked) -> list[Block]:
    """Forms that are taught as a whole: those of Year 7, one subject each."""
    nodes = [
        Node(
            "TeachingForm",
            {"Id": group.id},
            {
                "FormCode": roll.form_names[group.id],
                "TimetableCode": form_code(group),
                "SubjectId": subject_id(roll, group.id % 5),
            },
        )
        for group in taught_forms(roll)
    ]
    return [Block(("TeachingManager", "TeachingForms"), nodes)]


def taught_forms(roll: Roll) -> list[Group]:
    """The forms of Year 7."""
    return [group for group in roll.forms if (group.id - roll.base) // 1000 == 7]


def form_code(group: Group) -> str:
    """What the timetable calls a form and its subject."""
    return f"{group.code}-{pool.SUBJECTS[group.id % 5][0]}"


def buildings(roll: Roll, asked: Asked) -> list[Block]:
    """The buildings with their rooms; one has none."""
    if not roll.school.groups:
        return [Block(("EstateManager", "Buildings"), [])]
    nodes = []
    for number, name in enumerate(("Old School", "Science Block", "Sports Hall")):
        rooms = [
            Node("Classroom", {"Id": roll.key(31 + room)}, {"Name": f"Room {room + 1}", "Initials": f"R{room + 1}"})
            for room in range(number * 6, number * 6 + 6)
            if number < 2
        ]
        fields: dict[str, Value] = {"Name": name, "Initials": name[:2].upper(), "Classrooms": rooms or None}
        nodes.append(Node("Building", {"Id": roll.key(1 + number)}, fields))
    return [Block(("EstateManager", "Buildings"), nodes)]
