"""Two nights of one entity: what became of each row, what is sent, and what will have been sent."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.spec.schema import Schema
from engine.stages.before import Pair, write_next
from engine.stages.compare import Compared, Terms, compare

SCHEMA = Schema.model_validate(
    {
        "schema": "pet",
        "fields": {
            "source_id": {"required": True},
            "name": {},
            "owner": {"ref": "owner"},
            "friends": {"type": "list", "of": {"ref": "pet"}},
            "carers": {
                "type": "list",
                "of": {"type": "record", "fields": {"who": {"ref": "owner"}, "how": {}}},
            },
            "secret": {},
        },
    }
)
TOLD = ["name", "owner", "friends", "carers"]
KINDS = {
    "source_id": "VARCHAR",
    "name": "VARCHAR",
    "owner": "VARCHAR",
    "friends": "VARCHAR[]",
    "carers": "STRUCT(who VARCHAR, how VARCHAR)[]",
    "secret": "VARCHAR",
    "_withheld": "VARCHAR[]",
}
Row = dict[str, Any]


def write(file: Path, kinds: dict[str, str], rows: list[Row]) -> Path:
    """Write rows as Parquet; what a row does not give is NULL, and nothing is withheld."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([{"_withheld": [], **row} for row in rows])
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t ({columns})")
        if rows:
            struct = ", ".join(f'"{name}": "{kind}"' for name, kind in kinds.items())
            database.execute(f"INSERT INTO t SELECT unnest(from_json(?, '[{{{struct}}}]'), max_depth := 2)", [text])
        database.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    return file


