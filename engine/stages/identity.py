"""Who a row is: the stable key by which it was first sent, whatever key the source gives it tonight.

A natural key is a name and a value (`source_id:17`): the row's own key always counts, `known_by` adds others, the most
trusted first. What is remembered is which stable key each natural key leads to. Each remembered identity is taken by
the one row of tonight that has the best claim to it: the row that has the very key under which it was last sent; else
one whose own key it once had; else one that bears another natural key of it. A natural key that several rows bear
tonight leads nowhere, and of two rows with equal claims neither takes it. So a row that lives keeps what is its own,
whatever else it bears, and only what nobody has may be taken over.

Writes `identities/<entity>.parquet` (what will be remembered) and `same/<entity>.parquet` (keys of the source, `own`,
that are not the stable `key`). Shared by stages; a home of DuckDB. Imports `kinds`, `spec`, `sql`. Next:
`stages/transform`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.kinds.types import TargetField, literal, parquet, quote
from engine.spec.reference import Keys
from engine.spec.schema import Schema

if TYPE_CHECKING:
    import duckdb

IDENTITIES: Final = "identities"
SAME: Final = "same"


@dataclass(frozen=True)
class Remembered:
    """What is known of an entity's identities when a run begins, and the name of the run.

    `sent` is the file of the rows that were last sent, `identities` that of their natural keys; without the second
    the rows are known by their own keys alone. `merges`: two identities may become one tonight, because all that is
    at the source is seen and sent.
    """

    run: str
    sent: Path | None = None
    identities: Path | None = None
    merges: bool = True


@dataclass
class Identified:
    """What came of it. `found`: rows found again by another key than their own; `merged`: identities that became one
    with an older one; `shared`: natural keys, by name, that several rows bear; `disputed`: identities that several rows
    might be with equal right.
    """

    found: int = 0
    merged: int = 0
    shared: dict[str, int] = field(default_factory=dict)
    disputed: int = 0

    def told(self) -> dict[str, int]:
        """Return what is told of it, in words, with how many rows each is about."""
        said = {
            "known under another key: found again by a natural key, and sent as the same": self.found,
            "known twice: merged with the one that was sent first": self.merged,
            "known under no key: several rows could be the one that was sent before": self.disputed,
        }
        shared = {
            f"known by {name}: a key that several rows bear leads nowhere": count for name, count in self.shared.items()
        }
        return {text: count for text, count in {**said, **shared}.items() if count}


def other_keys(schema: Schema, identities: Path) -> str:
    """Return the keys of the source, `own`, that lead to another `key` by a file of identities, as SQL."""
    return f"SELECT own, key FROM ({_own_keys(schema, identities)}) WHERE own <> key"


def latest_keys(schema: Schema, identities: Path) -> str:
    """Return what the source called each row, `own`, when its `key` was last sent, as SQL."""
    return f"SELECT own, key FROM ({_own_keys(schema, identities)}) WHERE latest"


def _own_keys(schema: Schema, identities: Path) -> str:
    start = f"{schema.key}:"
    own = f"substr(natural_key, {len(start) + 1})"
    return (
        f"SELECT {own} AS own, key, latest FROM {parquet(identities)} WHERE starts_with(natural_key, {literal(start)})"
    )


def identify(
    database: duckdb.DuckDBPyConnection, schema: Schema, remembered: Remembered, *, further: bool
) -> Identified:
    """Give the rows in the table `result` their stable keys; `further` says whether they have `_natural` keys.

    Makes the tables `identities` and `same`, which are to be written beside the rows.
    """
    return _Night(database, schema, remembered, further).identified()


class _Night:
    """One entity's rows beside what is remembered. Every step makes one table."""

    def __init__(self, database: duckdb.DuckDBPyConnection, schema: Schema, known: Remembered, further: bool) -> None:
        self._db, self._schema, self._known, self._further = database, schema, known, further
        self._key, self._start = quote(schema.key), literal(f"{schema.key}:")

    def identified(self) -> Identified:
        """Take every step, and return what came of it."""
        steps = {
            "known": self._remembered(),
            "tonight": self._tonight(),
            "bears": self._bears(),
            "shared": "SELECT natural_key FROM bears GROUP BY natural_key HAVING count(*) > 1",
            "claims": self._claims(),
            "won": self._won(),
            "merges": self._merges(),
            "assigned": self._assigned(),
            "same": self._same(),
            "identities": self._identities(),
        }
        for name, select in steps.items():
            self._db.execute(f"CREATE TEMP TABLE {name} AS {select}")
        self._translate()
        return self._counted()

    def _remembered(self) -> str:
        """Return what is remembered: natural keys with their identity; `latest` is the own key that it had last.

        An identity that has become one with an older one has no natural key, and says which: `merged_into`.
        """
        columns = "key, since, natural_key, latest, merged_into"
        if self._known.identities is not None:
            return f"SELECT {columns} FROM {parquet(self._known.identities)}"
        own = f"SELECT {self._key} AS key, NULL::VARCHAR, {self._start} || {self._key}, TRUE, NULL::VARCHAR"
        where = "LIMIT 0" if self._known.sent is None else f"FROM {parquet(self._known.sent)}"
        if self._known.sent is None:
            own = "SELECT NULL::VARCHAR AS key, NULL::VARCHAR, NULL::VARCHAR, TRUE, NULL::VARCHAR"
        return f"SELECT * FROM ({own} {where}) AS t({columns})"

    def _tonight(self) -> str:
        """Return the source's keys of the rows that go out or are held back; what rules leave out is nobody."""
        here = f"FROM result WHERE {self._key} IS NOT NULL AND _state IN ('emitted', 'quarantined')"
        return f"SELECT {self._key} AS own, bool_or(_state = 'emitted') AS goes {here} GROUP BY ALL"

    def _bears(self) -> str:
        """Return the natural keys of each row, and how trusted each is: 0 is the row's own."""
        own = f"SELECT own, {self._start} || own AS natural_key, 0::BIGINT AS level FROM tonight"
        if not self._further:
            return own
        listed = (
            f"SELECT {self._key} AS own, unnest(_natural) AS natural_key, generate_subscripts(_natural, 1) AS level "
            f"FROM result WHERE {self._key} IS NOT NULL AND _state IN ('emitted', 'quarantined')"
        )
        more = f"SELECT DISTINCT own, natural_key, level FROM ({listed}) WHERE natural_key IS NOT NULL"
        return f"{own} UNION ALL {more}"

    def _claims(self) -> str:
        """Return which rows could be which identities; the lower the rank, the better the claim."""
        rank = "CASE WHEN level > 0 THEN level + 2 WHEN k.latest THEN 0 WHEN b.own = k.key THEN 1 ELSE 2 END"
        return (
            f"SELECT b.own, k.key, any_value(k.since) AS since, min({rank}) AS rank FROM bears b "
            "JOIN known k ON k.natural_key = b.natural_key "
            "WHERE b.natural_key NOT IN (SELECT natural_key FROM shared) GROUP BY b.own, k.key"
        )

    def _won(self) -> str:
        """Return the identities that a row may take, with the row, and the order in which it would."""
        best = (
            "SELECT *, rank() OVER (PARTITION BY key ORDER BY rank) AS nth, "
            "count(*) OVER (PARTITION BY key, rank) AS rivals FROM claims"
        )
        oldest = "since NULLS FIRST, " if self._known.merges else ""
        order = f"CASE WHEN goes THEN NULL ELSE w.rank END, {oldest}w.rank, since NULLS FIRST, key"
        return (
            f"SELECT w.*, goes, row_number() OVER (PARTITION BY own ORDER BY {order}) AS choice "
            f"FROM ({best}) w JOIN tonight USING (own) WHERE nth = 1 AND rivals = 1"
        )

    def _merges(self) -> str:
        """Return the identities that become one with an older one tonight: one row that goes out has both."""
        both = "SELECT w.key, o.key AS merged_into FROM won w JOIN won o ON o.own = w.own AND o.choice = 1"
        return f"{both} WHERE w.choice > 1 AND w.goes AND {'TRUE' if self._known.merges else 'FALSE'}"

    def _assigned(self) -> str:
        """Return the stable key of each row. A new row is known by its own key, unless that is somebody else's."""
        new = "SELECT own, goes FROM tonight WHERE own NOT IN (SELECT own FROM won)"
        taken = "SELECT key FROM known WHERE merged_into IS NULL"
        every = "SELECT key FROM known UNION SELECT own FROM tonight"
        like = f"(SELECT count(*) FROM ({every}) e WHERE starts_with(e.key, b.own || '~'))"
        tries = f"SELECT own, goes, unnest(range(2, {like} + 3)) AS n FROM ({new}) b WHERE own IN ({taken})"
        free = f"SELECT own, goes, min(n) AS n FROM ({tries}) WHERE own || '~' || n NOT IN ({every}) GROUP BY own, goes"
        return (
            "SELECT own, goes, key, rank FROM won WHERE choice = 1 "
            f"UNION ALL SELECT own, goes, own, NULL FROM ({new}) WHERE own NOT IN ({taken}) "
            f"UNION ALL SELECT own, goes, own || '~' || n, NULL FROM ({free})"
        )

    def _same(self) -> str:
        """Return the source's keys that are not stable ones: of tonight's rows, and of all that were known before."""
        before = (
            f"SELECT substr(k.natural_key, length({self._start}) + 1) AS own, coalesce(m.merged_into, k.key) AS key "
            f"FROM known k LEFT JOIN merges m ON m.key = k.key WHERE starts_with(k.natural_key, {self._start})"
        )
        return (
            "SELECT own, key FROM assigned WHERE own <> key UNION ALL "
            f"SELECT own, key FROM ({before}) WHERE own <> key AND own NOT IN (SELECT own FROM tonight)"
        )

    def _identities(self) -> str:
        """Return what is remembered once tonight's rows are sent.

        What a row that goes out bears alone is its own from then on. What leads to an identity that the row has won and
        left, because nothing is merged tonight, waits for the night in which it is.
        """
        left = "SELECT w.own, k.natural_key FROM won w JOIN known k ON k.key = w.key WHERE w.choice > 1 AND w.goes"
        waits = "FALSE" if self._known.merges else f"(b.own, b.natural_key) IN ({left})"
        borne = (
            "SELECT a.key, b.natural_key, b.level = 0 AS latest FROM bears b JOIN assigned a ON a.own = b.own "
            f"WHERE a.goes AND b.natural_key NOT IN (SELECT natural_key FROM shared) AND NOT ({waits})"
        )
        kept = (
            "SELECT coalesce(m.merged_into, k.key) AS key, k.natural_key, k.latest AND m.key IS NULL "
            "AND k.key NOT IN (SELECT key FROM assigned WHERE goes) AS latest FROM known k "
            f"LEFT JOIN merges m ON m.key = k.key WHERE k.natural_key NOT IN (SELECT natural_key FROM ({borne}))"
        )
        since = "SELECT key, min(since) AS since FROM known GROUP BY key"
        first = f"CASE WHEN s.key IS NULL THEN {literal(self._known.run)} ELSE s.since END"
        past = (
            "SELECT key, merged_into FROM merges UNION ALL "
            "SELECT k.key, coalesce(m.merged_into, k.merged_into) FROM known k "
            "LEFT JOIN merges m ON m.key = k.merged_into WHERE k.merged_into IS NOT NULL "
            "AND k.key NOT IN (SELECT key FROM assigned WHERE goes)"
        )
        every = (
            f"SELECT key, natural_key, latest, NULL::VARCHAR AS merged_into FROM ({borne} UNION ALL {kept}) "
            f"UNION ALL SELECT key, NULL, FALSE, merged_into FROM ({past})"
        )
        return (
            f"SELECT e.key, {first} AS since, natural_key, latest, merged_into FROM ({every}) e "
            f"LEFT JOIN ({since}) s ON s.key = e.key ORDER BY ALL"
        )

    def _translate(self) -> None:
        """Put the stable keys in the place of the source's, also where rows point to others of their own entity."""
        if not self._number("SELECT count(*) FROM same"):
            return
        self._db.execute(f"UPDATE result SET {self._key} = s.key FROM same s WHERE result.{self._key} = s.own")
        keys = Keys("", same="SELECT own, key FROM same")
        pairs = {
            name: sql
            for name, of in self._schema.fields.items()
            if (sql := translated(of, quote(name), self._schema.schema_, keys)) is not None
        }
        if pairs:
            replaced = ", ".join(f"{sql} AS {quote(name)}" for name, sql in pairs.items())
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE result AS SELECT * REPLACE ({replaced}) FROM result")

    def _counted(self) -> Identified:
        names = "SELECT split_part(natural_key, ':', 1) AS name, count(*) FROM shared GROUP BY ALL ORDER BY ALL"
        ties = "SELECT key FROM claims GROUP BY key, rank HAVING count(*) > 1"
        return Identified(
            found=self._number("SELECT count(*) FROM assigned WHERE rank > 2 AND goes"),
            merged=self._number("SELECT count(*) FROM merges"),
            shared=dict(self._db.execute(names).fetchall()),
            disputed=self._number(f"SELECT count(DISTINCT key) FROM ({ties}) WHERE key NOT IN (SELECT key FROM won)"),
        )

    def _number(self, statement: str) -> int:
        found = self._db.execute(statement).fetchone()
        return int(found[0]) if found else 0


