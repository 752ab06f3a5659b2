"""`haplomap check`: all problems of all documents, in one pass."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from engine.cli.options import project_option, verbose_option
from engine.cli.show import forget_lines, show_notes, show_problems
from engine.errors import Problem


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@project_option
@click.option("--assumptions", is_flag=True, help="List what the source documents assume, with the reasons.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="For people, or for programs: JSON, SARIF 2.1.0 (editors, code scanning), annotations of a GitHub workflow.",
)
@click.option("--watch", is_flag=True, help="Check again on every save, until Ctrl-C; keep JSON Schemas fresh.")
@verbose_option
def command(
    paths: tuple[Path, ...], project_folder: Path, assumptions: bool, form: str, watch: bool, verbose: bool
) -> int:
    """Check documents: form, names, types, SQL. Needs no network and no secrets.

    PATHS limit what is shown to some files or folders; a folder that is itself a project is checked as one.
    What is assumed of a source, since nothing certain is known of it, is no problem: it is counted, or listed.

    \b
    Example:  haplomap check --project examples/demo
    Example:  haplomap check mappings schemas
    """
    from engine.run.soundness import all_problems
    from engine.spec.assumed import assumptions as assumptions_of
    from engine.spec.project import FOLDERS, open_project

    if watch and (form != "text" or assumptions):
        raise click.UsageError("--watch shows problems as text, and goes with neither --format nor --assumptions")
    if len(paths) == 1 and project_folder == Path() and any((paths[0] / name).is_dir() for name in FOLDERS):
        project_folder, paths = paths[0], ()
    if watch:
        return _watch(project_folder, paths)
    project = open_project(project_folder, tests=True)
    problems = [problem for problem in all_problems(project) if _within(problem, paths)]
    notes = [note for note in assumptions_of(project) if (assumptions or not problems) and _within(note, paths)]
    show_problems([*problems, *notes] if assumptions and form != "text" else problems, form)
    if form == "text" and not problems:
        click.echo(f"{len(project.documents)} documents, no problems")
    if form == "text" and (assumptions or not problems):
        show_notes(notes, "assumption", "" if assumptions else "--assumptions")
    if verbose and form == "text":
        for loaded in project.documents.values():
            click.echo(f"  {loaded.kind} {loaded.name}: {loaded.document.file}")
    return 2 if any(problem.level == "error" for problem in problems) else 0


def _watch(project_folder: Path, paths: tuple[Path, ...]) -> int:
    """Show the problems that there are, and again after each save, until somebody interrupts."""
    from engine.run.watching import Watched, looks

    watched = Watched(project_folder)
    try:
        for look in looks(watched):
            forget_lines()
            problems = [problem for problem in look.problems if _within(problem, paths)]
            show_problems(problems, "text")
            said = f"{len(look.project.documents)} documents, no problems" if not problems else "looked"
            click.echo(f"{datetime.now():%H:%M:%S}  {said}, in {look.seconds * 1000:,.0f} ms")
            watched.refresh_schemas(look.project)
    except KeyboardInterrupt:
        return 0  # the one way to end it
    return 0


def _within(problem: Problem, paths: tuple[Path, ...]) -> bool:
    if not paths or problem.place is None:
        return True
    file = problem.place.file.resolve()
    return any(file == path.resolve() or path.resolve() in file.parents for path in paths)
