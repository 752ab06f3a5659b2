"""Twelve mistakes of twelve sorts in five files: `check` tells them all, each at its place, in one pass and at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]

FILES = {
    "mappings/acme/source.yaml": """\
source: acme
config:
  estab: {type: text, description: the number of the school}
apis:
  main: {base_url: https://acme.example, auth: {kind: none}}
endpoints:
  all:
    get: schools/{{ config.estb }}/all
    pages: {kind: none}
    sets:
      things: {records: $.things, key: Id, fields: {Id: {type: text}, Name: {type: text}, Née: {type: date}}}
""",
    "mappings/acme/gadget.yaml": """\
mapping: gadget
source: acme
from: things
fields:
  source_id: Id
  name: {from: Naem}
  colour: {from: Name, lookup: colours_of_acme}
  label:
    sql: |
      CASE WHEN Name = 'é' THEN
        'ü' || ) END
  title:
    sql: |
      -- ñ
      upper('ø' || Nam)
  weight: Id
""",
    "mappings/acme/widget.yaml": """\
mapping: widget
source: acme
from: things
one_per: {order: []}
fields:
  source_id: Id
  name: {from: Name, claen: trim}
  source_id: Name
""",
    "schemas/gadget.yaml": """\
schema: gadget
fields:
  source_id: {type: text, required: true}
  name: {type: text}
  colour: {type: text}
  label: {type: text}
  title: {type: text}
""",
    "schemas/widget.yaml": """\
schema: widget
fields:
  source_id: {type: text, required: yes}
""",
    "schools/one.yaml": """\
school: one
source: acme
entities: [school]
config: {}
settings: {students: {year_group: ['7']}}
""",
}
MISTAKES = [
    ("unknown-name", "mappings/acme/source.yaml", "config.estb"),
    ("unknown-field", "mappings/acme/gadget.yaml", "Naem"),
    ("unknown-lookup", "mappings/acme/gadget.yaml", "colours_of_acme"),
    ("sql-syntax", "mappings/acme/gadget.yaml", ") END"),
    ("unknown-field", "mappings/acme/gadget.yaml", "Nam)"),
    ("unknown-target", "mappings/acme/gadget.yaml", "weight"),
    ("out-of-range", "mappings/acme/widget.yaml", "[]"),
    ("unknown-key", "mappings/acme/widget.yaml", "claen"),
    ("duplicate-key", "mappings/acme/widget.yaml", "source_id: Name"),
    ("wrong-type", "schemas/widget.yaml", "yes"),
    ("missing-config", "schools/one.yaml", "{}"),
    ("unknown-setting", "schools/one.yaml", "year_group"),
]


@dataclass(frozen=True)
class Checked:
    """How `check` ended, and the CPU that it took, in seconds."""

    code: int
    out: str
    err: str
    seconds: float


def run_check(project: Path, *options: str) -> Checked:
    """Run the real command in a process of its own."""
    command = [sys.executable, "-m", "engine", "check", "--project", str(project), *options]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    out, err = project / "out.txt", project / "err.txt"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(command, cwd=project, env=environment, stdout=to_out, stderr=to_err)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Checked(process.returncode, out.read_text(), err.read_text(), usage.ru_utime + usage.ru_stime)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def expected() -> set[tuple[str, str, int, int]]:
    """Return code, file, line and column of every mistake, found in the texts by eye and by `find`."""
    found = set()
    for code, file, wrong in MISTAKES:
        text = FILES[file]
        assert text.count(wrong) == 1, wrong
        before = text[: text.index(wrong)]
        found.add((code, file, before.count("\n") + 1, len(before) - before.rfind("\n")))
    return found


def test_check_tells_all_twelve_mistakes_each_at_its_line_and_column(project: Path) -> None:
    assert len(MISTAKES) == len(expected()) == 12
    assert len({file for _, file, _ in MISTAKES}) == 5
    done = run_check(project, "--format", "json")
    told = {
        (each["code"], each["place"]["file"], each["place"]["line"], each["place"]["column"])
        for each in json.loads(done.out)
    }
    assert told == expected()
    assert len(json.loads(done.out)) == 12
    assert done.code == 2
    assert done.err == ""


def test_check_shows_them_to_people_with_the_line_and_a_caret(project: Path) -> None:
    done = run_check(project)
    lines = done.err.splitlines()
    heads = [line for line in lines if ": error: " in line]
    assert [head.split(": error:")[0] for head in heads] == [
        f"{file}:{line}:{column}" for file, line, column in sorted((f, ln, c) for _, f, ln, c in expected())
    ]
    for head in heads:
        at = lines.index(head)
        file, line, column = head.split(": error:")[0].split(":")
        assert lines[at + 1] == f"{int(line):5} | {FILES[file].splitlines()[int(line) - 1]}"
        assert lines[at + 2].index("^") == len("      | ") + int(column) - 1
    assert lines[-1] == "12 errors found"
    assert done.code == 2


def test_check_of_the_shipped_documents_and_a_project_is_quick(project: Path) -> None:
    """0.7 s of CPU on a quiet machine, as tests/benchmarks/bench_run.py prints; tests share theirs with others."""
    assert min(run_check(project).seconds for _ in range(3)) < 1.5


def test_check_of_a_sound_project_ends_well(tmp_path: Path) -> None:
    done = run_check(tmp_path)
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"\d+ documents, no problems\n\d+ assumptions \(--assumptions lists them\)\n", done.out)
