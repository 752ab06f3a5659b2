"""The clients of a source's APIs, each made when it is first needed: one token and one count of requests for a run.

Imports `client`, `events`. Next: `stages/extract`.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from engine.clock import Clock
from engine.secret import Config
from engine.spec.source import Source
from engine.stages.client import Client
from engine.stages.events import Event, Tell
from engine.stages.pace import Budget


class Clients:
    """Close them, or use them as a context manager. Their threads tell one at a time.

    `budget` is where it is kept how much of the source's rates is used up; without one, here alone.
    """

    def __init__(self, source: Source, config: Config, clock: Clock, tell: Tell, budget: Budget | None = None) -> None:
        self.source, self.config, self.clock, self._budget = source, config, clock, budget
        self._tell, self._lock = tell, threading.Lock()
        self._open: dict[str, Client] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.clear()
        self._stack.close()

    def of(self, api: str) -> Client:
        """Return the client of an api."""
        if api not in self._open:
            client = Client(self.source.apis[api], self.config, self.clock, self.tell, self._budget)
            self._open[api] = self._stack.enter_context(client)
        return self._open[api]

    def forget(self, api: str) -> None:
        """Have the next request of an api made by a client of its own."""
        self._open.pop(api, None)

    def tell(self, event: Event) -> None:
        """Tell, one thread at a time."""
        with self._lock:
            self._tell(event)
