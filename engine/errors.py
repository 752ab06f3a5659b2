"""What can go wrong, as values and as exceptions. Stands on the standard library only.

A `Problem` is a finding: many at once, each with its place. An `EngineError` means that we stop.
What to do about it decides the class, and the class decides the exit code:

    EngineError                  1   the run failed
    ├── DocumentError            2   documents, or the command, are wrong: holds all the problems
    ├── SecretMissing            2   a secret is not where the school file says
    ├── UnconfirmedError         2   a live run that nobody has confirmed (in `run/live`)
    ├── SourceError              1   a source answered badly; `request` says which one
    │   ├── SourceRefused        1   auth, scope, unknown school: never tried again
    │   ├── SourceClosed         4   the school does not let us read: no failure of ours or of the source
    │   │   ├── SourcePaused     4   for now
    │   │   ├── SourcePending    4   it has not agreed yet
    │   │   └── SourceRevoked    4   it has taken its consent back
    │   ├── ChangesRefused       1   a source does not take our change token: everything is read instead
    │   ├── SourceUnavailable    1   may heal: tried again, after `retry_after` seconds where known
    │   └── AnswerUnreadable     1   truncated, not what was declared, or the books do not add up
    ├── TransformError           1   the mapping could not be carried out
    ├── DeliveryError            1   says what was accepted and what was not
    ├── StorageError             1   a folder cannot be written, a disk is full, a file of ours is damaged
    └── Interrupted              130 Ctrl-C; the same command goes on

Anything else that is raised is a bug (exit code 3). Messages never hold a record's value, an answer's
body, a header or a query string. Retry is decided in one place, by type (`SourceUnavailable`).
Next: `document`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A place in a document: line and column count from 1; `width` is how much to underline."""

    file: Path
    line: int = 1
    column: int = 1
    width: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One finding. `what` is one line; `why` names the rule; `fix` says what to type next (or is empty)."""

    code: str
    what: str
    place: Place | None = None
    why: str = ""
    fix: str = ""
    level: str = "error"  # or "warning"

    def sort_key(self) -> tuple[str, int, int, str]:
        if self.place is None:
            return ("", 0, 0, self.code)
        return (str(self.place.file), self.place.line, self.place.column, self.code)


class EngineError(Exception):
    """We stop. `code` is kebab-case and documented; `what`, `why`, `fix` and `place` are as in a Problem."""

    exit_code = 1
    code = "failed"
    level = "error"

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "", place: Place | None = None) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.place = what, why, fix, place
        self.code = code or type(self).code


class DocumentError(EngineError):
    """The documents have problems, all of them in `problems`."""

    exit_code = 2
    code = "documents"

    def __init__(self, problems: list[Problem]) -> None:
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the documents")
        self.problems = problems


class SecretMissing(EngineError):
    exit_code = 2
    code = "secret-missing"


class SourceError(EngineError):
    code = "source"


class SourceRefused(SourceError):
    code = "source-refused"


class SourceClosed(SourceError):
    """The school does not let us read; `level` is also how such a run ends."""

    exit_code = 4
    code = "source-closed"
    level = "closed"


class SourcePaused(SourceClosed):
    code = "source-paused"
    level = "paused"


class SourcePending(SourceClosed):
    code = "source-pending"
    level = "pending"


class SourceRevoked(SourceClosed):
    code = "source-revoked"
    level = "revoked"


class ChangesRefused(SourceError):
    code = "changes-refused"
    endpoint = ""


class SourceUnavailable(SourceError):
    code = "source-unavailable"
    retry_after: float | None = None


class AnswerUnreadable(SourceError):
    code = "answer-unreadable"


class TransformError(EngineError):
    code = "transform"


class DeliveryError(EngineError):
    code = "delivery"


class StorageError(EngineError):
    code = "storage"


class Interrupted(EngineError):
    exit_code = 130
    code = "interrupted"
