"""What a school lets Xporter give away, and what the service says of that: scopes, standing, health, data not ready.

All of it can be changed while the simulator runs. A school that is pending or revoked gets no token; its place in the
list of schools says why. Next: `xporter`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

from engine.simulators.asked import Refusal
from engine.simulators.calendar import Calendar
from engine.simulators.http import CONTROL, Route
from engine.simulators.message import Answer, Request, json_answer, text_answer
from engine.simulators.school import School
from engine.simulators.sts import Credentials, Token, TokenService, no_error

NOT_READY = "The data are not ready yet and are being refreshed from the school"
DATABASE = "XodSchoolData"
Guard = Callable[[Any], Any]


class Service(Protocol):
    """What is looked at of the simulator."""

    credentials: Credentials
    tokens: TokenService
    scopes: frozenset[str]
    calendar: Calendar
    today: date

    @property
    def school(self) -> School: ...


class Consents:
    """The consent of a simulator's one school. `not_ready`: so many reads more are answered that data come later."""

    def __init__(self, simulator: Service) -> None:
        self._simulator = simulator
        self._lock = threading.Lock()
        self.not_ready = 0

    def routes(self, guarded: Guard) -> list[Route]:
        """What is answered beside the reads; before these, since one path looks like a read."""
        return [
            ("GET", "/api/XporterOnDemand/GetXodSchools/?", guarded(self._schools)),
            ("GET", "/api/v1/School/([^/]*)/Health/?", guarded(self._health)),
        ]

    def control_routes(self) -> list[Route]:
        return [("PUT", CONTROL + "scopes", self._set_scopes), ("PUT", CONTROL + "not-ready", self._set_not_ready)]

    def early(self, request: Request) -> Answer | None:
        """The answer to a read that gives no data: how old they are, or that they are not ready."""
        asked = {name.lower(): value.lower() for name, value in request.query}
        if asked.get("onlygetdbstatus") == "true":
            day = self._simulator.calendar.day(self._simulator.today)
            return json_answer({"DbStatus": [{"DatabaseName": DATABASE, "Status": "OK", "LastUpdated": day.moment}]})
        with self._lock:
            if self.not_ready > 0:
                self.not_ready -= 1
                raise Refusal(NOT_READY, 503)
        return None

    def _schools(self, request: Request, token: Token) -> Answer:
        if token.estab:
            raise Refusal("A management token is required", 403)
        mine = self._simulator
        row: dict[str, Any] = {"estab": mine.credentials.estab, "schoolName": mine.school.name}
        installed = {"installedStatus": True, "installMessage": None}
        wanted = request.parameter("estab") in (None, "", mine.credentials.estab)
        lists: dict[str, list[dict[str, Any]]] = {"Authorised": [], "Revoked": []}
        if (request.parameter("includePendingAuthorisation") or "").lower() == "true":
            lists["PendingAuthorisation"] = []
        if not wanted:
            pass
        elif mine.tokens.mode == "revoked":
            lists["Revoked"].append({**row, "dateRevoked": f"{mine.today}T00:00:00"})
        elif mine.tokens.mode != "pending":
            scopes = ",".join(sorted(mine.scopes))
            authorised = {"dateAuthorised": "2017-06-02T10:05:01", "scopesAuthorised": scopes, **installed}
            lists["Authorised"].append({**row, **authorised})
        elif "PendingAuthorisation" in lists:
            lists["PendingAuthorisation"].append({**row, "dateInvited": "2018-06-26T10:25:37", **installed})
        return json_answer(lists)

    def _health(self, request: Request, token: Token, estab: str) -> Answer:
        if token.estab not in ("", estab):
            raise Refusal(f"The token does not grant access to estab {estab}", 403)
        facts = {"SchoolDataStatus": "ok", "SchoolDataAgeDays": 0, "XodStatus": "ok"}
        return json_answer({"health": [facts], **no_error()})

    def _set_scopes(self, request: Request) -> Answer:
        names = [name.strip() for name in request.body.decode().split(",")]
        self._simulator.scopes = frozenset(name for name in names if name)
        return text_answer(",".join(sorted(self._simulator.scopes)))

    def _set_not_ready(self, request: Request) -> Answer:
        text = request.body.decode().strip()
        if not text.isdecimal():
            return text_answer("not-ready takes a number of reads", 400)
        self.not_ready = int(text)
        return text_answer(text)
