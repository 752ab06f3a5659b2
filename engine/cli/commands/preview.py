"""`haplomap preview`: rows of one entity, as the documents make them now."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import format_option, listener, project_option, sound_project, verbose_option
from engine.cli.show import Progress, forget_lines, show_problems, source_line
from engine.errors import EngineError, Interrupted

if TYPE_CHECKING:
    from engine.run.beside import Shown
    from engine.spec.project import Project
    from engine.stages.transform import Transformed


@dataclass(frozen=True)
class Asked:
    """What is to be shown, and how."""

    school: str
    entity: str
    limit: int
    personal: bool
    beside: bool
    held: bool
    recorded: Path | None
    form: str
    verbose: bool


@click.command("preview")
@click.argument("school")
@click.argument("entity")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many rows.")
@click.option("--show-personal", is_flag=True, help="Show personal fields as they are.")
@click.option("--side-by-side", is_flag=True, help="Show beside each row the record that it is made of.")
@click.option("--quarantined", is_flag=True, help="Show what is held back, and why, in place of rows.")
@click.option(
    "--recorded",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Of a recording, which `haplomap record` made; the source is not asked.",
)
@click.option("--watch", is_flag=True, help="Show it again on every save of a document, until Ctrl-C.")
@project_option
@format_option
@verbose_option
def command(
    school: str,
    entity: str,
    limit: int,
    show_personal: bool,
    side_by_side: bool,
    quarantined: bool,
    recorded: Path | None,
    watch: bool,
    project_folder: Path,
    form: str,
    verbose: bool,
) -> None:
    """Show rows of ENTITY for SCHOOL; personal fields are masked, in records too. Nothing is sent.

    The answers of the last run serve where they fit; the source is asked for the others.

    \b
    Example:  haplomap preview waters-edge group --limit 5
    Example:  haplomap preview waters-edge student --side-by-side --watch
    Example:  haplomap preview waters-edge student --quarantined
    Example:  haplomap preview waters-edge student --recorded recordings/waters-edge
    """
    if side_by_side and quarantined:
        raise click.UsageError("--side-by-side shows rows, --quarantined what has become none: give one of them")
    asked = Asked(school, entity, limit, show_personal, side_by_side, quarantined, recorded, form, verbose)
    if watch:
        _watch(project_folder, asked)
    else:
        _preview(sound_project(project_folder), asked)


def _watch(project_folder: Path, asked: Asked) -> None:
    """Show a preview, and again after each save; what is wrong then is told, and waited for."""
    from engine.problem_text import render_error
    from engine.run.watching import Watched, looks

    try:
        for look in looks(Watched(project_folder)):
            forget_lines()
            if any(problem.level == "error" for problem in look.problems):
                show_problems(look.problems, "text")
                continue
            try:
                _preview(look.project, asked)
            except Interrupted:
                raise
            except EngineError as error:
                click.echo(render_error(error, source_line), err=True)
            click.echo(err=True)
    except KeyboardInterrupt:
        return  # the one way to end it


def _shown(project: Project, asked: Asked) -> Shown:
    """Return what is made of what the source has, or of a recording."""
    from engine.run.beside import Shown
    from engine.run.plan import make_plan, require_entity
    from engine.run.preview import preview_recorded, preview_rows
    from engine.run.recording import read_recording

    if asked.recorded is not None:
        school = project.school(asked.school)
        require_entity(school, asked.entity)
        preview, landed = preview_recorded(project, school, asked.entity, read_recording(asked.recorded))
        for note in landed.notes:
            click.echo(f"note: {note}", err=True)
        return Shown(project, landed.plan, preview, asked.personal)
    plan = make_plan(project, asked.school, [asked.entity])
    progress = Progress(asked.verbose)
    try:
        preview = preview_rows(project, plan, os.environ, listener(progress))
    finally:
        progress.close()
    return Shown(project, plan, preview, asked.personal)


def _preview(project: Project, asked: Asked) -> None:
    shown = _shown(project, asked)
    preview = shown.preview
    if asked.form == "json":
        click.echo(json.dumps(_facts(shown, asked), ensure_ascii=False, indent=2, default=str))
        return
    click.echo(_text(shown, asked, preview.books))
    if not asked.personal and (shown.hidden or asked.beside or asked.held):
        click.echo("personal fields are masked; --show-personal shows them")


def _facts(shown: Shown, asked: Asked) -> list[dict[str, object]]:
    if asked.held:
        return [asdict(each) for each in shown.held(asked.limit)]
    return [asdict(each) for each in shown.beside(asked.limit)] if asked.beside else shown.rows(asked.limit)


def _text(shown: Shown, asked: Asked, books: Transformed) -> str:
    from engine.cli.preview_text import beside_text, held_text, rows_text

    held = sum(books.quarantined.values())
    counts = f"{min(asked.limit, books.emitted):,} of {books.emitted:,} rows; {held:,} quarantined"
    if asked.held:
        found = shown.held(asked.limit)
        return "\n".join([*([held_text(shown, found)] if found else []), f"{held:,} records quarantined"])
    if asked.beside:
        return f"{beside_text(shown, shown.beside(asked.limit))}\n{counts}"
    return f"{rows_text(list(shown.fields), shown.rows(asked.limit))}\n{counts}"