def translated(of: TargetField, value: str, entity: str, keys: Keys) -> str | None:
    """Return a value with the stable keys of an entity in the place of the source's; None where it points to none."""
    if of.ref == entity:
        return keys.stable(value)
    if of.type == "record" and of.fields is not None:
        parts = {name: translated(part, f"{value}.{quote(name)}", entity, keys) for name, part in of.fields.items()}
        return _record(value, parts)
    if of.type == "list" and of.of is not None:
        item = translated(of.of, "u._e", entity, keys)
        each = f"SELECT unnest({value}) AS _e, generate_subscripts({value}, 1) AS _i"
        once = f"SELECT {item} AS _e, min(u._i) AS _i FROM ({each}) AS u GROUP BY 1"  # two may have become one
        listed = f"(SELECT coalesce(list(_e ORDER BY _i), []) FROM ({once}))"
        return None if item is None else f"CASE WHEN {value} IS NOT NULL THEN {listed} END"
    return None


def _record(value: str, parts: dict[str, str | None]) -> str | None:
    if not any(parts.values()):
        return None
    members: Sequence[str] = [f"{literal(name)}: {part or f'{value}.{quote(name)}'}" for name, part in parts.items()]
    return f"CASE WHEN {value} IS NOT NULL THEN {{{', '.join(members)}}} END"
