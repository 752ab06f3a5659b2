"""`haplomap check --watch` in a process of its own: a save is answered soon, Ctrl-C ends it quietly."""

from __future__ import annotations

import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from project import ROOT, call_here, start

pytestmark = pytest.mark.e2e

SOON = 3.0
"""Seconds within which a save is answered, on the slowest machine; what it takes is printed by bench_watch."""


class Watcher:
    """A process that watches, and its lines as they come: those of both streams, in their order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self.lines.put(line)

    def until(self, text: str, seconds: float) -> list[str]:
        """Return the lines up to one that holds a text."""
        found, end = [], time.monotonic() + seconds
        while not found or text not in found[-1]:
            found.append(self.lines.get(timeout=max(0.01, end - time.monotonic())))
        return found


@contextmanager
def watching(folder: Path) -> Iterator[Watcher]:
    with start("check", "--watch", "--project", str(folder), stderr=subprocess.STDOUT) as process:
        try:
            yield Watcher(process)
        finally:
            process.kill()


def test_a_save_is_answered_soon_and_an_interrupt_ends_it_quietly(tmp_path: Path) -> None:
    for name in ("schools", "applications"):
        shutil.copytree(ROOT / "examples" / "demo" / name, tmp_path / name)
    mapping = tmp_path / "mappings" / "xporter" / "student.yaml"
    mapping.parent.mkdir(parents=True)
    shutil.copy(ROOT / "mappings" / "xporter" / "student.yaml", mapping)
    good = mapping.read_text(encoding="utf-8")
    assert call_here("schema", "--lines", "--project", str(tmp_path), environ={}).code == 0
    schema = tmp_path / ".haplomap" / "editor_schemas" / "mapping.xporter.student.json"
    pointed = mapping.read_text(encoding="utf-8")
    assert pointed == good.replace("../../schemas/spec/mapping.json", "../../.haplomap/editor_schemas/" + schema.name)
    with watching(tmp_path) as watcher:
        watcher.until("documents, no problems, in ", 60)
        mapping.write_text(pointed.replace("Forename", "Forname", 1), encoding="utf-8")
        assert f"{mapping}:" in "".join(watcher.until("did you mean 'Forename'", SOON))
        watcher.until("looked, in ", SOON)
        mapping.write_text(pointed + "a: [\n", encoding="utf-8")
        watcher.until("[yaml-syntax]", SOON)
        watcher.until("looked, in ", SOON)
        mapping.write_text(pointed.replace("tables:", "tables:\n  mine: {from: groups}", 1), encoding="utf-8")
        watcher.until("documents, no problems, in ", SOON)
        until = time.monotonic() + SOON
        while '"mine"' not in schema.read_text(encoding="utf-8"):
            assert time.monotonic() < until
            time.sleep(0.05)
        watcher.process.send_signal(signal.SIGINT)
        assert watcher.process.wait(SOON) == 0
    assert "Traceback" not in "".join(watcher.lines.queue)
    assert "interrupted" not in "".join(watcher.lines.queue)
