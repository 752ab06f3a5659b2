"""`--update` writes what came where a test differs, and leaves everything else of the document as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tried import TESTS, file_of, sound, tried

from engine.run.testing import trials_of, try_all
from engine.run.updating import MARK, update, written

GIVEN = """\
  - test: it # as it should be
    given: {things: [{Id: 1, Name: ' Red: ball'}, {Id: 2, Name: Kite, Colour: g}]}
"""
ONE = "{source_id: '1', name: 'Red: ball', colour: none}"
TWO = "{source_id: '2', name: Kite, colour: green}"


def updated(folder: Path, text: str) -> tuple[str, list[str]]:
    """Return the tests as `--update` leaves them, and what it says; tried again, they pass."""
    said = [each.said for each in update(tried(folder, text).failed)]
    after = file_of(folder).read_text()
    if not any(each.startswith("left") for each in said):
        assert try_all(trials_of(sound(folder))).problems == []
    return after.removeprefix(TESTS), said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"    expect:\n      rows:\n        - {ONE}{MARK}\n        - {TWO}{MARK}\n"),
        (
            "    # of both\n\n",
            f"    expect:\n      rows:\n        - {ONE}{MARK}\n        - {TWO}{MARK}\n    # of both\n\n",
        ),
        (
            "    expect:\n      rows:\n        - {source_id: 1, name: Ball} # round\n        - {source_id: 2}\n",
            "    expect:\n      rows:\n"
            f"        - {{source_id: 1, name: 'Red: ball'}} # round{MARK}\n        - {{source_id: 2}}\n",
        ),
        (
            "    expect:\n      rows:\n        - source_id: 2\n          colour: red # not\n\n          name: Kite\n",
            f"    expect:\n      rows:\n        - source_id: 2\n          colour: green # not{MARK}\n\n"
            f"          name: Kite\n        - {ONE}{MARK}\n",
        ),
        ("    expect: {rows: []}\n", f"    expect: {{rows: [{ONE}, {TWO}]}}{MARK}\n"),
        ("    expect: {rows: [{source_id: 1}]}\n", f"    expect: {{rows: [{{source_id: 1}}, {TWO}]}}{MARK}\n"),
        (
            "    expect:\n      rows: []\n      told: []\n",
            f"    expect:\n      rows:\n        - {ONE}{MARK}\n        - {TWO}{MARK}\n      told: []\n",
        ),
        (
            "    expect:\n      rows:\n        - {source_id: 1}\n        - source_id: 3\n          name: Doll\n"
            "        - {source_id: 2}\n",
            "    expect:\n      rows:\n        - {source_id: 1}\n        # - source_id: 3\n"
            f"        #   name: Doll{MARK}\n        - {{source_id: 2}}\n",
        ),
        (
            "    expect:\n      whole: true\n      rows:\n        - {source_id: 1, colour: none}\n"
            "        - source_id: 2\n          name: Kite\n",
            "    expect:\n      whole: true\n      rows:\n"
            f"        - {{source_id: 1, colour: none, name: 'Red: ball'}}{MARK}\n"
            f"        - source_id: 2\n          name: Kite\n          colour: green{MARK}\n",
        ),
    ],
)
def test_only_what_differs_is_written(folder: Path, before: str, after: str) -> None:
    text, said = updated(folder, GIVEN + before)
    assert said == ["rows written, for review"]
    assert text.removeprefix(GIVEN) == after


def test_a_test_of_which_nothing_comes_expects_no_rows(folder: Path) -> None:
    text, _ = updated(
        folder, "  - test: it\n    expect:\n      rows: [{source_id: 1}]\n".replace(" [{", "\n        - {")[:-2]
    )
    assert text == f"  - test: it\n    expect:\n      rows:\n        # - {{source_id: 1}}{MARK}\n        []"


@pytest.mark.parametrize(
    ("expect", "why"),
    [
        ('{rows: "source_id,name\\n1,Ball\\n"}', "what comes cannot stand in its CSV"),
        ("{merged: 1}", "it expects no rows, and only rows are written"),
        (
            "{rows: [{source_id: 1}, {source_id: 2}], told: [{record: 1}]}",
            "its rows are right, and only rows are written",
        ),
        ("{fails: field-not-sent}", "how a run ends is written by hand"),
    ],
)
def test_what_cannot_be_written_is_said_and_left(folder: Path, expect: str, why: str) -> None:
    text, said = updated(folder, f"{GIVEN}    expect: {expect}\n")
    assert said == [f"left as it is: {why}"]
    assert text == f"{GIVEN}    expect: {expect}\n"


CSV = """\
source_id, name,        born
1,         "Red; ball",
3,         Kite,
2,         Kite,
"""


def test_lines_of_csv_that_differ_are_written(folder: Path) -> None:
    block = "    expect:\n      rows: |{}\n" + "".join(f"        {line}\n" for line in CSV.splitlines())
    text, _ = updated(folder, GIVEN + block.format("") + "      told: []\n")
    right = (
        block.format(MARK)
        .replace('1,         "Red; ball",', "1, Red: ball, ")
        .replace("        3,         Kite,\n", "")
    )
    assert text == GIVEN + right + "      told: []\n"


def test_lines_of_a_csv_file_that_differ_are_written(folder: Path) -> None:
    file = file_of(folder).with_name("rows.csv")
    file.write_text(CSV.replace("2,         Kite,\n", "4, , 2020-01-01\n"))
    text, _ = updated(folder, GIVEN.replace("Colour: g", "Born: 2020-01-02") + "    expect:\n      rows: rows.csv\n")
    assert text.endswith(f"rows: rows.csv{MARK}\n")
    assert file.read_text() == "source_id, name,        born\n1, Red: ball, \n2, Kite, 2020-01-02\n"


def test_a_csv_file_keeps_its_line_ends_and_is_written_by_one_test_at_a_time(folder: Path) -> None:
    file = file_of(folder).with_name("rows.csv")
    file.write_bytes(("\ufeff" + CSV).replace("\n", "\r\n").encode())
    given = GIVEN + "    expect:\n      rows: rows.csv\n"
    text, said = updated(folder, given + given.replace("test: it", "test: again"))
    assert said == [
        "rows written, for review",
        "left as it is: another test has changed its file of CSV; give the command again",
    ]
    assert file.read_bytes() == "\ufeffsource_id, name,        born\r\n1, Red: ball, \r\n2,         Kite,\r\n".encode()
    assert text.count(MARK) == 1


def test_several_tests_of_a_document_are_written_at_once_and_what_is_marked_is_told(folder: Path) -> None:
    again = GIVEN.replace("test: it", "test: again")
    text, said = updated(folder, f"{GIVEN}\n{again}    expect: {{rows: []}}\n")
    assert len(said) == 2
    assert text.count(MARK) == 3
    assert [place.line for place in try_all(trials_of(sound(folder))).to_review()] == [7, 8, 12]


def test_line_ends_and_a_byte_order_mark_stay(folder: Path) -> None:
    file = file_of(folder)
    file.write_bytes(("\ufeff" + TESTS + GIVEN).replace("\n", "\r\n").encode())
    update(try_all(trials_of(sound(folder))).failed)
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbftests_of")
    assert raw.count(b"\n") == raw.count(b"\r\n") == (TESTS + GIVEN).count("\n") + 4
    assert try_all(trials_of(sound(folder))).problems == []


def test_values_are_written_so_that_they_are_read_as_they_are() -> None:
    values = [
        "a b",
        "yes",
        "1",
        "0123",
        "a: b",
        "it's",
        " x",
        "",
        "#",
        "a\nb",
        True,
        None,
        4.5,
        ["x, y"],
        {"a": 1, "b": None},
    ]
    assert [written(value) for value in values] == [
        "a b", "'yes'", "'1'", "'0123'", "'a: b'", "'it''s'", "' x'", "''", "'#'", '"a\\nb"',
        "true", "null", "4.5", "['x, y']", "{a: 1}",
    ]  # fmt: skip
