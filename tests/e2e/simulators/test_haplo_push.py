"""The push-data API: its results, in JSON and in XML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from haplo_school import FIELDS, LOAD, NAME, PUPILS, Haplo, Serve, basic, control_file

pytestmark = pytest.mark.e2e

URL = "/api/push-data/pupils"


def define(haplo: Haplo, control: bytes | None = None, **options: str) -> None:
    """Define `pupils` and take its key."""
    answer = haplo.http.put("/__control__/push/pupils", content=control or control_file(), params=options)
    assert answer.json()["path"] == URL
    haplo.http.auth = basic(answer.json()["key"])


def push(haplo: Haplo, records: Any) -> tuple[int, dict[str, Any]]:
    answer = haplo.http.post(URL, content=json.dumps(records))
    return answer.status_code, answer.json()


def test_what_is_pushed_is_saved_at_once_and_told(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    status, body = push(haplo, PUPILS)
    refs = {code: one["ref"] for code, one in haplo.people().items()}
    made = [
        {"kind": "object:save", "destination": "profile", "ref": refs[code], "new": True}
        for code in ("pupil:1", "pupil:2")
    ]
    assert (status, body) == (
        200,
        {
            "result": "success",
            "applied": 2,
            "failures": 0,
            "errorCount": 0,
            "errors": [],
            "actions": [
                {"record": "record 0", "changed": [made[0]]},
                {"record": "record 1", "changed": [made[1]]},
            ],
        },
    )
    _, again = push(haplo, [PUPILS[0], PUPILS[1] | {"year": 9}])
    assert [action["changed"] for action in again["actions"]] == [[], [made[1] | {"new": False}]]


def test_answers_are_indented_by_four(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    assert haplo.http.post(URL, content=b"[]").text.startswith('{\n    "result": "success",\n    "applied": 0,')


def test_success_may_come_with_errors_and_failure_with_status_400(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    status, body = push(haplo, [PUPILS[0] | {"year": "7a"}])
    assert (status, body["result"], body["applied"], body["errorCount"]) == (200, "success", 1, 1)
    assert body["errors"][0].endswith("(record 0)")
    status, body = push(haplo, [{"code": "pupil:3"}, PUPILS[1]])
    assert (status, body["result"], body["applied"], body["failures"]) == (400, "failure", 1, 1)
    assert body["errors"][0] == "dc:attribute:title is not set in object profile (record 0)"


def test_a_fault_leaves_earlier_records_saved(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    status, body = push(haplo, [PUPILS[0] | {"year": "7a"}, PUPILS[1] | {"born": "soon"}, PUPILS[1]])
    assert (status, body["result"], body["applied"], body["failures"]) == (400, "error", 1, 0)
    assert body["errorCount"] == 0
    assert body["errors"][-1].startswith("Exception when processing: ")
    assert set(haplo.people()) == {"staff:tutor", "pupil:1"}


def test_a_fault_on_saving_is_not_counted_as_applied(serve: Serve) -> None:
    haplo = Haplo(serve)
    loose = {"source": "loose", "destination": "value:person-name", "name": "first"}
    define(haplo, control_file(instructions=[*LOAD, *NAME, loose, *FIELDS]))
    status, body = push(haplo, [PUPILS[0], PUPILS[1] | {"loose": "x"}])
    assert (status, body["applied"], body["failures"]) == (400, 1, 0)
    fault = "Exception when processing: Delegate for value:person-name does not implement commit()"
    assert body["errors"] == [fault]


def test_names_that_are_not_defined_or_disabled(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo, enabled="false")
    assert push(haplo, PUPILS)[0] == 400
    assert push(haplo, PUPILS)[1]["errors"] == ["API is disabled: pupils"]
    key = haplo.http.post("/__control__/keys", json={"path": "/api/push-data/"}).text
    unknown = haplo.http.post("/api/push-data/nix", content=b"[]", auth=basic(key))
    assert (unknown.status_code, unknown.json()["result"]) == (400, "error")
    assert unknown.json()["errors"] == ["API not defined: nix"]


def test_who_may_push(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    for params, key in (({"a": "1"}, None), ({}, haplo.sim.config["batch_api_key"])):
        auth = haplo.http.auth if key is None else basic(key)
        refused = haplo.http.post(URL, content=b"[]", params=params, auth=auth)
        assert (refused.status_code, "Request denied" in refused.text) == (403, True)
    haplo.http.post("/__control__/keys", json={"path": "=" + URL, "permitted": False})
    status, body = push(haplo, PUPILS)
    assert (status, body["result"], body["errors"], body["errorCount"]) == (403, "not authorised", [], 1)


def test_other_requests_than_a_post_with_a_small_body(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo)
    get = haplo.http.get(URL)
    assert (get.status_code, get.text) == (400, "Only POST requests supported for push data REST APIs.")
    assert haplo.http.post(URL, files={"file": ("f", b"[]")}).status_code == 500
    for length, status in ((1_048_575, 200), (1_048_576, 500)):
        assert haplo.http.post(URL, content=b"[]".ljust(length)).status_code == status


def test_answers_in_xml_have_status_200_always(serve: Serve) -> None:
    haplo = Haplo(serve)
    define(haplo, format="xml")
    for records, result, counts in (
        ([PUPILS[0], PUPILS[1] | {"year": "x"}], "success", ("2", "0", "1")),
        ([{"code": "pupil:3"}], "failure", ("0", "1", "2")),
        ([PUPILS[0] | {"born": "soon"}], "error", ("0", "0", "0")),
    ):
        answer = haplo.http.post(URL, content=json.dumps(records))
        root = ElementTree.fromstring(answer.text)
        assert (answer.status_code, root.tag, root.attrib["result"]) == (200, "response", result)
        assert tuple(root.attrib[name] for name in ("applied", "failures", "errorCount")) == counts
        assert len(root.findall("actions/record")) == len(records)
        assert root.findall("errors/error")
    changed = ElementTree.fromstring(haplo.http.post(URL, content=json.dumps([PUPILS[0] | {"year": 9}])).text)
    (one,) = changed.findall("actions/record[@identifier='record 0']/changed")
    assert one.attrib == {
        "kind": "object:save",
        "destination": "profile",
        "ref": haplo.people()["pupil:1"]["ref"],
        "new": "false",
    }


def test_definitions_are_checked_and_outlive_the_simulator(serve: Serve, tmp_path: Path) -> None:
    haplo = Haplo(serve, state=tmp_path)
    put = haplo.http.put
    assert put("/__control__/push/pupils", content=b"x").text == "Uploaded file is not JSON"
    for options in ({"format": "csv"}, {"enabled": "maybe"}):
        assert put("/__control__/push/pupils", content=control_file(), params=options).status_code == 400
    define(haplo)
    haplo.sim.stop()
    again = Haplo(serve, state=tmp_path)
    again.http.auth = basic(again.sim.config["push_api_keys"]["pupils"])
    assert push(again, PUPILS)[1]["applied"] == 2
    bare: httpx.Response = Haplo(serve, application=None).http.put("/__control__/push/a", content=control_file())
    assert (bare.status_code, "--application" in bare.text) == (400, True)
