"""A project that is looked at again after each save: it finds what a fresh look finds, and reads only what changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.run.soundness import all_problems
from engine.run.watching import EVERY, Watched, looks
from engine.spec import project as project_module
from engine.spec.editor_files import default_folder, schema_file, write_schemas
from engine.spec.project import open_project

GOLDEN = Path(__file__).parents[2] / "golden" / "project"
THING, SCHEMA, SOURCE = "mappings/acme/thing.yaml", "schemas/thing.yaml", "mappings/acme/source.yaml"
SETTINGS = "settings: s\ngroups:\n  things:\n    colours: {type: texts, default: null, description: d}\n"
RULE = "where: [{rule: colour, field: Colour, in: {setting: things.colours}}]\n"
Edit = Callable[[str], str]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project that is all there is, with a lookup in CSV."""
    shutil.copytree(GOLDEN, tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    monkeypatch.setattr(project_module, "shipped", lambda: tmp_path / "p")
    colour = tmp_path / "p" / "schemas" / "lookups" / "colour.yaml"
    colour.write_text("lookup: colour\ncsv: {file: colours.csv, from: code, to: colour}\n")
    colour.with_name("colours.csv").write_text("code,colour\nR,red\n")
    Path("schemas/settings.yaml").write_text(SETTINGS)
    Path(THING).write_text(Path(THING).read_text() + RULE)
    return tmp_path / "p"


def edit(file: str, change: Edit) -> None:
    """Save a file; its time of change is another one, however quick we are."""
    path = Path(file)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(change(path.read_text() if path.exists() else ""))
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


SAVES: list[tuple[str, str, Edit, set[str]]] = [
    ("a field that is not there", THING, lambda text: text.replace("Name", "Nmae"), {"unknown-field"}),
    ("mended", THING, lambda text: text.replace("Nmae", "Name"), set()),
    (
        "a target that is gone",
        SCHEMA,
        lambda text: text.replace("  name:", "  title:"),
        {"unknown-target", "unknown-field"},
    ),
    ("back again", SCHEMA, lambda text: text.replace("  title:", "  name:"), set()),
    ("a field that the source lost", SOURCE, lambda text: text.replace("Name:", "Nom:"), {"unknown-field"}),
    ("the field again", SOURCE, lambda text: text.replace("Nom:", "Name:"), set()),
    ("no YAML any more", SCHEMA, lambda text: text + "a: [\n", {"yaml-syntax"}),
    ("YAML again", SCHEMA, lambda text: text.removesuffix("a: [\n"), set()),
    ("a code twice in CSV", "schemas/lookups/colours.csv", lambda text: text + "R,blue\n", {"duplicate-code"}),
    ("a column that is gone", "schemas/lookups/colours.csv", lambda text: "code,color\nR,red\n", {"unknown-column"}),
    ("the column again", "schemas/lookups/colours.csv", lambda text: "code,colour\nR,red\n", set()),
    (
        "a setting that is gone",
        "schemas/settings.yaml",
        lambda text: text.replace("colours:", "colors:"),
        {"unknown-setting"},
    ),
    (
        "a setting of another type",
        "schemas/settings.yaml",
        lambda text: text.replace("colors:", "colours:").replace("texts", "text"),
        {"type-mismatch", "wrong-type"},
    ),
    ("the setting again", "schemas/settings.yaml", lambda text: text.replace("type: text,", "type: texts,"), set()),
    ("a second document of a name", "schemas/more.yaml", lambda text: Path(SCHEMA).read_text(), {"duplicate-document"}),
]


def test_each_look_finds_what_a_fresh_one_does_and_reads_only_what_was_saved(root: Path) -> None:
    watched = Watched(Path())
    assert watched.changed()
    assert watched.look().problems == []
    assert not watched.changed()
    for what, file, change, codes in SAVES:
        edit(file, change)
        assert watched.changed(), what
        look = watched.look()
        fresh = all_problems(open_project(Path()))
        assert look.problems == fresh, what
        assert {problem.code for problem in look.problems} == codes, what
        assert [str(path) for path in look.read] == ([file] if file.endswith(".yaml") else []), what
    Path("schemas/more.yaml").unlink()
    assert watched.changed()
    assert (watched.look().problems, watched.look().read) == ([], [])


def test_schemas_that_were_made_once_are_kept_fresh(root: Path) -> None:
    watched = Watched(Path())
    watched.refresh_schemas(watched.look().project)
    assert not default_folder(Path()).exists()
    project = watched.look().project
    write_schemas(project, [project.documents["mapping", "acme/thing"]], default_folder(Path()))
    file = schema_file(default_folder(Path()), project.documents["mapping", "acme/thing"])
    school = default_folder(Path()) / "school.waters-edge.json"
    watched.refresh_schemas(watched.look().project)
    assert school.exists()
    untouched = school.stat().st_mtime_ns
    assert "Nom" not in json.loads(file.read_text())["$defs"]["field-Rows"].__repr__()
    edit(SOURCE, lambda text: text.replace("Name:", "Nom:"))
    watched.changed()
    watched.refresh_schemas(watched.look().project)
    assert "Nom" in json.loads(file.read_text())["$defs"].__repr__()
    assert school.stat().st_mtime_ns == untouched
    before = file.read_text()
    edit(THING, lambda text: text + "a: [\n")
    watched.changed()
    watched.refresh_schemas(watched.look().project)
    assert file.read_text() == before


def test_a_look_comes_at_once_and_then_after_each_save_only(root: Path) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            edit(THING, lambda text: text + "# saved\n")
        if len(waits) == 5:
            raise KeyboardInterrupt

    found = looks(Watched(Path()), wait)
    next(found)
    assert waits == []
    next(found)
    assert waits == [EVERY] * 3
    with pytest.raises(KeyboardInterrupt):
        next(found)


def test_what_editors_put_beside_a_document_while_they_write_is_no_save(root: Path) -> None:
    watched = Watched(Path())
    watched.changed()
    Path("schemas/.thing.yaml.swp").touch()
    Path("schemas/thing.yaml~").touch()
    assert not watched.changed()
