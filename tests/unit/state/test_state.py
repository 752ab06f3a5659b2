"""What a project remembers comes back as it was put, in whole steps, and damage is never a beginning."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from engine.errors import StorageError
from engine.state import Consented, Mirror, RunRecord, Sent, State
from engine.state.database import NEWEST, migrate
from engine.state.table import META, STEPS

NOON = datetime(2026, 9, 1, 12, 0, 0, 123456, UTC)
MIRROR = Mirror(
    "things",
    "mirror/things/000001.parquet",
    7,
    "sig",
    "token-1",
    "full",
    NOON,
    None,
    NOON,
    ("a", "b"),
    "20260901-120000",
)
SENT = Sent(
    "thing",
    "sent/thing/r.parquet",
    7,
    "r",
    "b1",
    "https://h.example",
    "p",
    "c",
    "m",
    "q",
    NOON,
    NOON - timedelta(days=3),
)
CONSENT = Consented("main", ("School", "Student"), {"thing": ["Staff"]}, NOON, "r")
RUN = RunRecord(
    "20260901-120000", "hill", "20260901-120000", date(2026, 9, 1), "live", NOON, None, "running", "h", 7, {}
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".haplomap" / "state.sqlite"


def test_what_was_put_comes_back(file: Path) -> None:
    with State.open(file) as state:
        state.put_mirrors("hill", [MIRROR, replace(MIRROR, set_name="others", token=None, data_time=NOON)])
        state.put_sent("hill", SENT)
    with State.open(str(file)) as state:
        assert state.mirrors("hill") == {
            "things": MIRROR,
            "others": replace(MIRROR, set_name="others", token=None, data_time=NOON),
        }
        assert state.sent("hill") == {"thing": SENT}
        assert (state.mirrors("dale"), state.sent("dale")) == ({}, {})


def test_times_are_utc_whatever_zone_they_came_in(file: Path) -> None:
    summer = datetime(2026, 9, 1, 13, 0, 0, 123456, timezone(timedelta(hours=1)))
    with State.open(file) as state:
        state.put_sent("hill", replace(SENT, sent_at=summer))
        found = state.sent("hill")["thing"].sent_at
    assert (found, found.tzinfo) == (NOON, UTC)


def test_a_mirror_takes_the_place_of_the_one_of_its_set(file: Path) -> None:
    with State.open(file) as state:
        state.put_mirrors("hill", [MIRROR, replace(MIRROR, set_name="others")])
        state.put_mirrors("hill", [replace(MIRROR, token="token-2", kind="changes")])
        assert {name: each.token for name, each in state.mirrors("hill").items()} == {
            "things": "token-2",
            "others": "token-1",
        }


def test_mirrors_are_put_all_or_none(file: Path) -> None:
    with State.open(file) as state:
        state.put_mirrors("hill", [MIRROR])
        bad = replace(MIRROR, set_name="others", read_at=datetime(2026, 9, 1))  # no zone
        with pytest.raises((StatementError, AssertionError)):
            state.put_mirrors("hill", [replace(MIRROR, token="token-2"), bad])
        assert state.mirrors("hill") == {"things": MIRROR}


def test_runs_come_the_newest_first(file: Path) -> None:
    with State.open(file) as state:
        for hour in range(3):
            began = NOON + timedelta(hours=hour)
            state.begin_run(replace(RUN, run=f"r{hour}", began=began, school="dale" if hour == 1 else "hill"))
        state.end_run("hill", "r2", NOON + timedelta(hours=3), "complete", {"rows": {"thing": 7}})
        assert [run.run for run in state.runs()] == ["r2", "r1", "r0"]
        assert [run.run for run in state.runs("hill")] == ["r2", "r0"]
        assert [run.run for run in state.runs(limit=1)] == ["r2"]
        assert [run.school for run in state.run("r1")] == ["dale"]
        assert sorted(state.schools()) == ["dale", "hill"]
        [latest] = state.runs("hill", 1)
    assert (latest.ended, latest.outcome, latest.summary) == (
        NOON + timedelta(hours=3),
        "complete",
        {"rows": {"thing": 7}},
    )


def test_a_run_that_goes_on_is_one_run(file: Path) -> None:
    with State.open(file) as state:
        state.begin_run(RUN)
        state.begin_run(replace(RUN, pid=8))
        assert [run.pid for run in state.runs()] == [8]


def test_a_school_is_forgotten_and_no_other(file: Path) -> None:
    with State.open(file) as state:
        for school in ("hill", "dale"):
            state.put_mirrors(school, [MIRROR, replace(MIRROR, set_name="others")])
            state.put_sent(school, SENT)
            state.put_consents(school, [CONSENT])
            state.begin_run(replace(RUN, school=school))
        assert state.forget("hill") == {"mirrors": 2, "sent": 1, "consents": 1, "runs": 1}
        assert (state.mirrors("hill"), state.sent("hill"), state.runs("hill")) == ({}, {}, [])
        assert (state.consents("hill"), state.consents("dale")) == ({}, {"main": CONSENT})
        assert (len(state.mirrors("dale")), len(state.sent("dale")), len(state.runs("dale"))) == (2, 1, 1)
        assert state.forget("hill") == {"mirrors": 0, "sent": 0, "consents": 0, "runs": 0}


def test_the_file_is_private_and_nothing_else_is_left_beside_it(file: Path) -> None:
    with State.open(file) as state:
        state.put_sent("hill", SENT)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {path.name for path in file.parent.iterdir()} <= {
        "state.sqlite",
        "state.sqlite-wal",
        "state.sqlite-shm",
    }
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def shape(file: Path) -> dict[str, list[tuple[str, bool]]]:
    """Return the columns of a database's tables, and whether each may be null."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    found = inspect(engine)
    return {
        name: [(column["name"], column["nullable"]) for column in found.get_columns(name)]
        for name in found.get_table_names()
    }


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_every_older_version_becomes_the_newest(file: Path, version: int) -> None:
    file.parent.mkdir()
    old = sqlite3.connect(file)
    old.execute("CREATE TABLE haplomap_version (number INTEGER NOT NULL)")
    old.execute("INSERT INTO haplomap_version VALUES (?)", [version])
    for step in STEPS[:version]:
        for statement in step:
            old.execute(statement)
    when = "2026-09-01 12:00:00.123456"
    row = (
        "hill",
        "thing",
        SENT.file,
        7,
        "r",
        "b1",
        SENT.receiver,
        "p",
        "c",
        "m",
        "q",
        when,
        "2026-08-29 12:00:00.123456",
    )
    old.execute(f"INSERT INTO haplomap_sent VALUES ({', '.join('?' * len(row))})", row)
    old.commit()
    old.close()
    with State.open(file) as state:
        assert state.sent("hill") == {"thing": SENT}
        assert state.holder("hill") is None
    assert shape(file) == {
        name: [(column.name, bool(column.nullable)) for column in table.columns] for name, table in META.tables.items()
    }


