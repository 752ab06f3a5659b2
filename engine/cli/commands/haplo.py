"""`haplomap haplo`: what one does about a Haplo application itself; each subcommand is a file `haplo_*.py` beside this.

Next: `cli/commands/haplo_dry_run`.
"""

from __future__ import annotations

import importlib

import click

COMMANDS = ("dry-run", "requirements", "control", "installed")


class Subcommands(click.Group):
    """Subcommands in the order in which one meets them; each is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"engine.cli.commands.haplo_{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from engine.problem_text import did_you_mean

            hint = did_you_mean(args[0], COMMANDS) or "'haplomap haplo --help' lists them"
            raise click.UsageError(f"there is no command 'haplo {args[0]}'; {hint}")
        return super().resolve_command(ctx, args)


@click.group("haplo", cls=Subcommands)
def command() -> None:
    """Try control files here as Haplo would, and tell an application's people what it needs.

    \b
    Example:  haplomap haplo requirements
    Example:  haplomap haplo control student
    """
