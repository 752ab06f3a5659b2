"""The records of the state, as values. Times are aware and in UTC; `file` is seen from the school's folder.

Stands on the standard library and `errors`. Next: `state/store`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from engine.errors import StorageError


class SchoolBusyError(StorageError):
    """Another run of this school is under way."""

    code = "school-busy"


@dataclass(frozen=True)
class Mirror:
    """The full copy of a record set that a school has, and the change token that belongs to it."""

    set_name: str
    file: str
    rows: int
    signature: str
    token: str | None
    kind: Literal["full", "changes", "window"]
    read_at: datetime
    data_time: datetime | None
    full_at: datetime
    present: tuple[str, ...]
    run: str


@dataclass(frozen=True)
class Sent:
    """What was last sent of an entity, and what it was made by."""

    entity: str
    file: str
    rows: int
    run: str
    batch: str
    receiver: str
    prefix: str
    control: str
    mapping: str
    request: str
    sent_at: datetime
    full_at: datetime


@dataclass(frozen=True)
class Consented:
    """The scopes that an api of a school's source granted at the end of its last complete run.

    `lost` are, by entity, those that it granted before and took back, as long as nobody has said that it is well so.
    """

    api: str
    scopes: tuple[str, ...]
    lost: dict[str, list[str]]
    seen_at: datetime
    run: str


@dataclass(frozen=True)
class RunRecord:
    """One run. `outcome` is `running` until it ends; `summary` is JSON without a record's value or a secret."""

    run: str
    school: str
    folder: str
    today: date
    mode: str
    began: datetime
    ended: datetime | None
    outcome: str
    host: str
    pid: int
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Holder:
    """Who holds a school: `seen` is renewed each minute while the process lives."""

    school: str
    host: str
    pid: int
    run: str
    since: datetime
    seen: datetime

    def __str__(self) -> str:
        return f"run {self.run} on {self.host}, process {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"