def rows_of(file: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute(f"SELECT {columns} FROM read_parquet('{file}') ORDER BY 1").fetchall()


class Nights:
    """One entity, night after night; each night has a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.sent: Path | None = None
        self.identities: Path | None = None
        self.night = folder

    def pair(self, absent: Collection[str] = ()) -> Pair:
        return Pair(SCHEMA, TOLD, self.night, self.sent, absent, identities=self.identities)

    def compare(
        self,
        rows: list[Row],
        others: Collection[tuple[str | None, str, str]] = (),
        absent: Collection[str] = (),
        **terms: Any,
    ) -> Compared:
        """Compare a night's rows; `others` are records that became none: key, source key, state."""
        self.number += 1
        self.night = self.folder / str(self.number)
        write(self.night / "rows" / "pet.parquet", KINDS, rows)
        kinds = dict.fromkeys(("key", "set", "source_key", "state", "rule"), "VARCHAR")
        states = [
            {"key": row["source_id"], "set": "pets", "source_key": f"s{row['source_id']}", "state": "emitted"}
            for row in rows
        ]
        states += [{"key": key, "set": "pets", "source_key": source, "state": state} for key, source, state in others]
        write(self.night / "states" / "pet.parquet", kinds, states)
        return compare(self.pair(absent), Terms(**terms))

    def send(self, absent: Collection[str] = (), **targets: Path) -> None:
        """Let what was compared be sent."""
        write_next(self.pair(absent), targets)
        self.sent = self.night / "next" / "pet.parquet"

    def keys(self, kind: str) -> list[str]:
        return [key for (key,) in rows_of(self.night / kind / "pet.parquet", "source_id")]

    def changes(self) -> dict[str, tuple[str, list[str]]]:
        found = rows_of(self.night / "changes" / "pet.parquet", "key, change, fields")
        return {key: (change, fields) for key, change, fields in found}

    def stands(self, columns: str = "source_id, name, _state, _again") -> list[tuple[Any, ...]]:
        """Return what has been sent by now."""
        assert self.sent is not None
        return rows_of(self.sent, columns)


def pet(key: str, name: str | None = None, **more: Any) -> Row:
    return {"source_id": key, "name": name, **more}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_the_first_night_everything_is_new(nights: Nights) -> None:
    compared = nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    assert compared == Compared("pet", rows=2, new=2, send=2)
    assert nights.keys("send") == ["1", "2"]
    nights.send()
    assert nights.stands() == [("1", "Rex", "current", False), ("2", "Tom", "current", False)]


def test_only_what_changed_is_sent_and_its_fields_are_told(nights: Nights) -> None:
    nights.compare([pet("1", "Rex", owner="a"), pet("2", "Tom"), pet("3", None)])
    nights.send()
    compared = nights.compare([pet("1", "Max", owner="b"), pet("2", "Tom"), pet("3", "Kit"), pet("4", "New")])
    want = Compared("pet", rows=4, before=3, new=1, changed=2, unchanged=1, send=3, fields={"name": 2, "owner": 1})
    assert compared == want
    assert nights.changes() == {
        "1": ("changed", ["name", "owner"]),
        "2": ("unchanged", []),
        "3": ("changed", ["name"]),
        "4": ("new", []),
    }
    assert nights.keys("send") == ["1", "3", "4"]


def test_a_value_that_is_taken_away_is_a_change(nights: Nights) -> None:
    nights.compare([pet("1", "Rex")])
    nights.send()
    assert nights.compare([pet("1", None)]).fields == {"name": 1}


def test_what_haplo_is_not_told_is_no_change(nights: Nights) -> None:
    nights.compare([pet("1", "Rex", secret="old")])
    nights.send()
    assert nights.compare([pet("1", "Rex", secret="new")]).unchanged == 1


def test_lists_are_compared_item_by_item(nights: Nights) -> None:
    nights.compare([pet("1", friends=["2", "3"], carers=[{"who": "a", "how": "walks"}])])
    nights.send()
    assert nights.compare([pet("1", friends=["2", "3"], carers=[{"who": "a", "how": "walks"}])]).unchanged == 1
    assert nights.compare([pet("1", friends=["3", "2"], carers=[{"who": "a", "how": "feeds"}])]).fields == {
        "friends": 1,
        "carers": 1,
    }


def test_a_row_that_is_held_stays_as_it_was(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    compared = nights.compare([pet("1", "Rex")], [("2", "s2", "quarantined")])
    assert (compared.held, compared.gone, compared.send, compared.remove) == (1, 0, 0, 0)
    nights.send()
    assert nights.stands() == [("1", "Rex", "current", False), ("2", "Tom", "current", False)]


def test_a_held_record_whose_key_cannot_be_read_is_known_by_where_it_comes_from(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    assert nights.compare([pet("1", "Rex")], [(None, "s2", "quarantined")]).held == 1


def test_a_row_that_is_gone_is_told_once_and_comes_back(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    compared = nights.compare([pet("1", "Rex")])
    assert (compared.gone, compared.remove, compared.before) == (1, 1, 2)
    assert nights.keys("gone") == ["2"]
    nights.send()
    assert nights.stands() == [("1", "Rex", "current", False), ("2", "Tom", "gone", False)]
    compared = nights.compare([pet("1", "Rex")])
    assert (compared.gone, compared.past, compared.remove, compared.before) == (0, 1, 0, 1)
    nights.send()
    compared = nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    assert (compared.returned, compared.send) == (1, 1)
    nights.send()
    assert nights.stands() == [("1", "Rex", "current", False), ("2", "Tom", "current", False)]


def test_a_row_that_a_rule_leaves_out_is_gone(nights: Nights) -> None:
    nights.compare([pet("1", "Rex")])
    nights.send()
    assert nights.compare([], [("1", "s1", "filtered")]).gone == 1


def test_what_is_not_read_completely_removes_nothing(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    compared = nights.compare([pet("1", "Max")], complete=False)
    assert (compared.kept, compared.gone, compared.remove, compared.changed) == (1, 0, 0, 1)
    nights.send()
    assert nights.stands() == [("1", "Max", "current", False), ("2", "Tom", "current", False)]


@pytest.mark.parametrize(
    ("ours", "gone", "rescoped"), [("nothing", 2, 0), ("mapping", 1, 1), ("request", 0, 2)], ids=str
)
def test_losses_that_we_caused_are_counted_apart(ours: str, gone: int, rescoped: int, nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom"), pet("3", "Kit")])
    nights.send()
    compared = nights.compare([pet("1", "Rex")], [("2", "s2", "filtered")], ours=ours)
    assert (compared.gone, compared.rescoped) == (gone, rescoped)


def test_everything_is_sent_where_so_wished_with_those_that_are_gone(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    nights.compare([pet("1", "Rex")])
    nights.send()
    compared = nights.compare([pet("1", "Rex")], full=True)
    assert (compared.unchanged, compared.send, compared.past, compared.remove) == (1, 1, 1, 1)


def test_an_entity_without_a_branch_for_what_is_gone_tells_nothing_of_it(nights: Nights) -> None:
    nights.compare([pet("1", "Rex")])
    nights.send()
    compared = nights.compare([], removes=False)
    assert (compared.gone, compared.remove, nights.keys("gone")) == (1, 0, [])


def test_a_withheld_field_is_no_change_and_stays_as_haplo_has_it(nights: Nights) -> None:
    nights.compare([pet("1", "Rex", owner="a"), pet("2", "Tom", owner="b")])
    nights.send()
    compared = nights.compare(
        [pet("1", None, owner="z", _withheld=["name"]), pet("2", None, _withheld=["name", "owner"])]
    )
    assert compared.fields == {"owner": 1}
    assert compared.unchanged == 1
    nights.send()
    assert nights.stands("source_id, name, owner") == [("1", "Rex", "z"), ("2", "Tom", "b")]
    assert nights.compare([pet("1", "Rex", owner="z"), pet("2", "Tom", owner="b")]).unchanged == 2


def test_a_field_that_was_not_sent_at_all_is_no_change(nights: Nights) -> None:
    nights.compare([pet("1", "Rex", owner="a")])
    nights.send()
    compared = nights.compare([pet("1", None, owner="a")], absent=["name"])
    assert compared.unchanged == 1
    nights.send(absent=["name"])
    assert nights.stands("source_id, name, owner") == [("1", "Rex", "a")]


def test_rows_that_point_to_new_ones_are_sent_again_the_next_time(nights: Nights) -> None:
    kinds = {"key": "VARCHAR", "change": "VARCHAR"}
    news = [{"key": "a", "change": "new"}, {"key": "b", "change": "changed"}, {"key": "c", "change": "new"}]
    night = [
        pet("1", owner="a"),
        pet("2", owner="b"),
        pet("3", carers=[{"who": "b", "how": "x"}, {"who": "c", "how": "y"}]),
        pet("4", friends=["1"]),
        pet("5"),
    ]
    nights.compare(night)
    nights.send(owner=write(nights.night / "changes" / "owner.parquet", kinds, news))
    assert nights.stands("source_id, _again") == [
        ("1", True),
        ("2", False),
        ("3", True),
        ("4", True),
        ("5", False),
    ]
    compared = nights.compare(night)
    assert (compared.unchanged, compared.again, compared.send, nights.keys("send")) == (5, 3, 3, ["1", "3", "4"])
    nights.send()
    assert nights.compare(night).send == 0


def test_where_haplo_takes_those_left_out_for_gone_held_ones_are_sent_as_they_were(nights: Nights) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    compared = nights.compare([pet("1", "Rex")], [("2", "s2", "quarantined")], full=True, holds=True)
    assert (compared.held, compared.send) == (1, 2)
    assert rows_of(nights.night / "send" / "pet.parquet", "source_id, name, _withheld") == [
        ("1", "Rex", []),
        ("2", "Tom", []),
    ]


def test_a_field_that_has_become_another_type_is_a_change(nights: Nights, tmp_path: Path) -> None:
    nights.compare([pet("1", "Rex")])
    nights.send()
    with duckdb.connect() as database:
        moved = tmp_path / "moved.parquet"
        database.execute(f"COPY (SELECT * REPLACE (7 AS name) FROM '{nights.sent}') TO '{moved}' (FORMAT parquet)")
    nights.sent = moved
    assert nights.compare([pet("1", "Rex")]).fields == {"name": 1}
    assert nights.compare([pet("1", "Rex")], full=True).unchanged == 1, "it is we who changed, and all is sent anyway"


def test_a_digest_that_is_made_otherwise_today_changes_nothing(nights: Nights, tmp_path: Path) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Tom")])
    nights.send()
    with duckdb.connect() as database:
        moved = tmp_path / "moved.parquet"
        database.execute(f"COPY (SELECT * REPLACE (0::UBIGINT AS _digest) FROM '{nights.sent}') TO '{moved}'")
    nights.sent = moved
    assert nights.compare([pet("1", "Max"), pet("2", "Tom")]).fields == {"name": 1}


@pytest.mark.parametrize("terms", [{}, {"ours": "request"}, {"full": True}, {"complete": False}])
def test_a_row_that_is_known_to_be_another_goes_and_is_not_gone_at_the_source(
    nights: Nights, terms: dict[str, Any]
) -> None:
    nights.compare([pet("1", "Rex"), pet("2", "Rex"), pet("3", "Tibs")])
    nights.send()
    kinds = {"key": "VARCHAR", "merged_into": "VARCHAR", "_withheld": "VARCHAR[]"}
    known = [{"key": "2", "merged_into": "1"}, {"key": "1", "merged_into": None}]
    nights.identities = write(nights.folder / "2" / "identities" / "pet.parquet", kinds, known)
    found = nights.compare([pet("1", "Rex"), pet("3", "Tibs")], [("2", "s2", "quarantined")], **terms)
    assert (found.merged, found.gone, found.rescoped, found.held, found.before) == (1, 0, 0, 0, 3)
    assert nights.keys("gone") == ["2"]
    nights.send()
    assert nights.stands("source_id, _state") == [("1", "current"), ("2", "gone"), ("3", "current")]
    assert nights.compare([pet("1", "Rex"), pet("3", "Tibs")], **terms).past == 1
