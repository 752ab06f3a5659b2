"""What each part of a mapping can name, with what is known of it: for editors, and for whoever else asks.

The fields of a table are those of its own and those of its records; in view of an expression are the fields of its
records, and those of the joins beside them as `join.name`. Next: `spec/editor_schema`.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass

from engine.kinds.types import SourceField, TargetField
from engine.kinds.value import Join, Value
from engine.spec.mapping import From, Mapping, Table
from engine.spec.source import Source
from engine.spec.view import RUN_FIELDS

Names = dict[str, str]
"""Names with what they mean, for people."""


@dataclass(frozen=True)
class Scope:
    """The record sets of a source, and the tables of one of its mappings."""

    source: Source
    mapping: Mapping

    def relations(self) -> Names:
        """Return what records can come from."""
        tables = {name: f"a table of this mapping, from {_origin(table.from_)}" for name, table in self._tables.items()}
        sets = {
            name: f"records of '{endpoint}'{': ' + found.note if found.note else ''}"
            for endpoint, name, found in self.source.sets()
        }
        return {**tables, **{name: said for name, said in sets.items() if name not in tables}}

    def used(self) -> list[str]:
        """Return the tables, and the record sets that the mapping joins or collects."""
        homes: list[Mapping | Table] = [self.mapping, *self._tables.values()]
        joined = [join.set for home in homes for join in home.join.values()]
        values = [value for home in homes for value in home.fields.values()]
        collected = [value.collect for value in values if value.collect is not None]
        there = self.relations()
        return [name for name in dict.fromkeys([*self._tables, *joined, *collected]) if name in there]

    def of_relation(self, name: str, within: tuple[str, ...] = ()) -> Names:
        """Return the fields of a set or a table; none where it is not there, or is made of itself."""
        if name in self._tables:
            own = self._columns(name)
            inner = {} if name in within else self.of_origin(self._tables[name].from_, (*within, name))
            return {**own, **{each: said for each, said in inner.items() if each not in own}}
        try:
            _, _, record_set = self.source.find(name)
        except KeyError:
            return {}
        return {each: f"{name}.{each}: {said_field(spec)}" for each, spec in record_set.fields.items()}

    def of_origin(self, origin: From, within: tuple[str, ...] = ()) -> Names:
        """Return the fields of records that come from there: of a union those that all of it have."""
        members = [self.of_relation(name, within) for name in origin.sets]
        names = {name: said for name, said in members[0].items() if all(name in other for other in members[1:])}
        return {**names, origin.name: f"an item of '{origin.each}'"} if origin.each is not None else names

    def in_view(self, origin: From, joins: Map[str, Join]) -> Names:
        """Return what an expression beside these joins can name."""
        return {**self.of_origin(origin), **self.joined(joins), **RUN_NAMES}

    def joined(self, joins: Map[str, Join]) -> Names:
        """Return the names by which fields of joins are seen."""
        return {
            f"{alias}.{name}": said
            for alias, join in joins.items()
            for name, said in self.of_relation(join.set).items()
        }

    # The same in parts, so that what many places can name is written once:

    def known(self) -> list[str]:
        """Return the tables and sets that the parts below lead to."""
        origins = [self.mapping.from_, *(table.from_ for table in self._tables.values())]
        found = dict.fromkeys([*self.used(), *(name for origin in origins for name in self.plain(origin))])
        return list(found)

    def own(self, name: str) -> Names:
        """Return the fields of a relation, without those of the one that it is made of, where that is just one."""
        return self._columns(name) if self.behind(name) else self.of_relation(name)

    def behind(self, name: str) -> list[str]:
        """Return the relation whose fields a table has beside its own, where that is just one."""
        way = [name]
        while (table := self._tables.get(way[-1])) is not None and (next_ := self.plain(table.from_)):
            if next_[0] in way:
                return []  # it is made of itself, which `check` tells
            way += next_
        return way[1:2]

    def plain(self, origin: From) -> list[str]:
        """Return the one relation that records come from as they are; none, if they are put together."""
        plain = origin.each is None and origin.set is not None and origin.set in self.relations()
        return [str(origin.set)] if plain else []

    def beyond(self, origin: From) -> Names:
        """Return the fields of records that come from more than one relation as it is."""
        return {} if self.plain(origin) else self.of_origin(origin)

    def _columns(self, table: str) -> Names:
        """Return the fields that a table itself has."""
        fields = self._tables[table].fields
        return {name: f"of the table '{table}': {said_value(value)}" for name, value in fields.items()}

    @property
    def _tables(self) -> Map[str, Table]:
        return self.mapping.tables


RUN_NAMES: Names = {f"run.{name}": "of the run and its school" for name in RUN_FIELDS}


def _origin(origin: From) -> str:
    return " and ".join(origin.sets) + (f", by the items of '{origin.each}'" if origin.each else "")


def said_value(value: Value) -> str:
    """Return where a value comes from, in short."""
    for word in ("from_", "sql", "collect", "setting", "case"):
        given = getattr(value, word)
        if given is not None:
            return f"{word.rstrip('_')} {given}"
    return f"first_of {', '.join(value.first_of)}" if value.first_of else f"always {value.value}"


def said_field(spec: SourceField) -> str:
    """Return what a source document says of a field."""
    parts = [spec.type, spec.note, f"personal data ({spec.pii})" if spec.pii else ""]
    parts += [f"one of {', '.join(spec.values)}" if spec.values else ""]
    parts += [
        f"needs the option {spec.option}" if spec.option else "",
        f"assumed: {spec.assumed}" if spec.assumed else "",
    ]
    return "; ".join(part for part in parts if part)


def said_target(spec: TargetField) -> str:
    """Return what a schema says of a field."""
    kind = f"list of {spec.of.type}" if spec.of is not None else spec.type
    parts = [spec.description, kind, "required" if spec.required else ""]
    parts += [
        f"the key of a row of '{spec.ref}'" if spec.ref else "",
        f"one of {', '.join(spec.values)}" if spec.values else "",
    ]
    parts += [f"at most {spec.max}" if spec.max is not None else "", f"personal data ({spec.pii})" if spec.pii else ""]
    return "; ".join(part for part in parts if part)
