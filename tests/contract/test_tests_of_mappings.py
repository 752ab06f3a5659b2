"""The tests that are shipped with the mappings: all of them pass, and together they reach every field."""

from __future__ import annotations

from engine.run.testing import trials_of, try_all
from engine.spec.project import open_project, shipped


def test_the_shipped_tests_pass_and_reach_every_field_of_every_mapping() -> None:
    """What `haplomap test` does here, but for the branches: these take half as long again, and nothing hangs on them.

    One test, since each worker of pytest would try them all anew.
    """
    tested = try_all(trials_of(open_project(shipped(), tests=True)), branches=False)
    assert tested.problems == []
    assert tested.untested == []
    left = {name: [branch.name for branch in reach.left("field")] for name, reach in tested.reaches.items()}
    assert {name: fields for name, fields in left.items() if fields} == {}
    assert tested.to_review() == []
    assert len(tested.results) > 100
