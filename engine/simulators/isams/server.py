"""iSAMS on loopback: the Batch API, its tokens, and the REST API of one made-up school that lives.

Time stands still unless it is moved: by days as everywhere, or by hours (`+2h`), so that caches grow old.
Over HTTP, besides what every simulator has:

    GET, PUT /__control__/clock     2026-03-02T09:30:00, or +90m, +2h, +1d
    GET, PUT /__control__/keys      the keys of the Batch API, as `key` says
    GET /__control__/batch          the reads: key by name, methods, whether it came from the cache
    GET, PUT /__control__/nights    GET /__control__/events
    POST /__control__/expire-cache  POST /__control__/expire-tokens

The fault `error_body` takes a name: deadlock, lock, invalid-key, missing-key, bad-body, throttled, refused.
Not imitated: photos, and all that nobody has seen the elements of. Next: `batch`, `rest`, `edition`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self

from engine.simulators.http import CONTROL, DEFAULT_TODAY, Route
from engine.simulators.isams.batch import Batch
from engine.simulators.isams.edition import Edition, Editions
from engine.simulators.isams.key import AUTHORISATIONS, describe, make_keys
from engine.simulators.isams.option import add_options, read_setting
from engine.simulators.isams.refusal import named
from engine.simulators.isams.rest import Resource, RestRefused, read
from engine.simulators.isams.rest_register import MEMBER, REGISTER, put_record
from engine.simulators.isams.rest_school import AREAS, RESOURCES
from engine.simulators.isams.roll import guid_of
from engine.simulators.isams.setting import Setting
from engine.simulators.isams.token import Client, TokenService
from engine.simulators.life import Life, Rates
from engine.simulators.living import LivingSimulator, Schools, read_life_options
from engine.simulators.message import Answer, Request, html_answer, json_answer, text_answer

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class IsamsSimulator(LivingSimulator):
    """One school behind iSAMS."""

    NAME = "isams"
    ABOUT = "iSAMS: Batch API, its tokens, and the REST API of one made-up school"

    def __init__(
        self,
        *,
        pupils: int = 200,
        mess: int = 0,
        setting: Setting | None = None,
        keys: Any = None,
        cache_hours: float = 24,
        oauth: str = "optional",
        token_life: float = 3600,
        permissions: Iterable[str] | None = None,
        at: time = time(2, 0),
        start: date | None = None,
        rates: Rates | None = None,
        nights: Mapping[date, str] | None = None,
        **common: Any,
    ) -> None:
        self.setting = setting or Setting()
        super().__init__(**common)
        self._common = {"cache_hours": cache_hours, "oauth": oauth}
        self.clock = datetime.combine(self.today, at)
        life = Life(pupils, self.seed, start or min(DEFAULT_TODAY, self.today), mess, rates)
        self.editions = Editions(life, self.setting, nights or {}, lambda: self.clock)
        self.tokens = TokenService(self.seed, token_life)
        keyring = make_keys(self.seed, keys, self.setting.plain_contacts, **self._common)
        self.batch = Batch(self.setting, keyring, self.tokens, self.editions, lambda: self.clock)
        secret = hashlib.sha256(f"{self.seed}:rest".encode()).hexdigest()[:32]
        self.client = Client(guid_of(f"{self.seed}:rest", 0), secret, "rest")
        self.permissions = frozenset(AREAS if permissions is None else permissions)
        if unknown := self.permissions - set(AREAS):
            raise ValueError(f"no area {min(unknown)!r}: one of {', '.join(AREAS)}")
        self._tell_clients()
        self.move_to(self.today)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add_options(parser, AUTHORISATIONS)

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        keys = json.loads(Path(args.keys).read_text(encoding="utf-8")) if args.keys else None
        names = ("cache_hours", "oauth", "token_life", "at")
        own: dict[str, Any] = {name: getattr(args, name) for name in names}
        own["permissions"] = args.permissions.split(",") if args.permissions is not None else None
        return cls(setting=read_setting(args), keys=keys, **own, **read_life_options(args), **common)

    @property
    def config(self) -> dict[str, Any]:
        return {
            "base_url": self.url,
            "token_url": f"{self.url}/auth/connect/token",
            "keys": {key.name: key.guid for key in self.batch.keys},
            "key_secrets": {key.name: key.secret for key in self.batch.keys},
            "client_id": self.client.id,
            "client_secret": self.client.secret,
        }

    @property
    def schools(self) -> Schools:
        return self.editions.schools

    def move_to(self, day: date) -> None:
        super().move_to(day)
        self.clock = datetime.combine(day, self.clock.time())

    def prepare(self) -> None:
        self.editions.today()

    def routes(self) -> list[Route]:
        return [
            ("GET", "/api/batch/1.0/(xml|json)[.]ashx", self._read),
            ("POST", "/api/batch/1.0/(xml|json)[.]ashx", self._read),
            ("POST", "/auth/connect/token", lambda request: self.tokens.give(request)),
            ("POST", "/Main/sso/idp/connect/token", lambda request: self.tokens.give(request)),
            ("POST", "/auth/connect/revocation", lambda request: self.tokens.revoke(request)),
            *(("GET", f"/api/{resource.path}/?", self._resource(resource)) for resource in RESOURCES),
            ("PUT", f"/api/{REGISTER}/students/([^/]+)/?", self._guarded("registration", put_record)),
        ]

    def control_routes(self) -> list[Route]:
        return [
            ("GET", CONTROL + "clock", lambda request: text_answer(self.clock.isoformat())),
            ("PUT", CONTROL + "clock", self._set_clock),
            ("GET", CONTROL + "keys", lambda request: json_answer(describe(self.batch.keys))),
            ("PUT", CONTROL + "keys", self._set_keys),
            ("GET", CONTROL + "batch", lambda request: json_answer([asdict(read) for read in self.batch.reads])),
            *super().control_routes(),
            ("POST", CONTROL + "expire-cache", self._expire_cache),
            ("POST", CONTROL + "expire-tokens", self._expire_tokens),
        ]

    def not_found(self, request: Request) -> Answer:
        if request.path.lower().startswith("/api/") and "/batch/" not in request.path.lower():
            return RestRefused("The requested resource was not found.", 404).answer()
        return html_answer("404 - File or directory not found.", 404)

    def error_answer(self, text: str) -> Answer:
        return named(text).answer(self.setting)

    # Requests

    def _read(self, request: Request, endpoint: str) -> Answer:
        return self.batch.answer(request, endpoint)

    def _resource(self, resource: Resource) -> Any:
        """What reads a resource of the REST API."""
        name = self.setting.register_name if resource.collection == MEMBER else resource.collection
        named_so = replace(resource, collection=name)

        def answer(edition: Edition, request: Request, *groups: str | None) -> Answer:
            return read(named_so, edition, request, groups)

        return self._guarded(resource.area, answer)

    def _guarded(self, area: str, act: Any) -> Any:
        """Look at the token and the permission first; turn a refusal into its message."""

        def answer(request: Request, *groups: str | None) -> Answer:
            try:
                client = self.tokens.find(request)
                if client is None or client.api != "rest":
                    raise RestRefused("Authorization has been denied for this request.", 401)
                if area not in self.permissions:
                    raise RestRefused("The user is not authorised to access this resource.", 403)
                found: Answer = act(self.editions.today(), request, *groups)
                return found
            except RestRefused as refused:
                return refused.answer()

        return answer

    def _tell_clients(self) -> None:
        clients = [Client(key.guid, key.secret, "batch") for key in self.batch.keys if key.active]
        self.tokens.clients = {client.id: client for client in (*clients, self.client)}

    # Control

    def _set_clock(self, request: Request) -> Answer:
        wanted = request.body.decode().strip()
        try:
            if wanted.startswith("+"):
                moment = self.clock + timedelta(**{_UNITS.get(wanted[-1], ""): float(wanted[1:-1])})
            else:
                moment = datetime.fromisoformat(wanted).replace(tzinfo=None)
            self.move_to(moment.date())
        except (ValueError, TypeError, OverflowError) as error:
            return text_answer(f"clock: {error}", 400)
        self.clock = moment
        return text_answer(self.clock.isoformat())

    def _set_keys(self, request: Request) -> Answer:
        try:
            data = json.loads(request.body)
            self.batch.keys = make_keys(self.seed, data, self.setting.plain_contacts, **self._common)
        except (ValueError, TypeError) as error:
            return text_answer(f"keys: {error}", 400)
        self._tell_clients()
        return json_answer(describe(self.batch.keys))

    def _expire_cache(self, request: Request) -> Answer:
        self.batch.cache.clear()
        return text_answer("expired")

    def _expire_tokens(self, request: Request) -> Answer:
        self.tokens.expire_all()
        return text_answer("expired")
