"""Registers of the REST API: the periods of today, what they say of each student, and codes. Next: `server`.

A period belongs to a rule, and a rule to one half of the day. What is put down for a student stays for the day.
`isRegistered` is a number, as it is in life.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from engine.simulators.isams.attendance import ABSENCES, OUT, PRESENCES, SESSIONS, Period, mark_of, periods, register
from engine.simulators.isams.edition import Edition
from engine.simulators.isams.rest import Item, Resource, RestRefused
from engine.simulators.isams.rest_pupil import find_pupil, zoned
from engine.simulators.isams.roll import school_id
from engine.simulators.isams.structure import DIVISIONS, division_of
from engine.simulators.message import Answer, Request, json_answer
from engine.simulators.person import Pupil

_WRITABLE: dict[str, type | tuple[type, ...]] = {
    "isPresent": bool,
    "isLate": bool,
    "presentCodeId": (int, type(None)),
    "absenceCodeId": (int, type(None)),
    "leavingOrLeftDateTime": (str, type(None)),
    "numberOfMinutesLate": int,
    "registrationComment": (str, type(None)),
}


def period_list(edition: Edition, request: Request) -> list[Item]:
    """The periods of today, all of them or those of a division."""
    division = request.parameter("divisionId")
    found = [_period(edition, period) for period in periods(edition.roll)]
    return [item for item in found if division is None or division in [str(each["id"]) for each in item["divisions"]]]


def _period(edition: Edition, period: Period) -> Item:
    roll = edition.roll
    name, begins, taken = SESSIONS[period.session]
    start, finish = datetime.combine(period.day, begins), datetime.combine(period.day, taken)
    return {
        "id": period.id,
        "friendlyName": name,
        "registrationType": name,
        "registrationRuleId": period.rule,
        "start": zoned(start),
        "finish": zoned(finish),
        "time": zoned(start),
        "numberOfStudents": len(_listed(edition, period)),
        "divisions": [
            {"id": roll.key(key), "code": code, "name": text}
            for key, text, code, _ in DIVISIONS
            if key in period.divisions
        ],
    }


def _listed(edition: Edition, period: Period) -> list[Pupil]:
    roll = edition.roll
    years = {roll.year(pupil) for pupil in roll.current}
    return register(roll, period, {year: division_of(roll, year) for year in years})


def _find(edition: Edition, key: str) -> Period:
    found = next((period for period in periods(edition.roll) if str(period.id) == key), None)
    if found is None:
        raise RestRefused("The registration period was not found.", 404)
    return found


def whole_register(edition: Edition, request: Request, key: str) -> list[Item]:
    """All students of a period; some are listed twice."""
    period = _find(edition, key)
    return [_record(edition, period, pupil) for pupil in _listed(edition, period)]


def one_record(edition: Edition, request: Request, key: str, student: str) -> Item:
    """What a register says of one student."""
    return _record(edition, _find(edition, key), _member(edition, _find(edition, key), student))


def _member(edition: Edition, period: Period, student: str) -> Pupil:
    pupil = find_pupil(edition.roll, student)
    if all(each.id != pupil.id for each in _listed(edition, period)):
        raise RestRefused("The student is not in the registration period.", 404)
    return pupil


def _record(edition: Edition, period: Period, pupil: Pupil) -> Item:
    mark = mark_of(pupil.id, period.day, period.session, edition.roll.now)
    late = mark.kind == "late"
    record = {
        "schoolId": school_id(pupil.id),
        "registrationPeriodId": period.id,
        "isRegistered": int(mark.kind != "none"),
        "isPresent": mark.kind in ("present", "late"),
        "isLate": late,
        "isOutOfSchool": mark.kind == OUT,
        "isFutureAbsence": False,
        "numberOfMinutesLate": 5 + mark.number % 10 if late else 0,
        "presentCodeId": None,
        "absenceCodeId": mark.absence,
        "leavingOrLeftDateTime": None,
        "registrationComment": None,
        "alertSent": False,
        "parentNotificationSent": False,
    }
    return record | edition.written.get((period.id, pupil.id), {})


def put_record(edition: Edition, request: Request, key: str, student: str) -> Answer:
    """Put down what is so of one student."""
    period = _find(edition, key)
    pupil = _member(edition, period, student)
    try:
        body: Any = json.loads(request.body)
    except ValueError:
        raise RestRefused("The request is invalid.") from None
    if not isinstance(body, dict) or not {"isPresent", "isLate"} <= set(body):
        raise RestRefused("The request is invalid.")
    for name, value in body.items():
        if name not in _WRITABLE or not isinstance(value, _WRITABLE[name]):
            raise RestRefused(f"The field {name} is invalid.", 422)
    edition.written[period.id, pupil.id] = {"isRegistered": 1, **body}
    return json_answer(_record(edition, period, pupil))


def absence_codes(edition: Edition, request: Request) -> list[Item]:
    """The codes of absences."""
    return [
        {
            "id": key,
            "code": code,
            "name": name,
            "description": None,
            "displayOrder": place,
            "governmentCode": code,
            "governmentCodeName": name,
            "isOOSActive": key == 40,
        }
        for place, (key, code, name) in enumerate(ABSENCES, start=1)
    ]


def present_codes(edition: Edition, request: Request) -> list[Item]:
    """The codes of those who are there."""
    return [
        {"id": key, "code": code, "name": name, "displayOrder": place, "showOnRegister": True, "isOOCActive": False}
        for place, (key, code, name) in enumerate(PRESENCES, start=1)
    ]


REGISTER = "registration/register/([0-9]+)"
MEMBER = "@register"  # stands for the name of the list of a register, which nobody has seen
RESOURCES = (
    Resource("registration/periods", "registration", "registrationPeriods", period_list),
    Resource(REGISTER, "registration", MEMBER, whole_register),
    Resource(f"{REGISTER}/students/([^/]+)", "registration", "", one_record),
    Resource("registration/absencecodes", "registration", "absenceCodes", absence_codes),
    Resource("registration/presentcodes", "registration", "presentCodes", present_codes),
)
