"""Medical conditions, dietary and special needs of Xporter. Wren (9919) is of Year 7, Ash (8501) of Year 8."""

from __future__ import annotations

from datetime import date
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


NEED = {
    "Id": "100",
    "StudentMis_Id": "9919",
    "NeedTypeDescription": "Hearing  Impairment",
    "NeedTypeCode": "HI",
    "Rank": 2,
    "NeedNotes": "Sits in front\r\n",
    "NeedStartDate": "2015-01-01",
    "NeedEndDate": "2016-01-01T00:00:00",
    "Active": 0,
}
PROVISION = {
    "Id": "100",
    "StudentMis_Id": "9919",
    "SENProvisionCode": "K",
    "SENProvisionDescription": "SEN Support",
    "SENProvisionStartDate": "2015-02-01",
    "SENProvisionEndDate": None,
    "Active": 1,
}


def test_a_need_and_a_provision_are_read_from_end_to_end():
    found = mapped("special_need", sen_needs=[NEED], sen_provisions=[PROVISION])
    assert {key: said(row) for key, row in found.emitted().items()} == {
        "need-100": {
            "source_id": "need-100",
            "student": "9919",
            "kind": "need",
            "name": "Hearing Impairment",
            "code": "HI",
            "rank": 2,
            "notes": "Sits in front",
            "start_date": date(2015, 1, 1),
            "end_date": date(2016, 1, 1),
            "active": False,
        },
        "provision-100": {
            "source_id": "provision-100",
            "student": "9919",
            "kind": "provision",
            "name": "SEN Support",
            "code": "K",
            "start_date": date(2015, 2, 1),
            "active": True,
        },
    }
    assert unreached("xporter", "special_need", found) == set()


def test_needs_without_words_go_by_their_code_and_those_of_others_are_left_out():
    wordless = {**PROVISION, "SENProvisionDescription": None}
    nameless = {**NEED, "NeedTypeDescription": None, "NeedTypeCode": None}
    other = {**NEED, "Id": "7", "StudentMis_Id": "8501"}
    found = mapped("special_need", YEAR_7, sen_needs=[nameless, other], sen_provisions=[wordless])
    assert {key: row["name"] for key, row in found.emitted().items()} == {"provision-100": "K"}
    assert sorted(found.reasons().values()) == [LEFT_OUT, ("quarantined", "required")]
