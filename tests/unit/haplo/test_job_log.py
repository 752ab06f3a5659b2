"""A log of Haplo's is put into groups; what may hold a value is never among what is told."""

from __future__ import annotations

import pytest

from engine.haplo.job_log import UNTOLD, own_messages, read_log

BEGIN, END = "START: Mon Mar 02 2026 02:00:00 GMT-0000 (GMT)", "END: Mon Mar 02 2026 02:00:09 GMT-0000 (GMT)"


def test_an_empty_log_has_not_begun() -> None:
    log = read_log("")
    assert (log.began, log.ended, log.stopped, log.said, log.others) == ("", "", "", [], 0)


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        ("Invalid date value for dob: 1 May", "Invalid date value for dob"),
        ("Invalid email address for mail: Eve: x", "Invalid email address for mail"),
        ("Value in input data cannot be mapped for sex: Eve", "Value in input data cannot be mapped for sex"),
        ('Invalid postal address: {"street1":"Eve"} (org.jruby Eve)', "Invalid postal address"),
        ("Couldn't load destination: load:by-ref", "Couldn't load destination: load:by-ref"),
        ("Missing values in user: email, nameLast", "Missing values in user: email, nameLast"),
        (
            'Destination "profile" needs be made ready with a "new" or "load" instruction, required by use of user ',
            'Destination "profile" needs be made ready with a "new" or "load" instruction',
        ),
        ("the row has no name", "the row has no name"),
    ],
)
def test_a_known_message_is_told_without_its_value(line: str, summary: str) -> None:
    log = read_log(f"{BEGIN}\n{line} (record 12)\n{line} (record 13)\n{END}", {"the row has no name"})
    assert [(one.summary, one.times, one.records) for one in log.said] == [(summary, 2, [12, 13])]
    assert "Eve" not in log.said[0].summary
    assert log.others == 0


@pytest.mark.parametrize(
    "line",
    ["Eve was here", "Invalid date value for Eve Hale: 1", "START: Eve <x>", "END: Eve'", "  Eve", "(record 1)"],
)
def test_an_unknown_line_is_only_counted(line: str) -> None:
    log = read_log(line)
    assert (log.said, log.others, log.began, log.ended) == ([], 1, "", "")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("Delegate for value:person-name does not implement commit()", "Delegate for value:person-name does not impl"),
        ("Unknown behaviour: x:y", "Unknown behaviour: x:y"),
        ("Unknown behaviour: Eve Hale", UNTOLD),
        ('java.lang.IllegalArgumentException: Invalid format: "Eve"', UNTOLD),
        ("", UNTOLD),
    ],
)
def test_what_stopped_an_import_is_told_where_it_holds_no_value(fault: str, told: str) -> None:
    log = read_log(f"{BEGIN}\nEXCEPTION: Error during import: {fault}. File: f.js, line: 7\n{END}")
    assert log.stopped.startswith(told)
    assert "Eve" not in log.stopped


def test_the_first_three_records_are_kept_and_the_most_frequent_message_comes_first() -> None:
    lines = [f"Invalid URL for web: x (record {number})" for number in range(5)]
    log = read_log("\n".join(["Unknown mapping: m", *lines]))
    assert [(one.times, one.records) for one in log.said] == [(5, [0, 1, 2]), (1, [])]


def test_the_messages_of_a_control_file_are_found_wherever_they_stand() -> None:
    inner = {"action": "log-error", "message": "b"}
    control = {"instructions": [{"action": "abort-record", "message": "a"}, {"source": "x", "then": [inner]}]}
    assert sorted(own_messages(control)) == ["a", "b"]
    assert list(own_messages({"action": "field", "message": "c"})) == []
