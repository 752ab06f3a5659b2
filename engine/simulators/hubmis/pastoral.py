"""Learning support and pastoral care. Next: `server`."""

from __future__ import annotations

from datetime import timedelta

from engine.simulators.hubmis import code
from engine.simulators.hubmis.asked import Asked, Make
from engine.simulators.hubmis.roll import Roll, person
from engine.simulators.hubmis.structure import one_in
from engine.simulators.hubmis.student import of_student, supported
from engine.simulators.hubmis.value import Item, draw, entries, moment, named, one_of
from engine.simulators.person import Pupil

_CATEGORIES = ("Friendship", "Health", "Home")
_EVENTS, _PLANS = "wellbeing_event", "wellbeing_plan"


# Learning support


def records(roll: Roll, asked: Asked) -> list[Item]:
    """The records of all who have learning support."""
    return [each for pupil in roll.current for each in _records_of(roll, pupil)]


def _records_of(roll: Roll, pupil: Pupil) -> list[Item]:
    if not supported(pupil):
        return []
    number = draw("record", pupil.id)
    return [
        {
            "id": pupil.id,
            "description": "Needs more time in examinations",
            "ehcp": number % 5 == 0,
            "ehcp_date": str(pupil.entry) if number % 5 == 0 else None,
            "files": [],
            "learning_support_date": str(pupil.entry),
            "learning_support_type": one_of(code.SUPPORT_TYPES, number),
            "severity": one_of(code.SEVERITIES, number),
            "status": one_of(code.STATUSES, 0),
            "student": person(pupil),
            "inactive_date": None,
            "_year_group": roll.key(20 + pupil.year),
        }
    ]


def _reviews_of(roll: Roll, pupil: Pupil) -> list[Item]:
    if not supported(pupil):
        return []
    held = moment(roll.opened - timedelta(days=pupil.id % 60), "10:00:00")
    return [
        {
            "id": pupil.id,
            "attending_contacts": [{"id": link.contact} for link in roll.parents.get(pupil.id, [])[:1]],
            "attending_staff": [person(member) for member in roll.teachers("review", pupil.id)],
            "files": [],
            "review_type": one_of(code.REVIEW_TYPES, pupil.id),
            "review_date_time": held,
            "review_status": one_of(code.STATUSES, pupil.id),
            "special_needs_coordinators": [],
        }
    ]


def review(roll: Roll, asked: Asked) -> Item | None:
    """One review, which bears the id of its student."""
    pupil = roll.pupils.get(asked.id)
    return next(iter(_reviews_of(roll, pupil)), None) if pupil else None


def support_fields(roll: Roll, asked: Asked, pupil: Pupil) -> Item:
    """What is known of a student beside the records."""
    has = supported(pupil)
    return {
        "authority": one_of(code.AUTHORITIES, pupil.id) if has else None,
        "authority_type": one_of(code.AUTHORITY_TYPES, pupil.id) if has else None,
        "disability": has and pupil.id % 3 == 0,
        "disability_description": None,
        "placement_date": str(pupil.entry) if has else None,
    }


# Pastoral care


def categories(roll: Roll, asked: Asked) -> list[Item]:
    """The categories of a kind of pastoral care."""
    first = {_EVENTS: 100, _PLANS: 200}[asked.words[0]]
    return [
        {
            "id": first + number,
            "name": name,
            "position": number + 1,
            "system_value": number == 0,
            "category": named(first, _CATEGORIES[0]) if number else None,
            "color": number,
            "sections": [],
            "deleted_at": None,
        }
        for number, name in enumerate(_CATEGORIES)
    ]


def events(roll: Roll, asked: Asked) -> list[Item]:
    """Pastoral events and plans; of past students only where they are asked for."""
    past = (asked.filter("includePastStudents") or "").lower() in ("true", "1")
    pupils = [pupil for pupil in roll.school.pupils if pupil.status == "OnRoll" or (past and pupil.status == "Leaver")]
    return [each for pupil in pupils for kind in (_EVENTS, _PLANS) for each in _events_of(roll, pupil, kind)]


def _events_of(roll: Roll, pupil: Pupil, kind: str) -> list[Item]:
    number = draw(kind, pupil.id)
    if number % 6:
        return []
    happened = max(pupil.entry, roll.opened - timedelta(days=number // 6 % 90))
    return [
        {
            "id": pupil.id * 10 + (kind == _PLANS),
            "_type": kind,
            "_year_group": roll.key(20 + pupil.year),
            "_form": pupil.form_id,
            "_category": (200 if kind == _PLANS else 100) + number // 6 % 3,
            "_status": "active" if number % 4 else "inactive",
            "_severity": number % 3 + 1,
            "date_time": moment(happened, "12:00:00"),
        }
    ]


def _event(roll: Roll, key: int) -> list[Item]:
    pupil = roll.pupils.get(key // 10)
    kind = {0: _EVENTS, 1: _PLANS}.get(key % 10)
    return _events_of(roll, pupil, kind) if pupil and kind else []


def event(roll: Roll, asked: Asked) -> list[Item] | None:
    """One event, in a list."""
    return _event(roll, asked.id) or None


def shanarri(roll: Roll, asked: Asked) -> list[Item] | None:
    """What an event is about."""
    items = entries(code.SHANARRI)
    return items[asked.id % 3 : asked.id % 3 + 2] if _event(roll, asked.id) else None


def linked(roll: Roll, asked: Asked) -> list[Item] | None:
    """What an event is linked to."""
    return [{"id": asked.id + 1}] if _event(roll, asked.id) else None


MAKERS: dict[str, Make] = {
    "v1/learning-support/records": records,
    "v1/learning-support/records/{id}": one_in(records),
    "v1/learning-support/reviews/{id}": review,
    "v1/students/{id}/learning-support": of_student(support_fields),
    "v1/students/{id}/learning-support/records": of_student(lambda roll, asked, pupil: _records_of(roll, pupil)),
    "v1/students/{id}/learning-support/reviews": of_student(lambda roll, asked, pupil: _reviews_of(roll, pupil)),
    "v1/students/{id}/wellbeing-events": of_student(lambda roll, asked, pupil: _events_of(roll, pupil, _EVENTS)),
    "v1/students/{id}/wellbeing-plans": of_student(lambda roll, asked, pupil: _events_of(roll, pupil, _PLANS)),
    "v1/pastoral/{pastoralCategoryType}/categories": categories,
    "v1/pastoral/{pastoralCategoryType}/categories/{id}": one_in(categories),
    "v1/pastoral/events": events,
    "v2/pastoral/events": events,
    "v1/pastoral/events/summary": events,
    "v1/pastoral/events/{id}": event,
    "v1/pastoral/events/{id}/shanarri-items": shanarri,
    "v1/pastoral/events/{id}/linked-items": linked,
    "v1/pastoral/girfec/named-persons": lambda roll, asked: [{"id": each.id} for each in roll.present[:3]],
}
