"""What a change does to data: two versions' rows, states and objects compared, in DuckDB, entity by entity.

A home of DuckDB. Next: `review/reviewing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError
from engine.kinds.types import literal, parquet, quote
from engine.review.finding import Example, Finding
from engine.review.lineage_haplo import parts_of
from engine.review.made import GONE, OBJECTS, Made
from engine.run.guarding import MASK
from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.sql import connect
from engine.stages.transform import STATES

if TYPE_CHECKING:
    import duckdb

EXAMPLES: Final = 3
_LONGEST: Final = 60


@dataclass(frozen=True)
class Looks:
    """How much is shown: personal values as they are, or masked."""

    personal: bool = False


@dataclass
class Effects:
    """What differs; `notes` say what these records can not tell."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def effects(before: Made, after: Made, looks: Looks) -> Effects:
    """Return what differs in what two versions make of the same records."""
    found = Effects()
    entities = list(dict.fromkeys([*before.books, *before.failed, *after.books, *after.failed]))
    with connect(before.folder, after.folder) as database:
        for entity in entities:
            failed = [each.failed.get(entity) for each in (before, after)]
            if any(failed):
                _tell_failed(found, entity, *failed)
                continue
            pair = _Pair(database, entity, before, after, looks)
            found.notes += [
                f"{entity}.{name} is not compared: what one version makes it of is not in these records"
                for name in sorted(pair.left)
            ]
            found.findings += [*pair.rows(), *pair.states(), *pair.told(), *pair.objects(), *pair.gone()]
            found.findings += _messages(entity, before, after)
    return found


def _tell_failed(found: Effects, entity: str, before: EngineError | None, after: EngineError | None) -> None:
    """Tell of an entity that can't be made: not as a finding where both can't, or where the records lack a field."""
    error = after or before
    assert error is not None
    if (before is not None and after is not None) or error.code == "field-not-sent":
        found.notes.append(f"{error.what}: {error.why}" if error.why else error.what)
        return
    was, now = (None if each is None else each.what for each in (before, after))
    kind = "data-failed" if after is not None else "data-mended"
    found.findings.append(Finding(kind, entity, was, now, note=error.why))


