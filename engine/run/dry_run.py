"""A control file tried on data files, on this machine: what Haplo would make of them, put into groups for people.

Next: `cli/commands/haplo_dry_run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DocumentError, Place, Problem
from engine.haplo.application import TYPE
from engine.haplo.interpret import interpret
from engine.haplo.outcome import Entry, Finding, Outcome
from engine.haplo.outcome import Path as At
from engine.run.receiver import read_application, read_json

EXAMPLES = 3
Kind = tuple[At | None, str]
"""What messages are grouped by: where the instruction stands, and what it says, without a value."""


@dataclass(frozen=True)
class Group:
    """Messages of one kind. `where` is the instruction that gives them, `examples` the first of them."""

    summary: str
    times: int
    where: str
    examples: tuple[Finding, ...]


@dataclass
class DryRun:
    """What came of it; `prepared` holds instructions that could not be prepared, and are left out of the whole run."""

    outcome: Outcome
    saved: bool
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    refused: list[Group] = field(default_factory=list)
    prepared: list[Group] = field(default_factory=list)
    told: list[Group] = field(default_factory=list)

    @property
    def flawless(self) -> bool:
        """Whether every record is complete, and nothing is to be told."""
        outcome = self.outcome
        fine = not outcome.control_errors and not outcome.error_count and outcome.exception is None
        return fine and outcome.complete == outcome.records


def dry_run(
    control: Path, files: Mapping[str, Path], schemas: Sequence[Path], *, save: bool, keep_committed: bool
) -> DryRun:
    """Interpret a control file; stop with every problem of the files that were given."""
    problems: list[Problem] = []
    read = read_json(control, problems)
    application, found = read_application(schemas)
    problems += found
    problems += [
        Problem("file-unreadable", "the data file cannot be read", Place(file), "reason: it is not there")
        for file in files.values()
        if not file.is_file()
    ]
    if problems or read is None or application is None:
        raise DocumentError(problems)
    done = DryRun(Outcome(), save)
    done.outcome = interpret(
        read, files, application, save=save, keep_committed=keep_committed, on_commit=lambda entry: _count(done, entry)
    )
    _group(done, read)
    return done


def _count(done: DryRun, entry: Entry) -> None:
    counted = done.updated if entry.get("new") is False else done.created
    counted[_kind_of(entry)] += 1


def _kind_of(entry: Entry) -> str:
    """Return the type of a saved object; the destination of anything else."""
    for value in entry["values"].get(TYPE, ()):
        plain = value.get("value", value) if isinstance(value, dict) else {}
        if isinstance(plain, dict) and plain.get("code"):
            return str(plain["code"])
    return str(entry["destination"])


def _group(done: DryRun, control: dict[str, Any]) -> None:
    outcome = done.outcome
    examples: dict[Kind, list[Finding]] = {}
    for finding in outcome.findings:
        listed = examples.setdefault((finding.path, finding.summary), [])
        if len(listed) < EXAMPLES:
            listed.append(finding)
    for kind, times in sorted(outcome.counts.items(), key=lambda item: -item[1]):
        path, summary = kind
        first = tuple(examples.get(kind, ()))
        group = Group(summary, times, said_place(control, path), first)
        if kind in outcome.refusals:
            done.refused.append(group)
        elif first and first[0].record is None and path is not None:
            done.prepared.append(group)
        else:
            done.told.append(group)


def said_place(control: Mapping[str, Any], path: At | None) -> str:
    """Return where an instruction stands, and what it fills: `instructions[3].then[0] (dob → profile/x:born)`."""
    if path is None:
        return ""
    at: Any = control.get("instructions")
    said = "instructions"
    for step in path:
        said += f"[{step}]" if isinstance(step, int) else f".{step}"
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return said
    if not isinstance(at, dict):
        return said
    source = at.get("source") or at.get("structured")
    target = "/".join(str(at[key]) for key in ("destination", "name") if isinstance(at.get(key), str))
    told = " → ".join(part for part in (source if isinstance(source, str) else "", target) if part)
    return f"{said} ({told})" if told else said
