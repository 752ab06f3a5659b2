"""A delivery that is interrupted at any of its requests, in any way: the same command again ends it well.

Which requests and which lines of the journal there are is taken from a delivery that nobody disturbed. Whatever
happens at one of them, Haplo has our files once, in one batch (or one user sync) that is scheduled, and a batch that
was made and is not scheduled is told.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DeliveryError
from engine.haplo.part import Emitted, Part
from engine.journal import Journal
from engine.secret import Secret
from engine.simulators.haplo import BATCH_API, STANDARD_API, HaploSimulator
from engine.simulators.user_sync import USER_SYNC_API
from engine.spec.school import Deliver, UserSync
from engine.stages.deliver import Delivered, deliver

pytestmark = pytest.mark.e2e

PATHS = {"standard": STANDARD_API, "batch": BATCH_API, "user-sync": USER_SYNC_API}
WAYS = [("standard", "live"), ("standard", "dry-run"), ("batch", "live"), ("batch", "dry-run"), ("user-sync", "live")]
COMMANDS = 3
"""So often is the command given, at most, until it ends well."""
HTML_500 = {"status": 500, "html": True}
WRONGS: dict[str, dict[str, Any]] = {
    "dropped before it acted": {"drop": "before"},
    "dropped after it acted": {"drop": "after"},
    "a fault before it acted": HTML_500,
    "a fault after it acted": {**HTML_500, "after": True},
    "busy": {"status": 503, "body": "busy"},
    "a page in place of the answer": {"status": 200, "html": True, "after": True},
    "the host is another one": {"status": 302, "headers": {"Location": "https://other.example/"}},
    "no permission": {"status": 403, "body": '{"kind":"UNAUTHORISED"}'},
    "late": {"delay": 0.5},
    "broken off in the answer": {"truncate": 3},
    "an answer cut short": {"cut": 12},
    "an empty answer": {"cut": 0},
}
PATIENCE = {"late": 0.25}
CERTAIN = ("the host is another one", "no permission")
"""Nothing was done then, and the answer says so."""
APPLICATION: dict[str, Any] = {
    "attributes": [{"code": "dc:attribute:title", "type": "text"}, {"code": "dc:attribute:type", "type": "ref"}],
    "types": [{"code": "std:type:person", "attributes": ["dc:attribute:title", "dc:attribute:type"]}],
}


class DeathError(BaseException):
    """The process is no more: nothing of the engine catches this."""


class Mortal(Journal):
    """A journal whose process dies at its n-th line: before it is written, in the middle of it, or after it."""

    def __init__(self, path: Path, line: int = 0, moment: str = "") -> None:
        super().__init__(path)
        self.lines, self._fatal, self._moment = 0, line, moment

    def _append(self, line: bytes) -> None:
        self.lines += 1
        if self.lines != self._fatal:
            super()._append(line)
            return
        if self._moment == "after":
            super()._append(line)
        elif self._moment == "within":
            super()._append(line[: len(line) // 2])
        raise DeathError


@dataclass(frozen=True)
class Case:
    """One delivery to one simulated Haplo."""

    simulator: HaploSimulator
    emitted: Emitted
    folder: Path
    kind: str
    mode: Any

    def send(self, line: int = 0, moment: str = "", timeout: float = 10.0) -> Delivered:
        """Give the command, as a process of its own would: with a journal that is read anew."""
        given = {"kind": self.kind, "url": self.simulator.url, "api_key": {"env": "KEY"}}
        spec = (UserSync if self.kind == "user-sync" else Deliver).model_validate(given)
        key = Secret(self.simulator.keys[PATHS[self.kind]])
        with Mortal(self.folder / "journal.jsonl", line, moment) as journal:
            tell: Callable[[str], None] = lambda _: None  # noqa: E731
            return deliver(spec, key, "staff", self.emitted, self.mode, journal, "night", tell, timeout=timeout)

    def send_until_well(self, timeout: float) -> Delivered:
        """Give the command until it ends well, the first time with this much patience."""
        for _ in range(COMMANDS - 1):
            with suppress(DeliveryError):
                return self.send(timeout=timeout)
            timeout = 10.0
        return self.send()

    def batches(self) -> list[dict[str, Any]]:
        return self.simulator.store.describe()

    def left(self) -> list[str]:
        """The batches that were made and are not scheduled."""
        return [batch["id"] for batch in self.batches() if batch["state"] == "uploading"]

    def holds_it_once(self) -> None:
        """Haplo has exactly our files, once, and will import them as we want it."""
        files = [(part.name, part.sha256) for part in self.emitted.parts]
        own = hashlib.sha256(self.emitted.control.read_bytes()).hexdigest()
        if self.kind == "user-sync":
            [run] = self.simulator.user_sync.describe()
            assert run["state"] == "manual"
            assert run["files"] == {"_control": own, **dict(files)}
            return
        [batch] = [batch for batch in self.batches() if batch["state"] != "uploading"]
        assert [(file["name"], file["digest"]) for file in batch["files"]] == files
        assert batch["mode"] == ("dry-run" if self.mode == "dry-run" else "")
        assert (batch["kind"], batch["control"]) == (("staff", "") if self.kind == "standard" else ("", own))


@pytest.fixture
def emitted(tmp_path: Path) -> Emitted:
    parts = []
    for number, name in enumerate(("ann", "bob"), 1):
        path = tmp_path / f"staff-{number:03}.json"
        path.write_text(json.dumps([{"username": f"{name}@example.org"}]), encoding="utf-8")
        data = path.read_bytes()
        parts.append(Part(path.stem, path, 1, len(data), hashlib.sha256(data).hexdigest()))
    control = {
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": {part.name: {"read": "json"} for part in parts},
        "instructions": [{"source": "username", "destination": "user", "name": "username"}],
    }
    (tmp_path / "staff.control.json").write_text(json.dumps(control), encoding="utf-8")
    return Emitted(tmp_path / "staff.control.json", tuple(parts), len(parts))


@dataclass(frozen=True)
class Undisturbed:
    """What a delivery asks for, and how many lines its journal has."""

    paths: list[str]
    lines: int


def undisturbed(kind: str, mode: str, emitted: Emitted, folder: Path) -> Undisturbed:
    """Deliver once with nothing in the way."""
    with simulator_of(kind) as simulator:
        case = Case(simulator, emitted, folder, kind, mode)
        assert case.send().note in ("", "staff: an administrator must apply it in Haplo: it is the first user sync")
        case.holds_it_once()
        assert case.left() == []
        paths = [exchange.path.removeprefix(PATHS[kind]) for exchange in simulator.requests]
    return Undisturbed(paths, len((folder / "journal.jsonl").read_bytes().splitlines()))


def simulator_of(kind: str, faults: Any = ()) -> HaploSimulator:
    return HaploSimulator(application=APPLICATION if kind == "user-sync" else None, faults=faults)


def new_folder(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def settled(case: Case, done: Delivered) -> None:
    """It ended well: all is there once, what is left over is told, and once more changes nothing."""
    case.holds_it_once()
    asked = len(case.simulator.requests)
    again = case.send()
    assert again == replace(done, again=True)
    assert len(case.simulator.requests) == asked
    if case.left():
        told = re.findall(r"[A-Za-z0-9_-]{44}", done.note)
        nameless = int((re.search(r"may have (\d+) that have no files", done.note) or ["", "0"])[1])
        assert set(told) <= set(case.left())
        assert len(told) + nameless == len(case.left()), done.note
        assert "(their comment: night)" in done.note


@pytest.mark.parametrize("wrong", WRONGS)
@pytest.mark.parametrize(("kind", "mode"), WAYS)
def test_whatever_goes_wrong_at_a_request(kind: str, mode: str, wrong: str, emitted: Emitted, tmp_path: Path) -> None:
    clean = undisturbed(kind, mode, emitted, new_folder(tmp_path, "clean"))
    for number, path in enumerate(clean.paths, 1):
        fault = {"match": {"nth": number}, "times": 1, "do": WRONGS[wrong]}
        with simulator_of(kind, [fault]) as simulator:
            case = Case(simulator, emitted, new_folder(tmp_path, f"{number}"), kind, mode)
            done = case.send_until_well(PATIENCE.get(wrong, 10.0))
            assert simulator.faults.faults[0].fired == 1
            settled(case, done)
            assert ("batches that may stay in Haplo" in done.note) is (path == "batch" and wrong not in CERTAIN)


@pytest.mark.parametrize("moment", ["before", "within", "after"])
@pytest.mark.parametrize(("kind", "mode"), WAYS)
def test_a_death_at_any_line_of_the_journal(
    kind: str, mode: str, moment: str, emitted: Emitted, tmp_path: Path
) -> None:
    clean = undisturbed(kind, mode, emitted, new_folder(tmp_path, "clean"))
    assert clean.lines == 2 * len(clean.paths)
    for line in range(1, clean.lines + 1):
        with simulator_of(kind) as simulator:
            case = Case(simulator, emitted, new_folder(tmp_path, f"{line}"), kind, mode)
            with pytest.raises(DeathError):
                case.send(line, moment)
            settled(case, case.send())
