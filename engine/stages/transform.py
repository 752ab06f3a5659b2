"""Landed record sets become rows of one entity: one SQL statement, every record in exactly one state.

Writes `rows/<entity>.parquet` (the rows, in no order, with `_withheld`), `states/<entity>.parquet` (of every record
its key, where it comes from and its state) and `quarantine/<entity>.parquet` (what was held back and why, by source
record; no values). The books are balanced here, or nothing comes out.
A home of DuckDB. Imports `spec`, `sql`, `errors`, and the shared piece `identity`. Next: `stages/emit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import TransformError
from engine.journal import cannot_write
from engine.kinds.types import literal, parquet, quote
from engine.kinds.value import Value
from engine.spec.lookup import LOOKUP_CODE, LOOKUP_VALUE, Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.query import Query, World, build
from engine.spec.relation import Reading, Use
from engine.spec.settings import SettingValues
from engine.spec.view import RUN_FIELDS
from engine.sql import ROW_GROUP, connect, reworded
from engine.stages.again import settle_again
from engine.stages.identity import IDENTITIES, SAME, Remembered, identify
from engine.stages.unique import mark_alike

if TYPE_CHECKING:
    import duckdb

STATES: Final = "states"
PAGE: Final = 1_000_000_000
"""Rows are numbered on each page anew; in a statement a record's `_row` is this times its page, and its row."""


@dataclass(frozen=True)
class Circumstances:
    """What a run brings to its mappings, beside the records: bound as values, never as SQL text."""

    today: date
    school: str
    time_zone: str
    settings: SettingValues
    title: str = ""


@dataclass(frozen=True)
class SetRead:
    """A landed record set: its file, how many records it has, and the fields that came.

    `complete`: what is not in it is gone at the source; `data_time`: of when its data are, by the source's account.
    """

    file: Path
    rows: int
    present: frozenset[str]
    complete: bool = True
    data_time: datetime | None = None
    partly: bool = False
    """Whether records are lacking that were never asked for: what is not known of them is left alone in Haplo."""


@dataclass
class Transformed:
    """The books of one entity: `read + split = emitted + merged + filtered + quarantined`."""

    entity: str
    read: int = 0
    split: int = 0
    emitted: int = 0
    merged: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    """`field: rule (level)` to a count: values held back in rows that went out, items left out, unknown codes."""
    absent: list[str] = field(default_factory=list)
    identity: dict[str, int] = field(default_factory=dict)
    """What is told of who the rows are, in words, with how many rows each is about."""

    def balanced(self) -> bool:
        """Say whether every record is accounted for."""
        out = self.emitted + self.merged + sum(self.filtered.values()) + sum(self.quarantined.values())
        return self.read + self.split == out


def transform(
    mapping: MappingDocument,
    world: World,
    sets: Mapping[str, SetRead],
    circumstances: Circumstances,
    folder: Path,
    *more: Path,
    remembered: Remembered | None = None,
    lost: frozenset[Use] = frozenset(),
) -> Transformed:
    """Make the rows of one entity from landed sets, below `folder`; keys of references may be read below `more`.

    `lost` are fields that came when rows were sent before, and that we may not read any more.

    With what is `remembered` of them, rows have the keys by which they were first sent; else those of the source.
    """
    present = {name: landed.present for name, landed in sets.items()}

    def place(name: str) -> str:
        numbered = f"SELECT * REPLACE (_page::BIGINT * {PAGE} + _row AS _row)"
        return f"({numbered} FROM {parquet(sets[name].file)})"

    partly = frozenset(name for name, landed in sets.items() if landed.partly)
    query = build(mapping, world, Reading(world.source.formats, place, present, lost, partly))
    parents = {landed.file.parent for landed in sets.values()}
    for name in ("rows", STATES, "quarantine"):
        _make(folder / name)
    with connect(folder, *parents, *more) as database:
        prepare(database, world, query, circumstances)
        _refuse_blocked(database, mapping, query)
        _run(database, mapping, world, query, place)
        settle_again(database, mapping, world.schema)
        mark_alike(database, world.schema)
        books = _books(database, mapping, query, sets)
        if not books.balanced():
            raise TransformError(f"{mapping.mapping}: the books do not balance", why=str(books), code="unbalanced")
        if remembered is not None:
            books.identity = _identified(database, mapping, world, folder, remembered)
        _write(database, world, folder)
    return books


