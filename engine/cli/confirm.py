"""The questions before what is not taken back. Next: `cli/commands/run`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from engine.run.live import Live
    from engine.run.plan import Plan
    from engine.run.runner import Options


def confirmed(plan: Plan, options: Options, yes: bool) -> Options | None:
    """Return the options of a run, a live one with what was said to it; None when that was no."""
    from engine.run.live import live_delivery

    live = live_delivery(plan.school, plan.entities, options.mode(plan.school.deliver))
    if live is None:
        return options
    said = True if yes else answer(question(live))
    if said is False:
        click.echo("not run: nothing was read, and nothing was sent", err=True)
        return None
    return replace(options, confirmed=bool(said))


def answer(asked: str) -> bool | None:
    """Ask something; None where nobody can be asked.

    What is no plain yes is a no; so is the end of input.
    """
    on_errors = _is_terminal(sys.stderr)  # standard output is for results
    if not _is_terminal(sys.stdin) or not (on_errors or _is_terminal(sys.stdout)):
        return None
    click.echo(asked, err=on_errors, nl=False)
    said = sys.stdin.readline()
    if not said.endswith("\n"):
        click.echo(err=on_errors)
    return said.strip().casefold() in ("y", "yes")


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()  # None: the caller closed it


def question(live: Live) -> str:
    """Return what is asked, on several lines."""
    return (
        f"'{live.school}' is about to be delivered live.\n"
        f"  to        {live.host}, by {live.way}\n"
        f"  entities  {', '.join(live.entities)}\n"
        f"  means     {live.meaning}\n"
        f"  instead   --dry-run sends for a trial, --no-deliver sends nothing\n"
        "Deliver it? [y/N] "
    )
