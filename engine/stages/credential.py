"""Who asks: the header that an API wants with every request, and the token behind it.

One token is shared by all threads: asked for once, renewed ahead of its end, and once when it is refused.
It lives in memory only. Imports `kinds`, `template`, `clock`, `errors`, `transport`. Next: `stages/client`.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from engine.clock import Clock
from engine.errors import AnswerUnreadable, DocumentError, Problem, SourceRefused
from engine.kinds.auth import Auth, HeaderAuth, NoAuth, TokenAuth
from engine.kinds.select import MISSING, path
from engine.kinds.word import seconds
from engine.secret import Secret
from engine.stages.transport import Request
from engine.template import Template, TemplateProblem

_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(\.\d+)?(Z|[+-]\d\d:?\d\d)?")


_read = lru_cache(maxsize=1024)(Template.parse)


def fill_in(text: str, context: Mapping[str, Any], *, escape: bool = False) -> str:
    """Return a template filled in for a request, secrets and all; with `escape` it is XML."""
    try:
        return _read(text, escape=escape).render(context, reveal=True)
    except TemplateProblem as problem:
        found = Problem("bad-template", f"the template cannot be filled in: {problem.message}")
        raise DocumentError([found]) from None


@dataclass(frozen=True)
class Pass:
    """What one request shows. `number` tells tokens apart: 0 where there is none."""

    headers: Mapping[str, str] = field(repr=False)
    number: int = 0


class Credential:
    """The credential of one API, or of one key of it. `ask` sends the request for a token, returns the decoded answer.

    `names` are what templates see, `config` and what a key brings.
    """

    def __init__(self, auth: Auth, names: Mapping[str, Any], clock: Clock, ask: Callable[[Request], Any]) -> None:
        self._auth: Auth = auth if is_asked_for(auth, names) else NoAuth(kind="none")
        self._names, self._clock, self._ask = names, clock, ask
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._number = 0
        self._renew_at: datetime | None = None

    def current(self) -> Pass:
        """Return the headers to send, asking for a token where there is none or its end is near."""
        if isinstance(self._auth, NoAuth):
            return Pass({})
        if isinstance(self._auth, HeaderAuth):
            return Pass(self._header(self._names))
        with self._lock:
            if self._token is None or (self._renew_at is not None and self._clock.now() >= self._renew_at):
                self._renew(self._auth)
            return Pass(self._header({**self._names, "token": self._token}), self._number)

    def refused(self, shown: Pass) -> bool:
        """Take note that a request was refused; say whether another token may help."""
        if not isinstance(self._auth, TokenAuth):
            return False
        with self._lock:
            if shown.number == self._number:
                self._token = None
        return True

    def _header(self, context: Mapping[str, Any]) -> dict[str, str]:
        assert not isinstance(self._auth, NoAuth)
        return {self._auth.header.name: fill_in(self._auth.header.value, context)}

    def _renew(self, auth: TokenAuth) -> None:
        context, asked = self._names, auth.request
        filled = {
            name: None if body is None else {key: fill_in(text, context) for key, text in body.items()}
            for name, body in (("json", asked.json_), ("form", asked.form))
        }
        if asked.method == "GET":
            filled = {"params": filled["form"] or {}}
        url = fill_in(asked.url, context)
        answer = self._ask(Request("the token request", url, asked.method, **filled))  # type: ignore[arg-type]  # named above
        token = path(auth.token).first(answer)
        if not isinstance(token, str) or not token:
            raise SourceRefused(
                "the token request: the answer holds no token",
                fix="check the secret and the ids in the school's config",
            )
        self._renew_at = self._end(auth, answer)
        self._token, self._number = Secret(token), self._number + 1

    def _end(self, auth: TokenAuth, answer: Any) -> datetime | None:
        """Return when to renew: ahead of the end, but never before half of the token's life is over."""
        now, end = self._clock.now(), None
        if auth.expires_at is not None:
            end = utc_time(path(auth.expires_at).first(answer))
        elif auth.expires_in is not None:
            life = path(auth.expires_in).first(answer)
            if str(life).replace(".", "", 1).isdecimal():
                end = now + timedelta(seconds=min(float(life), 1e8))
        elif auth.expires_at is None:
            return None
        if end is None:
            raise AnswerUnreadable("the token request: the answer does not say when the token ends")
        if end <= now:
            raise SourceRefused("the token request: the token has already ended", fix="check the clock of this machine")
        return end - min(timedelta(seconds=seconds(auth.renew_before)), (end - now) / 2)


def is_asked_for(auth: Auth, names: Mapping[str, Any]) -> bool:
    """Say whether the school gives what an auth is asked for by."""
    if isinstance(auth, NoAuth) or auth.if_given is None:
        return True
    return bool(names.get("secrets", {}).get(auth.if_given) or names.get("config", {}).get(auth.if_given))


def utc_time(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """Read an ISO time with any number of decimals, in `zone` where it does not say; None when it is not one."""
    match = _TIME.fullmatch(value) if value is not MISSING and isinstance(value, str) else None
    if match is None:
        return None
    text = match[1] + (match[2] or "")[:7] + (match[3] or "")
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
