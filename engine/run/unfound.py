"""Tells where what a source document assumes found nothing in what was read. Next: `run/reading`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.errors import AnswerUnreadable
from engine.kinds.types import literal, quote
from engine.spec.source import Endpoint
from engine.sql import connect, reworded
from engine.stages.land import SetFacts


def unfound(endpoint: Endpoint, facts: SetFacts, fields: Collection[str] | None) -> list[str]:
    """Return a note where a set that is assumed has no records, and for each such field in use that has no value."""
    name, record_set = facts.set_name, endpoint.sets[facts.set_name]
    of_set = record_set.assumed or endpoint.assumed
    if not facts.rows:
        return [f"{name}: no records, and where they stand is assumed: {of_set}"] if of_set else []
    said = {
        each: f"it is assumed: {spec.assumed}" if spec.assumed else f"its set is assumed: {of_set}"
        for each, spec in record_set.fields.items()
        if (fields is None or each in fields) and (spec.assumed or of_set)
    }
    return [f"{name}.{each}: no values, and {said[each]}" for each in _empty(facts, list(said))]


def _empty(facts: SetFacts, fields: Sequence[str]) -> list[str]:
    there = [each for each in fields if each in facts.present]
    lacking = [each for each in fields if each in facts.absent]
    if there:
        counts = ", ".join(f"count({quote(each)})" for each in there)
        with (
            connect(facts.file.parent) as database,
            reworded(f"set '{facts.set_name}': counting values", AnswerUnreadable),
        ):
            file = literal(str(facts.file.resolve()))
            found = database.execute(f"SELECT {counts} FROM read_parquet({file})").fetchone()
        lacking += [each for each, count in zip(there, found or (), strict=True) if not count]
    return [each for each in fields if each in lacking]
