"""Faults declared as data: one test for each thing that can go wrong, and for what they match."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.simulators.fault import Fault, FaultError

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]


def on_students(do: dict[str, Any], **rest: Any) -> list[dict[str, Any]]:
    return [{"match": {"path": "/Students"}, "do": do, **rest}]


def test_a_status_without_the_simulator_acting(start: Start) -> None:
    school = start(faults=on_students({"status": 500}, times=2))
    assert [school.get("Students/").status_code for _ in range(3)] == [500, 500, 200]
    assert school.get("Contacts/").status_code == 200


@pytest.mark.parametrize(
    ("match", "struck"),
    [({"nth": 3}, [3]), ({"every": 2}, [2, 4, 6]), ({"query": {"page": "4"}}, [4]), ({"page": 5}, [5])],
)
def test_which_requests_are_struck(start: Start, match: dict[str, Any], struck: list[int]) -> None:
    school = start(faults=[{"match": {"path": "Students", **match}, "do": {"status": 503}}])
    answers = [school.get("Students/", page=page, pagesize=5).status_code for page in range(1, 7)]
    assert [number for number, status in enumerate(answers, start=1) if status == 503] == struck


def test_no_page_counts_as_the_first_and_a_method_can_be_matched(start: Start) -> None:
    school = start(faults=[{"match": {"page": 1, "method": "get"}, "do": {"status": 502}}])
    assert school.get("Students/").status_code == 502
    assert school.get("Students/", page=2).status_code == 200
    assert school.ask_token()["token"]


def test_retry_after_in_seconds_as_a_date_and_as_a_reset_time(start: Start) -> None:
    headers = [{"Retry-After": "2"}, {"Retry-After": "{http_date+2}"}, {"X-RateLimit-Reset": "{unix+2}"}]
    faults = [{"match": {"nth": n}, "do": {"status": 429, "headers": h}} for n, h in enumerate(headers, start=2)]
    school = start(faults=faults)  # the first request is the one for the token
    seconds, as_date, reset = (school.get("Students/") for _ in range(3))
    assert {seconds.status_code, as_date.status_code, reset.status_code} == {429}
    assert seconds.headers["retry-after"] == "2"
    assert abs(parsedate_to_datetime(as_date.headers["retry-after"]).timestamp() - time.time() - 2) < 2
    assert abs(int(reset.headers["x-ratelimit-reset"]) - time.time() - 2) < 2
    assert "retry-after" not in reset.headers


def test_a_body_of_any_kind_and_an_html_page(start: Start) -> None:
    school = start(faults=on_students({"body": "no", "content_type": "text/csv", "status": 418}, times=1))
    answer = school.get("Students/")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (418, "no", "text/csv")
    page = start(faults=on_students({"html": True})).get("Students/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!DOCTYPE html>")


def test_an_error_body_is_the_four_keys_with_status_200(start: Start) -> None:
    assert start(faults=on_students({"error_body": "The agent is away"})).error("Students/") == "The agent is away"


def test_a_truncated_answer_ends_before_its_declared_length(start: Start) -> None:
    school = start(faults=on_students({"truncate": 1000}, times=1))
    with pytest.raises(httpx.RemoteProtocolError, match="received 1000 bytes"):
        school.get("Students/")
    assert len(school.read("Students/")["Students"]) == 60


def test_a_long_answer_can_be_truncated_too(start: Start) -> None:
    school = start(pupils=200, faults=on_students({"truncate": 200_000}))
    with pytest.raises(httpx.RemoteProtocolError, match="received 200000 bytes"):
        school.get("Students/")


def test_a_cut_answer_has_the_length_it_declares(start: Start) -> None:
    answer = start(faults=on_students({"cut": 1000})).get("Students/")
    assert (answer.status_code, len(answer.content)) == (200, 1000)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_delay(start: Start) -> None:
    school = start(faults=on_students({"delay": 0.3}, times=1))
    begun = time.monotonic()
    assert school.get("Students/").status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_stopping_does_not_wait_for_a_delay(start: Start) -> None:
    school = start(faults=on_students({"delay": 60}))
    with pytest.raises(httpx.ReadTimeout):
        school.http.get("/api/v1/School/1/Students/", timeout=0.1)
    begun = time.monotonic()
    school.sim.stop()
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(("when", "given"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_before_or_after_acting(start: Start, when: str, given: int) -> None:
    school = start()
    begun = school.sim.tokens.count
    fault = {"match": {"path": "GetToken"}, "times": 1, "do": {"drop": when}}
    assert school.http.put("/__control__/faults", json=[fault]).status_code == 200
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        school.ask_token()
    assert school.sim.tokens.count - begun == given
    assert school.ask_token()["token"]
    assert [exchange.status for exchange in school.sim.requests] == [200, None, 200]


def test_an_answer_can_be_replaced_after_acting(start: Start) -> None:
    school = start()
    begun = school.sim.tokens.count
    school.sim.faults.replace([{"times": 1, "do": {"status": 504, "after": True}}])
    with pytest.raises(AssertionError):  # the status is not 200
        school.ask_token()
    assert school.sim.tokens.count == begun + 1


def test_a_set_can_be_empty_or_short_while_the_counts_stay(start: Start) -> None:
    body = start(faults=on_students({"empty_records": "Students"})).read("Students/")
    assert (body["Students"], body["__pagination__"][0]["RowCount"]) == ([], 60)
    body = start(faults=on_students({"drop_records": {"set": "Students", "count": 2}})).read("Students/")
    assert (len(body["Students"]), body["__pagination__"][0]["RowCount"]) == (58, 60)


def test_a_field_can_be_renamed_or_removed(start: Start) -> None:
    rename = {"set": "Students", "from": "DateofBirth", "to": "DateOfBirth"}
    row = start(faults=on_students({"rename_field": rename})).read("Students/")["Students"][0]
    assert "DateOfBirth" in row
    assert "DateofBirth" not in row
    remove = {"set": "Students", "field": "Surname"}
    row = start(faults=on_students({"remove_field": remove})).read("Students/")["Students"][0]
    assert "Surname" not in row


def test_a_fault_that_finds_no_set_says_so(start: Start) -> None:
    answer = start(faults=on_students({"empty_records": "Pupils"})).get("Students/")
    assert (answer.status_code, answer.text) == (
        500,
        "simulator: the answer has no set 'Pupils' for the fault to change",
    )


def test_a_page_can_come_again(start: Start) -> None:
    school = start(faults=[{"match": {"page": 3}, "do": {"repeat_page": 2}}])
    pages = [[row["Id"] for row in school.read("Students/", page=n, pagesize=5)["Students"]] for n in (1, 2, 3)]
    assert pages[2] == pages[1] != pages[0]


def test_faults_can_be_read_and_replaced_over_http(start: Start) -> None:
    school = start(faults=on_students({"status": 500}))
    school.get("Students/")
    assert [(f["seen"], f["fired"]) for f in school.http.get("/__control__/faults").json()] == [(1, 1)]
    assert school.http.put("/__control__/faults", json=[]).json() == []
    assert school.get("Students/").status_code == 200
    refused = school.http.put("/__control__/faults", json=[{"do": {"explode": 1}}])
    assert (refused.status_code, "unknown key 'explode'" in refused.text) == (400, True)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ([], "is an object"),
        ({"do": {}}, "without anything to do"),
        ({"when": 1, "do": {"status": 1}}, "unknown key 'when' in a fault"),
        ({"match": {"pages": 1}, "do": {"status": 1}}, "unknown key 'pages' in match"),
        ({"match": {"path": "("}, "do": {"status": 1}}, "not a regular expression"),
        ({"match": {"nth": 0}, "do": {"status": 1}}, "count from 1"),
        ({"do": {"status": "500"}}, "wrong type"),
        ({"do": {"drop": "now"}}, "'before' or 'after'"),
        ({"do": {"rename_field": {"set": "A"}}}, "takes exactly from, set, to"),
    ],
)
def test_faults_that_are_not_written_as_they_should_be(fault: Any, text: str) -> None:
    with pytest.raises(FaultError, match=text):
        Fault.parse(fault)


def test_the_log_tells_every_request_and_no_secret(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    school = start(log=file, faults=on_students({"status": 500}))
    school.get("Students/", page=2, api_key="secret-thing")
    over_http = school.http.get("/__control__/requests").json()
    in_file = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert over_http == in_file
    token, read = over_http
    assert (token["method"], token["path"], token["status"]) == ("POST", "/idaas/sts/STS/GetToken", 200)
    assert (read["query"], read["status"], read["fault"]) == ({"page": "2", "api_key": "***"}, 500, True)
    assert (read["connection"], read["connections"]) == (1, 1)
    assert school.config["secret"] not in file.read_text(encoding="utf-8")
    assert school.token not in file.read_text(encoding="utf-8")


def test_new_connections_are_counted(start: Start) -> None:
    school = start()
    for _ in range(2):
        httpx.get(school.sim.url + "/elsewhere", trust_env=False)
    assert [exchange.connection for exchange in school.sim.requests] == [1, 2, 3]


def test_every_answer_can_be_slow(start: Start) -> None:
    school = start(delay_ms=50)
    begun = time.monotonic()
    school.get("Students/")
    assert time.monotonic() - begun >= 0.05
