"""The log of a batch, for people and for programs; values only where they are asked for. Next: `run/logs`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.haplo.job_log import JobLog, Said
    from engine.run.logs import Sent


def log_text(sent: Sent, log: JobLog, show_personal: bool) -> str:
    """Return a log as text, with an empty line at its end."""
    told = f"run {sent.run}, {sent.mode}, batch {sent.batch}" if sent.entity else f"batch {sent.batch}"
    lines = [f"{sent.entity}: {told}" if sent.entity else told]
    if show_personal:
        return "\n".join([*lines, *(f"  {_printable(line)}" for line in log.lines), ""])
    lines.append(f"  {_course(log)}")
    if log.stopped:
        lines.append(f"  Haplo stopped the import: {log.stopped}")
    for said in log.said:
        lines.append(f"  {said.times:,} × {said.summary}{_records(said)}")
    if log.others:
        lines.append(f"  {log.others:,} other line{'s' if log.others != 1 else ''}")
    return "\n".join([*lines, ""])


def log_facts(sent: Sent, log: JobLog, show_personal: bool) -> dict[str, Any]:
    """Return a log as plain data."""
    facts = {"entity": sent.entity, "run": sent.run, "mode": sent.mode, "batch": sent.batch, **asdict(log)}
    if not show_personal:
        del facts["lines"]
    return facts


def _course(log: JobLog) -> str:
    if not log.began:
        return "not begun: the log has no beginning yet"
    return f"began {log.began}; " + (f"ended {log.ended}" if log.ended else "has not ended")


def _records(said: Said) -> str:
    if not said.records:
        return ""
    more = ", …" if said.times > len(said.records) else ""
    return f"  (record{'s' if said.times > 1 else ''} {', '.join(map(str, said.records))}{more})"


def _printable(line: str) -> str:
    """Return a line without what would steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in line)
