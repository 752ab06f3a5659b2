"""What became of a key, looked up in files of a run that are written here."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from engine.run.explaining_fate import Files
from engine.spec.project import NotFoundError, open_project, shipped


def test_a_key_may_hold_any_letters(tmp_path: Path) -> None:
    """Keys are what a source writes: braces and quotes in one are no part of a statement."""
    key, schema = "{0}'%s", open_project(shipped()).schema("student")
    states = {"set": "students", "source_key": key, "key": key, "state": "emitted", "rule": None, "page": 1, "row": 0}
    for kind, row in {"states": states, "rows": {"source_id": key}}.items():
        (tmp_path / kind).mkdir()
        pl.DataFrame([row]).write_parquet(tmp_path / kind / "student.parquet")
    files = Files(tmp_path, schema)
    fate = files.fate(key, personal=True)
    assert ([each.source_key for each in fate.records], fate.row) == ([key], {"source_id": key})
    with pytest.raises(NotFoundError) as caught:
        files.fate("{0}'%", personal=True)
    assert caught.value.fix == f"did you mean '{key}'?"


def test_records_that_the_source_calls_the_same_are_told_apart_each_with_what_is_told_of_it(tmp_path: Path) -> None:
    schema, held = open_project(shipped()).schema("student"), {"set": "students", "source_key": "7"}
    twice = {**held, "key": "7", "state": "quarantined", "rule": "duplicate-key", "page": 1}
    key = {"field": "source_id", "rule": "duplicate-key", "level": "row"}
    name = {"field": "family_name", "rule": "too-long", "level": "value"}
    told = [{**held, "page": 1, "row": row, **each} for row, each in ((4, key), (5, key), (5, name))]
    states, rows = [{**twice, "row": 4}, {**twice, "row": 5}], [{"source_id": "1"}]
    for kind, each in {"states": states, "quarantine": told, "rows": rows}.items():
        (tmp_path / kind).mkdir()
        pl.DataFrame(each).write_parquet(tmp_path / kind / "student.parquet")
    found = Files(tmp_path, schema).fate("7", personal=False).records
    assert [(each.page, each.row, [mark.rule for mark in each.told]) for each in found] == [
        (1, 4, ["duplicate-key"]),
        (1, 5, ["too-long", "duplicate-key"]),
    ]
