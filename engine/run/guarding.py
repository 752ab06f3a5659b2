"""What must not happen in one night without somebody's word: losses, changes and quarantine beyond a limit.

A guard that trips stops the run before anything is delivered; the same command with `--accept removed:ENTITY` goes
on. Next: `run/comparing`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from engine.errors import DocumentError, EngineError, Problem
from engine.kinds.guard import Limits, exceeds, rows_of
from engine.kinds.types import parquet, quote
from engine.kinds.word import seconds
from engine.problem_text import did_you_mean
from engine.run.report import Report
from engine.spec.project import Project
from engine.spec.schema import Schema
from engine.spec.school import School
from engine.sql import connect, dicts
from engine.stages.before import CHANGES
from engine.stages.compare import Compared

GUARDS: Final = ("removed", "rescoped", "changed", "quarantined", "rows", "age")
ACCEPTED: Final = (*GUARDS, "scopes")
"""What may be accepted: a guard, or that values of an entity are made without scopes that were lost."""
EXAMPLES: Final = 3
MASK: Final = "•••"
_SAID: Final = {
    "removed": "{figure:,} of {base:,} rows are gone at the source",
    "rescoped": "{figure:,} of {base:,} rows are lost because a mapping, a setting or what is asked for was changed",
    "changed": "{figure:,} of {base:,} rows change, or are merged with others",
    "quarantined": "{figure:,} of {base:,} rows are held back",
    "rows": "there are {figure:,} rows, and {base:,} were sent before",
}
_KEYS: Final = {
    "removed": "change = 'gone'",
    "rescoped": "change = 'rescoped'",
    "changed": "change IN ('changed', 'merged')",
    "rows": "change IN ('gone', 'rescoped', 'kept')",
}


class GuardError(EngineError):
    """Guards have stopped a run before anything was delivered."""

    exit_code = 5
    code = "guard"


@dataclass(frozen=True)
class Trip:
    """A guard that has tripped: which one, of which entity, what has happened, and the limit as it is written."""

    guard: str
    entity: str
    said: str
    limit: str

    @property
    def accept(self) -> str:
        """What `--accept` is given to go on."""
        return f"{self.guard}:{self.entity}"

    def __str__(self) -> str:
        return f"{self.entity}: {self.said}, where {self.limit}"


def trips(compared: Compared, quarantined: int, age: timedelta | None, limits: Limits) -> Iterator[Trip]:
    """Yield the guards that an entity trips. `age`: of the source's data, by its own account, where it gives one."""
    entity, before = compared.entity, compared.before
    figures = {
        "removed": (compared.gone, before, limits.max_removed),
        "rescoped": (compared.rescoped, before, limits.max_rescoped),
        "changed": (compared.changed + compared.merged, before, limits.max_changed),
        "quarantined": (quarantined, compared.rows + quarantined, limits.max_quarantined),
    }
    for guard, (figure, base, limit) in figures.items():
        if limit is not None and exceeds(figure, limit, base):
            said = _SAID[guard].format(figure=figure, base=base)
            yield Trip(guard, entity, said + (_most(compared) if guard == "changed" else ""), f"max_{guard} is {limit}")
    least = limits.min_rows
    if least is not None and compared.rows < rows_of(least, before):
        yield Trip("rows", entity, _SAID["rows"].format(figure=compared.rows, base=before), f"min_rows is {least}")
    if limits.max_age is not None and age is not None and age.total_seconds() > seconds(limits.max_age):
        hours = age.total_seconds() / 3600
        old = f"{hours:,.0f} hours" if hours < 72 else f"{hours / 24:,.0f} days"
        yield Trip("age", entity, f"the source's data are {old} old", f"max_age is {limits.max_age}")


def _most(compared: Compared) -> str:
    """Return in which fields most rows differ; '' where rows were only found to be others."""
    fields = sorted(compared.fields.items(), key=lambda each: (-each[1], each[0]))[:EXAMPLES]
    return f" ({', '.join(f'{name} in {count:,}' for name, count in fields)})" if fields else ""


