"""Which records are kept: of a made-up school of twelve, in sets that lead to each other in every way."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from engine.kinds.types import SourceField
from engine.run.links import Edge, alike
from engine.run.recording_choice import Choosing, linked, root_of
from engine.spec.source import RecordSet

PERSON = SourceField(pii="identifier")
SETS = {
    "people": RecordSet(
        records="$.p", key="id", fields={"id": PERSON, "born": SourceField(pii="birth"), "club": PERSON}
    ),
    "calls": RecordSet(records="$.c", fields={"of": PERSON, "by": PERSON}),
    "parents": RecordSet(records="$.q", key="id", fields={"id": PERSON, "born": SourceField(pii="birth")}),
    "phones": RecordSet(records="$.f", fields={"of": PERSON}),
    "clubs": RecordSet(
        records="$.k",
        key="id",
        fields={"id": SourceField(), "all": SourceField(type="list", split=",", pii="identifier")},
    ),
    "marks": RecordSet(records="$.m", fields={"of": PERSON}),
    "codes": RecordSet(records="$.o", key="id", fields={"id": SourceField()}),
    "alone": RecordSet(records="$.a", fields={"id": PERSON}),
}
EDGES = [
    Edge("people", "club", "clubs", "id"),
    Edge("calls", "of", "people", "id"),
    Edge("calls", "by", "parents", "id"),
    Edge("phones", "of", "parents", "id"),
    Edge("marks", "of", "people", "id"),
    Edge("clubs", "all", "people", "id", many=True, split=","),
]
RECORDS: dict[str, dict[str, list[str | None]]] = {
    "people": {"id": [str(n) for n in range(1, 13)], "born": ["x"] * 12, "club": ["a"] * 6 + ["B "] * 5 + [None]},
    "calls": {"of": [str(n) for n in range(1, 13)], "by": [str(100 + n // 2) for n in range(1, 13)]},
    "parents": {"id": [str(n) for n in range(100, 110)], "born": ["x"] * 10},
    "phones": {"of": [str(n) for n in range(100, 110)]},
    "clubs": {"id": ["A", "b", "c"], "all": ["1,2,3,4,5,6", "7,8,9,10,11", None]},
    "codes": {"id": ["x", "y"]},
    "alone": {"id": [str(n) for n in range(20)]},
}


def choosing(folder: Path, limit: int | None) -> Choosing:
    made = Choosing(SETS, EDGES, "people", limit)
    for name, columns in RECORDS.items():
        rows = len(columns["id" if "id" in columns else "of"])
        frame = pl.DataFrame({"_page": [1] * rows, "_row": list(range(1, rows + 1)), **columns}, strict=False)
        frame.cast(dict.fromkeys(columns, pl.String)).write_parquet(folder / f"{name}.parquet")
        made.read(name, folder / f"{name}.parquet")
    made.grow(whole=SETS)
    return made


def kept(made: Choosing, name: str) -> list[int]:
    return sorted(made.rows(name).get(1, ()))


def test_a_few_people_are_kept_with_what_belongs_to_them_and_what_they_refer_to(tmp_path: Path) -> None:
    made = choosing(tmp_path, 2)
    assert kept(made, "people") == [1, 7], "spread over all"
    assert kept(made, "calls") == [1, 7], "of these, and of nobody else"
    assert kept(made, "parents") == [1, 4], "100 and 103, whom the calls name"
    assert kept(made, "phones") == [1, 4], "of these parents"
    assert kept(made, "clubs") == [1, 2], "theirs; in any case, and however it is spaced"
    assert kept(made, "codes") == [1, 2], "a table of codes is kept whole"
    assert kept(made, "alone") == [1, 11], "some of what leads nowhere"
    assert made.lost("clubs", "all") == {"2", "3", "4", "5", "6", "8", "9", "10", "11"}


def test_without_a_limit_everything_is_kept(tmp_path: Path) -> None:
    made = choosing(tmp_path, None)
    assert all(len(kept(made, name)) == len(columns.get("id") or columns["of"]) for name, columns in RECORDS.items())
    assert made.lost("clubs", "all") == frozenset()


def test_what_comes_again_with_other_records_is_chosen_anew(tmp_path: Path) -> None:
    made = choosing(tmp_path, 2)
    file = tmp_path / "phones.parquet"
    pl.DataFrame({"_page": [1, 2], "_row": [1, 1], "of": ["109", "100"]}).write_parquet(file)
    made.read("phones", file)
    made.grow()
    assert made.rows("phones") == {2: {1}}


def test_the_first_set_is_that_of_the_people_whom_most_others_lead_to_not_of_their_groups() -> None:
    assert root_of(SETS, EDGES, SETS) == "people"
    assert root_of(SETS, EDGES, ["calls", "parents", "phones"]) == "parents"
    assert root_of(SETS, EDGES, ["codes", "alone"]) == "alone"
    assert root_of(SETS, EDGES, ["codes"]) == ""
    members = RecordSet(records="$.m", key="id", fields={"id": PERSON, "name": SourceField(pii="name"), "in": PERSON})
    groups = RecordSet(records="$.g", key="id", fields={"id": SourceField(), "lead": PERSON})
    assert (
        root_of({"groups": groups, "members": members}, [Edge("members", "in", "groups", "id")], ["groups", "members"])
        == "members"
    )


def test_fields_that_hold_the_same_values_are_taken_together() -> None:
    groups = sorted(sorted(group) for group in alike(EDGES))
    assert groups == [
        [("calls", "by"), ("parents", "id"), ("phones", "of")],
        [("calls", "of"), ("clubs", "all"), ("marks", "of"), ("people", "id")],
        [("clubs", "id"), ("people", "club")],
    ]


@pytest.mark.parametrize(
    ("text", "many", "split", "found"),
    [
        (" A  b ", False, None, ["a b"]),
        ("", False, None, []),
        (None, False, None, []),
        ("1,2,", True, ",", ["1", "2"]),
        ('["1", 2, {"id": 3}, null]', True, None, ["1", "2"]),
        ("no json", True, None, []),
    ],
)
def test_values_that_link(text: str | None, many: bool, split: str | None, found: list[str]) -> None:
    assert list(linked(text, many=many, split=split)) == found
