"""Databases that are lent: each empty, shut in, and apart from others that are lent at the same time."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from engine.sql import connect

TABLES = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"


def test_what_was_lent_before_is_lent_again_with_nothing_in_it(tmp_path: Path) -> None:
    with connect(tmp_path) as first:
        first.execute(
            "CREATE TABLE kept AS SELECT 1; CREATE TEMP TABLE passing AS SELECT 2; CREATE VIEW seen AS SELECT 3"
        )
        assert len(first.execute(TABLES).fetchall()) == 3
    with connect(tmp_path) as again:
        assert again.execute(TABLES).fetchall() == []
        assert again.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall() == [(2,)]


def test_two_that_are_lent_at_once_know_nothing_of_each_other(tmp_path: Path) -> None:
    with connect(tmp_path) as one, connect(tmp_path) as other:
        one.execute("CREATE TABLE mine AS SELECT 1")
        assert other.execute(TABLES).fetchall() == []


def test_only_the_folders_that_were_named_are_seen(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    write = "COPY (SELECT 1 AS a) TO '{}' (FORMAT parquet)"
    with connect(tmp_path / "here") as database:
        database.execute(write.format(tmp_path / "here" / "a.parquet"))
        with pytest.raises(duckdb.PermissionException):
            database.execute(write.format(tmp_path / "there" / "a.parquet"))
        with pytest.raises(duckdb.InvalidInputException):
            database.execute("SET memory_limit = '2GB'")
    with connect(tmp_path / "there") as database, pytest.raises(duckdb.PermissionException):
        database.execute(f"FROM read_parquet('{tmp_path / 'here' / 'a.parquet'}')")


def test_one_in_which_something_failed_is_not_lent_again(tmp_path: Path) -> None:
    with pytest.raises(duckdb.ParserException), connect(tmp_path) as failed:
        failed.execute("no SQL")
    with pytest.raises(duckdb.ConnectionException):
        failed.execute("SELECT 1")
    with connect(tmp_path) as database:
        assert database.execute("SELECT count(*) FROM duckdb_databases() WHERE NOT internal").fetchall() == [(2,)]


def test_one_that_is_given_back_takes_no_more_statements(tmp_path: Path) -> None:
    with connect(tmp_path) as database:
        database.execute("SELECT 1")
    with pytest.raises(duckdb.ConnectionException):
        database.execute("SELECT 1")
