"""Tonight's rows against those that were last sent: new, changed, unchanged, held, gone; and what is to be sent of it.

Writes below the run's folder `changes/<entity>.parquet` (what became of each key), `send/<entity>.parquet` (the rows
to send) and `gone/<entity>.parquet` (the keys that Haplo is told are gone). A field that is withheld tonight counts
as Haplo still has it. A home of DuckDB. Imports `kinds`, `spec`, and the shared piece `before`. Next: `stages/emit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from engine.kinds.types import literal, parquet, quote
from engine.spec.relation import some_of
from engine.stages.before import CHANGES, Before, Pair, beside

Ours = Literal["nothing", "mapping", "request"]
"""What we changed since rows were last sent: what is made of the records, or even which records are asked for."""

SEND: Final = "send"
GONE: Final = "gone"
_PORTION: Final = 50_000
_STATES: Final = ("new", "changed", "returned", "unchanged", "held", "gone", "rescoped", "merged", "kept", "past")


@dataclass(frozen=True)
class Compared:
    """What became of an entity's rows. `before`: rows that Haplo has as current, from when they were last sent.

    `gone`: those that the source no longer has; `rescoped`: those lost because we changed something; `merged`: those
    that are known to be others, which stay; `kept`: those not there tonight and left alone, because not everything
    was read or the school wants it so; `past`: those that were gone before; `again`: unchanged rows that are sent
    once more, since they point to some that were new when they were sent. `send` and `remove` count what goes out:
    rows, and keys that are gone.
    `fields` counts the changes by field. `restored` names those fields of which nothing is known tonight, and which
    rows that returned get back as they were.
    """

    entity: str
    rows: int = 0
    before: int = 0
    new: int = 0
    changed: int = 0
    returned: int = 0
    unchanged: int = 0
    held: int = 0
    gone: int = 0
    rescoped: int = 0
    merged: int = 0
    kept: int = 0
    past: int = 0
    again: int = 0
    send: int = 0
    remove: int = 0
    fields: dict[str, int] = field(default_factory=dict)
    restored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Terms:
    """How an entity is compared. `full`: everything is sent; `complete`: what is not there tonight is gone.

    `removes`: Haplo is told of rows that are gone; `holds`: rows that are held are sent as they were, because Haplo
    takes those that are left out for gone.
    """

    full: bool = False
    complete: bool = True
    removes: bool = True
    holds: bool = False
    ours: Ours = "nothing"


def compare(pair: Pair, terms: Terms) -> Compared:
    """Compare tonight's rows with what was last sent."""
    with beside(pair, "comparing with what was sent") as before:
        return _Comparison(before, terms).compared()


