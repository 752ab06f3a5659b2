"""What instructions are prepared with, and how a step reads a field of a record.

Stands on `batch` and `use`. Next: `setting`, `instructions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.haplo.application import Application
from engine.haplo.batch import Batch
from engine.haplo.filters import Directory
from engine.haplo.javascript import index_of, text
from engine.haplo.outcome import Path, StopError
from engine.haplo.store import Store
from engine.haplo.use import Use

Instruction = Mapping[str, Any]
Step = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Preparation:
    """The job's state, and everything that conversions look things up in."""

    batch: Batch
    application: Application
    store: Store
    directory: Directory
    mappings: Mapping[str, Any]
    today: date

    def use(self, instruction: Instruction, path: Path, source: str, *, for_object: bool) -> Use:
        """The use of a name by an instruction; `source` says in messages where its values come from."""
        return Use(
            source,
            instruction,
            for_object,
            self.batch.reporter(path),
            self.application,
            self.store,
            self.directory,
            self.mappings,
            self.today,
        )

    @staticmethod
    def field(record: Any, source: str) -> Any:
        """A field of a record, None when it has none; numbers and texts have no fields."""
        if isinstance(record, dict):
            return record.get(source)
        if record is None:
            raise StopError(None, "a field was looked up in a null record")
        if isinstance(record, list):
            at = index_of(source)
            return record[at] if at is not None and at < len(record) else None
        return None


def word(instruction: Instruction, key: str) -> str:
    """A property that names something, as text; `undefined` when it is missing."""
    return text(instruction[key]) if key in instruction else "undefined"
