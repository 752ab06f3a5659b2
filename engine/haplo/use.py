"""One use of a name by an instruction: what the conversion of its values needs to know.

Stands on `application`, `filters` and `store`. Next: `values`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final, Protocol

from engine.haplo.application import Application
from engine.haplo.filters import Directory
from engine.haplo.store import Store


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING: Final = _Nothing.NOTHING
"""What a conversion gives when there is nothing to store; None is a stored null."""

Conversion = Callable[[Any], Any]


class Report(Protocol):
    """Takes a message; `summary` is the message without the value that it is about."""

    def __call__(self, summary: str, message: str | None = None, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Use:
    """`source` says in messages where values come from; `given` is the instruction."""

    source: str
    given: Mapping[str, Any]
    for_object: bool
    report: Report
    application: Application
    store: Store
    directory: Directory
    mappings: Mapping[str, Any]
    today: date
