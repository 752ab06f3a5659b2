"""How results look: problems, tables, progress. Text for people, JSON for programs. Next: `cli/options`."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from engine.errors import Problem


def show_problems(problems: Sequence[Problem], form: str) -> None:
    """Show problems, each with its source line, as text on standard error; for programs on standard output."""
    if form != "text":
        from engine.cli.problem_forms import FORMS

        click.echo(FORMS[form](problems), nl=bool(problems) or form != "github")
        return
    from engine.problem_text import render_problem

    for problem in problems:
        click.echo(render_problem(problem, source_line), err=True)
        click.echo(err=True)
    errors = sum(problem.level == "error" for problem in problems)
    warnings = len(problems) - errors
    parts = [f"{errors} error{'s' if errors != 1 else ''}"] if errors else []
    parts += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    if parts:
        click.echo(f"{' and '.join(parts)} found", err=True)


def show_notes(notes: Sequence[Problem], called: str, asked_by: str = "") -> None:
    """Show notes, a line each; or, where there is an option that asks for them, only how many there are."""
    if asked_by and notes:
        click.echo(
            f"{len(notes)} {called}{'s' if notes[1:] else ''} ({asked_by} lists {'them' if notes[1:] else 'it'})"
        )
        return
    for note in notes:
        click.echo(f"{note.place}: {note.level}: {note.what} [{note.code}]")


def source_line(file: Path, line: int) -> str | None:
    """Return a line of a document; None where it has none."""
    lines = _lines(file)
    return lines[line - 1] if 0 < line <= len(lines) else None


def forget_lines() -> None:
    """Read documents anew when their lines are shown: they may have been saved since."""
    _lines.cache_clear()


@lru_cache(maxsize=64)
def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return []


def project_words(folder: Path) -> str:
    """Return what to add to a command for a project elsewhere; '' for the one here."""
    return "" if folder == Path() else f" --project {folder}"


def program() -> str:
    """Return what to type for `haplomap` here: the path by which it was called, unless it is found without."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m engine"
    found = shutil.which(called.name)
    if found is not None and Path(found).resolve() == called.resolve():
        return called.name
    return str(called)


def table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """Return rows as an aligned table; `numbers` are the columns that are set to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([width(head[i]), *(width(row[i]) for row in cells)]) for i in range(len(head))]
    lines = [_row(list(head), widths, numbers), "  ".join("─" * size for size in widths)]
    return "\n".join([*lines, *(_row(row, widths, numbers) for row in cells)])


def _row(cells: list[str], widths: list[int], numbers: Sequence[int]) -> str:
    padded = [
        " " * (size - width(cell)) + cell if i in numbers else cell + " " * (size - width(cell))
        for i, (cell, size) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def width(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    text = "".join(char if char.isprintable() else " " for char in str(value))
    return text if len(text) <= 60 else text[:59] + "…"


def age_text(data: Mapping[str, Any]) -> str:
    """Return how old a source's data were when they were read, by its own account; '' where it gave none."""
    if not data:
        return ""
    hours, told = data["age_hours"], ""
    if hours is not None:
        told = f", {f'{hours:,} hours' if hours < 72 else f'{hours / 24:,.0f} days'} old when they were read"
    when = datetime.fromisoformat(data["data_time"]).astimezone(UTC)
    return f"{when:%Y-%m-%d %H:%M} UTC{told} ({data['set']})"


def time_text(seconds: float) -> str:
    """Return a time in words: `45 s`, `41 min 40 s`, `27 h 5 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, part = divmod(minutes, 60)
    return f"{hours:,} h {part} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def time_left(seconds: float, *, more: bool) -> str:
    """Return how long something still takes; `more` where that is not all."""
    return f"{'at least ' if more else ''}{time_text(seconds)} left"


class Progress:
    """Tells of a run: one line that changes on a terminal, plain lines elsewhere."""

    def __init__(self, verbose: bool = False) -> None:
        self._terminal = sys.stderr.isatty()
        self._verbose = verbose
        self._open = False
        self._last: dict[str, int] = {}

    def line(self, text: str) -> None:
        """Show a line that stays."""
        self._clear()
        click.echo(text, err=True)

    def count(self, about: str, text: str, done: int, total: int | None, more: str = "") -> None:
        """Show how far something is; in a log at every tenth of it."""
        said = f"  {about}: {text}{f' of {total:,}' if total else ''}{f', {more}' if more else ''}"
        if self._terminal and not self._verbose:
            self._clear()
            click.echo(said, err=True, nl=False)
            self._open = True
            return
        tenth = done * 10 // total if total else done
        if self._verbose or tenth != self._last.get(about):
            self._last[about] = tenth
            click.echo(said, err=True)

    def close(self) -> None:
        """End the line that changes."""
        self._clear()

    def _clear(self) -> None:
        if self._open:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._open = False
