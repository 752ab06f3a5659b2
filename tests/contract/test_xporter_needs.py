"""Medical conditions, dietary and special needs of Xporter. Wren (9919) is of Year 7, Ash (8501) of Year 8."""

from __future__ import annotations

from typing import Any

import pytest
from mapped import Mapped, Record, run, said, unreached

STUDENTS = [{"Id": "9919", "YearGroup": "Year  7"}, {"Id": "8501", "YearGroup": "Year 8"}]
LEFT_OUT = ("filtered", "student-known")
YEAR_7 = {"students": {"year_groups": ["Year 7"]}}


def mapped(entity: str, settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", entity, {"students": STUDENTS, **sets}, settings)


HAYFEVER = [{"Id": "1", "ConditionDescription": "Hayfever"}]


@pytest.mark.parametrize("own", [" Hayfever", None])
def test_a_condition_is_read_from_end_to_end(own):
    record = {"Id": "1.9919", "StudentId": "9919", "MedicalConditionId": "1", "ConditionDescription": own}
    found = mapped("medical_condition", medical_conditions=HAYFEVER, student_conditions=[record])
    assert said(found.only()) == {"source_id": "1.9919", "student": "9919", "name": "Hayfever"}
    assert unreached("xporter", "medical_condition", found) == set()


def test_a_condition_without_a_name_is_held_back_and_one_of_others_left_out():
    records = [
        {"Id": "9.9919", "StudentId": "9919", "MedicalConditionId": "9"},
        {"Id": "1.8501", "StudentId": "8501", "MedicalConditionId": "1"},
    ]
    found = mapped("medical_condition", YEAR_7, medical_conditions=HAYFEVER, student_conditions=records)
    assert found.reasons() == {"9.9919": ("quarantined", "required"), "1.8501": LEFT_OUT}


NO_DAIRY = {"Id": "1744", "Code": "DAIR", "Description": "No  dairy produce"}


def test_a_dietary_need_is_read_from_end_to_end():
    records = [
        {"Id": "1453", "DietaryNeedsId": "1744", "StudentId": "9919"},
        {"Id": "1454", "DietaryNeedsId": "1744", "StudentId": "8501"},
    ]
    found = mapped("dietary_need", YEAR_7, dietary_needs=[NO_DAIRY], student_dietary_needs=records)
    assert [said(row) for row in found.emitted().values()] == [
        {"source_id": "1453", "student": "9919", "name": "No dairy produce", "code": "DAIR"}
    ]
    assert found.reasons() == {"1454": LEFT_OUT}
    assert unreached("xporter", "dietary_need", found) == set()


def test_a_dietary_need_is_called_by_its_code_where_it_has_no_words():
    record = {"Id": "1453", "DietaryNeedsId": "1744", "StudentId": "9919"}
    wordless = {**NO_DAIRY, "Description": None}
    row = mapped("dietary_need", dietary_needs=[wordless], student_dietary_needs=[record]).only()
    assert (row["name"], row["code"]) == ("DAIR", "DAIR")
