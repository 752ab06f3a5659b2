"""What was read before and what changed, put together by key: records made by hand, results worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from engine.stages.mirror import Merged, MirrorError, Shape, clear, keep, look_at, merge, of_days, splice, strays

Rows = Sequence[tuple[object, ...]]


def put(file: Path, names: Sequence[str], rows: Rows) -> Path:
    """Write a landed set: page and row first, then its fields."""
    columns = {"_page": pl.Int32, "_row": pl.Int64, **dict.fromkeys(names, pl.String)}
    file.parent.mkdir(exist_ok=True)
    pl.DataFrame(list(rows), schema=columns, orient="row").write_parquet(file)
    return file


def of(file: Path) -> list[tuple[object, ...]]:
    return pl.read_parquet(file).rows()


def merged(
    tmp_path: Path, old: Rows, new: Rows, gone: Sequence[tuple[object, ...]] | None = (), key: Sequence[str] = ("Id",)
) -> tuple[Merged, list[tuple[object, ...]]]:
    fields = ["Id", "Name"]
    mirror = put(tmp_path / "old" / "m.parquet", fields, old)
    changes = put(tmp_path / "new" / "c.parquet", fields, new)
    deleted = None
    if gone is not None:
        names = [f"key_{at}" for at in range(len(key))]
        rows = [(1, number, *each) for number, each in enumerate(gone, 1)]
        deleted = put(tmp_path / "new" / "d.parquet", names, rows)
    out = tmp_path / "out" / "s.parquet"
    return merge(key, fields, mirror, changes, deleted, out), of(out)


OLD = [(0, 1, "a", "Ada"), (1, 1, "b", "Bob"), (1, 2, "c", "Cy"), (2, 1, "d", "Di")]


def test_changed_records_stand_in_their_place_new_ones_are_added_deleted_ones_are_gone(tmp_path: Path) -> None:
    counts, rows = merged(tmp_path, OLD, [(1, 1, "c", "Cyd"), (2, 1, "e", "Eve")], [("a",)])
    assert counts == Merged(rows=4, new=1, changed=1, deleted=1, unknown=0, kept=0)
    assert rows == [(0, 1, "b", "Bob"), (0, 2, "d", "Di"), (1, 1, "c", "Cyd"), (2, 1, "e", "Eve")]


def test_nothing_changed_is_the_same_set(tmp_path: Path) -> None:
    counts, rows = merged(tmp_path, OLD, [])
    assert counts == Merged(rows=4, new=0, changed=0, deleted=0, unknown=0, kept=0)
    assert [row[2:] for row in rows] == [row[2:] for row in OLD]
    assert [row[:2] for row in rows] == [(0, 1), (0, 2), (0, 3), (0, 4)]


def test_the_order_of_files_does_not_matter_only_page_and_row_do(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    new = [(2, 1, "e", "Eve"), (1, 2, "f", "Flo"), (1, 1, "c", "Cyd")]
    first = merged(tmp_path / "x", OLD, new)
    second = merged(tmp_path / "y", OLD[::-1], new[::-1])
    assert first == second
    assert [row[2] for row in first[1]] == ["a", "b", "d", "c", "f", "e"]


def test_a_deletion_of_what_was_not_there_is_counted_and_passed_over(tmp_path: Path) -> None:
    counts, rows = merged(tmp_path, OLD, [], [("z",), ("b",), ("b",)])
    assert counts == Merged(rows=3, new=0, changed=0, deleted=1, unknown=1, kept=0)
    assert [row[2] for row in rows] == ["a", "c", "d"]


def test_a_record_that_is_both_changed_and_gone_stays(tmp_path: Path) -> None:
    counts, rows = merged(tmp_path, OLD, [(1, 1, "b", "Bobby")], [("b",), ("c",)])
    assert counts == Merged(rows=3, new=0, changed=1, deleted=1, unknown=0, kept=1)
    assert rows[-1] == (1, 1, "b", "Bobby")


def test_without_a_list_of_deletions_nothing_goes(tmp_path: Path) -> None:
    counts, rows = merged(tmp_path, OLD, [(1, 1, "b", "Bobby")], None)
    assert (counts.rows, counts.deleted, len(rows)) == (4, 0, 4)


def test_a_key_of_two_parts_is_one_key(tmp_path: Path) -> None:
    old = [(1, 1, "a", "x"), (1, 2, "a", "y"), (1, 3, "b", "x")]
    counts, rows = merged(tmp_path, old, [(1, 1, "b", "y")], [("a", "x")], key=("Id", "Name"))
    assert counts == Merged(rows=3, new=1, changed=0, deleted=1, unknown=0, kept=0)
    assert [row[2:] for row in rows] == [("a", "y"), ("b", "x"), ("b", "y")]


def test_pages_that_count_from_0_are_told_apart_from_the_mirrors(tmp_path: Path) -> None:
    _, rows = merged(tmp_path, OLD[:2], [(0, 1, "e", "Eve")])
    assert [row[:3] for row in rows] == [(-1, 1, "a"), (-1, 2, "b"), (0, 1, "e")]


@pytest.mark.parametrize(
    ("old", "new", "gone", "why"),
    [
        (OLD, [(1, 1, "e", "1"), (1, 2, "e", "2")], [], "a key stands on several records of what changed"),
        ([*OLD, (2, 2, "d", "2")], [], [], "a key stands on several records of what was read before"),
        (OLD, [(1, 1, None, "1")], [], "1 records of what changed have no key"),
        ([*OLD, (2, 2, None, "2")], [], [], "1 records of what was read before have no key"),
        (OLD, [], [(None,)], "a record that is gone is not named"),
    ],
)
def test_what_no_key_tells_apart_is_not_merged(tmp_path: Path, old: Rows, new: Rows, gone: Rows, why: str) -> None:
    with pytest.raises(MirrorError) as caught:
        merged(tmp_path, old, new, gone)
    assert caught.value.why == why
    assert not (tmp_path / "out" / "s.parquet").exists()


def test_a_field_that_was_not_read_before_is_null_in_what_did_not_change(tmp_path: Path) -> None:
    mirror = put(tmp_path / "m" / "m.parquet", ["Id"], [(1, 1, "a"), (1, 2, "b")])
    changes = put(tmp_path / "c" / "c.parquet", ["Id", "Name"], [(1, 1, "b", "Bob")])
    merge(["Id"], ["Id", "Name"], mirror, changes, None, tmp_path / "o.parquet")
    assert of(tmp_path / "o.parquet") == [(0, 1, "a", None), (1, 1, "b", "Bob")]


def test_a_mirror_that_is_no_parquet_is_not_merged_and_not_looked_at(tmp_path: Path) -> None:
    changes = put(tmp_path / "c" / "c.parquet", ["Id"], [])
    (tmp_path / "m.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(MirrorError, match="cannot be read"):
        merge(["Id"], ["Id"], tmp_path / "m.parquet", changes, None, tmp_path / "o.parquet")
    assert look_at(tmp_path / "m.parquet") is None
    assert look_at(tmp_path / "nowhere.parquet") is None
    assert look_at(changes) == Shape(frozenset({"Id"}), 0)


def test_a_mirror_is_the_same_file_under_another_name_and_outlives_it(tmp_path: Path) -> None:
    file = put(tmp_path / "run" / "s.parquet", ["Id"], [(1, 1, "a")])
    for _ in range(2):  # the second time as after a kill
        keep(file, tmp_path / "mirror" / "s" / "2.parquet")
    assert file.samefile(tmp_path / "mirror" / "s" / "2.parquet")
    put(tmp_path / "mirror" / "s" / "1.parquet", ["Id"], [])
    clear(tmp_path / "mirror" / "s", "2.parquet")
    assert [each.name for each in (tmp_path / "mirror" / "s").iterdir()] == ["2.parquet"]
    file.unlink()
    assert of(tmp_path / "mirror" / "s" / "2.parquet") == [(1, 1, "a")]


def spliced(tmp_path: Path, old: Rows, came: Rows, key: Sequence[str] = ("Id",)) -> tuple[Merged, set[object]]:
    """Put what came of 2 to 8 March in the place of what was there; the second field is the day."""
    mirror = put(tmp_path / "old" / "m.parquet", ["Id", "On"], old)
    new = put(tmp_path / "new" / "c.parquet", ["Id", "On", "Mark"], came)
    days = of_days("2026-03-02", "2026-03-08", 'try_cast("On" AS DATE)')
    out = tmp_path / "out" / "s.parquet"
    counts = splice(key, ["Id", "On", "Mark"], mirror, new, days, out)
    rows = of(out)
    assert len({row[:2] for row in rows}) == len(rows) == counts.rows
    return counts, {row[2:] for row in rows}


DATED = [(1, 1, "a", "2026-03-01"), (1, 2, "b", "2026-03-02"), (2, 1, "c", "2026-03-08"), (2, 2, "d", "2026-03-09")]


def test_what_came_of_some_days_takes_the_place_of_what_was_there_of_them(tmp_path: Path) -> None:
    counts, rows = spliced(tmp_path, DATED, [(1, 1, "c", "2026-03-07", "/"), (1, 2, "e", "2026-03-02", "N")])
    assert rows == {
        ("a", "2026-03-01", None),
        ("c", "2026-03-07", "/"),
        ("e", "2026-03-02", "N"),
        ("d", "2026-03-09", None),
    }
    assert counts == Merged(rows=4, new=1, changed=1, deleted=1, unknown=0, kept=0)


def test_a_record_that_moved_into_a_window_stands_there_only(tmp_path: Path) -> None:
    counts, rows = spliced(tmp_path, DATED, [(1, 1, "a", "2026-03-05", "/")])
    assert rows == {("a", "2026-03-05", "/"), ("d", "2026-03-09", None)}
    assert (counts.changed, counts.deleted) == (1, 2)


def test_without_a_key_days_alone_decide(tmp_path: Path) -> None:
    _, rows = spliced(tmp_path, DATED, [(1, 1, "a", "2026-03-05", "/")], key=())
    assert rows == {("a", "2026-03-01", None), ("a", "2026-03-05", "/"), ("d", "2026-03-09", None)}


def test_a_blank_key_is_that_of_no_other_record(tmp_path: Path) -> None:
    old = [(1, 1, None, "2026-03-01"), (1, 2, None, "2026-03-03")]
    _, rows = spliced(tmp_path, old, [(1, 1, None, "2026-03-04", "/")])
    assert rows == {(None, "2026-03-01", None), (None, "2026-03-04", "/")}


def test_nothing_that_came_of_some_days_empties_them(tmp_path: Path) -> None:
    counts, rows = spliced(tmp_path, DATED, [])
    assert rows == {("a", "2026-03-01", None), ("d", "2026-03-09", None)}
    assert counts.deleted == 2


def test_records_outside_of_the_window_they_came_in_are_counted(tmp_path: Path) -> None:
    rows = [(1, 1, "2026-03-02"), (1, 2, "2026-03-09"), (2, 1, "2026-03-09"), (2, 2, None), (2, 3, "soon")]
    file = put(tmp_path / "new" / "c.parquet", ["On"], rows)
    windows = [(1, "2026-03-02", "2026-03-08"), (2, "2026-03-09", "2026-03-15")]
    assert strays(file, 'try_cast("On" AS DATE)', windows) == (2, 1)
    assert strays(file, 'try_cast("On" AS DATE)', []) == (0, 0)
