"""What the simulated Xporter says of consent, of data that come later, and which columns it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
Start = Callable[..., Any]


def put(school: Any, what: str, text: str) -> int:
    """Change the simulated school while it lives."""
    found: int = school.http.put(f"/__control__/{what}", content=text).status_code
    return found


def test_select_narrows_every_set_of_an_answer_and_passes_over_other_names(start: Start) -> None:
    body = start().read("Groups/", options="includeStaffMembers", select="Id,name,StaffId,Nothing")
    assert {tuple(row) for row in body["Group"]} == {("Id", "Name")}
    assert {tuple(row) for row in body["StaffMembers"]} == {("Id", "StaffId")}
    whole = start().read("Groups/", options="includeStaffMembers")["StaffMembers"]
    assert [row["Id"] for row in whole] == [row["Id"] for row in body["StaffMembers"]]


def test_scopes_can_be_taken_back_and_given_again(start: Start) -> None:
    school = start()
    assert "UPN" in school.read("Students/")["Students"][0]
    assert put(school, "scopes", "Student, School") == 200
    assert school.read("/api/v1/TokenDetails")["Scopes"] == ["School", "Student"]
    assert "UPN" not in school.read("Students/", select="Id,UPN")["Students"][0]
    assert "scope" in school.error("Contacts/")


def test_a_school_that_is_not_with_us_has_no_token_and_stands_in_another_list(start: Start) -> None:
    school = start()
    lists = {"ok": "Authorised", "pending": "PendingAuthorisation", "revoked": "Revoked"}
    for mode, own in lists.items():
        assert put(school, "mode", mode) == 200
        assert (school.ask_token()["token"] is None) == (mode != "ok")
        if mode != "ok":
            assert "expired" in school.error("Students/")
        secret = school.config["management_secret"]
        school.sign_in(estab="", password=secret)
        found = school.read("/api/XporterOnDemand/GetXodSchools", includePendingAuthorisation="true")
        assert {name: len(rows) for name, rows in found.items()} == {n: int(n == own) for n in lists.values()}
        assert found[own][0]["estab"] == school.config["estab"]
        if mode == "pending":
            assert "PendingAuthorisation" not in school.read("/api/XporterOnDemand/GetXodSchools")
    put(school, "mode", "ok")
    school.sign_in()
    assert "management token" in school.error("/api/XporterOnDemand/GetXodSchools")


def test_data_may_come_later_and_their_age_is_told_at_once(start: Start) -> None:
    school = start()
    assert put(school, "not-ready", "2") == 200
    assert [school.error("Students/"), school.error("Staff/")] == [
        "The data are not ready yet and are being refreshed from the school"
    ] * 2
    assert "Students" in school.read("Students/")
    assert put(school, "not-ready", "soon") == 400
    status = school.read("Students/", onlyGetDbStatus="true")
    assert status == {"DbStatus": [{"DatabaseName": "XodSchoolData", "Status": "OK", "LastUpdated": MOMENT}]}
    assert school.read("Health")["health"] == [{"SchoolDataStatus": "ok", "SchoolDataAgeDays": 0, "XodStatus": "ok"}]


MOMENT = "2026-03-02T02:14:47.085"