def accepted(given: Sequence[str], entities: Sequence[str]) -> frozenset[str]:
    """Return what `--accept` was given; stop with every word of it that means nothing."""
    known = [f"{word}:{entity}" for word in ACCEPTED for entity in entities]
    problems = []
    for word in given:
        if word in known:
            continue
        why = f"write GUARD:ENTITY; guards are {', '.join(ACCEPTED)}; entities {', '.join(entities)}"
        problems.append(Problem("accept", f"--accept {word} means nothing", None, why, did_you_mean(word, known)))
    if problems:
        raise DocumentError(problems)
    return frozenset(given)


def require(
    found: Sequence[Trip], allowed: Collection[str], school: str, examples: Mapping[str, list[str]], root: Path = Path()
) -> None:
    """Stop the run where guards have tripped that nobody has accepted; `examples` are masked rows by `accept` word.

    `root` is the project's folder, for the commands that go on.
    """
    open_trips = [trip for trip in found if trip.accept not in allowed]
    if not open_trips:
        return
    several = f"{len(open_trips)} guards have" if len(open_trips) > 1 else "a guard has"
    lines = []
    for trip in open_trips:
        shown = "".join(f"\n  such as {row}" for row in examples.get(trip.accept, ()))
        lines.append(f"{trip}{shown}")
    accept = " ".join(f"--accept {trip.accept}" for trip in open_trips)
    place = "" if root.resolve() == Path.cwd() else f" --project {shlex.quote(str(root))}"
    raise GuardError(
        f"{several} stopped the run of '{school}' before anything was sent",
        why="\n".join(lines),
        fix=f"look at it with 'haplomap diff {school}{place}'; if it is right, go on with "
        f"'haplomap run {school} {accept}{place}', with the other options as they were",
    )


def tripped(
    school: School,
    compared: Sequence[Compared],
    report: Report,
    ages: Mapping[str, timedelta],
    momentary: Collection[str] = (),
) -> list[Trip]:
    """Return the guards that a run trips, by its entities; `ages`: of their data.

    Of `momentary` entities a run has only the rows of today: how many they are is no share of all that were sent.
    """
    quarantined = {line.entity: sum(line.quarantined.values()) for line in report.entities}
    found: list[Trip] = []
    for each in compared:
        limits = school.guards.of(each.entity)
        if each.entity in momentary and isinstance(limits.min_rows, str):
            limits = limits.model_copy(update={"min_rows": None})
        found += trips(each, quarantined[each.entity], ages.get(each.entity), limits)
    return found


def guard(
    project: Project,
    school: School,
    found: Sequence[Trip],
    report: Report,
    folder: Path,
    sent: Callable[[str], Path | None],
    allowed: Collection[str],
) -> None:
    """Stop a run whose guards trip; those that were accepted are told. `sent` gives what was last sent."""
    report.guards += [f"{trip}{' (accepted)' if trip.accept in allowed else ''}" for trip in found]
    examples = {
        trip.accept: masked_rows(project.schema(trip.entity), trip, folder, sent(trip.entity)) for trip in found
    }
    require(found, allowed, school.school, examples, project.root)


def masked_rows(schema: Schema, trip: Trip, folder: Path, sent: Path | None) -> list[str]:
    """Return the first rows that a guard is about, as they were sent, what is personal masked."""
    where = _KEYS.get(trip.guard)
    if where is None or sent is None:
        return []
    key, changes = quote(schema.key), folder / CHANGES / f"{trip.entity}.parquet"
    with connect(folder, sent.parent) as database:
        chosen = f"SELECT key FROM {parquet(changes)} WHERE {where} ORDER BY key"
        source = parquet(sent)
        statement = f"SELECT * FROM {source} WHERE {key} IN ({chosen} LIMIT {EXAMPLES}) ORDER BY {key}"
        return [_masked(schema, row) for row in dicts(database.execute(statement))]


def _masked(schema: Schema, row: Mapping[str, object]) -> str:
    shown = [
        f"{name} {MASK if field.personal() else row[name]}"
        for name, field in schema.fields.items()
        if row.get(name) is not None
    ]
    return ", ".join(shown)
