"""Runs as they are remembered: how each ended, who holds a school, what is removed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from project import SCHOOL, Project, a_project, end_of

pytestmark = pytest.mark.e2e
GROUPS = ("--only", "group")


def remembered(project: Project, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.call("runs", *arguments, "--format", "json").well().out)
    return found


def wait_for(there: Any) -> None:
    deadline = time.monotonic() + 30
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_is_remembered_with_what_it_came_to(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        assert project.call("runs").well().out == "no runs yet\n"
        assert not (project.folder / ".haplomap").exists()
        project.run(*GROUPS).well()
        [run] = remembered(project)
        asked = project.pages_asked()
        assert (run["school"], run["run"], run["outcome"]) == (SCHOOL, project.latest.name, "complete")
        assert (run["mode"], run["ended"] >= run["began"]) == ("dry-run", True)
        assert sum(run["requests"].values()) == len(asked)
        assert run["rows"] == {"group": project.books("group")["emitted"]}
        assert run["sent"] == {"group": project.books("group")["sent"]}
        assert project.latest.name in project.call("runs", SCHOOL).well().out
        shown = project.call("runs", "show", run["run"]).well().out
        assert "outcome   complete" in shown
        assert str(project.latest) in shown
        assert [line.split()[:2] for line in shown.splitlines() if line.startswith("groups ")] == [["groups", "1"]]


def test_runs_that_end_badly_are_remembered_as_they_ended(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school.update(drift={"unknown_field": "fail", "missing_field": "fail"}))
        failed = project.run("--only", "student")
        assert failed.code == 1
        [run] = remembered(project)
        assert (run["outcome"], run["error"]) == ("failed", failed.codes[0])
        ended = project.call("runs", "show", run["run"]).well()
        assert f"failed [{failed.codes[0]}]" in ended.out


def test_what_is_mistyped_is_told(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run(*GROUPS, "--no-deliver").well()
        for arguments, says in {
            ("waters-egde",): "did you mean 'waters-edge'?",
            ("show", "2026"): "there is no run '2026'",
            ("show", project.latest.name, "more"): "give one SCHOOL, or 'show' and a RUN",
        }.items():
            ended = project.call("runs", *arguments)
            assert (ended.code, ended.out) == (2, "")
            assert says in ended.err


def test_the_second_of_two_runs_is_refused_by_name_and_remembered(tmp_path: Path) -> None:
    with a_project(tmp_path, delay_ms=200) as project:
        first = project.start(*GROUPS)
        try:
            wait_for(lambda: project.xporter.requests)
            first.send_signal(signal.SIGSTOP)
            second = project.run(*GROUPS)
            purged = project.call("purge", SCHOOL, "--yes")
            running = remembered(project)
        finally:
            first.send_signal(signal.SIGCONT)
            ended = end_of(first)
        name = project.latest.name
        assert (second.code, second.codes) == (1, ["school-busy"])
        assert f"run {name} on {os.uname().nodename}, process {first.pid}, since " in second.err
        assert (purged.code, purged.codes) == (1, ["school-busy"])
        assert [run["outcome"] for run in running] == ["refused", "running"]
        assert ended.code == 0
        assert [run["outcome"] for run in remembered(project)] == ["refused", "complete"]


def test_a_run_that_was_killed_has_died_and_its_lock_is_taken_over(tmp_path: Path) -> None:
    with a_project(tmp_path, delay_ms=200) as project:
        first = project.start(*GROUPS)
        wait_for(lambda: project.xporter.requests)
        first.send_signal(signal.SIGKILL)
        end_of(first)
        [died] = remembered(project)
        assert (died["outcome"], died["ended"]) == ("died", None)
        project.run(*GROUPS).well()
        [went_on] = remembered(project)
        assert (went_on["run"], went_on["outcome"]) == (died["run"], "complete")
        assert any(f"process {first.pid}" in note and "taken over" in note for note in project.report()["notes"])


def test_a_run_on_another_machine_keeps_this_one_out(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run(*GROUPS, "--no-deliver").well()
        database = sqlite3.connect(project.folder / ".haplomap" / "state.sqlite")
        row = (SCHOOL, "elsewhere", 4711, "20260901-020000", *["2999-01-01 00:00:00.000000"] * 2)
        database.execute("INSERT INTO haplomap_locks VALUES (?, ?, ?, ?, ?, ?)", row)
        database.commit()
        asked = len(project.xporter.requests)
        ended = project.run(*GROUPS, "--no-deliver")
        assert (ended.code, ended.codes) == (1, ["school-busy"])
        assert "run 20260901-020000 on elsewhere, process 4711" in ended.err
        assert len(project.xporter.requests) == asked
        database.execute("UPDATE haplomap_locks SET seen = '2026-01-01 00:00:00.000000'")
        database.commit()
        database.close()
        project.run(*GROUPS, "--no-deliver").well()
        assert any("on elsewhere" in note and "taken over" in note for note in project.report()["notes"])


@pytest.mark.parametrize(("damage", "code"), [("damaged", "state-damaged"), ("newer", "state-newer")])
def test_a_state_that_cannot_be_trusted_stops_before_anything_is_asked(tmp_path: Path, damage: str, code: str) -> None:
    with a_project(tmp_path) as project:
        project.run(*GROUPS, "--no-deliver").well()
        file = project.folder / ".haplomap" / "state.sqlite"
        if damage == "damaged":
            file.write_bytes(b"nothing that anybody knows" * 1000)
        else:
            database = sqlite3.connect(file)
            database.execute("UPDATE haplomap_version SET number = 1000")
            database.commit()
            database.close()
        asked, folders = len(project.xporter.requests), len(project.runs())
        for ended in (
            project.run(*GROUPS, "--no-deliver"),
            project.call("runs"),
            project.call("purge", SCHOOL, "--yes"),
        ):
            assert (ended.code, ended.codes) == (1, [code])
            assert str(file) in ended.err
            assert "  fix: " in ended.err
        assert (len(project.xporter.requests), len(project.runs())) == (asked, folders)


def test_a_purge_is_confirmed_and_leaves_nothing(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run(*GROUPS).well()
        asked = project.call("purge", SCHOOL)
        assert (asked.code, asked.codes) == (2, ["purge-unconfirmed"])
        assert project.home.exists()
        ended = project.call("purge", SCHOOL, "--yes").well()
        assert f"removed of '{SCHOOL}':" in ended.out
        assert "run folders: 1 folder, " in ended.out
        assert "1 of runs" in ended.out
        assert not project.home.exists()
        assert remembered(project) == []
        project.run(*GROUPS).well()
        assert [run["outcome"] for run in remembered(project)] == ["complete"]


def test_run_folders_expire_as_the_school_file_says(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        for _ in range(2):
            project.run(*GROUPS, "--no-deliver", "--fresh").well()
        assert len(project.runs()) == 2
        project.edit(lambda school: school.update(keep_runs="0s"))
        latest = project.latest
        project.run(*GROUPS, "--no-deliver", "--fresh").well()
        assert project.runs()[0] == latest  # the latest complete one before this
        assert len(project.runs()) == 2
        assert "1 run folder expired: " in " ".join(project.report()["notes"])
        assert len(remembered(project)) == 3
        first = remembered(project)[-1]["run"]
        assert "folder    expired" in project.call("runs", "show", first).well().out
