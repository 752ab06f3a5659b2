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


# Examinations


EXAM = {
    "Id": "1289067",
    "Mis_Id": "77",
    "StudentId": "9919",
    "Result": "6 ",
    "ResultDate": "2015-08-20",
    "AspectId": "702",
    "ResultSetId": "24",
    "ExamSeasonId": "12",
    "QanId": "1245",
    "SyllabusCodeId": "7443",
    "ExamBoardId": "17",
    "ExamLevelId": "4",
    "OptionCodeId": "811",
}
STRUCTURE = {
    "students": STUDENTS,
    "exam_aspects": [{"Id": "702", "Name": "AQA/GCSE Greek Result", "AspectType": "Grade"}],
    "exam_result_sets": [{"Id": "24", "Name": "Summer results"}],
    "exam_seasons": [{"Id": "12", "Name": "Summer  Exams 2015"}],
    "exam_qans": [{"Id": "1245", "Qan": "50046792"}],
    "exam_syllabus_codes": [{"Id": "7443", "Code": "3562"}],
    "exam_boards": [{"Id": "17", "Code": "AQA", "Description": "Assessment and Qualifications Alliance"}],
    "exam_levels": [{"Id": "4", "Code": "ASB", "Description": "GCE Advanced Subsidiary"}],
    "exam_option_codes": [{"Id": "811", "Code": "1GK0H", "Title": "Greek Option H"}],
}


def examined(results: list[Record], settings: dict[str, dict[str, Any]] | None = None, **sets: list[Record]) -> Mapped:
    return run("xporter", "exam_result", {**STRUCTURE, **sets, "exam_results": results}, settings)


def test_an_exam_is_read_from_end_to_end():
    found = examined([EXAM])
    assert said(found.only()) == {
        "source_id": "1289067",
        "title": "Greek Option H, Summer Exams 2015",
        "student": "9919",
        "season": "Summer Exams 2015",
        "board": "Assessment and Qualifications Alliance",
        "level": "GCE Advanced Subsidiary",
        "qualification_number": "50046792",
        "syllabus_code": "3562",
        "option_code": "1GK0H",
        "option_title": "Greek Option H",
        "aspect": "AQA/GCSE Greek Result",
        "aspect_type": "Grade",
        "result_set": "Summer results",
        "result": "6",
        "date": date(2015, 8, 20),
    }
    assert unreached("xporter", "exam_result", found) == set()


def test_an_exam_of_which_little_is_known_is_sent_with_what_is():
    codes_only = {
        "exam_boards": [{"Id": "17", "Code": "AQA", "Description": None}],
        "exam_levels": [{"Id": "4", "Code": "ASB", "Description": None}],
        "exam_option_codes": [],
    }
    row = examined([EXAM], **codes_only).only()
    assert (row["title"], row["board"], row["level"]) == ("AQA/GCSE Greek Result, Summer Exams 2015", "AQA", "ASB")
    nothing = {name: [] for name in STRUCTURE if name != "students"}
    assert said(examined([EXAM], **nothing).only()) == {
        "source_id": "1289067",
        "title": "Exam",
        "student": "9919",
        "result": "6",
        "date": date(2015, 8, 20),
    }


def test_entries_without_a_result_and_of_others_are_left_out():
    entry, other = {**EXAM, "Id": "1", "Result": None}, {**EXAM, "Id": "2", "StudentId": "8501"}
    found = examined([entry, other, EXAM], {"students": {"year_groups": ["Year 7"]}})
    assert list(found.emitted()) == ["1289067"]
    assert found.reasons() == {"1": NO_RESULT, "2": LEFT_OUT}
