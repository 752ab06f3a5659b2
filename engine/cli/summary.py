"""The summary that a run ends with. Next: `cli/commands/run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.show import age_text, table

if TYPE_CHECKING:
    from engine.run.report import Report

HEAD = ("entity", "read", "split", "filtered", "merged", "quarantined", "emitted", "good", "sent")


def summary(report: Report, most_notes: int = 12) -> str:
    """Return a run's table, what is to be told of it, and where its files are."""
    rows = [
        (
            line.entity,
            line.read,
            line.split,
            sum(line.filtered.values()),
            line.merged,
            sum(line.quarantined.values()),
            line.emitted,
            line.good,
            line.sent,
        )
        for line in report.entities
    ]
    lines = ["", table(HEAD, rows, range(1, len(HEAD))), ""]
    for line in report.entities:
        lines += [f"  {line.entity}: {count:,} filtered by rule '{rule}'" for rule, count in line.filtered.items()]
        lines += [f"  {line.entity}: {count:,} quarantined: {rule}" for rule, count in line.quarantined.items()]
    lines += [f"  note: {note}" for note in report.notes[:most_notes]]
    if len(report.notes) > most_notes:
        lines.append(f"  … and {len(report.notes) - most_notes} more notes in report.json")
    folder, age = Path(report.folder), age_text(report.data_age())
    lines += [
        "",
        *([f"the source's oldest data: {age}"] if age else []),
        f"{report.outcome} in {report.seconds:.1f} s; delivery: {report.mode}",
        f"control files and data files: {folder / 'files'}",
        f"report: {folder / 'report.json'}",
    ]
    if any(line.messages for line in report.entities):
        lines.append(f"what Haplo would say, with the records' keys: {folder / 'messages'}")
    return "\n".join(lines)
