"""Batches that are carried out: objects that stay, logs, counts, dry runs, restarts, kinds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from haplo_school import LOAD, NAME, PERSON, PUPILS, SCHEMA, Haplo, Serve, control_file, without

from engine.simulators.haplo import BATCH_API, HaploSimulator

pytestmark = pytest.mark.e2e

MARCH = 1772417687.0  # 2026-03-02 02:14:47 UTC
START, END = (f"{word}: Mon Mar 02 2026 02:14:47 GMT-0000 (GMT)" for word in ("START", "END"))


def test_a_second_import_of_the_same_data_creates_nothing(serve: Serve) -> None:
    haplo = Haplo(serve)
    first = haplo.take_in(PUPILS)
    assert (first["state"], haplo.count()) == ("complete", 3)
    assert first["counts"] == {
        "records": 2,
        "complete": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "errors": 0,
    }
    refs = {code: one["ref"] for code, one in haplo.people().items()}
    second = haplo.take_in([PUPILS[0], PUPILS[1] | {"year": 9}])
    assert without(second["counts"], "errors") == {
        "records": 2,
        "complete": 2,
        "created": 0,
        "updated": 1,
        "unchanged": 1,
    }
    people = haplo.people()
    assert {code: one["ref"] for code, one in people.items()} == refs
    assert people["pupil:2"]["values"]["school:attribute:year"] == [9]


def test_links_lead_to_the_references_that_objects_keep(serve: Serve) -> None:
    haplo = Haplo(serve)
    haplo.take_in(PUPILS)
    people = haplo.people()
    assert people["pupil:1"]["values"]["school:attribute:tutor"] == [{"type": "ref", "ref": "entry:1"}]
    assert people["pupil:2"]["values"]["school:attribute:tutor"] == [{"type": "ref", "ref": people["pupil:1"]["ref"]}]
    assert re.fullmatch("[0-9qv-z]+", people["pupil:1"]["ref"])


def test_a_dry_run_says_the_same_and_saves_nothing(serve: Serve) -> None:
    haplo = Haplo(serve)
    batch = haplo.take_in([*PUPILS, {"code": "pupil:3", "last": "Cole", "year": "x"}], mode="dry-run")
    assert batch["state"] == "dry-run"
    assert (batch["counts"]["complete"], batch["counts"]["created"], batch["counts"]["errors"]) == (3, 0, 1)
    assert haplo.count() == 1


def test_the_log_has_a_line_for_each_message(serve: Serve) -> None:
    haplo = Haplo(serve, clock=lambda: MARCH)
    batch = haplo.take_in([{"code": "pupil:1", "last": "Archer", "year": "7a"}, {"code": "pupil:2"}])
    assert batch["state"] == "complete"
    log = haplo.http.get(f"/__control__/batches/{batch['id']}/log")
    lines = log.text.split("\n")
    assert (lines[0], lines[-1], lines) == (START, END, batch["log"])
    assert lines[1].startswith("Invalid integer for input field year")
    assert lines[1].endswith("(record 0)")
    assert lines[2] == "dc:attribute:title is not set in object profile (record 1)"
    assert log.headers["content-type"] == "text/plain; charset=utf-8"
    assert haplo.http.get("/__control__/batches/nix/log").status_code == 404


def test_a_stopped_batch_ends_in_error_and_what_it_saved_before_stays(serve: Serve) -> None:
    haplo = Haplo(serve, clock=lambda: MARCH)
    loose = control_file(
        instructions=[*LOAD, *NAME, {"source": "loose", "destination": "value:person-name", "name": "first"}]
    )
    batch = haplo.take_in([PUPILS[0], PUPILS[1] | {"loose": "x"}, PUPILS[1] | {"code": "pupil:3"}], control=loose)
    assert batch["state"] == "error"
    assert batch["log"] == [
        START,
        "EXCEPTION: Error during import: Delegate for value:person-name does not implement commit(). "
        "File: simulator, line: 0",
        END,
    ]
    assert batch["counts"]["errors"] == 0
    assert {"pupil:1", "pupil:2"} <= set(haplo.people())
    assert "pupil:3" not in haplo.people()


def test_a_file_without_an_entry_and_one_that_is_not_json_stop_the_batch(serve: Serve) -> None:
    haplo = Haplo(serve)
    named = haplo.take_in(PUPILS, control=control_file(files={"other": {"read": "json"}}))
    assert "EXCEPTION: Error during import: Could not find file specification" in named["log"][1]
    assert haplo.take_in(b"{")["state"] == "error"
    assert haplo.count() == 1


def test_accounts_do_not_go_through_the_batch_api(serve: Serve) -> None:
    haplo = Haplo(serve)
    fields = {"username": "u", "nameFirst": "f", "nameLast": "l", "email": "e"}
    control = control_file(
        model="haplo:user-sync",
        instructions=[{"source": s, "destination": "user", "name": name} for name, s in fields.items()],
    )
    records = [{"u": "ann", "f": "Ann", "l": "Archer", "e": "ann@example.org"}]
    batch = haplo.take_in(records, control=control)
    assert batch["state"] == "error"
    assert "Delegate for user does not implement commit()" in batch["log"][1]
    assert haplo.take_in(records, control=control, mode="dry-run")["state"] == "dry-run"
    assert [user["username"] for user in haplo.see("users")] == ["Old.User"]


def test_batches_run_one_after_another_in_the_order_of_scheduling(serve: Serve) -> None:
    haplo = Haplo(serve)
    control = control_file()
    batches = [haplo.new_batch(control) for _ in range(4)]
    for year, batch in enumerate(batches):
        haplo.send_file(batch, "people", [PUPILS[0] | {"year": year}])
    for batch in [batches[2], batches[0], batches[3], batches[1]]:
        haplo.schedule(batch)
    haplo.finish(batches[0])
    made = {batch["id"]: batch["counts"]["created"] for batch in haplo.see("batches")}
    assert [made[batch] for batch in batches] == [0, 0, 1, 0]
    assert haplo.people()["pupil:1"]["values"]["school:attribute:year"] == [1]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"not json", "Uploaded file is not JSON"),
        (b"\xff", "Uploaded file is not JSON"),
        (b"[" + b" " * 16_777_216 + b"]", "Uploaded file is not JSON"),
        (
            b"[]",
            "Invalid control file:\n  Not a control file\n"
            "  Control file does not specify model in the model property\n"
            "  Control file does not specify processing instructions in the instructions property\n"
            "  Control file does not have files property",
        ),
        (
            control_file(model="TYPE:nix", files={"a": {"read": "csv"}}),
            "Invalid control file:\n  Model not implemented: TYPE:nix\n  Unknown reader for file a: csv",
        ),
        (
            control_file(instructions=[{"action": "field", "source": "a"}]),
            "Invalid control file:\n  Expected property not found in field instruction: destination, name",
        ),
    ],
)
def test_control_files_that_haplo_would_refuse_are_refused(serve: Serve, content: bytes, text: str) -> None:
    haplo = Haplo(serve)
    answer = haplo.upload_control(content)
    assert (answer.status_code, answer.text) == (400, text)
    assert haplo.see("controls") == {}


def test_objects_and_batches_outlive_the_simulator(serve: Serve, tmp_path: Path) -> None:
    haplo = Haplo(serve, state=tmp_path)
    haplo.take_in(PUPILS)
    refs = {code: one["ref"] for code, one in haplo.people().items()}
    haplo.sim.stop()
    assert (tmp_path / "objects.sqlite").is_file()
    again = Haplo(serve, state=tmp_path)
    assert {code: one["ref"] for code, one in again.people().items()} == refs
    third = PUPILS[0] | {"code": "pupil:3"}
    assert again.take_in([*PUPILS, third])["counts"]["created"] == 1
    assert len({one["ref"] for one in again.people().values()}) == 4


def test_what_was_scheduled_before_a_restart_runs_after_it(serve: Serve, tmp_path: Path) -> None:
    before = Haplo(serve, state=tmp_path, application=None)
    batch = before.new_batch(control_file())
    before.send_file(batch, "people", PUPILS)
    before.schedule(batch)
    assert before.see("batches")[0]["state"] == "scheduled"
    assert before.http.get("/__control__/objects").status_code == 404
    before.sim.stop()
    after = Haplo(serve, state=tmp_path)
    assert after.finish(batch)["state"] == "complete"
    assert after.count() == 3


def test_kinds_have_the_control_files_that_an_administrator_installs(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "acme:pupils.control.json").write_bytes(control_file())
    haplo = Haplo(serve, kinds=["acme:pupils", "other"], kinds_dir=tmp_path)
    assert haplo.take_in_kind("acme:pupils", PUPILS)["state"] == "complete"
    bare = haplo.take_in_kind("other", PUPILS)
    assert bare["state"] == "error"
    assert "EXCEPTION: Error during import: no control file is installed for kind other" in bare["log"][1]
    refused = haplo.http.put("/__control__/kinds/other", content=b"{}")
    assert (refused.status_code, refused.text[:20]) == (400, "Invalid control file")
    installed = haplo.http.put("/__control__/kinds/third", content=control_file())
    assert installed.status_code == 200
    assert haplo.see("kinds")["third"] == installed.text
    assert haplo.take_in_kind("third", PUPILS)["counts"]["unchanged"] == 2
    assert haplo.sim.config["kinds"] == ["acme:pupils", "other", "third"]


def test_installed_kinds_outlive_the_simulator(serve: Serve, tmp_path: Path) -> None:
    haplo = Haplo(serve, state=tmp_path)
    haplo.http.put("/__control__/kinds/pupils", content=control_file())
    haplo.sim.stop()
    assert Haplo(serve, state=tmp_path).take_in_kind("pupils", PUPILS)["state"] == "complete"


def test_a_connection_dropped_after_scheduling_leaves_exactly_one_run(serve: Serve) -> None:
    fault = {"match": {"path": "schedule$"}, "times": 1, "do": {"drop": "after"}}
    for application, state in ((None, "scheduled"), (SCHEMA, "complete")):
        haplo = Haplo(serve, application=application, faults=[fault])
        batch = haplo.new_batch(control_file())
        haplo.send_file(batch, "people", PUPILS)
        with pytest.raises(httpx.RemoteProtocolError):
            haplo.schedule(batch)
        again = haplo.http.post(BATCH_API + "schedule", data={"batch": batch})
        assert (again.status_code, again.text) == (400, f"Batch {batch} is not in the 'uploading' state")
        assert haplo.finish(batch)["state"] == state
        assert len(haplo.see("batches")) == 1


@pytest.mark.parametrize(
    ("do", "state"), [({"drop": "before"}, "uploading"), ({"status": 500}, "uploading"), ({"delay": 0.05}, "complete")]
)
def test_faults_strike_the_request_that_they_name(serve: Serve, do: dict[str, Any], state: str) -> None:
    haplo = Haplo(serve, faults=[{"match": {"nth": 4}, "do": do}])
    batch = haplo.new_batch(control_file())
    haplo.send_file(batch, "people", PUPILS)
    try:
        haplo.http.post(BATCH_API + "schedule", data={"batch": batch})
    except httpx.RemoteProtocolError:
        assert "drop" in do
    assert haplo.finish(batch)["state"] == state


def test_the_command_takes_an_application_and_kinds(tmp_path: Path) -> None:
    from engine.simulators.__main__ import build_parser

    schema, kinds = tmp_path / "schema.json", tmp_path / "kinds"
    kinds.mkdir()
    schema.write_text(json.dumps(SCHEMA))
    (kinds / "pupils.control.json").write_bytes(control_file())
    given = ["--application", str(schema), "--kinds-dir", str(kinds)]
    arguments = build_parser("haplo", HaploSimulator).parse_args(given)
    simulator = HaploSimulator.from_arguments(arguments, {})
    assert list(simulator.store.kinds) == ["pupils"]
    simulator.stop()
    (kinds / "staff.control.json").write_text("{}")
    with pytest.raises(ValueError, match=r"staff\.control\.json: Invalid control file"):
        HaploSimulator.from_arguments(arguments, {})
    arguments.kinds_dir = tmp_path / "nix"
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        HaploSimulator.from_arguments(arguments, {})
    schema.write_text('{"attributes": [{}]}')
    with pytest.raises(ValueError, match="not in the form of a conformance case"):
        HaploSimulator.from_arguments(arguments, {})


def test_objects_are_counted_by_type(serve: Serve) -> None:
    haplo = Haplo(serve)
    haplo.take_in(PUPILS)
    assert haplo.see("objects") == {"counts": {PERSON: 3}}
    assert haplo.see("objects", type="nix", values="1") == {"counts": {"nix": 0}, "objects": []}
