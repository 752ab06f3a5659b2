"""What the tests of iSAMS share: the example's project, between a source and a simulated Haplo that keeps objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from nights import Objects, readable
from project import ROOT, Ended, call_here

from engine.haplo.target import application_case
from engine.simulators.haplo import HaploSimulator
from engine.simulators.http import Simulator
from engine.spec.project import open_project

EXAMPLE = ROOT / "examples" / "isams"
SCHOOL = "brook-hall"
KEYS = ("students", "contacts", "staff", "structure", "teaching", "set_lists", "medical")
OPEN = {"max_removed": "100%", "max_changed": "100%", "max_quarantined": "100%", "min_rows": 0, "max_rescoped": "100%"}


@dataclass
class Isams:
    """A project of the example's school, the simulators that it points at, and the environment of its commands."""

    folder: Path
    source: Simulator
    haplo: HaploSimulator
    environ: dict[str, str] = field(default_factory=dict)

    def call(self, command: str, *arguments: str) -> Ended:
        """Run a command on this project."""
        return call_here(command, *arguments, "--project", str(self.folder), environ=self.environ)

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run the school to its end, and return the report."""
        self.call("run", SCHOOL, "--yes", "--fresh", *arguments).well()
        found: dict[str, Any] = json.loads((self.latest / "report.json").read_text(encoding="utf-8"))
        return found

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the school file."""
        file = self.folder / "schools" / f"{SCHOOL}.yaml"
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        change(data)
        file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")

    @property
    def latest(self) -> Path:
        """The folder of the latest run."""
        return max((self.folder / ".haplomap" / SCHOOL).glob("[0-9]*/report.json")).parent

    def rows(self, entity: str) -> dict[str, dict[str, Any]]:
        """The rows of an entity in the latest run, by their keys."""
        rows = pl.read_parquet(self.latest / "rows" / f"{entity}.parquet").to_dicts()
        return {row["source_id"]: row for row in rows}

    def of(self, entity: str) -> Objects:
        """What Haplo holds of an entity, by the keys of its rows."""
        head = f"{SCHOOL}:{entity}:"
        return {code.removeprefix(head): each for code, each in readable(self.haplo.objects).items() if head in code}


@contextmanager
def an_isams_project(
    folder: Path, source: Simulator, keys: Mapping[str, str], settings: Mapping[str, Any], **more: Any
) -> Iterator[Isams]:
    """Make a project of what the school reads by night, delivered live.

    `settings` are all that the school sets, `more` goes into its file.
    """
    case = application_case(open_project(EXAMPLE).application("school"))
    with source, HaploSimulator(application=case) as haplo:
        project = Isams(folder / "project", source, haplo)
        for part in ("schools", "applications"):
            (project.folder / part).mkdir(parents=True)
            for file in (EXAMPLE / part).glob("*.yaml"):
                (project.folder / part / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

        def change(school: dict[str, Any]) -> None:
            school["config"]["host"] = source.url
            for name in ("client_id", "client_secret"):
                del school["config"][name]
            del school["runs"]
            school["entities"].remove("attendance_mark")
            school["deliver"].update(kind="batch", mode="live", url=haplo.url)
            school.update(settings=dict(settings), guards=OPEN, **more)

        project.edit(change)
        project.environ = {f"BROOK_HALL_{name.upper()}": keys[name] for name in KEYS}
        project.environ["BROOK_HALL_HAPLO"] = haplo.config["batch_api_key"]
        yield project
