"""Results of assessments and of examinations of Xporter. Wren (9919) is of Year 7, Ash (8501) of Year 8."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from mapped import Mapped, Record, run, said, unreached

STUDENTS = [{"Id": "9919", "YearGroup": "Year  7"}, {"Id": "8501", "YearGroup": "Year 8"}]
LEFT_OUT = ("filtered", "student-known")
NO_RESULT = ("filtered", "has-result")

# Assessments


RESULT = {
    "Id": "1289067",
    "StudentId": "9919",
    "AspectId": "702",
    "ResultDate": "2015-09-03",
    "ResultSetId": "24",
    "Result": "6C",
    "NumericValue": 24.5,
    "Notes": "Well\r\ndone ",
}


def assessed(results: list[Record], settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    around = {
        "students": STUDENTS,
        "assessment_aspects": [{"Id": "702", "Name": "English  Reading", "AspectType": "Grade"}],
        "assessment_result_sets": [{"Id": "24", "Name": "Autumn  2015"}],
    }
    return run("xporter", "assessment_result", {**around, **sets, "assessment_results": results}, settings)


def test_an_assessment_is_read_from_end_to_end():
    found = assessed([RESULT])
    assert said(found.only()) == {
        "source_id": "1289067",
        "title": "English Reading, Autumn 2015",
        "student": "9919",
        "aspect": "English Reading",
        "aspect_type": "Grade",
        "result_set": "Autumn 2015",
        "result": "6C",
        "value": Decimal("24.5"),
        "date": date(2015, 9, 3),
        "notes": "Well\ndone",
    }
    assert unreached("xporter", "assessment_result", found) == set()


@pytest.mark.parametrize(
    ("aspects", "sets", "title"),
    [
        ([], [{"Id": "24", "Name": "Target"}], "Target"),
        ([{"Id": "702", "Name": "Effort"}], [], "Effort"),
        ([], [], "Result"),
    ],
)
def test_a_result_has_a_title_whatever_is_not_known_of_it(aspects, sets, title):
    found = assessed([RESULT], assessment_aspects=aspects, assessment_result_sets=sets)
    assert found.only()["title"] == title


def test_what_has_neither_a_result_nor_a_number_is_none():
    one, two = {**RESULT, "Id": "1", "NumericValue": None}, {**RESULT, "Id": "2", "Result": None}
    three = {**RESULT, "Id": "3", "Result": " ", "NumericValue": None}
    found = assessed([one, two, three])
    assert set(found.emitted()) == {"1", "2"}
    assert found.reasons() == {"3": NO_RESULT}


def test_assessments_of_those_whom_we_do_not_send_are_left_out():
    found = assessed([RESULT, {**RESULT, "Id": "5", "StudentId": "8501"}], {"students": {"year_groups": ["Year 7"]}})
    assert list(found.emitted()) == ["1289067"]
    assert found.reasons() == {"5": LEFT_OUT}
