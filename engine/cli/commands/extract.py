"""`haplomap extract`: just the records, as Parquet."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, table


@click.command("extract")
@click.argument("school")
@click.option("--only", multiple=True, metavar="SET", help="This record set, used or not; may be given several times.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where the files go.")
@project_option
@format_option
@verbose_option
def command(school: str, only: tuple[str, ...], out: Path, project_folder: Path, form: str, verbose: bool) -> None:
    """Read the record sets that SCHOOL uses into one Parquet file each, every declared field as it was on the wire.

    \b
    Example:  haplomap extract waters-edge --out records
    """
    from engine.run.records import extract_sets

    progress = Progress(verbose)
    try:
        facts = extract_sets(sound_project(project_folder), school, only, out, os.environ, listener(progress))
    finally:
        progress.close()
    if form == "json":
        names = ("set", "rows", "file", "undeclared")
        told = [(each.set_name, each.rows, str(each.file), list(each.drift)) for each in facts]
        click.echo(json.dumps([dict(zip(names, values, strict=True)) for values in told], indent=2))
        return
    rows = [(each.set_name, each.rows, each.file.name, ", ".join(each.drift) or "–") for each in facts]
    click.echo(table(("record set", "records", "file", "sent but not declared"), rows, (1,)))
    click.echo(f"\nfiles: {out}")
