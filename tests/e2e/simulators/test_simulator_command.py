"""The command: one line of JSON, then service, then a quiet end."""

from __future__ import annotations

import ast
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import engine.simulators
from engine.simulators.__main__ import build_parser, find_simulators
from engine.simulators.isams.setting import Setting

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "engine.simulators"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A simulator in a process of its own, and the line it begins with."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def ending(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


def test_it_says_where_it_is_and_what_a_school_file_needs() -> None:
    with running("xporter", "--pupils", "5", "--seed", "2", "--today", "2025-10-01") as (process, line):
        assert line["simulator"] == "xporter"
        assert set(line["config"]) == {
            "base_url",
            "sts_url",
            "estab",
            "relying_party",
            "secret",
            "management_secret",
        }
        assert httpx.get(line["url"] + "/__control__/requests", trust_env=False).json() == []
        process.send_signal(signal.SIGTERM)
        assert ending(process) == (0, "", "")


def test_it_ends_at_an_interrupt_at_a_call_and_with_its_parent(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('[{"do": {"status": 500}}]')
    with running("haplo", "--kinds", "a,b", "--faults", str(faults)) as (process, line):
        assert line["config"]["kinds"] == ["a", "b"]
        assert httpx.get(line["url"], trust_env=False).status_code == 500
        process.send_signal(signal.SIGINT)
        assert ending(process) == (0, "", "")
    with running("haplo", "--state", str(tmp_path / "state")) as (process, line):
        assert httpx.post(line["url"] + "/__control__/quit", trust_env=False).text == "bye"
        assert ending(process) == (0, "", "")
    with running("haplo", "--with-parent") as (process, _):
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        assert ending(process) == (0, "", "")


def test_mistakes_are_one_clear_line() -> None:
    unknown = run("xporte")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr == "error: no simulator 'xporte': one of haplo, hubmis, isams, replay, xporter\n"
    nowhere = run("replay", "--dir", "nowhere")
    assert (nowhere.returncode, nowhere.stderr) == (2, "error: nowhere/replay.json is not there\n")
    no_faults = run("haplo", "--faults", "nowhere.json")
    assert no_faults.returncode == 2
    assert no_faults.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_said() -> None:
    with running("haplo") as (_, line):
        taken = run("haplo", "--port", line["url"].rpartition(":")[2])
    assert taken.returncode == 2
    assert "in use" in taken.stderr


def test_help_tells_the_simulators_and_their_options() -> None:
    for arguments, words in (
        (["--help"], ["haplo", "hubmis", "isams", "replay", "xporter"]),
        (["xporter", "--help"], ["--pupils", "--mess", "--token-life", "--rows", "--absent-pagination"]),
        (["hubmis", "--help"], ["--pupils", "--realms", "--burst", "--retry-after", "--speed", "--nights"]),
        (["isams", "--help"], ["--keys", "--awkward", "--oauth", "--nights", "--applicants-path"]),
        (["haplo", "--help"], ["--application", "--kinds", "--kinds-dir", "--state"]),
    ):
        answer = run(*arguments)
        assert answer.returncode == 0
        assert all(word in answer.stdout for word in words)


def test_help_behind_a_name_is_that_of_the_simulator() -> None:
    command = [sys.executable, "-m", "engine", "simulate"]
    shown = subprocess.run([*command, "xporter", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(word in shown.stdout for word in ("--today", "--changes", "--events", "--nights", "--change-sets"))
    assert "1%)" in shown.stdout
    general = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--nights" not in general.stdout


def test_every_simulator_bears_the_name_of_its_module() -> None:
    found = find_simulators()
    assert {"haplo", "hubmis", "isams", "replay", "xporter"} <= set(found)
    assert all(name == simulator.NAME and simulator.ABOUT for name, simulator in found.items())


def test_simulators_import_the_standard_library_each_other_and_the_interpreter_only() -> None:
    """The interpreter is of Haplo's simulator: one module imports it, and others its types at most."""
    for path in Path(engine.simulators.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                own = name.split(".")[0] in sys.stdlib_module_names or name.startswith("engine.simulators")
                allowed = own or (name.startswith("engine.haplo.") and path.name in ("importing.py", "push.py"))
                assert allowed, f"{path.name} imports {name}"


def test_a_scope_that_is_none_is_refused_with_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser("xporter", find_simulators()["xporter"])
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--scopes", "School,Staf"])
    assert ended.value.code == 2
    assert "there is no scope 'Staf': did you mean Staff?" in capsys.readouterr().err


def test_options_reach_the_simulator(tmp_path: Path) -> None:
    kinds = tmp_path / "kinds.json"
    kinds.write_text('{"pupils": {}, "staff": {}}')
    for name, arguments, key, value in (
        ("haplo", ["--kinds", str(kinds)], "kinds", frozenset({"pupils", "staff"})),
        ("haplo", [], "kinds", None),
        ("xporter", ["--scopes", "School,Staff"], "scopes", frozenset({"School", "Staff"})),
        ("xporter", ["--pupils", "31"], "pupils", 31),
        (
            "isams",
            ["--awkward", "none,+padded", "--empty", "empty"],
            "setting",
            Setting(frozenset({"padded"}), "empty"),
        ),
    ):
        simulator = find_simulators()[name]
        args = build_parser(name, simulator).parse_args(arguments)
        assert getattr(simulator.from_arguments(args, {}), key) == value
