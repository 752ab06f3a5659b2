"""A mapping tried on a handful of records: documents written as YAML text, record sets as Python lists."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from engine.document import parse
from engine.kinds.types import literal, quote
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.query import World, findings
from engine.spec.reference import Keys
from engine.spec.relation import Use
from engine.spec.schema import Schema
from engine.spec.settings import SettingValues
from engine.spec.source import Source
from engine.spec.view import Finding
from engine.stages.identity import Remembered
from engine.stages.transform import Circumstances, SetRead, Transformed, transform

Records = Sequence[Mapping[str, str | None]]
SCHEMA = "schema: thing\nkey: id\nsort: [id]\nfields:\n  id: {type: text, required: true}\n"
MAPPING = "mapping: thing\nsource: acme\nfrom: things\n"


def read(model: Any, text: str) -> Any:
    """Return a document of a model from YAML text."""
    document, problems = parse(text, Path("trial.yaml"))
    assert document is not None
    assert not problems, problems
    return model.model_validate(document.data)


@dataclass
class Outcome:
    """What became of the records."""

    books: Transformed
    rows: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    identities: list[dict[str, Any]] = field(default_factory=list)

    def column(self, name: str) -> dict[str, Any]:
        """Return one field of all rows, by their key."""
        return {row["id"]: row[name] for row in self.rows}

    def held(self) -> list[tuple[str, str | None, str, str]]:
        """Return what the quarantine tells: source key, field, rule, level."""
        return [(row["source_key"], row["field"], row["rule"], row["level"]) for row in self.quarantine]


@dataclass
class Trial:
    """A source, a target and a mapping. Sets are `name: {field: type}`; types are YAML flow maps or words."""

    sets: Mapping[str, Mapping[str, str]]
    target: str = ""
    mapping: str = ""
    schema: str = ""
    formats: str = ""
    lookups: Sequence[str] = ()
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: Callable[[str], Keys | None] = lambda entity: None
    values: SettingValues = field(default_factory=dict)
    """A school's settings, which may switch tables off."""

    def world(self) -> World:
        """Return the world that the mapping stands in."""
        lines = ["source: acme", "apis: {main: {base_url: 'https://acme.example', auth: {kind: none}}}"]
        lines += [f"formats: {self.formats}"] if self.formats else []
        lines += ["endpoints:", "  all:", "    get: all", "    sets:"]
        for name, fields in self.sets.items():
            lines += [f"      {name}:", f"        records: $.{name}", "        key: Id", "        fields:"]
            for field_name, kind in fields.items():
                said = kind if kind.startswith("{") else f"{{type: {kind}}}"
                lines.append(f"          {field_name}: {said}")
        lookups = {lookup.lookup: lookup for lookup in (read(Lookup, text) for text in self.lookups)}
        schema = read(Schema, self.schema or SCHEMA + _indented(self.target))
        source = read(Source, "\n".join(lines) + "\n")
        return World(source, schema, lookups, self.settings, self.keys, self.values)

    def document(self) -> MappingDocument:
        """Return the mapping."""
        text = self.mapping if "mapping:" in self.mapping else MAPPING + self.mapping
        return read(MappingDocument, text)

    def findings(self) -> list[Finding]:
        """Return what is wrong with the mapping."""
        return findings(self.document(), self.world())

    def run(
        self,
        records: Mapping[str, Records],
        absent: Mapping[str, set[str]] | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
        today: date = date(2024, 9, 1),
        remembered: Remembered | None = None,
        lost: frozenset[Use] = frozenset(),
        partly: frozenset[str] = frozenset(),
    ) -> Outcome:
        """Land the records, transform them, and read back what was written."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            sets = {
                each: self._land(folder, each, records.get(each, ()), (absent or {}).get(each, set()))
                for each in self.sets
            }
            sets |= {each: replace(sets[each], partly=True) for each in partly}
            circumstances = Circumstances(today, "waters-edge", "Europe/London", values or {})
            more = {"remembered": remembered, "lost": lost}
            books = transform(self.document(), self.world(), sets, circumstances, folder, **more)  # type: ignore[arg-type]
            assert books.balanced()
            kinds = ("rows", "quarantine") if remembered is None else ("rows", "quarantine", "identities")
            return Outcome(books, *(_all(folder / kind / "thing.parquet") for kind in kinds))

    def _land(self, folder: Path, name: str, records: Records, absent: set[str]) -> SetRead:
        """Write records as the lander does: text columns, a row number, absent fields as NULL."""
        fields = list(self.sets[name])
        columns = ", ".join(f"{quote(each)} VARCHAR" for each in fields)
        file = folder / f"{name}.parquet"
        database = _database()
        database.execute(f"CREATE OR REPLACE TABLE t (_page BIGINT, _row BIGINT, {columns})")
        for index, record in enumerate(records):
            assert set(record) <= set(fields), record
            values = [None if each in absent else record.get(each) for each in fields]
            marks = ", ".join("?" for _ in fields)
            database.execute(f"INSERT INTO t VALUES (1, {index}, {marks})", values)
        database.execute(f"COPY t TO {literal(str(file))} (FORMAT parquet)")
        return SetRead(file, len(records), frozenset(fields) - absent)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").split("\n") if line.strip())


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Return the database that lands and reads back; the one under test is its own."""
    return duckdb.connect(config={"threads": 1})


def _all(file: Path) -> list[dict[str, Any]]:
    cursor = _database().execute(f"SELECT * FROM read_parquet({literal(str(file))}) ORDER BY ALL")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
