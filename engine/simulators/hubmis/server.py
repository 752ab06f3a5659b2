"""HUBmis on loopback: 131 reads and the call for a token, of one made-up school for each realm.

Time may run faster (`since`, `speed`): then limits, tokens and headers go by it, and so must whoever keeps to them; the
day of the data stays that of `--today`. Over HTTP, besides what every simulator has:

    GET /__control__/limits         requests so far: total, refused, by_path, first and last and present time
    GET, PUT /__control__/nights    GET /__control__/events (of the first realm)
    POST /__control__/expire-tokens

In Python: `limits.counts`, `tokens`, `service`. Next: `service`, `limit`, `token`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Self

from engine.simulators.http import CONTROL, DEFAULT_TODAY, Route
from engine.simulators.hubmis.asked import Refused, not_found
from engine.simulators.hubmis.limit import FORMS, Limits, Now, Turn, faster
from engine.simulators.hubmis.service import SCOPES, Service
from engine.simulators.hubmis.token import Tokens, read_body
from engine.simulators.life import Life, Rates
from engine.simulators.living import LivingSimulator, Schools, add_life_options, read_life_options
from engine.simulators.message import Answer, Request, json_answer, text_answer

_SEEDS_APART = 7_919


class HubmisSimulator(LivingSimulator):
    """Schools behind HUBmis, one for each realm, all open to the same clients."""

    NAME = "hubmis"
    ABOUT = "WCBS HUBmis: reads of made-up schools, tokens, and the limits of the real one"

    def __init__(
        self,
        *,
        pupils: int = 200,
        mess: int = 0,
        start: date | None = None,
        rates: Rates | None = None,
        nights: Mapping[date, str] | None = None,
        realms: Sequence[str] = ("S999",),
        clients: int = 1,
        scopes: Iterable[str] | None = None,
        gone: float = 0,
        largest_page: int = 100,
        token_says: float = 900,
        token_lives: float = 900,
        burst: int = 500,
        refill: float = 5,
        per_address: int | None = None,
        count_tokens: bool = False,
        retry_after: str = "unix",
        since: float | None = None,
        speed: float = 1,
        now: Now | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        if retry_after not in FORMS:
            raise ValueError(f"retry-after is one of {', '.join(FORMS)}")
        if not realms or clients < 1 or largest_page < 1:
            raise ValueError("there must be a realm, a client, and a record on a page")
        self.now = now or faster(time.time() if since is None else since, speed, time.time)
        self.limits = Limits(self.now, burst, refill, per_address)
        self.tokens = Tokens(self.seed, clients, token_says, token_lives, self.now)
        opened = start or min(DEFAULT_TODAY, self.today)
        schools = {
            realm: Schools(Life(pupils, self.seed + number * _SEEDS_APART, opened, mess, rates), nights or {})
            for number, realm in enumerate(realms)
        }
        self.service = Service(schools, scopes, gone, largest_page)
        self._realm, self._count_tokens, self._form = realms[0], count_tokens, retry_after
        self.move_to(self.today)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add_life_options(parser)
        add = parser.add_argument
        add("--realms", default="S999", metavar="ID,...", help="the realms, each a school of its own (S999)")
        add("--clients", type=int, default=1, metavar="N", help="so many clients, each with limits of its own (1)")
        add("--scopes", metavar="CSV", help=f"what the clients may read: {', '.join(SCOPES)} (all)")
        add("--gone", default="0%", metavar="SHARE", help="of those listed, who are gone when asked for: 404 (0%%)")
        add("--largest-page", type=int, default=100, metavar="N", help="more records are not given at once (100)")
        add("--token-says", type=float, default=900, metavar="SECONDS", help="how long tokens claim to live (900)")
        add("--token-lives", type=float, metavar="SECONDS", help="how long they live (as long as they claim)")
        _add_limit_options(parser)

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        names = ("clients", "largest_page", "token_says", "burst", "per_address", "count_tokens", "retry_after")
        own: dict[str, Any] = {name: getattr(args, name) for name in (*names, "since", "speed")}
        own["token_lives"] = args.token_says if args.token_lives is None else args.token_lives
        own["refill"], own["gone"] = args.refill_seconds, Rates.parse(args.gone).changes
        own["realms"] = [each for each in args.realms.split(",") if each]
        own["scopes"] = args.scopes.split(",") if args.scopes is not None else None
        return cls(**own, **read_life_options(args), **common)

    @property
    def config(self) -> dict[str, Any]:
        client, realms = self.tokens.clients[0], list(self.service.realms)
        return {
            "base_url": self.url,
            "client_id": client.id,
            "client_secret": client.secret,
            "realm": realms[0],
            "academic_year": str(self.service.roll(realms[0], self.today).year_id),
            "realms": realms,
        }

    @property
    def schools(self) -> Schools:
        """The schools of the first realm, day by day."""
        return self.service.realms[self._realm]

    def prepare(self) -> None:
        for realm in self.service.realms:
            self.service.roll(realm, self.today)

    def routes(self) -> list[Route]:
        return [("POST", "/api/v1/token", self._give_token), ("GET", "/api/(v[0-9]+/.*[^/])/?", self._read)]

    def control_routes(self) -> list[Route]:
        return [
            ("GET", CONTROL + "limits", lambda request: json_answer(self.limits.counted())),
            *super().control_routes(),
            ("POST", CONTROL + "expire-tokens", self._expire_tokens),
        ]

    def not_found(self, request: Request) -> Answer:
        return not_found().answer()

    def error_answer(self, text: str) -> Answer:
        return json_answer({"message": text}, 500)

    # Requests

    def _give_token(self, request: Request) -> Answer:
        asking = read_body(request).get("client_id", "")
        known = asking in [client.id for client in self.tokens.clients]
        turn = self.limits.take(asking if known else None, request.address, request.path, spend=self._count_tokens)
        return self._within(turn, self.tokens.give(request) if turn.allowed else None)

    def _read(self, request: Request, path: str) -> Answer:
        client, lives = self.tokens.whose(request)
        turn = self.limits.take(client, request.address, request.path)
        if not turn.allowed:
            return self._within(turn, None)
        if not lives:
            return self._within(turn, json_answer({"message": "Unauthenticated."}, 401))
        try:
            return self._within(turn, self.service.answer(request, path, self.today))
        except Refused as refused:
            return self._within(turn, refused.answer())

    def _within(self, turn: Turn, answer: Answer | None) -> Answer:
        """An answer with the headers of the limit; None is refused because there were too many before it."""
        answer = answer or json_answer({"message": "Too Many Attempts."}, 429)
        return replace(answer, headers={**answer.headers, **turn.headers(self._form)})

    # Control

    def _expire_tokens(self, request: Request) -> Answer:
        self.tokens.expire_all()
        return text_answer("expired")


def _add_limit_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--burst", type=int, default=500, metavar="N", help="requests that a client has when it begins (500)")
    add("--refill-seconds", type=float, default=5, metavar="N", help="after so long it has one more (5)")
    add("--per-address", type=int, metavar="N", help="no more from one address in any minute (no such limit)")
    add("--count-tokens", action="store_true", help="calls for a token count too")
    add(
        "--retry-after",
        choices=FORMS,
        default="unix",
        help="how a 429 says when to come again: X-RateLimit-Retry-After in Unix time, Retry-After in seconds or as "
        "a date, or not at all (unix)",
    )
    add("--since", type=float, metavar="UNIX", help="when time began to run at its own speed (now)")
    add("--speed", type=float, default=1, metavar="N", help="time runs so many times as fast (1)")
