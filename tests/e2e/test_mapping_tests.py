"""`haplomap test` as it is typed: what passes, what fails, what CI reads of it, and what it writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree.ElementTree import parse

import pytest
from project import ROOT, Ended, call, call_here

pytestmark = pytest.mark.e2e

NAME = "a condition by its own name, or by that of the list"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The tests of a shipped mapping, in a project of their own."""
    file = tmp_path / "mappings" / "xporter" / "tests" / "medical_condition.yaml"
    file.parent.mkdir(parents=True)
    shipped = ROOT / "mappings" / "xporter" / "tests" / "medical_condition.yaml"
    file.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    return file


def tried(folder: Path, *arguments: str) -> Ended:
    return call_here("test", "--project", str(folder), *arguments, environ={})


def test_tests_that_pass(file: Path, tmp_path: Path) -> None:
    ended = call("test", str(tmp_path), "--junit", str(tmp_path / "out" / "junit.xml")).well()
    assert ended.err == ""
    assert re.search(r"^xporter/medical_condition +4 +0 +3 of 3 +7 of 7$", ended.out, re.MULTILINE)
    assert re.search(r"^4 tests, 4 passed, in \d+\.\d s$", ended.out, re.MULTILINE)
    (suite,) = parse(tmp_path / "out" / "junit.xml").getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("xporter/medical_condition", "4", "0")
    assert next(case.get("name") for case in suite) == NAME
    assert [list(case) for case in suite] == [[], [], [], []]


def test_a_test_that_fails_says_where_and_writes_what_came(file: Path, tmp_path: Path) -> None:
    right = file.read_text(encoding="utf-8")
    assert right.count("name: Asthma}") == 1
    wrong = right.replace("name: Asthma}", "name: Astma} # the doctor's word")
    file.write_text(wrong, encoding="utf-8")
    line = 1 + next(number for number, text in enumerate(wrong.splitlines()) if "Astma" in text)
    junit = tmp_path / "junit.xml"
    ended = tried(tmp_path, "--junit", str(junit))
    assert ended.code == 1
    said = (
        rf"medical_condition\.yaml:{line}:\d+: error: test '{NAME}': name of '1' is 'Asthma', and 'Astma' is expected"
    )
    assert re.search(said + r" \[cell-differs\]$", ended.err, re.MULTILINE)
    assert re.search(r"^  why: \S+medical_condition\.yaml:\d+:3 makes it: name: \{first_of: ", ended.err, re.MULTILINE)
    assert "4 tests, 1 failed, 3 passed, in " in ended.out
    (failure,) = parse(junit).getroot().iter("failure")
    assert failure.get("type") == "cell-differs"
    assert re.search(said, failure.text or "")

    ended = tried(tmp_path, "--only", "by its own name", "--format", "json")
    (test,) = json.loads(ended.out)["tests"]
    assert (test["test"], [problem["code"] for problem in test["problems"]]) == (NAME, ["cell-differs"])

    ended = tried(tmp_path, "--update")
    assert (ended.code, "rows written, for review" in ended.out) == (1, True)
    marked = "name: Asthma} # the doctor's word  # review: written by haplomap test --update"
    assert file.read_text(encoding="utf-8") == right.replace("name: Asthma}", marked)
    ended = tried(tmp_path).well()
    assert f"medical_condition.yaml:{line}:1: note: what was written here is still to be reviewed" in ended.out


def test_what_no_test_reaches_is_told(file: Path, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("  - test: students whom")], encoding="utf-8")
    ended = tried(tmp_path).well()
    left = re.findall(r"medical_condition\.yaml:\d+:\d+: note: (.*) \[not-reached\]$", ended.out, re.MULTILINE)
    assert left == [
        "no test has a record that is quarantined for source_id, student, name",
        "the rule 'student-known' leaves out no record of any test",
        "the rule 'year-group' leaves out no record of any test",
    ]
    facts = json.loads(tried(tmp_path, "--format", "json").well().out)
    assert len(facts["left"]["xporter/medical_condition"]) == 5


def test_without_tests_or_with_wrong_documents_nothing_is_tried(file: Path, tmp_path: Path) -> None:
    ended = tried(tmp_path, "--only", "nothing like it")
    assert (ended.code, ended.codes) == (2, ["not-found"])
    file.write_text(file.read_text(encoding="utf-8").replace("known:", "knwon:"), encoding="utf-8")
    ended = tried(tmp_path)
    assert ended.code == 2
    assert "fix: did you mean 'known'?" in ended.err
