"""`haplomap haplo dry-run`: a control file tried on this machine. Next: `run/dry_run`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.options import format_option


def _named(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, Path]:
    """Return the files by their names, in the order in which they were given."""
    files: dict[str, Path] = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not name or not equals or not path:
            raise click.BadParameter(f"'{one}' is not NAME=PATH, such as people-001=people.json")
        if name in files:
            raise click.BadParameter(f"two files have the name '{name}'; Haplo knows a file by its name")
        files[name] = Path(path)
    return files


@click.command("dry-run")
@click.argument("control", type=click.Path(path_type=Path))
@click.option(
    "--file",
    "files",
    multiple=True,
    required=True,
    metavar="NAME=PATH",
    callback=_named,
    help="A data file under its name in Haplo; several in the order in which Haplo reads them.",
)
@click.option(
    "--schema",
    "schemas",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="The receiving application: JSON, a YAML document, or requirements.schema texts, which add up.",
)
@click.option("--no-save", is_flag=True, help="Interpret only, as Haplo's own dry run: faults of saving stay hidden.")
@click.option("--show-personal", is_flag=True, help="Show the messages whole, with the values that they are about.")
@format_option
def command(
    control: Path, files: dict[str, Path], schemas: tuple[Path, ...], no_save: bool, show_personal: bool, form: str
) -> int:
    """Interpret the control file CONTROL over data files, as Haplo would. Asks nothing of anyone.

    With requirements.schema texts every root type counts as selected for a model of its own (TYPE:…).
    Ends with 0 when every record is complete and there is nothing to tell, with 1 otherwise, with 2 when the
    files themselves are wrong.

    \b
    Example:  haplomap haplo dry-run student.control.json --file student-001=student-001.json --schema school.yaml
    """
    from engine.cli.dry_run_text import dry_run_text
    from engine.run.dry_run import dry_run

    done = dry_run(control, files, schemas, save=not no_save, keep_committed=form == "json")
    if form == "json":
        click.echo(json.dumps(done.outcome.to_case(), indent=2))
    else:
        click.echo(dry_run_text(done, show_personal))
    return 0 if done.flawless else 1
