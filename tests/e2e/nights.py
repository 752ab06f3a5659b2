"""What the tests of many nights share: a live school whose days pass, and what Haplo should hold of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from project import ENTITIES, ROOT, SCHOOL, Ended, Project, a_project

from engine.haplo.application import BEHAVIOUR
from engine.haplo.target import application_case, data_types
from engine.run.plan import make_plan
from engine.simulators.importing import Importer
from engine.simulators.objects import Objects as Store
from engine.spec.project import open_project
from engine.stages.emit import emit

FIRST = date(2026, 9, 1)
APPLICATION = open_project(ROOT / "examples" / "demo").application("school")
CASE = application_case(APPLICATION)
Objects = dict[str, dict[str, list[Any]]]


@contextmanager
def a_term(folder: Path, **xporter: Any) -> Iterator[Project]:
    """A project that delivers live to a simulated Haplo which keeps objects."""
    with a_project(folder, haplo={"application": CASE}, **{"today": FIRST, **xporter}) as project:
        project.edit(lambda school: school["deliver"].update(kind="batch", mode="live"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        yield project


def night(project: Project, number: int, *arguments: str) -> Ended:
    """Run the school on a day, counted from the first."""
    day = FIRST + timedelta(days=number)
    project.xporter.move_to(day)
    project.haplo.move_to(day)
    return project.run("--yes", "--today", str(day), *arguments)


def changes(project: Project, entity: str) -> dict[str, int]:
    """What became of an entity's rows in the latest run: the counts that are not 0."""
    return {name: count for name, count in project.report()["changes"][entity].items() if count}


def held(project: Project) -> Objects:
    """Return the objects of the simulated Haplo by their codes; references stand as the codes of what they point to."""
    return readable(project.haplo.objects)


def readable(store: Any) -> Objects:
    """Return a store's objects by their codes, each once; references stand as codes."""
    found = dict(store.of_types())
    codes = {ref: values[BEHAVIOUR][0]["text"] for ref, values in found.items() if BEHAVIOUR in values}
    assert len(set(codes.values())) == len(codes), "nobody is there twice"
    return {codes[ref]: _with_codes(values, codes) for ref, values in found.items() if ref in codes}


def _with_codes(value: Any, codes: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_codes(one, codes) for one in value]
    if isinstance(value, dict):
        if value.get("type") == "ref":
            return codes[value["ref"]]
        return {key: _with_codes(one, codes) for key, one in value.items()}
    return value


def due(project: Project, folder: Path) -> Objects:
    """Return the objects that a full import of the latest run's rows makes of an empty Haplo.

    It is done twice over, so that references find objects wherever they stand.
    """
    whole = open_project(project.folder)
    plan = make_plan(whole, SCHOOL)
    schemas = whole.schemas()
    haplo = Importer(CASE, Store(), today=FIRST, clock=time.time)
    files = {}
    for entity in ENTITIES:
        binding = whole.binding(entity)
        unmapped = [name for name in schemas[entity].fields if name not in plan.queries[entity].lineage]
        absent = [*project.books(entity)["absent"], *unmapped]
        rows = project.latest / "rows" / f"{entity}.parquet"
        types = data_types(APPLICATION, binding.model)
        made = emit(schemas[entity], schemas, binding, SCHOOL, rows, absent, folder / entity, data_types=types)
        files[entity] = made
    for _ in range(2):
        for entity in ENTITIES:
            made = files[entity]
            outcome = haplo.run(json.loads(made.control.read_bytes()), {part.name: part.path for part in made.parts})
            assert (outcome.errors, outcome.exception) == ([], None)
    return readable(haplo.objects)
