"""Sources that keep their answers: how old what they give may be, and whether that could hide what changed.

Next: `run/reading`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from engine.errors import DocumentError, Problem
from engine.kinds.word import is_duration, seconds
from engine.spec.asking import plain_config
from engine.spec.school import School
from engine.spec.source import Source
from engine.template import Template, TemplateProblem


def up_to(source: Source, school: School, api: str) -> str:
    """Return how old the answers of an api may be, as a duration; '' where it keeps none."""
    word = source.apis[api].cached
    if word is None:
        return ""
    fix = "see to the config in the school file"
    try:
        text = Template.parse(word.up_to).render({"config": plain_config(source, school)}).strip()
    except TemplateProblem as problem:
        what = f"api '{api}': `up_to` of `cached` cannot be filled in: {problem.message}"
        raise DocumentError([Problem("bad-template", what, fix=fix)]) from None
    if not is_duration(text):
        what = f"api '{api}': `up_to` of `cached` gives no duration"
        raise DocumentError([Problem("bad-value", what, why="it takes 24h, or 30m", fix=fix)])
    return text


def may_be_old(source: Source, school: School, endpoints: Iterable[str]) -> list[str]:
    """Return a note for each api that keeps its answers and is asked."""
    apis = dict.fromkeys(source.endpoints[name].api for name in endpoints)
    ages = {api: age for api in apis if (age := up_to(source, school, api)) and seconds(age)}
    return [
        f"api '{api}': its answers may be {age} old; what changed since is not in them" for api, age in ages.items()
    ]


def hidden(source: Source, school: School, endpoint: str, last: Iterable[datetime], now: datetime) -> list[str]:
    """Return a note where an endpoint may answer again what it answered at its last read."""
    age = up_to(source, school, source.endpoints[endpoint].api)
    since = max(last, default=None)
    if not age or since is None or now - since >= timedelta(seconds=seconds(age)):
        return []
    ago = (now - since) / timedelta(hours=1)
    said = f"{ago:.0f} hours" if ago >= 2 else f"{ago * 60:.0f} minutes"
    return [f"it was read {said} ago, and its source keeps answers for {age}: what changed meanwhile may be missing"]
