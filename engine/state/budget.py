"""How much of a source's rates is used up, for all processes that share the state.

A bucket is one row: the moment, in Unix time, at which it is full again. Each change is one statement, which SQLite and
PostgreSQL read alike, so no turn is given twice. Next: `state/store`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from engine.state.database import Database

_LATER = "CASE WHEN haplomap_budgets.full_at > :moment THEN haplomap_budgets.full_at ELSE :moment END"
_MOVE = text(
    "INSERT INTO haplomap_budgets (bucket, full_at) VALUES (:bucket, :moment + :more)"
    f" ON CONFLICT (bucket) DO UPDATE SET full_at = {_LATER} + :more RETURNING full_at"
)
_FIND = text("SELECT full_at FROM haplomap_budgets WHERE bucket = :bucket")


class Budgets:
    """The rows of the buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.Lock()  # threads take turns here: in the database they would wait for longer

    def take(self, bucket: str, interval: float, now: float) -> float:
        """Move the moment of a bucket, or now if that is later, on by an interval, and return it."""
        with self._turn, self._database.writing() as connection:
            moved = connection.execute(_MOVE, {"bucket": bucket, "moment": now, "more": interval})
            return float(moved.scalar_one())

    def put_off(self, bucket: str, moment: float) -> None:
        """Move the moment of a bucket to this one, unless it is later already."""
        if self.full_at(bucket) < moment:
            self.take(bucket, 0.0, moment)

    def full_at(self, bucket: str) -> float:
        """Return the moment of a bucket; 0 for one that nobody has used."""
        with self._database.reading() as connection:
            found = connection.execute(_FIND, {"bucket": bucket}).scalar_one_or_none()
            return 0.0 if found is None else float(found)
