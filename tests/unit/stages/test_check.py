"""The local dry run: hostile text comes through unchanged, later entities find earlier ones, no value is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.haplo.part import Emitted, Part
from engine.haplo.target import derived_application
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.check import Checked, Receiver, check
from engine.stages.emit import emit
from engine.stages.told import Example, Origin, Told

TODAY = date(2026, 1, 1)
HOSTILE = [
    "0123",
    "7E1",
    "NO",
    "null",
    "1_000",
    "12:30",
    "2024-09-01",
    'say "hi" \\ {"a": [1]}',
    "O'Neil -- '; DROP TABLE lines",
    "one\ntwo\r\nthree\rfour",
    "tab\tbed",
    " padded ",
    "שלום עולם",
    "\u202egnirts\u202c",
    "👩‍👩‍👧‍👦 🇬🇧 Zoë Zoe\u0308",
    "\u2028\u2029\ufeff\u00a0\x7f\x01",
    "],\n[",
    "%5F_2E",
]
FIELDS = {"source_id": {"type": "text"}, "title": {"type": "text"}, "owner": {"type": "text", "ref": "owner"}}
PET = Schema.model_validate({"schema": "pet", "fields": {**FIELDS, "day": {"type": "text"}}})
OWNER = Schema.model_validate({"schema": "owner", "fields": {"source_id": {"type": "text"}, "title": {"type": "text"}}})
SCHEMAS = {"pet": PET, "owner": OWNER}
TITLE = {"dc:attribute:title": "title"}
OBJECT = {"destination": "object"}
BIND_OWNER = Binding.model_validate({"binding": "owner", "model": "TYPE:x:type:owner", **OBJECT, "names": TITLE})
BIND_PET = Binding.model_validate(
    {"binding": "pet", "model": "TYPE:x:type:pet", **OBJECT, "names": {**TITLE, "x:owner": "owner"}}
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(derived_application([BIND_OWNER, BIND_PET], SCHEMAS)) as receiver:
        yield receiver


def _emit(folder: Path, schema: Schema, binding: Binding, rows: list[tuple[str | None, ...]], **more: Any) -> Emitted:
    columns = ", ".join(f'"{name}" VARCHAR' for name in schema.fields)
    path = folder / f"{schema.schema_}.parquet"
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE given ({columns}, _withheld VARCHAR[])")
        marks = ", ".join("?" * len(schema.fields))
        database.executemany(f"INSERT INTO given VALUES ({marks}, [])", [list(row) for row in rows])
        database.execute(f"COPY given TO '{path}' (FORMAT parquet)")
    return emit(schema, SCHEMAS, binding, "s", path, (), folder / "out", **more)


def _saved(receiver: Receiver, code: str) -> dict[str, Any]:
    store = receiver.store("any")
    ref = store.by_behaviour(code)
    assert ref is not None
    found = store.load(ref)
    assert found is not None
    return found


def test_hostile_text_comes_through_unchanged(receiver: Receiver, tmp_path: Path) -> None:
    rows = [(f"{number:03}", text) for number, text in enumerate(HOSTILE)]
    emitted = _emit(tmp_path, OWNER, BIND_OWNER, rows, limit=300)
    assert len(emitted.parts) > 2
    assert check("owner", emitted, receiver, TODAY) == Checked("owner", len(rows), len(rows), 0)
    for number, text in enumerate(HOSTILE):
        assert _saved(receiver, f"s:owner:{number:03}")["dc:attribute:title"] == [text]


def test_hostile_keys_are_found_again(receiver: Receiver, tmp_path: Path) -> None:
    check("owner", _emit(tmp_path, OWNER, BIND_OWNER, [(key, key) for key in HOSTILE]), receiver, TODAY)
    rows = [(f"{number}", "Rex", key, None) for number, key in enumerate(HOSTILE)]
    assert check("pet", _emit(tmp_path, PET, BIND_PET, rows), receiver, TODAY).passed
    for number, key in enumerate(HOSTILE):
        [pointed] = _saved(receiver, f"s:pet:{number}")["x:owner"]
        owner = receiver.store("any").load(pointed["ref"])
        assert owner is not None
        assert owner["dc:attribute:title"] == [key]


def test_records_that_would_be_lost_are_counted(receiver: Receiver, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, OWNER, BIND_OWNER, [("1", "A"), ("2", None), ("3", None)])
    checked = check("owner", emitted, receiver, TODAY)
    examples = (Example(1, "2"), Example(2, "3"))
    assert checked == Checked("owner", 3, 1, 2, (Told("owner", "no title", 2, "refuse", Origin(), examples),))
    assert checked.messages == {"no title": 2}
    assert not checked.passed


def test_messages_are_told_without_values_and_kept_whole_in_private(tmp_path: Path) -> None:
    binding = Binding.model_validate(
        {
            "binding": "pet",
            "model": "TYPE:x:type:pet",
            **OBJECT,
            "names": {**TITLE, "std:attribute:email": "owner", "std:attribute:url": "day"},
        }
    )
    schema = PET.model_copy(update={"fields": {**PET.fields, "owner": PET.fields["title"]}})
    emitted = _emit(tmp_path, schema, binding, [("1", "A", "ada at home", "x.y"), ("2", "B", "bob at home", None)])
    with Receiver(derived_application([binding], {"pet": schema})) as receiver:
        checked = check("pet", emitted, receiver, TODAY, tmp_path / "messages" / "pet.jsonl")
    assert checked.messages == {
        "Invalid email address for input field owner": 2,
        "Invalid URL for input field day": 1,
    }
    private = tmp_path / "messages" / "pet.jsonl"
    assert private.stat().st_mode & 0o777 == 0o600
    assert {
        "entity": "pet",
        "record": 1,
        "key": "2",
        "effect": "tell",
        "message": "Invalid email address for input field owner: bob at home (record 1)",
        "binding": {},
        "mapping": {},
    } in [json.loads(line) for line in private.read_text().splitlines()]


def test_what_would_stop_the_batch_is_told(receiver: Receiver, tmp_path: Path) -> None:
    emitted = _emit(tmp_path, OWNER, BIND_OWNER, [("1", "A")])
    emitted.parts[0].path.write_bytes(b"[{]")
    checked = check("owner", emitted, receiver, TODAY, tmp_path / "messages.jsonl")
    assert (checked.good, checked.stop, checked.passed) == (0, Told("owner", "the file is not JSON", 1, "stop"), False)
    [line] = (tmp_path / "messages.jsonl").read_text().splitlines()
    assert (json.loads(line)["message"], json.loads(line)["record"]) == ("the file is not JSON", None)


def test_a_control_file_that_does_not_suit_the_application_is_told(tmp_path: Path) -> None:
    emitted = _emit(tmp_path, OWNER, BIND_OWNER, [("1", "A")])
    with Receiver({"attributes": [], "types": []}) as receiver:
        checked = check("owner", emitted, receiver, TODAY)
    assert checked.control == (Told("owner", "Model not implemented: TYPE:x:type:owner", 1, "stop"),)
    assert (checked.good, checked.passed) == (0, False)


def test_faults_of_saving_are_found_though_a_dry_run_does_not(receiver: Receiver, tmp_path: Path) -> None:
    control = {
        "dataImportControlFileVersion": 0,
        "model": "TYPE:x:type:owner",
        "files": {"DEFAULT": {"read": "json"}},
        "instructions": [
            {"action": "new", "destination": "object"},
            {"action": "set-value", "destination": "object", "name": "dc:attribute:title", "value": "A"},
            {"source": "code", "destination": "load:by-ref", "name": "ref", "filters": ["haplo:string-to-ref"]},
        ],
    }
    (tmp_path / "c.json").write_text(json.dumps(control))
    (tmp_path / "d.json").write_text('[{"code": "8001"}]')
    emitted = Emitted(tmp_path / "c.json", (Part("d-001", tmp_path / "d.json", 1, 0, ""),), 1)
    stop = check("owner", emitted, receiver, TODAY).stop
    assert stop is not None
    assert stop.summary.startswith("Delegate for load:by-ref")
    assert check("owner", emitted, receiver, TODAY, save=False).stop is None
