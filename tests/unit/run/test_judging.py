"""What a test expects beside what comes: everything that differs is told, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tried import tried

GIVEN = """\
  - test: it
    given:
      things: [{Id: 1, Name: Ball, Colour: r, Born: 2020-01-02}, {Id: 2, Colour: q}, {Name: Kite}]
"""
RIGHT = {
    "rows": "[{source_id: 1, name: Ball, colour: red, born: 2020-01-02}, {source_id: 2, name: 2, colour: none}]",
    "quarantined": "[{record: '', field: source_id, rule: required}]",
    "told": "[{record: 2, field: colour, rule: code}]",
    "filtered": "{}",
    "merged": "[]",
    "absent": "[]",
}
WRONG = [
    ("rows", "[{source_id: 1, name: Bal}, {source_id: 2}]", ["cell-differs"]),
    ("rows", "[{source_id: 1, born: 2020-01-03}, {source_id: 2}]", ["cell-differs"]),
    ("rows", "[{source_id: 1, name: null}, {source_id: 2}]", ["cell-differs"]),
    ("rows", "[{source_id: 1}]", ["row-unexpected"]),
    ("rows", "[{source_id: 1}, {source_id: 2}, {source_id: 3}]", ["row-missing"]),
    ("quarantined", "[]", ["record-differs"]),
    ("quarantined", "[{record: '', field: name}]", ["record-differs", "record-differs"]),
    ("quarantined", "[{record: '', field: source_id, rule: type}]", ["record-differs", "record-differs"]),
    ("told", "[]", ["record-differs"]),
    ("filtered", "{colours: 1}", ["record-differs"]),
    ("merged", "[2]", ["record-differs"]),
    ("absent", "[name]", ["cell-differs"]),
    ("changes", "{new: [1, 2], gone: 3}", ["change-differs"]),
    ("objects", "{1: {acme:attribute:name: Ball}}", ["object-differs"]),
    ("objects", "{1: {acme:attribute:name: null}, 2: {}}", ["object-differs"]),
    ("objects", "{1: {}, 2: {}, 3: {}}", ["object-differs"]),
]


def expecting(expected: dict[str, str]) -> str:
    return GIVEN + "    expect:\n" + "".join(f"      {word}: {value}\n" for word, value in expected.items())


def test_a_test_that_is_right_in_everything_passes(folder: Path) -> None:
    more = {"changes": "{new: [1, 2]}", "objects": "{1: {acme:attribute:name: Ball}, 2: {acme:attribute:name: '2'}}"}
    assert tried(folder, expecting({**RIGHT, **more})).problems == []


@pytest.mark.parametrize(("word", "value", "codes"), WRONG)
def test_each_thing_that_is_wrong_is_told(folder: Path, word: str, value: str, codes: list[str]) -> None:
    found = tried(folder, expecting({**RIGHT, word: value})).problems
    assert [problem.code for problem in found] == codes


def test_a_whole_row_has_no_value_that_is_not_written(folder: Path) -> None:
    found = tried(folder, expecting({**RIGHT, "rows": "[{source_id: 1, name: Ball}, {source_id: 2}]", "whole": "true"}))
    said = [(problem.what.split("': ")[1].split(" is ")[0], str(problem.place)) for problem in found.problems]
    at = "mappings/acme/tests/thing.yaml:7:"
    assert said == [
        ("colour of '1'", f"{at}14"),
        ("born of '1'", f"{at}14"),
        ("name of '2'", f"{at}42"),
        ("colour of '2'", f"{at}42"),
    ]


def test_a_bad_value_is_withheld_and_neither_a_value_nor_none(folder: Path) -> None:
    given = "  - test: it\n    given: {things: [{Id: 1, Born: never}]}\n"
    right = "    expect: {rows: [{source_id: 1}], withheld: [{record: 1, field: born, rule: type}]}\n"
    assert tried(folder, given + right).problems == []
    for expected in ("{rows: [{source_id: 1}]}", "{rows: [{source_id: 1, born: null}], withheld: [{record: 1}]}"):
        found = tried(folder, f"{given}    expect: {expected}\n").problems
        assert [problem.code in ("record-differs", "cell-differs") for problem in found] == [True]


def test_what_became_of_rows_is_told_beside_what_was_sent(folder: Path) -> None:
    text = """\
  - test: it
    given: {things: [{Id: 1, Name: Ball}, {Id: 3, Name: Kite}, {Id: 4, Name: Top}]}
    sent:
      current: |
        source_id, name
        1,         Ball
        2,         Doll
        4,         Toy
      gone: [{source_id: 3, name: Kite}]
    expect:
      changes: {unchanged: 1, gone: 2, returned: 3, changed: 4}
"""
    assert tried(folder, text).problems == []
    (problem, other) = tried(folder, text.replace("unchanged: 1, gone", "gone").replace("4}", "[1, 4]}")).problems
    assert problem.why == "it is unchanged"
    assert other.what == "test 'it': row '1' is unchanged, and that is not expected"
