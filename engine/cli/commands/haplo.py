"""`haplomap haplo`: what one does about a Haplo application itself; each subcommand is a file `haplo_*.py` beside this.

Next: `cli/commands/haplo_dry_run`.
"""

from __future__ import annotations

import click

from engine.cli.lazy import Commands

COMMANDS = ("dry-run", "requirements", "control", "installed", "log")


@click.group("haplo", cls=Commands, known=COMMANDS, within="haplo")
def command() -> None:
    """Try control files here as Haplo would, tell an application's people what it needs, read what it logged.

    \b
    Example:  haplomap haplo requirements
    Example:  haplomap haplo control student
    """
