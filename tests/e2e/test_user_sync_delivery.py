"""User accounts to a simulated Haplo over real HTTP: what comes of a start, lost answers, each refusal once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.errors import DeliveryError
from engine.haplo.part import Emitted, Part
from engine.journal import Journal
from engine.secret import Secret
from engine.simulators.haplo import HaploSimulator
from engine.simulators.user_sync import USER_SYNC_API
from engine.spec.school import UserSync
from engine.stages.deliver import Delivered, deliver

pytestmark = pytest.mark.e2e

PERSON = {"code": "std:type:person", "attributes": ["dc:attribute:title", "dc:attribute:type"]}
SCHEMA: dict[str, Any] = {
    "attributes": [{"code": "dc:attribute:title", "type": "text"}, {"code": "dc:attribute:type", "type": "ref"}],
    "types": [PERSON],
    "users": [{"username": "old@example.org", "email": "old@example.org"}],
}
NAMES = ("username", "nameFirst", "nameLast", "email")
FAULT = "delivery-unavailable"


def _emit(folder: Path, *people: str) -> Emitted:
    """The files of these people, each in a data file of its own."""
    folder.mkdir()
    parts = []
    for number, name in enumerate(people, 1):
        path = folder / f"staff-{number:03}.json"
        account = {"username": f"{name}@example.org", "nameFirst": name, "nameLast": "Bell", "email": "b@example.org"}
        path.write_text(json.dumps([account]), encoding="utf-8")
        data = path.read_bytes()
        parts.append(Part(path.stem, path, 1, len(data), hashlib.sha256(data).hexdigest()))
    control = {
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": {part.name: {"read": "json"} for part in parts},
        "instructions": [{"source": name, "destination": "user", "name": name} for name in NAMES],
    }
    (folder / "staff.control.json").write_text(json.dumps(control), encoding="utf-8")
    return Emitted(folder / "staff.control.json", tuple(parts), len(parts))


@pytest.fixture
def emitted(tmp_path: Path) -> Emitted:
    return _emit(tmp_path / "files", "ann", "bob")


Begin = Callable[[], Journal]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Begins a new run: each has a journal of its own."""
    journals: list[Journal] = []

    def make() -> Journal:
        journals.append(Journal(tmp_path / f"run-{len(journals)}.jsonl"))
        return journals[-1]

    yield make
    for journal in journals:
        journal.close()


def _send(
    simulator: HaploSimulator, emitted: Emitted, journal: Journal, *, mode: Any = "live", key: str = ""
) -> Delivered:
    spec = UserSync.model_validate({"kind": "user-sync", "url": simulator.url, "api_key": {"env": "KEY"}})
    secret = Secret(key or simulator.keys[USER_SYNC_API])
    return deliver(spec, secret, "staff", emitted, mode, journal, "night", lambda _: None, timeout=10.0)


def _decide(simulator: HaploSimulator, act: str = "apply") -> None:
    assert httpx.post(f"{simulator.url}/__control__/user-sync/{act}").status_code == 200
    assert httpx.post(f"{simulator.url}/__control__/run").status_code == 200


def _runs(simulator: HaploSimulator) -> list[tuple[str, list[str]]]:
    return [(run["state"], list(run["files"])) for run in simulator.user_sync.describe()]


FILES = ["_control", "staff-001", "staff-002"]


