"""Haplo's API keys: where they are looked for, what they open, how a request without a good one is refused.

Next: `form`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from engine.simulators.batch import make_identifier
from engine.simulators.message import Answer, Request, html_answer, json_answer, text_answer

MODES = ("ok", "blocked", "throttled", "not-permitted")
FAILURES, FORGOTTEN_AFTER = 50, 300
_THROTTLED = (
    "Too many failed API authentication attempts, API usage suspended. Pause requests to wait until restriction lifted."
)
_REFUSALS = {
    "invalid": ("INVALID-API-KEY", "Invalid API Key"),
    "blocked": ("UNAUTHORISED", "Not authorised"),
    "throttled": ("THROTTLE", _THROTTLED),
}
NOT_PERMITTED = html_answer("You are not permitted to perform this action.")

Form = dict[str, str]


@dataclass(frozen=True)
class Key:
    """A key, and whether its user is blocked or lacks the permission.

    `path` is a prefix of the paths that it opens, query included; with `=` in front it is the only one.
    """

    text: str
    path: str
    blocked: bool = False
    permitted: bool = True

    def opens(self, request: Request) -> bool:
        """Whether the key is for what the request asks."""
        target = request.path + ("?" + urlencode(request.query) if request.query else "")
        return target == self.path[1:] if self.path.startswith("=") else target.startswith(self.path)


@dataclass
class Throttle:
    """Failures by address. They count until so many seconds after the last; `clock` gives seconds."""

    clock: Callable[[], float]
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def count(self, address: str) -> int:
        """The failures that still count."""
        number, last = self._failures.get(address, (0, 0.0))
        return number if self.clock() - last < FORGOTTEN_AFTER else 0

    def fail(self, address: str) -> None:
        """Count one more."""
        self._failures[address] = (self.count(address) + 1, self.clock())


class Gate:
    """All keys of an application. `mode` is what happens to right keys."""

    def __init__(self, seed: int, mode: str, clock: Callable[[], float]) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        self.mode = mode
        self._seed = seed
        self._throttle = Throttle(clock)
        self._keys: dict[str, Key] = {}

    def make(self, path: str, *, blocked: bool = False, permitted: bool = True) -> str:
        """Make a key for a path, or change the user of the one that is there."""
        text = make_identifier(f"{self._seed}:key:{path}")
        self._keys[text] = Key(text, path, blocked, permitted)
        return text

    def refusal(self, request: Request, form: Form, not_permitted: Answer = NOT_PERMITTED) -> Answer | None:
        """The refusal of a request without a good key, or None; `_ak` is taken out of the form."""
        text = find_key(request, form)
        multipart = request.media_type == "multipart/form-data"
        if text is None and multipart:
            return text_answer("Unauthorised", 403)
        if text is None:
            return html_answer("Request denied for security reasons", 403)
        reason = self._judge(request, text)
        if reason == "not-permitted":
            return not_permitted
        if reason is None:
            return None
        if not (multipart or request.method == "GET"):
            return html_answer("Request denied for security reasons", 403)
        kind, message = _REFUSALS[reason]
        return json_answer({"success": False, "kind": kind, "error": {"message": message}}, 403)

    def _judge(self, request: Request, text: str) -> str | None:
        """What is wrong with a key, or None."""
        if self.mode == "throttled" or self._throttle.count(request.address) >= FAILURES:
            return "throttled"
        key = self._keys.get(text)
        if key is None or not key.opens(request):
            self._throttle.fail(request.address)
            return "invalid"
        if key.blocked or self.mode == "blocked":
            return "blocked"
        return None if key.permitted and self.mode == "ok" else "not-permitted"


def find_key(request: Request, form: Form) -> str | None:
    """The key of a request, from the first of the three places that is used; None for none."""
    in_form = form.pop("_ak", None)
    authorization = request.headers.get("authorization")
    if authorization is None:
        return request.headers.get("x-oneis-key", in_form)
    scheme, _, encoded = authorization.partition(" ")
    try:
        user, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return key if scheme == "Basic" and user == "haplo" else None
