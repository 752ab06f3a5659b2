"""Xporter on loopback: the token service and the reads of one made-up school.

Errors come with status 200 unless `httpstatuscodes=true`; paging is off unless asked for and silently capped
at 100,011 rows; secondary sets are there and empty unless asked for, and follow the rows of their page.
The school lives: `--today` and the clock say which day it is, `night` which nights are bad.
Seven reads are made by hand, the others from a table (`xod`). Next: `column`, `day`, `changeset`, `life`, `sts`,
`consent`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any, Self

from engine.simulators import bulk, changeset
from engine.simulators.asked import Asked, Page, Refusal, ask
from engine.simulators.calendar import Calendar
from engine.simulators.changeset import ChangeRefused, ChangeSets, Snapshot, deleted_rows
from engine.simulators.column import ALL_SCOPES, ENDPOINTS, allows, parse_select
from engine.simulators.consent import Consents
from engine.simulators.day import Day
from engine.simulators.http import CONTROL, DEFAULT_TODAY, Route
from engine.simulators.life import Life, Rates
from engine.simulators.living import LivingSimulator, add_life_options, read_life_options
from engine.simulators.memo import Row
from engine.simulators.message import Answer, Part, Request, encode, json_answer, text_answer
from engine.simulators.school import School
from engine.simulators.sts import MODES, Credentials, Token, TokenService, no_error
from engine.simulators.table import Table, narrow
from engine.simulators.xod.fact import ReadFact, read_facts
from engine.simulators.xod.serve import Serving, gdpr_ids

_NO_CACHE = {"Cache-Control": "no-cache"}


def _scopes(text: str) -> list[str]:
    """Read names of scopes; one that the service does not know is refused, since it would open nothing."""
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in ALL_SCOPES:
            near = get_close_matches(name, ALL_SCOPES, 1, 0.5)
            fix = f"did you mean {near[0]}?" if near else f"there are {', '.join(ALL_SCOPES)}"
            raise argparse.ArgumentTypeError(f"there is no scope '{name}': {fix}")
    return names


class XporterSimulator(LivingSimulator):
    """One school behind Xporter. `rows` replaces Students by so many synthetic rows, for benchmarks."""

    NAME = "xporter"
    ABOUT = "Xporter on Demand: token service and reads of one made-up school"

    def __init__(
        self,
        *,
        pupils: int = 200,
        mess: int = 0,
        mode: str = "ok",
        scopes: Iterable[str] | None = None,
        token_life: float = 3600,
        token_reads: int | None = None,
        estab: str = "9991234",
        absent_pagination: bool = False,
        rows: int = 0,
        columns: int = 45,
        start: date | None = None,
        rates: Rates | None = None,
        nights: Mapping[date, str] | None = None,
        change_sets: str = "loose",
        **common: Any,
    ) -> None:
        self.consents = Consents(self)
        super().__init__(**common)
        self.pupils, self.mess = pupils, mess
        opened = start or min(DEFAULT_TODAY, self.today)
        self.change_sets = ChangeSets(change_sets)
        self._serving = Serving(self.change_sets)
        self.scopes = frozenset(ALL_SCOPES if scopes is None else scopes)
        self.credentials = Credentials(estab, "haplomap.example.org", "demo-school-secret", "demo-management-secret")
        self.tokens = TokenService(self.credentials, seed=self.seed, mode=mode, life=token_life, reads=token_reads)
        self.absent_pagination = absent_pagination
        self._bulk = bulk.bulk_table(rows, columns, self.seed) if rows else None
        self._bulk_columns = bulk.bulk_columns(columns) if rows else []
        self.calendar = Calendar(Life(pupils, self.seed, opened, mess, rates), estab, nights or {})
        self.move_to(self.today)

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add_life_options(parser)
        add = parser.add_argument
        add("--mode", choices=MODES, default="ok", help="how the token service answers (ok)")
        add("--scopes", metavar="CSV", type=_scopes, help="the scopes that a token grants (default: all)")
        add("--token-life", type=float, default=3600, metavar="SECONDS", help="how long a token lives (3600)")
        add("--token-reads", type=int, metavar="N", help="a token ends after so many reads")
        add("--estab", default="9991234", help="number of the school (9991234)")
        add("--absent-pagination", action="store_true", help="no __pagination__ where all fits on one page")
        add(
            "--rows",
            type=int,
            default=0,
            metavar="N",
            help="so many synthetic rows of Students, for benchmarks",
        )
        add("--columns", type=int, default=45, metavar="N", help="columns of the synthetic rows (45)")
        add(
            "--change-sets",
            choices=changeset.MODES,
            default="loose",
            help="what becomes of a changedRows token that comes with other options or parameters: loose compares, "
            "strict refuses; off: there are no change sets (loose)",
        )

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        names = ("mode", "token_life", "token_reads", "estab", "absent_pagination", "rows")
        own = {name: getattr(args, name) for name in (*names, "columns")}
        return cls(scopes=args.scopes, change_sets=args.change_sets, **own, **read_life_options(args), **common)

    @property
    def config(self) -> dict[str, Any]:
        mine = self.credentials
        return {
            "base_url": self.url,
            "sts_url": f"{self.url}/idaas/sts/STS/GetToken",
            "estab": mine.estab,
            "relying_party": mine.relying_party,
            "secret": mine.secret,
            "management_secret": mine.management_secret,
        }

    @property
    def school(self) -> School:
        """The school of today, whatever the night makes of it."""
        return self.calendar.life.at(self.today)

    def rows(self, name: str) -> list[Row]:
        """All rows of a set today, whatever options they need."""
        return self.calendar.day(self.today).rows(name)

    @property
    def schools(self) -> Calendar:
        return self.calendar

    def prepare(self) -> None:
        day = self.calendar.day(self.today)
        for endpoint in ENDPOINTS.values():
            day.view(ask(Request("GET", "/"), endpoint, "", self.scopes))
            for name in endpoint.set_options:
                day.members(endpoint, name)

    def routes(self) -> list[Route]:
        return [
            ("POST", "/idaas/sts/STS/GetToken", self._give_token),
            ("POST", "/api/oauth/GetToken", self._give_token),
            ("GET", "/api/v1/TokenDetails/?", self._guarded(self._token_details)),
            ("GET", "/api/v1/Scopes/?", self._guarded(self._scope_list)),
            *self.consents.routes(self._guarded),
            ("GET", "/api/v1/(Queries|Usage|Logs|GDPRIDs)/?", self._guarded(self._about_token)),
            ("GET", "/api/v1/School/([^/]*)/([^/]*)(?:/([^/]*))?/?", self._guarded(self._read)),
            ("GET", "/api/.*", self._guarded(self._unknown)),
        ]

    def control_routes(self) -> list[Route]:
        return [
            ("POST", CONTROL + "expire-tokens", self._expire_tokens),
            ("PUT", CONTROL + "mode", self._set_mode),
            ("GET", CONTROL + "messy", lambda request: json_answer(self.school.messy)),
            *super().control_routes(),
            ("POST", CONTROL + "expire-change-sets", self._expire_change_sets),
            *self.consents.control_routes(),
        ]

    def error_answer(self, text: str, status: int = 200) -> Answer:
        return json_answer({**no_error(), "ExceptionMessage": text}, status, _NO_CACHE)

    def _guarded(self, read: Any) -> Any:
        """Look at the token first; turn a refusal into the error object."""

        def answer(request: Request, *groups: str | None) -> Answer:
            try:
                token = self.tokens.find(request.headers.get("authorization", ""))
                if isinstance(token, str):
                    raise Refusal(token, 401)
                found: Answer = read(request, token, *(group or "" for group in groups))
                return found
            except Refusal as refusal:
                real = (request.parameter("httpstatuscodes") or "").lower() in ("true", "1")
                return self.error_answer(refusal.text, refusal.status if real else 200)

        return answer

    def _give_token(self, request: Request) -> Answer:
        return json_answer(self.tokens.give(request.body), headers=_NO_CACHE)

    def _expire_tokens(self, request: Request) -> Answer:
        self.tokens.expire_all()
        return text_answer("expired")

    def _set_mode(self, request: Request) -> Answer:
        mode = request.body.decode().strip()
        if mode not in MODES:
            return text_answer(f"mode is one of {', '.join(MODES)}", 400)
        self.tokens.set_mode(mode)
        return text_answer(mode)

    def _expire_change_sets(self, request: Request) -> Answer:
        self.change_sets.expire_all()
        return text_answer("expired")

    def _token_details(self, request: Request, token: Token) -> Answer:
        details = {
            "Estab": token.estab,
            "Expires": f"{token.expires:%Y-%m-%dT%H:%M:%S.%f}7Z",
            "Name": "Haplomap (demo)",
            "RelyingParty": self.credentials.relying_party,
            "Scopes": sorted(self.scopes) if token.estab else [],
        }
        return json_answer({**details, **no_error()}, headers=_NO_CACHE)

    def _scope_list(self, request: Request, token: Token) -> Answer:
        scopes = [{"Name": name, "Category": "Demo", "Description": name} for name in ALL_SCOPES]
        return json_answer({"Scopes": scopes, **no_error()}, headers=_NO_CACHE)

    def _about_token(self, request: Request, token: Token, what: str) -> Answer:
        """What the service tells of a token beside its scopes; only the names of the lists are documented."""
        names = [each.name for each in read_facts().values()]
        told: dict[str, dict[str, Any]] = {
            "Queries": {"Endpoints": [{"Name": name} for name in names], "Queries": [{"Name": "edubase.search"}]},
            "Usage": {"Usage": [{"Estab": token.estab, "Calls": token.reads}]},
            "Logs": {"Logs": [{"Method": each.method, "Path": each.path} for each in self.requests[-10:]]},
            "GDPRIDs": {"GDPR": gdpr_ids(self.calendar.day(self.today).others)},
        }
        return json_answer({**told[what], **no_error()}, headers=_NO_CACHE)

    def _unknown(self, request: Request, token: Token) -> Answer:
        raise Refusal("Endpoint not found", 404)

    # Reads

    def _read(self, request: Request, token: Token, estab: str, name: str, wanted_id: str) -> Answer:
        if token.estab != estab:
            raise Refusal(f"The token does not grant access to estab {estab}", 403)
        if name.lower() == "testerror":
            raise Refusal("This is a test error")
        endpoint = ENDPOINTS.get(name.lower())
        if endpoint is None and name.lower() in read_facts():
            return self._read_from_table(request, read_facts()[name.lower()], wanted_id)
        if endpoint is None:
            raise Refusal(f"Endpoint not found: {name}", 404)
        if not allows(endpoint.scope, self.scopes):
            raise Refusal(f"The token does not have the scope for {endpoint.name}", 403)
        if (early := self.consents.early(request)) is not None:
            return early
        wanted_id = wanted_id or request.parameter("id") or ""
        whole = self._bulk is not None and endpoint.name == "Students" and not wanted_id
        changed = request.parameter("changedRows")
        if changed is not None and (whole or self.change_sets.mode == "off"):
            raise Refusal("changedRows is not available for this school")
        asked, day = ask(request, endpoint, wanted_id, self.scopes), self.calendar.day(self.today)
        if self._bulk is not None and whole:
            return self._answer(Page(request, len(self._bulk)), asked, day, self._bulk)
        if changed is None:
            table = day.view(asked)
            return self._answer(Page(request, len(table)), asked, day, table)
        return self._answer_changes(request, asked, day, changed)

    def _read_from_table(self, request: Request, read: ReadFact, wanted_id: str) -> Answer:
        """A page of a read that is not made by hand."""
        if not allows(read.scope, self.scopes):
            raise Refusal(f"The token does not have the scope for {read.name}", 403)
        changed, day = request.parameter("changedRows"), self.calendar.day(self.today)
        if changed is not None and self.change_sets.mode == "off":
            raise Refusal("changedRows is not available for this school")
        try:
            told = self._serving.tell(request, read, wanted_id, self.scopes, day.others)
        except ChangeRefused as refused:
            raise Refusal(str(refused)) from None
        following = None if told.changed is None else self._changed_rows(day, told.changed[1], told.changed[0])
        return self._envelope(told.page, day, told.sets, following)

    def _answer(self, page: Page, asked: Asked, day: Day, table: Table) -> Answer:
        """A page of rows, with those of secondary sets that belong to them."""
        rows: Part = table.cut(page.first, page.last)
        if table is self._bulk and (select := page.request.parameter("select")):
            rows = narrow(memoryview(rows), parse_select(select, self._bulk_columns))
        keys = list(table.keys[page.first : page.last])
        sets = [(asked.endpoint.sets[0], rows)]
        for name in asked.endpoint.sets[1:]:
            sets.append((name, b",".join(text for *_, text in day.secondary(asked, name, keys))))
        read = read_facts()[asked.endpoint.name.lower()]
        sets += self._serving.beside(page.request, read, asked.endpoint.sets, page.number, self.scopes, day.others)
        return self._envelope(page, day, sets)

    def _answer_changes(self, request: Request, asked: Asked, day: Day, token: str) -> Answer:
        """A page of what is new since a token, or of everything for `*`; with the next token."""
        now, names = day.snapshot(asked), asked.endpoint.sets
        if token == "*":  # noqa: S105 (no secret)
            table = day.view(asked)
            page = Page(request, len(table))
            keys = list(table.keys[page.first : page.last])
            others = {name: b",".join(text for *_, text in day.secondary(asked, name, keys)) for name in names[1:]}
            gone: dict[str, bytes] = {}
        else:
            try:
                then = self.change_sets.find(token, now)
            except ChangeRefused as refused:
                raise Refusal(str(refused)) from None
            table, others = day.changes(asked, then)
            page = Page(request, len(table))
            gone = {name: encode(deleted_rows(then.sets[name], now.sets[name]))[1:-1] for name in names}
            if page.number > 1:
                others, gone = {}, {}
        sets: list[tuple[str, Part]] = [(names[0], table.cut(page.first, page.last))]
        sets += [(name, others.get(name, b"")) for name in names[1:]]
        sets += [(f"{name}_deleted", gone.get(name, b"")) for name in names]
        return self._envelope(page, day, sets, self._changed_rows(day, now, token))

    def _changed_rows(self, day: Day, now: Snapshot, requested: str) -> dict[str, Any]:
        previous = self.change_sets.keep(now, requested)
        return {
            "SnapshotDate": day.moment,
            "SnapshotRP": self.credentials.relying_party,
            "PreviousChangedRows": previous,
            "RequestedChangedRows": requested,
            "NextChangedRows": now.token,
            "NextUrl": f"?changedRows={now.token}",
        }

    def _envelope(
        self, page: Page, day: Day, sets: list[tuple[str, Part]], changed_rows: dict[str, Any] | None = None
    ) -> Answer:
        """The answer: the sets, how old they are, which page it is, and where the change set goes on."""
        parts: list[Part] = [b"{"]
        for name, rows in sets:
            parts += [b'"%s":[' % name.encode(), rows, b"],"]
        meta = {"Id": 1, "MIS": "simsnet", "Version": "4", "DateTime": day.moment}
        parts.append(b'"meta":' + encode([meta]))
        if page.count > 1 or not self.absent_pagination:
            parts.append(b',"__pagination__":' + encode([page.pagination]))
        if changed_rows is not None:
            parts.append(b',"__changedRows__":' + encode([changed_rows]))
        return Answer(200, (*parts, b"}"), headers=_NO_CACHE)


SIMULATOR = XporterSimulator
