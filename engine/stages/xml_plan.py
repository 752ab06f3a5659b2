"""What is read of an XML answer: each record set as steps to its records and columns with their paths.

`Sink` takes the records of one set, from whichever reader, and writes them as Parquet: `_row`, and each field as text,
lists as JSON. A home of pyarrow. Imports `kinds`, `spec`, `answer`, `envelope`. Next: `stages/xml_tree`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.kinds.element import ElementPath, element_path
from engine.spec.source import RecordSet
from engine.stages.answer import Seen

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 32
_DICTIONARY = 4096
"""Bytes of different values in a column, after which it is not worth while to look whether one was there already."""
Steps = tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A field: one value, or `many`."""

    name: str
    many: bool
    spellings: tuple[ElementPath, ...]


@dataclass(frozen=True)
class SetPlan:
    """A record set. `anchor` leads to the element at whose end all that a record's columns look at has come.

    `tell_empty`: an empty value is one; else it is as if it were not there.
    """

    name: str
    steps: Steps
    columns: tuple[Column, ...]
    anchor: Steps
    tell_empty: bool = True

    @property
    def container(self) -> Steps:
        """Return the steps to the element that tells, by being there, that records could be."""
        return self.steps[: max(len(self.steps) - 1 - _most_up(self.columns), 0)]

    @property
    def flat(self) -> bool:
        """Say whether every field is one value within the record, of which the quick reader sees repeats."""
        own = not _most_up(self.columns) and not any(column.many for column in self.columns)
        return own and bool(self.columns) and not any(_of_child(column) for column in self.columns)


def _most_up(columns: Iterable[Column], *, whole: bool = False) -> int:
    """Return how far above the record a column looks; with `whole` of those that need all of an element above it."""
    spellings = [spelling for column in columns for spelling in column.spellings]
    return max((each.up for each in spellings if not whole or each.steps or each.attribute is None), default=0)


def _of_child(column: Column) -> bool:
    """Say whether a field is an attribute of an element below the record: there, repeats would go unnoticed."""
    return any(spelling.steps and spelling.attribute is not None for spelling in column.spellings)


def records_file(answer: Path, set_name: str) -> Path:
    """Return where the records of a set stand that were read from an answer."""
    return answer.with_name(f"{answer.name.removesuffix('.part')}.{set_name}.parquet")


def plan_of(
    name: str, record_set: RecordSet, wanted: Collection[str] | None = None, *, tell_empty: bool = True
) -> SetPlan:
    """Return how a record set is read: the fields that are wanted, or all."""
    steps = element_path(record_set.records).steps
    fields = {field: each for field, each in record_set.fields.items() if wanted is None or field in wanted}
    columns = tuple(
        Column(
            field,
            each.type == "list" and each.split is None,
            tuple(element_path(text) for text in each.element_paths(field)),
        )
        for field, each in fields.items()
    )
    return SetPlan(name, steps, columns, steps[: len(steps) - _most_up(columns, whole=True)], tell_empty)


@dataclass
class Sink:
    """The records of one set as they come; a file is there at the end even if none did."""

    plan: SetPlan
    file: Path
    rows: int = 0
    keys: set[str] = field(default_factory=set)
    sampled: int = 0
    reached: bool = False
    """Where records could be was in the document."""
    _filled: dict[str, int] = field(default_factory=dict)
    _writer: Any = None
    _digest: Any = field(default_factory=hashlib.sha256)
    _waiting: list[tuple[str | None, ...]] = field(default_factory=list)
    _weight: int = 0

    def open(self) -> None:
        """Begin the file."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = [column.name for column in self.plan.columns]
        schema = pa.schema([("_row", pa.int64()), *((name, pa.string()) for name in names)])
        self.file.unlink(missing_ok=True)
        self.file.touch(mode=0o600)
        self._filled = dict.fromkeys(names, 0)
        self._writer = pq.ParquetWriter(
            self.file, schema, dictionary_pagesize_limit=_DICTIONARY, write_statistics=False
        )

    def add(self, record: tuple[str | None, ...]) -> None:
        """Take one record."""
        self._waiting.append(record)
        self._weight += sum(len(value) for value in record if value)
        if len(self._waiting) >= 8192 or self._weight > 16_000_000:
            self._flush()

    def add_batch(self, columns: list[pa.StringArray], rows: int) -> None:
        """Take records as columns, in the order of the plan's."""
        import pyarrow as pa

        if self.rows < SAMPLE:
            head = [column.slice(0, SAMPLE - self.rows).to_pylist() for column in columns]
            for record in zip(*head, strict=True):
                self._digest.update(repr(record).encode())
        for name, column in zip(self._filled, columns, strict=True):
            self._filled[name] += rows - column.null_count
        numbers = pa.array(range(self.rows + 1, self.rows + rows + 1), pa.int64())
        self._writer.write_batch(pa.RecordBatch.from_arrays([numbers, *columns], schema=self._writer.schema))
        self.rows += rows

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            columns = [pa.array(values, pa.string()) for values in zip(*self._waiting, strict=True)]
            rows, self._waiting, self._weight = len(self._waiting), [], 0
            self.add_batch(columns, rows)

    def close(self) -> None:
        """Write what waits, and end the file."""
        self._flush()
        self._writer.close()

    def drop(self) -> None:
        """End the file, whatever state it is in, and take it away."""
        if self._writer is not None:
            self._writer.close()
        self.file.unlink(missing_ok=True)

    def seen(self, *, empty: bool = False) -> Seen | None:
        """Return what came; None where there was no place for records, unless that means that there are none."""
        if not self.rows:
            return Seen(0) if self.reached or empty else None
        keys = {column.name: {each.first_key for each in column.spellings} for column in self.plan.columns}
        present = tuple(name for name, count in self._filled.items() if count or keys[name] & self.keys)
        mixed = tuple(name for name, count in self._filled.items() if 0 < count < self.rows)
        return Seen(self.rows, present, mixed, tuple(sorted(self.keys)), self._digest.hexdigest()[:32])
