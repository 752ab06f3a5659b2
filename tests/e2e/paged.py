"""A source of seven records in pages asked for by offsets or by cursors, and documents that read it."""

from __future__ import annotations

from typing import Any

from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer

OFFSET = {"kind": "offset", "param": "offset", "size": {"param": "limit", "value": 3}}
CURSOR = {"kind": "cursor", "param": "after", "next": {"at": "$.next"}, "size": {"param": "limit", "value": 3}}


def source_of(pages: dict[str, Any], base_url: str, **more: Any) -> dict[str, Any]:
    """Return the document of a source with one endpoint."""
    api = {"base_url": base_url, "auth": {"kind": "none"}, "retry": {"attempts": 1}}
    sets = {"items": {"records": "$.items", "key": "id", "fields": {"id": {"pii": "identifier"}}}}
    things = {"get": f"by/{pages['kind']}", "pages": pages, "sets": sets}
    return {"source": "s", "apis": {"main": api}, "endpoints": {"things": things}, **more}


class PagedSimulator(Simulator):
    """Seven records, by offset or by cursor; never more than `most` at once."""

    def __init__(self) -> None:
        super().__init__()
        self.most, self.fails_at, self.generation, self.loops = 100, "", "a", False

    def routes(self) -> list[Route]:
        return [("GET", "/by/offset", self._by_offset), ("GET", "/by/cursor", self._by_cursor)]

    def _page(self, start: int, size: str) -> list[dict[str, int]]:
        return [{"id": number} for number in range(7)][start : start + min(int(size), self.most)]

    def _by_offset(self, request: Request) -> Answer:
        start = int(request.parameter("offset") or 0)
        return json_answer({"total": 7, "items": self._page(start, request.parameter("limit") or "100")})

    def _by_cursor(self, request: Request) -> Answer:
        """Cursors are of a generation: those of another one are refused, as those that have run out."""
        cursor = request.parameter("after") or ""
        if (cursor and not cursor.startswith(self.generation)) or cursor == self.fails_at != "":
            return json_answer({"error": "no such cursor"}, 500)
        start = int(cursor[1:] or 0)
        items = self._page(start, request.parameter("limit") or "100")
        end = start + len(items)
        after = f"{self.generation}{0 if self.loops else end}" if end < 7 else None
        url = after and f"https://elsewhere.example/by/cursor?limit=3&after={after}"
        return json_answer({"next": after, "links": {"next": url or ""}, "items": items})
