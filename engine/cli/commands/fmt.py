"""`haplomap fmt`: documents in the one form that all have."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import project_option
from engine.cli.show import show_problems

if TYPE_CHECKING:
    from engine.spec.form import Form


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True, exists=True))
@project_option
@click.option("--check", "check_only", is_flag=True, help="Write nothing; exit with 1 and name the files that differ.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[Path, ...], project_folder: Path, check_only: bool, show_diff: bool) -> int:
    """Format documents: two spaces, what is in brackets on one line of at most 120 columns, else as a block.

    PATHS are files or folders; without any, all documents of the project. `-` reads a document from standard input
    and writes it to standard output. Comments, single blank lines, the order of keys and the writing of every text
    stay as they are, and so does what the document means.

    \b
    Example:  haplomap fmt
    Example:  haplomap fmt --check mappings schemas
    """
    from engine.spec.form import files_of, form_of_bytes, form_of_file
    from engine.writing import write_whole

    piped = Path("-") in paths
    if piped and len(paths) > 1:
        raise click.UsageError("'-' is standard input, and goes with no other path")
    if piped:
        forms = [form_of_bytes(sys.stdin.buffer.read(), "standard input")]
    else:
        forms = [form_of_file(file) for file in files_of(paths, project_folder)]
    writes = not check_only and not show_diff
    changed = [form for form in forms if form.changes]
    if show_diff:
        for form in changed:
            click.echo(_difference(form), nl=False)
    if piped and writes:
        click.echo(forms[0].wanted, nl=False)
    elif writes:
        for form in changed:
            write_whole(form.file.resolve(), form.wanted)
    problems = [problem for form in forms for problem in form.problems]
    show_problems(problems, "text")
    if not piped or check_only:
        _tell(forms, changed, writes)
    return 2 if problems else 1 if changed and check_only else 0


def _tell(forms: list[Form], changed: list[Form], written: bool) -> None:
    """Name the files that changed, or would change."""
    for form in changed:
        click.echo(f"{'formatted' if written else 'would change'}  {form.name}", err=True)
    alike = sum(not form.changes and not form.problems for form in forms)
    click.echo(f"{alike} document{'s' if alike != 1 else ''} as {'they' if alike != 1 else 'it'} should be", err=True)


def _difference(form: Form) -> str:
    before, after = form.text.splitlines(keepends=True), form.wanted.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, form.name, form.name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
