"""Every problem between a binding and the application that receives it, as a person sees it: one folder a code.

`receiving/` is a project without problems, over the documents of `project/`; a folder holds what differs from it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.problem_text import render_problem
from engine.run.soundness import all_problems
from engine.spec import project as project_module
from engine.spec.project import open_project

HERE = Path(__file__).parent
CODES = sorted(path.name for path in (HERE / "receiving_problems").iterdir())


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, set[str]]:
    """Return what is said of a project folder, and the codes of it."""
    monkeypatch.setattr(project_module, "shipped", lambda: HERE / "project")
    monkeypatch.chdir(folder)
    found = all_problems(open_project(Path()))

    def line(file: Path, number: int) -> str | None:
        return file.read_text(encoding="utf-8").split("\n")[number - 1]

    return "\n\n".join(render_problem(each, line) for each in found) + "\n", {each.code for each in found}


def test_the_project_behind_them_has_no_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(HERE / "receiving", monkeypatch) == ("\n", set())


@pytest.mark.parametrize("code", CODES)
def test_a_problem_reads_as_expected(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool) -> None:
    expected = HERE / "receiving_problems" / code / "expected.txt"
    shutil.copytree(HERE / "receiving", tmp_path / "own")
    ignored = shutil.ignore_patterns("expected.txt")
    shutil.copytree(expected.parent, tmp_path / "own", ignore=ignored, dirs_exist_ok=True)
    text, codes = shown(tmp_path / "own", monkeypatch)
    assert codes == {code}
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
