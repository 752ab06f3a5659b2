"""What a run must have in common with an unfinished one to go on with it."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.run.plan import make_plan
from engine.run.runner import Options, Runner
from engine.spec.project import open_project

ROOT = Path(__file__).resolve().parents[3]


def signature(folder: Path) -> str:
    project = open_project(folder)
    plan = make_plan(project, "waters-edge")
    return Runner(project, plan, Options(), {}, lambda event: None)._signature({})


def demo(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT / "examples" / "demo", folder))


def test_the_same_documents_give_the_same_signature(tmp_path: Path) -> None:
    assert signature(demo(tmp_path / "a")) == signature(demo(tmp_path / "b"))


def test_a_changed_mapping_begins_a_new_run(tmp_path: Path) -> None:
    before, changed = demo(tmp_path / "a"), demo(tmp_path / "b")
    file = changed / "mappings" / "xporter" / "staff.yaml"
    file.parent.mkdir(parents=True)
    text = (ROOT / "mappings" / "xporter" / "staff.yaml").read_text(encoding="utf-8")
    file.write_text(text + "# a remark\n", encoding="utf-8")
    assert signature(before) != signature(changed)


def test_a_changed_row_of_a_csv_lookup_begins_a_new_run(tmp_path: Path) -> None:
    before, changed = demo(tmp_path / "a"), demo(tmp_path / "b")
    for folder in (before, changed):
        shutil.copytree(ROOT / "schemas" / "lookups", folder / "schemas" / "lookups")
    file = changed / "schemas" / "lookups" / "country.csv"
    file.write_text(file.read_text(encoding="utf-8") + "Atlantis,GB\n", encoding="utf-8")
    assert signature(before) != signature(changed)
