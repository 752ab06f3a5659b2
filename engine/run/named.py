"""Which entities a run is about, and how old what was read may be: by the command, or by a name of the school file.

Next: `run/plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.errors import DocumentError, Problem
from engine.kinds.word import Duration, seconds
from engine.problem_text import did_you_mean
from engine.spec.project import NotFoundError
from engine.spec.school import NamedRun, School


@dataclass(frozen=True)
class Selection:
    """What a run is about. No entities are all of them."""

    entities: tuple[str, ...]
    reuse: timedelta | None


def select(school: School, named: str | None, only: Sequence[str], reuse: str | None) -> Selection:
    """Return what a run is about; what the command says goes before the school file."""
    run = _named(school, named)
    age = run.reuse if reuse is None else _duration(reuse)
    return Selection(tuple(only) or tuple(run.entities or ()), None if age is None else timedelta(seconds=seconds(age)))


def _named(school: School, named: str | None) -> NamedRun:
    if named is None:
        return NamedRun()
    if named not in school.runs:
        fix = did_you_mean(named, school.runs) or (f"it has {', '.join(school.runs)}" if school.runs else "")
        raise NotFoundError(
            f"'{school.school}' has no run '{named}'", why="runs: of the school file names them", fix=fix
        )
    return school.runs[named]


def _duration(text: Duration) -> Duration:
    try:
        return NamedRun.model_validate({"reuse": text}).reuse or text
    except ValueError:
        found = Problem("bad-unit", f"--reuse {text} is no age", fix="write one such as 90m, 20h or 2d")
        raise DocumentError([found]) from None
