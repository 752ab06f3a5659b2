"""Changes planted into shipped documents: each is named rightly, and of the harmless ones nothing is said."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from planted import CHANGED, HARMLESS, Edit, Planted, Said
from planted_effects import CONTACTS, EFFECTS, RECORDING, STUDENTS, Effect

from engine.review.effect import Looks, effects
from engine.review.finding import Finding, Spot
from engine.review.made import Landed, Made, Maker
from engine.review.meaning import Side, meaning
from engine.review.revision import Versions
from engine.run.recorded import land_recorded
from engine.run.recording import read_recording
from engine.spec.project import Project

ROOT = Path(__file__).parents[3]


@dataclass
class Bench:
    """The shipped documents, opened once, what opens other versions of them, and what they make of recorded data."""

    versions: Versions
    base: Side
    folder: Path
    known: dict[tuple[str, ...], Made] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def before(self, effect: Effect) -> Made:
        """Return what the shipped documents make of the entities that an effect is on."""
        key = (*effect.entities, str(effect.gone))
        if key not in self.known:
            self.known[key] = self.made(self.base.version.project, effect, self.folder / "-".join(key))
        return self.known[key]

    def made(self, project: Project, effect: Effect, folder: Path) -> Made:
        recording, entities = read_recording(RECORDING), effect.entities
        school = recording.school(project).model_copy(update={"entities": list(entities)})
        found = land_recorded(project, school, recording, folder / "landed", entities)
        self.notes = found.notes
        landed = Landed(school, found.plan.source, found.plan.entities, found.sets, found.today, found.notes)
        return Maker(project, landed, folder, frozenset(entities) if effect.gone else frozenset()).make()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    versions = Versions(ROOT, tmp_path_factory.mktemp("versions"))
    return Bench(versions, Side(versions.open(str(ROOT))), tmp_path_factory.mktemp("data"))


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


def opened(bench: Bench, folder: Path) -> Side:
    head = bench.versions.open(str(folder))
    assert head.errors == []
    return Side(head)


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
    assert meaning(bench.base, opened(bench, plant(tmp_path / "head", edits))) == []


@pytest.mark.parametrize("planted", CHANGED, ids=lambda planted: planted.name)
def test_a_change_is_named_with_its_lines_and_whom_it_concerns_and_with_what_it_does_to_data(
    bench: Bench, tmp_path: Path, planted: Planted
) -> None:
    folder = plant(tmp_path / "head", planted.edits)
    head = opened(bench, folder)
    expected = [as_found(each, folder) for each in planted.said]
    told = [as_told(each) for each in meaning(bench.base, head)]
    assert [each for each in told if each not in expected] == []
    assert [each for each in expected if each not in told] == []
    assert len(told) == len(expected)
    if planted.name in EFFECTS:
        does_to_data(bench, head, EFFECTS[planted.name], tmp_path)


def as_told(finding: Finding) -> tuple[object, ...]:
    sides = (finding.before, finding.after, finding.old, finding.new)
    return (finding.kind, finding.subject, *sides, finding.concerns)


def does_to_data(bench: Bench, head: Side, effect: Effect, folder: Path) -> None:
    before, after = bench.before(effect), bench.made(head.version.project, effect, folder / "data")
    done = effects(before, after, Looks())
    assert {(each.kind, each.subject): each.count for each in done.findings} == effect.counts
    assert not effect.note or effect.note in [*bench.notes, *done.notes]
    examples = [each for finding in done.findings for each in finding.examples]
    assert {text for each in examples for text in (each.key, each.before, each.after)} <= {"•••", "–", ""}
    for finding in effects(before, after, Looks(personal=True)).findings:
        assert len(finding.examples) == (min(finding.count or 0, 3) if finding.examples else 0)
        assert {each.key for each in finding.examples} <= {record["Id"] for record in [*STUDENTS, *CONTACTS]}


def test_a_mapping_that_goes_is_said_once_with_all_that_goes_with_it(bench: Bench, tmp_path: Path) -> None:
    folder = plant(tmp_path / "head", [])
    (folder / "mappings" / "xporter" / "exclusion.yaml").unlink()
    shutil.rmtree(folder / "mappings" / "xporter" / "tests")
    told = {(each.kind, each.subject): each.before for each in meaning(bench.base, opened(bench, folder))}
    assert set(told) == {
        ("mapping-removed", "xporter/exclusion"),
        ("requests-removed", "xporter student_exclusions"),
        ("pii-removed", "xporter/exclusion"),
        ("scopes-removed", "xporter StudentExclusions"),
        *(("asked-removed", f"xporter {name}") for name in SETS_OF_EXCLUSIONS),
    }
    assert told["asked-removed", "xporter exclusion_reasons"] == "3: Id, ReasonDescription, ReasonCode"


SETS_OF_EXCLUSIONS = ("student_exclusions", "student_exclusion_reasons", "exclusion_reasons")


def test_every_effect_is_of_a_planted_change() -> None:
    assert set(EFFECTS) <= {planted.name for planted in CHANGED}
