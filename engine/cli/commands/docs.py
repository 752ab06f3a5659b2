"""`haplomap docs`: a site about a project, to read without a network."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import project_option


@click.command("docs")
@project_option
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder that the site becomes."
)
@click.option("--title", default="haplomap", show_default=True, help="What stands at the top of each page.")
def command(project_folder: Path, out: Path, title: str) -> int:
    """Write pages on what is mapped: where each value comes from, and what it becomes in Haplo.

    Every system, record set, field, mapping, entity, setting, lookup and Haplo attribute, with pictures of lineage, a
    search, and a table of which personal data goes where (personal-data.csv too). Open index.html; no server and no
    network is needed. The same documents give the same bytes, so the folder can be kept in version control. What
    haplomap docs wrote there before is replaced, as a whole; a folder that holds anything else is left alone.

    \b
    Example:  haplomap docs --out site
    """
    from engine.review.site_write import document

    written = document(project_folder, out, title)
    count = f"{written.pages:,} page{'s' if written.pages != 1 else ''} in {out}"
    click.echo(f"{count}: open {out / 'index.html'}" if written.changed else f"{count}: nothing has changed")
    return 0
