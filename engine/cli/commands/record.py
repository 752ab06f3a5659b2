"""`haplomap record`: a small, anonymised set of a school's real answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, table


def _records(_: click.Context, __: click.Parameter, value: str) -> int | None:
    if value == "all":
        return None
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter("a number from 1, or all")
    return int(value)


@click.command("record")
@click.argument("school")
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder that is made.")
@click.option(
    "--records", default="20", show_default=True, metavar="N", callback=_records, help="How many records; or all."
)
@click.option("--of", "root", default="", metavar="SET", help="Of which set; else that of the people.")
@click.option(
    "--set", "sets", multiple=True, metavar="SET", help="A set that no entity uses; may be given several times."
)
@click.option("--seed", type=int, help="Replace in the same way again: for tests, since whoever knows it can guess.")
@project_option
@format_option
@verbose_option
def command(
    school: str,
    to: Path,
    records: int | None,
    root: str,
    sets: tuple[str, ...],
    seed: int | None,
    project_folder: Path,
    form: str,
    verbose: bool,
) -> None:
    """Record answers of the source of SCHOOL, anonymised, into a folder that can be kept in version control.

    Whole records of a few people are kept, with all that belongs to them and all that they refer to. Names, addresses,
    numbers, dates of birth and texts are replaced; REPORT.md in the folder says of each field what was done, and why.
    Look through it before the folder leaves this machine.

    \b
    Example:  haplomap record waters-edge --to recordings/waters-edge
    Example:  haplomap record waters-edge --to recordings/whole --records all
    """
    from engine.run.recorder import record
    from engine.run.recording_folder import Wish

    progress = Progress(verbose)
    wish = Wish(school, to, records, sets, root, seed)
    try:
        made = record(sound_project(project_folder), wish, os.environ, listener(progress))
    finally:
        progress.close()
    kept = made.recording.sets
    if form == "json":
        told = [{"set": name, "records": each.records, "of": each.of} for name, each in kept.items()]
        click.echo(json.dumps({"folder": str(to), "of": made.root, "sets": told, "done": made.done}, indent=2))
        return
    rows = [(name, f"{each.records:,}", f"{each.of:,}") for name, each in kept.items()]
    click.echo(table(("record set", "kept", "of"), rows, (1, 2)))
    click.echo(f"\nchosen: {made.chosen}{' (--of says of which set)' if root == '' and made.root else ''}")
    click.echo(f"values: {', '.join(f'{count:,} {action}' for action, count in made.done.items())}")
    click.echo(f"files: {to}; {to / 'REPORT.md'} says of each field what was done to it: read it before you share them")
