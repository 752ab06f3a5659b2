"""A school's mirrors as a version takes them: read only, with nothing asked of anyone. A home of DuckDB.

What lies in a mirror was landed by the documents of its night: a field that nobody read then is absent, and one whose
path a version has changed stands there as it was. Next: `review/made`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.kinds.types import literal, parquet, quote
from engine.review.made import Landed
from engine.run.folder import STATE
from engine.run.history import known_state
from engine.run.plan import make_plan
from engine.spec.project import NotFoundError, Project
from engine.sql import connect
from engine.stages.land import land
from engine.stages.transform import SetRead
from engine.state import Mirror

if TYPE_CHECKING:
    import duckdb


def mirrors_of(root: Path, school: str) -> dict[str, Mirror]:
    """Return the mirrors of a school; stop where it has none."""
    with known_state(root) as state:
        found = {} if state is None else state.mirrors(school)
    if not found:
        fix = f"'haplomap run {school}' makes them; or review with --recorded"
        raise NotFoundError(f"'{school}' has no mirrors in {root / STATE}", fix=fix)
    return found


def land_mirrored(project: Project, name: str, root: Path, mirrors: Mapping[str, Mirror], folder: Path) -> Landed:
    """Return the record sets that a version needs of a school, out of the mirrors below `root`."""
    plan = make_plan(project, name)
    home, sets, notes = root / STATE / name, {}, []
    folder.mkdir(parents=True, exist_ok=True)
    with connect(folder, home) as database:
        for set_name, fields in plan.fields().items():
            mirror = mirrors.get(set_name)
            if mirror is None:
                notes.append(f"no mirror holds '{set_name}'")
                facts = land(plan.source, set_name, fields, [], folder)
                sets[set_name] = SetRead(facts.file, 0, frozenset())
                continue
            read, lacking = _as_declared(database, mirror, home / mirror.file, fields, folder)
            sets[set_name] = read
            notes += [f"the mirror of '{set_name}' has no field {', '.join(map(repr, lacking))}"] if lacking else []
    days = [each.read_at.astimezone(ZoneInfo(plan.school.time_zone)).date() for each in mirrors.values()]
    return Landed(plan.school, plan.source, plan.entities, sets, max(days), notes)


def _as_declared(
    database: duckdb.DuckDBPyConnection, mirror: Mirror, file: Path, fields: list[str], folder: Path
) -> tuple[SetRead, list[str]]:
    """Return a mirror with all fields that are needed; those that it lacks are absent, and there without values."""
    there = {row[0] for row in database.execute(f"DESCRIBE FROM {parquet(file)}").fetchall()}
    lacking = [each for each in fields if each not in there]
    found = SetRead(file, mirror.rows, frozenset(mirror.present) if mirror.rows else frozenset(fields))
    if not lacking:
        return found, []
    own = folder / f"{mirror.set_name}.parquet"
    columns = ", ".join(f"NULL::VARCHAR AS {quote(each)}" for each in lacking)
    into = f"TO {literal(str(own.resolve()))} (FORMAT parquet)"
    database.execute(f"COPY (SELECT *, {columns} FROM {parquet(file)}) {into}")
    return replace(found, file=own, present=found.present - set(lacking)), lacking
