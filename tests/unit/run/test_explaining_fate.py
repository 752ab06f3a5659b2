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
    states = {"set": "students", "source_key": key, "key": key, "state": "emitted", "rule": None}
    for kind, row in {"states": states, "rows": {"source_id": key}}.items():
        (tmp_path / kind).mkdir()
        pl.DataFrame([row]).write_parquet(tmp_path / kind / "student.parquet")
    files = Files(tmp_path, schema)
    fate = files.fate(key, personal=True)
    assert ([each.source_key for each in fate.records], fate.row) == ([key], {"source_id": key})
    with pytest.raises(NotFoundError) as caught:
        files.fate("{0}'%", personal=True)
    assert caught.value.fix == f"did you mean '{key}'?"
