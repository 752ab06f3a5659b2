"""What stands in a column, by its name: codes of real lists for those that are looked up, else something made up.

Everything follows from the school, the set and the key of the row, so that a row is the same every day. Next: `row`.
"""

from __future__ import annotations

import base64
import re
from datetime import date, timedelta
from typing import Any

from engine.simulators.xod.seed import Seed, draw

Words = tuple[str | None, ...]
WORDS: dict[str, Words] = {
    "Activity": ("Lesson", "Lunch", "Break"),
    "AcademicYear": ("2024/2025", "2025/2026"),
    "AchievementType": ("Merit", "Excellent homework", "Helping others"),
    "AspectType": ("Grade", "Mark"),
    "BehaviourType": ("Late to lesson", "Lunchtime incident", "Uniform"),
    "CheckCode": ("DBS", "RTW"),
    "CheckDescription": ("DBS check", "Right to work"),
    "DietaryNeeds": (None, None, "No nuts"),
    "EnrolmentStatusCode": ("C", "C", "M"),
    "EventType": ("Medical inspection", "Immunisation"),
    "ExclusionReason": ("Persistent disruptive behaviour", "Damage", "Theft"),
    "ExclusionReasonCode": ("DB", "DM", "TH"),
    "ExclusionType": ("Fixed Term", "Permanent"),
    "ExclusionTypeCode": ("FIXD", "PERM"),
    "FAMType": ("NLM", "ADL"),
    "Gender": ("F", "M"),
    "Location": ("Hall", "Field", "Corridor"),
    "LookupType": ("AchActivity", "BehActivity", "BehLocation", "BehStatus", "StfRole"),
    "NeedTypeCode": ("SPLD", "HI", "SLCN"),
    "NeedTypeDescription": ("Specific Learning Difficulty", "Hearing Impairment", "Speech and Communication"),
    "Outcome": ("Commended", "Discussed with pupil", "Letter home"),
    "OutcomeCode": ("COM", "DP", "LH"),
    "Result": ("A", "B", "C", "6", "7", "8"),
    "Role": ("Participant", "Target"),
    "SENProvisionCode": ("K", "E"),
    "SENProvisionDescription": ("SEN Support", "Education, Health and Care Plan"),
    "SchoolDataStatus": ("ok",),
    "StartSession": ("AM",),
    "EndSession": ("PM",),
    "Status": ("Resolved", "Unresolved"),
    "XodStatus": ("ok",),
    "Year": ("2025",),
}
"""What stands in a column, one of these; a code and what it means are drawn together."""
LISTED: dict[tuple[str, str], Words] = {
    ("Aspects", "Name"): ("English reading", "Mathematics", "Science", "History"),
    ("ResultSets", "Name"): ("Autumn", "Spring", "Summer"),
    ("ExamSeasons", "Name"): ("Summer exams 2024", "November exams 2024", "Summer exams 2025", "November exams 2025"),
    ("ExamBoards", "Code"): ("AQA", "OCR", "WJEC", "CCEA"),
    ("ExamLevels", "Code"): ("GCSE", "GCE", "ASB", "BTEC"),
    ("ConditionLookups", "ConditionDescription"): ("Asthma", "Hay fever", "Diabetes", "Epilepsy"),
    ("DietaryNeeds", "Code"): ("DAIR", "NUTS", "GLUT", "VEGN"),
    ("DietaryNeeds", "Description"): ("No dairy produce", "No nuts", "Gluten free", "Vegan"),
    ("ExclusionReasons", "ReasonCode"): ("DB", "DM", "TH", "PA"),
    ("ExclusionReasons", "ReasonDescription"): ("Disruptive behaviour", "Damage", "Theft", "Physical assault"),
    ("EntitlementGroups", "Shortname"): ("FSM", "PP", "EVER6", "SVC"),
    ("EntitlementGroups", "Fullname"): ("Free school meals", "Pupil premium", "Ever 6", "Service child"),
    ("ParentalConsentLookups", "ConsentDescription"): ("Photos", "Trips", "Data exchange", "Sports"),
    ("SchoolCalendar", "Type"): ("School Event", "Holiday", "Staff Training", "Half Term"),
    ("ConductTypes", "Type"): ("Ach", "Beh"),
    ("UDFs", "UDFName"): ("Locker", "Car registration", "Newsletter"),
}
"""What stands in the rows of a list, one after the other."""
EMPTY = re.compile(r"^(Agent|Contact)(Local|Mis_)Id|AgentMis_id|^LEAAgentId$|Notes$|^XID$|XIDs?$|Xid$|^JoinedId$")
_DAY_FIRST = {"TimetableDayInstances", "LessonInstances", "RoomClosures"}
"""Sets whose days are written 16-11-2017."""
_COMPOSITES = {
    "StudentAchievements": "PL-{StudentId}.Ach.{AchievementId}",
    "StaffAchievements": "PWT-{StaffId}.Ach.{AchievementId}",
    "StudentBehaviour": "PL-{StudentId}.Beh.{BehaviourId}",
    "StaffBehaviour": "PWT-{StaffId}.Beh.{BehaviourId}",
    "StudentConditions": "{MedicalConditionId}.{StudentId}",
    "StudentEnrolmentHistory": "{Student_MisId}.{StartDate}",
    "AttStatsByWeek": "{StudentId}.{WeekStartDate}",
}
"""Ids that are made of what stands beside them."""


def value_of(column: str, kind: str, set_name: str, seed: Seed, opened: date) -> Any:
    """What stands in a column; `kind` is the type that the column has, `opened` the first day of the school."""
    listed = LISTED.get((set_name, column))
    if listed is not None:
        return listed[(seed.number - 1) % len(listed)]
    number = draw(set_name, re.sub(r"(Code|Description)$", "", column), seed.key)
    if column in WORDS:
        return WORDS[column][number % len(WORDS[column])]
    if column in ("Photo", "Attachment"):
        return base64.b64encode(b"\xff\xd8\xff\xe0" + number.to_bytes(4, "big") * 8 + b"\xff\xd9").decode()
    if EMPTY.search(column):
        return None
    made = _of_kind(column, kind, number, seed, opened)
    if kind in ("date", "datetime") and set_name in _DAY_FIRST and made:
        made = f"{made[8:10]}-{made[5:7]}-{made[:4]}{made[10:]}"
    if made is None and kind != "date":
        return f"{_said(column)} {number % 5 + 1}"
    return made


def _of_kind(column: str, kind: str, number: int, seed: Seed, opened: date) -> Any:
    if kind == "boolean":
        return int(number % 20 == 0) if column == "PregnantPupil" else number % 2
    if kind == "integer":
        return number % 4 + 1 if column == "Rank" else number % 20
    if kind == "number":
        return number % 40 / 2
    if kind == "time":
        return f"{9 + number % 6:02}:{number % 4 * 15:02}"
    if kind in ("date", "datetime"):
        if column == "EndDate" and number % 3 == 0:
            return None
        day = seed.day or opened - timedelta(days=30 + seed.number % 300)
        day += timedelta(days=draw(column) % 5 if "End" in column else 0)
        return f"{day}T09:00:00" if kind == "datetime" else day.isoformat()
    if column == "Id":
        return str(seed.number)
    if re.search(r"(Id|ID|Code|Number|No|QAN|Qan)$", column):
        return f"{number % 9000 + 1000}"
    return None


def _said(column: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", column).capitalize()


def composite(set_name: str, values: dict[str, Any]) -> str | None:
    """The id of a row whose set makes it of other columns."""
    form = _COMPOSITES.get(set_name)
    return None if form is None else form.format(**values)
