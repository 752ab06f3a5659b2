"""The demo of an example: which simulators it starts and the project it writes. Its `simulators.yaml` says both.

Simulators are started as programs of their own, so that nothing here imports them. Next: `cli/commands/demo`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.document import load
from engine.errors import EngineError
from engine.haplo.target import application_case
from engine.journal import cannot_write
from engine.run.application import school_application
from engine.run.control import control_file, write_controls
from engine.run.folder import STATE
from engine.run.installed import record_installed
from engine.spec.project import Project, shipped
from engine.template import Template

_SIZE = 1000
"""How large a school is where neither the example nor anybody says."""


@dataclass(frozen=True)
class Simulator:
    """A simulator that is running: its name, its address, and what a school file needs to know of it."""

    name: str
    url: str
    config: Mapping[str, Any]


def examples() -> list[str]:
    """Return the names of the examples that can be shown."""
    return sorted(file.parent.name for file in (shipped() / "examples").glob("*/simulators.yaml"))


def usual(example: str) -> tuple[int, date | None]:
    """Return how large an example's school is where nobody says, and the day of its runs; None is today."""
    recipe = _recipe(example)
    day = recipe.get("today")
    return int(recipe.get("size", _SIZE)), None if day is None else date.fromisoformat(day)


def _recipe(example: str) -> dict[str, Any]:
    document, problems = load(shipped() / "examples" / example / "simulators.yaml")
    if document is None or problems:
        raise EngineError("the demo that comes with haplomap is damaged", fix="install haplomap again")
    return document.data


def simulator_command(name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command that starts a simulator, and its environment: this very engine, wherever we are."""
    home = str(Path(__file__).resolve().parent.parent.parent)
    command = [sys.executable, "-P", "-m", "engine.simulators", name, *arguments]
    return command, {**os.environ, "PYTHONPATH": home}


@contextmanager
def running(example: str, size: int, folder: Path) -> Iterator[list[Simulator]]:
    """Start an example's simulators on free ports; they end with this block, or with this process."""
    context = {"size": size, "haplo": str((folder / STATE / "haplo").resolve())}
    with ExitStack() as stack:
        found = []
        for name, arguments in _recipe(example)["start"].items():
            given = [Template.parse(str(argument)).render(context) for argument in arguments]
            found.append(stack.enter_context(_started(name, given)))
        yield found


@contextmanager
def _started(name: str, arguments: list[str]) -> Iterator[Simulator]:
    command, environ = simulator_command(name, ["--with-parent", *arguments])
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environ, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 (our own)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise EngineError(f"the simulator '{name}' did not start", why=f"it ended with {process.wait()}")
            facts = json.loads(line)
            yield Simulator(name, facts["url"], facts["config"])
        finally:
            process.terminate()


def write_project(example: str, folder: Path) -> str:
    """Write an example's project, as it is shipped; return its school."""
    base = shipped() / "examples" / example
    try:
        for name in ("applications", "schools"):
            shutil.copytree(base / name, folder / name, dirs_exist_ok=True)
        (folder / ".gitignore").write_text(f"{STATE}/\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from None
    return str(_recipe(example)["school"])


def install(project: Project, name: str, now: datetime) -> None:
    """Do what an administrator does: give Haplo its application and control files, and put that down."""
    school = project.school(name)
    application = school_application(project, school)
    assert application is not None
    controls = {entity: control_file(project, school, entity) for entity in school.entities}
    home = project.root / STATE / "haplo"
    list(write_controls(home / "installed", controls))
    (home / "application.json").write_text(json.dumps(application_case(application)), encoding="utf-8")
    record_installed(project.root, name, controls, now)


def fill_in(example: str, folder: Path, simulators: list[Simulator]) -> dict[str, str]:
    """Put the simulators' addresses into the school file; return the secrets that it asks for."""
    recipe = _recipe(example)
    context = {simulator.name: dict(simulator.config) for simulator in simulators}
    file = folder / "schools" / f"{recipe['school']}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
        for old, new in recipe["replace"].items():
            text = text.replace(old, Template.parse(new).render(context))
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(file, error) from None
    return {name: Template.parse(text).render(context) for name, text in recipe["secrets"].items()}


def imported(example: str, simulators: list[Simulator], since: int = 0) -> tuple[int, dict[str, int]]:
    """Wait until the receiver has carried out its batches; return how many, and the counts of those since."""
    (receiver,) = (each for each in simulators if each.name == _recipe(example)["receiver"])
    request = urllib.request.Request(f"{receiver.url}/__control__/run", method="POST")  # noqa: S310 (loopback)
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        batches = json.load(answer)
    counts = [batch["counts"] for batch in batches[since:]]
    return len(batches), {name: sum(each[name] for each in counts) for name in ("created", "updated", "unchanged")}
