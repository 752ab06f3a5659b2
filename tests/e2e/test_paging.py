"""Pages asked for by offsets and by cursors, over real HTTP: to the end, in whichever way answers tell it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.clock import Clock
from engine.errors import AnswerUnreadable, EngineError
from engine.journal import Journal
from engine.simulators.http import Route, Simulator
from engine.simulators.message import Answer, Request, json_answer
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.want import Want

pytestmark = pytest.mark.e2e


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


@pytest.fixture
def server() -> Iterator[PagedSimulator]:
    with PagedSimulator() as simulator:
        yield simulator


OFFSET = {"kind": "offset", "param": "offset", "size": {"param": "limit", "value": 3}}
CURSOR = {"kind": "cursor", "param": "after", "next": {"at": "$.next"}, "size": {"param": "limit", "value": 3}}


def read(server: PagedSimulator, folder: Path, pages: dict[str, Any]) -> list[list[int]]:
    """Return the keys of each page, in order."""
    import msgspec

    api = {"base_url": server.url, "auth": {"kind": "none"}, "retry": {"attempts": 1}}
    sets = {"items": {"records": "$.items", "key": "id", "fields": {"id": {}}}}
    things = {"get": f"by/{pages['kind']}", "pages": pages, "sets": sets}
    source = Source.model_validate({"source": "s", "apis": {"main": api}, "endpoints": {"things": things}})
    folder.mkdir(exist_ok=True)
    with Journal(folder / "journal") as journal:
        wants = [Want("things", {"items": None})]
        answers = extract(source, {}, wants, folder, journal, Clock(), lambda event: None)
    return [[each["id"] for each in msgspec.json.decode(answer.file.read_bytes())["items"]] for answer in answers]


def asked(server: PagedSimulator, name: str) -> list[str | None]:
    return [request.query.get(name) for request in server.requests]


@pytest.mark.parametrize(
    ("pages", "name", "values"),
    [
        ({**OFFSET, "total": "$.total"}, "offset", ["0", "3", "6"]),
        (OFFSET, "offset", ["0", "3", "6"]),
        (CURSOR, "after", [None, "a3", "a6"]),
        ({**CURSOR, "next": {"at": "$.links.next", "url": True}}, "after", [None, "a3", "a6"]),
    ],
    ids=["total", "open", "cursor", "url"],
)
def test_pages_are_read_to_the_end_and_not_again(server, tmp_path, pages, name, values):
    assert read(server, tmp_path, pages) == [[0, 1, 2], [3, 4, 5], [6]]
    assert sorted(asked(server, name), key=str) == sorted(values, key=str)
    read(server, tmp_path, pages)
    assert len(server.requests) == 3, "what has landed is not asked for again"


def test_a_source_that_gives_less_than_it_is_asked_for_loses_nothing(server, tmp_path):
    server.most = 2
    whole = [[0, 1], [2, 3], [4, 5], [6]]
    assert read(server, tmp_path / "open", OFFSET) == whole
    assert read(server, tmp_path / "cursor", CURSOR) == whole
    with pytest.raises(AnswerUnreadable) as caught:
        read(server, tmp_path / "total", {**OFFSET, "total": "$.total"})
    assert caught.value.code == "page-short", "offsets that were counted out beforehand would skip records"


def test_a_chain_that_broke_off_is_read_anew_since_cursors_run_out(server, tmp_path):
    server.fails_at = "a6"
    with pytest.raises(EngineError):
        read(server, tmp_path, CURSOR)
    server.generation = "b"
    assert read(server, tmp_path, CURSOR) == [[0, 1, 2], [3, 4, 5], [6]]
    assert asked(server, "after") == [None, "a3", "a6", None, "b3", "b6"]


def test_a_cursor_that_leads_back_and_one_that_is_none_are_refused(server, tmp_path):
    server.loops = True
    with pytest.raises(AnswerUnreadable) as caught:
        read(server, tmp_path / "loop", CURSOR)
    assert caught.value.code == "page-loop"
    with pytest.raises(AnswerUnreadable) as caught:
        read(server, tmp_path / "url", {**CURSOR, "next": {"at": "$.next", "url": True}})
    assert (caught.value.code, "it is no URL" in caught.value.why) == ("pages-missing", True)


def test_where_nothing_stands_at_the_path_the_read_does_not_end_as_if_all_had_come(server, tmp_path):
    with pytest.raises(AnswerUnreadable) as caught:
        read(server, tmp_path / "cursor", {**CURSOR, "next": {"at": "$.nxt"}})
    assert (caught.value.code, caught.value.why) == ("pages-missing", "nothing stands at $.nxt")
    assert read(server, tmp_path / "last", {**CURSOR, "next": {"at": "$.nxt", "absent": "last"}}) == [[0, 1, 2]]
    with pytest.raises(AnswerUnreadable) as caught:
        read(server, tmp_path / "total", {**OFFSET, "total": "$.totl"})
    assert (caught.value.code, "nothing stands at $.totl" in caught.value.why) == ("pages-missing", True)
