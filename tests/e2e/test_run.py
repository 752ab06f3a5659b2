"""A whole run with the shipped mappings: what is read, made, sent, told, and left behind."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import ENTITIES, Ended, Project, a_project, end_of, wire

from engine.simulators.haplo import BATCH_API, STANDARD_API

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Ended]]:
    """One run that nobody disturbs, to look at from all sides."""
    with a_project(tmp_path_factory.mktemp("night"), pupils=90, seed=2, mess=6) as project:
        yield project, project.run()


def test_the_command_ends_well_and_tells_what_to_look_at(night: tuple[Project, Ended]) -> None:
    project, ended = night
    assert ended.code == 0
    assert "error" not in ended.err
    assert f"control files and data files: {project.latest / 'files'}" in ended.out
    assert f"report: {project.latest / 'report.json'}" in ended.out
    assert re.search(r"complete in \d+\.\d s; delivery: dry-run", ended.out)


def test_the_table_has_its_columns_and_the_numbers_of_the_report(night: tuple[Project, Ended]) -> None:
    project, ended = night
    head, _, *lines = ended.out.strip().split("\n\n")[0].splitlines()
    assert head.split() == ["entity", "read", "split", "filtered", "merged", "quarantined", "emitted", "good", "sent"]
    table = {name: [int(cell.replace(",", "")) for cell in cells] for name, *cells in map(str.split, lines)}
    assert list(table) == ENTITIES
    for line in project.report()["entities"]:
        held = [sum(line["filtered"].values()), line["merged"], sum(line["quarantined"].values())]
        expected = [line["read"], line["split"], *held, line["emitted"], line["good"], line["sent"]]
        assert table[line["entity"]] == expected


def test_what_is_read_is_what_the_source_has_and_the_books_add_up(night: tuple[Project, Ended]) -> None:
    project, _ = night
    counts = {name: len(wire(project.xporter, name)) for name in ("Students", "Contacts", "Staff", "Group")}
    members = len(wire(project.xporter, "StudentMembers")) + len(wire(project.xporter, "StaffMembers"))
    assert counts["Students"] == 90
    expected = [1, counts["Staff"], counts["Group"], 90, counts["Contacts"], members]
    lines = project.report()["entities"]
    assert [line["read"] for line in lines] == expected
    for line in lines:
        out = line["emitted"] + line["merged"] + sum(line["filtered"].values()) + sum(line["quarantined"].values())
        assert line["read"] + line["split"] == out
        assert line["good"] == line["sent"] == line["emitted"] == len(project.emitted(line["entity"])) > 0


def test_every_set_is_in_the_report_with_its_records(night: tuple[Project, Ended]) -> None:
    project, _ = night
    names = {
        "students": "Students",
        "contacts": "Contacts",
        "student_contacts": "StudentContacts",
        "person_comms": "PersonComms",
        "staff": "Staff",
        "groups": "Group",
        "student_members": "StudentMembers",
        "staff_members": "StaffMembers",
        "school_info": "SchoolInfo",
    }
    read = {line["set"]: line["rows"] for line in project.report()["sets"]}
    assert read == {name: len(wire(project.xporter, on_wire)) for name, on_wire in names.items()}


def test_haplo_holds_the_files_that_lie_in_the_folder(night: tuple[Project, Ended]) -> None:
    project, _ = night
    own = {name: hashlib.sha256(data).hexdigest() for name, data in project.files().items()}
    assert set(own) == {f"{entity}{tail}" for entity in ENTITIES for tail in (".control.json", "-001.json")}
    batches = project.haplo.store.describe()
    assert [batch["kind"] for batch in batches] == ENTITIES
    for batch in batches:
        assert {file["name"]: file["digest"] for file in batch["files"]} == {
            f"{batch['kind']}-001": own[f"{batch['kind']}-001.json"]
        }
        assert (batch["state"], batch["mode"]) == ("scheduled", "dry-run")
        assert project.latest.name in batch["comment"]


def test_the_control_files_are_of_haplo_and_name_no_person(night: tuple[Project, Ended]) -> None:
    project, _ = night
    surnames = {row["Surname"] for name in ("Students", "Contacts") for row in wire(project.xporter, name)}
    for entity in ENTITIES:
        text = project.files()[f"{entity}.control.json"].decode()
        assert json.loads(text)["dataImportControlFileVersion"] == 0
        assert not [name for name in surnames if name in text]


def test_the_same_again_is_the_same_byte_for_byte(night: tuple[Project, Ended]) -> None:
    project, _ = night
    before, first = project.files(), project.latest
    project.run("--no-deliver").well()
    try:
        assert project.latest != first
        assert project.files() == before
    finally:
        project.latest.rename(project.folder / "again")  # the others look at the first run


def test_files_are_made_and_not_sent_where_so_wished(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        ended = project.run("--no-deliver", "--format", "json").well()
        assert project.haplo.requests == []
        report = json.loads(ended.out)
        assert report == project.report()
        assert report["outcome"] == "complete"
        assert report["mode"] == "none"
        assert [line["sent"] for line in report["entities"]] == [None] * len(ENTITIES)
        assert [line["good"] for line in report["entities"]] == [line["emitted"] for line in report["entities"]]
        assert all(f"{entity}-001.json" in project.files() for entity in ENTITIES)


def test_the_option_dry_run_goes_before_the_school_file(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school["deliver"].update(mode="live", kind="batch"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        project.run("--dry-run", "--only", "group").well()
        assert [batch["mode"] for batch in project.scheduled()] == ["dry-run"]
        project.run("--yes", "--only", "group").well()
        assert [batch["mode"] for batch in project.scheduled()] == ["dry-run", ""]
        assert project.report()["mode"] == "live"


def test_no_live_run_without_the_schema_of_the_application(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: (school["deliver"].update(mode="live"), school.pop("application")))
        ended = project.run("--yes", "--only", "group")
        assert (ended.code, ended.codes) == (1, ["application-unknown"])
        assert project.haplo.requests == []


def test_the_batch_api_gets_the_control_file_first(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.edit(lambda school: school["deliver"].update(kind="batch"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        project.run("--only", "group", "--only", "student").well()
        steps = [each.path.removeprefix(BATCH_API) for each in project.haplo.requests]
        assert steps == ["control", "batch", "file", "schedule"] * 2
        own = {name: hashlib.sha256(data).hexdigest() for name, data in project.files().items()}
        batches = project.scheduled()
        assert [batch["control"] for batch in batches] == [own["group.control.json"], own["student.control.json"]]
        assert [batch["files"][0]["digest"] for batch in batches] == [own["group-001.json"], own["student-001.json"]]
        assert project.haplo.store.read(own["student-001.json"]) == project.files()["student-001.json"]


def test_only_some_entities(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--only", "student").well()
        assert [line["entity"] for line in project.report()["entities"]] == ["student"]
        assert set(project.files()) == {"student.control.json", "student-001.json"}
        assert [batch["kind"] for batch in project.scheduled()] == ["student"]
        assert {name for name, _ in project.pages_asked()} == {"students", "personcomms"}
        assert all(each.path.startswith(STANDARD_API) for each in project.haplo.requests)


def test_two_runs_of_one_school_at_one_time_are_one_too_many(tmp_path: Path) -> None:
    with a_project(tmp_path, delay_ms=200) as project:
        first = project.start("--only", "group")
        try:
            while not project.xporter.requests:  # the first has its lock by then
                assert first.poll() is None
                time.sleep(0.02)
            first.send_signal(signal.SIGSTOP)
            second = project.run("--only", "group")
        finally:
            first.send_signal(signal.SIGCONT)
            ended = end_of(first)
        assert (second.code, second.codes) == (1, ["school-busy"])
        assert f"another run of 'waters-edge' is under way: run {project.latest.name} on " in second.err
        assert f", process {first.pid}, since " in second.err
        assert ended.code == 0
        assert len(project.runs()) == 1
        assert len(project.scheduled()) == 1
