"""Rows that were gone and return: what they had lost in Haplo is sent again, also where nothing is known of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from engine.spec.binding import Binding
from engine.spec.schema import Schema
from engine.stages.before import Pair
from engine.stages.emit import emit
from tests.unit.stages.test_compare import SCHEMA, TOLD, Nights, pet, rows_of

TOUCHED = {"name": True, "friends": True, "carers": False}
BINDING = Binding.model_validate(
    {
        "binding": "pet",
        "model": "TYPE:x:type:pet",
        "destination": "object",
        "names": {
            "dc:attribute:title": "source_id",
            "x:name": {"from": "name", "clear": True},
            "x:owner": "owner",
            "x:friend": "friends",
        },
        "removed": {"set": {"x:name": "nobody"}, "clear": ["x:friend"]},
    }
)
OWNER = Schema.model_validate({"schema": "owner", "fields": {"source_id": {"required": True}}})


class Returns(Nights):
    """Nights of an entity whose rows lose their name, their friends and carers when they are gone."""

    def pair(self, absent: Collection[str] = ()) -> Pair:
        return Pair(SCHEMA, TOLD, self.night, self.sent, absent, TOUCHED)

    def sends(self) -> list[tuple[Any, ...]]:
        return rows_of(self.night / "send" / "pet.parquet", "source_id, name, owner, friends, _withheld")


@pytest.fixture
def nights(tmp_path: Path) -> Returns:
    """Two pets; the first is gone since the second night."""
    found = Returns(tmp_path)
    found.compare([pet("1", "Rex", owner="a", friends=["2"]), pet("2", "Tom", friends=["1"])])
    found.send()
    found.compare([pet("2", "Tom", friends=["1"])])
    found.send()
    return found


def test_what_is_withheld_from_one_that_returns_is_sent_as_it_was(nights: Returns) -> None:
    back = pet("1", None, owner=None, friends=["3"], _withheld=["name", "owner"])
    held = pet("2", None, friends=["1", "3"], _withheld=["name"])
    compared = nights.compare([back, held])
    assert (compared.returned, compared.changed, compared.restored) == (1, 1, [])
    assert nights.sends() == [("1", "Rex", None, ["3"], ["owner"]), ("2", None, None, ["1", "3"], ["name"])]
    nights.send()
    assert nights.stands("source_id, name, owner, friends, _state") == [
        ("1", "Rex", "a", ["3"], "current"),
        ("2", "Tom", None, ["1", "3"], "current"),
    ]


def test_a_reference_that_leads_to_nobody_tonight_is_not_sent_as_it_was(nights: Returns) -> None:
    nights.compare([pet("1", None, friends=None, _withheld=["name", "friends"])])
    assert nights.sends() == [("1", "Rex", None, None, ["friends"])]
    nights.send()
    assert nights.stands("source_id, name, friends, _state")[0] == ("1", "Rex", None, "current")
    compared = nights.compare([pet("1", "Rex", friends=["2"])])
    assert (compared.changed, compared.fields) == (1, {"friends": 1})


def test_what_no_answer_carried_is_sent_to_those_that_return_and_withheld_from_the_others(nights: Returns) -> None:
    absent = ["name", "owner", "carers"]
    compared = nights.compare([pet("1", friends=["2"]), pet("2", friends=["1", "3"])], absent=absent)
    assert compared.restored == ["name"]
    assert nights.sends() == [("1", "Rex", None, ["2"], []), ("2", None, None, ["1", "3"], ["name"])]
    nights.send(absent=absent)
    assert nights.stands("source_id, name, owner") == [("1", "Rex", "a"), ("2", "Tom", None)]


def test_a_night_without_returns_sends_what_it_did(nights: Returns) -> None:
    compared = nights.compare([pet("2", friends=["3"])], absent=["name"])
    assert (compared.past, compared.restored) == (1, [])
    assert nights.sends() == [("2", None, None, ["3"], [])]


def test_a_key_is_written_to_those_that_return_alone(nights: Returns, tmp_path: Path) -> None:
    compared = nights.compare([pet("1", friends=["2"]), pet("2", friends=["1", "3"])], absent=["name"])
    assert compared.restored == ["name"]
    send = nights.night / "send" / "pet.parquet"
    made = emit(SCHEMA, {"pet": SCHEMA, "owner": OWNER}, BINDING, "p", send, [], tmp_path / "out")
    assert json.loads(made.parts[0].path.read_text()) == [
        {"_code": "p:pet:1", "source_id": "1", "name": "Rex", "owner": None, "friends": ["p:pet:2"]},
        {"_code": "p:pet:2", "source_id": "2", "owner": None, "friends": ["p:pet:1", "p:pet:3"]},
    ]
