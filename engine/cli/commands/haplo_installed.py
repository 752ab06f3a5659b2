"""`haplomap haplo installed`: which control files are in the application now. Next: `run/installed`."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option, sound_project


@click.command("installed")
@click.argument("entities", metavar="ENTITY...", nargs=-1, required=True)
@click.option("--school", required=True, metavar="SCHOOL", help="Whose application has them.")
@project_option
def command(entities: tuple[str, ...], school: str, project_folder: Path) -> None:
    """Record that the control files of these entities, as they are made now, are in SCHOOL's application.

    A live run by the standard batch API sends data only for the control file that was recorded.

    \b
    Example:  haplomap haplo installed student staff --school waters-edge
    """
    from engine.clock import Clock
    from engine.run.control import chosen, control_file
    from engine.run.installed import record_installed

    project = sound_project(project_folder)
    of_school = project.school(school)
    controls = {name: control_file(project, of_school, name) for name in chosen(project, of_school, entities)}
    for entity, one in record_installed(project.root, school, controls, Clock().now()).items():
        click.echo(f"{entity}: recorded at {one.recorded}  sha256 {one.sha256}")
    if of_school.deliver is None or of_school.deliver.kind != "standard":
        click.echo(f"note: '{school}' does not deliver by the standard batch API, so nothing asks for this", err=True)
