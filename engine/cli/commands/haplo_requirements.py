"""`haplomap haplo requirements`: what an application needs for our bindings. Next: `haplo/needed`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option


@click.command("requirements")
@click.argument("entities", metavar="[ENTITY]...", nargs=-1)
@click.option("--application", metavar="NAME", help="An application's document to take titles and data types from.")
@project_option
def command(entities: tuple[str, ...], application: str | None, project_folder: Path) -> None:
    """Print the requirements.schema text that a Haplo application needs for our bindings, or for some of them.

    It is for the application's developers: types, attributes with their data types, qualifiers, entries of lists.

    \b
    Example:  haplomap haplo requirements > requirements.schema
    Example:  haplomap haplo requirements student staff --application school
    """
    from engine.run.requirements import requirements_of

    click.echo(requirements_of(project_folder, entities, application), nl=False)
