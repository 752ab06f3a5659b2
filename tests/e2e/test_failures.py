"""What can go wrong in a run, each in one clear message with its code and exit code, and nothing delivered."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from project import SCHOOL, Ended, Project, a_project

pytestmark = pytest.mark.e2e


def on_students(do: dict[str, Any], *, page: int = 2, times: int | None = None) -> dict[str, Any]:
    return {"match": {"path": "/Students/", "page": page}, "times": times, "do": do}


def nobody() -> str:
    """Return an address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def told(ended: Ended) -> None:
    """Hold what is true of every failure: one message, no traceback, nobody's names, no secrets."""
    assert len(ended.codes) == 1
    for text in ("Traceback", "haplomap-bug", "pageSize", "Idaas", "demo-school-secret"):
        assert text not in ended.out + ended.err


@dataclass(frozen=True)
class Case:
    """A failure: what strikes, and how the command ends."""

    code: str
    says: str
    exit_code: int = 1
    xporter: dict[str, Any] = field(default_factory=dict)
    haplo: dict[str, Any] = field(default_factory=dict)
    change: Callable[[Project], object] = lambda project: None
    school: str = SCHOOL


def school(change: Callable[[dict[str, Any]], object]) -> Callable[[Project], object]:
    return lambda project: project.edit(change)


def environ(**values: str) -> Callable[[Project], object]:
    return lambda project: project.environ.update(values)


def faults(*found: dict[str, Any]) -> dict[str, Any]:
    return {"faults": found}


def add_loop(project: Project) -> None:
    """Have page 1 served for every page, and the answers not say which page they are."""
    project.change("mappings/xporter/source.yaml", lambda source: source["apis"]["main"]["pages"].pop("page"))
    project.xporter.faults.replace([on_students({"repeat_page": 1}, page=page) for page in (2, 3)])


def block_state(project: Project) -> None:
    """Put a file where the folder of the runs should be."""
    (project.folder / ".haplomap").write_text("in the way")


def break_school(project: Project) -> None:
    file = project.folder / "schools" / f"{SCHOOL}.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "time_zon: Europe/Paris\n", encoding="utf-8")


