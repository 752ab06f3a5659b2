"""The days that a mirror holds of an endpoint that is read by windows, and the first that is to be read.

Next: `run/choosing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.errors import DocumentError, Problem
from engine.kinds.windows import day_before
from engine.spec.school import School
from engine.spec.settings import SettingValue
from engine.spec.source import Source
from engine.template import Template, TemplateProblem


@dataclass(frozen=True)
class Span:
    """The days that were read: the first and the last. It stands in the state where others have a token."""

    first: date
    last: date

    @classmethod
    def read(cls, text: str | None) -> Span | None:
        """Read what `str` gave; None for anything else."""
        first, _, last = (text or "").partition("/")
        try:
            return cls(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"


def first_day(
    source: Source, school: School, endpoint: str, settings: Mapping[str, Mapping[str, SettingValue]], today: date
) -> date:
    """Return the first day that is read of an endpoint with windows: its `since`, filled in for a school."""
    word = source.endpoints[endpoint].windows
    assert word is not None
    config = {name: item.default for name, item in source.config.items() if item.default is not None}
    plain = {name: value for name, value in school.config.items() if isinstance(value, str | int)}
    fix = "see to the settings, or to the config, in the school file"
    try:
        text = Template.parse(word.since).render({"config": {**config, **plain}, "settings": settings})
    except TemplateProblem as problem:
        what = f"endpoint '{endpoint}': `since` of its windows cannot be filled in: {problem.message}"
        raise DocumentError([Problem("bad-template", what, fix=fix)]) from None
    found = day_before(text, today)
    if found is None:
        what = f"endpoint '{endpoint}': `since` of its windows gives no date, and no duration"
        raise DocumentError([Problem("bad-value", what, why="it takes 2026-09-01, or 400d", fix=fix)])
    return found
