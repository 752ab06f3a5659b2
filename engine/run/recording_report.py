"""The report of a recording: per field what was replaced, what was left, and why. It holds no values.

Next: `cli/commands/record`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from engine.kinds.element import is_element_path
from engine.kinds.select import path
from engine.kinds.types import SourceField
from engine.run.disguising import Choice, Disguising, Held
from engine.run.recording import Recording


def report_text(
    recording: Recording,
    disguising: Disguising,
    dropped: Mapping[str, set[str]],
    chosen: str,
    cut: Iterable[tuple[str, str]],
) -> str:
    """Return the report, as Markdown; `chosen` says which records are kept."""
    return "\n".join(_lines(recording, disguising, dropped, chosen, set(cut))) + "\n"


def said_chosen(recording: Recording, root: str, limit: int | None) -> str:
    """Return which records were chosen, of which set, and how many there are with all that goes with them."""
    kept, there = (sum(getattr(each, name) for each in recording.sets.values()) for name in ("records", "of"))
    if limit is None:
        return f"all records: {kept:,}"
    if root not in recording.sets:
        return f"up to {limit:,} records of each set, since none is about people: {kept:,} of {there:,} in all"
    own = recording.sets[root]
    beside = f"with what belongs to them and what they refer to: {kept:,} of {there:,} records in all"
    return f"{own.records:,} of {own.of:,} records of {root}, {beside}"


def _lines(
    recording: Recording,
    disguising: Disguising,
    dropped: Mapping[str, set[str]],
    chosen: str,
    cut: set[tuple[str, str]],
) -> Iterator[str]:
    yield f"# A recording of {recording.source}, {recording.today.isoformat()}"
    yield ""
    yield f"Made of {chosen}."
    yield "What was replaced is made up anew for each recording, by a secret that is not kept: equal values have equal"
    yield "stand-ins in all answers. What no document declares is not in the answers."
    for name, kept in recording.sets.items():
        yield ""
        yield f"## {name}"
        yield ""
        yield f"{kept.records:,} of {kept.of:,} records."
        told = {held: counts for held, counts in disguising.told.items() if held.set == name}
        if told:
            yield ""
            yield from _table(name, told, disguising, cut)
        lost = [key for (own, key), spec in disguising.fields.items() if own == name and _is_search(spec, key)]
        if lost:
            yield ""
            yield f"Not recorded, since their paths are more than steps: {', '.join(f'`{each}`' for each in lost)}."
        if dropped.get(name):
            yield ""
            yield f"Not declared, and left out: {', '.join(f'`{each}`' for each in sorted(dropped[name]))}."


def _is_search(spec: SourceField, name: str) -> bool:
    """Say whether a field has no path that can be followed step by step, of either class."""
    return not any(is_element_path(text) or path(text).simple for text in spec.paths(name))


def _table(
    name: str, told: Mapping[Held, Counter[Choice]], disguising: Disguising, cut: set[tuple[str, str]]
) -> Iterator[str]:
    order = {key: at for at, key in enumerate(key for set_name, key in disguising.fields if set_name == name)}
    yield "| field | pii | values | what was done, and why |"
    yield "| --- | --- | --: | --- |"
    for held in sorted(told, key=lambda held: (order[held.field], held.inner)):
        counts = told[held]
        done = [f"{_done(action)} {count:,}: {why}" for (action, why), count in counts.most_common()]
        done += ["items cut that lead to records which are not kept"] if held.use in cut else []
        yield f"| `{held}` | {_tag(held, disguising)} | {counts.total():,} | {'; '.join(done)} |"


def _tag(held: Held, disguising: Disguising) -> str:
    """Return the tag of a field; of one that it has not by itself also where it comes from."""
    inherited = disguising.inherited.get(held.use)
    return disguising.fields[held.use].pii or "" if inherited is None else f"{inherited.tag}, of {inherited.target}"


def _done(action: str) -> str:
    return "moved by some days" if action == "moved" else action


def totals(disguising_told: Mapping[Held, Counter[Choice]]) -> Counter[str]:
    """Count the values by what was done to them."""
    found: Counter[str] = Counter()
    for counts in disguising_told.values():
        for (action, _), count in counts.items():
            found[action] += count
    return found
