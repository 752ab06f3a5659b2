"""The tables as they are now, and the numbered steps that lead there from every older version.

A step is DDL that SQLite and PostgreSQL read alike, and is never changed once it was released: what comes later is
a step of its own. The last step and the tables say the same; a test compares them. Imports SQLAlchemy.
Next: `state/database`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Date, DateTime, Double, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

META = MetaData()


class Moment(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a time without a zone"
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _time(name: str, nullable: bool = False) -> Column[datetime]:
    return Column(name, Moment, nullable=nullable)


def _rows() -> Column[int]:
    return Column("rows", BigInteger, nullable=False)


VERSION = Table("haplomap_version", META, Column("number", Integer, nullable=False))
MIRRORS = Table(
    "haplomap_mirrors",
    META,
    _key("school"),
    _key("set_name"),
    *_texts("file"),
    _rows(),
    *_texts("signature"),
    Column("token", Text),
    *_texts("kind"),
    _time("read_at"),
    _time("data_time", nullable=True),
    _time("full_at"),
    Column("present", JSON, nullable=False),
    *_texts("run"),
)
SENT = Table(
    "haplomap_sent",
    META,
    _key("school"),
    _key("entity"),
    *_texts("file"),
    _rows(),
    *_texts("run", "batch", "receiver", "prefix", "control", "mapping", "request"),
    _time("sent_at"),
    _time("full_at"),
)
RUNS = Table(
    "haplomap_runs",
    META,
    _key("school"),
    _key("run"),
    *_texts("folder"),
    Column("today", Date, nullable=False),
    *_texts("mode"),
    _time("began"),
    _time("ended", nullable=True),
    *_texts("outcome", "host"),
    Column("pid", BigInteger, nullable=False),
    Column("summary", JSON, nullable=False),
)
LOCKS = Table(
    "haplomap_locks",
    META,
    _key("school"),
    *_texts("host"),
    Column("pid", BigInteger, nullable=False),
    *_texts("run"),
    _time("since"),
    _time("seen"),
)
CONSENTS = Table(
    "haplomap_consents",
    META,
    _key("school"),
    _key("api"),
    Column("scopes", JSON, nullable=False),
    Column("lost", JSON, nullable=False),
    _time("seen_at"),
    *_texts("run"),
)
BUDGETS = Table("haplomap_budgets", META, _key("bucket"), Column("full_at", Double, nullable=False))

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE haplomap_mirrors (
            school TEXT NOT NULL, set_name TEXT NOT NULL, file TEXT NOT NULL, rows BIGINT NOT NULL,
            signature TEXT NOT NULL, token TEXT, kind TEXT NOT NULL, read_at TIMESTAMP WITH TIME ZONE NOT NULL,
            data_time TIMESTAMP WITH TIME ZONE, full_at TIMESTAMP WITH TIME ZONE NOT NULL, present JSON NOT NULL,
            run TEXT NOT NULL, PRIMARY KEY (school, set_name))""",
        """CREATE TABLE haplomap_sent (
            school TEXT NOT NULL, entity TEXT NOT NULL, file TEXT NOT NULL, rows BIGINT NOT NULL, run TEXT NOT NULL,
            batch TEXT NOT NULL, receiver TEXT NOT NULL, prefix TEXT NOT NULL, control TEXT NOT NULL,
            mapping TEXT NOT NULL, request TEXT NOT NULL, sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
            full_at TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (school, entity))""",
        """CREATE TABLE haplomap_runs (
            school TEXT NOT NULL, run TEXT NOT NULL, folder TEXT NOT NULL, today DATE NOT NULL, mode TEXT NOT NULL,
            began TIMESTAMP WITH TIME ZONE NOT NULL, ended TIMESTAMP WITH TIME ZONE, outcome TEXT NOT NULL,
            host TEXT NOT NULL, pid BIGINT NOT NULL, summary JSON NOT NULL, PRIMARY KEY (school, run))""",
    ),
    (
        """CREATE TABLE haplomap_locks (
            school TEXT NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL, run TEXT NOT NULL,
            since TIMESTAMP WITH TIME ZONE NOT NULL, seen TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY (school))""",
    ),
    (
        """CREATE TABLE haplomap_budgets (
            bucket TEXT NOT NULL, full_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (bucket))""",
    ),
    (
        """CREATE TABLE haplomap_consents (
            school TEXT NOT NULL, api TEXT NOT NULL, scopes JSON NOT NULL, lost JSON NOT NULL,
            seen_at TIMESTAMP WITH TIME ZONE NOT NULL, run TEXT NOT NULL, PRIMARY KEY (school, api))""",
    ),
)
"""What leads from version n to n + 1, for n from 0 on."""
