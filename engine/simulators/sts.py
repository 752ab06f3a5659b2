"""Xporter's token service: who gets a token, what it opens, how long it lives. Next: `xporter`."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MODES = ("ok", "paused", "pending", "revoked", "wrong-secret")
NO_EXPIRY = "0001-01-01T00:00:00"
REFUSED = "Relying Party not found for estab or secret not correct"
PAUSED = (
    "Authorisation is currently paused while the school finalises the selection of people they wish "
    "to include in this feed."
)


@dataclass
class Token:
    """A token that was given out. `estab` is empty for a management token; `reads` counts its use."""

    text: str
    estab: str
    expires: datetime
    ends: float
    reads: int = 0


@dataclass(frozen=True)
class Credentials:
    """What the one school of a simulator is known by."""

    estab: str
    relying_party: str
    secret: str
    management_secret: str


class TokenService:
    """Gives out tokens and checks them. `mode` may be changed while it runs."""

    def __init__(
        self, credentials: Credentials, *, seed: int, mode: str, life: float, reads: int | None = None
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        self.credentials, self.mode = credentials, mode
        self._seed, self._life, self._reads = seed, life, reads
        self._tokens: dict[str, Token] = {}
        self._made = 0
        self._lock = threading.Lock()

    def give(self, body: bytes) -> dict[str, Any]:
        """The answer to a request for a token."""
        try:
            given = {str(key).lower(): value for key, value in json.loads(body).items()}
        except (ValueError, AttributeError):
            return _refusal("The request body is not a JSON object")
        estab = given.get("estab") or ""
        mine = self.credentials
        secret = mine.secret if estab else mine.management_secret
        right = given.get("password") == secret and given.get("relyingparty") == mine.relying_party
        if not right or estab not in ("", mine.estab) or given.get("thirdpartyid") != "XporterOnDemand":
            return _refusal(REFUSED)
        if self.mode != "ok" and (estab or self.mode == "wrong-secret"):
            return _refusal(PAUSED if self.mode == "paused" else REFUSED)
        token = self._make(estab)
        return {"token": token.text, "expires": f"{token.expires:%Y-%m-%dT%H:%M:%S.%f}Z", **no_error()}

    def find(self, authorization: str) -> Token | str:
        """The token of a request, or the reason why it is refused."""
        scheme, _, text = authorization.partition(" ")
        if scheme != "Idaas" or not text:
            return "Authorization has been denied: an Idaas token is required"
        with self._lock:
            token = self._tokens.get(text)
            if token is None:
                return "The token is not valid"
            if time.monotonic() >= token.ends or (self._reads is not None and token.reads >= self._reads):
                return "The token has expired"
            token.reads += 1
            return token

    @property
    def count(self) -> int:
        """How many tokens were given out."""
        return len(self._tokens)

    def set_mode(self, mode: str) -> None:
        """Answer otherwise from now on; a school that is not with us any more has no token left."""
        self.mode = mode
        if mode in ("pending", "revoked"):
            self.expire_all()

    def expire_all(self) -> None:
        """End all tokens that were given out."""
        with self._lock:
            for token in self._tokens.values():
                token.ends = 0

    def _make(self, estab: str) -> Token:
        with self._lock:
            text = ""
            while not ("+" in text and "/" in text):
                self._made += 1
                digest = hashlib.sha512(f"{self._seed}:token:{self._made}".encode()).digest()
                text = base64.b64encode(digest).decode()
            expires = datetime.now(UTC) + timedelta(seconds=self._life)
            token = Token(text, estab, expires, time.monotonic() + self._life)
            self._tokens[text] = token
            return token


def no_error() -> dict[str, None]:
    """The four keys of an answer that is no error."""
    return {"Message": None, "ExceptionType": None, "ExceptionMessage": None, "InnerException": None}


def _refusal(text: str) -> dict[str, Any]:
    return {"token": None, "expires": NO_EXPIRY, **no_error(), "ExceptionMessage": text}
