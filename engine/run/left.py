"""What runs that ended half way left in Haplo: batches that were made and never scheduled, and those in doubt.

A run that is gone on with ends this by itself. One that is not (a new one was asked for, its documents changed, or it
is too old) is told of by the runs that follow, up to the first that ends well. That
is after they have settled what was in doubt, so only what still is gets a note. Next: `run/runner`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import StorageError
from engine.haplo.steps import left_behind, tell_left
from engine.journal import Journal
from engine.run.folder import runs


def tell_left_behind(home: Path, folder: Path) -> list[str]:
    """Return a note for each entity of which the runs just before this one, that did not end, left something."""
    found: list[str] = []
    for earlier in reversed([run for run in runs(home) if run.name < folder.name]):
        try:
            with Journal(earlier / "journal.jsonl") as journal:
                if journal.get("end") is not None:
                    break
                found[:0] = list(_notes(earlier.name, journal))
        except StorageError:
            continue  # a damaged journal tells nothing, and stops nobody else's run
    return found


def _notes(run: str, journal: Journal) -> Iterator[str]:
    for entity, left, doubtful in left_behind(journal):
        said = [tell_left(left)] if left else []
        if doubtful:
            said.append(f"whether batch {doubtful} is scheduled is not known: look in Haplo")
        yield f"{entity}: run {run} did not end: {'; '.join(said)}"
