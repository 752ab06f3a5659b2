"""Who rows are, night after night: the key by which each was first sent, whatever the source calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.spec.schema import Schema
from engine.stages.identity import Identified, Remembered, identify, latest_keys, other_keys

SCHEMA = Schema.model_validate(
    {
        "schema": "pet",
        "fields": {
            "source_id": {"required": True},
            "mother": {"ref": "pet"},
            "friends": {"type": "list", "of": {"ref": "pet"}},
            "carers": {"type": "list", "of": {"type": "record", "fields": {"who": {"ref": "pet"}, "how": {}}}},
        },
    }
)
COLUMNS = (
    "source_id VARCHAR, _state VARCHAR, _natural VARCHAR[], mother VARCHAR, friends VARCHAR[], "
    "carers STRUCT(who VARCHAR, how VARCHAR)[]"
)
Row = tuple[str | None, str, list[str | None]]


def row(own: str | None, chip: str | None = None, tag: str | None = None, state: str = "emitted") -> Row:
    """Return a row that is known by its chip, and less surely by its tag."""
    return own, state, [chip and f"chip:{chip}", tag and f"tag:{tag}"]


class Nights:
    """One entity whose rows are sent night after night."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.known: Path | None = None
        self.sent: Path | None = None
        self.told = Identified()
        self.same: dict[str, str] = {}
        self.rows: list[tuple[Any, ...]] = []

    def night(
        self,
        *rows: Row,
        merges: bool = True,
        sends: bool = True,
        further: bool = True,
        points: Mapping[str, tuple[Any, ...]] | None = None,
    ) -> dict[str, str]:
        """Let a night pass; return the stable keys of its rows by their own. `sends`: what is learnt is kept."""
        self.number += 1
        file = self.folder / f"{self.number}.parquet"
        with duckdb.connect() as database:
            database.execute(f"CREATE TEMP TABLE result ({COLUMNS})")
            for own, state, natural in rows:
                more = (points or {}).get(own or "", (None, None, None))
                database.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)", [own, state, natural, *more])
            before = database.execute("SELECT rowid, source_id FROM result").fetchall()
            remembered = Remembered(f"run-{self.number}", self.sent, self.known, merges=merges)
            self.told = identify(database, SCHEMA, remembered, further=further)
            after = dict(database.execute("SELECT rowid, source_id FROM result").fetchall())
            self.rows = database.execute("SELECT * EXCLUDE (_state, _natural) FROM result ORDER BY 1").fetchall()
            self.same = dict(database.execute("SELECT own, key FROM same").fetchall())
            database.execute(f"COPY (SELECT * FROM identities) TO '{file}' (FORMAT parquet)")
        if sends:
            self.known = file
        return {own: after[number] for number, own in before if own is not None}

    def stands(self, columns: str = "key, natural_key") -> list[tuple[Any, ...]]:
        with duckdb.connect() as database:
            return database.execute(f"SELECT {columns} FROM '{self.known}' ORDER BY ALL").fetchall()

    def merged(self) -> dict[str, str]:
        return {key: into for key, into in self.stands("key, merged_into") if into is not None}


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_rows_that_nothing_is_known_of_have_their_own_keys(nights: Nights) -> None:
    assert nights.night(row("1", "c1"), row("2"), row(None, "c3", state="quarantined")) == {"1": "1", "2": "2"}
    assert nights.stands("key, since, natural_key, latest, merged_into") == [
        ("1", "run-1", "chip:c1", False, None),
        ("1", "run-1", "source_id:1", True, None),
        ("2", "run-1", "source_id:2", True, None),
    ]


def test_who_changes_his_key_is_still_the_same(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    assert nights.night(row("8", "c1"), row("2", "c2")) == {"8": "1", "2": "2"}
    assert (nights.told.found, nights.told.merged, nights.same) == (1, 0, {"8": "1"})
    assert nights.night(row("8"), row("2", "c2")) == {"8": "1", "2": "2"}, "from then on known by the new key alone"
    assert nights.told.found == 0
    assert nights.night(row("9", "c1"), row("2", "c2")) == {"9": "1", "2": "2"}
    assert nights.stands() == [
        ("1", "chip:c1"),
        ("1", "source_id:1"),
        ("1", "source_id:8"),
        ("1", "source_id:9"),
        ("2", "chip:c2"),
        ("2", "source_id:2"),
    ]


def test_everybody_may_change_his_key_in_one_night(nights: Nights) -> None:
    nights.night(*(row(f"a{n}", f"c{n}") for n in range(50)))
    assert nights.night(*(row(f"b{n}", f"c{n}") for n in range(50))) == {f"b{n}": f"a{n}" for n in range(50)}


def test_rows_that_were_sent_before_the_word_was_there_are_known_by_their_own_keys(
    nights: Nights, tmp_path: Path
) -> None:
    nights.sent = tmp_path / "sent.parquet"
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT '1' AS source_id UNION SELECT '2') TO '{nights.sent}' (FORMAT parquet)")
    assert nights.night(row("1", "c1"), row("3", "c3")) == {"1": "1", "3": "3"}
    assert nights.night(row("7", "c1"), row("3", "c3")) == {"7": "1", "3": "3"}
    assert sorted(set(nights.stands("key, since"))) == [("1", None), ("2", None), ("3", "run-1")]


