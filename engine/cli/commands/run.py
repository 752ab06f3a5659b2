"""`haplomap run`: one school's run, from its source to Haplo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.confirm import confirmed
from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress
from engine.cli.summary import summary

if TYPE_CHECKING:
    from engine.run.runner import Options


@click.command("run")
@click.argument("school")
@click.option("--only", multiple=True, metavar="ENTITY", help="Only this entity; may be given several times.")
@click.option("--no-deliver", is_flag=True, help="Make and check the files, send nothing.")
@click.option("--dry-run", is_flag=True, help="Send, in Haplo's own dry-run mode.")
@click.option("--fresh", is_flag=True, help="Begin anew, even if the last run did not end.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day of the run.  [default: the school's today]")
@click.option("--full", is_flag=True, help="Read and send everything, not only what has changed.")
@click.option(
    "--accept", multiple=True, metavar="GUARD:ENTITY", help="Go on though this guard trips, or scopes:ENTITY were lost."
)
@click.option("--yes", is_flag=True, help="Deliver live without being asked; needed where there is no terminal.")
@click.option("--run", "named", metavar="NAME", help="The run of this name in the school file.")
@click.option("--reuse", metavar="AGE", help="Do not ask for what was read so short a time ago, such as 20h.")
@project_option
@format_option
@verbose_option
def command(
    school: str,
    only: tuple[str, ...],
    named: str | None,
    reuse: str | None,
    project_folder: Path,
    form: str,
    verbose: bool,
    **how: Any,
) -> int:
    """Run SCHOOL: extract, transform, emit, check, deliver. A run that was killed goes on where it stopped.

    A live delivery (mode: live in the school file) is confirmed first: one is asked on a terminal; elsewhere
    --yes is needed. What is sent is what has changed since it was last sent live. A guard that trips (too much is
    gone, or changes) stops the run before anything is sent; --accept removed:student lets it go on. Where the school
    has taken a scope back, Haplo keeps what may be made of it; --accept scopes:student makes it of what still comes.

    \b
    Example:  haplomap run waters-edge --no-deliver
    Example:  haplomap run waters-edge --only group --dry-run
    Example:  haplomap run waters-edge --yes
    Example:  haplomap run waters-edge --only group --reuse 20h --no-deliver
    """
    from engine.run.named import select
    from engine.run.plan import make_plan
    from engine.run.runner import Runner

    if how["no_deliver"] and how["dry_run"]:
        raise click.UsageError(
            "--no-deliver and --dry-run exclude each other: one sends nothing, one sends for a trial"
        )
    project = sound_project(project_folder)
    chosen = select(project.school(school), named, only, reuse)
    plan = make_plan(project, school, chosen.entities)
    given = confirmed(plan, _options(how, chosen.reuse), how["yes"])
    if given is None:
        return 1
    progress = Progress(verbose)
    try:
        report = Runner(project, plan, given, os.environ, listener(progress)).run()
    finally:
        progress.close()
    click.echo(report.to_json() if form == "json" else summary(report), nl=form != "json")
    return 0


def _options(how: Mapping[str, Any], reuse: timedelta | None) -> Options:
    from engine.run.runner import Options

    return Options(
        send=not how["no_deliver"],
        dry_run=how["dry_run"],
        fresh=how["fresh"],
        today=how["today"].date() if how["today"] else None,
        full=how["full"],
        accept=how["accept"],
        reuse=reuse,
    )
