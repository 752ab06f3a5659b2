"""A live run is confirmed: on a real terminal by an answer, elsewhere by `--yes`; without, nothing is read or sent."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import Ended, Project, a_project, end_of, start, start_python

pytestmark = pytest.mark.e2e

QUESTION = "Deliver it? [y/N] "
NOT_RUN = "not run: nothing was read, and nothing was sent"

CLOSED = """
import os, sys
os.close(0)
os.execv(sys.executable, [sys.executable, "-m", "engine", "run", "waters-edge", "--project", sys.argv[1]])
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Project]:
    """A project that delivers live, by the API that the control file is sent to."""
    with a_project(tmp_path) as project:
        project.edit(lambda school: school["deliver"].update(mode="live", kind="batch"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        yield project


class Terminal:
    """A real pseudo-terminal with a run of the school on it; what it shows is in `shown`."""

    def __init__(self, project: Project, *arguments: str, **streams: Any) -> None:
        self._end, theirs = pty.openpty()
        self.shown = ""

        def own_session() -> None:
            os.setsid()
            os.close(os.open(os.ttyname(theirs), os.O_RDWR))  # becomes the controlling terminal: Ctrl-C reaches it

        given = {"stdin": theirs, "stdout": theirs, "stderr": theirs, **streams}
        line = ("run", "waters-edge", "--only", "school", *arguments, "--project", str(project.folder))
        self.process = start(*line, environ=project.environ, preexec_fn=own_session, **given)
        os.close(theirs)

    def read_to(self, text: str | None) -> None:
        """Read until the terminal has shown a text; with None until it is closed."""
        while text is None or text not in self.shown:
            try:
                data = os.read(self._end, 4096)
            except OSError:  # Linux's way of saying that nobody has the other end any more
                data = b""
            if not data:
                assert text is None, self.shown
                return
            self.shown += data.decode()

    def type(self, data: bytes) -> None:
        os.write(self._end, data)

    def ended(self) -> int:
        """Read what is left to be shown, and return the exit code."""
        self.read_to(None)
        code = self.process.wait(timeout=60)
        os.close(self._end)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


def untouched(project: Project) -> bool:
    """Whether neither the source nor Haplo was asked for anything, and no run was begun."""
    return project.xporter.requests == project.haplo.requests == project.runs() == []


def test_without_a_terminal_and_without_yes_nothing_is_read(live: Project) -> None:
    ended = live.run("--only", "school")
    assert (ended.code, ended.codes) == (2, ["live-unconfirmed"])
    assert "add --yes" in ended.err
    assert live.haplo.url.removeprefix("http://") in ended.err
    assert ended.out == ""
    assert untouched(live)


def test_without_yes_secrets_are_not_even_looked_for(live: Project) -> None:
    live.environ.clear()
    assert live.run().codes == ["live-unconfirmed"]
    assert live.run("--yes").codes == ["secret-missing"]


def test_with_yes_nobody_is_asked(live: Project) -> None:
    terminal = Terminal(live, "--yes")
    assert terminal.ended() == 0
    assert "[y/N]" not in terminal.shown
    assert [batch["mode"] for batch in live.scheduled()] == [""]


@pytest.mark.parametrize("answer", ["y", "Yes"])
def test_a_yes_on_a_terminal_delivers(answer: str, live: Project) -> None:
    terminal = Terminal(live)
    terminal.read_to(QUESTION)
    assert untouched(live)
    asked = terminal.shown.replace("\r\n", "\n")
    assert "'waters-edge' is about to be delivered live." in asked
    assert f"  to        {live.haplo.url.removeprefix('http://')}, by the batch API\n" in asked
    assert "  entities  school\n" in asked
    assert "nothing of it is taken back" in asked
    terminal.type(f"{answer}\n".encode())
    assert terminal.ended() == 0
    assert terminal.shown.count("[y/N]") == 1
    assert [batch["mode"] for batch in live.scheduled()] == [""]


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"yess\n", b"\x04"], ids=["no", "enter", "no-plain-yes", "end"])
def test_anything_else_on_a_terminal_ends_cleanly(answer: bytes, live: Project) -> None:
    terminal = Terminal(live)
    terminal.read_to(QUESTION)
    terminal.type(answer)
    assert terminal.ended() == 1
    assert NOT_RUN in terminal.shown
    assert "error" not in terminal.shown
    assert untouched(live)


def test_ctrl_c_at_the_question_interrupts(live: Project) -> None:
    terminal = Terminal(live)
    terminal.read_to(QUESTION)
    terminal.type(b"\x03")
    assert terminal.ended() == 130
    assert "[interrupted]" in terminal.shown
    assert untouched(live)


def test_what_is_asked_does_not_get_into_the_results(live: Project) -> None:
    terminal = Terminal(live, "--format", "json", stdout=subprocess.PIPE)
    terminal.read_to(QUESTION)
    terminal.type(b"n\n")
    assert terminal.process.stdout is not None
    assert terminal.process.stdout.read() == ""
    assert terminal.ended() == 1


def test_errors_in_a_file_leave_the_question_on_the_terminal(live: Project) -> None:
    terminal = Terminal(live, stderr=subprocess.PIPE)
    terminal.read_to(QUESTION)
    terminal.type(b"n\n")
    assert terminal.process.stderr is not None
    assert terminal.process.stderr.read() == f"{NOT_RUN}\n"
    assert terminal.ended() == 1


@pytest.mark.parametrize("stdin", [subprocess.DEVNULL, subprocess.PIPE], ids=["nothing", "pipe"])
def test_who_cannot_answer_is_not_asked(stdin: int, live: Project) -> None:
    terminal = Terminal(live, stdin=stdin)
    if terminal.process.stdin is not None:
        terminal.process.stdin.write("y\n")
        terminal.process.stdin.close()
    assert terminal.ended() == 2
    assert "[live-unconfirmed]" in terminal.shown
    assert untouched(live)


def test_a_closed_input_is_no_terminal(live: Project) -> None:
    with start_python("-c", CLOSED, str(live.folder), environ=live.environ) as process:
        ended = end_of(process)
    assert (ended.code, ended.codes) == (2, ["live-unconfirmed"])


def test_what_sends_nothing_for_good_asks_nothing(live: Project) -> None:
    live.run("--only", "school", "--dry-run").well()
    live.run("--only", "school", "--no-deliver").well()
    live.edit(lambda school: school.update(deliver={"kind": "folder", "path": "outbox"}))
    live.run("--only", "school").well()


def test_a_run_that_goes_on_is_confirmed_like_any_other(tmp_path: Path) -> None:
    with a_project(tmp_path, delay_ms=200) as project:
        project.edit(lambda school: school["deliver"].update(mode="live", kind="batch"))
        project.environ["WATERS_EDGE_HAPLO"] = project.haplo.config["batch_api_key"]
        first = project.start("--yes")
        while not project.runs():
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGINT)
        assert end_of(first).code == 130
        asked = len(project.xporter.requests)
        again: Ended = project.run()
        assert (again.code, again.codes) == (2, ["live-unconfirmed"])
        assert len(project.xporter.requests) == asked
        assert "going on with" in project.run("--yes").well().err
        assert len(project.runs()) == 1
