"""Records and rows that a person wrote, as files of the form in which a run lands and keeps them.

So what reads them is what reads those of a run. A home of pyarrow and of DuckDB. Imports `kinds`, `spec`, `sql`.
Next: `stages/transform`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import TransformError
from engine.kinds.types import literal, quote
from engine.spec.schema import Schema
from engine.sql import connect, reworded


def write_records(file: Path, fields: Sequence[str], records: Sequence[Mapping[str, str | None]]) -> None:
    """Write a record set: each field a column of text; records are numbered from 1, on page 0 as those of a mirror."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {
        "_page": pa.array([0] * len(records), pa.int32()),
        "_row": pa.array(range(1, len(records) + 1), pa.int64()),
    }
    columns |= {name: pa.array([record.get(name) for record in records], pa.string()) for name in fields}
    pq.write_table(pa.table(columns), file)


def write_sent(file: Path, schema: Schema, rows: Sequence[tuple[Mapping[str, Any], str]]) -> None:
    """Write what was sent before of an entity: rows, each with its state, `current` or `gone`."""
    marks = ["NULL::VARCHAR AS _set", "NULL::VARCHAR AS _source_key", "NULL::UBIGINT AS _digest"]
    values: list[Any] = []
    selects = []
    for row, state in rows:
        columns = []
        for name, target in schema.fields.items():
            values.append(row.get(name))
            columns.append(f"CAST(${len(values)} AS {target.sql_type()}) AS {quote(name)}")
        own = [f"{literal(state)} AS _state", "FALSE AS _again", *marks]
        selects.append(f"SELECT {', '.join([*columns, *own])}")
    file.parent.mkdir(parents=True, exist_ok=True)
    with connect(file.parent) as database, reworded("writing what was sent before", TransformError):
        database.execute(f"CREATE TABLE sent AS {' UNION ALL '.join(selects)}", values)
        database.execute(f"COPY sent TO {literal(str(file.resolve()))} (FORMAT parquet)")


def write_identities(file: Path, keys: Sequence[str], natural: Mapping[str, Mapping[str, str]], own: str) -> None:
    """Write what is remembered of who rows are: by the name of a natural key its values, each with the row's key.

    Every row is known by its own key too, whose name is `own`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = [(key, f"{own}:{key}", True) for key in keys]
    known += [(key, f"{name}:{value}", False) for name, led in natural.items() for value, key in led.items()]
    columns = {
        "key": [key for key, _, _ in known],
        "since": ["before"] * len(known),
        "natural_key": [natural_key for _, natural_key, _ in known],
        "merged_into": pa.nulls(len(known), pa.string()),
    }
    latest = pa.array([latest for _, _, latest in known], pa.bool_())
    file.parent.mkdir(parents=True, exist_ok=True)
    table = {name: pa.array(values, pa.string()) for name, values in columns.items()} | {"latest": latest}
    pq.write_table(pa.table(table), file)
