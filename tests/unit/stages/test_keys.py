"""From a record's number to its key: through many parts, in every form of files, whatever the key holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.haplo.part import Emitted
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit
from engine.stages.keys import keys_of

SCHEMA = Schema.model_validate(
    {"schema": "pet", "sort": ["name"], "fields": {"source_id": {"type": "text"}, "name": {"type": "text"}}}
)
HOSTILE = ["0123", "a_b", "a:b/c", "é ß", "_2F", "x,\ny", 'say "hi"', "<&>", "tab\tbed", "👩‍👧", "%5F", "]"]


def _emit(folder: Path, rows: list[tuple[str, str | None]], form: str, limit: int) -> Emitted:
    names = {"dc:attribute:title": "name"}
    binding = Binding.model_validate(
        {"binding": "pet", "model": "TYPE:x:pet", "destination": "object", "format": form, "names": names}
    )
    path = folder / "pet.parquet"
    with duckdb.connect() as database:
        database.execute("CREATE TABLE given (source_id VARCHAR, name VARCHAR, _withheld VARCHAR[])")
        database.executemany("INSERT INTO given VALUES (?, ?, [])", [list(row) for row in rows])
        database.execute(f"COPY given TO '{path}' (FORMAT parquet)")
    return emit(SCHEMA, {"pet": SCHEMA}, binding, "s", path, (), folder / "out", limit)


@pytest.mark.parametrize("form", ["json", "tsv", "xml"])
def test_the_keys_of_all_records_through_many_parts(form: str, tmp_path: Path) -> None:
    # the names run against the keys, and those without a name come first
    rows: list[tuple[str, str | None]] = [(f"k{n:03}", f"n{999 - n}") for n in range(100)]
    rows += [("z", None), ("y", None)]
    emitted = _emit(tmp_path, rows, form, 300)
    assert len(emitted.parts) > 5
    expected = ["y", "z", *(f"k{n:03}" for n in reversed(range(100)))]
    assert keys_of(emitted, range(102)) == dict(enumerate(expected))
    for number in (0, emitted.parts[0].rows - 1, emitted.parts[0].rows, 101):
        assert keys_of(emitted, {number}) == {number: expected[number]}
    assert keys_of(emitted, {102, 5000}) == {}
    assert keys_of(emitted, ()) == {}


@pytest.mark.parametrize("form", ["json", "tsv", "xml"])
def test_any_key_comes_back_as_it_was(form: str, tmp_path: Path) -> None:
    rows: list[tuple[str, str | None]] = [(key, f"{number:03}") for number, key in enumerate(HOSTILE)]
    assert keys_of(_emit(tmp_path, rows, form, 300), range(len(HOSTILE))) == dict(enumerate(HOSTILE))


def test_text_with_line_ends_does_not_shift_the_count(tmp_path: Path) -> None:
    rows: list[tuple[str, str | None]] = [("1", "a\nb\r\n,\n[\n"), ("2", "b\n\n"), ("3", "c")]
    for form in ("json", "xml"):
        assert keys_of(_emit(tmp_path, rows, form, 10_000), {2}) == {2: "3"}


@pytest.mark.parametrize("record", [{"code": "s:pet:1"}, {"_code": 7}, {"_code": "no-code"}, {"_code": "s:pet:_zz"}, 5])
def test_a_record_without_a_code_of_ours_has_no_key(record: Any, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, [("1", "a")], "json", 1000)
    emitted.parts[0].path.write_text(f"[\n{json.dumps(record)}\n]\n")
    assert keys_of(emitted, {0}) == {}


def test_a_part_that_was_cut_gives_what_is_there(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, [("1", "a"), ("2", "b")], "json", 1000)
    path = emitted.parts[0].path
    path.write_bytes(path.read_bytes()[: -len('"}\n]\n') - 3])
    assert keys_of(emitted, {0, 1}) == {0: "1"}
