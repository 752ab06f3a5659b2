"""Runs that were, for people: a table of them, and one in full. Next: `run/history`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli.show import age_text, table, time_text

if TYPE_CHECKING:
    from engine.state import RunRecord

_HEAD = ("began (UTC)", "school", "run", "mode", "took", "requests", "rows", "changes", "outcome")
_FIGURES = ("new", "changed", "returned", "unchanged", "held", "gone", "rescoped", "merged")
_CHANGES = ("new", "changed", "returned", "gone", "rescoped", "merged")


def runs_text(runs: list[RunRecord]) -> str:
    """Return runs as a table."""
    if not runs:
        return "no runs yet"
    return table(_HEAD, [_line(run) for run in runs], (4, 5, 6, 7))


def _line(run: RunRecord) -> tuple[object, ...]:
    known = run.summary
    requests = sum(known["requests"].values()) if "requests" in known else None
    rows = sum(known["rows"].values()) if "rows" in known else None
    changes = sum(map(_changes, known["changes"].values())) if known.get("changes") else None
    began = f"{run.began:%Y-%m-%d %H:%M:%S}"
    return began, run.school, run.run, run.mode, _took(run), requests, rows, changes, run.outcome


def run_text(run: RunRecord, project: Path) -> str:
    """Return one run in full."""
    from engine.run.history import home_of

    known, folder = run.summary, home_of(project, run)
    ended = f"{run.ended:%Y-%m-%d %H:%M:%S} UTC" if run.ended else "–"
    facts = {
        "school": run.school,
        "outcome": run.outcome + (f" [{known['error']}]" if known.get("error") else ""),
        "began": f"{run.began:%Y-%m-%d %H:%M:%S} UTC",
        "ended": ended,
        "took": _took(run) or "–",
        "today": run.today.isoformat(),
        "delivery": run.mode,
        "where": f"{run.host}, process {run.pid}",
        "data": age_text(known.get("data", {})) or "–",
        "folder": str(folder) if folder else "expired" if run.folder else "none",
    }
    parts = ["\n".join(f"{name:<9} {value}" for name, value in {"run": run.run, **facts}.items())]
    if known.get("requests"):
        parts.append(table(("endpoint", "requests"), list(known["requests"].items()), (1,)))
    if known.get("rows"):
        parts.append(_entities(known))
    if known.get("changes"):
        parts.append(_changed(known["changes"]))
    for name in ("guards", "notes"):
        if known.get(name):
            parts.append("\n".join([f"{name}:", *(f"  {each}" for each in known[name])]))
    return "\n\n".join(parts)


def _entities(known: dict[str, Any]) -> str:
    lines = [
        (entity, rows, known.get("quarantined", {}).get(entity), known.get("sent", {}).get(entity))
        for entity, rows in known["rows"].items()
    ]
    return table(("entity", "rows", "quarantined", "sent"), lines, (1, 2, 3))


def _changed(changes: dict[str, dict[str, int]]) -> str:
    names = [name for name in _FIGURES if name != "merged" or any(each.get(name) for each in changes.values())]
    lines = [(entity, *(figures.get(name) for name in names)) for entity, figures in changes.items()]
    return table(("entity", *names), lines, range(1, 1 + len(names)))


def _changes(figures: dict[str, int]) -> int:
    return sum(figures.get(name, 0) for name in _CHANGES)


def _took(run: RunRecord) -> str | None:
    seconds = run.summary.get("seconds")
    if seconds is None and run.ended is not None:
        seconds = (run.ended - run.began).total_seconds()
    if seconds is None:
        return None
    return f"{seconds:.1f} s" if seconds < 60 else time_text(seconds)
