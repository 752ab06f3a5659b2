"""`schemas/problems.md` names every code: problems with the example that a golden test holds, errors with what to do.

`--update` writes the part made of the examples anew; the table of errors is written by hand, and held complete here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "schemas" / "problems.md"
GOLDEN = [ROOT / "tests" / "golden" / name for name in ("problems", "receiving_problems", "failing_tests")]
MARK = "## Problems of documents\n"


def problems() -> str:
    """Return the part that is made of the examples."""
    folders = sorted((folder for home in GOLDEN for folder in home.iterdir()), key=lambda folder: folder.name)
    parts = [MARK]
    for folder in folders:
        first, _, _ = (folder / "expected.txt").read_text(encoding="utf-8").partition("\n\n")
        parts.append(f"### {folder.name}\n\n```text\n{first.rstrip()}\n```\n")
    return "\n".join(parts)


def test_every_problem_is_documented_by_its_example(update: bool) -> None:
    head, mark, rest = FILE.read_text(encoding="utf-8").partition(MARK)
    if update:
        FILE.write_text(head + problems(), encoding="utf-8")
        return
    assert mark + rest == problems()


def test_every_error_is_in_the_table() -> None:
    head, _, _ = FILE.read_text(encoding="utf-8").partition(MARK)
    assert set(re.findall(r"^\| `([a-z-]+)` \|", head, re.MULTILINE)) == codes()


def codes() -> set[str]:
    """Return every code that an exception of the engine can bear."""
    found = {"bug", "delivery-unavailable", "page-loop", "page-short", "page-long"}  # not given as `code=`
    for file in sorted((ROOT / "engine").rglob("*.py")):
        if "simulators" not in file.parts:
            found |= {code for node in ast.walk(ast.parse(file.read_text())) for code in _codes(node)}
    return found - {""}


def _codes(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Call):
        return [_text(word.value) for word in node.keywords if word.arg == "code"]
    if isinstance(node, ast.ClassDef):
        lines = [line for line in node.body if isinstance(line, ast.Assign)]
        return [_text(line.value) for line in lines if getattr(line.targets[0], "id", "") == "code"]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) and node.targets[0].attr == "code":
        return [_text(node.value)]
    return []


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
