"""`haplomap review`: what a change of documents means, and what it does to data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import project_option

if TYPE_CHECKING:
    from engine.review.reviewing import Review


_ENDINGS = {".md": "markdown", ".html": "html", ".json": "json"}


def _show_kinds(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from engine.cli.review_text import kinds_text

        click.echo(kinds_text())
        context.exit()


@click.command("review")
@click.argument("base")
@click.argument("head", required=False)
@click.option(
    "--recorded",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A recording that both versions are tried on; may be given several times.",
)
@click.option(
    "--school",
    metavar="SCHOOL",
    help="Try both on what was last read of a school; with --recorded, whose settings count.",
)
@click.option("--show-personal", is_flag=True, help="Show personal fields as they are.")
@click.option("--fail-on", multiple=True, metavar="KINDS", help="Exit code 1 for these kinds only: pii-added,rows-lost")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    help="For a terminal (the default), a pull request, a browser, or for programs.",
)
@click.option(
    "--out",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it into a file, in the form of its ending (.md, .html, .json); may be given several times.",
)
@click.option("--kinds", is_flag=True, is_eager=True, expose_value=False, callback=_show_kinds, help="List the kinds.")
@project_option
def command(
    base: str,
    head: str | None,
    recorded: tuple[Path, ...],
    school: str | None,
    show_personal: bool,
    fail_on: tuple[str, ...],
    form: str | None,
    out: tuple[Path, ...],
    project_folder: Path,
) -> int:
    """Show what changed in meaning from BASE to HEAD: not what text changed, and nothing where only text did.

    BASE and HEAD are git revisions of the repository that holds the project, or folders; without HEAD, what is there
    now. With --recorded or --school both versions are run, and what comes of it is compared: rows, fields, what is held
    back, and the objects in Haplo. Nothing is asked of anyone, and nothing is sent.
    Exit code 0: no change; 1: a change, or with --fail-on one of these kinds; 2: documents are wrong.

    \b
    Example:  haplomap review main
    Example:  haplomap review v1.4 main --out review.md --out review.html
    Example:  haplomap review main --school waters-edge --fail-on pii-added,rows-lost
    """
    from engine.review.kind import failing
    from engine.review.reviewing import Asked, review

    names = [name.strip() for each in fail_on for name in each.split(",") if name.strip()]
    kinds = failing(names) if names else None
    found = review(Asked(project_folder, base, head, recorded, school, show_personal))
    for file in out:
        _write(file, _text(found, form or _ENDINGS.get(file.suffix.lower(), "text")))
    if not out:
        click.echo(_text(found, form or "text"), err=bool(found.wrong) and form is None)
    return 2 if found.wrong else int(found.failed(kinds))


def _write(file: Path, text: str) -> None:
    from engine.journal import cannot_write

    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(file, error) from None


def _text(found: Review, form: str) -> str:
    if form == "json":
        return json.dumps(found.facts(), ensure_ascii=False, indent=2)
    if form == "markdown":
        from engine.review.markdown import review_markdown

        return review_markdown(found)
    if form == "html":
        from engine.review.review_page import review_page

        return review_page(found)
    from engine.cli.review_text import review_text

    return review_text(found)