def _identified(
    database: duckdb.DuckDBPyConnection,
    mapping: MappingDocument,
    world: World,
    folder: Path,
    remembered: Remembered,
) -> dict[str, int]:
    """Give the rows the keys by which they are known, and write down what will be remembered of that."""
    with reworded(f"{mapping.mapping}: finding rows again", TransformError):
        found = identify(database, world.schema, remembered, further=bool(mapping.known_by))
    for name in (IDENTITIES, SAME):
        _make(folder / name)
        _copy(database, f"SELECT * FROM {name}", folder / name / f"{mapping.mapping}.parquet")
    return found.told()


def _refuse_blocked(database: duckdb.DuckDBPyConnection, mapping: MappingDocument, query: Query) -> None:
    """Stop where a rule is on that looks at what no answer carried."""
    if on := _undecided(database, query):
        raise TransformError(
            f"{mapping.mapping}: {', '.join(on)} cannot be decided",
            why="the source sent none of the fields that it looks at",
            fix="ask the school for the scope that opens the field, or take the rule out of the mapping",
            code="field-not-sent",
        )


def _undecided(database: duckdb.DuckDBPyConnection, query: Query) -> list[str]:
    return [rule for rule, switch in query.blocked.items() if _number(database, f"SELECT ({switch})::INT FROM _run")]


def undecided(world: World, query: Query, circumstances: Circumstances, folder: Path) -> list[str]:
    """Return the rules of a mapping that are on and cannot be decided, by what would come."""
    if not query.blocked:
        return []
    with connect(folder) as database:
        prepare(database, world, query, circumstances)
        return _undecided(database, query)


def prepare(database: duckdb.DuckDBPyConnection, world: World, query: Query, circumstances: Circumstances) -> None:
    """Make the tables that a mapping's statement expects beside the record sets."""
    values: list[Any] = [
        circumstances.today,
        circumstances.school,
        circumstances.time_zone,
        circumstances.title or None,
    ]
    groups = []
    for group, members in world.settings.items():
        parts = []
        for name, kind in members.items():
            value = circumstances.settings.get(group, {}).get(name)
            bound = {"key": list(value), "value": list(value.values())} if isinstance(value, dict) else value
            values.append(bound)  # a dict of these two keys is a map to DuckDB, any other a struct
            parts.append(f"{literal(name)}: CAST(${len(values)} AS {kind})")
        groups.append(f"{literal(group)}: {{{', '.join(parts)}}}")
    settings = f"{{{', '.join(groups)}}}" if groups else "NULL"
    run = ", ".join(f"{literal(name)}: CAST(${at} AS {kind})" for at, (name, kind) in enumerate(RUN_FIELDS.items(), 1))
    database.execute(f"CREATE TABLE _run AS SELECT {{{run}}} AS run, {settings} AS settings", values)
    for name in query.lookups:
        _add_lookup(database, world.lookups[name])


def _add_lookup(database: duckdb.DuckDBPyConnection, lookup: Lookup) -> None:
    codes = {lookup.folded(code): value for code, value in (lookup.values or {}).items()}
    statement = f"CREATE TABLE {quote('lookup:' + lookup.lookup)} AS SELECT unnest($1::VARCHAR[]) AS {LOOKUP_CODE}"
    database.execute(f"{statement}, unnest($2::VARCHAR[]) AS {LOOKUP_VALUE}", [list(codes), list(codes.values())])


def _run(
    database: duckdb.DuckDBPyConnection,
    mapping: MappingDocument,
    world: World,
    query: Query,
    place: Callable[[str], str],
) -> None:
    import duckdb

    with reworded(f"{mapping.mapping}: the mapping", TransformError):
        try:
            database.execute(f"CREATE TEMP TABLE result AS {query.sql}")
        except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error:
            guilty = _guilty(database, mapping, world, place)
            if guilty is None:
                raise
            raise ExpressionFailedError(mapping.mapping, guilty) from None


class ExpressionFailedError(TransformError):
    """An SQL expression of a mapping could not be carried out on some record; `field` is the target field."""

    code = "expression-failed"

    def __init__(self, entity: str, name: str) -> None:
        why = "an expression must give NULL, not fail, for any text that a source may send"
        super().__init__(f"{entity}: the SQL of '{name}' fails on a record", why=why, fix="use try_cast, not cast")
        self.entity, self.field = entity, name


