"""`haplomap explain`: where one row, or one value of it, came from."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.cli.options import format_option, project_option, sound_project


@click.command("explain")
@click.argument("school")
@click.argument("entity")
@click.argument("key")
@click.argument("field", required=False)
@click.option("--run", metavar="RUN", help="A run by its name.  [default: the latest that made rows of ENTITY]")
@click.option("--show-personal", is_flag=True, help="Show personal values as they are.")
@project_option
@format_option
def command(
    school: str,
    entity: str,
    key: str,
    field: str | None,
    run: str | None,
    show_personal: bool,
    project_folder: Path,
    form: str,
) -> None:
    """Show where the row of ENTITY with this KEY came from, or one FIELD of it step by step.

    Of a row that is not there: which rule, join or guard took it out. A run of SCHOOL that is over is looked into;
    nothing is asked of anyone. KEY is that of the row, or of the record as the source calls it.

    \b
    Example:  haplomap explain waters-edge group 10
    Example:  haplomap explain waters-edge student 10234 family_name
    """
    from engine.cli.explain_text import explain_text
    from engine.run.explained import facts_of
    from engine.run.explaining import explain

    project = sound_project(project_folder)
    found = explain(project, school, entity, key, field, run, datetime.now(UTC), personal=show_personal)
    if form == "json":
        facts = facts_of(found, personal=show_personal)
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
        return
    click.echo(explain_text(found, field, personal=show_personal))
