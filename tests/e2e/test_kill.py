"""Runs that are killed at ten moments, or interrupted: the same command goes on, and makes the same files."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import Project, a_project, end_of

pytestmark = pytest.mark.e2e
KILLS = 10
WANTED = ("--no-deliver", "--only", "group", "--only", "student")
DELAY_MS = 60


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, dict[str, bytes], float]]:
    """A project, the files of a run that nobody disturbed, and how long its steps took."""
    with a_project(tmp_path_factory.mktemp("kill"), delay_ms=DELAY_MS, mess=3) as project:
        project.small_pages(10)
        project.run(*WANTED).well()
        yield project, project.files(), project.report()["seconds"]


def wait_until(there: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something that a process does."""
    deadline = time.monotonic() + 30
    while not there():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_at_ten_moments_the_same_files_come(undisturbed: tuple[Project, dict[str, bytes], float]) -> None:
    project, files, length = undisturbed
    moments = random.Random("kill")
    landed_before, gone_on = [], 0
    for number in range(KILLS):
        before = len(project.runs())
        process = project.start(*WANTED)
        wait_until(lambda before=before: len(project.runs()) > before, process)
        time.sleep(length * (number + moments.random()) / KILLS)
        process.send_signal(signal.SIGKILL)
        end_of(process)
        journal = (project.latest / "journal.jsonl").read_text()
        unfinished = '"key":"run"' in journal and '"key":"end"' not in journal
        landed = project.landed_pages() if unfinished else set()
        time.sleep(2 * DELAY_MS / 1000)  # what was under way is in the simulator's log by then
        asked = len(project.xporter.requests)
        ended = project.run(*WANTED).well()
        again = project.pages_asked(asked)
        assert project.files() == files
        assert len(again) == len(set(again))
        assert not landed & set(again)
        assert ("going on with" in ended.err) == unfinished
        if unfinished:
            assert len(project.runs()) == before + 1
        landed_before.append(len(landed))
        gone_on += unfinished
    assert gone_on >= KILLS // 2
    assert max(landed_before) > 0


def test_an_interrupted_run_says_how_to_go_on_and_goes_on(tmp_path: Path) -> None:
    with a_project(tmp_path, delay_ms=300) as project:
        project.small_pages(5)
        process = project.start("--only", "student")
        wait_until(lambda: bool(project.runs()) and len(project.landed_pages()) >= 3, process)
        process.send_signal(signal.SIGINT)
        ended = end_of(process)
        assert (ended.code, ended.codes) == (130, ["interrupted"])
        assert "Traceback" not in ended.err
        assert "give the same command again: it goes on where it stopped" in ended.err
        assert project.report()["outcome"] == "interrupted"
        assert project.haplo.requests == []
        landed, asked = project.landed_pages(), len(project.xporter.requests)
        assert landed
        went_on = project.run("--only", "student").well()
        assert "going on with" in went_on.err
        assert len(project.runs()) == 1
        assert not landed & set(project.pages_asked(asked))
        assert project.report()["outcome"] == "complete"
        assert [batch["kind"] for batch in project.scheduled()] == ["student"]
