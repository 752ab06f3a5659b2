"""`haplomap preview`: rows of one entity, as the documents make them now. A home of Polars."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import click

from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, table, width

MASK = "•••"
ROWS_ABREAST = 3


@click.command("preview")
@click.argument("school")
@click.argument("entity")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many rows.")
@click.option("--show-personal", is_flag=True, help="Show personal fields as they are.")
@project_option
@format_option
@verbose_option
def command(
    school: str, entity: str, limit: int, show_personal: bool, project_folder: Path, form: str, verbose: bool
) -> None:
    """Show rows of ENTITY for SCHOOL; personal fields are masked. Nothing is sent.

    The answers of the last run serve where they fit; the source is asked for the others.

    \b
    Example:  haplomap preview waters-edge group --limit 5
    """
    from engine.run.plan import make_plan
    from engine.run.preview import preview_rows

    project = sound_project(project_folder)
    plan = make_plan(project, school, [entity])
    progress = Progress(verbose)
    try:
        file, books = preview_rows(project, plan, os.environ, listener(progress))
    finally:
        progress.close()
    schema = project.schema(entity)
    fields = schema.fields
    hidden = set() if show_personal else {name for name, field in fields.items() if field.personal()}
    rows = _rows(file, schema.order(), limit, hidden)
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
        return
    used = [name for name in fields if any(row[name] is not None for row in rows)]
    click.echo(_fitting(used, [[_shown(row[name]) for name in used] for row in rows]))
    click.echo(
        f"{min(limit, books.emitted):,} of {books.emitted:,} rows; {sum(books.quarantined.values()):,} quarantined"
    )
    if hidden:
        click.echo("personal fields are masked; --show-personal shows them")


def _fitting(names: list[str], rows: list[list[Any]]) -> str:
    """Return a table of rows; one with too many columns is turned, a few rows side by side."""
    whole = table(names, rows)
    columns = shutil.get_terminal_size((120, 24)).columns
    if width(whole.split("\n")[0]) <= columns and width(whole.split("\n")[1]) <= columns:
        return whole
    blocks = []
    for first in range(0, len(rows), ROWS_ABREAST):
        some = rows[first : first + ROWS_ABREAST]
        head = ["field", *(f"row {first + number}" for number in range(1, len(some) + 1))]
        blocks.append(table(head, [[name, *(row[i] for row in some)] for i, name in enumerate(names)]))
    return "\n\n".join(blocks)


def _rows(file: Path, order: list[str], limit: int, hidden: set[str]) -> list[dict[str, Any]]:
    """Read the first rows; what is personal becomes a mask, but stays empty where it is."""
    import polars as pl

    frame = pl.scan_parquet(file).drop("_withheld").sort(order).head(limit).collect()
    masked = [
        pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).otherwise(None).alias(name)
        for name in frame.columns
        if name in hidden
    ]
    return frame.with_columns(masked).to_dicts()


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return f"{len(value)} items" if any(isinstance(item, dict) for item in value) else ", ".join(map(str, value))
    return value