class _Pair:
    """One entity in two versions; either may not have it."""

    def __init__(
        self, database: duckdb.DuckDBPyConnection, entity: str, before: Made, after: Made, looks: Looks
    ) -> None:
        self._db, self._entity, self._sides, self._looks = database, entity, (before, after), looks
        self._schemas = [self._schema(each) for each in self._sides]
        known = [schema for schema in self._schemas if schema is not None]
        absent = [set(each.books[entity].absent) if entity in each.books else set() for each in (before, after)]
        self.left: set[str] = absent[0] ^ absent[1]
        """Fields of which the records can say nothing in one version."""
        self._hidden = {name for schema in known for name, field in schema.fields.items() if field.personal()}

    def _schema(self, side: Made) -> Schema | None:
        return side.project.schema(self._entity) if self._entity in side.books else None

    def _files(self, kind: str) -> tuple[str, str] | None:
        """Return a file of both versions, as SQL reads it: where only one has it, that of the other has no rows."""
        files = [side.file(kind, self._entity) for side in self._sides]
        there = [parquet(file) for file in files if file.is_file()]
        if not there:
            return None
        old, new = (parquet(file) if file.is_file() else f"(FROM {there[0]} LIMIT 0)" for file in files)
        return old, new

    def _keys(self, statement: str) -> tuple[int, tuple[Example, ...]]:
        """Return how many keys a statement gives, and the first of them."""
        found = self._db.execute(
            f"SELECT key, count(*) OVER () FROM ({statement}) ORDER BY key LIMIT {EXAMPLES}"
        ).fetchall()
        keys = [self._shown_key(key) for key, _ in found]
        return (found[0][1] if found else 0), tuple(Example(key, "", "") for key in keys if key != MASK)

    def _shown_key(self, key: object) -> str:
        personal = any(schema.fields[schema.key].personal() for schema in self._schemas if schema is not None)
        return MASK if personal and not self._looks.personal else str(key)

    def _shown(self, name: str, value: object) -> str:
        if value is None:
            return "–"
        text = MASK if name in self._hidden and not self._looks.personal else str(value)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

    def rows(self) -> Iterator[Finding]:
        """Yield rows lost and gained, and the fields in which rows differ."""
        files = self._files("rows")
        if files is None:
            return
        types = [self._types(each) for each in files]
        old, new = (self._with_all(each, index, types) for index, each in enumerate(files))
        yield from self._only("rows", f"(SELECT _key AS key FROM {old})", f"(SELECT _key AS key FROM {new})")
        names = [name for name in {**types[0], **types[1]} if name not in {*self.left, "_withheld"}]
        both = f"FROM {old} b JOIN {new} a ON b._key = a._key"
        tests = {name: self._differs(name, types[0].get(name) == types[1].get(name)) for name in names}
        counted = ", ".join(f"count_if({test})" for test in tests.values())
        counts = self._db.execute(f"SELECT {counted} {both}").fetchone()
        for (name, test), count in zip(tests.items(), counts or (), strict=True):
            if count:
                yield self._cell(name, test, count, both)

    def _types(self, rows: str) -> dict[str, str]:
        return {name: kind for name, kind, *_ in self._db.execute(f"DESCRIBE FROM {rows}").fetchall()}

    def _with_all(self, rows: str, index: int, types: list[dict[str, str]]) -> str:
        """Return rows with the fields of both versions, and their key as `_key`."""
        schema = self._schemas[index] or self._schemas[1 - index]
        assert schema is not None
        own, other = types[index], types[1 - index]
        more = "".join(f", NULL::{kind} AS {quote(name)}" for name, kind in other.items() if name not in own)
        return f"(SELECT *{more}, {quote(schema.key)} AS _key FROM {rows})"

    def _only(self, what: str, old: str, new: str) -> Iterator[Finding]:
        """Yield how many keys only one version has."""
        for kind, here, there in ((f"{what}-lost", old, new), (f"{what}-gained", new, old)):
            only = f"SELECT DISTINCT key FROM {here} WHERE key NOT IN (SELECT key FROM {there})"
            count, examples = self._keys(only)
            if count:
                yield Finding(kind, self._entity, count=count, examples=examples)

    @staticmethod
    def _differs(name: str, same_type: bool) -> str:
        cast = "" if same_type else "::VARCHAR"
        value = f"b.{quote(name)}{cast} IS DISTINCT FROM a.{quote(name)}{cast}"
        held = [f"list_contains({side}._withheld, {literal(name)})" for side in "ba"]
        return f"({value} OR {held[0]} IS DISTINCT FROM {held[1]})"

    def _cell(self, name: str, test: str, count: int, both: str) -> Finding:
        column = quote(name)
        filled_if, emptied_if = f"b.{column} IS NULL AND a.{column}", f"a.{column} IS NULL AND b.{column}"
        kinds = f"count_if({filled_if} IS NOT NULL), count_if({emptied_if} IS NOT NULL)"
        filled, emptied = self._db.execute(f"SELECT {kinds} {both} WHERE {test}").fetchone() or (0, 0)
        chosen = f"SELECT a._key, b.{column}::VARCHAR, a.{column}::VARCHAR {both} WHERE {test} ORDER BY 1"
        found = self._db.execute(f"{chosen} LIMIT {EXAMPLES}").fetchall()
        examples = _each_once(
            Example(self._shown_key(k), self._shown(name, b), self._shown(name, a)) for k, b, a in found
        )
        note = _said_counts(count, filled, emptied)
        return Finding("cells-changed", f"{self._entity}.{name}", count=count, examples=examples, note=note)

    def states(self) -> Iterator[Finding]:
        """Yield the records that a rule leaves out, or that are merged, and were not; and the other way round."""
        files = self._files(STATES)
        held = "SELECT set, source_key, concat_ws(': ', field, rule) AS rule FROM {} WHERE level = 'row'"
        yield from self._reasons(self._files("quarantine"), held, "quarantine")
        left_out = "SELECT set, source_key, rule FROM {} WHERE state = 'filtered'"
        yield from self._reasons(files, left_out, "filtered")
        merged = "SELECT set, source_key, state AS rule FROM {} WHERE state = 'merged'"
        yield from self._reasons(files, merged, "merged")

    def _reasons(self, files: tuple[str, str] | None, chosen: str, name: str) -> Iterator[Finding]:
        """Yield how many records stand under a reason in one version only, reason by reason."""
        if files is None:
            return
        for here, there, added in ((1, 0, True), (0, 1, False)):
            only = f"{chosen.format(files[here])} EXCEPT ALL {chosen.format(files[there])}"
            counted = f"SELECT rule, count(*) FROM ({only}) GROUP BY 1 ORDER BY 1"
            for rule, count in self._db.execute(counted).fetchall():
                kind = "merged-changed" if name == "merged" else f"{name}-{'added' if added else 'removed'}"
                was, now = (None, rule) if added else (rule, None)
                yield Finding(kind, f"{self._entity} {rule}", was, now, count=count)

    def told(self) -> Iterator[Finding]:
        """Yield which values are left out of rows, or told of, more or less often than before."""
        before, after = (side.books[self._entity].told if self._entity in side.books else {} for side in self._sides)
        for what in dict.fromkeys([*before, *after]):
            was, now = before.get(what, 0), after.get(what, 0)
            if was != now:
                subject = f"{self._entity}.{what}"
                yield Finding("withheld-changed", subject, f"{was:,} records", f"{now:,} records", count=abs(now - was))

    def objects(self) -> Iterator[Finding]:
        """Yield objects lost and gained, and the attributes in which objects differ."""
        files = self._files(OBJECTS)
        if files is None:
            return
        yield from self._only("objects", *files)
        yield from self._attributes("attributes-changed", _differing(*files))

    def gone(self) -> Iterator[Finding]:
        """Yield the attributes in which objects of rows that are gone differ, and do not while the rows are there."""
        files, there = self._files(GONE), self._files(OBJECTS)
        if files is None or there is None:
            return
        known = f"(key, name) NOT IN (SELECT (key, name) FROM ({_differing(*there)}))"
        yield from self._attributes("gone-changed", f"FROM ({_differing(*files)}) WHERE {known}")

    def _attributes(self, kind: str, differing: str) -> Iterator[Finding]:
        left = f"name NOT IN (SELECT unnest({literal(self._attributes_left())}::VARCHAR[]))"
        found = f"FROM ({differing}) WHERE {left}"
        counted = f"SELECT name, count(*), count_if(b IS NULL), count_if(a IS NULL) {found} GROUP BY 1 ORDER BY 1"
        for name, count, filled, emptied in self._db.execute(counted).fetchall():
            chosen = f"SELECT key, b, a {found} AND name = {literal(name)} ORDER BY key LIMIT {EXAMPLES}"
            rows = self._db.execute(chosen).fetchall()
            examples = _each_once(Example(self._shown_key(k), self._masked(b), self._masked(a)) for k, b, a in rows)
            note = _said_counts(count, filled, emptied)
            yield Finding(kind, f"{self._entity} {name}", count=count, examples=examples, note=note)

    def _attributes_left(self) -> list[str]:
        """Return the attributes that are not compared, as they are made of fields that are not."""
        found = []
        for side in self._sides:
            loaded = side.project.get("binding", self._entity)
            binding = None if loaded is None else loaded.content
            if isinstance(binding, Binding):
                made = {name: {field for field, *_ in parts_of(bound)} for name, bound in binding.names.items()}
                found += [binding.attribute_of(name) for name, fields in made.items() if fields & self.left]
        return found

    def _masked(self, value: object) -> str:
        """Return a value of an object; all of an object counts as personal where a field of its entity is."""
        if value is None:
            return "–"
        return self._shown("", value) if self._looks.personal or not self._hidden else MASK


