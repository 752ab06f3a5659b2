"""Asks one API as its source document says: who asks, what an answer means, what is tried again.

Knows documents and answers, not pages or runs. An answer is written to disk as it arrives and is read from
there; whether it counts is for the caller to say. Imports `kinds`, `spec`, `transport`, `credential`, `retry`,
`pace`, `envelope`. Next: `stages/books`.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NoReturn, Self, TypeVar

from engine.clock import Clock
from engine.errors import (
    AnswerUnreadable,
    ChangesRefused,
    SourceClosed,
    SourceError,
    SourcePaused,
    SourcePending,
    SourceRefused,
    SourceRevoked,
    SourceUnavailable,
)
from engine.journal import cannot_write
from engine.kinds.answer import ErrorRule
from engine.kinds.auth import TokenAuth
from engine.kinds.word import seconds, size_in_bytes
from engine.secret import Config, Key
from engine.spec.source import Api
from engine.stages.credential import Credential, fill_in
from engine.stages.envelope import AnswerReader, Envelope, Reader, UnreadableError
from engine.stages.events import Event, Tell
from engine.stages.pace import Budget, OwnBudget, Pace
from engine.stages.question import Question, names_of, plain
from engine.stages.retry import MayHealError, NotReadyError, Patience, asked_to_wait
from engine.stages.transport import Head, Request, Transport

_SHORT_ANSWER = 16_000_000  # bytes; a token, or a list of scopes or schools, is never longer
_MAY_HEAL = {408, 425, 429}
_GATEWAY = {502, 503, 504}
_FIX_PATH = "check the ids in the school's config, and the endpoint's path"
_FIX_KEYS = "check the secret and the ids in the school's config"
_FIX_READY = "run again later: it goes on where it stopped"
_CLOSED: Mapping[str, type[SourceClosed]] = {
    "paused": SourcePaused,
    "pending": SourcePending,
    "revoked": SourceRevoked,
}
T = TypeVar("T")


class _NotAcceptedError(Exception):
    """The credential was not accepted: another one may be."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error.what)
        self.error = error


class NothingThere(SourceError):
    """A request was answered with 404."""


@dataclass(frozen=True)
class _Asker:
    """Who asks with one key: its credential, and the rates that count for it."""

    credential: Credential
    pace: Pace


