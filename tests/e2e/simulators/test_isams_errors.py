"""How the simulated iSAMS says no: each document with its status, and failures on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from isams_school import DATES, JSON, XML, Isams, filters, message, setting

pytestmark = pytest.mark.e2e

EXAMPLES = Path(__file__).parents[4] / "shared" / "reference" / "isams-examples" / "Errors"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
DEADLOCK = (
    "Transaction (Process ID 118) was deadlocked on lock resources with another process and has been chosen as "
    "the deadlock victim. Rerun the transaction."
)
LOCK = "Lock request time out period exceeded.  The statement has been terminated."

Start = Callable[..., Isams]


def said(answer: httpx.Response) -> tuple[int, str, str, str]:
    """Status, id, title and description, with the name the same as the id."""
    found = message(answer)
    assert list(found) == ["MessageId", "MessageName", "Title", "Description"]
    assert found["MessageId"] == found["MessageName"]
    return answer.status_code, found["MessageId"], found["Title"], found["Description"]


def test_a_key_that_is_missing_or_no_guid(isams: Start) -> None:
    school = isams()
    expected = (
        400,
        "MissingParameter",
        "Missing Field: apiKey",
        'A required field "apiKey" was not supplied or was in an incorrect format.',
    )
    assert said(school.http.get(XML)) == expected
    assert said(school.post("no-guid")) == expected


def test_a_key_that_is_unknown_or_not_active(isams: Start) -> None:
    school = isams(keys=[{"name": "off", "methods": ["School_GetAllYears"], "active": False}])
    text = "The API key is invalid.\nPlease contact your iSAMS administrator."
    for key in (UNKNOWN, "off"):
        assert said(school.post(key)) == (401, "InvalidApiKey", "Invalid API Key", text)


def test_methods_that_the_key_does_not_have(isams: Start) -> None:
    school = isams()
    names = ["SchoolReports_GetRecords", "School_GetAllYears", "Pupil_GetCurrentPupils", "Nobody_Knows"]
    assert said(school.post("structure", filters(run=names))) == (
        403,
        "MethodsNotAllocatedToKeyException",
        "Methods Not Allocated To Key",
        "The following methods specified in the MethodsToRun filter are not allocated to the requested key: "
        "schoolreports_getrecords, pupil_getcurrentpupils, nobody_knows",
    )


def test_a_method_that_needs_a_filter(isams: Start) -> None:
    methods = ["School_GetAllYears", "SchoolReports_GetReports"]
    school = isams(keys=[{"name": "both", "methods": methods}])
    expected = (
        400,
        "FiltersRequiredException",
        "Filters Required",
        'Method "SchoolReports - GetReports" requires at least one filter. No filters have been supplied.',
    )
    assert said(school.http.get(XML, params={"apiKey": school.config["keys"]["both"]})) == expected
    assert said(school.post("both", filters("<SchoolReports><Reports/></SchoolReports>"))) == expected
    assert school.post("both", filters(run=["School_GetAllYears"])).status_code == 200
    assert school.post("both", filters('<SchoolReports><Reports ncYear=""/></SchoolReports>')).status_code == 200


def test_a_body_that_is_no_xml(isams: Start) -> None:
    text = "Data at the root level is invalid. Line 1, position 1."
    assert said(isams().post("structure", "no xml")) == (500, "UnhandledException", "Unknown Error", text)


def test_a_date_that_is_none(isams: Start) -> None:
    school = isams(keys=[{"name": "events", "methods": ["Calendar_GetEvents"]}])
    answer = school.post("events", filters('<Calendar><Events StartDate="02/03/2026"/></Calendar>'))
    assert said(answer)[:2] == (500, "UnhandledException")


def test_what_is_looked_at_first(isams: Start) -> None:
    keys = [
        {"name": "far", "methods": ["School_GetAllYears"], "addresses": ["10.0.0.0/8"], "limit": 1},
        {"name": "near", "methods": ["School_GetAllYears"], "addresses": ["127.0.0.0/8"], "limit": 1},
        {"name": "reports", "methods": ["SchoolReports_GetReports"]},
        {"name": "ssl", "methods": ["School_GetAllYears"], "ssl": True},
    ]
    school = isams(keys=keys)
    assert said(school.post(UNKNOWN, "no xml"))[0] == 401
    assert said(school.post("far", "no xml"))[:2] == (403, "AccessDenied")
    assert said(school.post("ssl"))[:2] == (403, "SslRequired")
    assert said(school.post("near", "no xml"))[1] == "UnhandledException"
    assert said(school.post("near", "no xml"))[:2] == (429, "RequestLimitExceeded")
    assert said(school.post("reports", filters(run=["Pupil_GetSiblings"])))[0] == 403


def test_statuses_that_nobody_has_seen_can_be_set(isams: Start) -> None:
    statuses = {"filters": 403, "missing-key": 401, "bad-body": 400, "throttled": 503, "refused": 401}
    keys = [
        {"name": "reports", "methods": ["SchoolReports_GetReports"]},
        {"name": "far", "methods": ["School_GetAllYears"], "addresses": ["10.0.0.0/8"]},
        {"name": "slow", "methods": ["School_GetAllYears"], "limit": 1},
    ]
    school = isams(keys=keys, setting=setting(statuses=statuses))
    school.post("slow")
    found = [school.post("reports"), school.http.get(XML), school.post("reports", "-"), school.post("slow")]
    assert [answer.status_code for answer in [*found, school.post("far")]] == [403, 401, 400, 503, 401]


def test_a_throttle_lets_go_with_time(isams: Start) -> None:
    keys = [{"name": "slow", "methods": ["School_GetAllYears"], "limit": 2, "limit_hours": 1}]
    school = isams(keys=keys)
    assert [school.post("slow").status_code for _ in range(3)] == [200, 200, 429]
    school.control("clock", "+59m")
    assert school.post("slow").status_code == 429
    school.control("clock", "+1m")
    assert school.post("slow").status_code == 200


def test_the_documents_are_those_that_were_recorded(isams: Start) -> None:
    if not EXAMPLES.is_dir():
        return  # the examples are no part of the project
    school = isams(keys=[{"name": "reports", "methods": ["SchoolReports_GetReports"]}])
    methods = filters(run=["SchoolReports_GetRecords"])
    answers = {
        "InvalidApiKey": school.post(UNKNOWN),
        "MissingParameter": school.http.get(XML),
        "InvalidRoot": school.post("reports", "x"),
        "FiltersRequiredException": school.post("reports"),
        "MethodsNotAllocatedToKey": school.post("reports", methods),
    }
    for name, fault in (("Deadlock", "deadlock"), ("LockRequestTimeOut", "lock")):
        school.control("faults", f'[{{"times": 1, "do": {{"error_body": "{fault}"}}}}]')
        answers[name] = school.post("reports")
    assert set(answers) == {file.stem for file in EXAMPLES.glob("*.xml")}
    for name, answer in answers.items():
        recorded = (EXAMPLES / f"{name}.xml").read_bytes().replace(b"\r\n", b"\n").strip()
        assert answer.content == recorded, name


def test_errors_in_true_utf_16(isams: Start) -> None:
    answer = isams(setting=setting(utf16=True)).post(UNKNOWN)
    assert answer.content.startswith(b"\xff\xfe")
    assert "<MessageId>InvalidApiKey</MessageId>" in answer.content.decode("utf-16")


def test_errors_of_the_json_endpoint(isams: Start) -> None:
    answer = isams().post(UNKNOWN, path=JSON)
    assert (answer.status_code, answer.json()["Message"]["MessageId"]) == (401, "InvalidApiKey")


@pytest.mark.parametrize(("name", "text"), [("deadlock", DEADLOCK), ("lock", LOCK), ("Anything", "Anything")])
def test_a_database_that_is_busy_once(isams: Start, name: str, text: str) -> None:
    school = isams(faults=[{"match": {"path": "xml"}, "times": 1, "do": {"error_body": name}}])
    assert said(school.post("structure")) == (500, "UnhandledException", "Unknown Error", text)
    assert school.post("structure").status_code == 200


def test_failures_on_the_way(isams: Start) -> None:
    def fault(number: int, **do: Any) -> dict[str, Any]:
        return {"match": {"nth": number}, "times": 1, "do": do}

    gateways = [fault(number, status=status, html=True) for number, status in enumerate((502, 503, 504), 1)]
    school = isams(faults=[*gateways, fault(4, truncate=100), fault(5, cut=100), fault(6, drop="after")])
    for status in (502, 503, 504):
        answer = school.post("structure")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (status, "text/html")
    with pytest.raises(httpx.RemoteProtocolError):
        school.post("structure")
    assert len(school.post("structure").content) == 100
    with pytest.raises(httpx.HTTPError):
        school.post("structure")
    assert school.post("structure").status_code == 200


def test_too_much_at_once_is_a_gateway_time_out(isams: Start) -> None:
    school = isams(keys=[{"name": "marks", "methods": ["Registration_GetRegistrationStatus"]}])
    wide = '<Registration><RegistrationStatus StartDate="1900-01-01" EndDate="2026-03-02"/></Registration>'
    assert school.post("marks", filters(wide)).status_code == 504
    near = f"<Registration><RegistrationStatus {DATES}/></Registration>"
    assert school.post("marks", filters(near)).status_code == 200
