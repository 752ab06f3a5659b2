"""Problems as text: the form that editors and CI link. Expected texts are written by hand."""

from pathlib import Path

import pytest

from engine.errors import Place, Problem, SecretMissing
from engine.problem_text import did_you_mean, render_error, render_problem, suggest

FILE = Path("mappings/acme/source.yaml")


def of(line: str | None):
    return lambda file, number: line


def test_a_problem_shows_place_line_carets_reason_and_fix():
    problem = Problem(
        "unknown-key",
        "unknown key 'totl' in endpoint 'x' > pages",
        Place(FILE, 14, 7, 4),
        "pages of kind 'number' take param, first, size, last",
        "did you mean 'last'?",
    )
    assert render_problem(problem, of("      totl: $.meta.total")) == (
        "mappings/acme/source.yaml:14:7: error: unknown key 'totl' in endpoint 'x' > pages [unknown-key]\n"
        "   14 |       totl: $.meta.total\n"
        "      |       ^^^^\n"
        "  why: pages of kind 'number' take param, first, size, last\n"
        "  fix: did you mean 'last'?"
    )


def test_what_is_not_known_is_left_out():
    assert render_problem(Problem("a", "b\nc", level="warning"), of("x")) == "warning: b c [a]"
    assert render_problem(Problem("a", "b", Place(Path("x"), 2, 3)), of(None)) == "x:2:3: error: b [a]"


def test_tabs_and_control_characters_do_not_move_the_carets():
    text = render_problem(Problem("a", "b", Place(Path("x"), 1, 3, 99)), of("\t\x1bkey"))
    assert text.splitlines()[1:] == ["    1 |   key", "      |   ^^^"]


def test_long_lines_are_cut_around_the_place():
    text = render_problem(Problem("a", "b", Place(Path("x"), 1, 201, 3)), of("x" * 200 + "abc" + "y" * 200))
    line, carets = text.splitlines()[1:]
    assert line == "    1 | …" + "x" * 59 + "abc" + "y" * 56 + "…"
    assert carets == "      | " + " " * 60 + "^^^"


def test_an_error_has_the_same_form_without_a_place():
    error = SecretMissing("the variable X is not set", why="it is read", fix="export X=...\nthen again")
    assert render_error(error) == (
        "error: the variable X is not set [secret-missing]\n  why: it is read\n  fix: export X=...\n       then again"
    )


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("totl", ["total"]),
        ("TOTAL", ["total"]),
        ("start-date", ["start_date"]),
        ("aaaa", ["aaa1", "aaa2", "aaa3"]),
        ("zzz", []),
    ],
)
def test_suggestions_look_alike_and_are_few(word, expected):
    assert suggest(word, ["aaa3", "aaa1", "aaa4", "aaa2", "total", "start_date", "x"]) == expected


def test_did_you_mean_asks_or_is_empty():
    assert did_you_mean("totl", ["total"]) == "did you mean 'total'?"
    assert did_you_mean("ab1", ["ab2", "ab3"]) == "did you mean 'ab2' or 'ab3'?"
    assert did_you_mean("ab1", ["ab2", "ab3", "ab4", "ab5"]) == "did you mean 'ab2', 'ab3' or 'ab4'?"
    assert did_you_mean("q", ["total"]) == ""
