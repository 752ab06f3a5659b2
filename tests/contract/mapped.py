"""Runs a shipped mapping on records written by hand, in the form in which they land: every value a text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

import duckdb

from engine.kinds.select import MISSING, path
from engine.kinds.types import quote
from engine.spec.lookup import Lookup
from engine.spec.project import Project, open_project, shipped
from engine.spec.query import World, build
from engine.spec.relation import Reading
from engine.spec.source import RecordSet
from engine.stages.again import settle_again
from engine.stages.transform import Circumstances, prepare

Record = dict[str, Any]
DEMO = shipped() / "examples" / "demo"


@dataclass
class Mapped:
    """The rows of an entity, by what became of them. `absent`: fields of which no answer could say anything."""

    rows: list[Record] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def emitted(self) -> dict[str, Record]:
        """The emitted rows by key."""
        return {row["source_id"]: row for row in self.rows if row["_state"] == "emitted"}

    def only(self) -> Record:
        """The one row, which must be emitted."""
        assert [row["_state"] for row in self.rows] == ["emitted"], self.reasons()
        return self.rows[0]

    def reasons(self) -> dict[str, tuple[str, str | None]]:
        """State and reason of every row that was not emitted, by its key at the source."""
        return {row["_source_key"]: (row["_state"], row["_reason"]) for row in self.rows if row["_state"] != "emitted"}


@lru_cache(maxsize=1)
def project() -> Project:
    """The demo project, with everything that is shipped behind it."""
    return open_project(DEMO)


@lru_cache(maxsize=8)
def lookups(source: str) -> dict[str, Lookup]:
    """The lookups that mappings of a source can name."""
    return project().lookups(source)


def world(source: str, entity: str) -> World:
    """What a mapping stands in."""
    return World(project().source(source), project().schema(entity), lookups(source), project().setting_types())


def chosen(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """All settings, of a school that chooses these."""
    return {
        group: {name: settings.get(group, {}).get(name, each.default) for name, each in members.items()}
        for group, members in project().settings().items()
    }


def fields_of(source: str) -> dict[str, frozenset[str]]:
    """The fields of each record set, for answers that lack some."""
    return {name: frozenset(each.fields) for _, name, each in project().source(source).sets()}


def run(
    source: str,
    entity: str,
    records: Mapping[str, list[Record]],
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    present: Mapping[str, frozenset[str]] | None = None,
) -> Mapped:
    """Map records, given by the name of their set; sets that are not given have none."""
    given = chosen(settings or {})
    around = replace(world(source, entity), values=given)
    reading = Reading(around.source.formats, lambda name: quote(f"set:{name}"), present)
    query = build(project().mapping(source, entity), around, reading)
    assert query.findings == []
    unknown = set(records) - {name for _, name, _ in around.source.sets()}
    assert not unknown, f"no such sets: {unknown}"
    with duckdb.connect(config={"threads": 1}) as database:
        prepare(database, around, query, Circumstances(date(2026, 3, 2), "a-school", "Europe/London", given))
        for name in query.used:
            _land(database, name, around.source.find(name)[2], records.get(name, []))
        database.execute(f"CREATE TEMP TABLE result AS {query.sql}")
        settle_again(database, project().mapping(source, entity), around.schema)
        found = database.execute("FROM result")
        names = [str(column[0]) for column in found.description or []]
        return Mapped([dict(zip(names, row, strict=True)) for row in found.fetchall()], query.absent)


def said(row: Record) -> Record:
    """What a row says: its fields that have a value."""
    return {name: value for name, value in row.items() if value not in (None, []) and not name.startswith("_")}


def unreached(source: str, entity: str, *found: Mapped) -> set[str]:
    """The fields that a mapping gives and that no emitted row of some records has."""
    mapped = set(project().mapping(source, entity).fields)
    return mapped - {name for each in found for row in each.emitted().values() for name in said(row)}


def _land(database: duckdb.DuckDBPyConnection, name: str, record_set: RecordSet, records: list[Record]) -> None:
    columns = ["_page", "_row", *record_set.fields]
    declared = ", ".join(f"{quote(column)} VARCHAR" for column in columns)
    database.execute(f"CREATE TABLE {quote('set:' + name)} ({declared})")
    for number, record in enumerate(records):
        values = ["1", str(number), *(_at(record, each.paths(own)) for own, each in record_set.fields.items())]
        places = ", ".join("?" * len(columns))
        database.execute(f"INSERT INTO {quote('set:' + name)} VALUES ({places})", values)


def _at(record: Record, paths: list[str]) -> str | None:
    """The text of the first of some paths that the record has a value at."""
    for each in paths:
        value = path(each).first(record)
        if value is not MISSING and value is not None:
            return value if isinstance(value, str) else json.dumps(value)
    return None
