"""Whole runs that end otherwise than in a batch: user accounts through the user sync, and files left in a folder."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
from project import ROOT, a_project, call

from engine.haplo.target import application_case
from engine.simulators.haplo import HaploSimulator
from engine.simulators.user_sync import USER_SYNC_API
from engine.simulators.xporter import XporterSimulator
from engine.spec.project import open_project

pytestmark = pytest.mark.e2e

ACCOUNTS = "waters-edge-accounts"


def test_staff_become_user_accounts(tmp_path: Path) -> None:
    case = application_case(open_project(ROOT / "examples" / "user-sync").application("accounts"))
    with XporterSimulator(pupils=60, seed=5) as source, HaploSimulator(application=case) as haplo:
        shutil.copytree(ROOT / "examples" / "user-sync", tmp_path / "project")
        file = tmp_path / "project" / "schools" / f"{ACCOUNTS}.yaml"
        text = file.read_text(encoding="utf-8").replace("mode: dry-run", "mode: live")
        text = text.replace("http://127.0.0.1:8801", source.url).replace("http://127.0.0.1:8802", haplo.url)
        file.write_text(text, encoding="utf-8")
        environ = {
            "WATERS_EDGE_XPORTER": source.config["secret"],
            "WATERS_EDGE_USER_SYNC": haplo.keys[USER_SYNC_API],
        }
        arguments = ("run", ACCOUNTS, "--project", str(tmp_path / "project"), "--yes", "--format", "json")
        report: dict[str, Any] = json.loads(call(*arguments, environ=environ).well().out)
        assert httpx.post(f"{haplo.url}/__control__/user-sync/apply").status_code == 200
        assert httpx.post(f"{haplo.url}/__control__/run").status_code == 200
        users = httpx.get(f"{haplo.url}/__control__/users").json()
    assert "staff: an administrator must apply it in Haplo: it is the first user sync" in report["notes"]
    [staff] = report["entities"]
    assert staff["sent"] == staff["emitted"]
    assert len(users) == staff["good"] > 0
    assert {user["groups"][0] for user in users} == {"school:group:staff"}
    assert all(user["username"] == user["email"].lower() for user in users)


def test_files_are_left_in_a_folder_without_a_key(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school.update(deliver={"kind": "folder", "path": "outbox"}))
        del project.environ["WATERS_EDGE_HAPLO"]
        assert "folder, outbox" in project.call("plan", "waters-edge").well().out
        ended = project.run().well()
        report = project.report()
        assert project.haplo.requests == []
        [left] = (project.folder / "outbox").iterdir()
        readme = (left / "README.md").read_text(encoding="utf-8")
        emitted = project.files()
    assert left.name == f"waters-edge-{report['run']}"
    assert str(left) in ended.err
    assert "; delivery: folder\n" in ended.out
    assert {line["sent"] for line in report["entities"]} == {None}
    entities = [line["entity"] for line in report["entities"]]
    assert re.findall(r"^## \d+\. (\w+)$", readme, re.MULTILINE) == entities
    for number, entity in enumerate(entities, 1):
        home = left / f"{number:02}-{entity}"
        assert {path.name: path.read_bytes() for path in home.iterdir()} == {
            name: data for name, data in emitted.items() if re.match(rf"{entity}[-.](\d|control)", name)
        }
        for path in home.iterdir():
            assert hashlib.sha256(path.read_bytes()).hexdigest() in readme
