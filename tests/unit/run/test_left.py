"""What runs that did not end left in Haplo, as their journals say it."""

from __future__ import annotations

from pathlib import Path

from engine.journal import Journal
from engine.run.left import tell_left_behind


def put_down(home: Path, run: str, *lines: tuple[str, dict[str, str]]) -> Path:
    folder = home / run
    with Journal(folder / "journal.jsonl") as journal:
        for key, facts in lines:
            journal.record(key, **facts)
    return folder


def test_what_was_left_is_told_up_to_the_last_run_that_ended(tmp_path: Path) -> None:
    made = {"state": "done", "files": "f", "left": ""}
    create = "deliver:student:create", {**made, "batch": "older"}
    put_down(tmp_path, "20260101-000000", create)
    put_down(tmp_path, "20260102-000000", create, ("end", {"outcome": "complete"}))
    put_down(
        tmp_path,
        "20260103-000000",
        ("deliver:student:create", {**made, "batch": "aaa", "left": "?"}),
        ("deliver:group:create", {**made, "batch": "bbb", "left": "ccc ?"}),
        ("deliver:group:schedule", {"state": "done", "files": "f", "batch": "bbb"}),
        ("deliver:staff:create", {**made, "batch": "ddd"}),
        ("deliver:staff:schedule", {"state": "refused", "files": "f", "batch": "ddd"}),
    )
    put_down(
        tmp_path,
        "20260104-000000",
        ("deliver:student:dry-run:create", {"state": "begun", "files": "f", "left": "?"}),
        ("deliver:group:create", {**made, "batch": "eee"}),
        ("deliver:group:schedule", {"state": "begun", "files": "f", "batch": "eee"}),
        ("deliver:staff:create", {"state": "refused", "files": "f", "left": ""}),
    )
    (tmp_path / "20260104-000001").mkdir()
    (tmp_path / "20260104-000001" / "journal.jsonl").write_text("torn\n{}\nand damaged\n")
    now = put_down(tmp_path, "20260105-000000", create)
    may = "batches that may stay in Haplo and import nothing:"
    said = {
        "20260103-000000": [
            ("student", f"{may} made and never scheduled: aaa; {_nameless(1)}"),
            ("group", f"{may} made and never scheduled: ccc; {_nameless(1)}"),
            ("staff", f"{may} made and never scheduled: ddd"),
        ],
        "20260104-000000": [
            ("student", f"{may} {_nameless(2)}"),
            ("group", "whether batch eee is scheduled is not known: look in Haplo"),
        ],
    }
    assert tell_left_behind(tmp_path, now) == [
        f"{entity}: run {run} did not end: {text}" for run, found in said.items() for entity, text in found
    ]


def _nameless(count: int) -> str:
    return f"asked for and not answered, so that Haplo may have {count} that have no files"
