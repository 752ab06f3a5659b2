"""What a school lets us read: only what is mapped leaves it, and what it takes back stays in Haplo as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from nights import a_term, changes, held, night
from project import SCHOOL, Project, a_project, wire

from engine.simulators.xporter import XporterSimulator

pytestmark = pytest.mark.e2e
SECRETS = ("demo-school-secret", "demo-management-secret", "Idaas", "api_key")
COLUMNS_OF = {"students": "Students", "contacts": "Contacts", "staff": "Staff", "groups": "Group"}


def given_the_list_of_schools(project: Project) -> None:
    """Have the school file give the secret that the list of schools is asked with."""
    project.edit(lambda school: school["config"].update(management_secret={"env": "MANAGEMENT"}))
    project.environ["MANAGEMENT"] = project.xporter.config["management_secret"]


def control(project: Project, what: str, text: str) -> None:
    """Change the simulated school while it lives."""
    httpx.put(f"{project.xporter.url}/__control__/{what}", content=text, trust_env=False).raise_for_status()


def test_what_a_school_takes_back_stays_in_haplo_as_it_was(tmp_path: Path) -> None:
    with a_term(tmp_path, pupils=30) as project:
        night(project, 0).well()
        before, granted = held(project), sorted(project.xporter.scopes)  # type: ignore[attr-defined]
        control(project, "scopes", ",".join(name for name in granted if name not in ("StudentExtended", "Contact")))
        asked = project.call("plan", SCHOOL, "--ask", "--format", "json").well()
        left = json.loads(asked.out)
        ended = night(project, 0, "--full").well()

        # everything was sent once more, and nothing of it changed, was cleared, or counts as gone
        assert held(project) == before
        count = len(wire(project.xporter, "Students"))  # type: ignore[arg-type]
        assert changes(project, "student") == dict.fromkeys(("rows", "before", "unchanged", "again", "send"), count)
        assert set(project.report()["changes"]) == {
            "school",
            "staff",
            "group",
            "student",
            "group_membership",
        }
        assert not any(each.get(word) for each in project.report()["changes"].values() for word in ("gone", "rescoped"))

        # it was told before anything was read, by the names of target fields
        told, first = ended.err.index("the school has taken back Contact, StudentExtended"), ended.err.index("page 1")
        assert told < first
        notes = project.report()["notes"]
        assert "taken back: Contact; left alone in Haplo: guardian" in notes
        [of_students] = [note for note in notes if note.startswith("taken back: StudentExtended")]
        for name in ("date_of_birth", "middle_names", "emails", "phones"):  # of the last two, other parts still come
            assert f"student.{name}" in of_students
        assert "student.family_name" not in of_students
        assert not [note for note in notes if "is mapped, and was not sent" in note]

        # --ask said the same
        assert left["entities"] == ["school", "staff", "group", "student", "group_membership"]
        assert left["warnings"] == [note for note in notes if note.startswith("warning")]
        birth = {"entity": "student", "field": "date_of_birth", "because": ["students.DateOfBirth"]}
        assert {**birth, "scope": "StudentExtended", "lost": True} in left["left_alone"]
        assert "students.DateOfBirth" in left["not_asked"]
        assert not any(secret in asked.out + asked.err for secret in SECRETS)
        assert "DateofBirth" not in last_select(project, "Students")

        # somebody says that it is well so: lists are made of what still comes, and what nothing comes of stays
        night(project, 0, "--accept", "scopes:student").well()
        [of_students] = [note for note in project.report()["notes"] if note.startswith("not granted: StudentExtended")]
        assert "student.date_of_birth" in of_students
        assert "student.emails" not in of_students
        assert held(project) == before  # all addresses are among those of another set
        control(project, "scopes", ",".join(granted))
        assert "taken back" not in night(project, 0).well().err
        assert held(project) == before


def last_select(project: Project, name: str) -> list[str]:
    """Return the columns that an endpoint was last asked for."""
    asked = [each.query for each in project.xporter.requests if each.path.endswith(f"/{name}/")]
    return next(query["select"] for query in reversed(asked) if "select" in query).split(",")


def test_a_closed_school_ends_with_a_status_of_its_own_and_leaves_haplo_alone(tmp_path: Path) -> None:
    with a_term(tmp_path, pupils=30) as project:
        given_the_list_of_schools(project)
        night(project, 0).well()
        before, batches = held(project), len(project.scheduled())
        for mode in ("paused", "pending", "revoked"):
            control(project, "mode", mode)
            ended = night(project, 1)
            assert (ended.code, ended.codes) == (4, [f"source-{mode}"])
            assert project.report()["outcome"] == mode
            assert ("haplomap purge waters-edge" in ended.err) == (mode == "revoked")
            asked = project.call("plan", SCHOOL, "--ask")
            assert (asked.code, asked.codes) == (4, [f"source-{mode}"])
            assert not any(secret in ended.err + asked.err for secret in SECRETS)
        shown = project.call("runs", "--format", "json").well()
        assert [run["outcome"] for run in json.loads(shown.out)] == ["revoked", "complete"]
        assert (held(project), len(project.scheduled())) == (before, batches)
        control(project, "mode", "ok")
        assert night(project, 1).well().code == 0
        control(project, "mode", "revoked")
        removed = project.call("purge", SCHOOL, "--yes").well()
        assert "1 of consents" in removed.out
        assert not [file for file in project.home.rglob("*") if file.name not in ("lock",)]


def test_consent_that_ends_in_the_middle_of_a_run_ends_it_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_project(tmp_path, pupils=30) as project:
        given_the_list_of_schools(project)
        simulator = project.xporter
        assert isinstance(simulator, XporterSimulator)
        read = simulator.consents.early

        def revoking(request: Any) -> Any:
            if "/Contacts" in request.path:
                simulator.tokens.set_mode("revoked")
            return read(request)

        monkeypatch.setattr(simulator.consents, "early", revoking)
        project.small_pages(20)
        ended = project.run("--no-deliver")
        assert (ended.code, ended.codes) == (4, ["source-revoked"])
        assert not (project.latest / "files").exists()


def test_data_that_are_not_ready_are_waited_for_within_a_limit(tmp_path: Path) -> None:
    def wait(up_to: str) -> None:
        project.change(
            "mappings/xporter/source.yaml", lambda source: source["apis"]["main"].update(wait=wait_of(up_to))
        )

    def wait_of(up_to: str) -> dict[str, str]:
        return {"poll": "20ms", "up_to": up_to}

    with a_project(tmp_path, pupils=20) as project:
        control(project, "not-ready", "8")
        wait("30s")
        ended = project.run("--only", "staff", "--no-deliver").well()
        said = "still fetching these data from the school; asking again in 0.02 s, for 30s at most"
        assert ended.err.count(said) == 8
        control(project, "not-ready", "1000")
        wait("100ms")
        late = project.run("--only", "staff", "--no-deliver")
        assert (late.code, late.codes) == (1, ["source-not-ready"])
        assert "it was waited for 100ms" in late.err


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A school whose records were read once, by a run that gave nothing to anybody."""
    with a_project(tmp_path_factory.mktemp("read"), pupils=30) as project:
        project.run("--no-deliver").well()
        yield project


