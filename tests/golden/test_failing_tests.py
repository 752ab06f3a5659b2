"""Every difference that a test of a mapping can find, as a person sees it: one folder for each code.

A folder holds the documents that differ from those of `project/`, and `expected.txt`. `--update` writes it anew.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.problem_text import render_problem
from engine.run.soundness import all_problems
from engine.run.testing import trials_of, try_all
from engine.spec import project as project_module
from engine.spec.project import open_project

HERE = Path(__file__).parent
CODES = sorted(path.name for path in (HERE / "failing_tests").iterdir())
JUDGING = (HERE.parent.parent / "engine" / "run" / "judging.py").read_text(encoding="utf-8")


def test_every_code_has_a_folder() -> None:
    assert set(CODES) == set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', JUDGING))


@pytest.mark.parametrize("code", CODES)
def test_a_difference_reads_as_expected(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    expected = HERE / "failing_tests" / code / "expected.txt"
    shutil.copytree(expected.parent, tmp_path / "own", ignore=shutil.ignore_patterns("expected.txt"))
    monkeypatch.setattr(project_module, "shipped", lambda: HERE / "project")
    monkeypatch.chdir(tmp_path / "own")
    project = open_project(Path(), tests=True)
    assert all_problems(project) == []
    found = try_all(trials_of(project)).problems

    def line(file: Path, number: int) -> str | None:
        return file.read_text(encoding="utf-8").split("\n")[number - 1]

    text = "\n\n".join(render_problem(each, line) for each in found).replace(f"{HERE}/", "") + "\n"
    assert {each.code for each in found} == {code}
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
