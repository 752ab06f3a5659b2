"""What a report says of a run as a whole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from engine.cli.run_text import run_text
from engine.cli.show import age_text
from engine.cli.summary import summary
from engine.run.report import Report, SetReport
from engine.state import RunRecord

OLDEST = {"data_time": "2026-09-01T23:30:00+02:00", "age_hours": 5.5, "set": "cats"}
TOLD = "2026-09-01 21:30 UTC, 5.5 hours old when they were read (cats)"


def a_report(*sets: tuple[str, str | None, float | None]) -> Report:
    found = [SetReport(name, 1, data_time=time, age_hours=age) for name, time, age in sets]
    return Report("hill", "1", "2026-09-02", "none", sets=found)


def test_the_oldest_data_are_told_by_the_moment_and_not_by_the_text() -> None:
    report = a_report(
        ("dogs", "2026-09-01T22:00:00+00:00", 5.0), ("cats", "2026-09-01T23:30:00+02:00", 5.5), ("fish", None, None)
    )
    assert report.data_age() == OLDEST
    assert f"the source's oldest data: {TOLD}" in summary(report).splitlines()


def test_a_source_that_says_nothing_of_its_age_is_not_spoken_for() -> None:
    report = a_report(("fish", None, None))
    assert (report.data_age(), age_text({})) == ({}, "")
    assert "oldest data" not in summary(report)


def test_a_run_that_was_tells_how_old_its_data_were(tmp_path: Path) -> None:
    now = datetime(2026, 9, 2, 3, tzinfo=UTC)
    facts = ("1", "hill", "", date(2026, 9, 2), "none", now, now, "complete", "h", 1)
    told = {
        line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in run_lines(facts, {"data": OLDEST}, tmp_path)
    }
    assert told["data"] == TOLD
    before = run_lines(facts, {}, tmp_path)  # a record of the time before this was remembered
    assert "data      –" in before


def run_lines(facts: tuple[object, ...], known: dict[str, object], project: Path) -> list[str]:
    return run_text(RunRecord(*facts, known), project).splitlines()  # type: ignore[arg-type]
