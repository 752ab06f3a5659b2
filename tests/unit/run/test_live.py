"""What a live run is about to do, as it is said before it begins."""

from __future__ import annotations

from typing import Any

import pytest

from engine.run.live import UnconfirmedError, live_delivery, mode_of, require_confirmed, said_mode
from engine.spec.school import School

URL = "https://haplo.example:8443/"


def a_school(deliver: dict[str, Any] | None) -> School:
    given = {"school": "a", "source": "s", "entities": ["staff"], "deliver": deliver}
    return School.model_validate(given)


def sent(kind: str, mode: str = "live") -> dict[str, Any]:
    return {"kind": kind, "url": URL, "api_key": {"env": "KEY"}, "mode": mode}


def test_a_user_sync_says_that_accounts_are_blocked() -> None:
    found = live_delivery(a_school(sent("user-sync")), ["staff"], "live")
    assert found is not None
    assert (found.school, found.host, found.way) == ("a", "haplo.example:8443", "the user sync API")
    assert "blocks" in found.meaning


@pytest.mark.parametrize(
    ("deliver", "options", "expected", "said"),
    [
        (sent("batch"), {"send": True, "dry_run": False}, "live", "live"),
        (sent("batch", "dry-run"), {"send": True, "dry_run": False}, "dry-run", "dry-run"),
        (sent("batch"), {"send": True, "dry_run": True}, "dry-run", "dry-run"),
        (sent("batch"), {"send": False, "dry_run": False}, None, "none"),
        ({"kind": "folder", "path": "out"}, {"send": True, "dry_run": False}, "dry-run", "folder"),
        ({"kind": "folder", "path": "out"}, {"send": False, "dry_run": False}, None, "none"),
        (None, {"send": True, "dry_run": False}, None, "none"),
    ],
)
def test_only_one_way_of_running_is_live(
    deliver: Any, options: dict[str, bool], expected: str | None, said: str
) -> None:
    school = a_school(deliver)
    mode = mode_of(school.deliver, **options)
    assert (mode, said_mode(school.deliver, mode)) == (expected, said)
    assert (live_delivery(school, ["staff"], mode) is not None) == (expected == "live")


def test_what_is_not_confirmed_is_refused() -> None:
    live = live_delivery(a_school(sent("batch")), ["staff"], "live")
    require_confirmed(live, confirmed=True)
    require_confirmed(None, confirmed=False)
    with pytest.raises(UnconfirmedError) as refused:
        require_confirmed(live, confirmed=False)
    assert (refused.value.code, refused.value.exit_code) == ("live-unconfirmed", 2)
