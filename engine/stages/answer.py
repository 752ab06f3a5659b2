"""An answer that has landed: where its bytes are, and what its envelope showed of its records.

Extraction makes them, the journal keeps them, landing reads them. Stands on the standard library only.
Next: `stages/envelope`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Seen:
    """What an answer shows of one record set. The fields are those of a sample: first, last, 30 between.

    `present`: declared fields that are in the sample; `mixed`: those that some of its records lack;
    `keys`: every key of its records; `digest`: tells two samples apart.
    """

    records: int
    present: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Seen:
        """Read what `facts` gave."""
        lists = {name: tuple(facts[name]) for name in ("present", "mixed", "keys")}
        return cls(records=facts["records"], digest=facts["digest"], **lists)

    def facts(self) -> dict[str, Any]:
        """Return what a journal keeps of it."""
        return {
            "records": self.records,
            "present": self.present,
            "mixed": self.mixed,
            "keys": self.keys,
            "digest": self.digest,
        }


@dataclass(frozen=True)
class Answer:
    """One answer of an endpoint. `last` and `total` are what it states of the whole, where it does.

    `said` is what it says beside its records, where it does: `data_time`, `system`, `next` (the change token) and
    `total` (of all records, changed or not). `part`: the part of the endpoint that was read, if any. `after`: what asks
    for the page after it, where each answer says that of the next.
    """

    endpoint: str
    page: int
    file: Path
    size: int
    sets: dict[str, Seen]
    last: int | None = None
    total: int | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    part: str = ""
    after: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return what a journal keeps of it."""
        sets = {name: seen.facts() for name, seen in self.sets.items()}
        own = {"bytes": self.size, "last": self.last, "total": self.total, "sets": sets, "said": dict(self.said)}
        return own if self.after is None else {**own, "after": self.after}

    @classmethod
    def read(cls, endpoint: str, page: int, file: Path, facts: Mapping[str, Any]) -> Answer:
        """Read what `facts` gave."""
        sets = {name: Seen.read(seen) for name, seen in facts["sets"].items()}
        said, after = facts.get("said", {}), facts.get("after")
        return cls(endpoint, page, file, facts["bytes"], sets, facts["last"], facts["total"], said, after=after)


def page_ranges(pages: Iterable[int]) -> str:
    """Return page numbers in words: `page 3`, `pages 1-10, 12`."""
    runs: list[list[int]] = []
    for page in sorted(set(pages)):
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    words = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
    return f"page{'' if len(runs) == 1 and runs[0][0] == runs[0][1] else 's'} {words}"
