"""The clock and the bad nights of the simulated Xporter, over HTTP and from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from engine.simulators.__main__ import build_parser
from engine.simulators.haplo import HaploSimulator
from engine.simulators.life import Rates
from engine.simulators.xporter import XporterSimulator

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]
FIRST, SECOND, THIRD, FOURTH = (date(2026, 3, 2 + number) for number in range(4))
READS = {
    "Students/": "includeGroupIds,includeSiblingsResultset",
    "Contacts/": "includeChildIdaasIds",
    "StudentContacts/": "",
    "PersonComms/": "",
    "Staff/": "includeGroupIds",
    "Groups/": "includeStudentMembers,includeStaffMembers,includeMembersIds",
    "SchoolInfo": "",
}


def sets_of(school: Any) -> dict[str, list[dict[str, Any]]]:
    """All rows that the school gives today; what it says of their number is right."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, options in READS.items():
        body = school.read(path, options=options)
        assert body["__pagination__"][0]["RowCount"] == len(next(iter(body.values())))
        found |= {name: rows for name, rows in body.items() if name not in ("meta", "__pagination__", "GroupTypes")}
    return found


def ids(rows: list[dict[str, Any]], column: str = "Id") -> set[str]:
    return {row[column] for row in rows}


def check_references(sets: dict[str, list[dict[str, Any]]]) -> None:
    students, contacts, groups = ids(sets["Students"]), ids(sets["Contacts"]), ids(sets["Group"])
    assert ids(sets["StudentContacts"], "StudentId") <= students
    assert ids(sets["StudentContacts"], "ContactId") <= contacts
    assert ids(sets["StudentMembers"], "StudentId") <= students
    assert ids(sets["StaffMembers"], "StaffId") <= ids(sets["Staff"])
    assert ids(sets["StudentMembers"], "GroupId") | ids(sets["StaffMembers"], "GroupId") <= groups
    assert ids(sets["Students"], "RegGroupId") | ids(sets["Students"], "YearGroupId") <= groups
    assert ids(sets["StudentSiblings"], "StudentId") | ids(sets["StudentSiblings"], "SiblingId") <= students
    for group in sets["Group"]:
        assert group["NumStudents"] == sum(member["GroupId"] == group["Id"] for member in sets["StudentMembers"])
    people = {"Student": students, "Contact": contacts, "Staff": ids(sets["Staff"])}
    assert all(comm["PersonId"] in people[comm["PersonType"]] for comm in sets["PersonComms"])


def test_the_clock_moves_while_it_runs_and_answers_follow(start: Start) -> None:
    school = start(rates=Rates(0.1))
    first = school.get("Students/").content
    assert school.http.get("/__control__/today").text == "2026-03-02"
    assert school.http.put("/__control__/today", content="2026-03-12").text == "2026-03-12"
    later = school.read("Students/")
    assert later["meta"][0]["DateTime"] == "2026-03-12T02:14:47.085"
    assert ids(later["Students"]) != ids(json.loads(first)["Students"])
    new = [row for row in later["Students"] if row["LastUpdated"] > "2026-03-02"]
    assert 0 < len(new) < 60
    assert school.read("Students/", updatedSince="2026-03-02T12:00:00")["Students"] == new
    assert school.http.put("/__control__/today", content="+1").text == "2026-03-13"
    school.sim.move_to(FIRST)
    assert school.get("Students/").content == first


def test_a_simulator_started_on_a_day_gives_what_one_gives_that_lived_until_then(start: Start) -> None:
    jumping, living = start(today=date(2026, 3, 20)), start()
    for _ in range(18):
        living.http.put("/__control__/today", content="+1")
        living.get("Students/")
    for path, options in READS.items():
        assert jumping.get(path, options=options).content == living.get(path, options=options).content


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "+x", "2026-03-01", "+99999999"])
def test_a_day_that_cannot_be_is_refused(start: Start, day: str) -> None:
    school = start()
    answer = school.http.put("/__control__/today", content=day)
    assert (answer.status_code, answer.text[:7]) == (400, "today: ")
    assert school.http.get("/__control__/today").text == "2026-03-02"


def test_every_simulator_has_a_clock() -> None:
    simulator = HaploSimulator()
    simulator.move_to(THIRD)
    assert simulator.today == THIRD


def test_what_happened_is_told(start: Start) -> None:
    school = start(rates=Rates(0.1), today=THIRD)
    events = school.http.get("/__control__/events").json()
    assert {event["day"] for event in events} == {"2026-03-03", "2026-03-04"}
    assert len(events) == 12
    assert all(set(event) == {"day", "event", "ids"} for event in events)


