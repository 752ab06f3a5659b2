"""Haplo's API keys: what they open, too many failures, users who are blocked or may not, and limits of size."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from haplo_school import Haplo, Serve, basic

from engine.simulators.haplo import BATCH_API, STANDARD_API
from engine.simulators.user_sync import USER_SYNC_API

pytestmark = pytest.mark.e2e

UPLOAD = {"file": ("f", b"[]")}
FORM = {"kind": "k"}


class Clock:
    """Seconds that pass when a test says so."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def kind_of(answer: httpx.Response) -> str:
    """The kind of a refusal in JSON."""
    assert answer.status_code == 403
    return str(answer.json()["kind"])


def fail(haplo: Haplo, times: int, post: Callable[..., httpx.Response] | None = None) -> None:
    for _ in range(times):
        answer = (post or haplo.http.post)(STANDARD_API + "file", files=UPLOAD, auth=basic("nonsense"))
        assert kind_of(answer) == "INVALID-API-KEY"


def test_each_api_has_a_key_of_44_characters_that_opens_it_alone(serve: Serve) -> None:
    haplo = Haplo(serve)
    config = haplo.sim.config
    keys = {
        BATCH_API: config["batch_api_key"],
        STANDARD_API: config["api_key"],
        USER_SYNC_API: config["user_sync_api_key"],
    }
    assert all(re.fullmatch("[A-Za-z0-9_-]{44}", key) for key in keys.values())
    for path in keys:
        for own, key in keys.items():
            answer = haplo.http.post(path + "nix", files=UPLOAD, auth=basic(key))
            assert answer.status_code == (404 if own == path else 403)


def test_a_key_opens_what_begins_with_its_path_or_exactly_its_path(serve: Serve) -> None:
    haplo = Haplo(serve)
    paths = ("/api/", STANDARD_API + "bat", "=" + STANDARD_API + "batch")
    keys = {path: haplo.http.post("/__control__/keys", json={"path": path}).text for path in paths}
    for path, url, status in (
        ("/api/", STANDARD_API + "batch", 200),
        ("/api/", STANDARD_API + "batch?a=1", 200),
        (STANDARD_API + "bat", STANDARD_API + "batch", 200),
        (STANDARD_API + "bat", STANDARD_API + "schedule", 403),
        ("=" + STANDARD_API + "batch", STANDARD_API + "batch", 200),
        ("=" + STANDARD_API + "batch", STANDARD_API + "batch?a=1", 403),
    ):
        assert haplo.http.post(url, data=FORM, auth=basic(keys[path])).status_code == status, (path, url)
    assert haplo.http.post("/__control__/keys", json={"route": "/"}).status_code == 400


def test_after_fifty_failures_an_address_waits_five_minutes(serve: Serve) -> None:
    clock = Clock()
    haplo = Haplo(serve, clock=clock)
    fail(haplo, 49)
    right = basic(haplo.sim.config["api_key"])
    assert haplo.http.post(STANDARD_API + "batch", data=FORM, auth=right).status_code == 200
    fail(haplo, 1)
    throttled = haplo.http.post(STANDARD_API + "file", files=UPLOAD, auth=right)
    assert kind_of(throttled) == "THROTTLE"
    assert throttled.json()["error"]["message"] == (
        "Too many failed API authentication attempts, API usage suspended. "
        "Pause requests to wait until restriction lifted."
    )
    page = haplo.http.post(STANDARD_API + "batch", data=FORM, auth=right)
    assert (page.status_code, "Request denied for security reasons" in page.text) == (403, True)
    clock.now += 299.9
    assert kind_of(haplo.http.post(STANDARD_API + "file", files=UPLOAD, auth=right)) == "THROTTLE"
    clock.now += 0.1
    assert haplo.http.post(STANDARD_API + "batch", data=FORM, auth=right).status_code == 200
    fail(haplo, 50)


def test_failures_are_counted_from_the_last_and_for_each_address(serve: Serve) -> None:
    clock = Clock()
    haplo = Haplo(serve, clock=clock)
    fail(haplo, 49)
    clock.now += 299
    with httpx.Client(
        base_url=haplo.sim.url, transport=httpx.HTTPTransport(local_address="127.0.0.2"), trust_env=False
    ) as other:
        fail(haplo, 50, other.post)
        fail(haplo, 1)
        right = basic(haplo.sim.config["api_key"])
        assert kind_of(haplo.http.post(STANDARD_API + "file", files=UPLOAD, auth=right)) == "THROTTLE"
        clock.now += 300
        assert other.post(STANDARD_API + "batch", data=FORM, auth=right).status_code == 200


def test_requests_without_a_key_are_no_failures(serve: Serve) -> None:
    haplo = Haplo(serve)
    haplo.http.auth = None
    for _ in range(51):
        assert haplo.http.post(STANDARD_API + "file", files=UPLOAD).text == "Unauthorised"
    fail(haplo, 1)


def test_a_key_of_a_blocked_user_and_one_whose_user_may_not(serve: Serve) -> None:
    haplo = Haplo(serve)
    for user, path in (({"blocked": True}, "/api/haplo"), ({"permitted": False}, "/api/")):
        key = haplo.http.post("/__control__/keys", json={"path": path} | user).text
        upload = haplo.http.post(STANDARD_API + "file", files=UPLOAD, auth=basic(key))
        form = haplo.http.post(USER_SYNC_API + "start-sync", auth=basic(key))
        if "blocked" in user:
            assert (kind_of(upload), upload.json()["error"]["message"]) == ("UNAUTHORISED", "Not authorised")
            assert (form.status_code, "Request denied" in form.text) == (403, True)
        else:
            for answer in (upload, form):
                assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
                assert "You are not permitted to perform this action." in answer.text


def test_bodies_and_fields_have_limits(serve: Serve) -> None:
    haplo = Haplo(serve)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    haplo.http.auth = basic(haplo.sim.config["api_key"])
    for length, status in ((1_048_575, 200), (1_048_576, 500)):
        body = b"kind=k&comment=".ljust(length, b"c")
        assert haplo.http.post(STANDARD_API + "batch", content=body, headers=form).status_code == status
    batch = haplo.see("batches")[0]["id"]
    for length, status in ((131_072, 200), (131_073, 500)):
        fields = {"batch": batch, "name": "n" * length}
        answer = haplo.http.post(STANDARD_API + "file", data=fields, files=UPLOAD)
        assert answer.status_code == status
        assert ("Request size limit exceeded" in answer.text) == (status == 500)
