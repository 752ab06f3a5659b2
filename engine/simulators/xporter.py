"""Xporter on loopback: the token service and the reads of one made-up school.

Errors come with status 200 unless `httpstatuscodes=true`; paging is off unless asked for and silently capped
at 100,011 rows; secondary sets are there and empty unless asked for, and follow the rows of their page.
Not imitated: changesets, cache status, photos, attendance. Next: `column`, `table`, `sts`.
"""

from __future__ import annotations

import argparse
import threading
from collections import OrderedDict
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self

from engine.simulators import bulk
from engine.simulators.column import ALL_SCOPES, ENDPOINTS, Endpoint, allows, open_columns, parse_select
from engine.simulators.http import CONTROL, Route, Simulator
from engine.simulators.message import Answer, Part, Request, encode, json_answer, text_answer
from engine.simulators.school import School, build_school
from engine.simulators.sts import MODES, Credentials, Token, TokenService, no_error
from engine.simulators.table import Table, choose, group_by, narrow, render
from engine.simulators.wire import Row, set_makers

ROW_LIMIT = 100_011
_VIEWS_KEPT = 32
_NO_CACHE = {"Cache-Control": "no-cache"}


class Refusal(Exception):
    """A request that is answered with an error object; `status` counts only with `httpstatuscodes=true`."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status


class XporterSimulator(Simulator):
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
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.pupils, self.mess = pupils, mess
        self.scopes = frozenset(ALL_SCOPES if scopes is None else scopes)
        self.credentials = Credentials(estab, "haplomap.example.org", "demo-school-secret", "demo-management-secret")
        self.tokens = TokenService(self.credentials, seed=self.seed, mode=mode, life=token_life, reads=token_reads)
        self.absent_pagination = absent_pagination
        self._bulk = bulk.bulk_table(rows, columns, self.seed) if rows else None
        self._bulk_columns = bulk.bulk_columns(columns) if rows else []
        self._rows: dict[str, list[Row]] = {}
        self._members: dict[str, dict[str, list[bytes]]] = {}
        self._views: OrderedDict[tuple[object, ...], Table] = OrderedDict()
        self._lock = threading.RLock()

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "--mess",
            type=int,
            default=0,
            metavar="N",
            help="pupils with an unreadable date, code or name (0)",
        )
        add("--mode", choices=MODES, default="ok", help="how the token service answers (ok)")
        add("--scopes", metavar="CSV", help="the scopes that a token grants (default: all)")
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

    @classmethod
    def from_arguments(cls, args: argparse.Namespace, common: dict[str, Any]) -> Self:
        names = ("pupils", "mess", "mode", "token_life", "token_reads", "estab", "absent_pagination", "rows")
        own = {name: getattr(args, name) for name in (*names, "columns")}
        scopes = args.scopes.split(",") if args.scopes is not None else None
        return cls(scopes=scopes, **own, **common)

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

    @cached_property
    def school(self) -> School:
        """The school behind the answers."""
        return build_school(self.pupils, self.seed, self.today, self.mess)

    def prepare(self) -> None:
        for endpoint in ENDPOINTS.values():
            self._view(Request("GET", "/"), endpoint, "")
            for name in endpoint.set_options:
                self._members_of(endpoint, name)

    def routes(self) -> list[Route]:
        return [
            ("POST", "/idaas/sts/STS/GetToken", self._give_token),
            ("POST", "/api/oauth/GetToken", self._give_token),
            ("GET", "/api/v1/TokenDetails/?", self._guarded(self._token_details)),
            ("GET", "/api/v1/Scopes/?", self._guarded(self._scope_list)),
            ("GET", "/api/v1/School/([^/]*)/([^/]*)(?:/([^/]*))?/?", self._guarded(self._read)),
            ("GET", "/api/.*", self._guarded(self._unknown)),
        ]

    def control_routes(self) -> list[Route]:
        return [
            ("POST", CONTROL + "expire-tokens", self._expire_tokens),
            ("PUT", CONTROL + "mode", self._set_mode),
            ("GET", CONTROL + "messy", lambda request: json_answer(self.school.messy)),
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
        self.tokens.mode = mode
        return text_answer(mode)

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

    def _unknown(self, request: Request, token: Token) -> Answer:
        raise Refusal("Endpoint not found", 404)

    # Reads

    def _read(self, request: Request, token: Token, estab: str, name: str, wanted_id: str) -> Answer:
        if token.estab != estab:
            raise Refusal(f"The token does not grant access to estab {estab}", 403)
        if name.lower() == "testerror":
            raise Refusal("This is a test error")
        endpoint = ENDPOINTS.get(name.lower())
        if endpoint is None:
            raise Refusal(f"Endpoint not found: {name}", 404)
        if not allows(endpoint.scope, self.scopes):
            raise Refusal(f"The token does not have the scope for {endpoint.name}", 403)
        if request.parameter("changedRows") is not None:
            raise Refusal("changedRows is not available for this school")
        wanted_id = wanted_id or request.parameter("id") or ""
        if self._bulk is not None and endpoint.name == "Students" and not wanted_id:
            return self._page(request, endpoint, self._bulk, request.parameter("select"))
        return self._page(request, endpoint, self._view(request, endpoint, wanted_id), None)

    def _view(self, request: Request, endpoint: Endpoint, wanted_id: str) -> Table:
        """The rows that a request is about, all pages of them; kept for the next page."""
        options = _options(request) & endpoint.row_and_column_options
        filters = [
            (column, frozenset(value.lower().split(",")))
            for parameter, column in endpoint.filters.items()
            if (value := request.parameter(parameter))
        ]
        since, select = request.parameter("updatedSince") or "", request.parameter("select") or "*"
        key = (endpoint.name, options, tuple(filters), since, select, wanted_id)
        with self._lock:
            if key in self._views:
                self._views.move_to_end(key)
                return self._views[key]
            all_rows = self._set(endpoint.sets[0])
            rows = choose(all_rows, endpoint, options, filters, since, wanted_id)
            columns = list(all_rows[0].values) if all_rows else []
            chosen = parse_select(select, open_columns(endpoint, columns, self.scopes, options))
            view = Table(render(rows, chosen), [values["Id"] for values in rows])
            self._views[key] = view
            if len(self._views) > _VIEWS_KEPT:
                self._views.popitem(last=False)
            return view

    def _set(self, name: str) -> list[Row]:
        with self._lock:
            if name not in self._rows:
                rows = self._makers[name]()
                if name == "SchoolInfo":
                    rows = [Row("", {**rows[0].values, "EstabId": self.credentials.estab})]
                self._rows[name] = rows
            return self._rows[name]

    @cached_property
    def _makers(self) -> Any:
        return set_makers(self.school)

    def _page(self, request: Request, endpoint: Endpoint, table: Table, select: str | None) -> Answer:
        number = _whole(request, "page", 1)
        size = _whole(request, "pagesize", ROW_LIMIT)
        first, last = min(len(table), (number - 1) * size), min(len(table), number * size)
        rows: Part = table.cut(first, last)
        if select:
            rows = narrow(memoryview(rows), parse_select(select, self._bulk_columns))
        tail = [b"]"]
        for name in endpoint.sets[1:]:
            tail.append(b',"%s":[%s]' % (name.encode(), self._secondary(request, endpoint, name, table, first, last)))
        meta = {"Id": 1, "MIS": "simsnet", "Version": "4", "DateTime": f"{self.today}T02:14:47.085"}
        tail.append(b',"meta":' + encode([meta]))
        count = max(1, -(-len(table) // size))
        if count > 1 or not self.absent_pagination:
            pagination = {
                "PageSize": size,
                "PageNumber": number,
                "PageCount": count,
                "RowCount": len(table),
                "NextPage": f"?page={number + 1}&pageSize={size}" if number < count else None,
            }
            tail.append(b',"__pagination__":' + encode([pagination]))
        head = b'{"%s":[' % endpoint.sets[0].encode()
        return Answer(200, (head, rows, b"".join([*tail, b"}"])), headers=_NO_CACHE)

    def _secondary(self, request: Request, endpoint: Endpoint, name: str, table: Table, first: int, last: int) -> bytes:
        """The rows of a secondary set that belong to the main rows of this page."""
        if endpoint.set_options.get(name) not in _options(request):
            return b""
        if name == "GroupTypes":
            return b",".join(render([row.values for row in self._set(name)], _as_they_are(self._set(name))))
        members = self._members_of(endpoint, name)
        return b",".join(row for key in table.keys[first:last] for row in members.get(key, ()))

    def _members_of(self, endpoint: Endpoint, name: str) -> dict[str, list[bytes]]:
        """The rows of a secondary set by the id of the main row."""
        with self._lock:
            if name not in self._members:
                column = {"Students": "StudentId", "Groups": "GroupId"}[endpoint.name]
                self._members[name] = group_by(self._set(name), column if name != "GroupTypes" else "Id")
            return self._members[name]


def _as_they_are(rows: list[Row]) -> list[tuple[str, str]]:
    return [(column, column) for column in rows[0].values] if rows else []


def _options(request: Request) -> frozenset[str]:
    """Options in either form: `options=a,b`, or each as a parameter that is true; in lower case."""
    listed = [name.strip().lower() for name in (request.parameter("options") or "").split(",")]
    single = [key.lower() for key, value in request.query if value.lower() in ("true", "1")]
    return frozenset(name for name in (*listed, *single) if name.startswith(("include", "only", "teachers")))


def _whole(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(f"{name} must be a whole number from 1")
    return int(text)


SIMULATOR = XporterSimulator
