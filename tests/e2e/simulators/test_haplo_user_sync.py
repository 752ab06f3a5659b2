"""The user sync API: uploads, the start in its three forms, what waits for a person, accounts made and blocked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from haplo_school import PERSON, Haplo, Serve, basic, control_file

from engine.simulators.user_sync import USER_SYNC_API

pytestmark = pytest.mark.e2e

FIELDS = [
    {"source": "u", "destination": "user", "name": "username", "filters": ["haplo:to-lower-case"]},
    {"source": "f", "destination": "user", "name": "nameFirst"},
    {"source": "l", "destination": "user", "name": "nameLast"},
    {"source": "e", "destination": "user", "name": "email"},
    {"source": "g", "destination": "user", "name": "groups", "multivalue": True},
    {"source": "job", "destination": "profile", "name": "std:attribute:job-title"},
    {"source": "year", "destination": "profile", "name": "school:attribute:year"},
]
CONTROL = control_file(model="haplo:user-sync", files={"staff": {"read": "json"}}, instructions=FIELDS)


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"u": name, "f": name.title(), "l": "Bell", "e": f"{name}@example.org", **more}


class Sync(Haplo):
    """A simulated application with the key of the user sync API."""

    def __init__(self, serve: Serve, **arguments: Any) -> None:
        super().__init__(serve, **arguments)
        self.http.auth = basic(self.sim.config["user_sync_api_key"])

    def upload(self, name: str, content: Any) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.http.post(USER_SYNC_API + "upload-file", data={"name": name}, files={"file": ("x.json", body)})

    def start(self, form: str = "") -> httpx.Response:
        return self.http.post(USER_SYNC_API + "start-sync" + form)

    def send(self, people: Any, control: bytes = CONTROL) -> httpx.Response:
        for name, content in (("_control", control), ("staff", people)):
            assert self.upload(name, content).status_code == 200
        return self.start()

    def decide(self, act: str) -> int:
        return self.http.post(f"/__control__/user-sync/{act}").status_code

    def first(self, people: Any) -> None:
        """The first sync, applied by the administrator."""
        assert self.send(people).status_code == 200
        assert self.decide("apply") == 200
        self.wait()
        assert self.run["state"] == "complete"

    def wait(self) -> None:
        self.http.post("/__control__/run")

    @property
    def run(self) -> dict[str, Any]:
        """The last run."""
        found: dict[str, Any] = self.see("user-sync")[-1]
        return found

    def users(self) -> dict[str, dict[str, Any]]:
        return {user["username"]: user for user in self.see("users")}


def test_an_upload_is_answered_with_its_digest(serve: Serve) -> None:
    sync = Sync(serve)
    answer = sync.upload("_control", CONTROL)
    assert answer.json() == {
        "digest": hashlib.sha256(CONTROL).hexdigest(),
        "fileSize": len(CONTROL),
        "filename": "x.json",
    }
    assert sync.see("user-sync")[0]["state"] == "uploading"


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.json", b"[]", "Bad request (failed validation)"),
        ("", b"[]", "Bad request (failed validation)"),
        ("_control", b"{", "Control file was not valid JSON: "),
        (
            "_control",
            control_file(model="haplo:user-sync", files=None),
            "File named _control is not a valid control file:\n  Control file does not have files property",
        ),
        ("_control", control_file(), 'model property in control file must be set to "haplo:user-sync"'),
    ],
)
def test_uploads_that_are_refused(serve: Serve, name: str, content: bytes, text: str) -> None:
    answer = Sync(serve).upload(name, content)
    assert (answer.status_code, answer.text[: len(text)]) == (400, text)


def test_a_name_is_taken_once_and_a_run_that_is_under_way_takes_no_more(serve: Serve) -> None:
    sync = Sync(serve)
    sync.upload("staff", [])
    again = sync.upload("staff", [person("ann")])
    assert (again.status_code, again.text) == (400, "File staff has already been uploaded for this sync run.")
    sync.upload("_control", CONTROL)
    sync.start()
    late = sync.upload("other", [])
    assert (late.status_code, late.text) == (400, "Sync in unexpected state -- use admin interface to resolve.")
    assert sync.decide("discard") == 200
    assert sync.upload("staff", []).status_code == 200


def test_the_files_must_be_those_that_the_control_file_names(serve: Serve) -> None:
    sync = Sync(serve)
    for name, content in (("", b""), ("_control", CONTROL), ("other", b"[]"), ("staff", b"[]")):
        if name:
            sync.upload(name, content)
        answer = sync.start()
        assert (answer.status_code, answer.text) == (400, "Last sync is not ready. Upload all the required files.")
        for form in ("/json", "/xml"):
            told = sync.start(form)
            assert (told.status_code, "missing-files" in told.text) == (200, True)


def test_the_first_run_waits_for_an_administrator(serve: Serve) -> None:
    sync = Sync(serve)
    answer = sync.send([person("ann")])
    assert (answer.status_code, "first sync" in answer.text) == (200, True)
    sync.wait()
    assert (sync.run["state"], sync.run["reason"], list(sync.users())) == ("manual", "first", ["Old.User"])
    assert sync.decide("apply") == 200
    sync.wait()
    assert sync.run["state"] == "complete"
    assert {key: sync.run["counts"][key] for key in ("created", "updated", "unchanged", "blocked")} == {
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "blocked": 1,
    }
    assert sync.users()["Old.User"]["blocked"]
    assert sync.decide("apply") == 400


def test_later_runs_go_on_by_themselves_and_create_nobody_twice(serve: Serve) -> None:
    sync = Sync(serve)
    people = [person("ann", g="a"), person("bob", job="Cook")]
    sync.first(people)
    objects = sync.see("objects")["counts"]
    assert sync.send(people).text == "OK. Sync queued."
    sync.wait()
    assert {key: sync.run["counts"][key] for key in ("created", "updated", "unchanged")} == {
        "created": 0,
        "updated": 0,
        "unchanged": 2,
    }
    assert sync.see("objects")["counts"] == objects
    sync.send([person("ann", g="c"), person("BOB", job="Head")])
    sync.wait()
    assert sync.run["counts"]["updated"] == 2
    users = sync.users()
    assert users["ann"]["groups"] == ["c"]
    assert set(users) == {"Old.User", "ann", "bob"}


def test_accounts_have_profiles(serve: Serve) -> None:
    sync = Sync(serve)
    sync.first([person("ann", job="Cook")])
    ref = sync.users()["ann"]["ref"]
    found = {one["ref"]: one["values"] for one in sync.see("objects", type=PERSON, values="1")["objects"]}
    assert found[ref] == {
        "dc:attribute:type": [{"type": "object-type", "code": PERSON}],
        "dc:attribute:title": [{"type": "person-name", "first": "Ann", "last": "Bell"}],
        "std:attribute:email": [{"type": "email-address", "text": "ann@example.org"}],
        "std:attribute:job-title": ["Cook"],
    }


def test_who_is_missing_is_blocked_and_who_comes_back_is_not(serve: Serve) -> None:
    sync = Sync(serve)
    names = [f"n{number:02}" for number in range(30)]
    sync.first([person(name) for name in names])
    sync.send([person(name) for name in names[1:]])
    sync.wait()
    assert sync.run["counts"]["blocked"] == 1
    assert [name for name, user in sync.users().items() if user["blocked"]] == ["n00", "Old.User"]
    sync.send([person(name) for name in names])
    sync.wait()
    assert [name for name, user in sync.users().items() if user["blocked"]] == ["Old.User"]


def test_a_user_whose_record_has_a_fault_is_not_missing(serve: Serve) -> None:
    sync = Sync(serve)
    sync.first([person("ann"), person("bob")])
    sync.send([person("ann"), person("bob", pad="bob@example.") | {"e": ""}])
    sync.wait()
    assert (sync.run["state"], sync.run["counts"]["blocked"]) == ("complete", 0)
    assert "Missing values in user: email (record 1, user bob)" in sync.run["log"]


@pytest.mark.parametrize(
    ("size", "state"), [(1079, "manual"), (1080, "complete"), (1320, "complete"), (1321, "manual")]
)
def test_a_file_that_changes_by_more_than_a_tenth_waits(serve: Serve, size: int, state: str) -> None:
    sync = Sync(serve)
    people = json.dumps([person("ann")]).encode()
    sync.first(people.ljust(1200))
    sync.upload("_control", CONTROL)
    sync.upload("staff", people.ljust(size))
    status = "admin-intervention-required" if state == "manual" else "queued-for-apply"
    assert sync.start("/json").json() == {"status": status}
    sync.wait()
    assert (sync.run["state"], sync.run["reason"]) == (state, "size" if state == "manual" else "")


def test_automatic_runs_can_be_switched_off(serve: Serve) -> None:
    sync = Sync(serve)
    sync.first([person("ann")])
    assert sync.http.put("/__control__/user-sync/automatic", content="maybe").status_code == 400
    assert sync.http.put("/__control__/user-sync/automatic", content="false").status_code == 200
    answer = sync.send([person("ann")])
    assert (answer.status_code, "switched off" in answer.text) == (200, True)


def test_the_start_in_json_and_in_xml(serve: Serve) -> None:
    sync = Sync(serve)
    sync.first([person("ann")])
    for form, text in (("/json", '{"status":"queued-for-apply"}'), ("/xml", "<status>queued-for-apply</status>")):
        sync.upload("_control", CONTROL)
        sync.upload("staff", [person("ann")])
        answer = sync.start(form)
        assert (answer.status_code, text in answer.text) == (200, True)
        sync.wait()
        assert sync.start().status_code == 400


@pytest.mark.parametrize(
    ("instructions", "people", "words"),
    [
        (FIELDS[1:], [person("bob")], "No simple rule for extracting username from records."),
        (FIELDS, b"{", "EXCEPTION: Error during import: "),
    ],
)
def test_a_run_that_stops_changes_nobody(serve: Serve, instructions: Any, people: Any, words: str) -> None:
    sync = Sync(serve)
    control = control_file(model="haplo:user-sync", files={"staff": {"read": "json"}}, instructions=instructions)
    sync.send(people, control)
    sync.decide("apply")
    sync.wait()
    assert sync.run["state"] == "error"
    assert any(words in line for line in sync.run["log"])
    assert [(name, user["blocked"]) for name, user in sync.users().items()] == [("Old.User", False)]


def test_a_run_outlives_the_simulator(serve: Serve, tmp_path: Path) -> None:
    sync = Sync(serve, state=tmp_path)
    sync.first([person("ann")])
    sync.upload("_control", CONTROL)
    sync.sim.stop()
    again = Sync(serve, state=tmp_path)
    again.upload("staff", [person("ann"), person("bob")])
    again.start()
    assert again.decide("apply") == 200
    again.wait()
    assert (again.run["counts"]["created"], again.run["counts"]["unchanged"]) == (1, 1)


def test_what_was_queued_without_an_application_is_applied_with_one(serve: Serve, tmp_path: Path) -> None:
    bare = Sync(serve, state=tmp_path, application=None)
    bare.send([person("ann")])
    bare.decide("apply")
    assert (bare.run["state"], bare.http.get("/__control__/users").status_code) == ("queued", 404)
    bare.sim.stop()
    sync = Sync(serve, state=tmp_path)
    sync.wait()
    assert (sync.run["state"], list(sync.users())) == ("complete", ["ann", "Old.User"])


def test_an_account_made_by_a_sync_can_be_linked_to_by_its_name(serve: Serve) -> None:
    sync = Sync(serve)
    sync.first([person("ann")])
    sync.http.auth = basic(sync.sim.config["batch_api_key"])
    link = {
        "source": "who",
        "destination": "profile",
        "name": "school:attribute:tutor",
        "filters": ["haplo:username-to-ref"],
    }
    title = {"source": "last", "destination": "value:person-name", "name": "last"}
    whole = {
        "action": "field-structured",
        "structured": "value:person-name",
        "destination": "profile",
        "name": "dc:attribute:title",
    }
    new = {"action": "new", "destination": "profile"}
    sync.take_in([{"who": "ANN", "last": "Cole"}], control=control_file(instructions=[new, title, whole, link]))
    made = sync.see("objects", values="1")["objects"][-1]
    assert made["values"]["school:attribute:tutor"] == [{"type": "ref", "ref": sync.users()["ann"]["ref"]}]
