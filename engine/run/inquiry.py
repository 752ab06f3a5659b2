"""Asks a source what it says of itself, without data: what it has granted, how the school stands, how its data are.

What comes is names of scopes and words about data, no records; no secret is shown. Next: `run/consent`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Self

from engine.clock import Clock
from engine.errors import AnswerUnreadable, EngineError, SourceClosed, SourcePaused, SourcePending, SourceRevoked
from engine.kinds.scope import Consent
from engine.kinds.select import path
from engine.kinds.standing import Standing, StandingList, Status
from engine.run.plan import Plan, Request
from engine.secret import Config
from engine.spec.source import Source
from engine.stages.clients import Clients
from engine.stages.credential import fill_in, is_asked_for
from engine.stages.events import Tell
from engine.stages.pace import Budget
from engine.stages.question import Question, plain

_CLOSED = {"paused": SourcePaused, "pending": SourcePending, "revoked": SourceRevoked}
AUTHORISED = "authorised"
UNKNOWN = "not known"


@dataclass(frozen=True)
class Told:
    """One thing that a source says of its data. `about` is an endpoint, or '' where it is said of all of them."""

    name: str
    about: str
    facts: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    """Why nothing is known of it."""


class Inquiry:
    """Asks the apis of a source. Close it, or use it as a context manager."""

    def __init__(
        self, source: Source, config: Config, today: date, clock: Clock, tell: Tell, budget: Budget | None = None
    ) -> None:
        self._source, self._config, self._today = source, config, today
        self._clients = Clients(source, config, clock, tell, budget)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._clients.__exit__(kind, error, at)

    def granted(self, apis: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the scopes that these apis grant, in their spelling; an api that does not tell is left out."""
        found = {}
        for name in dict.fromkeys(apis):
            word = self._source.apis[name].consent
            if word is not None:
                found[name] = self._scopes(name, word)
        return found

    def _scopes(self, api: str, word: Consent) -> tuple[str, ...]:
        asked = self._question("what is granted", word.get, word.params)
        values = path(word.scopes).all(self._clients.of(api).look(asked, [word.scopes]))
        listed = [each for value in values for each in (value if isinstance(value, list) else [value])]
        if (not listed and not values) or not all(isinstance(each, str) for each in listed):
            raise AnswerUnreadable(
                "what is granted: the answer names no scopes",
                why=f"the source document says that they stand at {word.scopes}",
            )
        names = [name.strip() for each in listed for name in each.split(word.split)]
        return tuple(dict.fromkeys(name for name in names if name))

    def standing(self) -> str:
        """Return how the school stands, by the first api that can be asked for it; stop where it is closed to us."""
        for name, api in self._source.apis.items():
            if api.standing is None or not is_asked_for(api.auth, self._names()):
                continue
            found = self._listed(name, api.standing)
            if found is None:
                return UNKNOWN
            if found.means != AUTHORISED:
                raise _closed(found)
            return AUTHORISED
        return ""

    def _listed(self, api: str, word: Standing) -> StandingList | None:
        asked = self._question("how the school stands", word.get, word.params)
        answer = self._clients.of(api).look(asked, [each.at for each in word.lists])
        ours = fill_in(word.school, self._names()).strip()
        for each in word.lists:
            if any(str(value).strip() == ours for value in path(each.at).all(answer)):
                return each
        return None

    def _names(self) -> dict[str, Any]:
        return {"config": plain(self._config), "today": self._today}

    def status(self, requests: Sequence[Request]) -> Iterator[Told]:
        """Yield what the apis of these requests say of their data; what can't be asked is told, and no failure."""
        for name in dict.fromkeys(self._api_of(request) for request in requests):
            for said, word in self._source.apis[name].status.items():
                if word.get is not None:
                    yield self._told(name, said, "", word, self._question(said, word.get, word.params))
                    continue
                for request in requests:
                    if self._api_of(request) == name and not request.for_each and request.method == "GET":
                        own = {**self._source.endpoints[request.endpoint].params, **word.params}
                        asked = self._question(f"{said} of {request.endpoint}", request.path, own)
                        yield self._told(name, said, request.endpoint, word, asked)

    def _told(self, api: str, name: str, about: str, word: Status, asked: Question) -> Told:
        try:
            answer = self._clients.of(api).look(asked, [word.records])
        except SourceClosed:
            raise
        except EngineError as error:
            return Told(name, about, failed=error.what.removeprefix(f"{asked.name}: "))
        records = path(word.records).first(answer)
        rows = [each for each in records if isinstance(each, dict)] if isinstance(records, list) else []
        if not rows:
            return Told(name, about, failed="the answer says nothing of it")
        facts = {shown: _joined(rows, paths) for shown, paths in word.facts.items()}
        return Told(name, about, {shown: text for shown, text in facts.items() if text})

    def _question(self, name: str, at: str, params: Mapping[str, str]) -> Question:
        return Question(name, at, params=params, names={"today": self._today})

    def _api_of(self, request: Request) -> str:
        return self._source.endpoints[request.endpoint].api


def apis_of(plan: Plan) -> list[str]:
    """Return the apis that a plan asks."""
    return list(dict.fromkeys(plan.source.endpoints[request.endpoint].api for request in plan.requests))


def _joined(rows: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> str:
    """Return what stands in the rows at the first of these paths that has something, each text once."""
    for text in paths:
        found = [path(text).first(row) for row in rows]
        shown = [str(each)[:60] for each in found if isinstance(each, str | int | float)]
        if shown:
            return ", ".join(dict.fromkeys(shown))
    return ""


def _closed(found: StandingList) -> SourceClosed:
    words = {
        "paused": "the school has paused its feed",
        "pending": "the school has not agreed yet",
        "revoked": "the school has taken its consent back",
    }
    return _CLOSED[found.means](found.say or words[found.means], fix=found.fix)
