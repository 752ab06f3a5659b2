"""A client of the simulated HUBmis."""

from __future__ import annotations

from typing import Any

import httpx

from engine.simulators.hubmis import SIMULATOR


class Hub:
    """Reads of a simulated HUBmis, with a token got beforehand."""

    def __init__(self, sim: SIMULATOR) -> None:
        self.sim, self.config = sim, sim.config
        self.http = httpx.Client(base_url=sim.url, timeout=10, trust_env=False)
        self.token = self.ask_token().json().get("access_token", "")

    def ask_token(self, *, as_json: bool = False, **changes: str) -> httpx.Response:
        body = {name: self.config[name] for name in ("client_id", "client_secret")}
        given = {"json" if as_json else "data": {"grant_type": "client_credentials", **body, **changes}}
        return self.http.post("/api/v1/token", **given)  # type: ignore[arg-type]

    def get(
        self, path: str, *, realm: str | None = None, token: str | None = None, year: int | None = None, **params: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        headers |= {"Realm": realm or self.config["realm"]}
        headers |= {} if year is None else {"academic-year-id": str(year)}
        return self.http.get(f"/api/{path}", params=params.pop("params", params) or None, headers=headers)

    def read(self, path: str, **params: Any) -> Any:
        """The answer to a read that must be given."""
        answer = self.get(path, params={"page[size]": 100, **params})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.json()

    def pages(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All records of a list that comes in pages."""
        found: list[dict[str, Any]] = []
        while more := self.read(path, **params, **{"page[number]": len(found) // 100 + 1}):
            found += more
            if len(more) < 100:
                break
        return found

    def current(self, **params: Any) -> list[dict[str, Any]]:
        """The students who are there."""
        return self.pages("v1/students", **{"filter[enrolmentStatus]": "current", **params})
