"""`haplomap haplo log`: what Haplo logged about a batch, from an application that offers that at a path of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import SCHOOL, Ended, Project, a_project

from engine.errors import DeliveryError
from engine.haplo.api import LogApi
from engine.haplo.target import application_case
from engine.secret import Secret
from engine.simulators.haplo import BATCH_API, STANDARD_API, HaploSimulator
from engine.simulators.http import Route
from engine.simulators.message import Answer, Request
from engine.spec.project import open_project

pytestmark = pytest.mark.e2e

AT = STANDARD_API + "log/{{ batch }}"
LOG = [
    "START: Mon Mar 02 2026 02:00:00 GMT-0000 (GMT)",
    "Invalid date value for date_of_birth: 31/02/2010x (record 4)",
    "Invalid date value for date_of_birth: yesterday (record 17)",
    "Value in input data cannot be mapped for gender: Margaret (record 3)",
    "Margaret Hale said something new (record 5)",
    "\x1b[31mEXCEPTION: Error during import: Unknown behaviour: Margaret Hale. File: f, line: 3",
]
END = "END: Mon Mar 02 2026 02:00:09 GMT-0000 (GMT)"


class TellingHaplo(HaploSimulator):
    """An application with an address for the logs of batches, behind the key of the standard batch API."""

    def routes(self) -> list[Route]:
        return [("GET", STANDARD_API + "log/([^/]+)", self._told), *super().routes()]

    def _told(self, request: Request, batch: str) -> Answer:
        return self.gate.refusal(request, {}) or self._log(request, batch)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two runs: a dry run of two entities, and a later one that sent nothing; their logs written by hand."""
    with a_project(tmp_path_factory.mktemp("sent"), receiver=TellingHaplo) as project:
        project.run("--only", "group", "--only", "school").well()
        project.run("--only", "school", "--no-deliver").well()
        for batch in project.haplo.store.batches.values():
            batch.log = [*LOG, END] if batch.kind == "group" else [LOG[0]]
        project.edit(lambda school: school["deliver"].update(log=AT))
        yield project


def batch_of(project: Project, entity: str) -> str:
    [found] = [batch["id"] for batch in project.scheduled() if batch["kind"] == entity]
    return str(found)


def log_of(project: Project, *arguments: str) -> Ended:
    return project.call("haplo", "log", SCHOOL, *arguments)


def test_the_batches_of_the_latest_run_that_sent_something_are_told_without_values(sent: Project) -> None:
    ended = log_of(sent).well()
    first = sent.runs()[0].name
    assert ended.out == (
        f"school: run {first}, dry-run, batch {batch_of(sent, 'school')}\n"
        "  began Mon Mar 02 2026 02:00:00 GMT-0000 (GMT); has not ended\n"
        "\n"
        f"group: run {first}, dry-run, batch {batch_of(sent, 'group')}\n"
        "  began Mon Mar 02 2026 02:00:00 GMT-0000 (GMT); ended Mon Mar 02 2026 02:00:09 GMT-0000 (GMT)\n"
        "  2 × Invalid date value for date_of_birth  (records 4, 17)\n"
        "  1 × Value in input data cannot be mapped for gender  (record 3)\n"
        "  2 other lines\n"
        "\n"
        "values are not shown; --show-personal shows the logs whole\n"
    )
    assert ended.err == ""


def test_the_log_is_whole_where_that_is_asked_for_but_steers_no_terminal(sent: Project) -> None:
    out = log_of(sent, "group", "--show-personal").well().out
    assert [line.strip() for line in out.splitlines()[1:] if line] == [
        *LOG[:5],
        LOG[5].replace("\x1b", "").strip(),
        END,
    ]
    assert "\x1b" not in out
    assert "school:" not in out


def test_programs_get_the_same(sent: Project) -> None:
    [facts] = json.loads(log_of(sent, "group", "--format", "json").well().out)
    assert facts == {
        "entity": "group",
        "run": sent.runs()[0].name,
        "mode": "dry-run",
        "batch": batch_of(sent, "group"),
        "began": "Mon Mar 02 2026 02:00:00 GMT-0000 (GMT)",
        "ended": "Mon Mar 02 2026 02:00:09 GMT-0000 (GMT)",
        "stopped": "",
        "said": [
            {"summary": "Invalid date value for date_of_birth", "times": 2, "records": [4, 17]},
            {"summary": "Value in input data cannot be mapped for gender", "times": 1, "records": [3]},
        ],
        "others": 2,
    }
    [whole] = json.loads(log_of(sent, "group", "--format", "json", "--show-personal").well().out)
    assert whole["lines"] == [*LOG, END]


def test_a_run_and_a_batch_can_be_named(sent: Project) -> None:
    first, second = (folder.name for folder in sent.runs())
    assert f"run {first}," in log_of(sent, "group", "--run", first).well().out
    named = log_of(sent, "--batch", batch_of(sent, "group")).well().out
    assert named.startswith(f"batch {batch_of(sent, 'group')}\n  began Mon Mar 02")
    for arguments, said in [
        (("--run", second), f"run '{second}' of 'waters-edge' sent no batch"),
        (("--run", "20200101-000000"), "'waters-edge' has no run '20200101-000000'"),
        (("grop",), f"run '{first}' of 'waters-edge' sent no 'grop'"),
        (("--batch", "../../x"), "'../../x' is no identifier of a batch"),
    ]:
        ended = log_of(sent, *arguments)
        assert (ended.code, ended.codes) == (2, ["not-found"])
        assert said in ended.err
    assert log_of(sent, "group", "--batch", batch_of(sent, "group")).code == 2


