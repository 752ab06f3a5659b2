"""`haplomap haplo log`: what Haplo logged about batches that were sent. Next: `run/logs`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from engine.cli.options import format_option, project_option, sound_project


@click.command("log")
@click.argument("school")
@click.argument("entity", required=False)
@click.option("--run", metavar="RUN", help="A run, by the name of its folder.  [default: the latest that sent a batch]")
@click.option("--batch", metavar="ID", help="A batch by its identifier, whoever sent it.")
@click.option("--show-personal", is_flag=True, help="Show the log whole, with the values that it is about.")
@project_option
@format_option
def command(
    school: str,
    entity: str | None,
    run: str | None,
    batch: str | None,
    show_personal: bool,
    project_folder: Path,
    form: str,
) -> None:
    """Show what Haplo logged about the batches of SCHOOL, or about that of ENTITY only.

    Haplo's batch APIs offer no log. Where an application offers it at a path of its own, the school file says
    so: 'log: /path/{{ batch }}/log' under deliver:. It is read with the same key.

    \b
    Example:  haplomap haplo log waters-edge
    Example:  haplomap haplo log waters-edge student --run 20260302-020000
    Example:  haplomap haplo log waters-edge --batch KHDtBCjzrUSUpFXr6CEqHHaUt1OHmDqEMFzDTlw9yJFi
    """
    from engine.cli.log_text import log_facts, log_text
    from engine.run.logs import by_hand, read_logs, sent_batches

    if batch is not None and (entity is not None or run is not None):
        raise click.UsageError("--batch names a batch by itself: leave ENTITY and --run out")
    project = sound_project(project_folder)
    found = project.school(school)
    batches = by_hand(batch) if batch is not None else sent_batches(project.root, school, entity, run)
    logs = read_logs(found, batches, os.environ)
    if form == "json":
        facts = [log_facts(sent, log, show_personal) for sent, log in logs]
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for sent, log in logs:
        click.echo(log_text(sent, log, show_personal))
    if not show_personal:
        click.echo("values are not shown; --show-personal shows the logs whole")