class Client:
    """One API, shared by threads. Close it, or use it as a context manager.

    `budget` is where its rates are kept count of, shared with whoever else asks.
    """

    def __init__(self, api: Api, config: Config, clock: Clock, tell: Tell, budget: Budget | None = None) -> None:
        self._api, self._config, self._clock, self._tell = api, config, clock, tell
        self._patience = Patience(api.retry, clock, tell, api.wait)
        self._transport = Transport(
            connections=api.rates.connections,
            timeout=seconds(api.timeout),
            longest=size_in_bytes(api.longest_answer),
        )
        self._budget = OwnBudget() if budget is None else budget
        self._askers: list[tuple[Key | None, _Asker]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._transport.close()

    def stop(self) -> None:
        """End the waits of all threads that ask."""
        self._patience.stop()

    def fetch(self, question: Question, file: Path, reader: AnswerReader) -> Envelope:
        """Ask, and return the envelope of the answer, which is then in the file."""
        return self._persist(question, lambda asked, pace: self._once(asked, pace, file, reader))

    def look(self, question: Question, paths: Sequence[str]) -> Any:
        """Ask, and return what an answer that is short says at these paths, decoded; nothing is written."""
        reader = Reader({}, [*paths, *self.rule_paths()])
        return self._persist(question, lambda asked, pace: self._short(asked, pace, reader))

    def _persist(self, question: Question, once: Callable[[Request, Pace], T]) -> T:
        """Ask with the credential, once more with another where it is not accepted, and again what may heal."""
        name, asked = question.name, question.request(self._api, self._config)
        asker = self._asker(question.key)

        def attempt() -> T:
            asker.pace.wait()
            shown = asker.credential.current()
            try:
                return once(_showing(asked, shown.headers), asker.pace)
            except _NotAcceptedError as first:
                if not asker.credential.refused(shown):
                    raise first.error from None
            self._tell(Event("token", "the token was not accepted; asking for another", name))
            asker.pace.wait()
            try:
                return once(_showing(asked, asker.credential.current().headers), asker.pace)
            except _NotAcceptedError as second:
                raise second.error from None

        return self._patience.persist(name, attempt)

    def seconds_for(self, requests: int, key: Key | None = None) -> float:
        """Return how long so many more requests will wait for the rates of the source, as things stand."""
        return self._asker(key).pace.seconds_for(requests)

    def _asker(self, key: Key | None) -> _Asker:
        """Return who asks with a key, the same for the same key."""
        with self._lock:
            for known, asker in self._askers:
                if known == key:
                    return asker
            api, names = self._api, {"config": plain(self._config), **names_of(key)}
            url = fill_in(api.base_url, names)
            pace = Pace(api.rates.limits, url, names, self._budget, self._clock, self._patience.rest)
            credential = Credential(api.auth, names, self._clock, partial(self._ask_for_token, pace))
            asker = _Asker(credential, pace)
            self._askers.append((key, asker))
            return asker

    def _send(self, asked: Request, pace: Pace, into: BinaryIO) -> Head:
        sent = pace.sent()
        head = self._transport.send(asked, into)
        pace.learn(sent, head.status, head.headers, self._asked_to_wait(head))
        return head

    def _once(self, asked: Request, pace: Pace, file: Path, reader: AnswerReader) -> Envelope:
        try:
            with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as spool:
                head = self._send(asked, pace, spool)
                spool.seek(0)
                return self._judge(
                    asked.name, head, lambda: reader.read_from(spool, file), posted=asked.method == "POST"
                )
        except OSError as error:
            raise cannot_write(file, error) from None

    def _ask_for_token(self, pace: Pace, asked: Request) -> Any:
        auth = self._api.auth
        assert isinstance(auth, TokenAuth)
        places = [text for text in (auth.token, auth.expires_at, auth.expires_in) if text is not None]
        reader = Reader({}, [*places, *self.rule_paths()])

        def attempt() -> Any:
            pace.wait()
            try:
                return self._short(asked, pace, reader)
            except _NotAcceptedError as error:
                raise error.error from None

        return self._patience.persist(asked.name, attempt)

    def _short(self, asked: Request, pace: Pace, reader: Reader) -> Any:
        body = _Bounded(asked.name)
        head = self._send(asked, pace, body)
        return self._judge(asked.name, head, lambda: reader.read(body.getvalue())).facts

    def rule_paths(self) -> list[str]:
        """Return the paths that the error rules of this API look at."""
        return [rule.when.json_ for rule in self._api.errors if rule.when.json_ is not None]

    def rule_elements(self) -> list[str]:
        """Return the same in documents of XML."""
        return [rule.when.xml for rule in self._api.errors if rule.when.xml is not None]

    def _judge(self, name: str, head: Head, read: Callable[[], Envelope], *, posted: bool = False) -> Envelope:
        """Return the envelope of an answer that is one; raise what it means when it is not."""
        good = 200 <= head.status < 300
        try:
            envelope = read()
        except UnreadableError as error:
            envelope = Envelope(error.facts, {})
            if good:
                self._judge_rules(name, head, envelope)
                _unreadable(name, error)
        self._judge_rules(name, head, envelope)
        if not good:
            self._judge_status(name, head, posted=posted)
        return envelope

    def _judge_rules(self, name: str, head: Head, envelope: Envelope) -> None:
        for rule in self._api.errors:
            if rule.when.holds(head.status, envelope.facts):
                self._apply(rule, name, head)

    def _apply(self, rule: ErrorRule, name: str, head: Head) -> NoReturn:
        what = f"{name}: {rule.say}"
        why = "" if head.status == 200 else f"status {head.status}"
        if rule.means in _CLOSED:
            raise _CLOSED[rule.means](what, why=why, fix=rule.fix)
        if rule.means == "not_ready":
            late = SourceUnavailable(what, why=why, fix=rule.fix or _FIX_READY, code="source-not-ready")
            raise NotReadyError(late, self._asked_to_wait(head))
        if rule.means == "expired":
            raise _NotAcceptedError(SourceRefused(what, why=why, fix=rule.fix or _FIX_KEYS))
        if rule.means == "restart":
            raise ChangesRefused(what, why=why, fix=rule.fix)
        if rule.means == "retry":
            raise MayHealError(SourceUnavailable(what, why=why, fix=rule.fix), self._asked_to_wait(head))
        if rule.means == "refused":
            raise SourceRefused(what, why=why, fix=rule.fix)
        raise SourceError(what, why=why, fix=rule.fix)

    def _judge_status(self, name: str, head: Head, *, posted: bool) -> NoReturn:
        """Raise what a status means that no rule names; what a source makes of a body may fail for good with a 500."""
        status = head.status
        if status == 401:
            error = SourceRefused(f"{name}: the source does not accept our key (401)", fix=_FIX_KEYS)
            raise _NotAcceptedError(error)
        if status == 403:
            raise SourceRefused(f"{name}: the source does not let us read this (403)", fix=_FIX_KEYS)
        if status in _MAY_HEAL or (status in _GATEWAY if posted else status >= 500):
            what = "we ask too often" if status == 429 else "the source has trouble"
            wait = self._asked_to_wait(head)
            raise MayHealError(SourceUnavailable(f"{name}: {what} (status {status})"), wait)
        if status == 404:
            raise NothingThere(f"{name}: there is nothing at this address (404)", fix=_FIX_PATH)
        raise SourceError(f"{name}: refused with status {status}", fix=_FIX_PATH)

    def _asked_to_wait(self, head: Head) -> float | None:
        """Return the wait that an answer asks for; resets of a rate mean that only where the rate is the trouble."""
        rules = self._api.rates.retry_at
        if head.status not in (429, 503):
            rules = [rule for rule in rules if rule.header.lower() == "retry-after"]
        return asked_to_wait(rules, head.headers, self._clock.now())


class _Bounded(io.BytesIO):
    """A stream in memory that takes a short answer, and not more."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > _SHORT_ANSWER:
            raise AnswerUnreadable(f"{self._name}: the answer is longer than it can be")
        return super().write(data)


def _showing(asked: Request, headers: Mapping[str, str]) -> Request:
    return replace(asked, headers={**asked.headers, **headers})


def _unreadable(name: str, error: UnreadableError) -> NoReturn:
    found = AnswerUnreadable(f"{name}: the answer {error.what}")
    raise MayHealError(found) if error.heals else found
