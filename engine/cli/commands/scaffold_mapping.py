"""`haplomap scaffold mapping`: a mapping with the field lines that are likely, each with its confidence."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option
from engine.cli.show import program, project_words


@click.command("mapping")
@click.argument("system")
@click.argument("entity")
@click.option("--set", "set_name", metavar="SET", help="The record set; without it the likeliest.")
@click.option("--sample", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="An answer with records.")
@click.option("--force", is_flag=True, help="Write over a mapping that is there.")
@project_option
def command(
    system: str, entity: str, set_name: str | None, sample: Path | None, force: bool, project_folder: Path
) -> None:
    """Write mappings/SYSTEM/ENTITY.yaml: fields by name, type and the values of a sample, to be looked through.

    Nothing is invented: what has no candidate is listed in comments, and each line says how sure it is, and why.

    \b
    Example:  haplomap scaffold mapping SYSTEM student --sample students.json
    """
    from engine.run.scaffold_mapping import begin_mapping

    begun = begin_mapping(project_folder, system, entity, set_name, sample, force=force)
    for file in begun.files:
        click.echo(f"made {file}")
    for line in [*begun.told, *begun.left_out]:
        click.echo(f"  {line}")
    where = project_words(project_folder)
    click.echo(f"\nnext: look through {begun.files[0]}, then\n  {program()} check{where}")
