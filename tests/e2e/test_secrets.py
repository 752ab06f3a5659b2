"""No secret and nobody's data in what a run says and leaves for others to read, whether it ends well or not."""

from __future__ import annotations

import base64
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import polars as pl
import pytest
from project import SCHOOL, Ended, Project, a_project, wire

from engine.simulators.xporter import XporterSimulator

pytestmark = pytest.mark.e2e
PERSONAL = ("Surname", "LegalSurname", "HomeEmail", "WorkEmail", "IdaasEmail", "HomePhone", "WorkPhone", "MobilePhone")
HIDDEN = ("includeleavers", "includepreadmissions", "includeprevious", "includerestrictedrelationships")
DIED = """
import sys
from engine.run import making
def make(self, sets):
    raise ValueError("O'Neill of 01632 960003 has demo-school-secret")
making.Making.rows = make
from engine.cli.main import main
main(sys.argv[1:])
"""


def secrets_of(project: Project) -> set[str]:
    """Return the secrets of a run, in each form in which they may travel."""
    tokens = list(project.xporter.tokens._tokens)
    plain = [*tokens, project.xporter.config["secret"], *project.haplo.keys.values(), *project.environ.values()]
    plain = [text for text in plain if text != project.environ["TMPDIR"]]
    forms = set(plain)
    for text in plain:
        forms |= {quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
        for raw in (text, f"haplo:{text}"):
            forms |= {coded(raw.encode()).decode() for coded in (base64.b64encode, base64.urlsafe_b64encode)}
    assert len(tokens) >= 1
    return forms


def people_of(simulator: XporterSimulator) -> set[str]:
    """Return what would tell who somebody is: surnames, e-mail addresses and telephone numbers."""
    rows = [row for name in ("Students", "Contacts", "Staff") for row in wire(simulator, name, *HIDDEN)]
    found = {row.get(name) for row in rows for name in PERSONAL}
    found |= {row["Value"] for row in wire(simulator, "PersonComms", *HIDDEN)}
    return {text for text in found if text}


def leaks(text: str, forms: set[str]) -> list[str]:
    return sorted(form for form in forms if form in text)


def texts_left(project: Project) -> Iterator[tuple[str, str]]:
    """Yield what a run leaves beside the data itself: journal, report, quarantine, bug files."""
    for folder in project.runs():
        for name in ("journal.jsonl", "report.json"):
            yield name, (folder / name).read_text(encoding="utf-8")
        for file in (folder / "quarantine").glob("*.parquet"):
            held = pl.read_parquet(file)
            yield file.name, "\n".join(str(held[name].to_list()) for name in held.columns if name != "source_key")
    for file in Path(project.environ["TMPDIR"]).glob("**/*"):
        if file.is_file():
            yield file.name, file.read_text(encoding="utf-8")


def assert_nothing_is_told(project: Project, *ended: Ended) -> None:
    secrets, people = secrets_of(project), people_of(project.xporter)
    assert len(people) > 100
    said = [("standard output", each.out) for each in ended] + [("standard error", each.err) for each in ended]
    for name, text in [*said, *texts_left(project)]:
        assert leaks(text, secrets) == [], name
        assert leaks(text, people) == [], name


def test_a_run_that_ends_well_tells_nothing_of_anybody(tmp_path: Path) -> None:
    with a_project(tmp_path, mess=9) as project:
        project.edit(lambda school: school["deliver"].update(kind="batch"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        ended = project.run("-v").well()
        assert project.quarantine("student")
        assert_nothing_is_told(project, ended)
        assert leaks((project.latest / "files" / "student-001.json").read_text(), people_of(project.xporter))
        assert_private(project)
        secrets = {form.encode() for form in secrets_of(project)}
        files = [path for path in project.latest.glob("**/*") if path.is_file()]
        assert len(files) > 20
        for file in files:  # whatever was landed and made, too
            data = file.read_bytes()
            assert not [form for form in secrets if form in data], file


def assert_private(project: Project) -> None:
    """Hold that nobody else can read anything of a run."""
    state = project.folder / ".haplomap"
    for path in [state, *state.glob("**/*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def on_page_2(do: dict[str, Any]) -> dict[str, Any]:
    return {"match": {"path": "/Students/", "page": 2}, "do": do}


NAMES = "O'Neill Łuczak-Nuñez first.choice@example.org 07700 900001 demo-school-secret"
FAILING = {
    "cut short": {"faults": [on_page_2({"cut": 9000})]},
    "error body": {"faults": [on_page_2({"error_body": NAMES})]},
    "error body of the token service": {
        "faults": [{"match": {"path": "GetToken", "nth": n}, "do": {"body": NAMES}} for n in range(2, 20)]
    },
    "renamed half-way": {
        "faults": [on_page_2({"rename_field": {"set": "Students", "from": "Surname", "to": "FamilyName"}})]
    },
}


@pytest.mark.parametrize("name", FAILING)
def test_a_source_that_fails_tells_nothing_of_anybody(name: str, tmp_path: Path) -> None:
    with a_project(tmp_path, token_reads=2, **FAILING[name]) as project:
        project.small_pages(20)
        ended = project.run("-v", "--only", "student")
        assert ended.code == 1
        assert len(ended.codes) == 1
        assert_nothing_is_told(project, ended)


def test_a_receiver_that_fails_tells_nothing_of_anybody(tmp_path: Path) -> None:
    faults = [{"match": {"path": "file$"}, "do": {"status": 400, "body": NAMES}}]
    with a_project(tmp_path, haplo={"faults": faults}) as project:
        ended = project.run("-v", "--only", "student")
        assert (ended.code, ended.codes) == (1, ["delivery"])
        assert_nothing_is_told(project, ended)
        assert_private(project)


def test_a_bug_tells_nothing_of_anybody(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        arguments = ["run", SCHOOL, "-v", "--project", str(project.folder)]
        ended = project.python("-c", DIED, *arguments)
        assert (ended.code, ended.codes) == (3, ["bug"])
        assert "ValueError" in ended.err
        [file] = Path(project.environ["TMPDIR"]).glob("haplomap-bug-*.txt")
        assert str(file) in ended.err
        assert "line 5, in make" in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert_nothing_is_told(project, ended)


def test_a_wrong_secret_is_not_told_either(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        project.run("--only", "student", "--no-deliver").well()
        for name in ("WATERS_EDGE_XPORTER", "WATERS_EDGE_HAPLO"):
            project.environ[name] = f"wrong/{name}+secret=="
        ended = project.run("-v", "--only", "student", "--fresh")
        assert ended.codes == ["source-refused"]
        assert_nothing_is_told(project, ended)


def test_a_preview_masks_people_unless_told_to_show_them(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        people = people_of(project.xporter)
        for form in ("text", "json"):
            masked = project.call("preview", SCHOOL, "student", "--limit", "60", "--format", form).well()
            assert leaks(masked.out + masked.err, people) == []
            assert "•••" in masked.out
        shown = project.call("preview", SCHOOL, "student", "--limit", "60", "--show-personal").well()
        assert "O'Neill" in shown.out
        assert "•••" not in shown.out
