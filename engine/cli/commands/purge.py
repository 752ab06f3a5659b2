"""`haplomap purge`: everything that is stored of a school goes. Next: `run/expiry`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import project_option

if TYPE_CHECKING:
    from engine.run.expiry import Amount, Removed

_NAMES = {"runs": "run folders", "mirrors": "mirrors", "sent": "what was sent", "other": "other files"}


@click.command("purge")
@click.argument("school")
@click.option("--yes", is_flag=True, help="Remove it without asking; needed where there is no terminal.")
@project_option
def command(school: str, yes: bool, project_folder: Path) -> int:
    """Remove everything that is stored here of SCHOOL: run folders, mirrors, what was sent, what the state knows.

    Refused while a run is under way. Nothing is removed in Haplo, nor of the documents, nor of a folder that files
    were delivered to. The next run begins as the first one did: everything is read and sent.

    \b
    Example:  haplomap purge waters-edge
    Example:  haplomap purge waters-edge --yes
    """
    from engine.cli.confirm import answer
    from engine.clock import Clock
    from engine.run.expiry import purge, require_stored
    from engine.run.live import UnconfirmedError

    home = require_stored(project_folder, school)
    said = True if yes else answer(f"Everything in {home}, and what the state knows of it, is removed. Do it? [y/N] ")
    if said is None:
        raise UnconfirmedError(
            f"everything that is stored of '{school}' would be removed, and nobody has confirmed it",
            why="without a terminal nobody can be asked",
            fix="add --yes to remove it",
            code="purge-unconfirmed",
        )
    if not said:
        click.echo("nothing was removed", err=True)
        return 1
    click.echo(_text(purge(project_folder, school, Clock())))
    return 0


def _text(removed: Removed) -> str:
    """Return what was removed, with counts and bytes."""
    lines = [f"removed of '{removed.school}':"]
    lines += [f"  {_NAMES[kind]}: {_amount(amount)}" for kind, amount in sorted(removed.files.items())]
    rows = ", ".join(f"{count:,} of {name}" for name, count in removed.rows.items())
    return "\n".join([*lines, f"  rows of the state: {rows}"])


def _amount(amount: Amount) -> str:
    folders = f"{amount.folders:,} folder{'s' if amount.folders != 1 else ''}, " if amount.folders else ""
    return f"{folders}{amount.files:,} file{'s' if amount.files != 1 else ''}, {amount.bytes:,} bytes"
