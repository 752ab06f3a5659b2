"""Data files: what a row becomes, byte for byte, and where files are cut."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.errors import DocumentError, StorageError, TransformError
from engine.haplo.part import Emitted
from engine.kinds.types import literal, quote
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.emit import emit


def _schema(fields: dict[str, Any], **more: Any) -> Schema:
    return Schema.model_validate({"schema": "pet", "fields": {"source_id": {"type": "text"}, **fields}, **more})


def _binding(names: dict[str, Any]) -> Binding:
    return Binding.model_validate(
        {"binding": "pet", "model": "TYPE:x:type:pet", "destination": "object", "names": names}
    )


def _write_rows(path: Path, schema: Schema, rows: list[dict[str, Any]]) -> None:
    """A Parquet file; a value is given as text of SQL, and left out it is NULL."""
    lines = []
    for row in rows:
        cells = [f"({row.get(name, 'NULL')})::{one.sql_type()} AS {quote(name)}" for name, one in schema.fields.items()]
        cells.append(f"{literal(row.get('_withheld', []))}::VARCHAR[] AS _withheld")
        lines.append("SELECT " + ", ".join(cells))
    empty = lines or [_none(schema)]
    duckdb.sql(f"COPY ({' UNION ALL '.join(empty)}) TO '{path}' (FORMAT parquet)")


def _none(schema: Schema) -> str:
    cells = [f"NULL::{one.sql_type()} AS {quote(name)}" for name, one in schema.fields.items()]
    return f"SELECT {', '.join(cells)}, NULL::VARCHAR[] AS _withheld WHERE false"


def _emit(
    folder: Path, schema: Schema, names: dict[str, Any], rows: list[dict[str, Any]], absent: Any = (), **more: Any
) -> Emitted:
    _write_rows(folder / "rows.parquet", schema, rows)
    schemas = {"pet": schema, "owner": Schema.model_validate({"schema": "owner", "fields": {}})}
    return emit(schema, schemas, _binding(names), "sch", folder / "rows.parquet", absent, folder / "out", **more)


def _only_record(emitted: Emitted) -> Any:
    [part] = emitted.parts
    [record] = json.loads(part.path.read_bytes())
    return record


VALUES = [
    # (type, SQL of the value, JSON of it)
    ({"type": "text"}, "'O''Neil'", '"O\'Neil"'),
    ({"type": "text"}, "''", "null"),
    ({"type": "text"}, "NULL", "null"),
    ({"type": "text"}, "'0123'", '"0123"'),
    ({"type": "text"}, "'7E1'", '"7E1"'),
    ({"type": "text"}, "'NO'", '"NO"'),
    ({"type": "text"}, "'null'", '"null"'),
    ({"type": "text"}, "' two\tways\r\n'", '" two\\tways\\r\\n"'),
    ({"type": "text"}, """'say "\\"'""", '"say \\"\\\\\\""'),
    ({"type": "text"}, "chr(1)", '"\\u0001"'),
    ({"type": "text"}, "'שלום 👩‍🚀 Zoë'", '"שלום 👩‍🚀 Zoë"'),
    ({"type": "enum", "values": ["a"]}, "'a'", '"a"'),
    ({"type": "boolean"}, "TRUE", '"true"'),
    ({"type": "boolean"}, "FALSE", '"false"'),
    ({"type": "boolean"}, "NULL", "null"),
    ({"type": "integer"}, "0", "0"),
    ({"type": "integer"}, "-12", "-12"),
    ({"type": "integer"}, "9007199254740991", "9007199254740991"),
    ({"type": "integer"}, "9007199254740993", '"9007199254740993"'),
    ({"type": "number"}, "100.0", "100"),
    ({"type": "number"}, "0.1", "0.1"),
    ({"type": "number"}, "-2.50", "-2.5"),
    ({"type": "number"}, "1e21", "1e+21"),
    ({"type": "number"}, "NULL", "null"),
    ({"type": "date"}, "DATE '2024-02-29'", '"2024-02-29"'),
    ({"type": "date"}, "NULL", "null"),
    ({"type": "datetime"}, "TIMESTAMP '2024-09-01 08:30:00.25'", '"2024-09-01T08:30:00"'),
    ({"type": "time"}, "TIME '08:05:09.5'", '"08:05:09"'),
    ({"type": "text", "ref": "owner"}, "'12/BBN'", '"sch:owner:12_2FBBN"'),
    ({"type": "text", "ref": "owner"}, "NULL", "null"),
    ({"type": "text", "ref": "owner"}, "''", "null"),
    ({"type": "list", "of": {"type": "text"}}, "['a', NULL, '', 'b']", '["a","b"]'),
    ({"type": "list", "of": {"type": "text"}}, "[]", "null"),
    ({"type": "list", "of": {"type": "text"}}, "[NULL]", "null"),
    ({"type": "list", "of": {"type": "text"}}, "NULL", "null"),
    ({"type": "list", "of": {"type": "boolean"}}, "[TRUE, FALSE]", '["true","false"]'),
    ({"type": "list", "of": {"type": "integer"}}, "[3, NULL, 0]", "[3,0]"),
    ({"type": "list", "of": {"type": "date"}}, "[DATE '2024-01-02']", '["2024-01-02"]'),
    ({"type": "list", "of": {"type": "text", "ref": "owner"}}, "['a_b']", '["sch:owner:a_5Fb"]'),
]


@pytest.mark.parametrize(("field", "value", "written"), VALUES)
def test_a_value_has_one_form(field: dict[str, Any], value: str, written: str, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, _schema({"it": field}), {"x:a:it": "it"}, [{"source_id": "'k.1'", "it": value}])
    assert emitted.parts[0].path.read_text("utf-8") == f'[\n{{"_code":"sch:pet:k_2E1","it":{written}}}\n]\n'


LINKS = {
    "type": "list",
    "of": {
        "type": "record",
        "fields": {"who": {"type": "text", "ref": "owner"}, "how": {"type": "text"}, "rank": {"type": "integer"}},
    },
}


def test_records_hold_the_parts_that_are_bound(tmp_path: Path) -> None:
    value = (
        "[{'who': 'o1', 'how': 'Mother', 'rank': 1}, {'who': 'o2', 'how': NULL, 'rank': 2}, "
        "{'who': NULL, 'how': NULL, 'rank': 3}, NULL]"
    )
    names = {"x:a:how": {"from": "links", "part": "how"}, "x:a:who": {"from": "links", "part": "who"}}
    emitted = _emit(tmp_path, _schema({"links": LINKS}), names, [{"source_id": "'1'", "links": value}])
    assert emitted.parts[0].path.read_text() == (
        '[\n{"_code":"sch:pet:1","links":[{"who":"sch:owner:o1","how":"Mother"},{"who":"sch:owner:o2","how":null}]}\n]\n'
    )


def test_records_without_any_bound_part_are_blank(tmp_path: Path) -> None:
    names = {"x:a:how": {"from": "links", "part": "how"}}
    value = "[{'who': 'o1', 'how': NULL, 'rank': 1}]"
    emitted = _emit(tmp_path, _schema({"links": LINKS}), names, [{"source_id": "'1'", "links": value}])
    assert _only_record(emitted) == {"_code": "sch:pet:1", "links": None}


def test_keys_come_in_the_order_of_the_binding(tmp_path: Path) -> None:
    schema = _schema({"a": {}, "b": {}, "c": {}})
    emitted = _emit(tmp_path, schema, {"x:z": "c", "x:y": "a", "x:x": "c"}, [{"source_id": "'1'"}])
    assert list(_only_record(emitted)) == ["_code", "c", "a"]


def test_absent_fields_have_no_key_and_blank_ones_are_null(tmp_path: Path) -> None:
    schema = _schema({"a": {}, "b": {}, "c": {}})
    rows = [{"source_id": "'1'", "a": "'x'", "_withheld": ["b"]}, {"source_id": "'2'", "b": "'y'"}]
    emitted = _emit(tmp_path, schema, {"x:a": "a", "x:b": "b", "x:c": "c"}, rows, absent={"c"})
    assert json.loads(emitted.parts[0].path.read_bytes()) == [
        {"_code": "sch:pet:1", "a": "x"},
        {"_code": "sch:pet:2", "a": None, "b": "y"},
    ]


def test_an_absent_field_needs_no_column(tmp_path: Path) -> None:
    schema = _schema({"a": {}})
    _write_rows(tmp_path / "rows.parquet", schema, [{"source_id": "'1'", "a": "'x'"}])
    wider = _schema({"a": {}, "b": {}})
    names = _binding({"x:a": "a", "x:b": "b"})
    emitted = emit(wider, {"pet": wider}, names, "sch", tmp_path / "rows.parquet", ["b"], tmp_path / "out")
    assert _only_record(emitted) == {"_code": "sch:pet:1", "a": "x"}


NAME = {"dc:attribute:title": {"person_name": {"first": "first", "middle": "middle", "last": "last"}}}
NAMED = _schema({"first": {}, "middle": {}, "last": {}})


@pytest.mark.parametrize(
    ("row", "absent", "expected"),
    [
        ({"first": "'Ada'", "last": "'King'"}, (), {"dc:attribute:title": {"first": "Ada", "last": "King"}}),
        ({"first": "'Ada'"}, (), {"dc:attribute:title": None}),
        ({"first": "'Ada'", "last": "'  '"}, (), {"dc:attribute:title": None}),
        ({"first": "'Ada'", "last": "'King'"}, ["last"], {}),
        ({"first": "'Ada'", "last": "'King'"}, ["first"], {"dc:attribute:title": {"last": "King"}}),
        (
            {"first": "'Ada'", "last": "'King'", "_withheld": ["middle"]},
            (),
            {"dc:attribute:title:partial": {"first": "Ada", "last": "King"}},
        ),
        (
            {"first": "'Ada'", "last": "'King'", "_withheld": ["first"]},
            (),
            {"dc:attribute:title:partial": {"last": "King"}},
        ),
    ],
)
def test_a_name_is_whole_or_not_there(row: dict[str, Any], absent: Any, expected: Any, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, NAMED, NAME, [{"source_id": "'1'", **row}], absent)
    assert _only_record(emitted) == {"_code": "sch:pet:1", **expected}


ADDRESS = {"std:attribute:address": {"postal_address": {"street1": "street", "country": "country"}}}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"street": "'1 High St'", "country": "'GB'"}, {"street1": "1 High St", "country": "GB"}),
        ({"street": "'1 High St'"}, None),
    ],
)
def test_an_address_needs_its_country(row: dict[str, str], expected: Any, tmp_path: Path) -> None:
    schema = _schema({"street": {}, "country": {}})
    emitted = _emit(tmp_path, schema, ADDRESS, [{"source_id": "'1'", **row}])
    assert _only_record(emitted)["std:attribute:address"] == expected


def test_rows_are_sorted_and_the_bytes_are_stable(tmp_path: Path) -> None:
    schema = _schema({"a": {}}, sort=["a"])
    rows = [{"source_id": f"'{key}'", "a": a} for key, a in [("b", "'2'"), ("c", "NULL"), ("a", "'2'"), ("d", "'10'")]]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = _emit(tmp_path / "one", schema, {"x:a": "a"}, rows)
    two = _emit(tmp_path / "two", schema, {"x:a": "a"}, rows[::-1])
    codes = [record["_code"] for record in json.loads(one.parts[0].path.read_bytes())]
    assert codes == ["sch:pet:c", "sch:pet:d", "sch:pet:a", "sch:pet:b"]
    assert [part.path.read_bytes() for part in one.parts] == [part.path.read_bytes() for part in two.parts]
    assert one.control.read_bytes() == two.control.read_bytes()


def test_parts_take_as_many_rows_as_fit(tmp_path: Path) -> None:
    schema = _schema({"a": {}})
    rows = [{"source_id": f"'{number}'", "a": "'é'"} for number in range(1, 8)]
    line = len('{"_code":"sch:pet:1","a":"é"}'.encode())
    three = len("[\n") + 3 * line + 2 * len(",\n") + len("\n]\n")
    emitted = _emit(tmp_path, schema, {"x:a": "a"}, rows, limit=three)
    assert [(part.name, part.rows, part.bytes) for part in emitted.parts] == [
        ("pet-001", 3, three),
        ("pet-002", 3, three),
        ("pet-003", 1, line + 5),
    ]
    assert emitted.rows == 7
    records = [record for part in emitted.parts for record in json.loads(part.path.read_bytes())]
    assert [record["_code"] for record in records] == [f"sch:pet:{number}" for number in range(1, 8)]
    for part in emitted.parts:
        data = part.path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (part.bytes, part.sha256)
        assert not data.startswith(b"\xef\xbb\xbf")


def test_no_limit_lets_a_file_grow_past_what_haplo_reads(tmp_path: Path) -> None:
    rows = [{"source_id": f"'{number}'", "a": "repeat('x', 9000000)"} for number in range(2)]
    emitted = _emit(tmp_path, _schema({"a": {}}), {"x:a": "a"}, rows, limit=10**9)
    assert [part.rows for part in emitted.parts] == [1, 1]
    assert all(part.bytes < 16_777_216 for part in emitted.parts)


def test_a_row_over_the_limit_is_told(tmp_path: Path) -> None:
    rows = [{"source_id": "'1'", "a": "'x'"}, {"source_id": "'2'", "a": "repeat('x', 100)"}]
    with pytest.raises(TransformError, match="a row of pet is larger") as failure:
        _emit(tmp_path, _schema({"a": {}}), {"x:a": "a"}, rows, limit=100)
    assert failure.value.code == "row-too-large"


def test_no_rows_make_no_part(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, _schema({"a": {}}), {"x:a": "a"}, [])
    assert (emitted.parts, emitted.rows) == ((), 0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["pet.control.json"]


def test_parts_of_an_earlier_emission_are_taken_away(tmp_path: Path) -> None:
    schema = _schema({"a": {}})
    rows = [{"source_id": f"'{number}'"} for number in range(3)]
    _emit(tmp_path, schema, {"x:a": "a"}, rows, limit=40)
    _emit(tmp_path, schema, {"x:a": "a"}, rows)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pet-001.json", "pet.control.json"]


def test_files_are_private(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, _schema({"a": {}}), {"x:a": "a"}, [{"source_id": "'1'"}])
    modes = [path.stat().st_mode & 0o777 for path in (emitted.control, emitted.parts[0].path)]
    assert (modes, (tmp_path / "out").stat().st_mode & 0o777) == ([0o600, 0o600], 0o700)


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ({"type": "date"}, {"source_id": "'1'", "a": "DATE 'infinity'"}),
        ({"type": "date"}, {"source_id": "'1'", "a": "DATE '0001-01-01' - 1"}),
        ({"type": "datetime"}, {"source_id": "'1'", "a": "TIMESTAMP '12024-01-01 00:00:00'"}),
        ({"type": "number"}, {"source_id": "'1'", "a": "'nan'"}),
        ({"type": "text"}, {"a": "'no key'"}),
    ],
)
def test_what_haplo_would_misread_is_never_written(field: Any, row: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(TransformError, match="writing the rows of pet"):
        _emit(tmp_path, _schema({"a": field}), {"x:a": "a"}, [row])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError):
        _emit(tmp_path, _schema({"a": {}}), {"x:a": "a"}, [{"source_id": "'1'"}])


def test_a_binding_that_does_not_fit_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        _emit(tmp_path, _schema({"a": {}}), {"x:a": "b"}, [{"source_id": "'1'"}])
    assert not (tmp_path / "out").exists()
