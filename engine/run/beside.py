"""The record of the source beside each row of a preview, and what is held back, with its reasons. A home of Polars.

What is personal becomes a mask here, before anybody can show it: a field of a row that its schema calls personal, and a
field of a record that its source calls so, or that a personal field is made of. Next: `run/runner`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.kinds.value import Join
from engine.run.plan import Plan, world_of
from engine.run.preview import Preview
from engine.spec.project import Project
from engine.spec.query import build
from engine.spec.relation import Reading, Use
from engine.spec.source import RecordSet
from engine.stages.transform import PAGE

if TYPE_CHECKING:
    import polars as pl

MASK: Final = "•••"
_WITHHELD = "_withheld"
Row = dict[str, Any]


@dataclass(frozen=True)
class Beside:
    """A row, and the record that it comes from: its set, and those of its fields that the mapping looks at.

    `joined` has the fields of records that are joined to it, as `set.field`, where it is known which record that is.
    """

    row: Row
    set: str
    record: Row
    joined: Row


@dataclass(frozen=True)
class Held:
    """A record that is held back: why, because of which field, and its fields."""

    set: str
    key: str
    page: int
    number: int
    field: str | None
    reason: str
    record: Row


class Shown:
    """What a preview may show; without `personal` with masks."""

    def __init__(self, project: Project, plan: Plan, preview: Preview, personal: bool) -> None:
        (entity,) = plan.entities
        schema = project.schema(entity)
        self.preview, self._plan, self._key, self.fields = preview, plan, schema.key, schema.fields
        self._order = schema.order()
        mapping = project.mapping(plan.school.source, entity, plan.school)
        reading = Reading(plan.source.formats, lambda name: name)
        query = build(mapping, world_of(project, plan.school, plan.source, entity), reading)
        self._lineage, self._used, self._row_sets = query.lineage, query.used, set(query.sets)
        self.hidden = set() if personal else {name for name, field in self.fields.items() if field.personal()}
        self._behind = {use for name in self.hidden for use in query.lineage.get(name, [])}
        self._personal = personal
        self._mapping, self._named = mapping, Counter(_named(mapping.model_dump(by_alias=True)))

    def made_of(self, field: str | None, set_name: str) -> list[Use]:
        """Return what a field of a row is made of, whose record is of this set: what it looks at in others comes last.

        Where records of several sets become rows, the others of these are none of its own.
        """
        others = self._row_sets - {set_name}
        uses = [use for use in self._lineage.get(field or "", []) if use[0] not in others]
        return sorted(uses, key=lambda use: (use[0] != set_name, use))

    def rows(self, limit: int) -> list[Row]:
        """Return the first rows."""
        return self._masked(self._head(limit), self.hidden).drop(_WITHHELD).to_dicts()

    def beside(self, limit: int) -> list[Beside]:
        """Return the first rows, each with its record."""
        import polars as pl

        frame, key = self._head(limit), self._key
        emitted = pl.scan_parquet(self.preview.states).filter(pl.col("state") == "emitted")
        origins = frame.select(key).join(
            emitted.select("key", "set", "source_key").unique("key", keep="first").collect(),
            left_on=key, right_on="key", how="left", maintain_order="left",
        )  # fmt: skip
        found = list(zip(origins["set"], origins["source_key"], strict=True))
        records = self._records({name: {key for each, key in found if each == name} for name, _ in found})
        rows = self._masked(frame, self.hidden).drop(_WITHHELD).to_dicts()
        return [Beside(row, each[0], *records.get(each, ({}, {}))) for row, each in zip(rows, found, strict=True)]

    def held(self, limit: int) -> list[Held]:
        """Return the first records that are held back; each reason is one of its own."""
        import polars as pl

        frame = pl.scan_parquet(self.preview.quarantine).filter(pl.col("level") == "row").head(limit).collect()
        wanted: dict[str, set[str]] = {}
        for name, key in frame.select("set", "source_key").iter_rows():
            wanted.setdefault(name, set()).add(key)
        records = self._records(wanted)
        return [
            Held(
                line["set"],
                MASK if self._is_key_hidden(line["set"]) else line["source_key"],
                line["page"],
                line["row"],
                line["field"],
                line["rule"],
                records.get((line["set"], line["source_key"]), ({}, {}))[0],
            )
            for line in frame.to_dicts()
        ]

    def _head(self, limit: int) -> pl.DataFrame:
        import polars as pl

        return pl.scan_parquet(self.preview.rows).sort(self._order).head(limit).collect()

    def _records(self, wanted: Mapping[str, set[str]]) -> dict[tuple[str, str], tuple[Row, Row]]:
        """Return records by set and key, with the fields that the mapping looks at, and what is joined to them.

        What is personal is masked.
        """
        import polars as pl

        found: dict[tuple[str, str], tuple[Row, Row]] = {}
        for name, keys in wanted.items():
            if name not in self.preview.sets:
                continue
            _, _, record_set = self._plan.source.find(name)
            landed = pl.scan_parquet(self.preview.sets[name].file)
            there = landed.collect_schema().names()
            used = [each for each in self._used.get(name, []) if each in there]
            keyed = landed.with_columns(_key_of(record_set).alias("_key")).filter(pl.col("_key").is_in(list(keys)))
            frame = keyed.select("_key", *used).collect()
            hidden = {each for each in used if self._is_hidden(name, each, record_set)}
            masked = self._masked(frame.drop("_key"), hidden).to_dicts()
            joined = self._joined(name, frame)
            found |= {(name, key): pair for key, *pair in zip(frame["_key"], masked, joined, strict=True)}  # type: ignore[misc]
        return found

    def _joined(self, name: str, frame: pl.DataFrame) -> list[Row]:
        """Return of each record what is joined to it, as far as it can be told from the records alone."""
        import polars as pl

        found: list[Row] = [{} for _ in range(frame.height)]
        for join in self._mapping.join.values():
            kinds = self._kinds(name, join)
            if not kinds or not set(join.by.values()) <= set(frame.columns):
                continue
            landed = pl.scan_parquet(self.preview.sets[join.set].file)
            used = [each for each in self._used[join.set] if each in landed.collect_schema().names()]
            if not set(join.by) <= set(used):
                continue
            said = {each: f"{join.set}.{each}" for each in used}
            values = [pl.col(each).alias(whole) for each, whole in said.items()]
            keys = [f"_by_{number}" for number in range(len(kinds))]
            alone = landed.select(*values, *_keys(join.by, kinds)).unique(keys, keep="none")
            ours = frame.lazy().select(_keys(join.by.values(), kinds))
            there = alone.with_columns(_there=pl.lit(True))
            beside = ours.join(there, on=keys, how="left", maintain_order="left").drop(keys).collect()
            record_set = self._plan.source.find(join.set)[2]
            hidden = {whole for each, whole in said.items() if self._is_hidden(join.set, each, record_set)}
            for row, each in zip(found, self._masked(beside, hidden).to_dicts(), strict=True):
                if each.pop("_there"):
                    row |= each
        return found

    def _kinds(self, name: str, join: Join) -> list[str]:
        """Return the types of what a join compares; nothing where its record is not known by these alone.

        It is, where both sets are looked at as they are, the other one for this only, and whole numbers or texts as
        they were sent are compared.
        """
        looked_at = name in self._mapping.from_.sets and join.set in self.preview.sets
        if not looked_at or self._named[join.set] > 1 or join.fold_case or join.where:
            return []
        own, other = (self._plan.source.find(each)[2].fields for each in (name, join.set))
        pairs = [(other[theirs].type, own[ours].type) for theirs, ours in join.by.items() if ours in own]
        plain = len(pairs) == len(join.by) and all(a == b and a in ("text", "integer") for a, b in pairs)
        return [kind for kind, _ in pairs] if plain else []

    def _is_hidden(self, name: str, field: str, record_set: RecordSet) -> bool:
        return not self._personal and (record_set.fields[field].pii is not None or (name, field) in self._behind)

    def _is_key_hidden(self, name: str) -> bool:
        _, _, record_set = self._plan.source.find(name)
        return any(self._is_hidden(name, key, record_set) for key in record_set.key or [])

    def _masked(self, frame: pl.DataFrame, hidden: set[str]) -> pl.DataFrame:
        """Return rows in which what is hidden is a mask, but stays empty where it is."""
        import polars as pl

        return frame.with_columns(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).otherwise(None).alias(name)
            for name in frame.columns
            if name in hidden
        )


def _keys(names: Iterable[str], kinds: list[str]) -> list[pl.Expr]:
    """Return what a join compares, as it is compared."""
    import polars as pl

    def read(name: str, kind: str) -> pl.Expr:
        text = pl.col(name)
        return (
            text.cast(pl.Int64, strict=False) if kind == "integer" else pl.when(text.str.strip_chars() != "").then(text)
        )

    pairs = enumerate(zip(names, kinds, strict=True))
    return [read(name, kind).alias(f"_by_{number}") for number, (name, kind) in pairs]


def _named(document: Any) -> Iterator[str]:
    """Yield every record set or table that a part of a mapping names, as often as it does."""
    if isinstance(document, list):
        for each in document:
            yield from _named(each)
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("set", "union", "collect"):
                yield from [value] if isinstance(value, str) else value or []
            else:
                yield from _named(value)


def _key_of(record_set: RecordSet) -> pl.Expr:
    """Return what tells records apart, as the mapping's statement writes it."""
    import polars as pl

    keys = [pl.col(key).cast(pl.String).fill_null("") for key in record_set.key or []]
    number = pl.col("_page").cast(pl.Int64) * PAGE + pl.col("_row")
    return pl.concat_str(keys, separator="|") if keys else number.cast(pl.String)