def _each_once(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Return examples without those that look the same, as masked ones do."""
    return tuple(dict.fromkeys(examples))


def _differing(old: str, new: str) -> str:
    """Return the attributes of objects that both have and in which they differ, with both values, as a SELECT."""
    both = f"key IN (SELECT key FROM {old}) AND key IN (SELECT key FROM {new})"
    pairs = f"SELECT key, name, b.value AS b, a.value AS a FROM {old} b FULL JOIN {new} a USING (key, name)"
    return f"SELECT * FROM ({pairs}) WHERE b IS DISTINCT FROM a AND {both}"


def _said_counts(count: int, filled: int, emptied: int) -> str:
    parts = [(filled, "had no value"), (emptied, "have none any more"), (count - filled - emptied, "have another")]
    return ", ".join(f"{many:,} {said}" for many, said in parts if many)


def _messages(entity: str, before: Made, after: Made) -> Iterator[Finding]:
    """Yield what Haplo would say that it did not say, or says no more; a message that it says oftener counts too."""
    was, now = (side.messages.get(entity, Counter()) for side in (before, after))
    for said in dict.fromkeys([*was, *now]):
        old, new = was.get(said, 0), now.get(said, 0)
        if old != new:
            kind = "messages-added" if new > old else "messages-removed"
            before_said, after_said = (f"{many:,} times" if many else None for many in (old, new))
            yield Finding(kind, f"{entity}: {said}", before_said, after_said, count=abs(new - old))
