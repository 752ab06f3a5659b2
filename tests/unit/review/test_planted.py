"""Changes planted into shipped documents: each is named rightly, and of the harmless ones nothing is said."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from planted import CHANGED, HARMLESS, Edit, Planted, Said

from engine.review.finding import Finding, Spot
from engine.review.meaning import Side, meaning
from engine.review.revision import Versions

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Bench:
    """The shipped documents, opened once, and what opens other versions of them."""

    versions: Versions
    base: Side


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    versions = Versions(ROOT, tmp_path_factory.mktemp("versions"))
    return Bench(versions, Side(versions.open(str(ROOT))))


def plant(folder: Path, edits: list[Edit]) -> Path:
    """Copy the shipped documents, with edits."""
    for name in ("mappings", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    for name, old, new in edits:
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert text.count(old) == 1 or not old, f"{name} has {text.count(old)} times: {old}"
        file.write_text(text.replace(old, new) if old else new, encoding="utf-8")
    return folder


def found(bench: Bench, folder: Path) -> list[Finding]:
    head = bench.versions.open(str(folder))
    assert head.errors == []
    return meaning(bench.base, Side(head))


def line_of(root: Path, file: str, text: str | None) -> Spot | None:
    """Return the line of a file that has a text; `L14` is the line of that number."""
    if text is None:
        return None
    if text[0] == "L" and text[1:].isdecimal():
        return Spot(file, int(text[1:]))
    lines = (root / file).read_text(encoding="utf-8").splitlines()
    at = [number for number, line in enumerate(lines, 1) if text in line]
    assert len(at) == 1, f"{file}: {text!r} is in the lines {at}"
    return Spot(file, at[0])


def as_found(said: Said, head: Path) -> tuple[object, ...]:
    file, old, new = said.at
    spots = line_of(ROOT, file, old), line_of(head, file, new)
    return (said.kind, said.subject, said.before, said.after, *spots, said.concerns)


def test_of_what_means_the_same_nothing_is_said(bench: Bench, tmp_path: Path) -> None:
    """All at once: what was said of one would name its line."""
    assert len(HARMLESS) == 10
    edits = [edit for planted in HARMLESS for edit in planted.edits]
    assert found(bench, plant(tmp_path / "head", edits)) == []


@pytest.mark.parametrize("planted", CHANGED, ids=lambda planted: planted.name)
def test_a_change_is_named_with_its_lines_and_whom_it_concerns(bench: Bench, tmp_path: Path, planted: Planted) -> None:
    head = plant(tmp_path / "head", planted.edits)
    told = [(f.kind, f.subject, f.before, f.after, f.old, f.new, f.concerns) for f in found(bench, head)]
    expected = [as_found(each, head) for each in planted.said]
    assert [each for each in told if each not in expected] == []
    assert [each for each in expected if each not in told] == []
    assert len(told) == len(expected)
