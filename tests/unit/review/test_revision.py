"""Versions of a project: what git has of a revision, folders, and what is there now; the user's tree stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from repository import Repository, repository

from engine.review.revision import RevisionError, Version, Versions
from engine.spec.project import shipped

SCHOOL = """school: riverside
source: xporter
title: {title}
config: {{estab: '1234567', relying_party: r, school_secret: {{env: RIVERSIDE}}}}
entities: [student]
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Two commits of a project in a folder of a repository, and something else in the working tree."""
    made = repository(tmp_path / "repo")
    made.commit({"data/schools/riverside.yaml": SCHOOL.format(title="One"), "data/notes.txt": "x"}, "one")
    made.commit({"data/schools/riverside.yaml": SCHOOL.format(title="Two")}, "two")
    made.write({"data/schools/riverside.yaml": SCHOOL.format(title="Three")})
    return made


def opened(repo: Repository, tmp_path: Path, name: str | None) -> Version:
    return Versions(repo.folder / "data", tmp_path / "scratch").open(name, in_use=True)


def title(version: Version) -> str:
    assert version.errors == []
    return version.project.school("riverside").title


def test_each_revision_has_its_own_documents_and_without_one_it_is_what_is_there(
    repo: Repository, tmp_path: Path
) -> None:
    versions = Versions(repo.folder / "data", tmp_path / "scratch")
    found = [title(versions.open(name, in_use=True)) for name in ("one", "main", "main~1", None)]
    assert found == ["One", "Two", "One", "Three"]


def test_documents_are_called_as_they_are_below_the_project(repo: Repository, tmp_path: Path) -> None:
    for name in ("one", None):
        version = opened(repo, tmp_path, name)
        loaded = version.project.get("school", "riverside")
        assert loaded is not None
        assert loaded.document.file == Path("schools/riverside.yaml")
        mapping = version.project.get("mapping", "xporter/student")
        assert mapping is not None
        assert mapping.document.file == Path("mappings/xporter/student.yaml")


def test_neither_the_tree_nor_the_index_is_touched_and_no_hook_runs(repo: Repository, tmp_path: Path) -> None:
    repo.write(
        {"data/schools/staged.yaml": "school: x", ".git/hooks/post-checkout": f"#!/bin/sh\ntouch {tmp_path}/ran"}
    )
    (repo.folder / ".git/hooks/post-checkout").chmod(0o755)
    repo.git("add", "data/schools/staged.yaml")
    before = {file: file.read_bytes() for file in repo.folder.rglob("*") if file.is_file()}
    assert title(opened(repo, tmp_path, "one")) == "One"
    assert {file: file.read_bytes() for file in repo.folder.rglob("*") if file.is_file()} == before
    assert not (tmp_path / "ran").exists()


def test_what_git_tells_a_hook_leads_nowhere_else(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert title(opened(repo, tmp_path, "one")) == "One"


def test_only_documents_are_written_and_no_link_leads_out(repo: Repository, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text(SCHOOL.format(title="Secret").replace("riverside", "elsewhere"), encoding="utf-8")
    (repo.folder / "data/schools/elsewhere.yaml").symlink_to(secret)
    repo.commit({"data/big.bin": "x"}, "three")
    version = opened(repo, tmp_path, "three")
    assert "elsewhere" not in version.project.names("school")
    written = {file.name for file in (tmp_path / "scratch").rglob("*") if file.is_file()}
    assert written == {
        "riverside.yaml",
        "elsewhere.yaml",
        *(each.name for each in (tmp_path / "scratch").glob("*.index")),
    }


def test_what_is_not_exported_by_an_archive_is_compared_all_the_same(repo: Repository, tmp_path: Path) -> None:
    repo.commit({".gitattributes": "*.yaml export-ignore\n"}, "three")
    assert title(opened(repo, tmp_path, "three")) == "Three"


def test_a_folder_goes_before_a_revision_and_other_shipped_documents_go_with_a_revision_that_has_them(
    tmp_path: Path,
) -> None:
    made = repository(tmp_path / "repo")
    folders = {name: (shipped() / name).rglob("*") for name in ("mappings", "schemas")}
    files = {
        str(file.relative_to(shipped())): file.read_text(encoding="utf-8")
        for found in folders.values()
        for file in found
        if file.is_file() and (file.suffix in (".yaml", ".csv") or file.name == "mapping.json")
    }
    made.commit({**files, "examples/a/schools/riverside.yaml": SCHOOL.format(title="One")}, "one")
    lookup = "schemas/lookups/gender.yaml"
    made.write({lookup: files[lookup].replace("  M: male\n", "")})
    for folder in (made.folder, made.folder / "examples" / "a"):
        versions = Versions(folder, tmp_path / "scratch")
        lookups = [
            versions.open(name, in_use=True).project.lookups("xporter")["gender"].values or {} for name in ("one", None)
        ]
        assert ["M" in each for each in lookups] == [True, False]


@pytest.mark.parametrize(
    ("name", "fix"),
    [("mian", "did you mean 'main'?"), ("--exec=x", "fetch it first"), ("one:data", "fetch it first")],
)
def test_a_revision_that_is_not_there_is_told(repo: Repository, tmp_path: Path, name: str, fix: str) -> None:
    with pytest.raises(RevisionError) as told:
        opened(repo, tmp_path, name)
    assert told.value.what == f"there is no folder and no git revision '{name}'"
    assert fix in told.value.fix


def test_outside_of_a_repository_there_are_folders_only(tmp_path: Path) -> None:
    (tmp_path / "project" / "schools").mkdir(parents=True)
    with pytest.raises(RevisionError, match="is in no git repository"):
        Versions(tmp_path / "project", tmp_path / "scratch").open("main")


def test_a_line_of_a_problem_is_that_of_its_version(repo: Repository, tmp_path: Path) -> None:
    broken = SCHOOL.format(title="Four") + "colour: red\n"
    repo.commit({"data/schools/riverside.yaml": broken}, "three")
    repo.write({"data/schools/riverside.yaml": SCHOOL.format(title="Five")})
    versions = Versions(repo.folder / "data", tmp_path / "scratch")
    version = versions.open("three", in_use=True)
    (problem,) = version.errors
    assert problem.place is not None
    assert version.line(problem.place.file, problem.place.line) == "colour: red"
    assert title(versions.open(None, in_use=True)) == "Five"
