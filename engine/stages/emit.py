"""The files that Haplo imports: a control file, and the rows in parts that it can read, in the binding's form.

DuckDB writes a line for each row, in blocks of text that are cut where a part is full; Python only moves them to disk.
What the form cannot carry is refused before anything is written. The same rows give the same bytes. Imports `haplo`,
`spec`, `sql`, `errors`, and the shared piece `cutting`. Next: `stages/check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.errors import TransformError
from engine.haplo.compile import compile_control, name_files, render_control
from engine.haplo.layout import WHY, Layout, layout_of
from engine.haplo.part import LARGEST, Emitted
from engine.journal import cannot_write
from engine.kinds.types import literal, parquet, quote
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.sql import blocks, connect, reworded
from engine.stages.cutting import cut, write_whole

if TYPE_CHECKING:
    import duckdb

_SUFFIXES: Final = ("json", "tsv", "xml")
_UNKNOWN: Final[Mapping[str, str]] = MappingProxyType({})


def emit(
    schema: Schema,
    schemas: Mapping[str, Schema],
    binding: Binding,
    prefix: str,
    rows: Path,
    absent: Collection[str],
    out: Path,
    limit: int = 16_000_000,
    *,
    data_types: Mapping[str, str] = _UNKNOWN,
    gone: Path | None = None,
) -> Emitted:
    """Write an entity's files into `out`.

    `rows` is a Parquet file with a column for each target field and `_withheld`, the fields of each row that are
    left out; `absent` fields are left out of all rows. `gone` is one with the key alone, of rows that are gone at the
    source: they follow the others. No part is larger than `limit` bytes.
    """
    entity = schema.schema_
    if gone is not None and binding.removed is None:
        raise ValueError(f"the binding of {entity} does not say what becomes of rows that are gone")
    control = compile_control(schema, schemas, binding, data_types)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
    why = "a row has no key, a date is outside the years 1 to 9999, or a number is not finite"
    with reworded(f"writing the rows of {entity}", TransformError, why=why), _database(rows, gone) as database:
        layout = layout_of(schema, binding, prefix, absent, _withheld(database, rows))
        _refuse(database, entity, layout, rows)
        count = 0 if gone is None else _count_gone(database, schema, rows, gone)
        lines = chain.from_iterable(blocks(database, each) for each in _lines(schema, layout, rows, gone))
        parts = tuple(cut(lines, entity, layout, out, min(limit, LARGEST)))
    name_files(control, binding, [part.name for part in parts])
    path = out / f"{entity}.control.json"
    write_whole(path, [render_control(control)])
    _remove_others(entity, out, {part.path for part in parts})
    return Emitted(path, parts, sum(part.rows for part in parts), count)


def _database(rows: Path, gone: Path | None) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return connect(rows.parent, *([] if gone is None else [gone.parent]))


def _withheld(database: duckdb.DuckDBPyConnection, rows: Path) -> set[str]:
    """Return the fields that some row goes without."""
    found = database.execute(f"SELECT DISTINCT unnest(_withheld) FROM {parquet(rows)}").fetchall()
    return {name for (name,) in found}


def _refuse(database: duckdb.DuckDBPyConnection, entity: str, layout: Layout, rows: Path) -> None:
    """Stop when the form of the files cannot carry a value, rather than cut it or change it."""
    if not layout.refused:
        return
    counts = ", ".join(f"count_if({condition})" for condition in layout.refused.values())
    [found] = database.execute(f"SELECT {counts} FROM {parquet(rows)}").fetchall()
    bad = [f"'{name}' ({count:,} rows)" for name, count in zip(layout.refused, found, strict=True) if count]
    if bad:
        raise TransformError(
            f"{entity}: a {layout.form} file cannot carry what is in {', '.join(bad)}",
            why=WHY[layout.form],
            fix=f"add clean: squeeze to the field in the mapping, or write format: json in schemas/haplo/{entity}.yaml",
            code="not-carried",
        )


def _count_gone(database: duckdb.DuckDBPyConnection, schema: Schema, rows: Path, gone: Path) -> int:
    """Count the rows that are gone: none of them may be sent as an ordinary row too."""
    key = quote(schema.key)
    both = f"SELECT count(*) FROM {parquet(gone)} WHERE {key} IN (SELECT {key} FROM {parquet(rows)})"
    if _one(database, both):
        raise ValueError(f"rows of {schema.schema_} are sent, and said to be gone, at once")
    return _one(database, f"SELECT count(*) FROM {parquet(gone)}")


def _lines(schema: Schema, layout: Layout, rows: Path, gone: Path | None) -> list[str]:
    """The statements that give the lines, in the order in which they are written."""
    order = ", ".join(f"{quote(name)} NULLS FIRST" for name in schema.order())
    between = literal(layout.between)
    every = [f"SELECT {layout.line} || {between} AS line FROM {parquet(rows)} ORDER BY {order}"]
    if gone is not None:
        every.append(f"SELECT {layout.gone} || {between} AS line FROM {parquet(gone)} ORDER BY {quote(schema.key)}")
    return every


def _one(database: duckdb.DuckDBPyConnection, statement: str) -> int:
    [(value,)] = database.execute(statement).fetchall()
    return int(value)


def _remove_others(entity: str, out: Path, kept: Collection[Path]) -> None:
    """Take away the parts of an earlier, larger emission: they are not part of this one."""
    for suffix in _SUFFIXES:
        for path in out.glob(f"{entity}-[0-9]*.{suffix}"):
            if path not in kept:
                path.unlink(missing_ok=True)
