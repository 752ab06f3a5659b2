"""Run folders go after their time; what is still needed stays; a school that is purged leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import Clock
from engine.journal import Journal
from engine.run.expiry import expire, expire_records, purge
from engine.run.folder import locked, school_folder
from engine.run.history import open_state, past_runs
from engine.spec.project import NotFoundError
from engine.state import Mirror, RunRecord, SchoolBusyError, Sent
from engine.state.lock import this_host

NOW = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)
KEEP = timedelta(days=14)


def a_run(home: Path, days: int, *, ended: bool = True) -> str:
    """Make the folder of a run that began so many days ago; return its name."""
    began = NOW - timedelta(days=days)
    folder = home / began.strftime("%Y%m%d-%H%M%S")
    (folder / "answers").mkdir(parents=True)
    (folder / "answers" / "1.json").write_bytes(b"0123456789")
    with Journal(folder / "journal.jsonl") as journal:
        journal.record("run", began=began.isoformat(), signature="s", today="2026-09-01")
        if ended:
            journal.record("end", outcome="complete")
    return folder.name


def there(home: Path) -> set[str]:
    return {path.name for path in home.iterdir() if path.is_dir()}


def test_what_is_older_than_is_kept_goes_and_is_told(tmp_path: Path) -> None:
    home = school_folder(tmp_path, "hill")
    old, older = a_run(home, 15), a_run(home, 20, ended=False)
    young, current = a_run(home, 13), a_run(home, 0, ended=False)
    with open_state(tmp_path) as state:
        said = expire(home, state, "hill", KEEP, NOW, current)
        assert said == "2 run folders expired: 4 files were removed"
        assert there(home) == {young, current}
        assert expire(home, state, "hill", KEEP, NOW, current) == ""
    assert old != older


def test_the_latest_complete_run_stays_however_old_it_is(tmp_path: Path) -> None:
    home = school_folder(tmp_path, "hill")
    gone, latest = a_run(home, 90), a_run(home, 60)
    unfinished, current = a_run(home, 30, ended=False), a_run(home, 0, ended=False)
    with open_state(tmp_path) as state:
        expire(home, state, "hill", KEEP, NOW, current)
    assert there(home) == {latest, current}
    assert {gone, unfinished}.isdisjoint(there(home))


def test_what_the_state_still_needs_stays(tmp_path: Path) -> None:
    home = school_folder(tmp_path, "hill")
    mirrored, sent, unneeded, latest = a_run(home, 50), a_run(home, 40), a_run(home, 30), a_run(home, 1)
    with open_state(tmp_path) as state:
        file = f"{mirrored}/sets/things.parquet"
        state.put_mirrors("hill", [Mirror("things", file, 1, "s", None, "full", NOW, None, NOW, (), mirrored)])
        state.put_sent("hill", Sent("thing", "sent/thing/1.parquet", 1, sent, "b", "h", "p", "c", "m", "q", NOW, NOW))
        expire(home, state, "hill", KEEP, NOW, latest)
    assert there(home) == {mirrored, sent, latest}
    assert unneeded not in there(home)


def test_a_folder_that_a_kill_left_half_removed_goes_next_time(tmp_path: Path) -> None:
    home = school_folder(tmp_path, "hill")
    current = a_run(home, 0)
    (home / a_run(home, 30)).rename(home / ".expired-20260831-120000")
    with open_state(tmp_path) as state:
        assert expire(home, state, "hill", KEEP, NOW, current).startswith("1 run folder expired")
    assert there(home) == {current}


def record(run: str, pid: int = 1, host: str = "elsewhere") -> RunRecord:
    return RunRecord(run, "hill", run, date(2026, 9, 1), "live", NOW, None, "running", host, pid, {})


def test_records_of_runs_go_after_a_time_of_their_own_but_for_those_that_are_needed(tmp_path: Path) -> None:
    home, days = school_folder(tmp_path, "hill"), (401, 402, 403, 399)
    old, sent, standing, young = (f"{NOW - timedelta(days=ago):%Y%m%d-%H%M%S}" for ago in days)
    a_run(home, 403)
    with open_state(tmp_path) as state:
        for run, ago in zip((old, sent, standing, young), days, strict=True):
            state.begin_run(replace(record(run), began=NOW - timedelta(days=ago)))
        state.begin_run(replace(record(old), school="dale", began=NOW - timedelta(days=401)))
        state.put_sent("hill", Sent("thing", "sent/thing/1.parquet", 1, sent, "b", "h", "p", "c", "m", "q", NOW, NOW))
        keep = timedelta(days=400)
        assert expire_records(home, state, "hill", keep, NOW) == "the records of 1 old run expired"
        assert [run.run for run in state.runs("hill")] == [young, sent, standing]
        assert [run.run for run in state.runs("dale")] == [old]
        assert expire_records(home, state, "hill", keep, NOW) == ""


def test_a_purge_removes_a_school_and_says_how_much(tmp_path: Path) -> None:
    home, other = school_folder(tmp_path, "hill"), school_folder(tmp_path, "dale")
    a_run(home, 1)
    a_run(other, 1)
    (home / "mirror").mkdir()
    (home / "mirror" / "a.parquet").write_bytes(b"12345")
    (home / "lock").touch()
    with open_state(tmp_path) as state:
        state.begin_run(record("r"))
    removed = purge(tmp_path, "hill", Clock())
    assert (removed.files["mirrors"].folders, removed.files["mirrors"].files, removed.files["mirrors"].bytes) == (
        1,
        1,
        5,
    )
    assert (removed.files["runs"].folders, removed.files["runs"].files) == (1, 2)
    assert removed.rows == {"mirrors": 0, "sent": 0, "consents": 0, "runs": 1}
    assert not home.exists()
    assert there(other)
    with pytest.raises(NotFoundError):
        purge(tmp_path, "hill", Clock())


def test_a_purge_is_refused_while_a_run_is_under_way(tmp_path: Path) -> None:
    home = school_folder(tmp_path, "hill")
    name = a_run(home, 0)
    with open_state(tmp_path) as state, locked(home, state), state.lock("hill", name, Clock()):
        with pytest.raises(SchoolBusyError) as caught:
            purge(tmp_path, "hill", Clock())
        assert f"run {name} on {this_host()}" in caught.value.what
    assert there(home) == {name}


@pytest.mark.parametrize("name", ["..", "../hill", ".", "", "/tmp", "hill/..", "Hill"])
def test_no_name_leads_a_purge_out_of_the_schools(tmp_path: Path, name: str) -> None:
    home = school_folder(tmp_path, "hill")
    (home / "lock").touch()
    (tmp_path / "lock").touch()
    with pytest.raises(NotFoundError):
        purge(tmp_path, name, Clock())
    assert home.exists()


def test_a_run_whose_process_is_gone_has_died(tmp_path: Path) -> None:
    with open_state(tmp_path) as state:
        state.begin_run(record("r"))
        assert [run.outcome for run in past_runs(tmp_path, None, 5, NOW)] == ["died"]
        with state.lock("hill", "r", Clock()):
            now = Clock().now()
            assert [run.outcome for run in past_runs(tmp_path, None, 5, now)] == ["running"]
            state.end_run("hill", "r", NOW, "failed", {})
            assert [run.outcome for run in past_runs(tmp_path, None, 5, now)] == ["failed"]


def test_nothing_is_made_by_asking(tmp_path: Path) -> None:
    assert past_runs(tmp_path, "hill", 5, NOW) == []
    assert list(tmp_path.iterdir()) == []
