"""The demo: which simulators it starts and the project it writes. `examples/demo/simulators.yaml` says both.

Simulators are started as programs of their own, so that nothing here imports them. Next: `cli/commands/demo`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.document import load
from engine.errors import EngineError
from engine.journal import cannot_write
from engine.spec.project import shipped
from engine.template import Template


@dataclass(frozen=True)
class Simulator:
    """A simulator that is running: its name, its address, and what a school file needs to know of it."""

    name: str
    url: str
    config: Mapping[str, Any]


def _recipe() -> dict[str, Any]:
    document, problems = load(shipped() / "examples" / "demo" / "simulators.yaml")
    if document is None or problems:
        raise EngineError("the demo that comes with haplomap is damaged", fix="install haplomap again")
    return document.data


def simulator_command(name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command that starts a simulator, and its environment: this very engine, wherever we are."""
    home = str(Path(__file__).resolve().parent.parent.parent)
    command = [sys.executable, "-P", "-m", "engine.simulators", name, *arguments]
    return command, {**os.environ, "PYTHONPATH": home}


@contextmanager
def running(size: int) -> Iterator[list[Simulator]]:
    """Start the demo's simulators on free ports; they end with this block, or with this process."""
    with ExitStack() as stack:
        found = []
        for name, arguments in _recipe()["start"].items():
            given = [Template.parse(str(argument)).render({"size": size}) for argument in arguments]
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


def demo_project(folder: Path, simulators: list[Simulator]) -> tuple[str, dict[str, str]]:
    """Write the demo's project for these simulators; return its school and the secrets that it asks for."""
    recipe = _recipe()
    context = {simulator.name: dict(simulator.config) for simulator in simulators}
    base = shipped() / "examples" / "demo"
    try:
        for name in ("applications", "schools"):
            shutil.copytree(base / name, folder / name, dirs_exist_ok=True)
        file = folder / "schools" / f"{recipe['school']}.yaml"
        text = file.read_text(encoding="utf-8")
        for old, new in recipe["replace"].items():
            text = text.replace(old, Template.parse(new).render(context))
        file.write_text(text, encoding="utf-8")
        (folder / ".gitignore").write_text(".haplomap/\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from None
    secrets = {name: Template.parse(text).render(context) for name, text in recipe["secrets"].items()}
    return recipe["school"], secrets
