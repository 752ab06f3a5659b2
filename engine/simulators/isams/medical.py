"""Medical conditions of pupils, the same in both APIs. Next: `pupil`, `rest_school`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.simulators.isams.node import Value
from engine.simulators.isams.roll import Roll
from engine.simulators.person import Pupil

TYPES_OF_CONDITION = ((1, "Asthma", False), (2, "Nut allergy", True))
SEVERITIES = ((1, "Mild", False), (2, "Severe", True))
_TREATMENTS = {1: "Inhaler", 2: "EpiPen"}


@dataclass(frozen=True)
class Condition:
    """A condition of one pupil. `group` is its type, `severity` the id of one; `entered` a time without a zone."""

    key: int
    group: int
    name: str
    severity: int
    trigger: str | None
    treatment: str
    archived: bool
    entered: str | None


def conditions_of(roll: Roll, pupil: Pupil) -> list[Condition]:
    """All conditions of a pupil, archived ones too."""
    return [
        Condition(
            pupil.id * 10 + number,
            number,
            name,
            1 + pupil.draw % 2,
            "Nuts" if number == 2 else None,
            _TREATMENTS[number],
            number == 2 and pupil.draw % 2 == 0,
            roll.moment(roll.opened),
        )
        for number, name, _ in TYPES_OF_CONDITION
        if pupil.draw % (5 + number) == 0
    ]


def condition_fields(condition: Condition) -> dict[str, Value]:
    """A condition as elements of the Batch API; nobody has seen them."""
    return {
        "Type": condition.name,
        "Severity": SEVERITIES[condition.severity - 1][1],
        "Sensitivity": None,
        "Trigger": condition.trigger,
        "Treatment": condition.treatment,
        "FurtherInfo": "",
        "Archived": 0,
        "DateEntered": condition.entered,
    }
