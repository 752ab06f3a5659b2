"""A group of commands, each in a file of its own that is imported when the command is given.

Next: `cli/main`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import click


class Commands(click.Group):
    """Commands in the order in which one meets them; those `within` a group stand in files that begin with its name."""

    def __init__(self, *args: Any, known: Sequence[str] = (), within: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._known, self._within = known, within

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._known:
            return None
        name = "_".join(filter(None, (self._within, cmd_name.replace("-", "_"))))
        command = importlib.import_module(f"engine.cli.commands.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self._known and not args[0].startswith("-"):
            from engine.problem_text import did_you_mean

            group = f"{self._within} " if self._within else ""
            hint = did_you_mean(args[0], self._known) or f"'haplomap {group}--help' lists them"
            raise click.UsageError(f"there is no command '{group}{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)
