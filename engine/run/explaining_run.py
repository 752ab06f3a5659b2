"""A run that is over, opened again for one entity: its record sets, its statement with a trace, its books.

Nothing is asked of anyone and nothing of the run is changed. A home of DuckDB. Next: `run/explaining`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import TransformError
from engine.journal import read_entries
from engine.kinds.types import parquet, quote
from engine.problem_text import did_you_mean
from engine.run.comparing import keys_of_run
from engine.run.explaining_answers import Answers, Stands
from engine.run.explaining_fate import OfRecord
from engine.run.explaining_frames import Frames, Record
from engine.run.explaining_places import Places
from engine.run.explaining_tree import Tree
from engine.run.folder import STATE, runs
from engine.run.history import home_of, past_run
from engine.run.making import circumstances_of
from engine.run.plan import world_of
from engine.spec.project import NotFoundError, Project
from engine.spec.query import Query, build
from engine.spec.reference import Keys
from engine.spec.relation import Reading
from engine.spec.school import School
from engine.spec.trace import Trace
from engine.spec.view import View
from engine.sql import connect, dicts, reworded
from engine.stages.transform import PAGE, STATES, prepare

if TYPE_CHECKING:
    import duckdb


def chosen_run(project: Project, school: School, entity: str, name: str | None, now: datetime) -> tuple[Path, str]:
    """Return the folder of a run that made an entity, the latest if none is named; and what is to be said of it."""
    home = project.root / STATE / school.school
    if name is not None:
        return _named(project, school, entity, name, now), ""
    there = runs(home)
    if not there:
        fix = f"begin with 'haplomap run {school.school}'"
        raise NotFoundError(f"there is no run of '{school.school}' to look into", fix=fix)
    made = [folder for folder in there if _made(folder, entity)]
    if not made:
        why = "they ended before, or were of other entities"
        raise NotFoundError(f"no run of '{school.school}' has made rows of '{entity}'", why=why)
    said = "" if made[-1] == there[-1] else f"the latest run, {there[-1].name}, made no rows of '{entity}'"
    return made[-1], said


def _named(project: Project, school: School, entity: str, name: str, now: datetime) -> Path:
    folder: Path | None = project.root / STATE / school.school / name
    if folder not in runs(project.root / STATE / school.school):
        folder = home_of(project.root, past_run(project.root, name, school.school, now))
    if folder is None:
        why = "its folder is gone: the school file says with keep_runs how long they are kept"
        raise NotFoundError(f"of the run '{name}' there is only its record", why=why)
    if not _made(folder, entity):
        made = sorted(file.stem for file in (folder / STATES).glob("*.parquet"))
        fix = did_you_mean(entity, made) or (f"it made {', '.join(made)}" if made else "")
        raise NotFoundError(f"the run '{name}' has made no rows of '{entity}'", fix=fix)
    return folder


def _made(folder: Path, entity: str) -> bool:
    return all((folder / kind / f"{entity}.parquet").is_file() for kind in (STATES, "rows"))


class PastRun:
    """One entity of a run, as the documents make it now of what the run read."""

    def __init__(self, project: Project, school: School, entity: str, folder: Path) -> None:
        self.project, self.school, self.entity, self.folder = project, school, entity, folder
        self.entries = read_entries(folder / "journal.jsonl")
        self.source, self.schema = project.source(school.source), project.schema(entity)
        self.mapping = project.mapping(school.source, entity, school)
        self.places = Places(project, school, self.source, entity)
        self.trace = Trace()
        self._world = world_of(project, school, self.source, entity, self._keys)
        self._answers = Answers(folder.parent, self.source)
        self._frames: Frames | None = None
        self._database: duckdb.DuckDBPyConnection | None = None
        self.query: Query | None = None

    @property
    def today(self) -> date:
        """The day of the run."""
        return date.fromisoformat(self.entries["run"]["today"])

    @property
    def entities(self) -> list[str]:
        """The entities of the run, in the order in which it made them."""
        return list(self.entries["run"]["entities"])

    @property
    def report(self) -> dict[str, Any]:
        """The report of the run; nothing where it left none."""
        file = self.folder / "report.json"
        return dict(json.loads(file.read_bytes())) if file.is_file() else {}

    def left_out(self) -> list[str]:
        """Return the fields that no row was sent with."""
        books, compared = (self.entries.get(f"{step}:{self.entity}", {}) for step in ("transform", "compare"))
        unmapped = [name for name in self.schema.fields if name not in self.mapping.fields]
        restored = compared.get("counts", {}).get("restored", ())
        return [name for name in [*books.get("absent", ()), *unmapped] if name not in restored]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the mapping's statement over the sets of the run, and hold a database for it."""
        with connect(self.folder.parent) as database:
            place = self._place(database)
            present = {name: self._present(name) for _, name, _ in self.source.sets()}
            partly = frozenset(name for name in present if self._partly(name))
            reading = Reading(self.source.formats, place, present, partly=partly, traced=True)
            self.query = build(self.mapping, self._world, reading, self.trace)
            prepare(database, self._world, self.query, circumstances_of(self.project, self.school, self.today))
            self._database, self._frames = database, Frames(database, self.trace, place)
            yield

    def tree(self) -> Tree:
        """Return what follows the values of one record."""
        assert self._frames is not None
        return Tree(self.mapping, self.source, self.places, self._frames, self.stands, self.landed)

    @property
    def view(self) -> View:
        """What the mapping's own values see."""
        assert self.trace.view is not None
        return self.trace.view

    def landed(self, set_name: str) -> frozenset[str] | None:
        """Return the fields of a set that came; None where that is not known."""
        entry = self.entries.get(f"land:{set_name}")
        return None if entry is None or not entry["rows"] else frozenset(entry["present"])

    def stands(self, set_name: str, row: int) -> Stands:
        """Return which answer a record stands in."""
        return self._answers.of(self.folder, set_name, row)

    def made_of(self, record: OfRecord, key: str) -> dict[str, Any]:
        """Return what the statement makes of a record now; of several rows that it becomes the one with the key."""
        assert self._database is not None
        assert self.query is not None
        with reworded(f"{self.entity}: following a record", TransformError):
            statement = f"SELECT * FROM ({self.query.sql}) WHERE _set = ? AND _row = ?"
            rows = dicts(self._database.execute(statement, [record.set, record.page * PAGE + record.row]))
        own = self.places.leading.own_keys([key])
        wanted = [row for row in rows if row[self.schema.key] in (record.key, key, own.get(key))]
        return next(iter(wanted or rows), {})

    @staticmethod
    def record(made: Mapping[str, Any]) -> Record:
        """Return which record a row of the statement is made of."""
        return Record(made["_set"], int(made["_row"]), made["_way"])

    def _keys(self, entity: str) -> Keys | None:
        """Return what the run knew of another entity when it made this one."""
        before = self.entities[: self.entities.index(self.entity)] if self.entity in self.entities else []
        known = entity in before and f"compare:{entity}" in self.entries
        return keys_of_run(self.folder, entity) if known else None

    def _present(self, name: str) -> frozenset[str]:
        entry = self.entries.get(f"land:{name}")
        if entry is None:
            return frozenset()
        return frozenset(entry["present"]) if entry["rows"] else frozenset(self.source.find(name)[2].fields)

    def _partly(self, name: str) -> bool:
        return bool(self.entries.get(f"came:{self.source.find(name)[0]}", {}).get("partly"))

    def _place(self, database: duckdb.DuckDBPyConnection) -> Any:
        """Return what names the records of a set in a statement; fields that did not land are NULL."""

        def place(name: str) -> str:
            file, declared = self.folder / "sets" / f"{name}.parquet", self.source.find(name)[2].fields
            if not file.is_file():
                nothing = ", ".join(f"NULL::VARCHAR AS {quote(each)}" for each in declared)
                return f"(SELECT 0::BIGINT AS _row, {nothing} WHERE FALSE)"
            landed = parquet(file)
            there = {row[0] for row in database.execute(f"DESCRIBE FROM {landed}").fetchall()}
            lacking = "".join(f", NULL::VARCHAR AS {quote(each)}" for each in declared if each not in there)
            return f"(SELECT * REPLACE (_page::BIGINT * {PAGE} + _row AS _row){lacking} FROM {landed})"

        known: dict[str, str] = {}
        return lambda name: known.setdefault(name, known.get(name) or place(name))
