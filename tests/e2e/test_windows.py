"""Endpoints that are read by windows of dates, night after night, of a source whose records have days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_documents

from engine.clock import Clock
from engine.errors import AnswerUnreadable, DocumentError, EngineError
from engine.journal import Journal
from engine.run.folder import new_run, school_folder
from engine.run.history import open_state
from engine.run.outlook import outlook
from engine.run.plan import make_plan
from engine.run.reading import Reading
from engine.run.records import extract_sets
from engine.run.report import Report
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.spec.project import open_project
from engine.stages.transform import SetRead
from engine.state import Mirror

pytestmark = pytest.mark.e2e

BEGAN = datetime(2026, 3, 4, 3, tzinfo=UTC)  # a Wednesday
PAGE = 2
WEEKS = [("2026-02-19", "2026-02-22"), ("2026-02-23", "2026-03-01"), ("2026-03-02", "2026-03-04")]


class DaySimulator(Simulator):
    """Marks of days, asked for by two dates, in pages of two."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: dict[str, tuple[str, str]] = {}
        self.notes: dict[str, str] = {}
        self.heedless = False
        self.fields = ("Id", "On", "Mark")

    def routes(self) -> list[Route]:
        return [("GET", "/marks", self._marks)]

    def _marks(self, request: Request) -> Answer:
        first, last, page = (request.parameter(name) or "" for name in ("from", "to", "page"))
        found = [
            dict(zip(("Id", "On", "Mark"), (key, *mark), strict=True))
            for key, mark in self.marks.items()
            if self.heedless or first <= mark[0] <= last
        ]
        start = PAGE * (int(page) - 1)
        pages = max(-(-len(found) // PAGE), 1)
        page_of = found[start : start + PAGE]
        keys = {each["Id"] for each in page_of}
        notes = [{"Id": key, "MarkId": mark} for key, mark in self.notes.items() if mark in keys or mark == "nobody"]
        shown = [{name: each[name] for name in self.fields} for each in page_of]
        return json_answer({"marks": shown, "notes": notes, "pages": pages, "total": len(found)})


SOURCE: dict[str, Any] = {
    "source": "days",
    "config": {"base_url": {"type": "url"}},
    "apis": {
        "main": {
            "base_url": "{{ config.base_url }}",
            "auth": {"kind": "none"},
            "retry": {"attempts": 1},
            "changes": {"kind": "token", "param": "changed", "next": "$.next"},
            "pages": {
                "kind": "number",
                "param": "page",
                "size": {"param": "size", "value": PAGE},
                "last": {"at": "$.pages"},
                "total": "$.total",
            },
        }
    },
    "endpoints": {
        "marks": {
            "get": "marks",
            "windows": {
                "from": "from",
                "to": "to",
                "by": "week",
                "last": "7d",
                "field": "day",
                "since": "{{ settings.marks.since }}",
            },
            "sets": {
                "marks": {
                    "records": "$.marks",
                    "key": "Id",
                    "fields": {"Id": {}, "day": {"at": "On", "type": "date"}, "Mark": {}},
                },
                "notes": {
                    "records": "$.notes",
                    "key": "Id",
                    "counted": False,
                    "fields": {"Id": {}, "MarkId": {"link": ["marks.Id"]}},
                },
            },
        }
    },
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "mappings/days/source.yaml": SOURCE,
    "mappings/days/mark.yaml": {
        "mapping": "mark",
        "source": "days",
        "from": "marks",
        "fields": {"source_id": "Id", "mark": "Mark"},
    },
    "mappings/days/note.yaml": {
        "mapping": "note",
        "source": "days",
        "from": "notes",
        "fields": {"source_id": "Id"},
    },
    "schemas/note.yaml": {"schema": "note", "key": "source_id", "fields": {"source_id": {}}},
    "schemas/mark.yaml": {"schema": "mark", "key": "source_id", "fields": {"source_id": {}, "mark": {}}},
    "schemas/marks.yaml": {
        "settings": "marks",
        "groups": {"marks": {"since": {"type": "text", "description": "the first day of the school year"}}},
    },
}
SCHOOL = "brook"


@dataclass
class Night(Clock):
    """A project that is read night after night."""

    folder: Path
    source: DaySimulator
    time: datetime = BEGAN
    notes: list[str] = field(default_factory=list)
    linked: SetRead | None = None

    def now(self) -> datetime:
        return self.time

    def put(self, entities: tuple[str, ...] = ("mark",), **settings: str) -> None:
        school = {
            "school": SCHOOL,
            "source": "days",
            "time_zone": "Europe/London",
            "prefix": SCHOOL,
            "config": {"base_url": self.source.url},
            "entities": list(entities),
            "settings": {"marks": settings},
        }
        small_documents.write(self.folder, {**DOCUMENTS, f"schools/{SCHOOL}.yaml": school})

    def read(self, folder: Path | None = None, *, bare: bool = False, **how: Any) -> SetRead:
        """Read a night; a folder is gone on with."""
        folder = folder or new_run(school_folder(self.folder, SCHOOL), self.now())
        plan = make_plan(open_project(self.folder), SCHOOL)
        report = Report(SCHOOL, folder.name, "", "none")
        config = {"base_url": self.source.url}
        with open_state(self.folder) as state, Journal(folder / "journal.jsonl") as journal:
            kept = None if bare else state
            sets = Reading(plan, folder, journal, self, lambda event: None, report, kept, **how).read(config)
        self.notes = report.notes
        assert report.sets[0].complete is False
        self.linked = sets.get("notes")
        return sets["marks"]

    def marks(self, **how: Any) -> set[tuple[str, str, str]]:
        """Read a night, and return the marks that are held then."""
        frame = pl.read_parquet(self.read(**how).file)
        assert frame.select("_page", "_row").n_unique() == len(frame)
        return set(frame.select("Id", "day", "Mark").rows())

    def asked(self) -> list[tuple[str, str]]:
        """The windows of the requests since this was last looked at, each page once."""
        found = [(each.query["from"], each.query["to"]) for each in self.source.requests]
        self.source.requests.clear()
        return found

    def mirror(self) -> Mirror:
        with open_state(self.folder) as state:
            return state.mirrors(SCHOOL)["marks"]

    def outlook(self) -> str:
        plan = make_plan(open_project(self.folder), SCHOOL)
        return str(outlook(open_project(self.folder), plan, self).ways["marks"])


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    with DaySimulator() as source:
        found = Night(tmp_path, source)
        found.put(since="2026-02-19")
        source.marks = {
            "1": ("2026-02-18", "/"),  # before the first day
            "2": ("2026-02-19", "/"),
            "3": ("2026-02-24", "/"),
            "4": ("2026-02-25", "/"),
            "5": ("2026-03-01", "/"),
            "6": ("2026-03-03", "/"),
        }
        yield found


def all_of(night: Night, *, without: str = "") -> set[tuple[str, str, str]]:
    return {(key, *mark) for key, mark in night.source.marks.items() if key not in without}


def test_the_first_night_reads_from_the_first_day_on_and_others_the_last_windows(night: Night) -> None:
    assert night.outlook() == "in full, 3 windows from 2026-02-19 to 2026-03-04: nothing was read before"
    assert night.marks() == all_of(night, without="1")
    assert night.asked() == [WEEKS[0], WEEKS[1], WEEKS[1], WEEKS[2]], "the second week has three marks, so two pages"
    assert (night.mirror().token, night.mirror().kind) == ("2026-02-19/2026-03-04", "full")
    night.time += timedelta(days=1)
    night.source.marks |= {"3": ("2026-02-24", "N"), "7": ("2026-03-05", "L"), "8": ("2026-02-20", "late")}
    del night.source.marks["5"]
    assert night.outlook() == "in part, 2 windows from 2026-02-23 to 2026-03-05"
    assert night.marks() == all_of(night, without="18"), "what came late is of a week that is not read again"
    assert night.asked() == [WEEKS[1], ("2026-03-02", "2026-03-05")]
    assert (night.mirror().token, night.mirror().kind) == ("2026-02-19/2026-03-05", "window")
    assert night.marks(full=True) == all_of(night, without="1"), "and is found by a read in full"
    assert night.notes == ["marks: read in full: everything was asked for (--full)"]


def test_a_record_that_moves_to_another_window_is_there_once(night: Night) -> None:
    night.marks()
    night.source.marks["2"] = ("2026-03-04", "moved")
    assert night.marks() == all_of(night, without="1")


def test_after_a_gap_the_days_that_were_missed_are_read_too(night: Night) -> None:
    night.marks()
    night.asked()
    night.time += timedelta(days=14)
    assert night.marks() == all_of(night, without="1")
    assert night.asked()[0] == WEEKS[1], "a week before the last read, and not before tonight"
    assert night.mirror().token == "2026-02-19/2026-03-18"


def test_what_was_answered_is_not_asked_again(night: Night) -> None:
    night.source.faults.replace(
        [{"match": {"path": "/marks", "query": {"from": "2026-03-02"}}, "times": 1, "do": {"status": 500}}]
    )
    folder = new_run(school_folder(night.folder, SCHOOL), night.now())
    with pytest.raises(EngineError):
        night.read(folder)
    assert len(night.asked()) == 4
    night.time += timedelta(hours=30)
    night.read(folder)
    assert night.asked() == [WEEKS[2]], "the windows are those that the run began with"
    assert night.mirror().token == "2026-02-19/2026-03-04"


def test_a_record_of_another_day_than_asked_for_stops_the_run(night: Night) -> None:
    night.marks()
    before = night.mirror()
    night.source.heedless = True
    with pytest.raises(AnswerUnreadable) as caught:
        night.marks()
    assert caught.value.code == "outside-window"
    told = "of the records of 'marks', 8 of another day than those that were asked for"  # 3 of 6, then 5 of 6
    assert caught.value.what == f"endpoint 'marks': {told}"
    night.source.heedless, night.source.marks = False, {"9": ("2026-03-03x", "/")}
    with pytest.raises(AnswerUnreadable, match="1 without a day that can be read"):
        night.marks()
    assert night.mirror() == before


def test_records_without_a_day_belong_to_that_of_the_record_they_link_to(night: Night) -> None:
    """Of the notes alone something is asked: the marks come along, as they have the days."""

    def notes(**how: Any) -> set[tuple[str, str]]:
        night.read(**how)
        assert night.linked is not None
        return set(pl.read_parquet(night.linked.file).select("Id", "MarkId").rows())

    night.put(("note",), since="2026-02-19")
    night.source.notes = {"a": "2", "b": "3", "c": "3", "d": "6"}
    assert notes() == {("a", "2"), ("b", "3"), ("c", "3"), ("d", "6")}
    night.time += timedelta(days=1)
    night.source.notes = {"b": "3", "e": "4", "f": "6"}
    assert notes() == {("a", "2"), ("b", "3"), ("e", "4"), ("f", "6")}, "a is of a week that is not read again"
    del night.source.marks["3"]
    night.source.notes = {"e": "4"}
    assert notes() == {("a", "2"), ("e", "4")}
    night.source.notes = {"g": "nobody"}
    with pytest.raises(AnswerUnreadable, match="2 without a record of 'marks' that has a day"):  # in each of two weeks
        notes()


def test_nothing_is_dropped_by_its_age(night: Night) -> None:
    night.put(since="13d")
    assert night.marks() == all_of(night, without="1")
    night.time += timedelta(days=7)
    del night.source.marks["2"], night.source.marks["4"]
    held = night.marks(full=True)
    assert ("2", "2026-02-19", "/") in held, "before the first day of tonight's read in full, 26 February"
    assert ("4", "2026-02-25", "/") in held
    night.source.fields = ("Id", "On")
    night.asked()
    assert {each[0] for each in night.marks()} == {"3", "5", "6"}, "another shape: nothing of before can stay"
    assert [first for first, _ in night.asked()] == ["2026-03-02", "2026-03-09", "2026-02-19", "2026-02-23"]


def test_an_earlier_first_day_is_read_at_once(night: Night) -> None:
    night.marks()
    night.put(since="2026-02-16")
    assert night.outlook().endswith("to 2026-03-04: what is before 2026-02-19 was not read yet")
    assert night.marks() == all_of(night)
    assert night.mirror().token == "2026-02-16/2026-03-04"


def test_a_first_day_to_come_asks_for_nothing_and_takes_nothing(night: Night) -> None:
    night.marks()
    night.asked()
    night.put(since="2026-09-01")
    assert night.marks() == all_of(night, without="1")
    assert night.asked() == []
    assert night.notes == ["marks: nothing was asked for: its first day is yet to come"]


def test_without_a_state_all_windows_are_read_and_today_is_the_runs(night: Night) -> None:
    assert night.marks(bare=True, today=date(2026, 2, 24)) == {("2", "2026-02-19", "/"), ("3", "2026-02-24", "/")}
    extract_sets(open_project(night.folder), SCHOOL, ["marks"], night.folder / "out", {}, lambda event: None, night)
    assert set(pl.read_parquet(night.folder / "out" / "marks.parquet")["Id"]) == {"2", "3", "4", "5", "6"}


@pytest.mark.parametrize(("since", "code"), [({"since": "soon"}, "bad-value"), ({}, "bad-template")])
def test_a_setting_that_is_no_first_day_is_a_problem(night: Night, since: dict[str, str], code: str) -> None:
    night.put(**since)
    with pytest.raises(DocumentError) as caught:
        night.outlook()
    assert [problem.code for problem in caught.value.problems] == [code]


def test_the_journal_says_which_windows_were_read(night: Night) -> None:
    folder = new_run(school_folder(night.folder, SCHOOL), night.now())
    night.read(folder)
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines if line["key"].startswith("answer:")] == [
        "answer:marks:2026-02-19..2026-02-22:1",
        "answer:marks:2026-02-23..2026-03-01:1",
        "answer:marks:2026-02-23..2026-03-01:2",
        "answer:marks:2026-03-02..2026-03-04:1",
    ]
