"""The files for continuous integration: their commands are run in a small repository, and what they post is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from project import ROOT, SCHOOL

from tests.unit.review.repository import Repository, repository

pytestmark = pytest.mark.e2e

CI = ROOT / "examples" / "ci"
RELIGION = "override: {student: {fields: {house: {from: Religion, clean: squeeze}}}}\n"
"""Sensitive data that nobody had asked for get to Haplo."""


def a_repository(folder: Path, change: str) -> Repository:
    """Make a repository with a school and a recording, whose last commit adds some lines to the school file."""
    repo = repository(folder)
    shutil.copytree(ROOT / "examples" / "demo", folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "examples" / "recordings" / "xporter", folder / "recordings" / "autumn")
    repo.commit({}, "base")
    school = f"schools/{SCHOOL}.yaml"
    repo.commit({school: (folder / school).read_text(encoding="utf-8") + change}, "head")
    return repo


def run(script: str, folder: Path, environ: dict[str, str], *more: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as CI does: it ends at the first command that fails. Nothing is installed."""
    lines = "\n".join(line for line in script.splitlines() if not line.startswith("pip install"))
    path = ":".join(map(str, [*more, Path(sys.executable).parent, "/usr/bin", "/bin"]))
    known = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **environ}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", lines], cwd=folder, env=known, capture_output=True, text=True, timeout=120
    )


def test_github_shows_a_change_on_the_summary_and_in_a_comment_and_fails(tmp_path: Path) -> None:
    repo = a_repository(tmp_path / "repo", RELIGION)
    workflow = yaml.safe_load((CI / "github.yml").read_text(encoding="utf-8"))
    steps = {step["name"]: step for step in workflow["jobs"]["review"]["steps"] if "run" in step}
    assert list(steps) == ["Install", "Check", "Review", "Comment"]
    names = {
        "github.event.pull_request.base.sha": repo.git("rev-parse", "base").strip(),
        "github.event.pull_request.number": "7",
        "github.token": "not-a-token",
    }
    summary, log, tools = tmp_path / "summary.md", tmp_path / "gh.log", tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$GH_TOKEN" "$@" > {log}\n', encoding="utf-8")
    (tools / "gh").chmod(0o755)

    def carry_out(name: str) -> subprocess.CompletedProcess[str]:
        given = {key: filled(value, names) for key, value in steps[name].get("env", {}).items()}
        return run(steps[name]["run"], repo.folder, {"GITHUB_STEP_SUMMARY": str(summary), **given}, tools)

    checked, reviewed = carry_out("Check"), carry_out("Review")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert (reviewed.returncode, reviewed.stderr) == (1, "")
    told = summary.read_text(encoding="utf-8")
    assert told == (repo.folder / "review.md").read_text(encoding="utf-8")
    assert "`pii-added`" in told
    assert "students.Religion (sensitive) → student.house → school:attribute:house" in told
    assert re.search(r"^\| risky \| `cells-changed` \| `student\.house`", told, re.MULTILINE), "on the recording"
    assert carry_out("Comment").returncode == 0
    said = log.read_text(encoding="utf-8").split()
    assert said[:4] == ["not-a-token", "pr", "comment", "7"]
    assert said[said.index("--body-file") + 1] == "review.md"
    (kept,) = [
        step["with"] for step in workflow["jobs"]["review"]["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    assert "<!doctype html>" in (repo.folder / kept["path"]).read_text(encoding="utf-8")


def filled(text: str, names: dict[str, str]) -> str:
    """Fill in what GitHub fills in; a name that is not known is an error."""
    return re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: names[found[1]], str(text))


@dataclass
class Notes:
    """What a stand-in for GitLab's API was sent: path, token and note."""

    port: int
    got: list[tuple[str, str | None, str]] = field(default_factory=list)


@contextmanager
def gitlab() -> Iterator[Notes]:
    """Take notes on merge requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            notes.got.append((self.path, self.headers["PRIVATE-TOKEN"], parse_qs(form)["body"][0]))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        notes = Notes(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield notes
        server.shutdown()
        thread.join()


def test_gitlab_gets_a_note_that_nothing_has_changed_in_meaning(tmp_path: Path) -> None:
    repo = a_repository(tmp_path / "repo", "# the same in other words\nconnections: null\n")
    (job,) = yaml.safe_load((CI / "gitlab.yml").read_text(encoding="utf-8")).values()
    with gitlab() as notes:
        environ = {
            **job["variables"],
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": repo.git("rev-parse", "base").strip(),
            "CI_MERGE_REQUEST_IID": "9",
            "CI_PROJECT_ID": "42",
            "CI_API_V4_URL": f"http://127.0.0.1:{notes.port}/api/v4",
            "HAPLOMAP_REVIEW_TOKEN": "not-a-token",
        }
        done = run("\n".join([*job["before_script"], *job["script"]]), repo.folder, environ)
    assert (done.returncode, done.stderr) == (0, "")
    ((path, token, note),) = notes.got
    assert (path, token) == ("/api/v4/projects/42/merge_requests/9/notes", "not-a-token")
    assert note == (repo.folder / "review.md").read_text(encoding="utf-8")
    assert "no change in meaning" in note
    assert [(repo.folder / file).is_file() for file in job["artifacts"]["paths"]] == [True]
