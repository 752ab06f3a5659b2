"""`haplomap schema`: JSON Schemas of single documents, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option


@click.command("schema")
@click.argument("names", nargs=-1, metavar="[MAPPING]...")
@project_option
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where they are written.")
@click.option("--lines", is_flag=True, help="Write into each document of the project the line that names its schema.")
def command(names: tuple[str, ...], project_folder: Path, out: Path | None, lines: bool) -> int:
    """Write JSON Schemas by which editors complete, explain and check what is typed.

    A mapping's knows the fields in view at each place, record sets, tables, target fields, lookups and settings; a
    school's what its source asks for; a binding's the fields of its entity. They are made of the documents as they are
    now: `haplomap check --watch` keeps them fresh. MAPPING, such as student, limits them to some; also schools and
    bindings can be named. They lie in .haplomap/editor_schemas/ of the project, unless --out says otherwise.

    \b
    Example:  haplomap schema --lines
    Example:  haplomap schema student --out schemas/editor
    """
    from engine.spec.editor_files import default_folder, named_documents, own_documents, write_lines, write_schemas
    from engine.spec.project import open_project

    project = open_project(project_folder)
    folder = out or default_folder(project_folder)
    own = own_documents(project)
    documents = named_documents(project, names) if names else own
    written = write_schemas(project, documents, folder)
    click.echo(f"{len(written)} schema{'s' if len(written) != 1 else ''} in {folder}")
    if lines:
        changed = write_lines([each for each in documents if each in own], folder)
        click.echo(f"{len(changed)} document{'s' if len(changed) != 1 else ''} now name theirs")
        for file in changed:
            click.echo(f"  {file}")
    elif written:
        click.echo("--lines lets the documents name them")
    if project.problems:
        click.echo("some documents cannot be read; 'haplomap check' says why", err=True)
    return 0
