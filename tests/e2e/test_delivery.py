"""Delivery to a simulated Haplo over real HTTP: both APIs, both forms of the key, each failure once."""

from __future__ import annotations

import hashlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DeliveryError, StorageError
from engine.haplo.api import BatchApi, StandardApi
from engine.haplo.part import Emitted, Part
from engine.journal import Journal
from engine.secret import Secret
from engine.simulators.haplo import BATCH_API, STANDARD_API, HaploSimulator
from engine.spec.school import Deliver
from engine.stages.deliver import Delivered, deliver

pytestmark = pytest.mark.e2e

PATHS = {"standard": STANDARD_API, "batch": BATCH_API}


@pytest.fixture
def emitted(tmp_path: Path) -> Emitted:
    control = tmp_path / "student.control.json"
    control.write_bytes(b'{"dataImportControlFileVersion": 0}\n')
    return Emitted(control, (_part(tmp_path, 1), _part(tmp_path, 2)), 2)


def _part(folder: Path, number: int) -> Part:
    path = folder / f"student-{number:03}.json"
    data = f'[\n{{"code":"s:student:{number}","name":"Zoë"}}\n]\n'.encode()
    path.write_bytes(data)
    return Part(path.stem, path, 1, len(data), hashlib.sha256(data).hexdigest())


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.jsonl") as journal:
        yield journal


def _send(
    simulator: HaploSimulator,
    emitted: Emitted,
    journal: Journal,
    *,
    kind: str = "standard",
    header: str = "basic",
    mode: Any = "live",
    key: str | None = None,
    timeout: float = 10.0,
    **more: Any,
) -> Delivered:
    url = more.pop("url", simulator.url)
    spec = Deliver.model_validate({"kind": kind, "url": url, "api_key": {"env": "KEY"}, "key_header": header, **more})
    secret = Secret(key or simulator.keys[PATHS[kind]])
    return deliver(spec, secret, "student", emitted, mode, journal, "night", lambda _: None, timeout=timeout)