def listed(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.call("plan", SCHOOL, "--data", "--format", "json").well().out)[
        "fields"
    ]
    return found


def test_the_list_of_fields_is_what_was_asked_for(read: Project) -> None:
    by_endpoint: dict[str, set[str]] = {}
    for line in listed(read):
        by_endpoint.setdefault(line["endpoint"].replace("_", ""), set()).add(line["asked_as"])
    asked = [each for each in read.xporter.requests if "/School/" in each.path]
    assert {each.path.rstrip("/").split("/")[-1].lower(): set(each.query["select"].split(",")) for each in asked} == (
        by_endpoint
    )
    assert all(line["purposes"] for line in listed(read))
    forms = [read.call("plan", SCHOOL, "--data", "--format", form).well().out for form in ("csv", "markdown", "text")]
    assert [len(text.splitlines()) - lines for text, lines in zip(forms[:2], (1, 2), strict=True)] == [
        len(listed(read))
    ] * 2
    assert "student.date_of_birth" in forms[2]
    assert read.call("plan", SCHOOL, "--format", "csv").code == 2


def test_no_column_that_nobody_mapped_is_in_any_file(read: Project) -> None:
    assert isinstance(read.xporter, XporterSimulator)
    mapped: dict[str, set[str]] = {}
    for line in listed(read):
        mapped.setdefault(line["set"], set()).add(line["asked_as"])
    strange: dict[str, set[str]] = {}
    for name, on_wire in COLUMNS_OF.items():
        for row in wire(read.xporter, on_wire):
            for column, value in row.items():
                if column not in mapped[name] and isinstance(value, str) and len(value) > 7:
                    strange.setdefault(column, set()).add(value)
    assert {"ExternalId", "RowHash", "DisplayName", "Ethnicity", "TeacherNumber"} <= set(strange)
    kept = {text for column in ("Id", "DateofBirth") for row in wire(read.xporter, "Students") if (text := row[column])}
    found = "\n".join(texts(read.home))
    assert all(text in found for text in kept)
    values = {value for column in ("ExternalId", "RowHash", "Ethnicity") for value in strange[column]}
    assert [value for value in values if value in found] == []
    for file in read.home.rglob("sets/*.parquet"):
        own = {line["field"] for line in listed(read) if line["set"] == file.stem}
        assert set(pl.read_parquet_schema(file)) - {"_page", "_row"} == own


def texts(folder: Path) -> Iterator[str]:
    """Yield all that stands in the files of a folder."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        packed = file.suffix == ".parquet"
        yield str(pl.read_parquet(file).to_dicts()) if packed else file.read_bytes().decode("utf-8", errors="replace")
