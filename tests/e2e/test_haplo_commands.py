"""`haplomap haplo`: control files tried here, what an application needs, and which control files it has."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from project import ROOT, SCHOOL, Ended, Project, a_project, call

from engine.cli.commands.haplo import COMMANDS
from engine.cli.commands.haplo import command as haplo
from engine.cli.main import cli

pytestmark = pytest.mark.e2e

CASES = ROOT / "tests" / "conformance"
PATHS = sorted([*(CASES / "cases").glob("*.json"), *(CASES / "own").glob("*.json")])


def data_of(given: Any) -> bytes:
    """Return the bytes of a data file of a case."""
    if isinstance(given, str):
        return given.encode()
    if "base64" in given:
        return base64.b64decode(given["base64"])
    return "".join(text * times for text, times in given["repeat"]).encode()


def arguments(case: dict[str, Any], folder: Path) -> list[str]:
    """Write a case's files into a folder; return the command that tries them."""
    (folder / "control.json").write_text(json.dumps(case["control"]), encoding="utf-8")
    (folder / "schema.json").write_text(json.dumps(case["schema"]), encoding="utf-8")
    found = ["haplo", "dry-run", str(folder / "control.json"), "--schema", str(folder / "schema.json")]
    for number, (name, given) in enumerate(case["files"].items()):
        (folder / f"data-{number}").write_bytes(data_of(given))
        found += ["--file", f"{name}={folder / f'data-{number}'}"]
    return [*found, *(["--no-save"] if case.get("options", {}).get("dryRun") else [])]


