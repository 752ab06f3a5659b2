"""`haplomap diff`: what a run would send, before anything is sent."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, table

if TYPE_CHECKING:
    from engine.run.difference import RowChange
    from engine.stages.compare import Compared

COLUMNS = ("new", "changed", "returned", "unchanged", "again", "held", "gone", "rescoped", "merged", "kept", "send")


@click.command("diff")
@click.argument("school")
@click.argument("entity", required=False)
@click.option("--limit", type=click.IntRange(0), default=3, show_default=True, help="How many rows of each change.")
@click.option("--show-personal", is_flag=True, help="Show personal fields as they are.")
@click.option("--full", is_flag=True, help="As a run with --full would have it.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day of the run.  [default: the school's today]")
@project_option
@format_option
@verbose_option
def command(
    school: str,
    entity: str | None,
    limit: int,
    show_personal: bool,
    full: bool,
    today: datetime | None,
    project_folder: Path,
    form: str,
    verbose: bool,
) -> None:
    """Show what a run of SCHOOL would send, against what was last sent live. Nothing is sent.

    The source is read. A run within the hour goes on with what was read here, so that it sends what was seen.

    \b
    Example:  haplomap diff waters-edge
    Example:  haplomap diff waters-edge student --limit 10
    """
    from engine.run.difference import row_changes
    from engine.run.plan import make_plan, require_entity
    from engine.run.runner import Options, Runner

    project = sound_project(project_folder)
    plan = make_plan(project, school)
    if entity is not None:
        require_entity(plan.school, entity)
    progress = Progress(verbose)
    options = Options(today=today.date() if today else None, full=full)
    try:
        looked = Runner(project, plan, options, os.environ, listener(progress)).look()
    finally:
        progress.close()
    compared = [each for each in looked.compared if entity in (None, each.entity)]
    schemas = [project.schema(each.entity) for each in compared]
    rows = [row for schema in schemas for row in row_changes(schema, looked, limit, personal=show_personal)]
    if form == "json":
        facts = _facts(compared, rows) | {"guards": [str(trip) for trip in looked.tripped]}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
        return
    click.echo(_text(compared, rows))
    for trip in looked.tripped:
        click.echo(f"would stop a run: {trip}   (--accept {trip.accept})")
    if not show_personal and any(row.fields for row in rows):
        click.echo("personal fields are masked; --show-personal shows them")


def _facts(compared: list[Compared], rows: list[RowChange]) -> dict[str, Any]:
    return {"entities": [asdict(each) for each in compared], "rows": [asdict(row) for row in rows]}


def _text(compared: list[Compared], rows: list[RowChange]) -> str:
    columns = [name for name in COLUMNS if name != "merged" or any(each.merged for each in compared)]
    counts = [[each.entity, *(getattr(each, name) for name in columns)] for each in compared]
    lines = [table(("entity", *columns), counts, range(1, len(columns) + 1))]
    for each in compared:
        fields = [[name, count] for name, count in sorted(each.fields.items(), key=lambda item: -item[1])]
        if fields:
            lines += ["", table((f"changed in {each.entity}", "rows"), fields, [1])]
        lines += ["", *(_line(row) for row in rows if row.entity == each.entity)]
    return "\n".join(lines).rstrip()


def _line(row: RowChange) -> str:
    fields = ", ".join(f"{name}: {_said(before)} → {_said(after)}" for name, (before, after) in row.fields.items())
    return f"  {row.change:<9} {row.entity} {row.key}{'  ' + fields if fields else ''}"


def _said(value: object) -> str:
    return "–" if value is None else str(value)
