"""What a run will cost: requests of each endpoint, and the time that they take at the limits of the source.

What is not known before something is read is told as such, never guessed; what is estimated stands on what was read
last. Asks nothing of anyone. Next: `run/remaining`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.clock import Clock
from engine.errors import DocumentError, EngineError
from engine.kinds.auth import TokenAuth
from engine.kinds.pages import OnePage
from engine.kinds.types import parquet, quote
from engine.run.choosing import Way
from engine.run.parting import levels
from engine.run.plan import Plan
from engine.run.walking import Walking
from engine.spec.asking import keys_of, plain_config, shares
from engine.spec.source import Api
from engine.sql import connect, reworded
from engine.stages.credential import fill_in
from engine.stages.kept import kept_values
from engine.stages.pace import Budget, Pace
from engine.stages.want import Want
from engine.state import Mirror

Basis = Literal["known", "estimated", "at least", "unknown"]


@dataclass(frozen=True)
class Price:
    """The requests of one endpoint; of the records that it is asked for, `left` do not fit into the budget of a run.

    `requests` is 0 where nothing is known: `why` says what must be read before.
    """

    endpoint: str
    api: str
    requests: int
    basis: Basis
    left: int = 0
    why: str = ""


@dataclass(frozen=True)
class Bill:
    """What a run costs in all, in the order in which it asks. `seconds` is None where no limit is known."""

    prices: list[Price]
    tokens: int
    seconds: float | None

    @property
    def requests(self) -> int:
        """All requests, those for tokens too."""
        return sum(price.requests for price in self.prices) + self.tokens

    @property
    def open(self) -> bool:
        """Whether there may be more requests than these."""
        return any(price.basis in ("at least", "unknown") for price in self.prices)


@dataclass(frozen=True)
class Pricing:
    """Prices the endpoints of a plan, on their ways; `home` is the school's folder, `mirrors` are what it has there."""

    plan: Plan
    ways: Mapping[str, Way]
    mirrors: Mapping[str, Mirror]
    home: Path

    def bill(self, wants: Sequence[Want], budget: Budget, clock: Clock) -> Bill:
        """Return what it costs to read what is wanted."""
        prices = [self.price(want) for level in levels(self.plan.source, wants) for want in level]
        asked = Counter[str]()
        for price in prices:
            asked[price.api] += price.requests
        apis = {name: self.plan.source.apis[name] for name, requests in asked.items() if requests}
        tokens = {name: int(isinstance(api.auth, TokenAuth)) for name, api in apis.items()}
        waits = [self._seconds(api, asked[name] + tokens[name], budget, clock) for name, api in apis.items()]
        return Bill(prices, sum(tokens.values()), max((each for each in waits if each is not None), default=None))

    def _seconds(self, api: Api, requests: int, budget: Budget, clock: Clock) -> float | None:
        if not api.rates.limits:
            return None
        names = {"config": plain_config(self.plan.source, self.plan.school)}
        try:
            url = fill_in(api.base_url, names)
            pace = Pace(api.rates.limits, url, names, budget, clock, lambda wait: None)
        except DocumentError:
            return None  # it counts by a secret, or by a key
        return max(0.0, pace.seconds_for(requests))

    def price(self, want: Want) -> Price:
        """Return what an endpoint costs."""
        endpoint, way = self.plan.source.endpoints[want.endpoint], self.ways[want.endpoint]
        price = Price(want.endpoint, endpoint.api, 1, "known")
        if way.mode == "reuse":
            return replace(price, requests=0)
        if way.windows is not None:
            return replace(price, requests=len(way.windows), basis="at least")
        if endpoint.per is not None:
            methods = self.plan.source.apis[endpoint.api].methods
            keys = keys_of(self.plan.school, endpoint.per)
            return replace(price, requests=len(shares(endpoint, want.sets, keys, methods)))
        if endpoint.for_each is not None:
            return self._for_each(want, price)
        pages = self.plan.source.pages_of(endpoint)
        if isinstance(pages, OnePage):
            return price
        rows = [self.mirrors[name].rows for name in want.sets if name in self.mirrors]
        if way.mode == "changes" or not rows:
            return replace(price, basis="at least")
        return replace(price, requests=pages.requests_for(max(rows)), basis="estimated")

    def _for_each(self, want: Want, price: Price) -> Price:
        """Price what is asked for each record: of the set as it was read last."""
        endpoint = self.plan.source.endpoints[want.endpoint]
        word = endpoint.for_each
        assert word is not None
        mirror = self.mirrors.get(word.set)
        if mirror is None or not (self.home / mirror.file).is_file():
            return replace(price, requests=0, basis="unknown", why=f"one for each record of {word.set}")
        try:
            if endpoint.refresh is None:
                asked, left = len(kept_values(self.home / mirror.file, word)[0]), 0
            else:
                asked, left = self._due(want, self.home / mirror.file)
            each = self._pages_each(want)
        except EngineError:
            return replace(price, requests=0, basis="unknown", why=f"what was read of {word.set} cannot be read")
        return replace(price, requests=math.ceil(asked * each), basis="estimated", left=left)

    def _due(self, want: Want, parents: Path) -> tuple[int, int]:
        """Return how many records have their turn tonight, as far as is known, and how many do not fit."""
        way = self.ways[want.endpoint]
        found = Walking(self.plan.source, want, way, self.mirrors, self.home, self.home, parents).due()
        return len(found.asked), found.left

    def _pages_each(self, want: Want) -> float:
        """Return how many requests a record took when it was asked for last, on average."""
        endpoint = self.plan.source.endpoints[want.endpoint]
        pages = self.plan.source.pages_of(endpoint)
        assert endpoint.for_each is not None
        name, kept = next(iter(want.sets)), list(endpoint.for_each.keep)
        mirror = self.mirrors.get(name)
        if isinstance(pages, OnePage) or mirror is None or not set(kept) <= set(mirror.present):
            return 1.0
        file = self.home / mirror.file
        with connect(file.parent) as database, reworded("counting records", EngineError):
            rows = database.execute(
                f"SELECT count(*) FROM {parquet(file)} GROUP BY {', '.join(map(quote, kept))}"
            ).fetchall()
        counts = [pages.requests_for(int(row[0])) for row in rows]
        return sum(counts) / len(counts) if counts else 1.0


def within(bill: Bill, budget: int) -> list[int]:
    """Return how many requests of each price a budget covers, spent in the order in which a run asks."""
    left, found = max(0, budget - bill.tokens), []
    for price in bill.prices:
        found.append(min(price.requests, left))
        left -= found[-1]
    return found
