"""What is so at one moment only: which entities are made of it, and what a run without them, or of them, means."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.journal import Journal
from engine.run.folder import new_run, school_folder, unfinished
from engine.run.guarding import tripped
from engine.run.plan import make_plan
from engine.run.report import EntityReport, Report
from engine.spec.asking import is_momentary, is_partial
from engine.spec.project import open_project, shipped
from engine.spec.school import School
from engine.stages.compare import Compared

EXAMPLE = shipped() / "examples" / "isams"
PROJECT = open_project(EXAMPLE)
PEOPLE = ["school", "student", "guardian", "staff", "group", "group_membership", "medical_condition"]


@pytest.mark.parametrize(
    ("endpoint", "momentary"), [("registration_periods", True), ("register_marks", True), ("rest_set_lists", False)]
)
def test_what_is_asked_for_each_momentary_record_is_momentary_too(endpoint: str, momentary: bool) -> None:
    source = PROJECT.source("isams")
    assert is_momentary(source, source.endpoints[endpoint]) is momentary


@pytest.mark.parametrize(
    ("source", "endpoint", "partial"),
    [
        ("isams", "register_marks", True),
        ("isams", "rest_set_lists", False),
        ("xporter", "attendance_for_date_range", True),
        ("xporter", "assessment_results", False),
    ],
)
def test_what_is_read_by_days_is_never_whole_either(source: str, endpoint: str, partial: bool) -> None:
    document = PROJECT.source(source)
    assert is_partial(document, document.endpoints[endpoint]) is partial


@pytest.mark.parametrize(
    ("only", "whole"),
    [
        ([], True),
        (PEOPLE, True),
        ([*PEOPLE, "attendance_mark"], True),
        (PEOPLE[1:], False),
        (["attendance_mark"], False),
    ],
)
def test_a_run_without_what_is_momentary_is_whole(only: list[str], whole: bool) -> None:
    plan = make_plan(PROJECT, "brook-hall", only)
    assert plan.whole is whole
    assert plan.momentary == {"attendance_mark"}


@pytest.mark.parametrize(
    ("hours", "momentary", "goes_on"), [(0.9, True, True), (1, True, False), (1, False, True), (12, False, False)]
)
def test_a_run_of_what_is_momentary_is_not_gone_on_with_for_long(
    hours: float, momentary: bool, goes_on: bool, tmp_path: Path
) -> None:
    morning = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    home = school_folder(tmp_path, "a-school")
    begun = new_run(home, morning)
    with Journal(begun / "journal.jsonl") as journal:
        journal.record("run", signature="as it is", began=morning.isoformat())
    found = unfinished(home, "as it is", morning + timedelta(hours=hours), momentary=momentary)
    assert found == (begun if goes_on else None)


@pytest.mark.parametrize(("least", "stopped"), [("1%", False), (3, True), (None, False)])
def test_how_many_rows_of_today_there_are_is_no_share_of_all(least: str | int | None, stopped: bool) -> None:
    content = {"school": "a", "source": "b", "entities": ["mark"], "guards": {"min_rows": least}}
    report = Report("a", "night", "2026-03-07", "live", entities=[EntityReport("mark", emitted=2)])
    compared = [Compared("mark", rows=2, before=1000, new=2, kept=1000)]
    school = School.model_validate(content)
    assert bool(tripped(school, compared, report, {}, {"mark"})) is stopped
    assert bool(tripped(school, compared, report, {})) is (least is not None)


def test_a_run_without_what_is_switched_off_is_whole(tmp_path: Path) -> None:
    for part in ("schools", "applications"):
        shutil.copytree(EXAMPLE / part, tmp_path / part)
    file = tmp_path / "schools" / "brook-hall.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("medical: {send: true}", "medical: {send: false}"))
    plan = make_plan(open_project(tmp_path), "brook-hall", PEOPLE[:-1])
    assert plan.whole
    assert plan.off == {"medical_condition": "medical.send"}
