"""Names and values in tests of mappings are checked before anything is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.spec import project as project_module
from engine.spec.check import check
from engine.spec.project import open_project

GOLDEN = Path(__file__).parents[2] / "golden" / "project"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project_module, "shipped", lambda: GOLDEN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings" / "acme" / "tests").mkdir(parents=True)
    return tmp_path


def problems(folder: Path, text: str) -> list[str]:
    """Return code, place and fix of each problem."""
    (folder / "mappings" / "acme" / "tests" / "thing.yaml").write_text(text)
    found = check(open_project(Path(), tests=True))
    assert all(each.place and each.place.file == Path("mappings/acme/tests/thing.yaml") for each in found)
    return [f"{each.place.line}:{each.place.column} {each.code} {each.fix}".rstrip() for each in found if each.place]


def test_all_that_is_wrong_is_told_in_one_pass(folder: Path) -> None:
    text = """\
tests_of: acme/thing
given: {thing: []}
settings: {things: {color: [red]}}
tests:
  - test: names
    given:
      things: [{Id: 1, Nam: Ball}]
      links: |
        Id, Ownr
        1,  2
    absent: {link: [], things: [Color]}
    settings: {things: {strict: maybe, colours: []}}
    time_zone: Europe/Londn
    known: {thin: [1]}
    sent:
      current: [{name: Ball}]
      gone: [{source_id: 1, nam: Ball}]
      known_by: {tag: {A: 1}}
    expect:
      rows: |
        source_id, born
        1,         yesterday
      absent: [colour, color]
      withheld: [{record: 1, field: nam}]
  - test: values
    given: {things: [{Id: [1], Tags: [a, b], Name: {a: b}}]}
    expect:
      rows: none.csv
"""
    assert problems(folder, text) == [
        "2:9 unknown-set did you mean 'things'?",
        "3:21 unknown-setting did you mean 'things.colours' or 'things.strict'?",
        "7:24 unknown-field did you mean 'Name'?",
        "10:9 unknown-field did you mean 'Owner'?",
        "11:14 unknown-set did you mean 'links'?",
        "11:33 unknown-field did you mean 'Colour'?",
        "12:33 wrong-type",
        "12:49 empty-list write null to switch the rule off",
        "13:16 unknown-time-zone write one such as Europe/London",
        "14:13 unknown-entity did you mean 'thing'?",
        "16:17 missing-key add source_id:",
        "17:29 unknown-target did you mean 'name'?",
        "18:18 unknown-field",
        "22:9 wrong-type",
        "23:24 unknown-target did you mean 'colour'?",
        "24:37 unknown-target did you mean 'name'?",
        "26:27 wrong-type",
        "26:52 wrong-type",
        "28:13 file-missing",
    ]


def test_a_mapping_that_is_not_there_is_told(folder: Path) -> None:
    assert problems(folder, "tests_of: acme/thin\ntests: [{test: it}]\n") == [
        "1:11 unknown-mapping did you mean 'acme/thing'?"
    ]


def test_unknown_words_are_told_with_what_is_like_them(folder: Path) -> None:
    text = "tests_of: acme/thing\ntests:\n  - test: it\n    givn: {}\n    expect: {row: []}\n"
    assert problems(folder, text) == ["4:5 unknown-key did you mean 'given'?", "5:14 unknown-key did you mean 'rows'?"]


def test_tests_are_read_only_where_they_are_asked_for(folder: Path) -> None:
    (folder / "mappings" / "acme" / "tests" / "thing.yaml").write_text("tests_of: [\n")
    assert check(open_project(Path())) == []
    assert [each.code for each in check(open_project(Path(), tests=True))] == ["yaml-syntax"]