def test_who_comes_back_under_another_key_is_the_same(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    nights.night(row("2", "c2"))
    nights.night(row("2", "c2"))
    assert nights.night(row("9", "c1"), row("2", "c2")) == {"9": "1", "2": "2"}


def test_a_blank_key_is_none(nights: Nights) -> None:
    nights.night(row("1"), row("2"))
    assert nights.night(row("3"), row("4")) == {"3": "3", "4": "4"}
    assert nights.told.told() == {}


def test_what_leads_to_two_identities_makes_them_one_and_the_older_stays(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2"))
    assert nights.night(row("2", "c1")) == {"2": "1"}
    assert nights.told.merged == 1
    assert nights.same == {"2": "1"}
    assert nights.stands("key, natural_key, latest, merged_into") == [
        ("1", "chip:c1", False, None),
        ("1", "source_id:1", False, None),
        ("1", "source_id:2", True, None),
        ("2", None, False, "1"),
    ]
    assert nights.night(row("2")) == {"2": "1"}
    assert nights.merged() == {"2": "1"}, "it is remembered"


def test_of_two_that_were_first_sent_in_one_night_the_one_of_the_own_key_stays(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2"))
    assert nights.night(row("2", "c1")) == {"2": "2"}
    assert nights.merged() == {"1": "2"}
    assert nights.same == {"1": "2"}


def test_three_may_become_one_and_what_was_merged_goes_along(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2", "c2"))
    nights.night(row("1", "c1"), row("2", "c2"), row("3"))
    assert nights.night(row("1", "c1"), row("3", "c2")) == {"1": "1", "3": "2"}
    assert nights.night(row("3", "c2", "t")) == {"3": "2"}
    assert nights.night(row("3", "c1")) == {"3": "1"}
    assert nights.merged() == {"2": "1", "3": "1"}


def test_who_was_merged_and_is_two_again_is_apart_again(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2"))
    nights.night(row("1", "c1"), row("2"))
    assert nights.night(row("2", "c1")) == {"2": "1"}
    assert nights.night(row("2", "c1"), row("1", "c9")) == {"2": "1", "1": "1~2"}, "nobody has one object with another"
    assert nights.night(row("1", "c9")) == {"1": "1~2"}
    assert nights.night(row("2", "c1"), row("1", "c9")) == {"2": "1", "1": "1~2"}


def test_who_was_merged_away_gets_his_own_back(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2"))
    nights.night(row("1", "c1", "t2"))
    nights.night(row("1", "c1"), row("2", "c2"))
    nights.night(row("2", "c1"))
    assert nights.merged() == {"2": "1"}
    nights.night(row("1", "c1"))
    assert nights.night(row("1", "c1"), row("2", "c2")) == {"1": "1", "2": "2"}
    assert nights.merged() == {}


def test_those_who_swap_a_natural_key_keep_their_own(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    assert nights.night(row("1", "c2"), row("2", "c1")) == {"1": "1", "2": "2"}
    assert nights.told.told() == {}
    assert nights.night(row("8", "c2"), row("2", "c1")) == {"8": "1", "2": "2"}, "and it leads to who has it now"


def test_a_key_that_moves_from_one_to_another_takes_no_identity_along(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    assert nights.night(row("1", "c3"), row("2", "c1")) == {"1": "1", "2": "2"}
    assert nights.night(row("5", "c1")) == {"5": "2"}


def test_a_key_that_two_rows_share_tonight_leads_nowhere(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    assert nights.night(row("7", "c1"), row("8", "c1"), row("2", "c2")) == {"7": "7", "8": "8", "2": "2"}
    assert nights.told.told() == {"known by chip: a key that several rows bear leads nowhere": 1}
    assert ("1", "chip:c1") in nights.stands(), "and it stays with who had it"


def test_a_row_that_is_held_back_counts_where_a_key_is_shared_one_that_is_left_out_does_not(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    held = row("9", "c1", state="quarantined")
    assert nights.night(row("7", "c1"), held, sends=False) == {"7": "7", "9": "9"}
    left_out = row("1", "c1", state="filtered")
    assert nights.night(row("7", "c1"), left_out) == {"7": "1", "1": "1"}, "who is left out is nobody"


def test_a_row_that_is_held_back_is_known_but_teaches_nothing(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"))
    before = nights.stands()
    assert nights.night(row("7", "c1", "t7", state="quarantined"), row("2", "c2")) == {"7": "1", "2": "2"}
    assert nights.same == {"7": "1"}
    assert nights.stands() == before
    assert nights.night(row("8", None, "t7"), row("2", "c2")) == {"8": "8", "2": "2"}


def test_a_row_that_is_held_back_merges_nobody(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2", "c2"))
    assert nights.night(row("2", "c1", state="quarantined")) == {"2": "2"}
    assert nights.merged() == {}
    assert nights.night(row("2", "c1")) == {"2": "1"}


def test_the_more_trusted_key_decides_whose_an_identity_is(nights: Nights) -> None:
    nights.night(row("1", "c1", "t1"))
    assert nights.night(row("7", "c7", "t1"), row("8", "c1", "t8")) == {"7": "7", "8": "1"}


def test_of_equal_claims_neither_is_good(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c2"))
    assert nights.night(row("7", "c1"), row("8", "c2")) == {"7": "7", "8": "8"}
    assert nights.told.disputed == 1
    assert nights.night(row("7", "c1")) == {"7": "7"}, "and each key leads to who bears it now"


def test_a_key_of_the_source_that_is_given_to_somebody_new_makes_a_key_of_its_own(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("2", "c1"))
    assert nights.night(row("2", "c1"), row("1", "c9"), row("1~2", "c8")) == {"2": "1", "1": "1~3", "1~2": "1~2"}
    assert nights.same == {"2": "1", "1": "1~3"}
    assert nights.night(row("1", "c9")) == {"1": "1~3"}, "and keeps it"


def test_nothing_is_merged_where_not_everything_was_seen(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("1", "c1"), row("2"))
    assert nights.night(row("2", "c1"), merges=False) == {"2": "2"}
    assert nights.merged() == {}
    assert nights.night(row("8", "c8"), row("2", "c1"), merges=False) == {"8": "8", "2": "2"}
    assert nights.night(row("2", "c1")) == {"2": "1"}, "but it waits"
    assert nights.merged() == {"2": "1"}


def test_what_was_not_sent_was_not_learnt(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    assert nights.night(row("2", "c1"), sends=False) == {"2": "1"}
    assert nights.night(row("1", "c1")) == {"1": "1"}
    assert nights.night(row("3", "c3"), row("1", "c1"), sends=False) == {"3": "3", "1": "1"}
    assert nights.night(row("4", "c3"), row("1", "c1")) == {"4": "4", "1": "1"}


def test_without_further_keys_what_is_known_still_counts(nights: Nights) -> None:
    nights.night(row("1", "c1"))
    nights.night(row("2", "c1"))
    assert nights.night(row("2", "c1"), row("3"), further=False) == {"2": "1", "3": "3"}


def test_a_file_of_identities_gives_the_keys_that_differ(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("3", "c3"))
    nights.night(row("2:x", "c1"), row("3", "c3"))
    assert nights.known is not None
    with duckdb.connect() as database:
        assert database.execute(other_keys(SCHEMA, nights.known)).fetchall() == [("2:x", "1")]
        assert sorted(database.execute(latest_keys(SCHEMA, nights.known)).fetchall()) == [("2:x", "1"), ("3", "3")]


def test_rows_point_to_others_of_their_entity_by_the_stable_key(nights: Nights) -> None:
    nights.night(row("1", "c1"), row("2", "c2"), row("3"))
    carers = [{"who": "8", "how": "feeds"}, {"who": "3", "how": None}, {"who": None, "how": "walks"}]
    points: dict[str, tuple[Any, ...]] = {"3": ("8", ["9", "3", "1", "8"], carers), "8": (None, [], None)}
    assert nights.night(row("8", "c1"), row("9", "c2"), row("3"), points=points) == {"8": "1", "9": "2", "3": "3"}
    there = [{"who": "1", "how": "feeds"}, {"who": "3", "how": None}, {"who": None, "how": "walks"}]
    assert nights.rows == [("1", None, [], None), ("2", None, None, None), ("3", "1", ["2", "3", "1"], there)]
