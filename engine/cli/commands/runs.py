"""`haplomap runs`: the runs there were, and what one of them came to. Next: `run/history`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.cli.options import format_option, project_option


@click.command("runs")
@click.argument("words", metavar="[SCHOOL] | show RUN", nargs=-1)
@click.option("--school", metavar="SCHOOL", help="Whose run is shown, where several schools have one of its name.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many runs are listed.")
@project_option
@format_option
def command(words: tuple[str, ...], school: str | None, limit: int, project_folder: Path, form: str) -> None:
    """List the latest runs, of SCHOOL or of all schools; or show what RUN came to.

    An outcome is: complete; failed; refused (haplomap let it deliver nothing); interrupted; running; died (its
    process is gone, and the same command goes on).

    \b
    Example:  haplomap runs
    Example:  haplomap runs waters-edge --limit 5
    Example:  haplomap runs show 20260901-020000 --school waters-edge
    """
    from engine.clock import Clock
    from engine.run.history import facts_of, past_run, past_runs

    now = Clock().now()
    if len(words) == 2 and words[0] == "show":
        run = past_run(project_folder, words[1], school, now)
        from engine.cli.run_text import run_text

        click.echo(json.dumps(facts_of(run), indent=2) if form == "json" else run_text(run, project_folder))
        return
    if len(words) > 1:
        raise click.UsageError("give one SCHOOL, or 'show' and a RUN")
    if words and school:
        raise click.UsageError("SCHOOL and --school exclude each other")
    runs = past_runs(project_folder, words[0] if words else school, limit, now)
    if form == "json":
        click.echo(json.dumps([facts_of(run) for run in runs], indent=2))
        return
    from engine.cli.run_text import runs_text

    click.echo(runs_text(runs))
