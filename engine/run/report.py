"""What a run did: the books of each entity, what was read, what is to be told. No values, no secrets.

Next: `run/runner`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.journal import cannot_write


@dataclass
class EntityReport:
    """One line of the summary. `sent` is None where nothing was to be sent."""

    entity: str
    read: int = 0
    split: int = 0
    filtered: dict[str, int] = field(default_factory=dict)
    merged: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    emitted: int = 0
    good: int | None = None
    sent: int | None = None
    absent: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    identity: dict[str, int] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    origins: list[dict[str, Any]] = field(default_factory=list)
    """Those messages by what they come from: the places of each in the binding and in the mapping."""


@dataclass
class SetReport:
    """One record set as it was read. `read`: full, changes, windows, or reuse (not asked again)."""

    set: str
    rows: int
    repeated: int = 0
    absent: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    read: str = "full"
    changes: dict[str, int] = field(default_factory=dict)
    """Of a read by changes: records that are new, changed, deleted; by windows: new, there before, no longer there."""
    complete: bool = True
    """Whether what is not in it is gone at the source."""
    data_time: str | None = None
    """Of when the data are, by the source's account; how many hours old they were when they were read."""
    age_hours: float | None = None
    system: str = ""
    """The system behind the source, by its account."""


@dataclass
class Report:
    """The report of a run. `outcome`: complete, failed, or interrupted."""

    school: str
    run: str
    today: str
    mode: str
    outcome: str = "complete"
    folder: str = ""
    sets: list[SetReport] = field(default_factory=list)
    entities: list[EntityReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: dict[str, dict[str, int]] = field(default_factory=dict)
    """What became of the rows since they were last sent, by entity: how many are new, changed, gone, and so on."""
    guards: list[str] = field(default_factory=list)
    """The guards that tripped, or that were accepted."""
    seconds: float = 0.0

    def data_age(self) -> dict[str, Any]:
        """Return of when the oldest data are, how old they were when they were read, and whose they are; {} if unknown.

        `data_time` is UTC, `age_hours` of the same set, `set` its name.
        """
        known = [(each.data_time, each) for each in self.sets if each.data_time is not None]
        if not known:
            return {}
        when, oldest = min(known, key=lambda pair: (datetime.fromisoformat(pair[0]), pair[1].set))
        return {"data_time": when, "age_hours": oldest.age_hours, "set": oldest.set}

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    def write(self, file: Path) -> None:
        """Write the report beside what it is about."""
        part = file.with_name(file.name + ".part")
        try:
            part.write_text(self.to_json(), encoding="utf-8")
            part.replace(file)
        except OSError as error:
            raise cannot_write(file, error) from None