def test_every_day_has_its_references_right(start: Start) -> None:
    school = start(rates=Rates(0.2))
    for _ in range(15):
        check_references(sets_of(school))
        school.http.put("/__control__/today", content="+1")


def test_an_empty_night_has_every_list_and_nothing_in_it(start: Start) -> None:
    school = start(nights={SECOND: "empty"}, today=SECOND)
    sets = sets_of(school)
    assert set(sets) >= {"Students", "Contacts", "StudentContacts", "PersonComms", "Staff", "Group", "SchoolInfo"}
    assert not any(sets.values())
    body = school.read("Students/", page=1, pageSize=10)
    assert (body["__pagination__"][0]["RowCount"], body["__pagination__"][0]["PageCount"]) == (0, 1)
    assert body["meta"][0]["DateTime"].startswith("2026-03-03")
    school.sim.move_to(THIRD)
    assert len(sets_of(school)["Students"]) > 50


@pytest.mark.parametrize(("kind", "left"), [("half", range(25, 36)), ("tenth", range(4, 9))])
def test_a_night_with_some_of_the_pupils_is_sound_in_itself(start: Start, kind: str, left: range) -> None:
    school = start(nights={SECOND: kind})
    whole = sets_of(school)
    school.sim.move_to(SECOND)
    part = sets_of(school)
    assert len(part["Students"]) in left
    assert ids(part["Students"]) < ids(whole["Students"])
    assert len(part["Contacts"]) < len(whole["Contacts"])
    assert ids(part["Staff"]) == ids(whole["Staff"])
    check_references(part)


def test_another_schools_data_share_no_id_with_ours(start: Start) -> None:
    school = start(nights={SECOND: "other-school"})
    ours = sets_of(school)
    school.sim.move_to(SECOND)
    theirs = sets_of(school)
    check_references(theirs)
    assert len(theirs["Students"]) == 60
    for name in ("Students", "Contacts", "StudentContacts", "PersonComms", "Staff", "Group", "StudentMembers"):
        assert theirs[name]
        assert not ids(theirs[name]) & ids(ours[name])
    assert theirs["SchoolInfo"][0]["EstabId"] != ours["SchoolInfo"][0]["EstabId"]


def test_stale_nights_repeat_the_last_good_one_with_its_date(start: Start) -> None:
    school = start(rates=Rates(0.2), nights={THIRD: "stale", FOURTH: "stale"})
    answers = {}
    for day in (FIRST, SECOND, THIRD, FOURTH, date(2026, 3, 6)):
        school.sim.move_to(day)
        answers[day] = school.get("Students/").content
    assert answers[FIRST] != answers[SECOND] == answers[THIRD] == answers[FOURTH] != answers[date(2026, 3, 6)]
    assert b'"DateTime":"2026-03-03T' in answers[FOURTH]


def test_a_stale_first_night_is_dated_before_it(start: Start) -> None:
    body = start(nights={FIRST: "stale"}).read("Students/")
    assert body["meta"][0]["DateTime"].startswith("2026-03-01")
    assert len(body["Students"]) == 60


def test_bad_nights_can_be_set_while_it_runs(start: Start) -> None:
    school = start()
    assert school.read("Students/")["Students"]
    answer = school.http.put("/__control__/nights", json={"2026-03-02": "empty"})
    assert answer.json() == school.http.get("/__control__/nights").json() == {"2026-03-02": "empty"}
    assert school.read("Students/")["Students"] == []
    school.http.put("/__control__/nights", json={})
    assert len(school.read("Students/")["Students"]) == 60
    for wrong in ({"2026-03-02": "dark"}, {"yesterday": "empty"}, ["empty"]):
        refused = school.http.put("/__control__/nights", json=wrong)
        assert (refused.status_code, refused.text[:8]) == (400, "nights: ")


def test_the_command_takes_the_day_the_rates_and_the_nights() -> None:
    words = ["--today", "2026-09-03", "--changes", "2%", "--events", "join=9", "--nights", "2026-09-03=empty"]
    args = build_parser("xporter", XporterSimulator).parse_args([*words, "--change-sets", "strict"])
    simulator = XporterSimulator.from_arguments(args, {"today": args.today})
    assert simulator.today == date(2026, 9, 3)
    assert simulator.calendar.life.opened == date(2026, 3, 2)
    assert simulator.calendar.life.rates == Rates(0.02, {"join": 9})
    assert simulator.calendar.nights == {date(2026, 9, 3): "empty"}
    assert simulator.change_sets.mode == "strict"
    assert "--nights" in build_parser("xporter", XporterSimulator).format_help()
