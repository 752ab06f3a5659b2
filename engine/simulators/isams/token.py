"""Tokens of both APIs: client credentials, in the form or as Basic. Next: `batch`, `rest`.

A Batch key is a client of its own; the client of the REST API has permissions by area.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from engine.simulators.message import Answer, Request, json_answer

SCOPES = {"apiv1": "batch", "restapi": "rest", "api": "rest"}


@dataclass(frozen=True)
class Client:
    """Who may ask for tokens; `api` is batch or rest."""

    id: str
    secret: str
    api: str


@dataclass
class Token:
    """A token that was given out."""

    client: Client
    ends: float


class TokenService:
    """Gives out tokens, takes them back, and tells whose they are."""

    def __init__(self, seed: int, life: float) -> None:
        self.clients: Mapping[str, Client] = {}
        self._seed, self._life = seed, life
        self._tokens: dict[str, Token] = {}
        self._made = 0
        self._lock = threading.Lock()

    def give(self, request: Request) -> Answer:
        """The answer to a request for a token."""
        form = _form(request)
        name, secret = _credentials(request, form)
        if "grant_type" not in form:
            return _error("invalid_request")
        if form["grant_type"] != "client_credentials":
            return _error("unsupported_grant_type")
        client = self.clients.get(name.lower())
        if client is None or client.secret != secret:
            return _error("invalid_client", 401)
        scopes = form.get("scope", "").split()
        if any(SCOPES.get(scope) != client.api for scope in scopes):
            return _error("invalid_scope")
        answer = {"access_token": self._make(client), "expires_in": int(self._life), "token_type": "Bearer"}
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    def revoke(self, request: Request) -> Answer:
        """Take a token back; a token that is not known is as good as taken back."""
        form = _form(request)
        name, secret = _credentials(request, form)
        client = self.clients.get(name.lower())
        if client is None or client.secret != secret:
            return _error("invalid_client", 401)
        with self._lock:
            self._tokens.pop(form.get("token", ""), None)
        return Answer(200)

    def find(self, request: Request) -> Client | None:
        """Whose token a request bears; None when it is none that is still good."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            token = self._tokens.get(text) if scheme.lower() == "bearer" else None
            return token.client if token is not None and time.monotonic() < token.ends else None

    @property
    def count(self) -> int:
        """How many tokens were given out."""
        return self._made

    def expire_all(self) -> None:
        """End all tokens that were given out."""
        with self._lock:
            self._tokens.clear()

    def _make(self, client: Client) -> str:
        with self._lock:
            self._made += 1
            text = hashlib.sha256(f"{self._seed}:token:{self._made}".encode()).hexdigest()
            self._tokens[text] = Token(client, time.monotonic() + self._life)
            return text


def _form(request: Request) -> dict[str, str]:
    if request.media_type != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _credentials(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _error(code: str, status: int = 400) -> Answer:
    return json_answer({"error": code}, status, {"Cache-Control": "no-store"})
