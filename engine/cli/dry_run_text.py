"""What a control file would do, for people: what is saved, what is refused and why. Next: `run/dry_run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cli.show import table

if TYPE_CHECKING:
    from engine.run.dry_run import DryRun, Group


def dry_run_text(done: DryRun, show_personal: bool) -> str:
    """Return a dry run as text; values only with `show_personal`."""
    # Half a character, which JSON can hold, cannot be written to a terminal: it goes as `\ud800`.
    return _text(done, show_personal).encode("utf-8", "backslashreplace").decode()


def _text(done: DryRun, show_personal: bool) -> str:
    outcome = done.outcome
    if outcome.control_errors:
        lines = ["Haplo would not take the control file:"]
        return "\n".join([*lines, *(f"  {one}" for one in outcome.control_errors)])
    parts = [
        [f"{_count(outcome.records, 'record')} read, {outcome.complete:,} fit to be saved"],
        _saved(done),
        _stopped(done, show_personal),
        _groups("Records that are refused", done.refused, show_personal),
        _groups("Instructions that are left out of the whole run", done.prepared, show_personal),
        _groups("Messages about records; each goes without the value", done.told, show_personal),
    ]
    if not show_personal and any(group.examples for group in [*done.refused, *done.told]):
        parts.append(["values are not shown; --show-personal shows the messages whole"])
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _saved(done: DryRun) -> list[str]:
    if not done.saved:
        return [
            "Nothing is saved (--no-save), so what would be created is not counted, and faults of saving are hidden."
        ]
    kinds = sorted({*done.created, *done.updated})
    rows = [(kind, done.created[kind], done.updated[kind]) for kind in kinds]
    unchanged = done.outcome.unchanged
    lines = [table(("type", "created", "updated"), rows, (1, 2))] if rows else ["Nothing would be saved."]
    if unchanged:
        lines.append(f"{_count(unchanged, 'object')} would stay as {'it is' if unchanged == 1 else 'they are'}")
    return lines


def _stopped(done: DryRun, show_personal: bool) -> list[str]:
    stop = done.outcome.exception
    if stop is None:
        return []
    where = f" at record {stop.record}" if stop.record is not None else ""
    said = stop.message if show_personal and stop.message else stop.why
    saved = ["  what came before it is saved; nothing after it is read"] if done.saved and done.outcome.complete else []
    return [f"Haplo would stop the import{where}:", f"  {said}", *saved]


def _groups(title: str, groups: list[Group], show_personal: bool) -> list[str]:
    if not groups:
        return []
    lines = [f"{title}:"]
    for group in groups:
        lines.append(f"  {group.times:,} × {group.summary}")
        if group.where:
            lines.append(f"      at {group.where}")
        records = [str(one.record) for one in group.examples if one.record is not None]
        if show_personal:
            lines += [f"      {one.message}" for one in group.examples if one.message != group.summary]
        elif records:
            more = ", …" if group.times > len(records) else ""
            lines.append(f"      record{'s' if group.times > 1 else ''} {', '.join(records)}{more}")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
