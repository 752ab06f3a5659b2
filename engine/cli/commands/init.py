"""`haplomap init`: a project folder of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.show import program


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--school", default="my-school", show_default=True, help="The school's name, in lower case.")
@click.option("--source", default=None, help="The source system, by its name.")
def command(folder: Path, school: str, source: str | None) -> None:
    """Make a project in FOLDER: a school file, an application, and a note on overriding what is shipped.

    \b
    Example:  haplomap init my-project --school waters-edge --source NAME
    """
    from engine.run.new_project import make_project

    files = make_project(folder, school, source)
    for file in files:
        click.echo(f"made {file}")
    click.echo(f"\nnext: fill in {files[0]}, then\n  {program()} check --project {folder}")
