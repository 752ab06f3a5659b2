"""The Batch API: one document with the output of every method of a key, or of those that the body lists.

What is looked at, in this order: the key, what restricts it, the throttle, the cache, the body, the methods, their
filters. Only good answers are kept. Next: `key`, `filters`, `edition`, `rest`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.simulators.isams.asked import Asked
from engine.simulators.isams.attendance import TooMuch
from engine.simulators.isams.cache import Cache
from engine.simulators.isams.edition import Editions, Piece, write_document, write_json_document
from engine.simulators.isams.filters import Filters, canonical, read_filters
from engine.simulators.isams.key import Key, Throttle, read_guid
from engine.simulators.isams.method import METHODS, Method, plain_contacts
from engine.simulators.isams.refusal import (
    INVALID_KEY,
    MISSING_KEY,
    NO_ADDRESS,
    NO_SSL,
    NO_TOKEN,
    THROTTLED,
    XML,
    Refused,
    filters_required,
    fresh,
    not_allocated,
)
from engine.simulators.isams.setting import Setting
from engine.simulators.isams.token import TokenService
from engine.simulators.message import JSON, Answer, Request, html_answer


@dataclass(frozen=True)
class Read:
    """A request as the school's log of requests has it, without the key itself."""

    key: str
    endpoint: str
    methods: tuple[str, ...]
    status: int
    cached: bool
    size: int
    time: str


class Batch:
    """Both endpoints. `keys` may be replaced at any time; `reads` is the log."""

    def __init__(
        self,
        setting: Setting,
        keys: Iterable[Key],
        tokens: TokenService,
        editions: Editions,
        clock: Callable[[], datetime],
    ) -> None:
        self.setting, self.keys = setting, list(keys)
        self.cache, self.reads = Cache(), list[Read]()
        self._tokens, self._editions, self._clock = tokens, editions, clock
        self._throttle, self._lock = Throttle(), threading.Lock()
        self._methods = dict(METHODS)
        if setting.plain_contacts:
            self._methods[setting.plain_contacts.lower()] = plain_contacts(setting.plain_contacts)

    def answer(self, request: Request, endpoint: str) -> Answer:
        """The answer to a request at `xml` or `json`."""
        as_json, now = endpoint.lower() == "json", self._clock()
        key: Key | None = None
        run: list[Method] = []
        cached = False
        try:
            key = self._admit(request, now)
            place = (key.guid, endpoint.lower(), canonical(request.body))
            found = self.cache.find(place, now, key.cache_hours)
            cached = found is not None
            if found is None:
                filters = read_filters(request.body)
                run = self._choose(key, filters)
                found = self._run(key, run, filters, as_json=as_json)
                if found.status == 200:
                    self.cache.keep(place, now, found)
        except Refused as refused:
            found = refused.answer(self.setting, as_json=as_json)
        names = tuple(method.name for method in run)
        read = Read(key.name if key else "", endpoint.lower(), names, found.status, cached, found.length, str(now))
        with self._lock:
            self.reads.append(read)
        return found

    def _admit(self, request: Request, now: datetime) -> Key:
        """The key of a request that may come in."""
        client = self._tokens.find(request)
        text = request.parameter("apiKey")
        guid = client.id if client is not None and text is None else read_guid(text)
        if guid is None:
            raise fresh(MISSING_KEY)
        key = next((key for key in self.keys if key.guid == guid and key.active), None)
        if key is None:
            raise fresh(INVALID_KEY)
        needed = key.oauth == "required" or "authorization" in request.headers
        if needed and (client is None or client.id != key.guid):
            raise fresh(NO_TOKEN)
        if key.ssl:
            raise fresh(NO_SSL)
        if not key.admits(request.address):
            raise fresh(NO_ADDRESS)
        with self._lock:
            if not self._throttle.passes(key, now):
                raise fresh(THROTTLED)
        return key

    def _choose(self, key: Key, filters: Filters) -> list[Method]:
        """The methods to run, in the order of the key, each with the filter that it needs."""
        listed = {name.lower() for name in filters.methods}
        own = {name.lower() for name in key.methods}
        if listed - own:
            wrong = dict.fromkeys(name for name in filters.methods if name.lower() not in own)
            raise not_allocated(wrong)
        run = [self._methods[name.lower()] for name in key.methods if not listed or name.lower() in listed]
        for method in run:
            known = {name.lower() for name in method.attributes}
            if method.required and not known & set(filters.of(method)):
                raise filters_required(method.name)
        return run

    def _run(self, key: Key, run: list[Method], filters: Filters, *, as_json: bool) -> Answer:
        edition = self._editions.today()
        years = None if key.years is None else frozenset(key.years)
        pieces: list[Piece] = []
        try:
            for method in run:
                pieces += edition.pieces(method, Asked(filters.of(method), years), as_json=as_json)
        except TooMuch:
            return html_answer("504 Gateway Time-out", 504)
        if as_json:
            return Answer(200, write_json_document(pieces, self.setting.empty), JSON)
        return Answer(200, write_document(pieces, self.setting.empty), XML)
