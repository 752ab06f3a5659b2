"""What came of interpreting a control file: counts, messages, what was saved, what stopped it.

Stands on the standard library. Next: `interpret`, which fills an `Outcome`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Path = tuple[int | str, ...]
"""Where an instruction stands: `(3, "then", 0)` is `instructions[3].then[0]`."""

Entry = dict[str, Any]
"""One saved object or dictionary, in the form of a conformance case."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One message. `summary` is the message without the record's number and without the value it is about."""

    message: str
    summary: str
    record: int | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The fault that stopped the job. `message` is Haplo's own wording or None; `why` is always ours."""

    during: str  # setup, read, record, commit
    record: int | None
    message: str | None
    why: str = ""
    path: Path | None = None


class StopError(Exception):
    """Raised where Haplo would stop the job; `interpret` turns it into a `Stop`."""

    def __init__(
        self, message: str | None, why: str = "", *, path: Path | None = None, during: str | None = None
    ) -> None:
        super().__init__(message or why)
        self.message, self.why, self.path, self.during = message, why or message or "", path, during


@dataclass(slots=True)
class Outcome:
    """The result of one job. `errors` are as Haplo words them; `findings` say the same with its place."""

    control_errors: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    error_count: int = 0
    exception: Stop | None = None
    records: int = 0
    complete: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    committed: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    counts: dict[tuple[Path | None, str], int] = field(default_factory=dict)
    """Messages by instruction and summary; also those past the limit of what Haplo reports."""
    refusals: set[tuple[Path | None, str]] = field(default_factory=set)
    """Those of `counts` that left a record unsaved."""
    about: dict[tuple[Path | None, str], tuple[str, ...]] = field(default_factory=dict)
    """Those of `counts` that are about names, such as `profile/dc:attribute:title`, rather than an instruction."""

    def to_case(self) -> dict[str, Any]:
        """The outcome with the keys and forms of a conformance case's `expected`."""
        stop = self.exception
        return {
            "controlErrors": list(self.control_errors),
            "errors": list(self.errors),
            "errorCount": self.error_count,
            "exception": stop and {"during": stop.during, "record": stop.record, "message": stop.message},
            "records": self.records,
            "complete": self.complete,
            "committed": list(self.committed),
        }