def test_the_first_sync_waits_for_an_administrator(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        done = _send(simulator, emitted, begin())
        assert _runs(simulator) == [("manual", FILES)]
        assert (done.batch, done.parts, done.rows, done.again) == ("first-run", 2, 2, False)
        assert done.note == "staff: an administrator must apply it in Haplo: it is the first user sync"
        _decide(simulator)
        users = httpx.get(f"{simulator.url}/__control__/users").json()
    assert {user["username"]: user["blocked"] for user in users} == {
        "ann@example.org": False,
        "bob@example.org": False,
        "old@example.org": True,
    }


def test_the_next_sync_goes_on_by_itself(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        _send(simulator, emitted, begin())
        _decide(simulator)
        done = _send(simulator, emitted, begin())
        assert (done.batch, done.note) == ("queued", "")
        assert len(_runs(simulator)) == 2


@pytest.mark.parametrize(
    ("switch", "people", "outcome"), [("false", "cyd", "switched-off"), ("true", "c" * 40, "size-changed")]
)
def test_why_a_sync_waits_is_told(
    switch: str, people: str, outcome: str, emitted: Emitted, begin: Begin, tmp_path: Path
) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        _send(simulator, emitted, begin())
        _decide(simulator)
        httpx.put(f"{simulator.url}/__control__/user-sync/automatic", content=switch)
        done = _send(simulator, _emit(tmp_path / "other", people, "bob"), begin())
    assert done.batch == outcome
    assert "an administrator must apply it" in done.note


def test_what_was_started_is_not_sent_again(emitted: Emitted, begin: Begin) -> None:
    journal = begin()
    with HaploSimulator(application=SCHEMA) as simulator:
        first = _send(simulator, emitted, journal)
        asked = len(simulator.requests)
        again = _send(simulator, emitted, journal)
        assert len(simulator.requests) == asked
    assert (again.batch, again.note, again.again) == (first.batch, first.note, True)


def test_a_dry_run_sends_nothing(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        done = _send(simulator, emitted, begin(), mode="dry-run")
        assert simulator.requests == []
    assert done.rows == 0
    assert "a user sync has no dry run" in done.note


def test_no_rows_start_nothing(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        assert _send(simulator, Emitted(emitted.control, (), 0), begin()) == Delivered("staff", "live")
        assert simulator.requests == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("step", "nth"), [("upload-file", 1), ("upload-file", 2), ("upload-file", 3), ("start-sync", 1)]
)
def test_a_lost_answer_is_made_good_by_the_same_command(
    when: str, step: str, nth: int, emitted: Emitted, begin: Begin
) -> None:
    fault = {"match": {"path": f"{USER_SYNC_API}{step}$", "nth": nth}, "times": 1, "do": {"drop": when}}
    journal = begin()
    with HaploSimulator(application=SCHEMA, faults=[fault]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, journal)
        assert failure.value.code == FAULT
        done = _send(simulator, emitted, journal)
        assert _runs(simulator) == [("manual", FILES)]
        assert _send(simulator, emitted, journal).again
    lost = (step, when) == ("start-sync", "after")
    assert done.batch == ("started-before" if lost else "first-run")
    assert ("the answer to its start was lost" in done.note) is lost


def test_other_bytes_in_haplo_never_count_as_ours(emitted: Emitted, begin: Begin) -> None:
    other = json.dumps({"digest": "a" * 64, "fileSize": 1})
    faults = [
        {"match": {"path": "upload-file$", "nth": 2}, "do": {"drop": "before"}},
        {"match": {"path": "upload-file$", "nth": 3}, "do": {"status": 200, "body": other, "after": True}},
    ]
    journal = begin()
    with HaploSimulator(application=SCHEMA, faults=faults) as simulator:
        for said in ("broke off", "other bytes", "a file of this name already", "a file of this name already"):
            with pytest.raises(DeliveryError, match=said):
                _send(simulator, emitted, journal)
        assert _runs(simulator) == [("uploading", FILES[:2])]


def test_an_answer_that_cannot_be_unpacked_says_nothing_of_what_was_done(emitted: Emitted, begin: Begin) -> None:
    packed = {"headers": {"Content-Encoding": "gzip"}, "body": "no gzip", "status": 200, "after": True}
    fault = {"match": {"path": "start-sync$"}, "times": 1, "do": packed}
    journal = begin()
    with HaploSimulator(application=SCHEMA, faults=[fault]) as simulator:
        with pytest.raises(DeliveryError, match="the exchange failed") as failure:
            _send(simulator, emitted, journal)
        assert "whether it is started is not known yet" in failure.value.why
        assert _send(simulator, emitted, journal).batch == "started-before"
        assert _runs(simulator) == [("manual", FILES)]


def test_a_sync_that_somebody_left_is_not_mixed_with_ours(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        headers = {"X-ONEIS-Key": simulator.keys[USER_SYNC_API]}
        left = {"name": "_control"}, {"file": ("x.json", emitted.control.read_bytes())}
        httpx.post(f"{simulator.url}{USER_SYNC_API}upload-file", data=left[0], files=left[1], headers=headers)
        journal = begin()
        for _ in range(2):  # asked again, it is refused again
            with pytest.raises(DeliveryError, match="has a file of this name already") as failure:
                _send(simulator, emitted, journal)
            assert "0 of 3 files of staff were accepted, nothing is started" in failure.value.why
        assert _runs(simulator) == [("uploading", ["_control"])]
        _decide_discard(simulator)
        assert _send(simulator, emitted, begin()).batch == "first-run"


def _decide_discard(simulator: HaploSimulator) -> None:
    assert httpx.post(f"{simulator.url}/__control__/user-sync/discard").status_code == 200


def test_a_sync_that_waits_takes_no_files(emitted: Emitted, begin: Begin) -> None:
    with HaploSimulator(application=SCHEMA) as simulator:
        _send(simulator, emitted, begin())
        with pytest.raises(DeliveryError, match="Haplo is not ready for a user sync") as failure:
            _send(simulator, emitted, begin())
    assert "administrator" in failure.value.fix


def test_files_that_are_missing_in_haplo_are_told(emitted: Emitted, begin: Begin) -> None:
    journal = begin()
    with HaploSimulator(application=SCHEMA) as simulator:
        fewer = Emitted(emitted.control, emitted.parts[:1], 1)
        for _ in range(2):  # asked again, it is not taken for started
            with pytest.raises(DeliveryError, match="no user sync that could be started"):
                _send(simulator, fewer, journal)


WRONG = "a" * 64
FAILURES = [
    # (path struck, what is answered, part of the message, part of why, code)
    ("upload-file", {"status": 200, "body": WRONG}, "not give the answer", "", ""),
    ("upload-file", {"status": 200, "body": "{}"}, "not give the answer", "", ""),
    ("upload-file", {"status": 200, "body": json.dumps({"digest": WRONG, "fileSize": 1})}, "other bytes", "digest", ""),
    ("upload-file", {"status": 400, "body": "Control file was not valid JSON: x"}, "refused it", "as JSON", ""),
    (
        "upload-file",
        {"status": 400, "body": "File named _control is not a valid control file:\n  x"},
        "refused it",
        "does not suit",
        "",
    ),
    (
        "upload-file",
        {"status": 400, "body": 'model property in control file must be set to "haplo:user-sync"'},
        "refused it",
        "not one of user accounts",
        "",
    ),
    ("upload-file", {"status": 500, "html": True}, "has a fault (500)", "", FAULT),
    ("start-sync", {"status": 200, "html": True}, "not give the answer", "a page", ""),
    ("start-sync", {"status": 200, "body": "fine"}, "not give the answer", "all files of staff were accepted", ""),
    ("start-sync", {"status": 503, "body": "busy"}, "has a fault (503)", "not known yet", FAULT),
]


@pytest.mark.parametrize(("step", "do", "what", "why", "code"), FAILURES)
def test_a_failure_is_told_in_our_words(
    step: str, do: dict[str, Any], what: str, why: str, code: str, emitted: Emitted, begin: Begin
) -> None:
    with HaploSimulator(application=SCHEMA, faults=[{"match": {"path": f"{step}$"}, "do": do}]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, begin())
        assert all(state == "uploading" for state, _ in _runs(simulator))
    assert what in failure.value.what
    assert why in failure.value.why
    assert failure.value.code == (code or "delivery")
    assert failure.value.fix


def test_a_wrong_key_is_told_and_not_shown(emitted: Emitted, begin: Begin) -> None:
    journal = begin()
    with HaploSimulator(application=SCHEMA) as simulator, pytest.raises(DeliveryError) as failure:
        _send(simulator, emitted, journal, key="wrong-key-0123456789")
    assert failure.value.code == "delivery-key"
    assert "wrong-key" not in repr(failure.value) + failure.value.why + journal.path.read_text()