class _Comparison:
    """One entity being compared."""

    def __init__(self, before: Before, terms: Terms) -> None:
        self._before, self._terms, self._key = before, terms, before.key
        self._db, self._rows, self._states = before.database, before.rows, before.states

    def compared(self) -> Compared:
        """Write the files, and return the counts."""
        self._pair()
        self._find_differing()
        self._db.execute(f"CREATE TEMP TABLE changes AS {self._changes()}")
        self._before.write("SELECT key, change, fields, again FROM changes ORDER BY key", CHANGES)
        send = self._before.write(self._send(), SEND)
        gone = f"SELECT key AS {self._key} FROM changes WHERE {self._removed()} ORDER BY ALL"
        return self._counted(send, self._before.write(gone, GONE))

    def _pair(self) -> None:
        """Put keys of tonight beside those that were sent, without their fields: these are many."""
        digest = self._before.digest()
        tonight = f"SELECT {self._key} AS key, {digest} AS digest, len(_withheld) > 0 AS withheld FROM {self._rows}"
        self._db.execute(f"CREATE TEMP TABLE tonight AS {tonight}")
        self._db.execute(
            "CREATE TEMP TABLE pairs AS SELECT coalesce(n.key, w.key) AS key, n.key IS NOT NULL AS here, "
            "w.key IS NOT NULL AS sent, w._state, coalesce(w._again, FALSE) AS again, w._set, w._source_key, "
            "n.withheld OR n.digest IS DISTINCT FROM w._digest AS doubtful FROM tonight n "
            f"FULL JOIN (SELECT {self._key} AS key, _state, _again, _set, _source_key, _digest FROM was) w "
            "ON n.key = w.key"
        )

    def _find_differing(self) -> None:
        """Find the fields in which rows differ, some rows at a time: both sides of a row are in memory here.

        Where everything is sent, a field that Haplo is told for the first time does not make a row a changed one.
        """
        left = {*self._before.pair.absent, *(self._before.unlike if self._terms.full else ())}
        compared = [name for name in self._before.compared if name not in left]
        names = some_of([f"CASE WHEN {self._differs(name)} THEN {literal(name)} END" for name in compared])
        self._db.execute("CREATE TEMP TABLE differing (key VARCHAR, fields VARCHAR[])")
        doubtful = "SELECT key FROM pairs WHERE here AND sent AND _state = 'current' AND doubtful"
        portions = -(-self._number(f"SELECT count(*) FROM ({doubtful})") // _PORTION)
        for portion in range(portions):
            chosen = f"IN ({doubtful} AND hash(key) % {portions} = {portion})"
            self._db.execute(
                f"INSERT INTO differing SELECT * FROM (SELECT n.{self._key}, {names} AS fields "
                f"FROM (FROM {self._rows} WHERE {self._key} {chosen}) n "
                f"JOIN (FROM was WHERE {self._key} {chosen}) w ON n.{self._key} = w.{self._key}) WHERE len(fields) > 0"
            )

    def _differs(self, name: str) -> str:
        """Return whether a field is another than the one that was sent, as SQL; one that is withheld is not."""
        differs = f"n.{quote(name)} IS DISTINCT FROM w.{quote(name)}"
        if name not in self._before.withheld:
            return differs
        return f"{differs} AND NOT list_contains(n._withheld, {literal(name)})"

    def _changes(self) -> str:
        """Return the statement that says of each key what became of it, and in which fields it differs."""
        held = f"FROM {self._states} WHERE state = 'quarantined'"
        same = "(p._set, p._source_key) IN"
        stuck = f"p.key IN (SELECT key {held} AND key IS NOT NULL) OR {same} (SELECT (set, source_key) {held})"
        stands = f"{same} (SELECT (set, source_key) FROM {self._states})"
        ours = {"nothing": "FALSE", "mapping": stands, "request": "TRUE"}[self._terms.ours]
        lost = f"CASE WHEN {ours} THEN 'rescoped' ELSE 'gone' END" if self._terms.complete else "'kept'"
        return (
            "SELECT p.key, CASE WHEN NOT here THEN "
            f"CASE WHEN _state = 'gone' THEN 'past' {self._merged()} WHEN {stuck} THEN 'held' ELSE {lost} END "
            "WHEN NOT sent THEN 'new' WHEN _state = 'gone' THEN 'returned' "
            "WHEN d.key IS NOT NULL THEN 'changed' ELSE 'unchanged' END AS change, "
            "coalesce(d.fields, []) AS fields, again FROM pairs p LEFT JOIN differing d ON d.key = p.key"
        )

    def _merged(self) -> str:
        """Return the case of rows that are known to be others by now, as SQL."""
        known = self._before.pair.identities
        if known is None:
            return ""
        return f"WHEN p.key IN (SELECT key FROM {parquet(known)} WHERE merged_into IS NOT NULL) THEN 'merged'"

    def _due(self) -> str:
        """Return which rows of tonight are sent, as a condition on `changes`."""
        if self._terms.full:
            return "change IN ('new', 'changed', 'returned', 'unchanged')"
        return "change IN ('new', 'changed', 'returned') OR (again AND change = 'unchanged')"

    def _removed(self) -> str:
        """Return of which keys Haplo is told that they are gone, as a condition on `changes`."""
        if not self._terms.removes:
            return "FALSE"
        past = ", 'past'" if self._terms.full else ""
        return f"change IN ('gone', 'rescoped', 'merged'{past})"

    def _send(self) -> str:
        """Return the rows to send, in the columns and the order of tonight's."""
        due = f"FROM {self._restored()} WHERE {self._key} IN (SELECT key FROM changes WHERE {self._due()})"
        if not self._terms.holds:
            return f"SELECT * {due}"
        kept = f"{self._key} IN (SELECT key FROM changes WHERE change IN ('held', 'kept'))"
        fields = ", ".join(quote(name) for name in self._before.fields)
        return f"SELECT * {due} UNION ALL BY NAME SELECT {fields}, []::VARCHAR[] AS _withheld FROM was WHERE {kept}"

    def _lacking(self) -> tuple[list[str], list[str]]:
        """Return the fields that rows which returned get back as they were: withheld from some rows, or from all.

        A reference that is withheld from a row leads to nobody tonight, whoever it led to before.
        """
        pair, back = self._before.pair, "SELECT 1 FROM changes WHERE change = 'returned'"
        if not pair.touched or not self._number(f"SELECT count(*) FROM ({back} LIMIT 1)"):
            return [], []
        absent = [name for name, apart in pair.touched.items() if apart and name in pair.absent]
        held = [name for name in pair.touched if name in self._before.withheld and name not in pair.absent]
        return [name for name in held if not pair.schema.fields[name].refs()], absent

    def _restored(self) -> str:
        """Return tonight's rows; in those that returned, what they were said to have lost is as it was before.

        An ordinary row would leave it out, and Haplo keep what it was told when the row was gone.
        """
        some, every = self._lacking()
        if not some and not every:
            return self._rows
        values = [
            f"CASE WHEN w.k IS NOT NULL THEN w.{quote(name)} ELSE n.{quote(name)} END AS {quote(name)}"
            for name in every
        ]
        values += [
            f"CASE WHEN w.k IS NOT NULL AND list_contains(n._withheld, {literal(name)}) "
            f"THEN w.{quote(name)} ELSE n.{quote(name)} END AS {quote(name)}"
            for name in some
        ]
        given = literal([*some, *every])
        withheld = (
            f"CASE WHEN w.k IS NOT NULL THEN list_filter(n._withheld, lambda e: NOT list_contains({given}, e)) "
            f"ELSE list_concat(n._withheld, {literal(every)}::VARCHAR[]) END AS _withheld"
        )
        fields = ", ".join(quote(name) for name in [*some, *every])
        back = f"{self._key} IN (SELECT key FROM changes WHERE change = 'returned')"
        were = f"SELECT {self._key} AS k, {fields} FROM was WHERE {back}"
        return (
            f"(SELECT n.* REPLACE ({', '.join([*values, withheld])}) FROM {self._rows} n "
            f"LEFT JOIN ({were}) w ON w.k = n.{self._key})"
        )

    def _counted(self, send: int, remove: int) -> Compared:
        counts = dict(self._db.execute("SELECT change, count(*) FROM changes GROUP BY ALL").fetchall())
        names = "SELECT unnest(fields) AS name FROM changes WHERE change = 'changed'"
        fields = self._db.execute(f"SELECT name, count(*) FROM ({names}) GROUP BY ALL ORDER BY ALL").fetchall()
        here = {state: int(counts.get(state, 0)) for state in _STATES}
        return Compared(
            entity=self._before.entity,
            rows=sum(here[state] for state in ("new", "changed", "returned", "unchanged")),
            before=sum(here[state] for state in ("changed", "unchanged", "held", "gone", "rescoped", "merged", "kept")),
            again=self._number("SELECT count(*) FROM changes WHERE again AND change = 'unchanged'"),
            send=send,
            remove=remove,
            fields=dict(fields),
            restored=self._lacking()[1],
            **here,
        )

    def _number(self, statement: str) -> int:
        found = self._db.execute(statement).fetchone()
        return int(found[0]) if found else 0
