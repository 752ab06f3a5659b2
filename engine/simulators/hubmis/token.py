"""Tokens of clients, asked for by form or by JSON; what an answer claims of their life, and how long they live.

A token serves every realm that its client is let into. Next: `server`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from urllib.parse import parse_qsl

from engine.simulators.hubmis.limit import Now
from engine.simulators.message import Answer, Request, json_answer


@dataclass(frozen=True)
class Client:
    """Who may ask for tokens."""

    id: str
    secret: str


class Tokens:
    """Gives out tokens, and tells whose they are."""

    def __init__(self, seed: int, clients: int, says: float, lives: float, now: Now) -> None:
        self.clients = [_client(seed, number) for number in range(clients)]
        self.count = 0
        self._seed, self._says, self._lives, self._now = seed, says, lives, now
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def give(self, request: Request) -> Answer:
        """The answer to a request for a token."""
        given = read_body(request)
        if "grant_type" not in given:
            return _error("invalid_request", 400)
        if given["grant_type"] != "client_credentials":
            return _error("unsupported_grant_type", 400)
        client = Client(given.get("client_id", ""), given.get("client_secret", ""))
        if client not in self.clients:
            return _error("invalid_client", 401)
        with self._lock:
            self.count += 1
            text = hashlib.sha256(f"{self._seed}:hubmis:{self.count}".encode()).hexdigest()
            self._tokens[text] = (client.id, self._now() + self._lives)
        answer = {"token_type": "Bearer", "expires_in": int(self._says), "access_token": text}
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    def whose(self, request: Request) -> tuple[str | None, bool]:
        """The client whose token a request bears, None if nobody's, and whether the token still lives."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            client, ends = self._tokens.get(text, (None, 0.0)) if scheme.lower() == "bearer" else (None, 0.0)
            return client, client is not None and self._now() < ends

    def expire_all(self) -> None:
        """End all tokens that were given out; whose they were is still known."""
        with self._lock:
            self._tokens = {text: (client, 0.0) for text, (client, _) in self._tokens.items()}


def read_body(request: Request) -> dict[str, str]:
    """The fields of a request for a token, in either of the two forms."""
    if request.media_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = json.loads(request.body) if request.media_type == "application/json" else {}
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _client(seed: int, number: int) -> Client:
    made = hashlib.sha256(f"{seed}:hubmis-client:{number}".encode()).hexdigest()
    return Client(made[:20], made[20:])


def _error(code: str, status: int) -> Answer:
    return json_answer({"error": code}, status, {"Cache-Control": "no-store"})