@pytest.mark.parametrize("kind", ["standard", "batch"])
@pytest.mark.parametrize("header", ["basic", "x-oneis-key"])
@pytest.mark.parametrize("mode", ["dry-run", "live"])
def test_delivers_all_parts_in_order(kind: str, header: str, mode: str, emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator() as simulator:
        done = _send(simulator, emitted, journal, kind=kind, header=header, mode=mode)
        [batch] = simulator.store.describe()
    assert done == Delivered("student", mode, batch["id"], 2, 2)
    assert batch["state"] == "scheduled"
    assert batch["mode"] == ("dry-run" if mode == "dry-run" else "")
    assert [(file["name"], file["digest"]) for file in batch["files"]] == [
        (part.name, part.sha256) for part in emitted.parts
    ]
    assert batch["comment"] == "night"
    own = hashlib.sha256(emitted.control.read_bytes()).hexdigest()
    assert (batch["kind"], batch["control"]) == (("student", "") if kind == "standard" else ("", own))


def test_the_kind_may_differ_from_the_entity(emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator(kinds=["acme:pupils"]) as simulator:
        _send(simulator, emitted, journal, kinds={"student": "acme:pupils"})
        assert [batch["kind"] for batch in simulator.store.describe()] == ["acme:pupils"]


def test_no_rows_make_nothing(emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator() as simulator:
        done = _send(simulator, Emitted(emitted.control, (), 0), journal)
        assert done == Delivered("student", "live")
        assert simulator.requests == []


def test_what_was_scheduled_is_not_sent_again(emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator() as simulator:
        first = _send(simulator, emitted, journal)
        asked = len(simulator.requests)
        again = _send(simulator, emitted, journal)
        assert len(simulator.requests) == asked
    assert (again.batch, again.again) == (first.batch, True)


def test_a_dry_run_is_not_the_live_run(emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator() as simulator:
        _send(simulator, emitted, journal, mode="dry-run")
        _send(simulator, emitted, journal, mode="live")
        assert [batch["mode"] for batch in simulator.store.describe()] == ["dry-run", ""]


def test_other_files_of_the_same_run_are_refused(emitted: Emitted, journal: Journal, tmp_path: Path) -> None:
    with HaploSimulator() as simulator:
        _send(simulator, emitted, journal)
        fewer = Emitted(emitted.control, emitted.parts[:1], 1)
        with pytest.raises(DeliveryError, match="other files already"):
            _send(simulator, fewer, journal)
        assert len(simulator.store.describe()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("step", "nth"), [("batch", 1), ("file", 1), ("file", 2), ("schedule", 1)])
@pytest.mark.parametrize("kind", ["standard", "batch"])
def test_a_lost_answer_is_made_good_by_the_same_command(
    when: str, step: str, nth: int, kind: str, emitted: Emitted, journal: Journal
) -> None:
    fault = {"match": {"path": f"{PATHS[kind]}{step}$", "nth": nth}, "times": 1, "do": {"drop": when}}
    with HaploSimulator(faults=[fault]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, journal, kind=kind)
        assert failure.value.code == "delivery-unavailable"
        done = _send(simulator, emitted, journal, kind=kind)
        batches = simulator.store.describe()
    scheduled = [batch for batch in batches if batch["state"] == "scheduled"]
    assert [batch["id"] for batch in scheduled] == [done.batch]
    assert [file["digest"] for file in scheduled[0]["files"]] == [part.sha256 for part in emitted.parts]
    assert len(batches) == (2 if (step, when) == ("batch", "after") else 1)


def test_a_part_that_is_there_is_not_sent_again(emitted: Emitted, journal: Journal) -> None:
    fault = {"match": {"path": "file$", "nth": 2}, "times": 1, "do": {"status": 500, "html": True}}
    with HaploSimulator(faults=[fault]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, journal)
        assert "1 of 2 parts of student were accepted, nothing of it is scheduled" in failure.value.why
        _send(simulator, emitted, journal)
        assert simulator.store.describe()[0]["uploads"] == 2


def test_a_batch_scheduled_by_someone_else_is_told(emitted: Emitted, journal: Journal) -> None:
    fault = {"match": {"path": "file$", "nth": 2}, "times": 1, "do": {"status": 500}}
    with HaploSimulator(faults=[fault]) as simulator:
        with pytest.raises(DeliveryError):
            _send(simulator, emitted, journal)
        [batch] = simulator.store.batches.values()
        simulator.store.schedule(batch, "")
        for _ in range(3):  # asked again, it is not taken for ours
            with pytest.raises(DeliveryError, match="has scheduled the batch already"):
                _send(simulator, emitted, journal)


def test_a_refusal_after_a_lost_answer_says_that_nothing_is_known(emitted: Emitted, journal: Journal) -> None:
    faults = [
        {"match": {"path": "schedule$", "nth": 1}, "do": {"drop": "after"}},
        {"match": {"path": "schedule$", "nth": 2}, "do": {"status": 403, "body": '{"kind":"UNAUTHORISED"}'}},
    ]
    with HaploSimulator(faults=faults) as simulator:
        for _ in range(2):
            with pytest.raises(DeliveryError) as failure:
                _send(simulator, emitted, journal)
            assert "whether it is scheduled is not known yet" in failure.value.why
        assert _send(simulator, emitted, journal).batch == simulator.store.describe()[0]["id"]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_batch_that_haplo_does_not_know_any_more_is_made_anew(lost: str, emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator(faults=[{"match": {"path": "schedule$"}, "times": 1, "do": {"drop": lost}}]) as simulator:
        with pytest.raises(DeliveryError, match="broke off"):
            _send(simulator, emitted, journal)
        [(known, batch)] = simulator.store.batches.items()
        simulator.store.batches = {"restored": batch}
        with pytest.raises(DeliveryError, match="refused it") as failure:
            _send(simulator, emitted, journal)
        assert failure.value.fix == "give the same command again: it makes a new batch"
        done = _send(simulator, emitted, journal)
        made = simulator.store.batches[done.batch]
    assert done.batch != known
    assert (made.state, len(made.files), made.uploads) == ("scheduled", 2, 2)


def test_a_batch_of_other_files_of_the_same_run_is_told(emitted: Emitted, journal: Journal) -> None:
    fault = {"match": {"path": "file$", "nth": 2}, "times": 1, "do": {"drop": "before"}}
    with HaploSimulator(faults=[fault]) as simulator:
        with pytest.raises(DeliveryError):
            _send(simulator, emitted, journal)
        done = _send(simulator, Emitted(emitted.control, emitted.parts[:1], 1), journal)
        left, sent = simulator.store.describe()
    assert (left["state"], sent["state"], done.batch) == ("uploading", "scheduled", sent["id"])
    assert done.note == (
        "student: batches that may stay in Haplo and import nothing: "
        f"made and never scheduled: {left['id']} (their comment: night)"
    )


FAILURES = [
    # (path struck, what is answered, part of the message, part of why, code)
    ("batch", {"status": 302, "headers": {"Location": "https://other.example/"}}, "redirected", "host name", ""),
    ("batch", {"status": 404, "html": True}, "no such address", "not installed", ""),
    ("batch", {"status": 500, "html": True}, "has a fault (500)", "", "delivery-unavailable"),
    ("batch", {"status": 503, "body": "busy"}, "has a fault (503)", "", "delivery-unavailable"),
    ("batch", {"status": 400, "body": "Bad request (failed validation)"}, "refused it", "a parameter", ""),
    ("batch", {"status": 400, "body": "Kind not found: x"}, "refused it", "not one that we know", ""),
    ("batch", {"status": 400, "body": "Control file not found: ab"}, "refused it", "the control file", ""),
    ("batch", {"status": 418, "body": "x"}, "refused it (418)", "", ""),
    ("batch", {"status": 200, "html": True}, "not give the answer", "a page with status 200", ""),
    ("batch", {"status": 200, "body": ""}, "not give the answer", "something else", ""),
    ("file", {"status": 200, "body": "a" * 63}, "not give the answer", "something else", ""),
    ("file", {"status": 200, "body": "a" * 64}, "other bytes", "digest", ""),
    ("file", {"status": 400, "body": "Batch not found: x"}, "refused it", "does not know the batch", ""),
    ("file", {"status": 400, "body": "A file was uploaded, but it was not expected by"}, "refused", "a file", ""),
    ("file", {"status": 500, "body": "Request size limit exceeded"}, "too large", "", ""),
    ("schedule", {"status": 200, "body": "OK"}, "not give the answer", "all parts of student were accepted", ""),
    ("schedule", {"truncate": 3}, "broke off", "not known yet", "delivery-unavailable"),
]


@pytest.mark.parametrize(("step", "do", "what", "why", "code"), FAILURES)
def test_a_failure_is_told_in_our_words(
    step: str, do: dict[str, Any], what: str, why: str, code: str, emitted: Emitted, journal: Journal
) -> None:
    with HaploSimulator(faults=[{"match": {"path": f"{step}$"}, "do": do}]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, journal)
        assert all(batch["state"] == "uploading" for batch in simulator.store.describe()) or "truncate" in do
    assert what in failure.value.what
    assert why in failure.value.why
    assert failure.value.code == (code or "delivery")
    assert failure.value.fix


@pytest.mark.parametrize(
    ("body", "why"),
    [("Uploaded file is not JSON", "cannot read"), ("Invalid control file:\n  Not a control file", "does not suit")],
)
def test_a_refused_control_file_is_told(body: str, why: str, emitted: Emitted, journal: Journal) -> None:
    fault = {"match": {"path": "control$"}, "do": {"status": 400, "body": body}}
    with HaploSimulator(faults=[fault]) as simulator:
        with pytest.raises(DeliveryError) as failure:
            _send(simulator, emitted, journal, kind="batch")
        assert simulator.store.describe() == []
    assert why in failure.value.why


@pytest.mark.parametrize("mode", ["blocked", "throttled", "not-permitted"])
@pytest.mark.parametrize("kind", ["standard", "batch"])
def test_a_refused_key_is_told(mode: str, kind: str, emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator(mode=mode) as simulator, pytest.raises(DeliveryError) as failure:
        _send(simulator, emitted, journal, kind=kind)
    throttled_in_json = mode == "throttled" and kind == "batch"
    assert failure.value.code == ("delivery-unavailable" if throttled_in_json else "delivery-key")
    if mode == "not-permitted":
        assert "may not import" in failure.value.what


@pytest.mark.parametrize("header", ["basic", "x-oneis-key"])
@pytest.mark.parametrize("kind", ["standard", "batch"])
def test_a_wrong_key_is_told_and_not_shown(
    kind: str, header: str, emitted: Emitted, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "wrong-key-0123456789"
    with HaploSimulator() as simulator, pytest.raises(DeliveryError) as failure:
        _send(simulator, emitted, journal, kind=kind, header=header, key=key)
    assert failure.value.code == "delivery-key"
    assert "refused the key" in failure.value.what
    assert key not in caplog.text + repr(failure.value) + failure.value.why + journal.path.read_text()
    assert not [record for record in caplog.records if record.name in ("httpx", "httpcore")]


def test_silence_is_told(emitted: Emitted, journal: Journal) -> None:
    simulator = HaploSimulator(faults=[{"match": {"path": "batch$"}, "do": {"delay": 1.0}}])
    with simulator, pytest.raises(DeliveryError, match="did not answer in time") as failure:
        _send(simulator, emitted, journal, timeout=0.2)
    assert failure.value.code == "delivery-unavailable"


def test_nobody_there_is_told(emitted: Emitted, journal: Journal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DeliveryError, match="cannot be reached") as failure:
            _send(HaploSimulator(), emitted, journal, url=url)
    assert failure.value.code == "delivery-unavailable"


def test_a_missing_part_is_told(emitted: Emitted, journal: Journal) -> None:
    emitted.parts[0].path.unlink()
    with HaploSimulator() as simulator, pytest.raises(StorageError, match="cannot be read"):
        _send(simulator, emitted, journal)


@pytest.mark.parametrize(
    "url",
    [
        "http://haplo.example",
        "ftp://haplo.example",
        "haplo.example",
        "https://user:pw@haplo.example",
        "https://haplo.example/?key=1",
        "https://[bad",
        "http://127.0.0.1.example.org",
    ],
)
def test_the_key_goes_only_where_it_is_safe(url: str) -> None:
    with pytest.raises(DeliveryError, match="Haplo's address"):
        StandardApi(url, Secret("k"))


@pytest.mark.parametrize("key", ["two words", "line\n", "ключ", ""])
def test_a_key_that_no_header_can_carry_is_told(key: str) -> None:
    with pytest.raises(DeliveryError) as failure:
        BatchApi("https://haplo.example", Secret(key))
    assert failure.value.code == "delivery-key"


def test_the_key_is_never_in_the_address_nor_in_the_body(emitted: Emitted, journal: Journal) -> None:
    with HaploSimulator() as simulator:
        key = simulator.keys[STANDARD_API]
        _send(simulator, emitted, journal)
        assert all(key not in exchange.path and not exchange.query for exchange in simulator.requests)