def test_what_is_asked_is_a_get_with_the_key_at_the_host_of_the_application(sent: Project) -> None:
    before = len(sent.haplo.requests)
    log_of(sent, "group").well()
    [asked] = sent.haplo.requests[before:]
    assert (asked.method, asked.path) == ("GET", f"{STANDARD_API}log/{batch_of(sent, 'group')}")
    assert asked.query == {}


def test_reading_a_log_leaves_the_journal_as_it_is(sent: Project) -> None:
    journal = sent.runs()[0] / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"key":"torn')
    try:
        log_of(sent, "group").well()
        assert journal.read_bytes() == whole + b'{"key":"torn'
    finally:
        journal.write_bytes(whole)


def test_an_import_that_was_carried_out_is_told_as_it_went(tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "examples" / "demo"
    case = application_case(open_project(demo).application("school"))
    with a_project(tmp_path, receiver=TellingHaplo, haplo={"application": case}) as project:
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.gate.make("/api/")
        project.edit(lambda school: school["deliver"].update(kind="batch", log=AT))
        project.run("--only", "school").well()
        project.haplo._worker.wait()
        out = log_of(project).well().out
    began, ended = out.splitlines()[1].strip().split("; ")
    assert (began[:6], ended[:6]) == ("began ", "ended ")
    assert [line for line in out.splitlines()[2:] if line.startswith("  ")] == []


# Where there is none


def test_where_no_log_is_offered_one_is_told_where_to_look(tmp_path: Path) -> None:
    with a_project(tmp_path) as project:
        assert log_of(project).codes == ["not-found"]
        project.run("--only", "group").well()
        asked = len(project.haplo.requests)
        ended = log_of(project)
        assert (ended.code, ended.codes) == (1, ["log-not-offered"])
        assert "Standard Batch API jobs" in ended.err
        assert f"batch {batch_of(project, 'group')}  (group)" in ended.err
        assert len(project.haplo.requests) == asked

        project.edit(lambda school: school.update(deliver={"kind": "folder", "path": "outbox"}))
        ended = log_of(project)
        assert (ended.code, ended.codes) == (1, ["log-not-offered"])
        assert "delivers no batches" in ended.err


def test_a_path_that_leads_elsewhere_is_a_problem_of_the_school_file(sent: Project) -> None:
    sent.edit(lambda school: school["deliver"].update(log="https://elsewhere.example/{{ batch }}"))
    try:
        ended = log_of(sent, "group")
    finally:
        sent.edit(lambda school: school["deliver"].update(log=AT))
    assert (ended.code, ended.codes) == (2, ["bad-url"])


# What may come in place of a log


def read(do: dict[str, Any], timeout: float = 10.0) -> str:
    """Read a log while a fault strikes."""
    with TellingHaplo(faults=[{"do": do}]) as haplo:
        key = Secret(haplo.config["api_key"])
        with LogApi(haplo.url, key, timeout=timeout) as api:
            return api.read(f"{STANDARD_API}log/{'b' * 44}", "b" * 44)


TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("do", "code", "said"),
    [
        ({"status": 404, "body": "Margaret", "content_type": TEXT}, "log-unreadable", "no such batch (404)"),
        ({"status": 403, "body": "Unauthorised", "content_type": TEXT}, "delivery-key", "refused the key (403)"),
        ({"status": 500, "html": True}, "delivery-unavailable", "has a fault (500)"),
        ({"status": 429, "body": "", "content_type": TEXT}, "delivery-unavailable", "has a fault (429)"),
        ({"status": 302, "body": "", "headers": {"Location": "/x"}}, "delivery", "redirected the request (302)"),
        ({"html": True}, "delivery", "did not give the answer that was due"),
        (
            {"body": "You are not permitted to perform this action.", "content_type": "text/html"},
            "delivery-key",
            "may not import",
        ),
        ({"body": "{}", "content_type": "application/json"}, "log-unreadable", "not plain text"),
        ({"body": "a\0b", "content_type": TEXT}, "log-unreadable", "not plain text"),
        ({"body": "x" * 8_000_001, "content_type": TEXT}, "log-unreadable", "more than 8,000,000 bytes"),
        ({"body": "x" * 100, "content_type": TEXT, "truncate": 10}, "delivery-unavailable", "broke off"),
        ({"drop": "before"}, "delivery-unavailable", "broke off"),
    ],
)
def test_what_is_no_log_is_told_in_our_words(do: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(DeliveryError) as failed:
        read(do)
    error = failed.value
    assert error.code == code
    assert said in f"{error.what}; {error.why}"
    assert "Margaret" not in f"{error.what} {error.why} {error.fix}"
    assert "whether it was done" not in error.why
    assert "goes on where it stopped" not in error.fix


def test_the_largest_log_is_read() -> None:
    assert len(read({"body": "x" * 8_000_000, "content_type": TEXT})) == 8_000_000


def test_silence_is_told() -> None:
    with pytest.raises(DeliveryError, match="did not answer in time"):
        read({"delay": 2}, timeout=0.3)


def test_a_wrong_key_and_an_unknown_batch_are_told(sent: Project) -> None:
    unknown = log_of(sent, "--batch", "b" * 44)
    assert (unknown.code, unknown.codes) == (1, ["log-unreadable"])
    key = sent.environ["WATERS_EDGE_HAPLO"]
    sent.environ["WATERS_EDGE_HAPLO"] = sent.haplo.keys[BATCH_API]
    try:
        ended = log_of(sent, "group")
    finally:
        sent.environ["WATERS_EDGE_HAPLO"] = key
    assert (ended.code, ended.codes) == (1, ["delivery-key"])
    assert sent.haplo.keys[BATCH_API] not in ended.err
