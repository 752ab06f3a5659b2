"""A run tells where what is assumed of a source found nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engine.run.unfound import unfound
from engine.spec.source import Endpoint
from engine.stages.land import SetFacts

ENDPOINT = Endpoint.model_validate(
    {
        "get": "people",
        "assumed": "the address is a guess",
        "sets": {
            "people": {
                "records": "$.people",
                "fields": {
                    "Id": {},
                    "Name": {"assumed": "named so in a letter"},
                    "Age": {"assumed": "hoped for"},
                    "Town": {},
                },
            },
            "streets": {"records": "$.streets", "assumed": "nobody has seen one", "fields": {"Id": {}}},
        },
    }
)


def facts(folder: Path, name: str, rows: list[dict[str, str | None]], present: Iterable[str] = ()) -> SetFacts:
    """What landed of a set: `present` were sent."""
    file, columns = folder / f"{name}.parquet", ["Id", "Name", "Age", "Town"]
    values = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
    pq.write_table(pa.table(values), file)
    sent = tuple(present)
    absent = tuple(column for column in columns if rows and column not in sent)
    return SetFacts(name, file, len(rows), len(rows), sent, absent, (), (), 0, 0)


def test_an_assumed_field_that_nobody_has_is_told(tmp_path: Path) -> None:
    endpoint = ENDPOINT.model_copy(update={"assumed": None})
    rows: list[dict[str, str | None]] = [{"Id": "1", "Name": None, "Town": "Ely"}, {"Id": "2", "Town": "Ely"}]
    landed = facts(tmp_path, "people", rows, ("Id", "Name", "Town"))
    told = [
        "people.Name: no values, and it is assumed: named so in a letter",
        "people.Age: no values, and it is assumed: hoped for",
    ]
    assert unfound(endpoint, landed, None) == told
    assert unfound(endpoint, landed, {"Id", "Age"}) == told[1:]
    rows[1]["Name"] = "Ada"
    assert unfound(endpoint, facts(tmp_path, "people", rows, ("Id", "Name", "Town")), {"Id", "Name"}) == []


def test_an_assumed_set_without_records_is_told(tmp_path: Path) -> None:
    endpoint = ENDPOINT
    said = "no records, and where they stand is assumed: "
    assert unfound(endpoint, facts(tmp_path, "streets", []), None) == [f"streets: {said}nobody has seen one"]
    assert unfound(endpoint, facts(tmp_path, "people", []), None) == [f"people: {said}the address is a guess"]
    certain = endpoint.model_copy(update={"assumed": None})
    assert unfound(certain, facts(tmp_path, "people", []), None) == [], "nothing is assumed of where it stands"
