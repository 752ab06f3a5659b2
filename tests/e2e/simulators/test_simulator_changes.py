"""Change sets of the simulated Xporter: applied to what one has, they give what is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]
Rows = dict[str, dict[str, Any]]
READS = {
    "Students/": "includeGroupIds,includeSiblingsResultset",
    "Contacts/": "",
    "StudentContacts/": "",
    "PersonComms/": "",
    "Staff/": "includeGroupIds,includePrevious",
    "Groups/": "includeStudentMembers,includeStaffMembers,includeGroupTypes",
    "SchoolInfo": "",
}
SERVICE = ("meta", "__pagination__", "__changedRows__")
NIGHTS = ("", "", "empty", "", "half", "stale", "other-school", "other-school", "", "tenth")


def pages(school: Any, path: str, token: str | None, size: int = 40, **parameters: Any) -> list[dict[str, Any]]:
    """All pages of a read, as a client gets them."""
    if token is not None:
        parameters["changedRows"] = token
    found: list[dict[str, Any]] = []
    while not found or found[-1]["__pagination__"][0]["NextPage"]:
        found.append(school.read(path, page=len(found) + 1, pageSize=size, **parameters))
    counted = next(name for name in found[0] if name not in SERVICE)
    assert sum(len(body[counted]) for body in found) == found[0]["__pagination__"][0]["RowCount"]
    return found


def apply(mirror: dict[str, Rows], bodies: list[dict[str, Any]]) -> None:
    """Take away what is gone, then put what is new in its place."""
    for body in bodies:
        for name, rows in body.items():
            if name.endswith("_deleted"):
                for row in rows:
                    assert list(row) == ["Id"]
                    del mirror[name.removesuffix("_deleted")][row["Id"]]
    for body in bodies:
        for name, rows in body.items():
            if name not in SERVICE and not name.endswith("_deleted"):
                mirror.setdefault(name, {}).update({row["Id"]: row for row in rows})


def token_of(bodies: list[dict[str, Any]]) -> str:
    (token,) = {body["__changedRows__"][0]["NextChangedRows"] for body in bodies}
    return str(token)


@pytest.mark.parametrize(
    ("seed", "first", "nights"),
    [
        (1, date(2026, 3, 2), ("",)),
        (2, date(2026, 3, 2), NIGHTS),
        (3, date(2026, 8, 20), ("",)),  # over the first of September
    ],
)
def test_changes_applied_to_yesterday_give_today(start: Start, seed: int, first: date, nights: tuple[str, ...]) -> None:
    days = [first + timedelta(days=number) for number in range(31)]
    bad = {day: kind for day, kind in zip(days, nights * 31, strict=False) if kind}
    school = start(pupils=110, seed=seed, start=first, today=first, rates=Rates(0.06), nights=bad)
    mirrors: dict[str, dict[str, Rows]] = {path: {} for path in READS}
    tokens = dict.fromkeys(READS, "*")
    moved = 0
    for day in days:
        school.sim.move_to(day)
        for path, options in READS.items():
            bodies = pages(school, path, tokens[path], options=options)
            whole: dict[str, Rows] = {}
            apply(whole, pages(school, path, None, options=options))
            apply(mirrors[path], bodies)
            assert mirrors[path] == whole, f"{path} {day}"
            moved += day > first and tokens[path] != token_of(bodies)
            tokens[path] = token_of(bodies)
    assert moved > 60


def test_the_first_answer_is_everything_with_nothing_deleted(start: Start) -> None:
    school = start()
    plain = school.read("Groups/", options="includeStudentMembers")
    opened = school.read("Groups/", options="includeStudentMembers", changedRows="*")
    assert list(opened) == [
        *("Group", "StaffMembers", "StudentMembers", "GroupTypes"),
        *("Group_deleted", "StaffMembers_deleted", "StudentMembers_deleted", "GroupTypes_deleted"),
        *("meta", "__pagination__", "__changedRows__"),
    ]
    assert {name: opened[name] for name in plain} == plain
    assert not any(rows for name, rows in opened.items() if name.endswith("_deleted"))
    (row,) = opened["__changedRows__"]
    columns = "SnapshotDate SnapshotRP PreviousChangedRows RequestedChangedRows NextChangedRows NextUrl"
    assert list(row) == columns.split()
    assert (row["RequestedChangedRows"], row["PreviousChangedRows"]) == ("*", None)
    assert re.fullmatch("[0-9a-f]{32}", row["NextChangedRows"])
    assert row["NextChangedRows"] in row["NextUrl"]
    assert row["SnapshotDate"] == "2026-03-02T02:14:47.085"


def test_the_star_may_be_encoded(start: Start) -> None:
    school = start()
    plain = school.get(f"/api/v1/School/{school.config['estab']}/Students/?changedRows=*").json()
    encoded = school.get(f"/api/v1/School/{school.config['estab']}/Students/?changedRows=%2A").json()
    assert encoded["__changedRows__"] == plain["__changedRows__"]
    assert len(encoded["Students"]) == 60


def test_nothing_new_is_an_empty_set_and_the_same_token(start: Start) -> None:
    school = start()
    token = token_of([school.read("Students/", changedRows="*")])
    body = school.read("Students/", changedRows=token)
    assert body["Students"] == body["Students_deleted"] == []
    assert token_of([body]) == token
    assert body["__pagination__"][0]["RowCount"] == 0


def test_a_leaver_is_deleted_and_nobody_else_comes_but_the_family(start: Start) -> None:
    only = dict.fromkeys(["move", "phone", "mail", "name", "form", "house", "set", "join", "return", "merge"], 0.0)
    rest = dict.fromkeys(("pupil-mail", "staff-join", "staff-leave", "staff-change", "teacher"), 0.0)
    weights = {**only, **rest, "group-open": 0.0, "group-close": 0.0}
    school = start(rates=Rates(1 / 60, weights))
    before = school.read("Students/", changedRows="*")
    school.http.put("/__control__/today", content="+1")
    (event,) = school.http.get("/__control__/events").json()
    body = school.read("Students/", changedRows=token_of([before]))
    assert event["event"] == "leave"
    assert body["Students_deleted"] == [{"Id": str(event["ids"][0])}]
    (leaver,) = [pupil for pupil in school.sim.school.pupils if pupil.id == event["ids"][0]]
    assert {row["Id"] for row in body["Students"]} == {str(other) for other in leaver.siblings}
    row = body["__changedRows__"][0]
    assert row["RequestedChangedRows"] == token_of([before]) != row["NextChangedRows"]


def test_the_change_set_is_made_before_it_is_cut_into_pages(start: Start) -> None:
    school = start(rates=Rates(0.5))
    token = token_of([school.read("Students/", changedRows="*")])
    school.http.put("/__control__/today", content="+3")
    whole = school.read("Students/", changedRows=token)
    bodies = pages(school, "Students/", token, size=3)
    assert len(bodies) == -(-len(whole["Students"]) // 3) > 3
    assert [row for body in bodies for row in body["Students"]] == whole["Students"]
    assert [row for body in bodies for row in body["Students_deleted"]] == whole["Students_deleted"] != []
    assert token_of(bodies) == token_of([whole])


def test_an_older_token_can_be_used_again_and_brings_what_came_since(start: Start) -> None:
    school = start(rates=Rates(0.3))
    first = school.read("Contacts/", changedRows="*")
    mirror: dict[str, Rows] = {}
    apply(mirror, [first])
    for _ in range(4):
        school.http.put("/__control__/today", content="+1")
        school.read("Contacts/", changedRows=token_of([first]))
    apply(mirror, [school.read("Contacts/", changedRows=token_of([first]))])
    assert mirror["Contacts"] == {row["Id"]: row for row in school.read("Contacts/")["Contacts"]}


def test_a_token_is_known_for_some_deliveries_only(start: Start) -> None:
    school = start(rates=Rates(0.5))
    tokens = []
    for _ in range(9):
        tokens.append(token_of([school.read("Students/", changedRows="*")]))
        school.http.put("/__control__/today", content="+1")
    assert len(set(tokens)) == 9
    assert "changedRows" in school.error("Students/", changedRows=tokens[0])
    assert school.read("Students/", changedRows=tokens[1])["__changedRows__"]


def test_an_unknown_token_and_one_of_another_endpoint_are_refused_with_status_200(start: Start) -> None:
    school = start()
    token = token_of([school.read("Students/", changedRows="*")])
    for path, wrong in (("Contacts/", token), ("Students/", "0" * 32), ("Students/", "")):
        assert "not known or has expired" in school.error(path, changedRows=wrong)
    assert school.get("Contacts/", changedRows=token, httpstatuscodes="true").status_code == 400


def test_all_tokens_can_be_made_to_expire(start: Start) -> None:
    school = start()
    token = token_of([school.read("Students/", changedRows="*")])
    assert school.read("Students/", changedRows=token)["__changedRows__"]
    assert school.http.post("/__control__/expire-change-sets").text == "expired"
    assert "expired" in school.error("Students/", changedRows=token)
    assert len(school.read("Students/", changedRows="*")["Students"]) == 60


@pytest.mark.parametrize(
    "other",
    [{"options": "includeGroupIds"}, {"select": "Id,Surname"}, {"yeargroupid": "27"}, {"updatedSince": "2026-01-01"}],
)
def test_other_parameters_make_false_changes_or_are_refused(start: Start, other: dict[str, str]) -> None:
    loose = start()
    token = token_of([loose.read("Students/", changedRows="*")])
    body = loose.read("Students/", changedRows=token, **other)
    assert body["Students"] or body["Students_deleted"]
    strict = start(change_sets="strict")
    token = token_of([strict.read("Students/", changedRows="*")])
    assert "other parameters" in strict.error("Students/", changedRows=token, **other)
    assert strict.read("Students/", changedRows=token, page=1, pageSize=5)["Students"] == []


def test_change_sets_can_be_absent(start: Start) -> None:
    assert "not available" in start(change_sets="off").error("Students/", changedRows="*")
    assert "not available" in start(rows=10, columns=3).error("Students/", changedRows="*")
    with pytest.raises(ValueError, match="one of loose, strict, off"):
        start(change_sets="odd")


def test_a_night_without_anybody_deletes_them_and_the_next_brings_them_back(start: Start) -> None:
    school = start(nights={date(2026, 3, 3): "empty"})
    token = token_of([school.read("Students/", changedRows="*")])
    school.http.put("/__control__/today", content="+1")
    empty = school.read("Students/", changedRows=token)
    assert (len(empty["Students"]), len(empty["Students_deleted"])) == (0, 60)
    school.http.put("/__control__/today", content="+1")
    back = school.read("Students/", changedRows=token_of([empty]))
    assert len(back["Students"]) == len(school.read("Students/")["Students"])
    assert back["Students_deleted"] == []
