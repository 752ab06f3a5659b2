"""`haplomap scaffold source`: a source document out of an OpenAPI document, or out of an answer."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option
from engine.cli.show import program, project_words

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("source")
@click.argument("name")
@click.option("--openapi", type=_FILE, help="The description of the system: OpenAPI 3, in YAML or JSON.")
@click.option("--sample", type=_FILE, help="An answer of the system, in JSON or XML.")
@click.option("--records", metavar="PATH", help="Where in the sample the list of records stands.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@project_option
def command(
    name: str, openapi: Path | None, sample: Path | None, records: str | None, force: bool, project_folder: Path
) -> None:
    """Write mappings/NAME/source.yaml, and mappings/NAME/endpoints/*.yaml, to be looked through and completed.

    What is guessed is marked `assumed`, with the reason; what cannot be taken over is told.

    \b
    Example:  haplomap scaffold source SYSTEM --openapi openapi.yaml
    Example:  haplomap scaffold source SYSTEM --sample answer.xml --records Students/Student
    """
    from engine.run.scaffold import begin_source

    begun = begin_source(project_folder, name, openapi, sample, records, force=force)
    for file in begun.files:
        click.echo(f"made {file}")
    for line in begun.told:
        click.echo(f"  {line}")
    for line in begun.left_out:
        click.echo(f"  left out: {line}")
    where = project_words(project_folder)
    click.echo(f"\nnext: {program()} check {begun.files[0].parent}{where} --assumptions")
    click.echo(f"then: {program()} scaffold mapping {name} ENTITY{where}")
