"""Which documents are in view: a project's own, and of the shipped ones all, or those in use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.spec import project as project_module
from engine.spec.project import open_project

SHIPPED = [("mapping", "acme/thing"), ("schema", "thing"), ("source", "acme"), ("source", "bolt")]
"""What is shipped here: the golden project's source and mapping, and a second source."""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project of one school, which is of the first of two sources that are shipped."""
    golden, base = Path(__file__).parents[2] / "golden" / "project", tmp_path / "base"
    for name in ("mappings", "schemas"):
        shutil.copytree(golden / name, base / name)
    source = (base / "mappings" / "acme" / "source.yaml").read_text(encoding="utf-8")
    (base / "mappings" / "bolt").mkdir()
    (base / "mappings" / "bolt" / "source.yaml").write_text(source.replace("source: acme", "source: bolt"))
    shutil.copytree(golden / "schools", tmp_path / "own" / "schools")
    monkeypatch.setattr(project_module, "shipped", lambda: base)
    return tmp_path / "own"


def sources(folder: Path) -> list[str]:
    return sorted(open_project(folder, in_use=True).names("source"))


def test_all_shipped_documents_are_in_view(own: Path) -> None:
    found = open_project(own)
    assert [key for key in SHIPPED if key not in found.documents] == []


def test_in_use_are_the_mappings_of_the_sources_that_a_project_names(own: Path) -> None:
    found = open_project(own, in_use=True)
    assert found.documents.keys() == open_project(own).documents.keys() - {("source", "bolt")}
    table = own / "mappings" / "bolt" / "lookups" / "colour.yaml"
    table.parent.mkdir(parents=True)
    table.write_text("lookup: colour\nvalues: {r: red}\n", encoding="utf-8")
    assert sources(own) == ["acme", "bolt"]


def test_a_source_of_the_projects_own_is_known(own: Path) -> None:
    shutil.copytree(project_module.shipped() / "mappings" / "acme", own / "mappings" / "mine")
    for file in (own / "mappings" / "mine").rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("source: acme", "source: mine"), encoding="utf-8")
    assert sources(own) == ["acme", "mine"]


@pytest.mark.parametrize("source", ["acne", "7", "[]"])
def test_all_is_read_where_a_school_names_no_source_that_is_there(own: Path, source: str) -> None:
    [school] = (own / "schools").glob("*.yaml")
    text = school.read_text(encoding="utf-8")
    assert "source: acme" in text
    school.write_text(text.replace("source: acme", f"source: {source}"), encoding="utf-8")
    assert sources(own) == ["acme", "bolt"]


def test_all_is_read_where_no_school_is_there(own: Path) -> None:
    shutil.rmtree(own / "schools")
    assert sources(own) == ["acme", "bolt"]
