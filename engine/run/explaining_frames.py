"""The values of all steps that were noted of a mapping, for single records: by the run's own SQL over its own files.

A record is known by its set, its number in it, and the way it came through unions and lists. Each view is asked once
for a record, for everything that was noted of it. Next: `run/explaining_tree`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import expression
from engine.errors import TransformError
from engine.kinds.rule import OfSetting, Rule
from engine.kinds.types import quote
from engine.kinds.value import Value
from engine.spec.relation import Relation, SetRelation
from engine.spec.trace import Sight, Trace
from engine.spec.view import View, where_sql
from engine.sql import dicts, reworded

if TYPE_CHECKING:
    import duckdb

LEFT_OUT = "_rule"
Frame = dict[str, Any]
"""What a view gives for one record: values by their SQL."""


@dataclass(frozen=True)
class Record:
    """A record of a relation: its set, the number of its page and row as statements have it, and its way."""

    set: str
    row: int
    way: str = ""

    def step(self) -> tuple[int, Record]:
        """Return by which member, or item, it came, and the record that it is there."""
        first, _, rest = self.way.partition("/")
        return int(first), Record(self.set, self.row, rest)


class Frames:
    """Asks views and record sets for single records, each once."""

    def __init__(self, database: duckdb.DuckDBPyConnection, trace: Trace, place: Callable[[str], str]) -> None:
        self._database, self._trace, self._place = database, trace, place
        self._frames: dict[tuple[View, Record], Frame] = {}
        self._asked: dict[View, list[str]] = {}
        self._raw: dict[tuple[str, int], dict[str, Any]] = {}
        self._read: dict[tuple[Relation, int], dict[str, Any]] = {}

    def sight(self, view: View) -> Sight:
        """Return what was noted of a view."""
        return self._trace.of(view)

    def of(self, view: View, record: Record) -> Frame:
        """Return the values of one record."""
        self.load(view, [record])
        return self._frames[view, record]

    def load(self, view: View, records: Sequence[Record]) -> None:
        """Ask for the values of several records at once."""
        missing = [each for each in dict.fromkeys(records) if (view, each) not in self._frames]
        if not missing:
            return
        asked = self._asked.get(view) or self._asked.setdefault(
            view, list(dict.fromkeys(_sqls(view, self.sight(view))))
        )
        columns = "".join(f", ({sql}\n)" for sql in asked)
        marks = ", ".join("(?, ?, ?)" for _ in missing)
        whose = f"WHERE (_base._set, _base._row, _base._way) IN ({marks})"
        given = [part for each in missing for part in (each.set, each.row, each.way)]
        statement = f"SELECT _base._set, _base._row, _base._way{columns} {view.from_clause()} {whose}"
        for found in self._rows(statement, given):
            self._frames[view, Record(*found[:3])] = dict(zip(asked, found[3:], strict=True))

    def raw(self, record: Record) -> dict[str, Any]:
        """Return the texts of a record of a set as they landed, by field."""
        known = self._raw.get((record.set, record.row))
        if known is None:
            known = self._raw[record.set, record.row] = self._one(f"FROM {self._place(record.set)}", record.row)
        return known

    def read(self, relation: SetRelation, record: Record) -> dict[str, Any]:
        """Return the values of a record of a set, each as the type that its source declares."""
        known = self._read.get((relation, record.row))
        if known is None:
            known = self._read[relation, record.row] = self._one(f"FROM ({relation.sql()})", record.row)
        return known

    def left_out(self, view: View, alias: str, frame: Frame) -> dict[str, int]:
        """Return how many records a join would have found, had they not been left out, by the rule that did it."""
        relation = view.joins()[alias][1]
        theirs, ours, tests = view.matches(alias)
        return self._counted(f"FROM ({relation.sql()})", theirs, [frame[our] for our in ours], tests)

    def not_collected(self, view: View, at: tuple[str | int, ...], frame: Frame) -> dict[str, int]:
        """Return the same of a collection."""
        found = self.sight(view).collected[at]
        theirs = [key_of(each.sql) for each in found.theirs]
        values = [frame[key_of(each.sql)] for each in found.ours]
        return self._counted(found.view.from_clause(), theirs, values, list(found.tests))

    def _counted(self, source: str, theirs: list[str], values: list[Any], tests: list[str]) -> dict[str, int]:
        """Count, of the records that match, those that a rule, or a condition, leaves out."""
        same = " AND ".join(f"{their} = ?" for their in theirs)
        rule = f"CASE WHEN _rule IS NOT NULL THEN _rule WHEN NOT ({where_sql(tests)[6:]}) THEN '' END"
        statement = f"SELECT rule, count(*) FROM (SELECT {rule} AS rule {source} WHERE {same})"
        found = self._rows(f"{statement} WHERE rule IS NOT NULL GROUP BY ALL ORDER BY ALL", values)
        return {str(name): int(count) for name, count in found}

    def _one(self, source: str, row: int) -> dict[str, Any]:
        with reworded("looking for a record", TransformError):
            found = dicts(self._database.execute(f"SELECT * {source} WHERE _row = ?", [row]))
        return next(iter(found), {})

    def _rows(self, statement: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        with reworded("following a record through the mapping", TransformError):
            return self._database.execute(statement, list(given)).fetchall()


def key_of(sql: str) -> str:
    """Return what is compared of a key, as SQL."""
    return f"CAST({sql} AS VARCHAR)"


def names_of(value: Value) -> list[str]:
    """Return the names of fields in view that a value is made of, each once, in the order in which it says them."""
    if value.sql is not None:
        return list(dict.fromkeys(".".join(ref.names) for ref in expression.refs(value.sql)))
    given = [value.from_, *(value.first_of or ()), value.case, value.else_, *(value.by or {}).values()]
    settings = [f"settings.{value.setting}"] if value.setting is not None else []
    return [*dict.fromkeys(name for name in given if name is not None), *settings]


def names_of_rule(rule: Rule) -> list[str]:
    """Return the names of fields and settings that a rule looks at."""
    named = [".".join(ref.names) for ref in expression.refs(rule.sql)] if rule.sql is not None else [rule.field]
    lists = [f"settings.{each.setting}" for each in (rule.in_, rule.not_in) if isinstance(each, OfSetting)]
    switch = [f"settings.{rule.when}"] if rule.when is not None else []
    return [name for name in dict.fromkeys([*named, *lists, *switch]) if name is not None]


def _sqls(view: View, sight: Sight) -> Iterable[str]:
    """Yield all that is asked of a view for a record."""
    yield LEFT_OUT
    for steps in sight.values.values():
        for step in steps:
            yield step.expr.sql
            yield from (miss.condition for miss in step.expr.misses)
        yield from (view.resolve(name, ()).sql for name in names_of(steps[0].value))
    for tested in sight.rules:
        yield tested.test
        yield from (view.resolve(name, ()).sql for name in names_of_rule(tested.rule))
    for alias in view.joins():
        yield view.found(alias)
        yield from view.matches(alias)[1]
    for found in sight.collected.values():
        yield quote(found.records)
        yield from (key_of(each.sql) for each in found.ours)