UNREADABLE = "answer-unreadable"
STUDENTS = "endpoint 'students' page 2: "
CASES = {
    "wrong secret": Case("source-refused", "the token request", change=environ(WATERS_EDGE_XPORTER="not-the-secret")),
    "paused": Case("source-paused", "the school is still choosing", 4, xporter={"mode": "paused"}),
    "500 that stays": Case("source-unavailable", STUDENTS, xporter=faults(on_students({"status": 500}))),
    "error body that stays": Case(
        "source-unavailable",
        STUDENTS + "Xporter answered with an error",
        xporter=faults(on_students({"error_body": "Łuczak-Nuñez is not to be told"})),
    ),
    "connection that ends early": Case("source-unavailable", STUDENTS, xporter=faults(on_students({"truncate": 900}))),
    "page cut short": Case(UNREADABLE, STUDENTS, xporter=faults(on_students({"cut": 900}))),
    "invalid JSON": Case(UNREADABLE, STUDENTS, xporter=faults(on_students({"body": '{"Students": [oh]}'}))),
    "HTML page": Case(UNREADABLE, "HTML", xporter=faults(on_students({"html": True}))),
    "page loop": Case("page-loop", "the same records", change=add_loop),
    "scope not granted": Case("source-refused", "has not granted", xporter={"scopes": ["School"]}),
    "unreachable source": Case(
        "source-unavailable", "cannot be reached", change=school(lambda s: s["config"].update(sts_url=nobody()))
    ),
    "unwritable folder": Case("storage", ".haplomap", change=block_state),
    "missing source secret": Case(
        "secret-missing", "WATERS_EDGE_XPORTER", 2, change=lambda p: p.environ.pop("WATERS_EDGE_XPORTER")
    ),
    "missing Haplo key": Case(
        "secret-missing", "WATERS_EDGE_HAPLO", 2, change=lambda p: p.environ.pop("WATERS_EDGE_HAPLO")
    ),
    "wrong Haplo key": Case("delivery-key", "key", change=environ(WATERS_EDGE_HAPLO="wrong-key-0123456789")),
    "unreachable Haplo": Case(
        "delivery-unavailable", "cannot be reached", change=school(lambda s: s["deliver"].update(url=nobody()))
    ),
    "unknown school": Case("not-found", "did you mean 'waters-edge'?", 2, school="waters-egde"),
    "school file with a problem": Case("unknown-key", "did you mean 'time_zone'?", 2, change=break_school),
}


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_one_clear_message_and_nothing_is_delivered(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    with a_project(tmp_path, haplo=case.haplo, **case.xporter) as project:
        project.small_pages(20)
        case.change(project)
        ended = project.call("run", case.school, "--only", "student")
        assert (ended.code, ended.codes) == (case.exit_code, [case.code])
        told(ended)
        assert case.says in ended.err
        assert project.scheduled() == []
        assert "Łuczak" not in ended.err
        if project.home.exists() and project.runs():
            assert project.report()["outcome"] == ("paused" if name == "paused" else "failed")
            assert '"key":"end"' not in (project.latest / "journal.jsonl").read_text(encoding="utf-8")


def test_the_place_of_a_mistake_in_a_school_file_is_told(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        break_school(project)
        file = project.folder / "schools" / f"{SCHOOL}.yaml"
        line = len(file.read_text(encoding="utf-8").splitlines())
        ended = project.run()
        assert f"{file}:{line}:1: error: unknown key 'time_zon'" in ended.err
        assert ended.err.rstrip().endswith("1 error found")


@pytest.mark.parametrize("do", [{"status": 500}, {"cut": 900}], ids=str)
def test_a_failure_that_heals_is_no_failure(do: dict[str, Any], tmp_path: Path) -> None:
    with a_project(tmp_path, faults=[on_students(do, times=2)]) as project:
        project.small_pages(20)
        project.run("--only", "student").well()
        assert project.books("student")["read"] == 60
        assert sorted(project.pages_asked()).count(("students", 2)) == 3
        assert [batch["kind"] for batch in project.scheduled()] == ["student"]


def test_after_a_failure_the_same_command_asks_for_what_is_missing_only(tmp_path: Path) -> None:
    with a_project(tmp_path, faults=[on_students({"status": 500}, page=3)]) as project:
        project.small_pages(20)
        assert project.run("--only", "student").code == 1
        landed, asked = project.landed_pages(), len(project.xporter.requests)
        assert ("students", 2) in landed
        project.xporter.faults.replace([])
        project.run("--only", "student").well()
        assert ("students", 3) in project.pages_asked(asked)
        assert not landed & set(project.pages_asked(asked))
        assert len(project.runs()) == 1


@pytest.mark.parametrize("most", [0, 1_000, 60_000])
def test_a_disk_that_takes_no_more_is_told(most: int, tmp_path: Path) -> None:
    """First no lock can be written, then no state, then no answer."""
    with a_project(tmp_path, pupils=100) as project:
        project.small_pages(100)
        ended = project.run("--only", "student", largest_file=most)
        assert (ended.code, ended.codes) == (1, ["storage"])
        told(ended)
        assert project.scheduled() == []


def test_when_there_is_room_again_the_run_goes_on(tmp_path: Path) -> None:
    with a_project(tmp_path, pupils=100) as project:
        project.small_pages(3)
        assert project.run("--only", "student", largest_file=60_000).codes == ["storage"]  # the state takes 57,344
        landed, asked = project.landed_pages(), len(project.xporter.requests)
        assert landed
        project.run("--only", "student").well()
        assert project.books("student")["emitted"] == 100
        assert not landed & set(project.pages_asked(asked))
        assert len(project.runs()) == 1


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    """/dev/full is a file on a disk without room."""
    with a_project(tmp_path) as project:
        project.home.mkdir(parents=True)
        (project.home / "lock").symlink_to("/dev/full")
        ended = project.run("--only", "student")
        assert (ended.code, ended.codes) == (1, ["storage"])
        told(ended)
        assert "the disk is full" in ended.err
        assert os.strerror(errno.ENOSPC) not in ended.err
        assert project.haplo.requests == []


def test_extraction_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("in the way")
    with a_project(tmp_path) as project:
        ended = project.call("extract", SCHOOL, "--out", str(tmp_path / "records"))
        assert ended.code == 2
        assert "is a file" in ended.err
        assert project.xporter.requests == []
