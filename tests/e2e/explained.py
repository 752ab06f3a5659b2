"""Values of a run followed back by `explain`, and compared with what others make of them: the run's own rows, and the
answers, read here with json and lxml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from engine.run.explained import Came, Explained
from engine.run.explaining import explain
from engine.spec.project import Project, open_project
from engine.spec.source import Source

_STEP = re.compile(r"\['([^']+)'\]|\[(\d+)\]|([^.\[\]$]+)")


def follow(folder: Path, school: str, run: Path, entities: Collection[str], rows: int = 2) -> dict[str, set[str]]:
    """Follow every mapped field of the first and the last rows of entities, and compare; return the words met."""
    project, met = open_project(folder), dict[str, set[str]]()
    source = project.source(project.school(school).source)
    for entity in entities:
        made = {row["source_id"]: row for row in pl.read_parquet(run / "rows" / f"{entity}.parquet").to_dicts()}
        keys = [*made][: rows - 1] + [*made][-1:]
        assert keys, entity
        for key in keys:
            found = explain(project, school, entity, key, None, run.name, datetime.now(UTC))
            _compare(project, school, found, made[key], source)
            met.setdefault(entity, set()).update(step.what for each in found.fields for step in each.walk())
    return met


def _compare(project: Project, school: str, found: Explained, row: dict[str, Any], source: Source) -> None:
    about = (found.entity, found.key)
    assert found.state == "emitted", about
    mapped = project.mapping(source.source, found.entity, project.school(school)).fields
    assert [each.name for each in found.fields] == list(mapped), about
    for each in found.fields:
        *steps, judged = each.steps
        withheld = each.name in row["_withheld"]
        assert each.value == row[each.name], (*about, each.name)
        assert judged.what == "schema"
        assert judged.value == row[each.name], (*about, each.name)
        if not withheld and not isinstance(steps[-1].value, list | dict):
            assert _text(steps[-1].value) == _text(row[each.name]), (*about, each.name)
        for step in each.walk():
            if step.what == "raw" and "kept of" not in step.note:
                assert step.value == on_the_wire(source, step), (*about, each.name, step.said)


def _text(value: Any) -> str:
    """A value as a text, whatever type it is held as."""
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def on_the_wire(source: Source, step: Came) -> str | None:
    """What an answer has at the place of a value; read without anything of the engine's."""
    assert step.stands is not None
    assert step.stands.file is not None, step
    set_name, _, name = step.said.partition(".")
    record_set = source.find(set_name)[2]
    file, number = step.stands.file, step.stands.number
    if file.suffix == ".xml":
        element, spec = _elements(file, record_set.records)[number - 1], record_set.fields[name]
        texts = list(_texts(element, spec.element_paths(name)))
        several = spec.type == "list" and spec.split is None
        return json.dumps(texts) if several and texts else next(iter(texts), None)
    record = _json_records(file, record_set.records, record_set.one)[number - 1]
    values = (_at(record, place) for place in record_set.fields[name].paths(name))
    value = next((each for each in values if each is not None), None)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=64)
def _read(file: Path) -> Any:
    return json.loads(file.read_bytes())


def _json_records(file: Path, place: str, one: bool) -> list[Any]:
    found = _at(_read(file), place)
    return [found] if one and not isinstance(found, list) else list(found)


def _at(value: Any, place: str) -> Any:
    for word, index, plain in _STEP.findall(place):
        if value is None:
            return None
        value = next(iter(value[int(index) :]), None) if index else value.get(word or plain)
    return value


@lru_cache(maxsize=64)
def _elements(file: Path, place: str) -> list[Any]:
    root = etree.parse(str(file)).getroot()
    return list(root.xpath(place))


def _texts(element: Any, places: Collection[str]) -> Iterator[str]:
    """The texts of attributes, or of elements, at some places."""
    for place in places:
        for each in element.xpath(place):
            text = each if isinstance(each, str) else each.text
            if text is not None:
                yield str(text)
