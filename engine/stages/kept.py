"""Records that endpoints are asked for one by one: what is kept of them, and put beside what came of each.

Stands on `kinds`, `sql` and DuckDB. Next: `run/parting`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.errors import StorageError
from engine.journal import cannot_write
from engine.kinds.request import ForEach
from engine.kinds.types import literal, parquet, quote
from engine.sql import connect, reworded


def among(word: ForEach) -> tuple[str, str]:
    """Return the SQL conditions that a record is one of those that are asked for, and that it lacks a value."""
    held = " AND ".join(f"{quote(name)} IN ({', '.join(map(literal, texts))})" for name, texts in word.where.items())
    return held or "true", " OR ".join(f"trim(coalesce({quote(name)}, '')) = ''" for name in word.keep.values())


def kept_values(file: Path, word: ForEach) -> tuple[list[dict[str, str]], int]:
    """Return what is kept of the records of a set, each once and in their order; and how many lack a value."""
    held, blank = among(word)
    values = ", ".join(quote(name) for name in word.keep.values())
    with connect(file.parent) as database, reworded("looking for the records that are asked for", StorageError):
        rows = database.execute(
            f"SELECT ({blank}) AS _blank, {values} FROM {parquet(file)} WHERE {held} ORDER BY _page, _row"
        ).fetchall()
    whole = dict.fromkeys(tuple(row[1:]) for row in rows if not row[0])
    return [dict(zip(word.keep, row, strict=True)) for row in whole], sum(bool(row[0]) for row in rows)


def put_beside(
    file: Path, fields: Sequence[str], kept: Mapping[int, Mapping[str, str]], key: Sequence[str]
) -> tuple[int | None, int | None]:
    """Give the records of each page the values that are kept for it; the columns are then `fields`.

    Return how many keys stand on several rows, and on several pages; None where the key was not read.
    """
    part, pages = file.with_name(f".{file.name}.part"), sorted(kept)
    names = dict.fromkeys(name for values in kept.values() for name in values)
    lists = {name: ", ".join(literal(kept[page][name]) for page in pages) for name in names}
    place = f"list_position([{', '.join(map(str, pages))}]::INTEGER[], _page)"
    columns = "".join(
        f", ([{lists[name]}]::VARCHAR[])[{place}] AS {quote(name)}" if name in lists else f", {quote(name)}"
        for name in fields
    )
    from_file = parquet(file)
    try:
        with connect(file.parent) as database, reworded(f"writing {file.name}", StorageError):
            database.execute(
                f"COPY (SELECT _page, _row{columns} FROM {from_file})"
                f" TO {literal(str(part.resolve()))} (FORMAT parquet)"
            )
            part.chmod(0o600)
            part.replace(file)
            if not key or not set(key) <= set(fields):
                return None, None
            there = " AND ".join(f"{quote(name)} IS NOT NULL" for name in key)
            found = database.execute(
                "SELECT count(*), count(*) FILTER (WHERE across) FROM (SELECT min(_page) <> max(_page) AS across"
                f" FROM {from_file} WHERE {there} GROUP BY {', '.join(map(quote, key))} HAVING count(*) > 1)"
            ).fetchone()
    except OSError as error:
        raise cannot_write(file, error) from None
    finally:
        part.unlink(missing_ok=True)
    assert found is not None
    return int(found[0]), int(found[1])
