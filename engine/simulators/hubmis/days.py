"""What has days: school years, terms, holidays, attendance, timetables; and the school itself. Next: `pastoral`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make, invalid
from engine.simulators.hubmis.roll import ROOMS, Roll
from engine.simulators.hubmis.structure import one_in
from engine.simulators.hubmis.value import Item, draw, entry, moment, named
from engine.simulators.person import Pupil
from engine.simulators.school import OFFICE

CODES = (
    (1, "/", "Present", "Present in the morning"),
    (2, "\\", "Present", "Present in the afternoon"),
    (3, "L", "Late", "Late before registers closed"),
    (4, "I", "Illness", "Illness"),
    (5, "M", "Medical", "Medical or dental appointment"),
    (6, "N", "No reason", "No reason yet provided"),
)
"""Attendance codes: id, code, name, description."""
SESSIONS = (("am", "08:40:00"), ("pm", "13:50:00"))
LESSONS = 5
_SHARES = ((920, None), (945, 3), (975, 4), (990, 5), (1000, 6))
_YEAR = "v1/academic-years/{academicYearId}"


def _span(key: int, name: str, first: date, last: date) -> Item:
    return {"id": key, "name": name, "start_date": str(first), "end_date": str(last)}


def years(roll: Roll, asked: Asked) -> list[Item]:
    """The school years on file."""
    return [
        _span(key, roll.year(key)["name"], roll.begins(key), roll.begins(key + 1) - timedelta(days=1))
        for key in roll.year_ids
    ]


def terms(roll: Roll, asked: Asked) -> list[Item]:
    """The terms of a year."""
    return [_span(*term) for term in roll.terms(asked.year)]


def holidays(roll: Roll, asked: Asked) -> list[Item]:
    """What lies between the terms of a year, and behind the last."""
    found = roll.terms(asked.year)
    begins = [first for _, _, first, _ in found[1:]] + [roll.begins(asked.year + 1)]
    day = timedelta(days=1)
    return [
        _span(key, name, last + day, first - day)
        for (key, _, _, last), first, name in zip(found, begins, ("Christmas", "Easter", "Summer"), strict=True)
    ]


def inset_days(roll: Roll, asked: Asked) -> list[Item]:
    """The days on which staff only are there."""
    return _single(asked.year, "Training day", roll.inset_days(asked.year))


def closures(roll: Roll, asked: Asked) -> list[Item]:
    """The days on which the school was shut."""
    return _single(asked.year, "Snow", roll.closures(asked.year))


def _single(year: int, name: str, days: list[date]) -> list[Item]:
    return [_span(year * 3 + number, name, day, day) for number, day in enumerate(days, start=1)]


# Attendance


def attendance_codes(roll: Roll, asked: Asked) -> list[Item]:
    """What a register can say."""
    return [{"id": key, "code": sign, "name": name, "description": more} for key, sign, name, more in CODES]


def attendance(roll: Roll, asked: Asked) -> list[Item] | None:
    """What the registers of the active year say of a student, two a day, from the day of entry on."""
    pupil = roll.pupils.get(asked.id)
    if pupil is None:
        return None
    last = min(roll.today, pupil.left or roll.today)
    days = [day for day in roll.school_days if pupil.entry <= day <= last]
    here = days if pupil.status != "PreAdmission" else []
    return [_mark(pupil, day, session) for day in here for session in range(len(SESSIONS))]


def _mark(pupil: Pupil, day: date, session: int) -> Item:
    number = draw("mark", pupil.id, day, session) % 1000
    key = next(key for below, key in _SHARES if number < below) or session + 1
    _, sign, _, description = CODES[key - 1]
    word, time = SESSIONS[session]
    return {
        "id": (day.toordinal() % 10_000 * 2 + session) * 1_000_000 + pupil.id % 1_000_000,
        "date_time": moment(day, time),
        "attendance_session": word,
        "attendance_code": {"id": key, "code": sign},
        "description": description,
    }


# Timetables


def timetables(roll: Roll, asked: Asked) -> list[Item]:
    """The timetable of each year."""
    return [
        {
            "id": key,
            "academic_year": roll.year(key),
            "name": f"Timetable {roll.year(key)['name']}",
            "rotating": False,
            "duration_days": 5,
            "date_from": str(roll.begins(key)),
            "date_to": str(roll.ends(key)),
            "time_from": "08:40:00",
            "time_to": "15:55:00",
            "deleted": False,
        }
        for key in roll.year_ids
    ]


def _own_timetable(people: Callable[[Roll], Mapping[int, object]]) -> Make:
    def made(roll: Roll, asked: Asked) -> list[Item] | None:
        if asked.id not in people(roll):
            return None
        return [{"id": roll.year_id, "name": f"Timetable {roll.year(roll.year_id)['name']}"}]

    return made


def _calendar(people: Callable[[Roll], Mapping[int, object]]) -> Make:
    """The lessons of somebody between two days."""

    def made(roll: Roll, asked: Asked) -> list[Item] | None:
        if asked.id not in people(roll):
            return None
        first, last = _day(asked, "dateFrom"), _day(asked, "dateTo")
        _day(asked, "date")
        days = [day.toordinal() % 10_000 for day in roll.school_days if first <= day <= last]
        return [{"id": (day * 10 + lesson) * 100_000 + asked.id} for day in days for lesson in range(LESSONS)]

    return made


def _day(asked: Asked, name: str) -> date:
    try:
        return date.fromisoformat(asked.filter(name) or "")
    except ValueError:
        raise invalid(f"filter[{name}]", "is not a valid date") from None


# The school


def rooms(roll: Roll, asked: Asked) -> list[Item]:
    """The rooms."""
    places = [code.LISTS["v1/locations"][number % 3] for number in range(ROOMS)]
    return [
        {
            "id": room["id"],
            "description": room["name"],
            "location": entry(code.LISTS["v1/locations"], place),
            "room_capacity": 30,
            "room_code": f"R{number + 1:02}",
            "telephone_extension": None,
            "timetable_code": f"R{number + 1:02}",
        }
        for number, (room, place) in enumerate(zip(map(roll.room, range(ROOMS)), places, strict=True))
    ]


def communication_details(roll: Roll, asked: Asked) -> Item:
    """The name of the school, and how it is reached."""
    return {
        "school_name": roll.school.name,
        "school_sms_name": roll.school.name[:11],
        "address": "1 Foundry Hill, Brindlewick, ZZ99 1AA",
        "country": named(1, code.COUNTRIES[0]),
        "phone": "01632 960000",
        "email": OFFICE,
        "logo": None,
    }


def regional_settings(roll: Roll, asked: Asked) -> Item:
    """Where the school is."""
    return {"regional_country_id": 1, "start_day_week": "monday", "timezone": "Europe/London"}


MAKERS: dict[str, Make] = {
    "v1/academic-years": years,
    f"{_YEAR}/terms": terms,
    f"{_YEAR}/holidays": holidays,
    f"{_YEAR}/inset-days": inset_days,
    f"{_YEAR}/closure-dates": closures,
    "v1/attendance/codes": attendance_codes,
    "v1/students/{id}/attendance-records": attendance,
    "v1/timetables": timetables,
    "v1/timetables/{id}": one_in(timetables),
    "v1/staff/{id}/timetable": _own_timetable(lambda roll: roll.staff),
    "v1/staff/{id}/timetable/calendar": _calendar(lambda roll: roll.staff),
    "v1/students/{id}/timetable": _own_timetable(lambda roll: roll.pupils),
    "v1/students/{id}/timetable/calendar": _calendar(lambda roll: roll.pupils),
    "v1/rooms": rooms,
    "v1/rooms/{id}": one_in(rooms),
    "v1/school/communication-details": communication_details,
    "v1/school/regional-settings": regional_settings,
}
