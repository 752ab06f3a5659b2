"""Record sets, tables and unions as SQL relations whose columns are named when they are first needed.

Every relation gives `_set, _row` (where the record came from), `_source_key`, `_bad` (fields whose wire text could
not be read), `_rule` (the rule that filtered it, or NULL), and the columns that were asked of it: so what nobody
asks for is never read. Next: `spec/view`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.kinds.types import SQL_TYPES, Formats, SourceField, convert, filled, literal, quote
from engine.spec.source import RecordSet

Use = tuple[str, str]
"""A record set and one of its fields."""
Lost = Literal["", "blank", "whole"]
"""Where in a value what was lost may lack, from the least to the worst."""


@dataclass(frozen=True)
class Miss:
    """A condition under which a table of codes had no entry, and whether the value is lost by it."""

    table: str
    condition: str
    lost: bool


@dataclass(frozen=True)
class Expr:
    """An SQL expression with what is known of it.

    `absent`: no answer carried what it is made of, so Haplo's value is to be left alone. `bad`: a condition under
    which a wire text behind it could not be read.
    """

    sql: str
    type: str
    uses: frozenset[Use] = frozenset()
    absent: bool = False
    bad: str | None = None
    misses: tuple[Miss, ...] = ()
    broken: bool = False
    """Stands in for something that is wrong and is told already: nothing more is said of it."""
    empty: bool = False
    """The constant null: it has no type of its own."""
    pointless: str | None = None
    """The rules, as an SQL list or NULL, by which references inside of it were left out."""
    values: frozenset[Use] = frozenset()
    """Those of `uses` whose values go into it; the others only find records."""
    lost: Lost = ""
    """What we may not read any more could stand in it: wherever it is blank, or in any value."""

    def as_text(self) -> Expr:
        """Return the expression as text."""
        return self if self.type == "VARCHAR" else replace(self, sql=f"CAST({self.sql} AS VARCHAR)", type="VARCHAR")


NOTHING = Expr("NULL", "VARCHAR", broken=True)


def either(conditions: list[str | None]) -> str | None:
    """Return the condition that one of these holds; None when there is none."""
    given = [condition for condition in conditions if condition]
    return " OR ".join(f"coalesce({condition}, FALSE)" for condition in given) if given else None


def some_of(marks: list[str], kind: str = "VARCHAR") -> str:
    """Return the list of those marks that are not NULL, as SQL: for most records there are none, and none is cheap."""
    if not marks:
        return f"[]::{kind}[]"
    listed = f"list_filter([{', '.join(marks)}], lambda e: e IS NOT NULL)"
    return f"CASE WHEN coalesce({', '.join(marks)}) IS NULL THEN []::{kind}[] ELSE {listed} END"


def bad_column(name: str, holder: str = "_bad") -> str:
    """Return the condition that the wire text of a column could not be read."""
    return f"list_contains({holder}, {literal(name)})"


def marks_of(name: str, expr: Expr) -> list[str]:
    """Return the CASEs that put a column's marks into `_bad`: its name, and what tables of codes did not know."""
    lost = either([miss.condition for miss in expr.misses if miss.lost])
    told = either([miss.condition for miss in expr.misses if not miss.lost])
    marks = [(expr.bad, name), (lost, f"lost {name}"), (told, f"told {name}")]
    return [f"CASE WHEN {condition} THEN {literal(mark)} END" for condition, mark in marks if condition]


def seen(name: str, expr: Expr, holder: str = "_bad", sql: str = "") -> Expr:
    """Return a column as seen from outside its relation: what is known of it stands in the relation's `_bad`."""
    misses = tuple(
        Miss(miss.table, bad_column(f"{'lost' if miss.lost else 'told'} {name}", holder), miss.lost)
        for miss in expr.misses
    )
    bad = bad_column(name, holder) if expr.bad else None
    return replace(expr, sql=sql or quote(name), bad=bad, misses=misses)


