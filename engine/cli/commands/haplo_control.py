"""`haplomap haplo control`: the control files that an administrator installs. Next: `run/control`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option, sound_project
from engine.cli.show import program


@click.command("control")
@click.argument("entities", metavar="[ENTITY]...", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write ENTITY.control.json here.")
@click.option("--school", metavar="SCHOOL", help="Whose application it is for.  [default: the only school there is]")
@project_option
def command(entities: tuple[str, ...], out: Path | None, school: str | None, project_folder: Path) -> None:
    """Print the control file of ENTITY, or write those of several; an administrator installs them in Haplo.

    The standard batch API keeps control files in the application; data is sent for the one that is there.
    'haplomap haplo installed' records which one that is.

    \b
    Example:  haplomap haplo control student
    Example:  haplomap haplo control --school waters-edge --out control-files
    """
    from engine.run.control import chosen, control_file, only_school, write_controls

    project = sound_project(project_folder)
    of_school = only_school(project, school)
    controls = {name: control_file(project, of_school, name) for name in chosen(project, of_school, entities)}
    if out is not None:
        for file, sha256 in write_controls(out, controls):
            click.echo(f"wrote {file}  sha256 {sha256}")
        whose = of_school.school if of_school is not None else "SCHOOL"
        click.echo("\nnext: have them installed in Haplo, then")
        click.echo(f"  {program()} haplo installed {' '.join(controls)} --school {whose} --project {project_folder}")
        return
    if len(controls) != 1:
        raise click.UsageError(f"there are {len(controls)} control files; name one entity, or say where with --out DIR")
    click.echo(next(iter(controls.values())).decode(), nl=False)