def of_case(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((CASES / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    return case


def in_process(*given: str) -> Result:
    return CliRunner().invoke(cli, list(given), standalone_mode=False, catch_exceptions=False)


def agrees(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare as the README of the cases says."""
    assert found.keys() == expected.keys()
    for key in expected.keys() - {"exception"}:
        assert found[key] == expected[key], key
    stop, wanted = found["exception"], expected["exception"]
    assert (stop is None) == (wanted is None)
    if wanted is not None:
        assert stop["record"] == wanted["record"]
        assert wanted["message"] in (None, stop["message"])


def fine(expected: dict[str, Any]) -> bool:
    faults = expected["controlErrors"] or expected["errorCount"] or expected["exception"]
    return not faults and expected["complete"] == expected["records"]


# dry-run


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_case_comes_out_as_haplo_has_it(path: Path, tmp_path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    given = arguments(case, tmp_path)
    result = in_process(*given, "--format", "json")
    agrees(json.loads(result.stdout), case["expected"])
    assert result.return_value == (0 if fine(case["expected"]) else 1)
    told = in_process(*given)
    assert told.return_value == result.return_value
    assert told.stdout.strip()


@pytest.mark.parametrize("name", ["school-update-or-create", "check-several-faults", "json-null-record", "dry-run"])
def test_the_real_command_says_the_same(name: str, tmp_path: Path) -> None:
    case = of_case(name)
    ended = call(*arguments(case, tmp_path), "--format", "json")
    agrees(json.loads(ended.out), case["expected"])
    assert (ended.code, ended.err) == (0 if fine(case["expected"]) else 1, "")


def test_people_see_what_would_be_created_refused_and_why(tmp_path: Path) -> None:
    out = in_process(*arguments(of_case("school-validity-gates"), tmp_path)).stdout
    assert out == (
        "4 records read, 2 fit to be saved\n"
        "\n"
        "type               created  updated\n"
        "─────────────────  ───────  ───────\n"
        "school:type:pupil        2        0\n"
        "\n"
        "Records that are refused:\n"
        "  2 × Status is not one that is imported\n"
        "      at instructions[0].else[0]\n"
        "      records 1, 3\n"
        "\n"
        "Messages about records; each goes without the value:\n"
        "  2 × Pupil has no UPN\n"
        "      at instructions[1].else[0]\n"
        "      records 2, 3\n"
        "\n"
        "values are not shown; --show-personal shows the messages whole\n"
    )


def test_updates_and_what_stays_are_counted(tmp_path: Path) -> None:
    out = in_process(*arguments(of_case("school-update-or-create"), tmp_path)).stdout
    assert re.search(r"school:type:pupil +2 +1\n1 object would stay as it is\n", out)


def test_errors_of_the_control_file_come_first_and_alone(tmp_path: Path) -> None:
    case = of_case("check-several-faults")
    out = in_process(*arguments(case, tmp_path)).stdout
    assert out.splitlines() == [
        "Haplo would not take the control file:",
        *(f"  {message}" for message in case["expected"]["controlErrors"]),
    ]


def test_values_are_shown_only_when_asked_for(tmp_path: Path) -> None:
    given = arguments(of_case("school-guardians"), tmp_path)
    message = next(one for one in of_case("school-guardians")["expected"]["errors"])
    value = message.partition(": ")[2].partition(" (record")[0]
    assert value
    assert value not in in_process(*given).stdout
    assert message in in_process(*given, "--show-personal").stdout


def test_a_fault_that_stops_the_import_is_told(tmp_path: Path) -> None:
    out = in_process(*arguments(of_case("json-null-record"), tmp_path)).stdout
    assert "Haplo would stop the import at record 1:" in out


def wrong(tmp_path: Path, **files: str) -> list[str]:
    """Return a command over files, some of which are replaced."""
    given = arguments(of_case("tsv-basic"), tmp_path)
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    return given


@pytest.mark.parametrize(
    ("files", "code", "says"),
    [
        ({"control": "{"}, "not-json", "control.json:1:2"),
        ({"control": "[]"}, "not-a-mapping", "control.json"),
        ({"control": " "}, "empty-document", "control.json"),
        ({"schema": '{"types": [1]}'}, "not-a-schema", "schema.json"),
        ({"schema": '{"types": '}, "not-json", "schema.json"),
        ({"schema": "binding: x\nmodel: y\ndestination: z\nnames: {}\n"}, "not-a-schema", "describes a binding"),
        ({"schema": "application: x\nnonsense: y\n"}, "unknown-key", "schema.json:2:1"),
        ({"schema": "application: x\nrequirements: [none]\n"}, "file-missing", "schema.json:2:16"),
        ({"schema": "# one\ntype a:b\n  titel\n"}, "requirements-line", "schema.json:3:3"),
    ],
)
def test_files_that_are_wrong_are_told_with_their_place(
    files: dict[str, str], code: str, says: str, tmp_path: Path
) -> None:
    ended = call(*wrong(tmp_path, **files))
    assert (ended.code, ended.codes, ended.out) == (2, [code], "")
    assert says in ended.err


def test_files_that_are_not_there_are_told_all_at_once(tmp_path: Path) -> None:
    names = [f"{tmp_path}/{name}" for name in ("c.json", "s.json", "d.json")]
    ended = call("haplo", "dry-run", names[0], "--schema", names[1], "--file", f"a={names[2]}")
    assert (ended.code, ended.codes) == (2, ["file-unreadable"] * 3)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["haplo", "dry-rn"], "did you mean 'dry-run'?"),
        (["haplo", "nonsense"], "'haplomap haplo --help' lists them"),
        (["haplo", "dry-run", "c.json", "--schema", "s.json"], "--file"),
        (["haplo", "dry-run", "c.json", "--file", "a=b"], "--schema"),
        (["haplo", "dry-run", "c.json", "--file", "a", "--schema", "s.json"], "'a' is not NAME=PATH"),
        (["haplo", "dry-run", "c.json", *["--file", "a=b"] * 2, "--schema", "s"], "two files have the name 'a'"),
        (["haplo", "control", "studnt", "--project", "examples/demo"], "did you mean 'student'?"),
        (["haplo", "control", "--project", "examples/demo"], "say where with --out DIR"),
        (["haplo", "control", "student", "--school", "waters", "--project", "examples/demo"], "'waters-edge'?"),
        (["haplo", "installed", "--school", SCHOOL, "--project", "examples/demo"], "ENTITY"),
        (["haplo", "installed", "studnt", "--school", SCHOOL, "--project", "examples/demo"], "did you mean 'student'?"),
        (["haplo", "requirements", "gruop"], "did you mean 'group'?"),
        (["haplo", "requirements", "--application", "school"], "there is no application 'school'"),
    ],
)
def test_a_slip_gets_the_next_thing_to_type(given: list[str], says: str) -> None:
    ended = call(*given)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err


CONTROL = {
    "dataImportControlFileVersion": 0,
    "model": "TYPE:x:type:pet",
    "files": {"DEFAULT": {"read": "json"}},
    "instructions": [
        {"action": "new", "destination": "object"},
        {"source": "name", "destination": "object", "name": "dc:attribute:title"},
        {"source": "legs", "destination": "object", "name": "x:attribute:legs"},
    ],
}
TEXTS = ("type x:type:pet\n  attribute dc:attribute:title\n", "type x:type:pet\n  attribute x:attribute:legs\n")
LEGS = "attribute x:attribute:legs\n  data-type: integer\n"
DOCUMENT = """\
# an application

---
application: pets
requirements: [a.schema, b.schema]
auto_models: [x:type:pet]
"""


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder with a control file, data, and an application in all three forms."""
    (tmp_path / "control.json").write_text(json.dumps(CONTROL))
    (tmp_path / "pets.json").write_text('[{"name": "Rex", "legs": 4}]')
    (tmp_path / "a.schema").write_text(TEXTS[0])
    (tmp_path / "b.schema").write_text(TEXTS[1] + LEGS)
    (tmp_path / "pets.yaml").write_text(DOCUMENT)
    case = {
        "attributes": [{"code": "dc:attribute:title", "type": "text"}, {"code": "x:attribute:legs", "type": "integer"}],
        "types": [{"code": "x:type:pet", "attributes": ["dc:attribute:title", "x:attribute:legs"]}],
        "autoModels": ["x:type:pet"],
    }
    (tmp_path / "pets.case").write_text("\n " + json.dumps(case))
    return tmp_path


@pytest.mark.parametrize("schemas", [["a.schema", "b.schema"], ["b.schema", "a.schema"], ["pets.yaml"], ["pets.case"]])
def test_an_application_comes_in_three_forms(schemas: list[str], pets: Path) -> None:
    given = [word for name in schemas for word in ("--schema", str(pets / name))]
    files = ["--file", f"pets={pets / 'pets.json'}"]
    result = in_process("haplo", "dry-run", str(pets / "control.json"), *files, *given, "--format", "json")
    [entry] = json.loads(result.stdout)["committed"]
    assert (entry["values"]["dc:attribute:title"], entry["values"]["x:attribute:legs"]) == (["Rex"], [4])
    assert result.return_value == 0


def test_only_texts_add_up(pets: Path) -> None:
    schemas = ["--schema", str(pets / "a.schema"), "--schema", str(pets / "pets.case")]
    ended = call("haplo", "dry-run", str(pets / "control.json"), "--file", f"a={pets / 'pets.json'}", *schemas)
    assert (ended.code, ended.codes) == (2, ["several-schemas"])


# requirements


def test_the_example_is_what_the_command_prints() -> None:
    example = ROOT / "examples" / "application"
    [line] = re.findall(r"^haplomap (haplo requirements .*)$", (example / "README.md").read_text(), re.MULTILINE)
    command, _, file = line.partition(" > ")
    ended = call(*shlex.split(command)).well()
    assert ended.out == (ROOT / file).read_text(encoding="utf-8")
    assert ended.err == ""
    assert call("check", "--project", str(example)).well().err == ""


def test_a_school_whose_application_is_a_text_is_checked_and_planned(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        folder = project.folder / "applications"
        for name in ("school.yaml", "school.schema"):
            (folder / name).write_bytes((ROOT / "examples" / "application" / "applications" / name).read_bytes())
        assert project.call("check").well().err == ""
        project.run("--only", "school").well()
        text = (folder / "school.schema").read_text().replace("data-type: datetime", "data-type: uuid")
        (folder / "school.schema").write_text(text)
        ended = project.call("check")
        assert (ended.code, set(ended.codes)) == (2, {"attribute"})
        assert "is of the type uuid, which an import cannot set" in ended.err


def test_requirements_of_some_entities_name_only_theirs() -> None:
    out = call("haplo", "requirements", "group").well().out
    assert "type school:type:group\n" in out
    assert "linked-type: school:type:staff" in out
    assert "std:type:person" not in out
    assert call("haplo", "requirements", "group", "school").out == call("haplo", "requirements", "school", "group").out


# control, installed


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Project]:
    """A project that delivers live, by the API that keeps control files in the application."""
    with a_project(tmp_path, haplo={"kinds": ["school", "staff", "group", "student"]}) as project:
        project.edit(lambda school: school["deliver"].update(mode="live", kind="standard"))
        yield project


def commands(ended: Ended) -> list[list[str]]:
    """Return the commands that an error tells one to give."""
    found = re.findall(r"haplomap (haplo .*?)   \(", ended.err)
    return [shlex.split(command) for command in found]


def run_school(project: Project) -> Ended:
    return project.run("--only", "school", "--fresh", "--yes")


def test_live_data_is_sent_only_for_the_control_file_that_is_installed(live: Project, tmp_path: Path) -> None:
    refused = run_school(live)
    assert (refused.code, refused.codes) == (1, ["control-not-installed"])
    assert "never recorded" in refused.err
    assert live.scheduled() == []

    [control, installed] = [[word.replace("DIR", str(tmp_path / "out")) for word in one] for one in commands(refused)]
    assert f"{tmp_path / 'out' / 'school.control.json'}" in live.call(*control).well().out
    live.call(*installed).well()
    file = live.home / "installed.json"
    written = (tmp_path / "out" / "school.control.json").read_bytes()
    assert json.loads(file.read_text())["school"]["sha256"] == hashlib.sha256(written).hexdigest()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    run_school(live).well()
    assert len(live.scheduled()) == 1
    assert (live.latest / "files" / "school.control.json").read_bytes() == written

    live.change("schemas/haplo/school.yaml", lambda binding: binding["names"].pop("school:attribute:phase"))
    other = run_school(live)
    assert (other.code, other.codes) == (1, ["control-not-installed"])
    assert "another control file than the application has for school" in other.err
    assert len(live.scheduled()) == 1


def test_nothing_is_recorded_for_a_dry_run_or_where_the_control_file_goes_along(live: Project) -> None:
    live.run("--only", "school", "--dry-run").well()
    live.edit(lambda school: school["deliver"].update(kind="batch"))
    live.environ["WATERS_EDGE_HAPLO"] = live.haplo.config["batch_api_key"]
    run_school(live).well()
    assert len(live.scheduled()) == 2
    told = live.call("haplo", "installed", "school", "--school", SCHOOL).well()
    assert "does not deliver by the standard batch API" in told.err


def test_a_record_that_is_damaged_is_told(live: Project) -> None:
    live.call("haplo", "installed", "school", "--school", SCHOOL).well()
    (live.home / "installed.json").write_text('{"school": 1}')
    ended = run_school(live)
    assert (ended.code, ended.codes) == (1, ["storage"])
    assert live.scheduled() == []


def test_a_control_file_is_printed_as_a_run_writes_it(tmp_path: Path) -> None:
    printed = call("haplo", "control", "student", "--project", "examples/demo").well()
    control = json.loads(printed.out)
    assert (control["model"], printed.err) == ("haplo:person", "")
    named = call("haplo", "control", "student", "--project", "examples/demo", "--school", SCHOOL).well()
    assert named.out == printed.out
    out = call("haplo", "control", "--out", str(tmp_path), "--project", "examples/demo").well().out
    assert (tmp_path / "student.control.json").read_text(encoding="utf-8") == printed.out
    assert len(list(tmp_path.iterdir())) == 6
    assert f"--school {SCHOOL} --project examples/demo" in out


# help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_helps_with_an_example_that_can_be_parsed(name: str) -> None:
    out = call("haplo", name, "--help").well().out
    examples = re.findall(r"Example:\s+haplomap haplo (.*(?:\n {6,}\S.*)*)", out)
    assert examples
    command = haplo.get_command(click.Context(haplo), name)
    assert command is not None
    for example in examples:
        words = shlex.split(example.partition(" > ")[0])
        assert words[0] == name
        command.make_context(name, words[1:])
