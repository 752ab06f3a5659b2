"""What guards count."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.kinds.guard import Limits
from engine.run.guarding import GuardError, Trip, require, trips
from engine.stages.compare import Compared

LIMITS = Limits(max_changed="10%", min_rows=0)


def test_rows_that_are_merged_count_as_changes_and_not_as_losses() -> None:
    merged = Compared("pet", rows=90, before=100, changed=6, merged=5, unchanged=84)
    [trip] = trips(merged, 0, None, LIMITS)
    assert trip.accept == "changed:pet"
    assert "11 of 100 rows" in str(trip)
    fewer = Compared("pet", rows=90, before=100, changed=5, merged=5, unchanged=85)
    assert list(trips(fewer, 0, None, LIMITS)) == []


def test_where_many_rows_change_it_is_told_in_which_fields_most_do() -> None:
    fields = {"house": 3, "form": 26, "born": 3, "title": 1}
    [trip] = trips(Compared("pet", rows=100, before=100, changed=27, unchanged=73, fields=fields), 0, None, LIMITS)
    assert "27 of 100 rows change, or are merged with others (form in 26, born in 3, house in 3), where" in str(trip)


def test_the_commands_that_go_on_name_the_project_where_one_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = Trip("removed", "student", "9 of 10 rows are gone", "max_removed is 5%")
    for root, place in ((tmp_path / "my school", f" --project '{tmp_path}/my school'"), (tmp_path, "")):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(GuardError) as stopped:
            require([trip], (), "brook", {}, root)
        assert f"'haplomap diff brook{place}'" in stopped.value.fix
        assert f"'haplomap run brook --accept removed:student{place}'" in stopped.value.fix
