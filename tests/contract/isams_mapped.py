"""Runs a shipped mapping of iSAMS on documents written by hand: read, landed and transformed as in a run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from mapped import lookups, project

from engine.spec.query import World, build
from engine.spec.relation import Reading
from engine.stages.answer import Answer
from engine.stages.land import land
from engine.stages.transform import Circumstances, SetRead, Transformed, transform
from engine.stages.xml_answer import XmlReader
from tests.isams_school import WHOLE, Given, document

Settings = Mapping[str, Mapping[str, Any]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """What became of the records of an entity."""

    books: Transformed
    rows: dict[str, Row]
    left: dict[str, str]
    """The rules by which rows were left out, by their keys."""
    used: dict[str, list[str]]
    """What was read for it: the fields of each record set."""

    def column(self, name: str) -> dict[str, Any]:
        """One field of all rows."""
        return {key: row[name] for key, row in self.rows.items()}

    def filled(self, key: str) -> Row:
        """The fields of a row that have a value."""
        return {name: value for name, value in self.rows[key].items() if value not in (None, []) and name[0] != "_"}


def mapped(
    folder: Path,
    entity: str,
    settings: Settings | None = None,
    given: Given = WHOLE,
    rest: Mapping[str, list[Row]] | None = None,
) -> Made:
    """Map a school; `rest` holds records of the REST API, each with texts by field."""
    source, mapping = project().source("isams"), project().mapping("isams", entity)
    values = {
        group: {name: (settings or {}).get(group, {}).get(name, each.default) for name, each in members.items()}
        for group, members in project().settings().items()
    }
    types = project().setting_types()
    world = World(source, project().schema(entity), lookups("isams"), types, values=values)
    used = build(mapping, world, Reading(source.formats, lambda name: name)).used
    sets = {}
    for number, (name, fields) in enumerate(used.items()):
        home = folder / f"{entity}-{number}"
        (home / "answers").mkdir(parents=True)
        sets[name] = _of_rest(name, (rest or {}).get(name, []), home) or _of_batch(name, fields, given, home)
    around = Circumstances(date(2026, 3, 2), "brook-hall", "Europe/London", values, "Brook Hall")
    books = transform(mapping, world, sets, around, folder)
    rows = pl.read_parquet(folder / "rows" / f"{entity}.parquet").to_dicts()
    states = pl.read_parquet(folder / "states" / f"{entity}.parquet").to_dicts()
    left = {each["key"]: each["rule"] for each in states if each["state"] in ("filtered", "quarantined")}
    return Made(books, {row["source_id"]: row for row in rows}, left, used)


def _of_batch(name: str, fields: list[str], given: Given, home: Path) -> SetRead:
    source = project().source("isams")
    endpoint, _, record_set = source.find(name)
    assert record_set.ask is not None
    file = home / "answers" / "1.xml"
    text = document(given, [record_set.ask.method])
    reader = XmlReader("iSAMS", {name: record_set}, {name: set(fields)}, [], tell_empty=source.formats.blank == "keep")
    seen = reader.read_from(io.BytesIO(text.encode()), file).sets
    landed = land(source, name, fields, [Answer(endpoint, 1, file, len(text), seen)], home)
    assert landed.drift == ()
    return SetRead(landed.file, landed.rows, frozenset(landed.present))


def _of_rest(name: str, records: list[Row], home: Path) -> SetRead | None:
    endpoint, _, record_set = project().source("isams").find(name)
    if project().source("isams").endpoints[endpoint].api == "batch":
        return None
    assert all(set(record) <= set(record_set.fields) for record in records)
    columns: dict[str, list[Any]] = {field: [each.get(field) for each in records] for field in record_set.fields}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    frame = frame.with_columns(pl.lit(1, pl.Int64).alias("_page"), pl.int_range(pl.len()).alias("_row"))
    file = home / f"{name}.parquet"
    frame.write_parquet(file)
    return SetRead(file, len(records), frozenset(record_set.fields))
