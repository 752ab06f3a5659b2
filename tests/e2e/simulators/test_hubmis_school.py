"""The simulated HUBmis: tokens, realms, pages, filters, what is refused, and a school that hangs together and lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hubmis_client import Hub

from engine.simulators.__main__ import build_parser
from engine.simulators.hubmis import SIMULATOR
from engine.simulators.hubmis.fact import reads
from engine.simulators.hubmis.service import MAKERS, SCOPES
from engine.simulators.school import build_school

pytestmark = pytest.mark.e2e

Start = Callable[..., Hub]
YEAR = 15  # 2025/26
THIS = f"v1/academic-years/{YEAR}"
DAY = date(2026, 3, 2)
CURRENT = {"filter[enrolmentStatus]": "current"}


@pytest.fixture(scope="module")
def school() -> Iterator[Hub]:
    """A school that the tests only read."""
    with SIMULATOR(pupils=120, burst=100_000) as sim:
        found = Hub(sim)
        yield found
        found.http.close()


# Tokens


def test_a_token_is_given_by_form_and_by_json(hub: Start) -> None:
    school = hub(token_says=86400)
    for as_json in (False, True):
        given = school.ask_token(as_json=as_json).json()
        assert set(given) == {"token_type", "expires_in", "access_token"}
        assert (given["token_type"], given["expires_in"]) == ("Bearer", 86400)
        assert school.get("v1/genders", token=given["access_token"]).status_code == 200


def test_who_is_not_known_gets_no_token(hub: Start) -> None:
    school = hub()
    wrong = school.ask_token(client_secret="wrong")
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})
    grant = school.ask_token(grant_type="password")
    assert (grant.status_code, grant.json()) == (400, {"error": "unsupported_grant_type"})
    assert school.http.post("/api/v1/token", content=b"{").json() == {"error": "invalid_request"}


def test_a_token_may_end_before_it_says(hub: Start) -> None:
    now = [1000.0]
    school = hub(token_says=86400, token_lives=900, now=lambda: now[0])
    now[0] = 1899
    assert school.get("v1/genders").status_code == 200
    now[0] = 1900
    ended = school.get("v1/genders")
    assert (ended.status_code, ended.json()) == (401, {"message": "Unauthenticated."})
    assert school.get("v1/genders", token=school.ask_token().json()["access_token"]).status_code == 200
    school.http.post("/__control__/expire-tokens")
    assert school.get("v1/genders").status_code == 401


# What is refused


def test_a_realm_is_wanted_and_must_be_known(hub: Start) -> None:
    school = hub(realms=["S1", "S2"])
    names = [[each["last_name"] for each in school.get("v1/students", realm=realm).json()] for realm in ("S1", "S2")]
    assert names[0] != names[1], "each realm is a school of its own"
    assert school.get("v1/students", realm="S9").status_code == 403
    bare = school.http.get("/api/v1/students", headers={"Authorization": f"Bearer {school.token}"})
    assert bare.status_code == 400


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("v1/students?filter[enrolmentStatus]=current", SCOPES[:2]),
        ("v1/students?filter[enrolmentStatus]=past", SCOPES[2:3]),
        ("v1/students?filter[enrolmentStatus]=applicant", SCOPES[3:4]),
        ("v1/students", SCOPES[:4]),
        ("v1/students/past", SCOPES[2:3]),
        ("v1/staff?filter[status]=current", SCOPES[4:5]),
        ("v1/staff?filter[status]=past", SCOPES[5:6]),
        ("v1/staff", SCOPES[4:6]),
    ],
)
def test_a_list_of_people_needs_the_scopes_of_the_document(hub: Start, path: str, scopes: tuple[str, ...]) -> None:
    school = hub(pupils=5, scopes=scopes)
    assert school.get(path).status_code == 200
    for each in scopes:
        school.sim.service.scopes = frozenset(scopes) - {each}
        assert school.get(path).status_code == 403


def test_who_has_gone_is_not_found(hub: Start) -> None:
    school = hub(gone=0.25)
    keys = [each["id"] for each in school.current()]
    gone = [key for key in keys if school.sim.service.is_gone("students", key)]
    assert 0 < len(gone) < len(keys) == 40
    for key in keys:
        expected = 404 if key in gone else 200
        assert school.get(f"v1/students/{key}").status_code == expected
        assert school.get(f"v1/students/{key}/attendance-records").status_code == expected
    for path in ("v1/students/1", "v1/contacts/1/phones", "v1/staff/999", f"{THIS}/forms/1/students"):
        missing = school.get(path)
        assert (missing.status_code, missing.json()) == (404, {"message": "Not found."})
    assert school.get("v1/academic-years/99/forms").status_code == 404


def test_what_is_required_must_be_there(school: Hub) -> None:
    key = school.current()[0]["id"]
    day = {f"filter[{name}]": "2026-03-02" for name in ("dateFrom", "dateTo", "date")}
    path = f"v1/students/{key}/timetable/calendar"
    assert len(school.read(path, **day)["calendar"]) == 5
    for name in day:
        refused = school.get(path, params={other: value for other, value in day.items() if other != name})
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [name])
    assert school.get(path, params={**day, "filter[date]": "today"}).status_code == 422
    assert school.get("v1/custom-fields/fields").status_code == 422


# Lists


def test_pages_come_to_an_empty_one_and_say_nothing_else(school: Hub) -> None:
    pages = [
        school.read("v1/students", **CURRENT, **{"page[size]": 50, "page[number]": number}) for number in range(1, 5)
    ]
    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert len({each["id"] for page in pages for each in page}) == 120
    assert len(school.read("v1/students", **CURRENT, **{"page[size]": 1000})) == 100, "no more than the largest page"
    assert len(school.get("v1/students", params=CURRENT).json()) == 25
    for wrong in ("0", "x"):
        assert school.get("v1/students", params={"page[number]": wrong}).status_code == 422


def test_a_list_without_pages_is_whole(school: Hub) -> None:
    paged = [read for read in reads() if read.paged]
    assert (len(paged), len(reads())) == (25, 131)
    first = school.read("v1/houses", **{"page[size]": 1, "page[number]": 2})
    assert [house["house_type"] for house in first] == ["academic"] * 4 + ["boarding"] * 2


def test_filters_search_and_order(school: Hub) -> None:
    everybody = [
        each for number in (1, 2) for each in school.read("v1/students", **CURRENT, **{"page[number]": number})
    ]
    girls = school.current(**{"filter[gender]": 2})
    assert {each["id"] for each in girls} == {each["id"] for each in everybody if each["gender"]["id"] == 2}
    form = school.read(f"{THIS}/forms")[0]
    found = school.current(**{"filter[form]": form["id"]})
    assert [each["id"] for each in found] == [each["id"] for each in everybody if each["form"]["id"] == form["id"]]
    year = school.current(**{"filter[yearGroup]": form["year_group"]["id"]})
    assert {each["id"] for each in found} <= {each["id"] for each in year}
    kestrel = school.current(**{"filter[house]": "Kestrel"})
    assert {each["academic_house"]["name"] for each in kestrel} == {"Kestrel"}
    name = everybody[0]["last_name"]
    assert {each["last_name"] for each in school.read("v1/students", search=name.upper())} >= {name}
    names = [each["name"] for each in school.read(f"{THIS}/forms", **{"sort[name]": "desc"})]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert len(school.read("v1/houses", **{"filter[houseType]": "boarding"})) == 2
    assert len(school.read("v1/houses", **{"filter[nobody]": "knows"})) == 6


# A school that hangs together


def test_it_is_the_school_that_the_other_simulators_show(school: Hub) -> None:
    made = build_school(120, 1, DAY)
    assert {
        each["id"] for number in (1, 2) for each in school.read("v1/students", **CURRENT, **{"page[number]": number})
    } == {pupil.id for pupil in made.pupils if pupil.status == "OnRoll"}
    assert {each["id"] for each in school.read("v1/students/past")} == {
        pupil.id for pupil in made.pupils if pupil.status == "Leaver"
    }
    assert {each["id"] for each in school.read("v1/staff")} == {member.id for member in made.staff}


def word(relation: dict[str, Any]) -> str:
    return str(relation["relationship_type"]["name"])


def home(school: Hub, student: int) -> str:
    return str(school.read(f"v1/students/{student}/address-mappings")[0]["formatted_address"])


def test_contacts_and_students_tell_of_each_other(school: Hub) -> None:
    contacts = school.pages("v1/contacts")
    to, back = set(), set()
    for contact in contacts:
        found = school.read(f"v1/contacts/{contact['id']}/students")
        assert [each["student"]["id"] for each in found] == [each["id"] for each in contact["students"]]
        back |= {
            (each["id"], each["student"]["id"], contact["id"], each["relationship_type"]["name"]) for each in found
        }
    people = {student for _, student, _, _ in back}
    for student in people:
        found = school.read(f"v1/students/{student}/contacts")
        assert [each["position"] for each in found] == sorted(each["position"] for each in found)
        to |= {(each["id"], student, each["contact"]["id"], word(each)) for each in found}
    assert to == back
    assert max(Counter(contact for _, _, contact, _ in to).values()) > 1, "brothers and sisters share a contact"
    barred = next(each for each in contacts if each["first_name"] == "Barred")
    assert barred["students_access"] == []
    assert barred["students"]


def test_members_of_groups_are_those_that_the_students_name(school: Hub) -> None:
    everybody = [
        each for number in (1, 2) for each in school.read("v1/students", **CURRENT, **{"page[number]": number})
    ]
    forms = {each["id"]: each for each in school.read(f"{THIS}/forms")}
    seen = {key: school.read(f"{THIS}/forms/{key}/students") for key in forms}
    assert {each["id"]: key for key, members in seen.items() for each in members} == {
        each["id"]: each["form"]["id"] for each in everybody
    }
    assert {key: len(members) for key, members in seen.items()} == {
        key: form["student_count"] for key, form in forms.items()
    }
    for house in school.read("v1/houses"):
        field = f"{house['house_type']}_house"
        members = school.read(f"v1/houses/{house['id']}/students")
        inside = [each["id"] for each in everybody if each[field] and each[field]["id"] == house["id"]]
        assert [each["id"] for each in members] == inside
        assert inside
    tutored = [
        each["id"]
        for group in school.read(f"{THIS}/tutor-groups")
        for each in school.read(f"{THIS}/tutor-groups/{group['id']}/students")
    ]
    assert sorted(tutored) == sorted(each["id"] for each in everybody)
    (history,) = [each for each in school.read(f"v2/academic-years/{YEAR}/subject-sets") if each["code"] == "7A\\Hi"]
    assert history["subject"] == {"id": 4, "name": "History"}
    taught = {form["id"] for member in school.read("v1/staff") for form in member["forms"]}
    assert taught == set(forms)


def test_attendance_is_of_the_days_of_school_that_are_asked_for(school: Hub) -> None:
    key = school.current()[0]["id"]
    path = f"v1/students/{key}/attendance-records"
    week = {"filter[dateTime][from]": "2026-02-26", "filter[dateTime][to]": "2026-03-01T23:59:59Z"}
    found = school.read(path, **week)
    assert [(each["date_time"], each["attendance_session"]) for each in found] == [
        ("2026-02-26T08:40:00Z", "am"),
        ("2026-02-26T13:50:00Z", "pm"),
        ("2026-02-27T08:40:00Z", "am"),
        ("2026-02-27T13:50:00Z", "pm"),
    ]
    codes = {each["id"]: each["code"] for each in school.read("v1/attendance/codes")}
    everything = school.read(path)
    assert all(codes[each["attendance_code"]["id"]] == each["attendance_code"]["code"] for each in everything)
    assert len({each["id"] for each in everything}) == len(everything)
    # Autumn 2025 has 79 weekdays (1 September to 18 December), spring 40 (6 January to 2 March); of these two were
    # training days, and on 27 January the school was shut
    assert len(everything) == 2 * (79 + 40 - 2 - 1)
    shut = {each["start_date"] for what in ("inset-days", "closure-dates") for each in school.read(f"{THIS}/{what}")}
    assert shut == {"2025-09-01", "2026-01-06", "2026-04-20", "2026-01-27"}
    assert not shut & {each["date_time"][:10] for each in everything}
    morning = school.read(path, **{"filter[attendanceSession]": "am"})
    assert len(morning) == len(everything) / 2


def test_groups_are_known_of_the_active_year_only(school: Hub) -> None:
    key = school.current()[0]["id"]
    assert school.get(f"v1/students/{key}", year=YEAR).json()["form"] is not None
    assert school.get(f"v1/students/{key}", year=YEAR - 1).json()["form"] is None
    assert school.read(f"v1/academic-years/{YEAR - 1}/forms") == []
    assert [each["name"] for each in school.read(f"{THIS}/terms")] == ["Autumn", "Spring", "Summer"]
    assert [(each["id"], each["start_date"]) for each in school.read("v1/academic-years")][2] == (YEAR, "2025-09-01")


def test_days_bring_people_and_take_them_away(hub: Start) -> None:
    school = hub(pupils=60, start=DAY, rates=None)
    before = {each["id"]: each for each in school.current()}
    homes = {key: home(school, key) for key in before}
    school.http.put("/__control__/today", content="+60")
    after = {each["id"]: each for each in school.current()}
    past = {each["id"] for each in school.read("v1/students/past")}
    events = Counter(each["event"] for each in school.http.get("/__control__/events").json())
    assert events["join"]
    assert events["leave"]
    assert events["move"]
    assert set(after) - set(before)
    assert set(before) - set(after)
    assert set(before) - set(after) <= past
    assert any(homes[key] != home(school, key) for key in set(before) & set(after))
    assert school.sim.today == DAY + timedelta(days=60)


def test_a_night_may_be_bad(hub: Start) -> None:
    school = hub()
    school.http.put("/__control__/nights", json={str(DAY): "half"})
    assert len(school.current()) < 40
    school.http.put("/__control__/nights", json={str(DAY): "empty"})
    assert school.read("v1/students") == []
    assert school.http.put("/__control__/nights", json={str(DAY): "odd"}).status_code == 400


def test_every_read_has_what_makes_it() -> None:
    assert set(MAKERS) == {read.path for read in reads()}


def test_options_reach_the_simulator() -> None:
    options = (
        "--realms A,B --clients 2 --scopes students.past.read --gone 2% --largest-page 50 --token-says 86400 "
        "--token-lives 900 --burst 7 --refill-seconds 2 --per-address 12 --count-tokens --retry-after http "
        "--since 1000 --speed 60"
    )
    args = build_parser("hubmis", SIMULATOR).parse_args(options.split())
    sim = SIMULATOR.from_arguments(args, {})
    assert sim.config["realms"] == ["A", "B"]
    assert len(sim.tokens.clients) == 2
    assert (sim.service.scopes, sim.service.gone, sim.service.largest_page) == ({"students.past.read"}, 0.02, 50)
    turn = sim.limits.take("abc", "10.0.0.1", "/x")
    assert (turn.limit, turn.left) == (7, 6)
    assert sim.now() > 1000 + 60 * 1_000_000_000
    for wrong in ("--retry-after never", "--speed 0", "--burst 0", "--scopes none", "--gone 200%"):
        with pytest.raises((ValueError, SystemExit)):
            SIMULATOR.from_arguments(build_parser("hubmis", SIMULATOR).parse_args(wrong.split()), {})