def test_the_steps_are_taken_together_or_not_at_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with State.open(file) as state:
        state.put_sent("hill", SENT)
    before = shape(file)
    more = ("CREATE TABLE haplomap_new (a TEXT)", "CREATE NONSENSE")
    monkeypatch.setattr("engine.state.database.STEPS", (*STEPS, more))
    monkeypatch.setattr("engine.state.database.NEWEST", NEWEST + 1)
    with pytest.raises(StorageError):
        State.open(file)
    monkeypatch.undo()
    assert shape(file) == before
    with State.open(file) as state:
        assert state.sent("hill") == {"thing": SENT}


def test_the_tables_can_be_made_in_postgresql() -> None:
    dialect = postgresql.dialect()
    for table in META.sorted_tables:
        said = str(CreateTable(table).compile(dialect=dialect))
        assert f"CREATE TABLE {table.name}" in said
        if "seen" in table.c or "began" in table.c:
            assert "TIMESTAMP WITH TIME ZONE" in said


def damaged(file: Path, how: str) -> None:
    """Damage a state that holds something."""
    data = file.read_bytes()
    if how == "empty":
        file.write_bytes(b"")
    elif how == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif how == "other":
        file.write_bytes(b"this is no database, and nobody made it one" * 100)
    elif how == "pages":
        file.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
    else:
        connection = sqlite3.connect(file)
        for statement in {
            "no version": ["DELETE FROM haplomap_version"],
            "no table": ["DROP TABLE haplomap_sent"],
            "not ours": [f"DROP TABLE {name}" for name in META.tables],
            "value": ["UPDATE haplomap_sent SET sent_at = 'yesterday'"],
        }[how]:
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.mark.parametrize("how", ["empty", "cut", "other", "pages", "no version", "no table", "not ours", "value"])
def test_a_damaged_state_is_an_error_and_stays_as_it_is(file: Path, how: str) -> None:
    with State.open(file) as state:
        state.put_sent("hill", SENT)
    damaged(file, how)
    before = file.read_bytes()
    with pytest.raises(StorageError) as caught, State.open(file) as state:
        state.sent("hill")
    assert caught.value.code == "state-damaged"
    assert str(file) in caught.value.what
    assert "yesterday" not in caught.value.what + caught.value.why
    if how in ("empty", "cut", "other"):
        assert file.read_bytes() == before


