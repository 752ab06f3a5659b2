"""The simulated iSAMS: its keys, what they keep for a day, tokens for them, and what the log says."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from isams_school import JSON, XML, Isams, filters, message

from engine.simulators.life import Rates

pytestmark = pytest.mark.e2e

YEARS = "SchoolManager/Years/Year"
PUPILS = "PupilManager/CurrentPupils/Pupil"

Start = Callable[..., Isams]


def test_a_school_gives_seven_keys(isams: Start) -> None:
    school = isams()
    assert set(school.config["keys"]) == {
        "students",
        "contacts",
        "staff",
        "medical",
        "structure",
        "teaching",
        "set-lists",
    }
    document = school.read("structure")
    assert document.tag == "iSAMS"
    assert [child.tag for child in document] == ["SchoolManager"]
    assert [child.tag for child in document[0]] == [
        "SchoolDivisions",
        "Years",
        "Forms",
        "AcademicHouses",
        "BoardingHouses",
        "PastoralTutors",
        "Terms",
    ]


def test_get_runs_everything_and_the_key_may_stand_in_braces(isams: Start) -> None:
    school = isams()
    guid = school.config["keys"]["staff"]
    plain = school.http.get(XML, params={"apiKey": guid})
    braces = school.http.get("/API/Batch/1.0/XML.ashx", params={"APIKEY": "{" + guid.upper() + "}", "apiSecret": "x"})
    assert plain.status_code == braces.status_code == 200
    assert plain.content == braces.content
    assert plain.content.startswith(b"<iSAMS><HRManager><CurrentStaff><StaffMember Id=")


def test_methods_to_run_come_in_the_order_of_the_key_whatever_their_case(isams: Start) -> None:
    school = isams()
    body = filters(run=["SCHOOL_GETSCHOOLTERMS", "school_getallyears"])
    assert [child.tag for child in school.read("structure", body)[0]] == ["Years", "Terms"]


def test_a_key_shows_some_years_only(isams: Start) -> None:
    methods = ["Pupil_GetCurrentPupils", "ContactAdvanced_GetContacts", "Registration_GetRegistrationStatus"]
    school = isams(pupils=80, keys=[{"name": "some", "methods": methods, "years": [9]}])
    every = school.sim.editions.today().roll
    nine = {str(pupil.id) for pupil in every.current if pupil.year == 9}
    body = filters(
        '<StudentManager><Contacts SystemStatusesToInclude="1"/></StudentManager>',
        '<Registration><RegistrationStatus StartDate="2026-03-02" EndDate="2026-03-02"/></Registration>',
    )
    document = school.read("some", body)
    assert 0 < len(nine) < len(every.current)
    assert {pupil.get("Id") for pupil in document.findall(PUPILS)} == nine
    assert {pupil.get("Id") for pupil in document.findall("PupilManager/Contacts/Contact/Pupils/Pupil")} <= nine
    assert len(document.findall("RegistrationManager/RegistrationStatuses/RegistrationStatus")) == 2 * len(nine)


def test_keys_can_be_changed_while_it_runs(isams: Start) -> None:
    school = isams()
    assert len(school.http.get("/__control__/keys").json()) == 7
    school.control("keys", '[{"name": "staff", "methods": ["School_GetAllYears"]}]')
    assert school.read("staff").findall(YEARS)
    assert message(school.post("students"))["MessageId"] == "InvalidApiKey"
    wrong = school.http.put("/__control__/keys", content='[{"name": "x", "methods": ["Pupil_GetEverything"]}]')
    assert (wrong.status_code, wrong.text) == (400, "keys: no method 'Pupil_GetEverything'")


# The cache


def test_an_answer_is_kept_for_a_day(isams: Start) -> None:
    school = isams(rates=Rates(1))
    first = school.post("students").content
    school.control("clock", "+23h")
    school.control("clock", "+59m")
    assert school.post("students").content == first
    assert school.sim.today.isoformat() == "2026-03-03"
    school.control("clock", "+1m")
    second = school.post("students").content
    assert second != first
    assert [read.cached for read in school.sim.batch.reads] == [False, True, False]


def test_a_move_to_the_next_day_outlives_the_cache_and_a_shorter_life_does_sooner(isams: Start) -> None:
    school = isams(keys=[{"name": "short", "methods": ["Pupil_GetCurrentPupils"], "cache_hours": 2}])
    for step in ("+1h", "+59m", "+1m"):
        school.post("short")
        school.control("clock", step)
    school.post("short")
    school.control("today", "+1")
    school.post("short")
    assert [read.cached for read in school.sim.batch.reads] == [False, True, True, False, False]


def test_the_cache_tells_by_key_endpoint_and_body(isams: Start) -> None:
    school = isams(keys=[{"name": name, "methods": ["School_GetAllYears"]} for name in ("one", "two")])
    school.post("one")
    school.post("two")
    school.post("one", path=JSON)
    school.post("one", filters(run=["School_GetAllYears"]))
    assert [read.cached for read in school.sim.batch.reads] == [False] * 4
    loose = '<?xml version="1.0" encoding="utf-8"?>\n<Filters>\n <MethodsToRun><Method>School_GetAllYears</Method>\n'
    school.post("one", loose + "</MethodsToRun>\n</Filters>\n")
    school.http.get(XML, params={"apiKey": school.config["keys"]["one"]})
    assert [read.cached for read in school.sim.batch.reads[4:]] == [True, True]


def test_a_refusal_is_not_kept_and_the_cache_can_be_emptied(isams: Start) -> None:
    school = isams(faults=[{"times": 1, "do": {"error_body": "deadlock"}}])
    assert [school.post("structure").status_code for _ in range(2)] == [500, 200]
    school.control("expire-cache", "", "POST")
    school.post("structure")
    assert [read.cached for read in school.sim.batch.reads] == [False, False]


# Tokens


def test_a_key_with_a_token(isams: Start) -> None:
    school = isams(oauth="required")
    assert school.post("staff").status_code == 401
    form = {"client_id": school.config["keys"]["staff"], "client_secret": school.config["key_secrets"]["staff"]}
    answer = school.token(**form, scope="apiv1")
    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "expires_in", "token_type"})
    assert (answer.json()["expires_in"], answer.json()["token_type"]) == (3600, "Bearer")
    bearer = f"Bearer {answer.json()['access_token']}"
    assert school.post("staff", Authorization=bearer).status_code == 200
    assert school.post("students", Authorization=bearer).status_code == 401
    revoked = school.http.post("/auth/connect/revocation", data={**form, "token": answer.json()["access_token"]})
    assert revoked.status_code == 200
    assert message(school.post("staff", Authorization=bearer))["MessageId"] == "Unauthorized"


def test_a_token_by_basic_needs_no_key(isams: Start) -> None:
    school = isams()
    pair = f"{school.config['keys']['staff']}:{school.config['key_secrets']['staff']}"
    head = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    token = school.http.post("/auth/connect/token", data={"grant_type": "client_credentials"}, headers=head)
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    assert school.http.get(JSON, headers=bearer).json()["iSAMS"]["HRManager"]["CurrentStaff"]["StaffMember"]


def test_how_tokens_are_refused(isams: Start) -> None:
    school = isams(token_life=0)
    guid, secret = school.config["keys"]["staff"], school.config["key_secrets"]["staff"]
    right = {"client_id": guid, "client_secret": secret}
    for form, status, code in (
        ({**right, "client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": secret}, 401, "invalid_client"),
        ({**right, "scope": "restapi"}, 400, "invalid_scope"),
        ({**right, "scope": "everything"}, 400, "invalid_scope"),
        ({**right, "grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        answer = school.token(**form)
        assert (answer.status_code, answer.json()) == (status, {"error": code})
    none = school.http.post("/auth/connect/token", data={})
    assert (none.status_code, none.json()) == (400, {"error": "invalid_request"})
    ended = school.token(**right).json()["access_token"]
    assert school.post("staff", Authorization=f"Bearer {ended}").status_code == 401


# The log


def test_the_log_holds_no_key(isams: Start) -> None:
    school = isams()
    school.post("students", filters(run=["Pupil_GetSiblings"]))
    school.token(client_id=school.config["client_id"], client_secret=school.config["client_secret"])
    log = school.http.get("/__control__/requests").text + school.http.get("/__control__/batch").text
    secrets = [*school.config["keys"].values(), *school.config["key_secrets"].values(), school.config["client_secret"]]
    assert not [secret for secret in secrets if secret in log]
    read = school.http.get("/__control__/batch").json()[0]
    assert (read["key"], read["methods"], read["status"]) == ("students", ["Pupil_GetSiblings"], 200)
