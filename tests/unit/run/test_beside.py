"""The record beside a row of a preview, and what is joined to it, of records that are written here."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from engine.cli.preview_text import beside_text
from engine.run.beside import MASK, Shown
from engine.run.plan import make_plan, world_of
from engine.run.preview import Preview
from engine.spec import project as project_module
from engine.spec.project import open_project
from engine.stages.transform import Circumstances, SetRead, transform

DOCUMENTS = {
    "mappings/acme/source.yaml": """\
source: acme
apis: {main: {base_url: 'https://acme.example', auth: {kind: none}}}
endpoints:
  all:
    get: all
    sets:
      people: {records: $.people, key: id, fields: {id: {}, teamId: {type: integer}, homeId: {}, carId: {}}}
      teams: {records: $.teams, fields: {id: {type: integer}, title: {}, lead: {pii: name}}}
      homes: {records: $.homes, fields: {id: {}, town: {}}}
      cars: {records: $.cars, fields: {id: {}, plate: {}}}
""",
    "mappings/acme/member.yaml": """\
mapping: member
source: acme
from: people
join:
  team: {set: teams, by: {id: teamId}, keep: first}
  home: {set: homes, by: {id: homeId}, keep: first}
  car: {set: cars, by: {id: carId}, keep: first, fold_case: true}
fields: {source_id: id, team: team.title, lead: team.lead, town: home.town, plate: car.plate}
""",
    "schemas/member.yaml": "schema: member\nfields: {source_id: {}, team: {}, lead: {}, town: {}, plate: {}}\n",
    "schools/hill.yaml": "school: hill\nsource: acme\nentities: [member]\n",
}
SETS = {
    "people": [
        {"id": "1", "teamId": "07", "homeId": "a", "carId": "c"},
        {"id": "2", "teamId": "8", "homeId": " ", "carId": "c"},
    ],
    "teams": [{"id": "7", "title": "Reds", "lead": "Ann"}],
    "homes": [{"id": "a", "town": "Ash"}, {"id": "a", "town": "Elm"}, {"id": " ", "town": "Oak"}],
    "cars": [{"id": "C", "plate": "X1"}],
}


def shown(folder: Path, *, personal: bool) -> Shown:
    for name, text in DOCUMENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sets = {}
    for name, records in SETS.items():
        file = folder / f"{name}.parquet"
        pl.DataFrame([{"_page": 1, "_row": number, **each} for number, each in enumerate(records)]).write_parquet(file)
        sets[name] = SetRead(file, len(records), frozenset(records[0]))
    project = open_project(folder)
    school = project.school("hill")
    plan = make_plan(project, "hill")
    made, day = folder / "made", Circumstances(date(2026, 3, 2), "hill", "Europe/London", {})
    world = world_of(project, school, plan.source, "member")
    books = transform(project.mapping("acme", "member", school), world, sets, day, made)
    rows, states, held = (made / kind / "member.parquet" for kind in ("rows", "states", "quarantine"))
    return Shown(project, plan, Preview(rows, states, held, books, sets), personal)


def test_what_is_joined_stands_beside_a_row_where_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shipped").mkdir()
    monkeypatch.setattr(project_module, "shipped", lambda: tmp_path / "shipped")
    preview = shown(tmp_path, personal=True)
    first, second = preview.beside(2)
    assert first.row == {
        "source_id": "1", "team": "Reds", "lead": "Ann", "town": "Ash", "plate": "X1",
    }  # fmt: skip
    # of two homes with this id one is used, and cars are found in other letters: neither is known by the records alone
    assert first.joined == {"teams.id": "7", "teams.title": "Reds", "teams.lead": "Ann"}
    assert second.joined == {}
    text = [" ".join(line.split()) for line in beside_text(preview, [first, second]).splitlines()]
    assert "teams.title Reds team Reds" in text
    assert "homes.town … town Ash" in text
    assert [line for line in text if line.startswith("…: of other records")] == text[-1:]
    masked = shown(tmp_path, personal=False).beside(1)[0]
    assert masked.joined == {"teams.id": "7", "teams.title": "Reds", "teams.lead": MASK}