class Relation(ABC):
    """Something with records; the base of the three kinds."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def names(self) -> list[str]:
        """Return every column that could be asked for."""

    @abstractmethod
    def column(self, name: str) -> Expr | None:
        """Ask for a column: its expression as seen from outside; None when there is none of this name."""

    @abstractmethod
    def sql(self) -> str:
        """Return the SELECT that gives the relation, with the columns asked for so far."""

    @abstractmethod
    def sets(self) -> list[str]:
        """Return the record sets whose records these are, each once."""

    def undecided(self) -> dict[str, str]:
        """Return the rules on the way here that look at what no answer carried, and when they are on, as SQL."""
        return {}


@dataclass
class Reading:
    """What is known of the record sets while SQL is made: where they are, and which fields came.

    `lost` are those that came when rows were sent before, and that we may not read any more; `partly` are the sets that
    lack records which were never asked for.
    """

    formats: Formats
    place: Callable[[str], str]
    present: Mapping[str, frozenset[str]] | None = None
    lost: frozenset[Use] = frozenset()
    partly: frozenset[str] = frozenset()
    used: dict[str, dict[str, None]] = field(default_factory=dict)
    traced: bool = False
    """Whether records also say by which way they came: `_way`, the members of unions and the items of lists, outermost
    first, each followed by a slash."""

    @property
    def origin(self) -> str:
        """Return the columns that say where a record came from."""
        return f"_set, _row, _source_key{', _way' if self.traced else ''}"

    def use(self, set_name: str, field_name: str) -> None:
        """Note that a field is needed."""
        self.used.setdefault(set_name, {})[field_name] = None

    def is_absent(self, set_name: str, field_name: str) -> bool:
        return self.present is not None and field_name not in self.present.get(set_name, frozenset())


class SetRelation(Relation):
    """The records of one set, its fields converted from their wire forms."""

    def __init__(self, name: str, record_set: RecordSet, reading: Reading) -> None:
        super().__init__(name)
        self._set, self._reading, self._needed = record_set, reading, dict[str, SourceField]()
        reading.used.setdefault(name, {})
        for key in record_set.key or []:
            reading.use(name, key)

    def names(self) -> list[str]:
        return list(self._set.fields)

    def sets(self) -> list[str]:
        return [self.name]

    def column(self, name: str) -> Expr | None:
        spec = self._set.fields.get(name)
        if spec is None:
            return None
        self._needed[name] = spec
        self._reading.use(self.name, name)
        kind = "VARCHAR[]" if spec.type == "list" else SQL_TYPES[spec.type]
        bad = bad_column(name) if kind != "VARCHAR" else None
        absent, uses = self._reading.is_absent(self.name, name), frozenset({(self.name, name)})
        lost = self.name in self._reading.partly or (absent and (self.name, name) in self._reading.lost)
        return Expr(quote(name), kind, uses, absent, bad, values=uses, lost="blank" if lost else "")

    def sql(self) -> str:
        """See `Relation`. In steps, so that each is worked out once: texts, values, and which of these are bad."""
        own = [f"{literal(self.name)} AS _set", "_row", f"{self._key()} AS _source_key"]
        own += ["'' AS _way"] if self._reading.traced else []
        texts = [f"{filled(quote(name), self._reading.formats)} AS {quote(name)}" for name in self._needed]
        filled_in = f"SELECT {', '.join([*own, *texts])} FROM {self._reading.place(self.name)}"
        read = {name: spec for name, spec in self._needed.items() if spec.type not in ("text", "enum")}
        if not read:
            return f"SELECT *, []::VARCHAR[] AS _bad, NULL::VARCHAR AS _rule FROM ({filled_in})"
        values = [f"{self._read(quote(name), spec)} AS {quote('c:' + name)}" for name, spec in read.items()]
        columns = [f"{quote('c:' + name if name in read else name)} AS {quote(name)}" for name in self._needed]
        bad = [
            f"CASE WHEN {quote(name)} IS NOT NULL AND {quote('c:' + name)} IS NULL THEN {literal(name)} END"
            for name in read
        ]
        head = f"{self._reading.origin}, {some_of(bad)} AS _bad, NULL::VARCHAR AS _rule"
        return f"SELECT {', '.join([head, *columns])} FROM (SELECT *, {', '.join(values)} FROM ({filled_in}))"

    def _key(self) -> str:
        keys = [f"coalesce({quote(key)}, '')" for key in self._set.key or []]
        return " || '|' || ".join(keys) if keys else "CAST(_row AS VARCHAR)"

    def _read(self, raw: str, spec: SourceField) -> str:
        if spec.type != "list":
            return convert(raw, spec.type, self._reading.formats)
        if spec.split is None:
            return f"try_cast(try_cast({raw} AS JSON) AS VARCHAR[])"
        items = f"list_transform(string_split({raw}, {literal(spec.split)}), lambda e: trim(e))"
        return f"list_filter({items}, lambda e: e <> '')"


class UnionRelation(Relation):
    """Records of several relations, one after the other."""

    def __init__(
        self, members: list[Relation], told: Callable[[str, list[str]], object], *, traced: bool = False
    ) -> None:
        super().__init__(" and ".join(member.name for member in members))
        self.members, self._told, self._traced = members, told, traced

    def names(self) -> list[str]:
        first, *others = (member.names() for member in self.members)
        return [name for name in first if all(name in other for other in others)]

    def sets(self) -> list[str]:
        return list(dict.fromkeys(name for member in self.members for name in member.sets()))

    def column(self, name: str) -> Expr | None:
        found = [member.column(name) for member in self.members]
        columns = [column for column in found if column is not None]
        if len(columns) < len(found):
            return None
        uses = frozenset(use for column in columns for use in column.uses)
        typed = [column for column in columns if not (column.broken or column.empty)]
        types = list(dict.fromkeys(column.type for column in typed))
        if len(types) > 1:
            self._told(name, types)
        whole = replace(
            (typed or columns)[0],
            uses=uses,
            values=frozenset(use for column in columns for use in column.values),
            absent=all(column.absent for column in columns),
            bad=either([column.bad for column in columns]),
            misses=tuple(miss for column in columns for miss in column.misses),
            broken=any(column.broken for column in columns) or len(types) > 1,
            lost="blank" if any(column.lost for column in columns) else "",
        )
        return seen(name, whole)

    def undecided(self) -> dict[str, str]:
        return {rule: switch for member in self.members for rule, switch in member.undecided().items()}

    def sql(self) -> str:
        return " UNION ALL BY NAME ".join(f"({self._member(number)})" for number in range(len(self.members)))

    def _member(self, number: int) -> str:
        sql = self.members[number].sql()
        return f"SELECT * REPLACE ('{number}/' || _way AS _way) FROM ({sql})" if self._traced else sql


class EachRelation(Relation):
    """A record for each item of a list field; a record with an empty list stays, with no item."""

    def __init__(self, base: Relation, each: str, name: str, *, traced: bool = False) -> None:
        super().__init__(base.name)
        self.base, self.each, self.item, self._traced = base, each, name, traced
        self._list = base.column(each)

    def names(self) -> list[str]:
        return [*self.base.names(), self.item]

    def sets(self) -> list[str]:
        return self.base.sets()

    def undecided(self) -> dict[str, str]:
        return self.base.undecided()

    def column(self, name: str) -> Expr | None:
        if name == self.item and self._list is not None:
            return replace(self._list, sql=quote(name), type=self._list.type.removesuffix("[]"))
        return self.base.column(name)

    @property
    def fits(self) -> bool:
        """Say whether the field is there and is a list, and the item's name is free."""
        return self._list is not None and (self._list.broken or self._list.type.endswith("[]"))

    def sql(self) -> str:
        items = f"CASE WHEN len({quote(self.each)}) > 0 THEN {quote(self.each)} ELSE [NULL] END"
        every = f"SELECT *, unnest({items}) AS {quote(self.item)}"
        if not self._traced:
            return f"{every} FROM ({self.base.sql()})"
        numbered = f"{every}, generate_subscripts({items}, 1) AS _item FROM ({self.base.sql()})"
        return f"SELECT * EXCLUDE (_item) REPLACE (_item || '/' || _way AS _way) FROM ({numbered})"


class NoRecords(Relation):
    """What a table that is switched off would be, without its records. Of what it is made of nothing is read."""

    def __init__(
        self, base: Relation, unread: Callable[[], AbstractContextManager[None]], *, traced: bool = False
    ) -> None:
        super().__init__(base.name)
        self._base, self._unread, self._types, self._traced = base, unread, dict[str, str](), traced

    def names(self) -> list[str]:
        return self._base.names()

    def sets(self) -> list[str]:
        return []

    def column(self, name: str) -> Expr | None:
        with self._unread():
            found = self._base.column(name)
        if found is None:
            return None
        self._types[name] = found.type
        return Expr(quote(name), found.type, absent=True, broken=found.broken, empty=found.empty)

    def sql(self) -> str:
        columns = [f"CAST(NULL AS {kind}) AS {quote(name)}" for name, kind in self._types.items()]
        own = ["NULL::VARCHAR AS _set", "NULL::BIGINT AS _row", "NULL::VARCHAR AS _source_key"]
        own += ["NULL::VARCHAR[] AS _bad", "NULL::VARCHAR AS _rule"]
        own += ["NULL::VARCHAR AS _way"] if self._traced else []
        return f"SELECT {', '.join([*own, *columns])} WHERE FALSE"
