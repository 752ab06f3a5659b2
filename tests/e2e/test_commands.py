"""Every command as it is typed: what it says, how it ends, whom it asks."""

from __future__ import annotations

import json
import re
import resource
import signal
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

import polars as pl
import pytest
import yaml
from project import ENTITIES, ROOT, SCHOOL, Project, a_project, by_id, call, end_of, start, start_python, wire

from engine.cli.main import COMMANDS
from engine.simulators.xporter import XporterSimulator

pytestmark = pytest.mark.e2e


def cpu_of(*arguments: str) -> float:
    """Return the seconds of CPU that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call(*arguments).well()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_help_is_quick() -> None:
    assert statistics.median(cpu_of("--help") for _ in range(3)) < 0.3


def test_a_check_of_the_demo_is_quick() -> None:
    """It takes 1.2 s of CPU by itself; beside other tests the same work costs up to half as much again."""
    assert statistics.median(cpu_of("check", "--project", "examples/demo") for _ in range(3)) < 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(command: str) -> None:
    ended = call(command, "--help").well()
    assert f"Example:  haplomap {command}" in ended.out
    assert ended.out.startswith(f"Usage: haplomap {command}")
    assert ended.err == ""


def test_the_help_lists_every_command_and_the_exit_codes() -> None:
    ended = call("--help").well()
    listed = ended.out.partition("Commands:")[2].splitlines()
    assert [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "] == list(COMMANDS)
    for code in ("0 fine", "1 the run failed", "2 the documents", "3 a bug", "4 the school has paused", "130 inter"):
        assert code in " ".join(ended.out.split())


def test_completion_is_there() -> None:
    ended = call(environ={"_HAPLOMAP_COMPLETE": "bash_source"})
    assert "complete -o nosort -F _haplomap_completion haplomap" in ended.out
    told = {"_HAPLOMAP_COMPLETE": "bash_complete", "COMP_WORDS": "haplomap pl", "COMP_CWORD": "1"}
    assert "plain,plan" in call(environ=told).out.split()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnu"], "did you mean 'run'?"),
        (["nonsense"], "'haplomap --help' lists them"),
        (["run", SCHOOL, "--no-delivr"], "--no-deliver"),
        (["run"], "SCHOOL"),
        (["run", SCHOOL, "--no-deliver", "--dry-run"], "exclude each other"),
        (["run", SCHOOL, "--only", "studnt", "--project", "examples/demo"], "did you mean 'student'?"),
        (["plan", SCHOOL, "--only", "studnt", "--project", "examples/demo"], "did you mean 'student'?"),
        (["preview", SCHOOL, "gruop", "--project", "examples/demo"], "did you mean 'group'?"),
        (["preview", "waters", "group", "--project", "examples/demo"], "did you mean 'waters-edge'?"),
        (["extract", SCHOOL, "--only", "studens", "--out", "x", "--project", "examples/demo"], "'students'"),
        (["simulate", "xportr"], "xporter"),
        (["init", "/nowhere/at/all", "--source", "xportr"], "did you mean 'xporter'?"),
        (["check", "--project", "/nowhere/at/all"], "/nowhere/at/all"),
        (["check", "--format", "yaml"], "json"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, list) else "",
)
def test_what_is_mistyped_is_told_with_what_was_meant(arguments: list[str], says: str) -> None:
    ended = call(*arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err


INTERRUPTED_WHILE_LOADING = """
import runpy, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
sys.argv = ["haplomap", "--help"]
runpy.run_module("engine", run_name="__main__")
"""


def test_ctrl_c_is_no_traceback_even_before_the_command_has_begun() -> None:
    ended = end_of(start_python("-c", INTERRUPTED_WHILE_LOADING))
    assert (ended.code, ended.codes, ended.out) == (130, ["interrupted"], "")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("arguments", [("plan", SCHOOL), ("check", "--format", "json"), ("check", "-v")], ids=" ".join)
def test_results_that_find_no_room_are_told(arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = end_of(start(*arguments, "--project", "examples/demo", stdout=full))
    assert (ended.code, ended.codes) == (1, ["storage"])
    assert "standard output: the disk is full" in ended.err


def test_a_reader_that_goes_away_is_no_failure_worth_words() -> None:
    process = start("plan", SCHOOL, "--project", "examples/demo", "-v")
    assert process.stdout is not None
    process.stdout.close()
    ended = end_of(process)
    assert (ended.code, ended.err) == (1, "")


def test_a_new_project_lacks_nothing_but_what_is_to_be_filled_in_and_can_be_planned(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = call("init", str(folder), "--school", "hill-top", "--source", "xporter").well()
    assert str(folder / "schools" / "hill-top.yaml") in made.out
    assert made.out.endswith(f" check --project {folder}\n")
    checked = call("check", "--project", str(folder))
    assert (checked.code, checked.err.count("warning: "), checked.err.count("[not-filled-in]")) == (0, 3, 3)
    plan = json.loads(call("plan", "hill-top", "--project", str(folder), "--format", "json").well().out)
    allowed_as_it_comes = {"attendance_mark", "assessment_result", "exam_result", "lesson"}
    assert set(plan["entities"]) == {*ENTITIES, *allowed_as_it_comes}
    assert ".haplomap/" in (folder / ".gitignore").read_text()
    again = call("init", str(folder), "--source", "xporter")
    assert (again.code, again.codes) == (2, ["init-refused"])


def test_check_counts_what_is_assumed_and_lists_it_when_asked() -> None:
    project = ("--project", "examples/isams")
    count = int(
        re.findall(r"^(\d+) assumptions \(--assumptions lists them\)$", call("check", *project).well().out, re.M)[0]
    )
    listed = call("check", "--assumptions", *project).well().out.splitlines()[1:]
    assert len(listed) == count > 0
    form = re.compile(
        r"mappings/isams/[\w./]+:\d+:\d+: note: (?:'|set '|method '|endpoint ').+ is assumed: .+ \[assumed\]"
    )
    assert [line for line in listed if not form.fullmatch(line)] == []
    told = json.loads(call("check", "--assumptions", "--format", "json", "mappings/isams/source.yaml").well().out)
    assert {each["level"] for each in told} == {"note"}
    assert {Path(each["place"]["file"]).name for each in told} == {"source.yaml"}
    assert 0 < len(told) < count


def test_init_asks_for_the_source_where_there_are_several(tmp_path: Path) -> None:
    ended = call("init", str(tmp_path / "mine"), "--school", "hill-top")
    assert (ended.code, ended.codes) == (2, ["init-refused"])
    assert "isams, xporter" in ended.err
    assert not (tmp_path / "mine").exists()


def test_what_init_leaves_open_is_asked_for_by_name(tmp_path: Path) -> None:
    call("init", str(tmp_path / "mine"), "--school", "hill-top", "--source", "xporter").well()
    ended = call("run", "hill-top", "--project", str(tmp_path / "mine"))
    assert (ended.code, ended.codes) == (2, ["secret-missing"])
    assert "HILL_TOP_SCHOOL_SECRET" in ended.err


def test_a_document_of_the_project_goes_before_the_shipped_one(tmp_path: Path) -> None:
    call("init", str(tmp_path), "--school", "hill-top", "--source", "xporter").well()
    settings = yaml.safe_load((ROOT / "schemas" / "settings.yaml").read_text())
    settings["groups"]["students"]["year_groups"]["typ"] = "texts"
    (tmp_path / "schemas" / "settings.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    ended = call("check", "--project", str(tmp_path), "--format", "json")
    assert ended.code == 2
    [problem] = [each for each in json.loads(ended.out) if each["code"] != "not-filled-in"]
    assert problem["code"] == "unknown-key"
    assert problem["place"]["file"] == str(tmp_path / "schemas" / "settings.yaml")


def test_a_plan_asks_nothing_of_anyone(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.environ.clear()
        text = project.call("plan", SCHOOL).well().out
        plan = json.loads(project.call("plan", SCHOOL, "--format", "json").well().out)
        assert project.xporter.requests == project.haplo.requests == []
        assert not project.home.exists()
    asked = {request["endpoint"]: request for request in plan["requests"]}
    assert set(asked) == {
        *("groups", "students", "contacts", "student_contacts", "person_comms", "staff", "school_info"),
    }
    assert set(asked["groups"]["options"]) == {"includeStaffMembers", "includeStudentMembers", "includeSubjects"}
    assert {"set": "students", "field": "Gender", "for": ["student.gender"]} in plan["fields"]
    read = {(line["set"], line["field"]) for line in plan["fields"]}
    assert ("students", "RowHash") not in read
    assert ("students", "QuickNote") not in read
    assert plan["entities"] == ENTITIES
    assert plan["deliver"] == "standard, dry-run"
    for name in asked:
        assert f"\n{name} " in text
    assert "student.gender" in text


def test_a_run_asks_for_what_the_plan_said(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        plan = json.loads(project.call("plan", SCHOOL, "--only", "group", "--format", "json").well().out)
        project.run("--only", "group", "--no-deliver").well()
        estab = project.xporter.config["estab"]
        planned = {
            (f"/api/v1/{request['path'].replace('{{ config.estab }}', estab)}", ",".join(request["options"]))
            for request in plan["requests"]
        }
        reads = [each for each in project.xporter.requests if "/School/" in each.path]
        assert {(each.path, each.query.get("options", "")) for each in reads} == planned
        landed = pl.read_parquet(project.latest / "sets" / "groups.parquet").columns
        fields = [line["field"] for line in plan["fields"] if line["set"] == "groups"]
        assert sorted(landed) == sorted([*fields, "_page", "_row"])


SETS = {
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


def declared() -> dict[str, list[str]]:
    """Return the fields that the shipped documents declare of the sets in use."""
    found: dict[str, list[str]] = {}
    for file in (ROOT / "mappings" / "xporter" / "endpoints").glob("*.yaml"):
        for endpoint in yaml.safe_load(file.read_text(encoding="utf-8"))["endpoints"].values():
            found |= {name: list(spec["fields"]) for name, spec in endpoint["sets"].items() if name in SETS}
    return found


def on_wire(value: object) -> str | None:
    return None if value is None else str(value)


def test_records_come_as_they_were_on_the_wire_with_every_declared_field(tmp_path: Path) -> None:
    out = tmp_path / "records"
    with a_project(tmp_path, mess=3) as project:
        project.small_pages(25)
        ended = project.call("extract", SCHOOL, "--out", str(out), "--format", "json").well()
        assert project.haplo.requests == []
        facts = {line["set"]: line["rows"] for line in json.loads(ended.out)}
        theirs = {name: wire(project.xporter, other) for name, other in SETS.items()}
    frames = {file.stem: pl.read_parquet(file) for file in out.iterdir()}
    fields = declared()
    assert set(frames) == set(fields) == set(SETS)
    for name, frame in frames.items():
        assert [column for column in frame.columns if not column.startswith("_")] == fields[name]
        assert frame.height == facts[name]
    for name in ("students", "contacts", "staff", "person_comms", "student_contacts", "student_members"):
        assert frames[name].height == len(theirs[name])
        own, source = by_id(frames[name].to_dicts()), by_id(theirs[name])
        assert set(own) == set(source)
        same = [column for column in fields[name] if column in next(iter(source.values()))]
        assert len(same) > 5
        for key, record in source.items():
            assert [own[key][column] for column in same] == [on_wire(record[column]) for column in same]
    born = {row["Id"]: row["DateofBirth"] for row in theirs["students"]}
    assert {row["Id"]: row["DateOfBirth"] for row in frames["students"].to_dicts()} == born
    assert "31/13/2010" in born.values()


def test_some_records_only(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        out = tmp_path / "some"
        ended = project.call("extract", SCHOOL, "--only", "staff", "--only", "groups", "--out", str(out)).well()
        assert {file.name for file in out.iterdir()} == {"staff.parquet", "groups.parquet"}
        assert {name for name, _ in project.pages_asked()} == {"staff", "groups"}
        assert "  staff.parquet  " in ended.out
        assert ended.out.endswith(f"files: {out}\n")


def test_a_preview_asks_only_for_what_the_last_run_did_not_bring(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--no-deliver").well()
        asked = len(project.xporter.requests)
        ended = project.call("preview", SCHOOL, "group", "--limit", "3").well()
        assert len(project.xporter.requests) == asked
        groups = len(wire(project.xporter, "Group"))
        assert f"3 of {groups} rows; 0 quarantined" in ended.out
        project.environ.clear()
        students = json.loads(project.call("preview", SCHOOL, "student", "--format", "json").well().out)
        assert len(students) == 10
        assert {row["family_name"] for row in students} == {"•••"}
        assert len(project.xporter.requests) == asked
        assert project.haplo.requests == []


def test_a_preview_shows_the_mapping_as_it_is_now(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--no-deliver").well()
        asked = len(project.xporter.requests)
        project.edit(lambda school: school.update(override={"group": {"fields": {"code": {"value": "changed"}}}}))
        rows = json.loads(project.call("preview", SCHOOL, "group", "--format", "json").well().out)
        assert {row["code"] for row in rows} == {"changed"}
        order = [(row["kind"], row["name"], row["source_id"]) for row in rows]  # as the schema has them sorted
        assert len({kind for kind, _, _ in order}) < len(order) == 10
        assert order == sorted(order)
        assert len(project.xporter.requests) == asked


def said_first(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    found: dict[str, object] = json.loads(process.stdout.readline())
    return found


@pytest.mark.parametrize("name", ["xporter", "haplo"])
def test_a_simulator_starts_answers_and_ends(name: str) -> None:
    with XporterSimulator() as free:
        port = free.port
    process = start("simulate", name, "--port", str(port), "--seed", "3")
    try:
        facts = said_first(process)
        assert (facts["simulator"], facts["url"]) == (name, f"http://127.0.0.1:{port}")
        with urllib.request.urlopen(f"{facts['url']}/__control__/requests", timeout=10) as answer:
            assert json.load(answer) == []
    finally:
        process.send_signal(signal.SIGINT)
        ended = end_of(process, 20)
    assert (ended.code, ended.err) == (0, "")


def test_the_demo_goes_the_whole_way(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = call("demo", "--folder", str(tmp_path / "demo"), "--size", "60", environ={"TMPDIR": str(tmp_path)}).well()
    assert time.monotonic() - began < 60
    assert all(f"\n{entity} " in ended.out for entity in ENTITIES)
    assert "complete in" in ended.out
    assert f" plan {SCHOOL} --project {tmp_path / 'demo'}\n" in ended.out
    project = Project(tmp_path / "demo", None, None)  # type: ignore[arg-type]
    assert project.books("student")["sent"] == 60
