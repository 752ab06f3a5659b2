"""Recordings of a small simulated school of each system: nobody is in them, and mappings make of them what they made.

The school is read once as it is, by a run and by `extract`, and recorded whole and in part. A simulator that serves the
whole recording is read by the same project. What must not be in a recording is taken from the records as they are.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fast_clock import carry_out
from recordings import DAY, Small, a_small_school, day_clock, place_project, secrets_of, use_all

from engine.run.recorded import land_recorded
from engine.run.recorder import record
from engine.run.recording import read_recording
from engine.run.recording_folder import Wish
from engine.run.records import extract_sets
from engine.simulators.replay import ReplaySimulator
from engine.spec.project import open_project

pytestmark = pytest.mark.e2e

PUPILS = {"xporter": 20, "isams": 24, "hubmis": 10}
LEFT = {"Title", "title", "title_id", "Country", "country", "country_id", "type", "is_primary"}
"""Fields that are tagged as personal, and whose few values are of many people."""
TAGS = ("name", "contact", "address", "identifier", "birth")


@dataclass
class Seen:
    """What was made of a school: the folders of runs, of records, and of recordings."""

    source: str
    project: Path
    records: Path
    whole: Path
    part: Path
    run: Path
    replayed: Path
    secrets: dict[str, str]


@pytest.mark.parametrize("source", ["xporter", "isams", "hubmis"])
def test_nobody_is_in_a_recording_of_a_school_and_it_is_read_as_the_school_was(source: str, tmp_path: Path) -> None:
    """All in one, since workers would each read the schools anew."""
    seen = read_in_all_ways(source, tmp_path)
    mappings_make_of_a_whole_recording_what_they_made_of_the_answers(seen)
    no_personal_value_is_in_a_recording(seen)
    no_secret_is_in_a_recording_and_nothing_of_the_read_stays_behind(seen)
    in_a_part_of_a_school_joins_lead_as_far_as_in_all_of_it(seen, tmp_path / "landed")
    a_recording_stands_for_its_school_and_says_what_it_is(seen)


def read_in_all_ways(source: str, home: Path) -> Seen:
    more: dict[str, Any] = {"xporter": {"mess": 6}, "hubmis": {"largest_page": 7}}.get(source, {})
    with a_small_school(source, home / "project", PUPILS[source], **more) as small:
        if source == "xporter":
            use_all(small.folder, source, history="7d")  # a recording has the days that a run reads again
        run = carried_out(small)
        project = open_project(small.folder)
        extract_sets(project, small.school, (), home / "records", small.environ, lambda event: None, day_clock())
        for name, records in (("whole", None), ("part", 5)):
            wish = Wish(small.school, home / name, records)
            record(project, wish, small.environ, lambda event: None, day_clock())
    with ReplaySimulator(folder=home / "whole", today=DAY) as replay:
        place_project(source, home / "again", replay.config)
        if source == "xporter":
            use_all(home / "again", source, history="7d")
        replayed = carried_out(Small(source, home / "again", replay, secrets_of(source, {})))
    folders = (home / name for name in ("project", "records", "whole", "part"))
    return Seen(source, *folders, run, replayed, small.environ)


def carried_out(small: Small) -> Path:
    """Carry out a run, and return its folder."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small.environ.items():
            patch.setenv(name, value)
        carry_out(small.folder, small.school, day_clock())
    return max((small.folder / ".haplomap" / small.school).glob("2*/report.json")).parent


def books(folder: Path) -> dict[str, Any]:
    """Of each entity: its records by state and rule, what was held back, and of each field how many values it has.

    Of a list that is how many items; and how many different ones there are, so that what was joined is joined alike.
    """
    found: dict[str, Any] = {}
    for file in sorted((folder / "rows").glob("*.parquet")):
        rows = pl.read_parquet(file)
        states = pl.read_parquet(folder / "states" / file.name)
        held = pl.read_parquet(folder / "quarantine" / file.name)
        found[file.stem] = {
            "states": Counter(states.select("set", "state", "rule").rows()),
            "held": Counter(held.select("set", "field", "rule", "level").rows()),
            **{name: _filled(rows[name]) for name in rows.columns},
        }
    return found


def _filled(column: pl.Series) -> tuple[int, int]:
    if isinstance(column.dtype, pl.List):
        column = column.explode().drop_nulls()
    return column.len() - column.null_count(), column.n_unique()


def mappings_make_of_a_whole_recording_what_they_made_of_the_answers(seen: Seen) -> None:
    made, again = books(seen.run), books(seen.replayed)
    assert sum(entity["source_id"][0] for entity in made.values()) > 100
    assert list(again) == list(made)
    for entity in made:
        assert again[entity] == made[entity], entity


