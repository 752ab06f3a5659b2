"""Links of fields, filters that are needed, options, and sets that belong to the days of others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.spec import project as project_module
from engine.spec.asking import with_parents
from engine.spec.check import check
from engine.spec.days import DayLink, day_link
from engine.spec.project import open_project
from engine.spec.source import Source
from engine.stages.want import Want, options_asked

GOLDEN = Path(__file__).parents[2] / "golden" / "project"
FIELDS = "          Colour: {type: text}\n"


def problems(folder: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> list[tuple[str, str]]:
    """Check the golden project with its source edited once; return code and what it says."""
    monkeypatch.setattr(project_module, "shipped", lambda: folder / "nothing")
    shutil.copytree(GOLDEN, folder / "own")
    file = folder / "own" / "mappings" / "acme" / "source.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), encoding="utf-8")
    monkeypatch.chdir(folder / "own")
    return [(each.code, f"{each.what}; {each.fix}") for each in check(open_project(Path()))]


PATH = "    get: schools/{{ config.estab }}\n"


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (FIELDS, FIELDS + "          Of: {link: things.Id}\n", None, ""),
        (FIELDS, FIELDS + "          Of: {link: [things.Id, things.Name]}\n", None, ""),
        (FIELDS, FIELDS + "          Of: {link: thing.Id}\n", "unknown-set", "did you mean 'things'?"),
        (FIELDS, FIELDS + "          Of: {link: [things.Id, things.Nmae]}\n", "unknown-field", "did you mean 'Name'?"),
        (
            FIELDS,
            FIELDS + "          Of: {link: things}\n",
            "bad-value",
            "'things' is not of the form SET.FIELD; say things.Id",
        ),
        (PATH, PATH + "    filters: {day: {required: true}}\n", "filter-missing", "its endpoint gives none: day"),
        (PATH, PATH + "    filters: {day: {required: true}}\n    params: {day: '1'}\n", None, ""),
        (
            PATH,
            PATH + "    filters: {a: {}, b: {}}\n    needs_filter: [a, b]\n",
            "filter-missing",
            "gives none: a or b",
        ),
        (PATH, PATH + "    filters: {a: {}, b: {}}\n    needs_filter: [a, b]\n    params: {b: x}\n", None, ""),
        (
            PATH,
            PATH + "    filters: {abc: {}}\n    needs_filter: [abd]\n    params: {abd: x}\n",
            "unknown-filter",
            "'abc'?",
        ),
        (PATH, PATH + "    options: {leavers: {asked: true}}\n", "option-unasked", "this option is never asked for"),
        (PATH, PATH + "    options: {leavers: {}}\n", None, ""),
    ],
)
def test_what_is_said_of_links_and_filters_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, code: str | None, said: str
) -> None:
    found = problems(tmp_path, monkeypatch, old, new)
    assert {each for each, _ in found} == ({code} if code else set())
    assert all(said in what for _, what in found)


def a_source(**child: Any) -> Source:
    sets = {
        "events": {"records": "$.e", "key": "Id", "fields": {"Id": {}, "On": {"type": "date"}, "Kind": {}}},
        "people": {"records": "$.p", "key": "Id", "fields": {"Id": {}, "Event": child}},
    }
    endpoint = {
        "get": "x",
        "windows": {"from": "f", "to": "t", "by": "week", "field": "On", "since": "10d"},
        "options": {"b": {"asked": True}, "c": {}},
        "sets": sets,
    }
    api = {"base_url": "http://x", "auth": {"kind": "none"}, "options_asked": {"param": "options"}}
    return Source.model_validate({"source": "test", "apis": {"main": api}, "endpoints": {"e": endpoint}})


@pytest.mark.parametrize("link", [["events.Kind"], ["people.Id"], None])
def test_only_a_link_to_the_key_of_a_set_with_days_leads_to_a_day(link: list[str] | None) -> None:
    assert day_link(a_source(link=link).endpoints["e"], "people") is None


def test_the_set_that_has_the_days_is_read_with_those_that_link_to_it() -> None:
    source = a_source(link=["events.Id"])
    assert day_link(source.endpoints["e"], "people") == DayLink("events", "Event", "Id")
    assert day_link(source.endpoints["e"], "events") is None
    assert with_parents(source, {"people": ["Id"]}) == {"people": ["Id", "Event"], "events": ["Id", "On"]}


def test_options_of_an_endpoint_are_asked_for_with_those_of_its_fields() -> None:
    source = a_source(option="a")
    want = Want("e", {"people": frozenset({"Id", "Event"})})
    assert options_asked(source.endpoints["e"], want) == ["a", "b"]
