"""Haplo on loopback: keys, refusals, batches, files, digests, states."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.simulators.haplo import BATCH_API, STANDARD_API, HaploSimulator
from engine.simulators.http import Simulator
from engine.simulators.multipart import Field, MultipartError, read_multipart

pytestmark = pytest.mark.e2e

Serve = Callable[[Simulator], httpx.Client]
UPLOAD = {"file": ("data.json", b"[]", "application/json")}


def open_haplo(serve: Serve, **arguments: Any) -> httpx.Client:
    """A client with the key of the standard API."""
    sim = HaploSimulator(**arguments)
    client = serve(sim)
    client.auth = httpx.BasicAuth("haplo", sim.config["api_key"])
    return client


def new_batch(client: httpx.Client, **form: str) -> str:
    answer = client.post(STANDARD_API + "batch", data={"kind": "pupils", "comment": "c", **form})
    assert answer.status_code == 200
    return answer.text


def test_a_standard_batch_from_beginning_to_end(serve: Serve) -> None:
    client = open_haplo(serve)
    batch = new_batch(client, comment="nightly")
    assert re.fullmatch(r"[A-Za-z0-9_-]{44}", batch)
    content = '[{"a": "Zoë"}]'.encode()
    sent = client.post(STANDARD_API + "file", data={"batch": batch, "name": "pupils"}, files={"file": ("x", content)})
    digest = hashlib.sha256(content).hexdigest()
    assert (sent.status_code, sent.text) == (200, digest)
    assert sent.headers["content-type"] == "text/plain; charset=utf-8"
    done = client.post(STANDARD_API + "schedule", data={"batch": batch, "mode": "dry-run"})
    assert (done.status_code, done.text) == (200, "SCHEDULED")
    (seen,) = client.get("/__control__/batches").json()
    assert (seen["id"], seen["comment"], seen["kind"]) == (batch, "nightly", "pupils")
    assert (seen["state"], seen["mode"]) == ("scheduled", "dry-run")
    assert seen["files"] == [{"name": "pupils", "digest": digest, "size": len(content)}]
    assert client.get(f"/__control__/files/{digest}").content == content
    assert client.get("/__control__/files/00").status_code == 404


def test_a_batch_with_a_control_file(serve: Serve) -> None:
    sim = HaploSimulator()
    client = serve(sim)
    client.auth = httpx.BasicAuth("haplo", sim.config["batch_api_key"])
    control = b'{"dataImportControlFileVersion": 0}'
    digest = hashlib.sha256(control).hexdigest()
    for _ in range(2):
        answer = client.post(BATCH_API + "control", data={"comment": "c"}, files={"file": ("c.json", control)})
        assert (answer.status_code, answer.text) == (200, digest)
    batch = client.post(BATCH_API + "batch", data={"control": digest}).text
    client.post(BATCH_API + "file", data={"batch": batch, "name": "a"}, files=UPLOAD)
    assert client.post(BATCH_API + "schedule", data={"batch": batch}).text == "SCHEDULED"
    (seen,) = client.get("/__control__/batches").json()
    assert (seen["control"], seen["comment"], seen["mode"]) == (digest, "Unnamed batch", "")
    assert client.get("/__control__/controls").json() == {digest: "c"}
    unknown = client.post(BATCH_API + "batch", data={"control": "f00"})
    assert (unknown.status_code, unknown.text) == (400, "Control file not found: f00")


def test_the_same_name_again_takes_the_place_of_the_first(serve: Serve) -> None:
    client = open_haplo(serve)
    batch = new_batch(client)
    for name, content in (("a", b"1"), ("b", b"2"), ("a", b"33")):
        client.post(STANDARD_API + "file", data={"batch": batch, "name": name}, files={"file": ("f", content)})
    (seen,) = client.get("/__control__/batches").json()
    assert [(file["name"], file["size"]) for file in seen["files"]] == [("a", 2), ("b", 1)]
    assert seen["uploads"] == 3


def test_what_is_wrong_with_a_request_is_said_with_status_400(serve: Serve) -> None:
    client = open_haplo(serve, kinds=["pupils"])
    batch = new_batch(client)
    client.post(STANDARD_API + "schedule", data={"batch": batch})
    again = f"Batch {batch} is not in the 'uploading' state"
    failed = "Bad request (failed validation)"
    for path, form, files, text in (
        ("schedule", {"batch": batch}, None, again),
        ("schedule", {"batch": "nix"}, None, "Batch not found: nix"),
        ("schedule", {}, None, failed),
        ("schedule", {"batch": batch, "mode": "dry"}, None, failed),
        ("batch", {"kind": "other"}, None, "Kind not found: other"),
        ("batch", {"comment": "c"}, None, failed),
        ("file", {"batch": "nix", "name": "a"}, UPLOAD, "Batch not found: nix"),
        ("file", {"name": "a"}, UPLOAD, failed),
        ("file", {"batch": batch, "name": "a"}, None, failed),
    ):
        answer = client.post(STANDARD_API + path, data=form, files=files)
        assert (answer.status_code, answer.text) == (400, text)


def test_files_are_taken_only_as_multipart_and_as_file_with_a_filename(serve: Serve) -> None:
    client = open_haplo(serve)
    batch = new_batch(client)
    wrong = client.post(STANDARD_API + "file", data={"batch": batch, "name": "a"}, files={"upload": ("f", b"")})
    assert wrong.status_code == 400
    assert wrong.text == "A file was uploaded, but it was not expected by the application. Field name: 'upload'"
    for part in ((None, b"x"), ("", b"x")):
        bare = client.post(STANDARD_API + "file", data={"batch": batch, "name": "a"}, files={"file": part})
        assert bare.status_code == 500
    for path in ("batch", "schedule"):
        answer = client.post(STANDARD_API + path, files=UPLOAD)
        assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")


def test_the_key_in_each_of_its_forms(serve: Serve) -> None:
    sim = HaploSimulator()
    client = serve(sim)
    key = sim.config["api_key"]
    basic = "Basic " + base64.b64encode(f"haplo:{key}".encode()).decode()
    url, form = STANDARD_API + "batch", {"kind": "k"}
    assert client.post(url, data=form, headers={"Authorization": basic}).status_code == 200
    assert client.post(url, data=form, headers={"x-oneis-KEY": key}).status_code == 200
    assert client.post(url, data=form | {"_ak": key}).status_code == 200
    for headers in (
        {"Authorization": basic.replace("Basic ", "basic ")},
        {"Authorization": basic.replace("Basic ", "Basic  ")},
        {"Authorization": "Basic " + base64.b64encode(f"someone:{key}".encode()).decode(), "X-ONEIS-Key": key},
    ):
        assert client.post(url, data=form, headers=headers).status_code == 403


def test_refused_keys(serve: Serve) -> None:
    sim = HaploSimulator()
    client = serve(sim)
    refused = {"success": False, "kind": "INVALID-API-KEY", "error": {"message": "Invalid API Key"}}
    for key in ("nonsense", sim.config["batch_api_key"]):
        client.auth = httpx.BasicAuth("haplo", key)
        multipart = client.post(STANDARD_API + "file", data={"batch": "b", "name": "n"}, files=UPLOAD)
        assert (multipart.status_code, multipart.json()) == (403, refused)
        get = client.get(STANDARD_API + "batch")
        assert (get.status_code, get.json()) == (403, refused)
        form = client.post(STANDARD_API + "batch", data={"kind": "k"})
        assert form.status_code == 403
        assert "Request denied for security reasons" in form.text
        assert form.headers["content-type"].startswith("text/html")
    client.auth = None
    none = client.post(STANDARD_API + "file", files=UPLOAD)
    assert (none.status_code, none.text) == (403, "Unauthorised")
    assert client.post(STANDARD_API + "batch", data={"kind": "k"}).status_code == 403


@pytest.mark.parametrize(("mode", "kind"), [("blocked", "UNAUTHORISED"), ("throttled", "THROTTLE")])
def test_right_keys_of_blocked_and_throttled_users(serve: Serve, mode: str, kind: str) -> None:
    client = open_haplo(serve, mode=mode)
    answer = client.post(STANDARD_API + "file", files=UPLOAD)
    assert (answer.status_code, answer.json()["kind"]) == (403, kind)
    assert client.post(STANDARD_API + "batch", data={"kind": "k"}).status_code == 403


def test_a_lack_of_permission_is_a_page_with_status_200(serve: Serve) -> None:
    answer = open_haplo(serve, mode="not-permitted").post(STANDARD_API + "batch", data={"kind": "k"})
    assert answer.status_code == 200
    assert "You are not permitted to perform this action." in answer.text
    with pytest.raises(ValueError, match="mode is one of"):
        HaploSimulator(mode="odd")


def test_a_wrong_method_or_path_is_a_page_that_is_not_found(serve: Serve) -> None:
    client = open_haplo(serve)
    for answer in (client.get(STANDARD_API + "batch"), client.post(STANDARD_API + "control", files=UPLOAD)):
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_folder_keeps_batches_over_a_restart(serve: Serve, tmp_path: Path) -> None:
    client = open_haplo(serve, state=tmp_path)
    batch = new_batch(client)
    digest = client.post(STANDARD_API + "file", data={"batch": batch, "name": "a"}, files=UPLOAD).text
    assert (tmp_path / "files" / digest).read_bytes() == b"[]"
    again = open_haplo(serve, state=tmp_path)
    assert again.get("/__control__/batches").json()[0]["files"][0]["digest"] == digest
    assert again.post(STANDARD_API + "schedule", data={"batch": batch}).text == "SCHEDULED"
    assert json.loads((tmp_path / "batches.json").read_text())["batches"][0]["state"] == "scheduled"
    assert new_batch(again) != batch


def test_a_fault_after_acting_leaves_the_batch_behind(serve: Serve) -> None:
    client = open_haplo(serve, faults=[{"match": {"path": "batch$"}, "times": 1, "do": {"drop": "after"}}])
    with pytest.raises(httpx.RemoteProtocolError):
        new_batch(client)
    new_batch(client)
    assert len(client.get("/__control__/batches").json()) == 2


def test_a_body_sent_in_chunks_is_read(serve: Serve) -> None:
    client = open_haplo(serve)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post(STANDARD_API + "batch", content=iter([b"kind=", b"pupils"]), headers=headers)
    assert answer.status_code == 200


def test_multipart_is_read_exactly() -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="a"; filename="x \\"y\\".json"\r\n\r\n'
    assert read_multipart("multipart/form-data; boundary=B", head + b"1\r\n2\r\n--B--\r\n") == [
        Field("a", b"1\r\n2", 'x "y".json')
    ]


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("multipart/form-data", b"", "no boundary"),
        ("multipart/form-data; boundary=B", b"x--B\r\n", "does not begin"),
        ("multipart/form-data; boundary=B", b"--B\r\nA: b\r\n\r\nx", "does not end"),
        ("multipart/form-data; boundary=B", b"--B\r\nA: b\r\nx\r\n--B--", "no empty line"),
        ("multipart/form-data; boundary=B", b"--B\r\nA: b\r\n\r\nx\r\n--B--", "no Content-Disposition"),
        ("multipart/form-data; boundary=B", b"--B\r\nA\r\n\r\nx\r\n--B--", "no colon"),
        (
            "multipart/form-data; boundary=B",
            b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
            "no name",
        ),
    ],
)
def test_multipart_that_is_not_as_it_should_be(content_type: str, body: bytes, text: str) -> None:
    with pytest.raises(MultipartError, match=text):
        read_multipart(content_type, body)
