"""What the tests of whole runs share: a project between a simulated Xporter and a simulated Haplo, and its command.

The project is the demo's, with the addresses of simulators on loopback; the command is the real one. Most tests run it
in their own process; what is about processes (kills, signals, limits, streams) starts one.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from engine.cli.main import main
from engine.simulators.column import ALL_SCOPES
from engine.simulators.haplo import HaploSimulator
from engine.simulators.http import Simulator
from engine.simulators.wire import set_makers
from engine.simulators.xporter import XporterSimulator

ROOT = Path(__file__).parents[2]
SCHOOL = "waters-edge"
ENTITIES = ["school", "staff", "group", "student", "guardian", "group_membership"]
"""In the order in which a run makes and sends them."""
_CODED = re.compile(r"^(?:\S+: )?(?:error|paused|pending|revoked): .+ \[([a-z-]+)\]$", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def codes(self) -> list[str]:
        """The codes of the errors on standard error, and of a school that is closed to us."""
        return _CODED.findall(self.err)

    def well(self) -> Ended:
        """Return itself if the command was fine."""
        assert self.code == 0, f"exit code {self.code}\n{self.err}"
        return self


@dataclass
class Project:
    """A project's folder, the simulators that it points at, and the environment of its commands."""

    folder: Path
    xporter: Simulator
    haplo: HaploSimulator
    environ: dict[str, str] = field(default_factory=dict)

    def call(self, command: str, *arguments: str, **more: Any) -> Ended:
        """Run a command on this project to its end: in this process, unless more is said of the process that it needs.

        It is the same command, without the time that Python takes to start.
        """
        whole = [command, *arguments, "--project", str(self.folder)]
        return call(*whole, environ=self.environ, **more) if more else call_here(*whole, environ=self.environ)

    def run(self, *arguments: str, **more: Any) -> Ended:
        """Run the school to its end."""
        return self.call("run", SCHOOL, *arguments, **more)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a run of the school, and leave it to the caller."""
        return start("run", SCHOOL, *arguments, "--project", str(self.folder), environ=self.environ)

    def python(self, *arguments: str) -> Ended:
        """Run Python itself in the environment of the commands."""
        return end_of(start_python(*arguments, environ=self.environ))

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the school file."""
        self.change("schools/waters-edge.yaml", change)

    def change(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a document of this project; a shipped one is copied into it first."""
        file = self.folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, file)
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        change(data)
        file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")

    def small_pages(self, size: int) -> None:
        """Have the source asked in pages of this size, and tried again at once."""

        def change(source: dict[str, Any]) -> None:
            source["apis"]["main"]["pages"]["size"]["value"] = size
            source["apis"]["main"]["retry"]["wait"] = "10ms"

        self.change("mappings/xporter/source.yaml", change)

    @property
    def home(self) -> Path:
        """The folder of the school's runs."""
        return self.folder / ".haplomap" / SCHOOL

    def runs(self) -> list[Path]:
        """The folders of the runs so far, the oldest first."""
        return sorted(path.parent for path in self.home.glob("[0-9]*/journal.jsonl"))

    @property
    def latest(self) -> Path:
        """The folder of the latest run."""
        return self.runs()[-1]

    def report(self) -> dict[str, Any]:
        """The report of the latest run."""
        report: dict[str, Any] = json.loads((self.latest / "report.json").read_text(encoding="utf-8"))
        return report

    def books(self, entity: str) -> dict[str, Any]:
        """The books of one entity in the latest run."""
        [found] = [line for line in self.report()["entities"] if line["entity"] == entity]
        return found

    def files(self) -> dict[str, bytes]:
        """The emitted files of the latest run."""
        return {path.name: path.read_bytes() for path in sorted((self.latest / "files").iterdir())}

    def emitted(self, entity: str) -> dict[str, dict[str, Any]]:
        """The emitted records of an entity, by their codes."""
        parts = sorted((self.latest / "files").glob(f"{entity}-[0-9]*.json"))
        records = [record for part in parts for record in json.loads(part.read_bytes())]
        found = {record["_code"]: record for record in records}
        assert len(found) == len(records)
        return found

    def rows(self, entity: str) -> dict[str, dict[str, Any]]:
        """The rows of an entity by their keys."""
        return by_id(pl.read_parquet(self.latest / "rows" / f"{entity}.parquet").to_dicts(), "source_id")

    def quarantine(self, entity: str) -> list[dict[str, Any]]:
        """What was held back of an entity."""
        return pl.read_parquet(self.latest / "quarantine" / f"{entity}.parquet").to_dicts()

    def scheduled(self) -> list[dict[str, Any]]:
        """The batches that the simulated Haplo was told to import."""
        return [batch for batch in self.haplo.store.describe() if batch["state"] != "uploading"]

    def landed_pages(self) -> set[tuple[str, int]]:
        """The answers that the latest run's journal has: endpoint and page."""
        journal = (self.latest / "journal.jsonl").read_bytes()
        keys = [json.loads(line)["key"] for line in journal.splitlines(keepends=True) if line.endswith(b"\n")]
        found = [key.split(":") for key in keys if key.startswith("answer:")]
        return {(endpoint.replace("_", ""), int(page)) for _, endpoint, page in found}

    def pages_asked(self, since: int = 0) -> list[tuple[str, int]]:
        """The reads that the simulated source was asked for, from a place in its log: endpoint and page."""
        reads = [each for each in self.xporter.requests[since:] if "/School/" in each.path]
        return [(each.path.rstrip("/").split("/")[-1].lower(), int(each.query.get("page", 1))) for each in reads]


def by_id(records: list[dict[str, Any]], key: str = "Id") -> dict[str, dict[str, Any]]:
    """Return records by their keys, which must not repeat."""
    found = {record[key]: record for record in records}
    assert len(found) == len(records)
    return found


def wire(simulator: XporterSimulator, name: str, *shown: str) -> list[dict[str, Any]]:
    """Return the rows that a simulator has of a set on the wire, made anew; of hidden ones those of these options."""
    return [row.values for row in set_makers(simulator.school)[name]() if not row.needs or row.needs in shown]


def write_project(folder: Path, base_url: str, haplo_url: str) -> None:
    """Copy the demo's project, with these addresses in its school file."""
    shutil.copytree(ROOT / "examples" / "demo", folder)
    file = folder / "schools" / f"{SCHOOL}.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (("http://127.0.0.1:8801", base_url), ("http://127.0.0.1:8802", haplo_url)):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def grants(folder: Path, *scopes: str) -> dict[str, str]:
    """Write what a source that answers from a folder has granted, everything by default; return its entry there."""
    (folder / "token.json").write_text(json.dumps({"Scopes": scopes or ALL_SCOPES}), encoding="utf-8")
    return {"path": "/api/v1/TokenDetails", "body": "token.json"}


@contextmanager
def a_project(
    folder: Path,
    *,
    source: Simulator | None = None,
    haplo: dict[str, Any] | None = None,
    receiver: type[HaploSimulator] = HaploSimulator,
    **xporter: Any,
) -> Iterator[Project]:
    """Make a project below a folder, its simulators running meanwhile."""
    with (
        source or XporterSimulator(**{"pupils": 60, "seed": 5, **xporter}) as reads,
        receiver(**(haplo or {})) as takes,
    ):
        write_project(folder / "project", reads.url, takes.url)
        (folder / "tmp").mkdir()
        secrets = {"WATERS_EDGE_XPORTER": reads.config["secret"], "WATERS_EDGE_HAPLO": takes.config["api_key"]}
        yield Project(folder / "project", reads, takes, {**secrets, "TMPDIR": str(folder / "tmp")})


def start(*arguments: str, environ: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
    """Start the real command; nothing of this process's environment but PATH reaches it."""
    return start_python("-m", "engine", *arguments, environ=environ, **more)


def start_python(*arguments: str, environ: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
    """Start Python as the commands are started."""
    known = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**known, **(environ or {})}, text=True, **streams
    )


def call(
    *arguments: str, environ: dict[str, str] | None = None, largest_file: int | None = None, timeout: float = 90
) -> Ended:
    """Run the real command to its end; `largest_file` bounds what it may write, as a full disk does."""

    def bound() -> None:
        assert largest_file is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    more: dict[str, Any] = {}
    if largest_file is not None:  # Python keeps byte code that was cut short by the bound, for all who come after
        more, environ = {"preexec_fn": bound}, {**(environ or {}), "PYTHONDONTWRITEBYTECODE": "1"}
    with start(*arguments, environ=environ, **more) as process:
        return end_of(process, timeout)


def call_here(*arguments: str, environ: dict[str, str]) -> Ended:
    """Run the real command to its end in this process, with the environment that it would have in one of its own."""
    out, err, before, code = io.StringIO(), io.StringIO(), dict(os.environ), 0
    with redirect_stdout(out), redirect_stderr(err), Path(os.devnull).open(encoding="utf-8") as nothing:
        stdin, sys.stdin = sys.stdin, nothing
        os.environ.clear()
        os.environ.update({"PATH": before["PATH"], "LANG": "C.UTF-8", **environ})
        try:
            main([*arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            os.environ.clear()
            os.environ.update(before)
            sys.stdin = stdin
    return Ended(code, out.getvalue(), err.getvalue())


def end_of(process: subprocess.Popen[str], timeout: float = 90) -> Ended:
    """Wait for a command to end."""
    if process.stdout is not None and process.stdout.closed:
        process.stdout = None
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Ended(process.returncode, out or "", err)
