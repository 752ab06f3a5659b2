"""Every problem that `check` can give, as a person sees it: one folder for each code, read critically once.

A folder holds the documents that differ from those of `project/`, and `expected.txt`. `--update` writes it anew.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from engine.document import CODES
from engine.problem_text import render_problem
from engine.spec import project as project_module
from engine.spec.check import check
from engine.spec.project import open_project

HERE = Path(__file__).parent
FOLDERS = sorted(path.name for path in (HERE / "problems").iterdir())
ENGINE = HERE.parent.parent / "engine"
NO_CODES = {
    "dry-run": "a mode of delivery",
    "duplicate-key": "in spec/query: a rule of the quarantine; in documents it is among CODES",
    "not-found": "an error of the command line",
    "to-be-filled-in": "what stands for a value in a new school file",
    "too-long": "a rule of the quarantine",
    "too-short": "a rule of the quarantine",
    "unknown-reference": "a rule of the quarantine",
    "user-sync": "a kind of delivery",
    "utf-8": "an encoding",
    "utf-8-sig": "an encoding",
    "x-oneis-key": "a header",
}
MADE_UP = {"sql", "unknown-application", "unknown-schema", "unknown-source"}
"""Codes that are no word with a hyphen in the source, or are put together there."""
LARGE = {"file-too-large": ("mappings/acme/large.yaml", "# a line of a very long comment\n" * 70_000)}


def test_every_code_has_a_folder_and_every_folder_a_code() -> None:
    found = {*CODES, *MADE_UP}
    for file in [*(ENGINE / "spec").glob("*.py"), *(ENGINE / "kinds").glob("*.py")]:
        words = {node.value for node in ast.walk(ast.parse(file.read_text())) if _is_word(node)}  # type: ignore[attr-defined]
        found |= words - set(NO_CODES)
    assert set(FOLDERS) == found


def _is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(re.fullmatch(_CODE, node.value))


_CODE = r"[a-z0-9]+(-[a-z0-9]+)+"


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, set[str]]:
    """Return what `check` says of a project folder, and the codes of it."""
    monkeypatch.setattr(project_module, "shipped", lambda: HERE / "project")
    monkeypatch.chdir(folder)
    found = check(open_project(Path(), tests=True))

    def line(file: Path, number: int) -> str | None:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n") if file.is_file() else []
        return lines[number - 1] if number <= len(lines) else None

    return "\n\n".join(render_problem(each, line) for each in found) + "\n", {each.code for each in found}


def test_the_project_behind_them_has_no_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(tmp_path, monkeypatch) == ("\n", set())


@pytest.mark.parametrize("code", FOLDERS)
def test_a_problem_reads_as_expected(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool) -> None:
    folder = HERE / "problems" / code
    shutil.copytree(folder, tmp_path / "own", ignore=shutil.ignore_patterns("expected.txt"))
    if code in LARGE:
        name, text = LARGE[code]
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(text)
    text, codes = shown(tmp_path / "own", monkeypatch)
    assert codes == {code}
    if update:
        (folder / "expected.txt").write_text(text, encoding="utf-8")
    assert text == (folder / "expected.txt").read_text(encoding="utf-8")
