"""The objects and users of a Haplo application, in SQLite. Next: `importing`.

Values have the form that the interpreter gives them. What is saved becomes lasting with `commit`.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

Values = dict[str, list[Any]]
User = dict[str, Any]
"""username, email, ref (of the profile object, or None), blocked, and what user sync gave."""

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (number INTEGER PRIMARY KEY, ref TEXT UNIQUE, type TEXT, behaviour TEXT, data TEXT);
CREATE INDEX IF NOT EXISTS by_behaviour ON objects (behaviour);
CREATE INDEX IF NOT EXISTS by_type ON objects (type);
CREATE TABLE IF NOT EXISTS links (target TEXT, attribute TEXT, number INTEGER, UNIQUE (target, attribute, number));
CREATE INDEX IF NOT EXISTS by_object ON links (number);
CREATE TABLE IF NOT EXISTS users (login TEXT PRIMARY KEY, data TEXT);
"""
_SAVE = """
INSERT INTO objects (ref, type, behaviour, data) VALUES (?, ?, ?, ?)
ON CONFLICT (ref) DO UPDATE SET type = excluded.type, behaviour = excluded.behaviour, data = excluded.data
RETURNING number
"""
_FIRST_REF = 0x80000
_REF_DIGITS = str.maketrans("abcdef", "qvwxyz")
_PIECE = 500


class Objects:
    """Objects by reference and users by name, for several threads. Without a path they go to a temporary file."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._base = sqlite3.connect("" if path is None else path, check_same_thread=False)
        self._base.executescript(_TABLES)
        (highest,) = self._row("SELECT COALESCE(MAX(number), 0) FROM objects")
        self._numbers = count(_FIRST_REF + highest)

    def new_ref(self) -> str:
        """A reference that no object has, as Haplo writes them."""
        with self._lock:
            while self.load(ref := format(next(self._numbers), "x").translate(_REF_DIGITS)) is not None:
                pass
            return ref

    def save(self, ref: str, values: Values) -> None:
        """Keep an object in place of what was there."""
        row = (ref, _first(values, "dc:attribute:type", "code"), _first(values, *_BEHAVIOUR), json.dumps(values))
        with self._lock:
            (number,) = self._row(_SAVE, *row)
            self._base.execute("DELETE FROM links WHERE number = ?", (number,))
            links = {(target, attribute, number) for attribute, target in _links(values)}
            self._base.executemany("INSERT INTO links VALUES (?, ?, ?)", links)

    def seed(self, objects: Iterable[tuple[str, Values]], users: Iterable[User]) -> None:
        """Add what an application has before any import, where it is not there yet."""
        with self._lock:
            for ref, values in objects:
                code = _first(values, *_BEHAVIOUR)
                if code is None and self.load(ref) is None:
                    self.save(ref, values)
                elif code is not None and self.by_behaviour(code) is None:
                    self.save(ref if self.load(ref) is None else self.new_ref(), values)
            for user in users:
                if self.user(user["username"]) is None:
                    self.save_user(user)
            self.commit()

    def by_behaviour(self, code: str) -> str | None:
        """The reference of the newest object with that code."""
        ref = self._one("SELECT ref FROM objects WHERE behaviour = ? ORDER BY number DESC LIMIT 1", code)
        return None if ref is None else str(ref)

    def load(self, ref: str) -> Values | None:
        """The values of an object, a copy."""
        data = self._one("SELECT data FROM objects WHERE ref = ?", ref)
        return None if data is None else json.loads(data)

    def of_types(self, codes: Iterable[str] | None = None) -> Iterator[tuple[str, Values]]:
        """The objects of just those types, or all, the oldest first."""
        listed = None if codes is None else list(codes)
        where = "" if listed is None else f" AND type IN ({', '.join('?' * len(listed))})"
        query = f"SELECT number, ref, data FROM objects WHERE number > ?{where} ORDER BY number LIMIT {_PIECE}"
        last = 0
        while rows := self._rows(query, last, *(listed or ())):
            yield from ((ref, json.loads(data)) for _, ref, data in rows)
            last = rows[-1][0]

    def linked(self, attribute: str, ref: str) -> list[str]:
        """References of the objects whose attribute links to an object, the oldest first."""
        query = "SELECT ref FROM links JOIN objects USING (number) WHERE target = ? AND attribute = ? ORDER BY number"
        return [found for (found,) in self._rows(query, ref, attribute)]

    def counts(self) -> dict[str, int]:
        """How many objects there are of each type."""
        return dict(self._rows("SELECT COALESCE(type, ''), COUNT(*) FROM objects GROUP BY 1 ORDER BY 1"))

    def user(self, username: str) -> User | None:
        """A user's account, found in any case."""
        data = self._one("SELECT data FROM users WHERE login = ?", username.lower())
        return None if data is None else json.loads(data)

    def users(self) -> list[User]:
        """All accounts, by name."""
        return [json.loads(data) for (data,) in self._rows("SELECT data FROM users ORDER BY login")]

    def save_user(self, user: User) -> None:
        """Keep an account in place of the one with its name."""
        row = (user["username"].lower(), json.dumps(user))
        with self._lock:
            self._base.execute("INSERT OR REPLACE INTO users VALUES (?, ?)", row)

    def commit(self) -> None:
        """Make everything lasting that was saved so far."""
        with self._lock:
            self._base.commit()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def _row(self, query: str, *values: Any) -> Any:
        with self._lock:
            return next(iter(self._base.execute(query, values).fetchall()), None)

    def _one(self, query: str, *values: Any) -> Any:
        row = self._row(query, *values)
        return None if row is None else row[0]


_BEHAVIOUR = ("std:attribute:configured-behaviour", "text")


def _first(values: Values, name: str, part: str) -> str | None:
    held = values.get(name)
    found = held[0].get(part) if held and isinstance(held[0], dict) else None
    return None if found is None else str(found)


def _links(values: Values) -> Iterator[tuple[str, str]]:
    """Attribute and reference of every link of an object, qualified ones too."""
    for name, held in values.items():
        for value in held:
            bare = value.get("value", value) if isinstance(value, dict) else value
            if isinstance(bare, dict) and bare.get("type") == "ref":
                yield name, bare["ref"]