def test_a_newer_state_is_an_error_that_names_both_versions(file: Path) -> None:
    State.open(file).close()
    connection = sqlite3.connect(file)
    connection.execute("UPDATE haplomap_version SET number = ?", [NEWEST + 1])
    connection.commit()
    connection.close()
    with pytest.raises(StorageError) as caught:
        State.open(file)
    assert caught.value.code == "state-newer"
    assert f"version {NEWEST + 1}, and this haplomap knows {NEWEST}" in caught.value.why


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        State.open(tmp_path / "file" / "state.sqlite")
    assert (caught.value.code, "cannot be written" in caught.value.what) == ("storage", True)


def write_much(state: State, pages: int) -> None:
    """Write more than fits into a database that may have so many pages."""
    with state._database.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.exec_driver_sql("CREATE TABLE big (a TEXT)")
        connection.exec_driver_sql("INSERT INTO big VALUES (?)", ("x" * 1_000_000,))


def test_a_full_disk_is_told_and_nothing_is_half_put(file: Path) -> None:
    with State.open(file) as state:
        state.put_sent("hill", SENT)
        connection = sqlite3.connect(file)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.close()
        with pytest.raises(StorageError) as caught:
            write_much(state, pages)
        assert state.sent("hill") == {"thing": SENT}
    assert caught.value.what == f"{file}: the disk is full"
    assert "big" not in shape(file)


def test_a_database_at_a_url_is_begun_where_there_is_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'many.sqlite'}"
    with State.open(url) as state:
        state.put_sent("hill", SENT)
    with State.open(url) as state:
        assert state.sent("hill") == {"thing": SENT}
    assert set(shape(tmp_path / "many.sqlite")) == set(META.tables)


@pytest.mark.parametrize("url", ["nonsense://user:hunter2@host/db", "://"])
def test_a_url_that_is_none_is_told_without_what_it_holds(url: str) -> None:
    with pytest.raises(StorageError) as caught:
        State.open(url)
    assert "hunter2" not in caught.value.what + caught.value.why


def test_migrating_nothing_new_changes_nothing(file: Path) -> None:
    with State.open(file) as state, state._database.writing() as connection:
        migrate(connection, NEWEST)
    assert set(shape(file)) == set(META.tables)


def take_turns(file: Path) -> list[float]:
    """Take forty turns of a bucket, as one of several processes."""
    with State.open(file) as state:
        return [state.budget.take("b", 5.0, 1000.0) for _ in range(40)]


def test_processes_that_share_a_bucket_never_get_the_same_turn(file: Path) -> None:
    with State.open(file) as state:
        assert state.budget.full_at("b") == 0
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        turns = sorted(turn for found in pool.map(take_turns, [file] * 3) for turn in found)
    assert turns == [1000.0 + 5 * number for number in range(1, 121)]


def test_a_bucket_is_put_off_and_never_brought_forward(file: Path) -> None:
    with State.open(file) as state:
        state.budget.put_off("b", 50.0)
        state.budget.put_off("b", 20.0)
        assert state.budget.full_at("b") == 50.0
        assert state.budget.take("b", 5.0, 10.0) == 55.0
        assert state.budget.take("c", 5.0, 10.0) == 15.0
