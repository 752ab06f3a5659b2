"""Recordings of the simulated schools of all systems, made by a fixed clock from the examples' projects.

python tests/e2e/recordings.py     makes those in examples/recordings anew
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from fast_clock import JumpClock
from project import ROOT

from engine.run.recorder import record
from engine.run.recording_folder import Wish
from engine.simulators.http import Simulator
from engine.simulators.hubmis.server import HubmisSimulator
from engine.simulators.isams.server import IsamsSimulator
from engine.simulators.xporter import XporterSimulator
from engine.spec.project import open_project

DAY = date(2026, 3, 2)
SCHOOLS = {"xporter": "waters-edge", "isams": "brook-hall", "hubmis": "larch-house"}
FOLDERS = {"xporter": "demo", "isams": "isams", "hubmis": "hubmis"}
SIMULATORS: dict[str, Any] = {"xporter": XporterSimulator, "isams": IsamsSimulator, "hubmis": HubmisSimulator}
KEYS = ("students", "contacts", "staff", "structure", "teaching", "set-lists", "medical")


def day_clock() -> JumpClock:
    """A clock that begins at half past nine of the recordings' day, and on which waits take no time."""
    return JumpClock(datetime(DAY.year, DAY.month, DAY.day, 9, 30, tzinfo=UTC))


@dataclass
class Small:
    """The project of an example, with a small simulated school behind it."""

    source: str
    folder: Path
    simulator: Simulator
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def school(self) -> str:
        return SCHOOLS[self.source]


@contextmanager
def a_small_school(source: str, folder: Path, pupils: int, **more: Any) -> Iterator[Small]:
    """Make the project of an example, between a simulated source and nothing."""
    if source == "isams":
        more = {"at": time(9, 30), **more}
    elif source == "hubmis":
        more = {"burst": 5000, **more}
    with SIMULATORS[source](pupils=pupils, seed=1, today=DAY, **more) as simulator:
        place_project(source, folder, simulator.config)
        yield Small(source, folder, simulator, secrets_of(source, simulator.config))


def place_project(source: str, folder: Path, config: dict[str, Any]) -> None:
    """Write the example's project with the addresses of a simulator."""
    example = ROOT / "examples" / FOLDERS[source]
    for part in ("schools", "applications"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for file in (example / part).glob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            text = re.sub(r"http://127\.0\.0\.1:880[134]", config["base_url"], text)
            if source == "isams":
                text = text.replace("f0540b84-e2a9-414d-a99f-b096d40d4452", config.get("client_id", "any"))
            elif source == "hubmis":
                text = text.replace("a37ab51c235468bab88d", config.get("client_id", "any"))
                text = text.replace("academic_year: '15'", f"academic_year: '{config.get('academic_year', '15')}'")
            (folder / part / file.name).write_text(text, encoding="utf-8")


def secrets_of(source: str, config: dict[str, Any]) -> dict[str, str]:
    """The environment in which the example's secrets are a simulator's; without a simulator any will do."""
    if source == "xporter":
        return {"WATERS_EDGE_XPORTER": config.get("secret", "any"), "WATERS_EDGE_HAPLO": "any"}
    if source == "hubmis":
        return {"LARCH_HOUSE_HUBMIS": config.get("client_secret", "any"), "LARCH_HOUSE_HAPLO": "any"}
    keys = config.get("keys", {})
    found = {f"BROOK_HALL_{name.upper().replace('-', '_')}": keys.get(name, f"any-{name}") for name in KEYS}
    return {**found, "BROOK_HALL_REST": config.get("client_secret", "any"), "BROOK_HALL_HAPLO": "any"}


def use_all(folder: Path, source: str, **config: str) -> None:
    """Have the school of a project send all that is mapped, with every switch on, by hand."""
    file = folder / "schools" / f"{SCHOOLS[source]}.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    mappings = [m.content for m in open_project(folder).of("mapping") if m.name.startswith(f"{source}/")]
    data["entities"] = sorted(mapping.mapping for mapping in mappings)
    for mapping in mappings:
        for switch in [mapping.when, *(table.when for table in mapping.tables.values())]:
            group, _, name = (switch or "").partition(".")
            data["settings"].setdefault(group, {}).update({name: True} if name else {})
    data["settings"].pop("", None)
    data["config"].update(config)
    for word in ("runs", "deliver"):
        data.pop(word, None)
    file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


def make_examples(home: Path) -> None:
    """Make the recordings that the examples have: of all that is mapped of each system."""
    for source, school in SCHOOLS.items():
        with tempfile.TemporaryDirectory() as folder, a_small_school(source, Path(folder), 60) as small:
            use_all(small.folder, source)
            shutil.rmtree(home / source, ignore_errors=True)
            wish = Wish(school, home / source, 20, ("health_conditions",) if source == "isams" else (), seed=1)
            record(open_project(small.folder), wish, small.environ, lambda event: None, day_clock())


if __name__ == "__main__":
    make_examples(ROOT / "examples" / "recordings")
