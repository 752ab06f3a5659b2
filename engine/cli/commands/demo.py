"""`haplomap demo`: the whole way on embedded defaults, against simulators on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.options import listener, sound_project, verbose_option
from engine.cli.show import Progress, program
from engine.cli.summary import summary

if TYPE_CHECKING:
    from datetime import date

    from engine.run.report import Report


@click.command("demo")
@click.argument("example", default="demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("haplomap-demo"),
    show_default=True,
    help="Where the demo's project goes.",
)
@click.option(
    "--size", type=click.IntRange(1, 50_000), help="How large a school.  [default: 1000, or what the example says]"
)
@verbose_option
def command(example: str, folder: Path, size: int | None, verbose: bool) -> None:
    """Run a made-up school from a simulated source into a simulated Haplo, twice: the second time nothing is new.

    EXAMPLE is one of the shipped examples that say which simulators they need.

    \b
    Example:  haplomap demo
    Example:  haplomap demo EXAMPLE
    Example:  haplomap demo --size 5000 --folder /tmp/demo
    """
    from engine.clock import Clock
    from engine.run import demo
    from engine.spec.project import NotFoundError

    if example not in demo.examples():
        raise NotFoundError(f"there is no example '{example}'", fix=f"known: {', '.join(demo.examples())}")
    school = demo.write_project(example, folder)
    usual_size, today = demo.usual(example)
    demo.install(sound_project(folder), school, Clock().now())
    with demo.running(example, size or usual_size, folder) as simulators:
        secrets = demo.fill_in(example, folder, simulators)
        for each in simulators:
            click.echo(f"    demo  simulated {each.name} listens at {each.url}", err=True)
        report = _run(folder, school, secrets, today, verbose)
        batches, first = demo.imported(example, simulators)
        _run(folder, school, secrets, today, verbose)
        _, again = demo.imported(example, simulators, batches)
    click.echo(summary(report))
    click.echo(f"\nimported: {_said(first)}\nimported once more: {_said(again)}")
    name, source = program(), sound_project(folder).school(school).source
    click.echo(f"\nnext:\n  {name} preview {school} {report.entities[-1].entity} --project {folder}")
    click.echo(f"  {name} plan {school} --project {folder}\n  {name} init my-project --source {source}")


def _run(folder: Path, school: str, secrets: dict[str, str], today: date | None, verbose: bool) -> Report:
    from engine.run.plan import make_plan
    from engine.run.runner import Options, Runner

    project = sound_project(folder)
    progress = Progress(verbose)
    environ = {**os.environ, **secrets}
    # to our own simulator, which begins empty each time
    options = Options(fresh=True, confirmed=True, full=True, today=today)
    try:
        return Runner(project, make_plan(project, school), options, environ, listener(progress)).run()
    finally:
        progress.close()


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