def personal(seen: Seen) -> Iterator[tuple[str, str, str]]:
    """Yield what is personal in the records as they are: field, tag, value."""
    source = open_project(seen.project).source(seen.source)
    for file in seen.records.glob("*.parquet"):
        for name, spec in source.find(file.stem)[2].fields.items():
            if spec.pii not in TAGS or name in LEFT or (spec.pii == "birth" and spec.type != "date"):
                continue
            for text in pl.read_parquet(file, columns=[name])[name].drop_nulls().unique():
                listed = spec.type == "list" and spec.split is None
                values = inner(json.loads(text)) if listed else [text]
                yield from ((name, spec.pii or "", value) for value in values)


def inner(data: Any) -> list[str]:
    """The texts and numbers in a list, however deep."""
    if isinstance(data, dict | list):
        return [text for each in (data.values() if isinstance(data, dict) else data) for text in inner(each)]
    return [] if data is None or isinstance(data, bool) else [str(data)]


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def no_personal_value_is_in_a_recording(seen: Seen) -> None:
    looked_for: Counter[str] = Counter()
    for folder in (seen.whole, seen.part):
        texts = [file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*")) if file.is_file()]
        plain = [re.sub(r"\\[nrt]", " ", text) for text in texts]
        there = Counter(word for text in plain for word in words(text))
        whole = " ".join(" ".join(words(text)) for text in plain)
        for name, tag, value in personal(seen):
            own = words(value)
            telling = [word for word in own if len(word) > (3 if word.isdecimal() else 2)]
            if not telling:
                continue
            looked_for[tag] += 1
            if tag in ("name", "birth", "identifier") and len(own) == 1:
                assert there[own[0]] == 0, f"{name} ({tag})"
            else:
                assert f" {' '.join(own)} " not in whole, f"{name} ({tag})"
    assert min(looked_for[tag] for tag in TAGS) > 1, looked_for


def no_secret_is_in_a_recording_and_nothing_of_the_read_stays_behind(seen: Seen) -> None:
    texts = [file.read_text(encoding="utf-8") for file in seen.whole.rglob("*") if file.is_file()]
    secrets = [value for value in seen.secrets.values() if value != "any"]
    assert secrets
    assert [value for value in secrets if any(value in text for text in texts)] == []
    [school] = (seen.project / ".haplomap").glob("*/lock")
    assert not (school.parent / "record").exists()
    assert [file for file in seen.whole.parent.iterdir() if file.name.startswith(".")] == []


def in_a_part_of_a_school_joins_lead_as_far_as_in_all_of_it(seen: Seen, folder: Path) -> None:
    project, recording = open_project(seen.project), read_recording(seen.part)
    school = project.school(next(iter(project.of("school"))).name)
    landed = land_recorded(project, school, recording, folder)
    source = landed.plan.source
    kept = {name: read.rows for name, read in landed.sets.items()}
    assert sum(kept.values()) < sum(pl.read_parquet(file).height for file in seen.records.glob("*.parquet")) / 2
    led = 0
    for name in landed.sets:
        for key, spec in source.find(name)[2].fields.items():
            targets = [(other, field) for other, field in spec.links() if other in landed.sets]
            if not targets or spec.type == "list":
                continue
            now = dangling(folder / "sets", name, key, targets)
            assert now <= dangling(seen.records, name, key, targets), f"{name}.{key}"
            led += now is not None
    assert led > 3


def dangling(folder: Path, name: str, key: str, targets: list[tuple[str, str]]) -> int:
    """Count the records whose link leads nowhere."""

    def values(set_name: str, field: str) -> list[str]:
        file = folder / f"{set_name}.parquet"
        return pl.read_parquet(file)[field].drop_nulls().to_list() if field in pl.read_parquet_schema(file) else []

    there = {value for other, field in targets for value in values(other, field)}
    return sum(value not in there for value in values(name, key))


def a_recording_stands_for_its_school_and_says_what_it_is(seen: Seen) -> None:
    project, recording = open_project(seen.project), read_recording(seen.whole)
    stand_in = recording.school(project)
    own = project.school(next(iter(project.of("school"))).name)
    assert (stand_in.source, stand_in.entities, stand_in.settings) == (seen.source, own.entities, own.settings)
    assert recording.today == DAY
    facts = json.loads((seen.whole / "recording.json").read_text(encoding="utf-8"))
    assert all(kept["records"] == kept["of"] for kept in facts["sets"].values())
    report = (seen.whole / "REPORT.md").read_text(encoding="utf-8")
    assert all(f"\n## {name}\n" in report for name in facts["sets"])
    assert "| replaced " in report
