"""The files that Haplo imports: a control file, and the rows as JSON in parts that it can read.

DuckDB writes the JSON, a line for each row, and joins the lines of a part; Python only moves finished parts to
disk. The same rows give the same bytes. Imports `haplo`, `spec`, `sql` and `errors`. Next: `stages/check`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from engine.errors import TransformError
from engine.haplo.compile import compile_control, render_control
from engine.haplo.part import LARGEST, Emitted, Part
from engine.haplo.record import line_sql
from engine.journal import cannot_write
from engine.kinds.types import literal, quote
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.sql import connect, reworded

if TYPE_CHECKING:
    import duckdb

_AROUND: Final = len("[\n" + "\n]\n")
_BETWEEN: Final = len(",\n")
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
) -> Emitted:
    """Write an entity's files into `out`.

    `rows` is a Parquet file with a column for each target field and `_withheld`, the fields of each row that are
    left out; `absent` fields are left out of all rows. No part is larger than `limit` bytes.
    """
    entity = schema.schema_
    control = out / f"{entity}.control.json"
    rendered = render_control(compile_control(schema, schemas, binding, data_types))
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
    _write(control, rendered)
    why = "a row has no key, a date is outside the years 1 to 9999, or a number is not finite"
    with reworded(f"writing the rows of {entity}", TransformError, why=why), connect(rows.parent) as database:
        database.execute(_lines(schema, line_sql(schema, binding, prefix, absent), rows))
        parts = tuple(_parts(database, entity, out, min(limit, LARGEST)))
    _remove_others(entity, out, {part.path for part in parts})
    return Emitted(control, parts, sum(part.rows for part in parts))


def _lines(schema: Schema, line: str, rows: Path) -> str:
    """The statement that makes the table of lines, in the order in which they are written."""
    order = ", ".join(f"{quote(name)} NULLS FIRST" for name in dict.fromkeys([*schema.sort, schema.key]))
    source = f"read_parquet({literal(str(rows.resolve()))})"
    return f"""
        CREATE TEMP TABLE lines AS
        SELECT line, sum(strlen(line) + {_BETWEEN}) OVER (ORDER BY number) AS upto, number
        FROM (SELECT {line} AS line, row_number() OVER (ORDER BY {order}) AS number FROM {source})
        ORDER BY number"""


def _parts(database: duckdb.DuckDBPyConnection, entity: str, out: Path, limit: int) -> Iterator[Part]:
    """Write part after part: each takes as many lines as fit."""
    last = _one(database, "SELECT count(*) FROM lines")
    done = before = 0
    number = 1
    while done < last:
        room = before + limit - _AROUND + _BETWEEN
        end = _one(database, f"SELECT max(number) FROM lines WHERE number > {done} AND upto <= {room}")
        if end is None:
            raise _too_large(entity, limit)
        chosen = f"FROM lines WHERE number BETWEEN {done + 1} AND {end}"
        text = _one(database, f"SELECT string_agg(line, ',\n' ORDER BY number) {chosen}")
        before = _one(database, f"SELECT max(upto) {chosen}")
        name = f"{entity}-{number:03}"
        data = f"[\n{text}\n]\n".encode()
        path = out / f"{name}.json"
        _write(path, data)
        yield Part(name, path, end - done, len(data), hashlib.sha256(data).hexdigest())
        done, number = end, number + 1


def _one(database: duckdb.DuckDBPyConnection, statement: str) -> int:
    found = database.execute(statement).fetchone()
    assert found is not None
    value: int = found[0]
    return value


def _too_large(entity: str, limit: int) -> TransformError:
    return TransformError(
        f"a row of {entity} is larger than a file may be",
        why=f"its record has more than {limit} bytes, and Haplo reads a file as one text",
        fix=f"limit its long fields with 'max' in schemas/{entity}.yaml",
        code="row-too-large",
    )


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(data)
        draft.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None


def _remove_others(entity: str, out: Path, kept: Collection[Path]) -> None:
    """Take away the parts of an earlier, larger emission: they are not part of this one."""
    for path in out.glob(f"{entity}-[0-9]*.json"):
        if path not in kept:
            path.unlink(missing_ok=True)
