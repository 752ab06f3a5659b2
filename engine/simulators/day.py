"""What the service holds on one day: the rows of all sets, and what each request makes of them.

A day is made from the day before it: rows that are the same are neither made nor rendered again.
Next: `asked`, `changeset`, `xporter`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from engine.simulators.asked import Asked
from engine.simulators.changeset import Snapshot, changed_ids, make_token
from engine.simulators.column import Endpoint, open_columns, parse_select
from engine.simulators.memo import Row
from engine.simulators.school import School
from engine.simulators.table import Member, Table, choose, group_by, render, render_anew
from engine.simulators.xod.row import Rows

_VIEWS_KEPT = 32
_OWNERS = {"Students": "StudentId", "Groups": "GroupId"}

Members = dict[str, list[Member]]


@dataclass(eq=False)
class Day:
    """The data of a day, of one school; safe to ask from several threads."""

    stamp: date
    makers: dict[str, Callable[[], list[Row]]]
    estab: str
    before: Day | None = None
    school: School | None = None
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _members: dict[str, Members] = field(default_factory=dict)
    _views: OrderedDict[tuple[object, ...], Table] = field(default_factory=OrderedDict)
    _snapshots: dict[tuple[object, ...], Snapshot] = field(default_factory=dict)
    _others: list[Rows] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def rows(self, name: str) -> list[Row]:
        """The rows of a set."""
        with self._lock:
            if name not in self._rows:
                rows = self.makers[name]()
                if name == "SchoolInfo":
                    rows = [Row("", {**row.values, "EstabId": self.estab}) for row in rows]
                self._rows[name] = rows
            return self._rows[name]

    @property
    def others(self) -> Rows:
        """The rows of the reads that are made from the table; none where the night is an empty one."""
        with self._lock:
            if not self._others:
                self._others.append(Rows(self.school, self.stamp))
            return self._others[0]

    def view(self, asked: Asked) -> Table:
        """The rows of the main set that a request is about, all pages of them; kept for the next page."""
        key = asked.signature[:-1]
        with self._lock:
            if key not in self._views:
                all_rows = self.rows(asked.endpoint.sets[0])
                filters = list(asked.filters)
                rows = choose(all_rows, asked.endpoint, asked.options, filters, asked.since, asked.wanted_id)
                columns = list(all_rows[0].values) if all_rows else []
                chosen = parse_select(asked.select, open_columns(asked.endpoint, columns, asked.scopes, asked.options))
                before = self.before._views.get(key) if self.before else None
                self._views[key] = render_anew(rows, chosen, before)
                if len(self._views) > _VIEWS_KEPT:
                    self._views.popitem(last=False)
            self._views.move_to_end(key)
            return self._views[key]

    def members(self, endpoint: Endpoint, name: str) -> Members:
        """The rows of a secondary set by the id of the main row; those of all main rows under an empty id."""
        with self._lock:
            if name not in self._members:
                before = self.before._members.get(name) if self.before else None
                if name == "GroupTypes":
                    rendered = group_by(self.rows(name), "Id", before)
                    self._members[name] = {"": [row for rows in rendered.values() for row in rows]}
                else:
                    self._members[name] = group_by(self.rows(name), _OWNERS[endpoint.name], before)
            return self._members[name]

    def secondary(self, asked: Asked, name: str, keys: list[str]) -> list[Member]:
        """The rows of a secondary set that belong to main rows."""
        if name not in asked.sets:
            return []
        members = self.members(asked.endpoint, name) if asked.select == "*" else self._selected(asked, name)
        return [row for key in ("", *keys) for row in members.get(key, ())]

    def _selected(self, asked: Asked, name: str) -> Members:
        """The rows of a secondary set with the columns of it that a request names."""
        key = f"{name} {asked.select}"
        with self._lock:
            if key not in self._members:
                members = self.members(asked.endpoint, name)
                rows = self.rows(name)
                columns = parse_select(asked.select, list(rows[0].values) if rows else [])
                self._members[key] = {
                    owner: [(row, values, render([values], columns)[0]) for row, values, _ in own]
                    for owner, own in members.items()
                }
            return self._members[key]

    def snapshot(self, asked: Asked) -> Snapshot:
        """What the request gives in all its pages, as change sets remember it."""
        with self._lock:
            if asked.signature not in self._snapshots:
                table = self.view(asked)
                texts = [bytes(table.cut(at, at + 1)) for at in range(len(table))]
                sets = {asked.endpoint.sets[0]: dict(zip(table.keys, map(hash, texts), strict=True))}
                for name in asked.endpoint.sets[1:]:
                    rows = self.secondary(asked, name, list(table.keys))
                    sets[name] = {key: hash(text) for key, _, text in rows}
                    texts += [text for _, _, text in rows]
                token = make_token(asked.signature, texts)
                self._snapshots[asked.signature] = Snapshot(token, asked.endpoint.name, asked.signature, sets)
            return self._snapshots[asked.signature]

    def changes(self, asked: Asked, then: Snapshot) -> tuple[Table, dict[str, bytes]]:
        """What is new or changed since a snapshot: rows of the main set, and rendered rows of the secondary ones."""
        now, table = self.snapshot(asked), self.view(asked)
        main = asked.endpoint.sets[0]
        places = {key: at for at, key in enumerate(table.keys)}
        keys = changed_ids(then.sets.get(main, {}), now.sets[main])
        rows = [table.cut(places[key], places[key] + 1) for key in keys]
        others = {}
        for name in asked.endpoint.sets[1:]:
            wanted = set(changed_ids(then.sets.get(name, {}), now.sets[name]))
            found = self.secondary(asked, name, list(table.keys))
            others[name] = b",".join(text for key, _, text in found if key in wanted)
        return Table(rows, keys), others

    @property
    def moment(self) -> str:
        """When the data were read from the school."""
        return f"{self.stamp}T02:14:47.085"
