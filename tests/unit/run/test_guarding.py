"""What guards count."""

from __future__ import annotations

from engine.kinds.guard import Limits
from engine.run.guarding import trips
from engine.stages.compare import Compared

LIMITS = Limits(max_changed="10%", min_rows=0)


def test_rows_that_are_merged_count_as_changes_and_not_as_losses() -> None:
    merged = Compared("pet", rows=90, before=100, changed=6, merged=5, unchanged=84)
    [trip] = trips(merged, 0, None, LIMITS)
    assert trip.accept == "changed:pet"
    assert "11 of 100 rows" in str(trip)
    fewer = Compared("pet", rows=90, before=100, changed=5, merged=5, unchanged=85)
    assert list(trips(fewer, 0, None, LIMITS)) == []
