"""Pages asked for by offsets and by cursors, over real HTTP: to the end, in whichever way answers tell it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paged import CURSOR, OFFSET, PagedSimulator, source_of
from small_documents import of_entity, write

from engine.clock import Clock
from engine.errors import AnswerUnreadable, EngineError
from engine.journal import Journal
from engine.run.recorder import record
from engine.run.recording_folder import Wish
from engine.simulators.http import Simulator
from engine.simulators.replay import ReplaySimulator
from engine.spec.project import open_project
from engine.spec.source import Source
from engine.stages.extract import extract
from engine.stages.want import Want

pytestmark = pytest.mark.e2e


@pytest.fixture
def server() -> Iterator[PagedSimulator]:
    with PagedSimulator() as simulator:
        yield simulator


def read(server: Simulator, folder: Path, pages: dict[str, Any]) -> list[list[int]]:
    """Return the keys of each page, in order."""
    import msgspec

    source = Source.model_validate(source_of(pages, server.url))
    folder.mkdir(exist_ok=True)
    with Journal(folder / "journal") as journal:
        wants = [Want("things", {"items": None})]
        answers = extract(source, {}, wants, folder, journal, Clock(), lambda event: None)
    return [[each["id"] for each in msgspec.json.decode(answer.file.read_bytes())["items"]] for answer in answers]


def asked(server: PagedSimulator, name: str) -> list[str | None]:
    return [request.query.get(name) for request in server.requests]


TOTAL = {**OFFSET, "total": "$.total"}
URL = {**CURSOR, "next": {"at": "$.links.next", "url": True}}


@pytest.mark.parametrize(
    ("pages", "name", "values"),
    [
        (TOTAL, "offset", ["0", "3", "6"]),
        (OFFSET, "offset", ["0", "3", "6"]),
        (CURSOR, "after", [None, "a3", "a6"]),
        (URL, "after", [None, "a3", "a6"]),
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


def test_a_chain_of_which_there_was_nothing_is_not_asked_for_again(server, tmp_path):
    source = Source.model_validate(source_of(CURSOR, f"{server.url}/nowhere"))
    want = Want("things", {"items": None}, part="record-1", names={"each": {"id": "1"}})
    with Journal(tmp_path / "journal") as journal:
        for _ in range(2):
            assert extract(source, {}, [want], tmp_path, journal, Clock(), lambda event: None) == []
    assert len(server.requests) == 1


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


@pytest.mark.parametrize("pages", [TOTAL, OFFSET, CURSOR, URL], ids=["total", "open", "cursor", "url"])
def test_a_recording_of_pages_is_read_as_they_were_and_names_no_address(server, tmp_path, pages):
    school = {"school": "east", "source": "s", "config": {"base_url": server.url}, "entities": ["thing"]}
    source = source_of(pages, "{{ config.base_url }}", config={"base_url": {"type": "url"}})
    documents = {"mappings/s/source.yaml": source, "schools/east.yaml": school}
    write(tmp_path / "p", {**of_entity("s", "thing", "items", {"source_id": "id"}), **documents})
    for count, came in ((None, 7), (4, 4)):
        to = tmp_path / f"{count}"
        record(open_project(tmp_path / "p"), Wish("east", to, count), {}, lambda event: None)
        with ReplaySimulator(folder=to) as replay:
            assert sum(map(len, read(replay, tmp_path / f"read-{count}", pages))) == came
        text = "".join(file.read_text() for file in to.rglob("*.json"))
        assert re.findall(r"elsewhere\.example|\ba[036]\b", text) == []