def _guilty(
    database: duckdb.DuckDBPyConnection, mapping: MappingDocument, world: World, place: Callable[[str], str]
) -> str | None:
    """Return the field, or the rule, whose SQL fails, found by leaving out all the others; the key's comes first."""
    key = world.schema.key
    names = sorted(mapping.fields, key=lambda name: name != key)
    rules: list[tuple[str, dict[str, Any]]] = [
        (rule.rule, {"where": [rule], "fields": {key: Value(value=None)}}) for rule in mapping.where if rule.sql
    ]
    fields: list[tuple[str, dict[str, Any]]] = [
        (name, {"where": [], "fields": {known: mapping.fields[known] for known in {key, name}}})
        for name in names
        if mapping.fields[name].sql is not None
    ]
    known = [
        (name, {"where": [], "fields": {key: Value(value=None)}, "known_by": {name: value}})
        for name, value in mapping.known_by.items()
        if value.sql is not None
    ]
    for name, left in [*rules, *fields, *known]:
        if _fails(database, mapping.model_copy(update={"known_by": {}, **left}), world, place):
            return name
    return None


def _fails(
    database: duckdb.DuckDBPyConnection, mapping: MappingDocument, world: World, place: Callable[[str], str]
) -> bool:
    import duckdb

    schema = world.schema.model_copy(update={"fields": {name: world.schema.fields[name] for name in mapping.fields}})
    alone = World(world.source, schema, world.lookups, world.settings)
    small = build(mapping, alone, Reading(world.source.formats, place))
    try:
        database.execute(f"SELECT max(COLUMNS(*)) FROM ({small.sql})")
    except duckdb.Error:
        return True
    return False


def _books(
    database: duckdb.DuckDBPyConnection, mapping: MappingDocument, query: Query, sets: Mapping[str, SetRead]
) -> Transformed:
    books = Transformed(mapping.mapping, sum(sets[name].rows for name in query.sets), absent=query.absent)
    counted = "SELECT _state, _reason, count(*) FROM result GROUP BY ALL ORDER BY ALL"
    for state, reason, count in database.execute(counted).fetchall():
        if state == "filtered":
            books.filtered[reason] = count
        elif state == "quarantined":
            books.quarantined[reason] = count
        elif state == "merged":
            books.merged += count
        else:
            books.emitted += count
    if query.splits:
        books.split = _number(database, "SELECT count(*) - count(DISTINCT (_set, _row)) FROM result")
    told = (
        "SELECT t.field || ': ' || t.rule || ' (' || t.level || ')', count(*) FROM "
        "(SELECT unnest(_told) AS t FROM result WHERE _state IN ('emitted', 'quarantined')) "
        "WHERE t.level <> 'row' GROUP BY ALL ORDER BY ALL"
    )
    books.told = dict(database.execute(told).fetchall())
    return books


def _number(database: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = database.execute(statement).fetchone()
    return int(row[0] or 0) if row else 0


def _write(database: duckdb.DuckDBPyConnection, world: World, folder: Path) -> None:
    schema = world.schema
    columns = ", ".join(quote(name) for name in schema.fields)
    rows = f"SELECT {columns}, _withheld FROM result WHERE _state = 'emitted'"
    _copy(database, rows, folder / "rows" / f"{schema.schema_}.parquet")
    stands = f"_row // {PAGE} AS page, _row % {PAGE} AS row"
    states = (
        f"SELECT {quote(schema.key)} AS key, _set AS set, _source_key AS source_key, _state AS state, _reason AS rule, "
        f"{stands}"
    )
    _copy(database, f"{states} FROM result", folder / STATES / f"{schema.schema_}.parquet")
    held = (
        f"SELECT {literal(schema.schema_)} AS entity, _set AS set, _source_key AS source_key, {stands}, "
        "coalesce(t.field, _field) AS field, coalesce(t.rule, _reason) AS rule, coalesce(t.level, 'row') AS level "
        "FROM (SELECT *, unnest(CASE WHEN len(_told) > 0 THEN _told ELSE [NULL] END) AS t FROM result "
        "WHERE _state = 'quarantined' OR (_state = 'emitted' AND len(_told) > 0)) ORDER BY ALL"
    )
    _copy(database, held, folder / "quarantine" / f"{schema.schema_}.parquet")


def _copy(database: duckdb.DuckDBPyConnection, select: str, file: Path) -> None:
    part = file.with_name(file.name + ".part")
    with reworded(f"writing {file.name}", TransformError):
        form = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        database.execute(f"COPY ({select}) TO {literal(str(part.resolve()))} {form}")
    part.replace(file)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
