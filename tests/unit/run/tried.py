"""A small mapping with one of each thing that decides, and its tests, over the documents of the golden project."""

from __future__ import annotations

from pathlib import Path

from engine.run.soundness import all_problems
from engine.run.testing import Tested, trials_of, try_all
from engine.spec.project import Project, open_project

GOLDEN = Path(__file__).parents[2] / "golden" / "project"
MAPPING = """\
mapping: thing
source: acme
tables:
  named:
    from: things
    fields: {label: {first_of: [Name, Id]}}
  owned:
    from: links
    where: [{rule: has-owner, field: Owner, present: true}]
from: named
where:
  - {rule: colours, field: Colour, in: {setting: things.colours}}
one_per: {order: [Name]}
fields:
  source_id: Id
  name: {from: label, clean: squeeze}
  colour: {from: Colour, lookup: colour, default: none}
  born: Born
"""
TESTS = "tests_of: acme/thing\ntests:\n"


def file_of(folder: Path) -> Path:
    """The file of its tests."""
    return folder / "mappings" / "acme" / "tests" / "thing.yaml"


def sound(folder: Path) -> Project:
    """The project, which must have no problems."""
    project = open_project(Path(), tests=True)
    assert all_problems(project) == []
    return project


def tried(folder: Path, text: str) -> Tested:
    """What tests come to; `text` is the list of them."""
    file_of(folder).write_text(TESTS + text)
    return try_all(trials_of(sound(folder)), workers=1)
