"""Twenty pages of fifty records over real HTTP, and what can go wrong: right, or stopped and told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from probe import a_source, config_of, ids, pages_asked, read

from engine import errors
from engine.simulators.xporter import XporterSimulator
from engine.stages.client import NothingThere

pytestmark = pytest.mark.e2e
EVERY_ID = [str(number) for number in range(1, 1001)]
ROOT = Path(__file__).parents[2]


def simulator(*faults, **options):
    return XporterSimulator(rows=1000, faults=faults, **options)


def on_page(page, do, times=None):
    return {"match": {"path": "/Students/", "page": page}, "times": times, "do": do}


def fails(kind, sim, folder, *, source=None, **config):
    """Read and return the one error, of exactly this type; nothing half may be left, and nothing secret told."""
    with sim:
        with pytest.raises(errors.EngineError) as caught:
            read(source or a_source(), config_of(sim, **config), folder)
        told = f"{caught.value.what} {caught.value.why} {caught.value.fix} {caught.value!r}"
        for secret in (sim.credentials.secret, sim.url, "Idaas", "pageSize", sim.credentials.estab):
            assert secret not in told
    assert type(caught.value) is kind
    assert "\n" not in caught.value.what
    assert not list(folder.rglob("*.part"))
    assert not list(folder.rglob("*.parquet"))
    return caught.value


@pytest.mark.parametrize("connections", [1, 4])
def test_all_is_read_once(tmp_path, connections):
    with simulator() as sim:
        facts = read(a_source(connections=connections), config_of(sim), tmp_path)
        assert sorted(pages_asked(sim)) == list(range(1, 21))
    assert ids(facts) == EVERY_ID
    assert (facts.rows, facts.stated, facts.absent, facts.repeated) == (1000, 1000, (), 0)
    assert "Gender" in facts.drift


def test_a_page_that_stays_empty_is_an_error(tmp_path):
    error = fails(errors.AnswerUnreadable, simulator(on_page(7, {"empty_records": "Students"})), tmp_path)
    assert "endpoint 'students' page 7" in error.what


def test_a_page_that_stays_short_is_an_error(tmp_path):
    short = on_page(7, {"drop_records": {"set": "Students", "count": 1}})
    error = fails(errors.AnswerUnreadable, simulator(short), tmp_path)
    assert "endpoint 'students' page 7: 49 records of 'students' where 50 are due" in error.what


@pytest.mark.parametrize(
    "do",
    [
        {"empty_records": "Students"},
        {"drop_records": {"set": "Students", "count": 1}},
        {"error_body": "try later"},
        {"html": True},
        {"html": True, "status": 503},
        {"status": 500},
        {"cut": 9000},
        {"truncate": 9000},
        {"drop": "before"},
        {"drop": "after"},
        {"repeat_page": 6},
        {"body": '{"meta": []}'},
        {"body": '{"Students": null}'},
        {"body": '{"Students": [nonsense]}'},
    ],
    ids=str,
)
@pytest.mark.parametrize("connections", [1, 4])
def test_a_page_that_heals_is_asked_again_and_all_is_right(tmp_path, do, connections):
    with simulator(on_page(7, do, times=1)) as sim:
        facts = read(a_source(connections=connections), config_of(sim), tmp_path)
        assert pages_asked(sim).count(7) == 2
    assert ids(facts) == EVERY_ID


def test_an_error_body_that_is_final_ends_the_run(tmp_path):
    error = fails(errors.SourceError, simulator(on_page(7, {"error_body": "This is a test error"})), tmp_path)
    assert error.what == "endpoint 'students' page 7: the source reports an error"


def test_a_field_that_is_renamed_in_the_middle_is_an_error(tmp_path):
    renamed = {"rename_field": {"set": "Students", "from": "Forename", "to": "GivenName"}}
    error = fails(errors.AnswerUnreadable, simulator(*[on_page(page, renamed) for page in range(11, 21)]), tmp_path)
    assert error.code == "field-vanished"
    assert error.what == "set 'students': field 'forename' is on pages 1-10 and not on pages 11-20"


def test_a_field_that_changes_to_its_other_spelling_is_the_same_field(tmp_path):
    renamed = {"rename_field": {"set": "Students", "from": "DateofBirth", "to": "DateOfBirth"}}
    with simulator(*[on_page(page, renamed) for page in range(11, 21)]) as sim:
        facts = read(a_source(), config_of(sim), tmp_path)
    assert ids(facts) == EVERY_ID
    assert facts.absent == ()


@pytest.mark.parametrize(
    ("headers", "until"),
    [
        ({"Retry-After": "1"}, lambda asked: asked + 0.95),
        ({"Retry-After": "{http_date+1}"}, lambda asked: int(asked) + 0.95),
        ({"X-RateLimit-Reset": "{unix+1}"}, lambda asked: int(asked) + 0.95),
    ],
    ids=["seconds", "date", "reset"],
)
def test_a_source_that_is_asked_too_often_is_given_time(tmp_path, headers, until):
    fault = {"match": {"path": "/Students/", "every": 5}, "do": {"status": 429, "headers": headers}}
    told = []
    with simulator(fault) as sim:
        facts = read(a_source(), config_of(sim), tmp_path, told.append)
        refused = [each for each in sim.requests if each.status == 429]
        for each in refused:
            after = next(other for other in sim.requests if other.time > each.time)
            assert after.time >= until(each.time)
    assert ids(facts) == EVERY_ID
    assert len(refused) == 4
    assert [event.kind for event in told].count("wait") == 4


def test_every_fifth_request_refused_with_four_connections(tmp_path):
    fault = {"match": {"path": "/Students/", "every": 5}, "do": {"status": 429, "headers": {"Retry-After": "0.2"}}}
    with simulator(fault) as sim:
        facts = read(a_source(connections=4, attempts=6), config_of(sim), tmp_path)
    assert ids(facts) == EVERY_ID


@pytest.mark.parametrize("connections", [1, 4])
def test_a_killed_read_goes_on_where_it_was(tmp_path, connections):
    with simulator(delay_ms=20) as sim:
        told = {"config": dict(sim.config), "folder": str(tmp_path), "connections": connections}
        command = [sys.executable, str(ROOT / "tests/e2e/probe.py"), json.dumps(told)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment)
        journal = tmp_path / "journal.jsonl"
        deadline = time.monotonic() + 30
        while not journal.exists() or journal.read_bytes().count(b'"answer:') < 12:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.3)  # what was under way is logged by then
        landed = {int(line.split(b":")[3].split(b'"')[0]) for line in journal.read_bytes().splitlines()[1:]}
        before = len(pages_asked(sim))
        facts = read(a_source(connections=connections), config_of(sim), tmp_path)
        again = pages_asked(sim)[before:]
    assert ids(facts) == EVERY_ID
    assert len(landed) >= 12
    assert sorted(again) == sorted(set(range(1, 21)) - landed)
    if connections == 1:
        assert again == list(range(max(landed) + 1, 21))


def test_a_failed_read_keeps_its_pages_and_goes_on(tmp_path):
    fails(errors.SourceUnavailable, simulator(on_page(13, {"status": 503}, times=3)), tmp_path)
    with simulator() as sim:
        source, folder = a_source(), tmp_path / "two"
        sim.faults.replace([on_page(13, {"status": 503}, times=3)])
        with pytest.raises(errors.SourceUnavailable):
            read(source, config_of(sim), folder)
        before = len(pages_asked(sim))
        facts = read(source, config_of(sim), folder)
        assert pages_asked(sim)[before:] == list(range(13, 21))
    assert ids(facts) == EVERY_ID


def test_a_landed_file_of_another_size_is_asked_for_again(tmp_path):
    with simulator() as sim:
        read(a_source(), config_of(sim), tmp_path)
        (tmp_path / "answers/students/000004.json").write_text("{}")
        before = len(pages_asked(sim))
        facts = read(a_source(), config_of(sim), tmp_path)
        assert pages_asked(sim)[before:] == [4]
    assert ids(facts) == EVERY_ID


def test_answers_to_another_request_are_not_used(tmp_path):
    with simulator() as sim:
        read(a_source(), config_of(sim), tmp_path)
        facts = read(a_source(size=100), config_of(sim), tmp_path)
        assert pages_asked(sim)[20:] == list(range(1, 11))
    assert ids(facts) == EVERY_ID


def test_a_wrong_secret(tmp_path):
    error = fails(errors.SourceRefused, simulator(), tmp_path, secret="not-the-secret")
    assert error.what == "the token request: not let in"


def test_a_paused_authorisation_is_not_a_wrong_secret(tmp_path):
    error = fails(errors.SourcePaused, simulator(mode="paused"), tmp_path)
    assert error.what == "the token request: the school has paused"
    assert error.exit_code == 4


def test_a_token_that_ends_in_the_middle_is_renewed(tmp_path):
    with simulator(token_reads=7) as sim:
        facts = read(a_source(), config_of(sim), tmp_path)
        assert len([each for each in sim.requests if each.path.endswith("GetToken")]) == 3
    assert ids(facts) == EVERY_ID


def test_one_token_is_shared_by_four_connections(tmp_path):
    with simulator(delay_ms=5) as sim:
        read(a_source(connections=4), config_of(sim), tmp_path)
        assert len([each for each in sim.requests if each.path.endswith("GetToken")]) == 1


def test_a_token_is_renewed_ahead_of_its_end(tmp_path):
    with simulator(token_life=0.4, delay_ms=30) as sim:
        facts = read(a_source(), config_of(sim), tmp_path)
        assert len([each for each in sim.requests if each.path.endswith("GetToken")]) >= 2
        assert len(pages_asked(sim)) == 20
    assert ids(facts) == EVERY_ID


def test_a_401_that_stays_is_refused(tmp_path):
    sim = simulator(on_page(7, {"status": 401}))
    error = fails(errors.SourceRefused, sim, tmp_path)
    assert "page 7" in error.what
    assert pages_asked(sim).count(7) == 2


@pytest.mark.parametrize(
    ("do", "kind", "says"),
    [
        ({"status": 500}, errors.SourceUnavailable, "status 500"),
        ({"status": 403}, errors.SourceRefused, "403"),
        ({"status": 404}, NothingThere, "404"),
        ({"status": 418}, errors.SourceError, "418"),
        ({"truncate": 9000}, errors.SourceUnavailable, "broke off"),
        ({"drop": "before"}, errors.SourceUnavailable, "broke off"),
        ({"cut": 9000}, errors.AnswerUnreadable, "cut short"),
        ({"repeat_page": 6}, errors.AnswerUnreadable, "says it is page 6"),
        ({"html": True}, errors.AnswerUnreadable, "HTML"),
        ({"body": '{"Students": [nonsense]}'}, errors.AnswerUnreadable, "not JSON"),
        ({"body": ""}, errors.AnswerUnreadable, "empty"),
        ({"body": '{"meta": []}'}, errors.AnswerUnreadable, "without its list of records"),
        ({"body": '{"Students": null}'}, errors.AnswerUnreadable, "without its list of records"),
        ({"body": "\ufeff{}"}, errors.AnswerUnreadable, "byte order mark"),
        ({"status": 302, "headers": {"Location": "http://localhost:9/x"}}, errors.SourceError, "redirected"),
    ],
    ids=str,
)
def test_what_does_not_heal_ends_in_one_clear_error(tmp_path, do, kind, says):
    error = fails(kind, simulator(on_page(7, do)), tmp_path)
    assert error.what.startswith("endpoint 'students' page 7: ")
    assert says in error.what


def test_a_page_loop_without_page_numbers_is_seen(tmp_path):
    pages = {
        "kind": "number",
        "param": "page",
        "size": {"param": "pageSize", "value": 50},
        "last": {"at": "$.__pagination__[0].PageCount"},
    }
    sim = simulator(*[on_page(page, {"repeat_page": 1}) for page in range(2, 21)])
    error = fails(errors.AnswerUnreadable, sim, tmp_path, source=a_source(pages=pages))
    assert "page 2: the same records of 'students' as page 1" in error.what


def test_an_answer_that_is_too_long_is_not_read_to_its_end(tmp_path):
    error = fails(errors.AnswerUnreadable, simulator(), tmp_path, source=a_source(longest_answer="20kB"))
    assert "longer than 20,000 bytes" in error.what


def test_a_host_that_cannot_be_reached(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = fails(errors.SourceUnavailable, simulator(), tmp_path, base_url=nobody)
    assert "cannot be reached" in error.what


def test_a_host_that_nobody_knows(tmp_path):
    sim = simulator()
    error = fails(errors.SourceUnavailable, sim, tmp_path, base_url="http://nowhere.invalid")
    assert "not known" in error.what


def test_an_address_that_is_no_url(tmp_path):
    fails(errors.SourceError, simulator(), tmp_path, base_url="nowhere")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "answers").write_text("a file where the folder should be")
    error = fails(errors.StorageError, simulator(), tmp_path)
    assert "answers" in error.what


def shrinking(sim, rows, told):
    """Let a simulator have so many rows once twelve pages have landed."""
    after = XporterSimulator(rows=rows)

    def tell(event):
        told.append(event.kind)
        if event.kind == "answer" and event.done == 12:
            sim._bulk = after._bulk

    return tell


def test_data_that_changes_while_it_is_read_is_told_and_read_anew(tmp_path):
    told = []
    with simulator() as sim:
        with pytest.raises(errors.AnswerUnreadable, match="where 50 are due"):
            read(a_source(), config_of(sim), tmp_path, shrinking(sim, 930, told))
        assert told.count("changed") == 1
        before = len(pages_asked(sim))
        facts = read(a_source(), config_of(sim), tmp_path)
        assert pages_asked(sim)[before:] == list(range(1, 20))
    assert ids(facts) == EVERY_ID[:930]


def test_data_that_changes_is_told_and_taken_if_the_books_still_add_up(tmp_path):
    told = []
    with simulator() as sim:
        facts = read(a_source(), config_of(sim), tmp_path, shrinking(sim, 990, told))
    assert told.count("changed") == 1
    assert ids(facts) == EVERY_ID[:990]


def test_nothing_secret_is_logged_or_kept(tmp_path, caplog):
    caplog.set_level(0)
    with simulator() as sim:
        read(a_source(), config_of(sim), tmp_path)
        kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        assert sim.credentials.secret not in caplog.text
        assert sim.url not in caplog.text
        assert sim.credentials.secret.encode() not in kept
        assert not any(text.encode() in kept for text in sim.tokens._tokens)
