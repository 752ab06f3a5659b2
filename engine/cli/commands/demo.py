"""`haplomap demo`: the whole way on embedded defaults, against simulators on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine.cli.options import listener, sound_project, verbose_option
from engine.cli.show import Progress, program
from engine.cli.summary import summary


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("haplomap-demo"),
    show_default=True,
    help="Where the demo's project goes.",
)
@click.option("--size", type=click.IntRange(1, 50_000), default=1000, show_default=True, help="How large a school.")
@verbose_option
def command(folder: Path, size: int, verbose: bool) -> None:
    """Run a made-up school from a simulated source into a simulated Haplo.

    \b
    Example:  haplomap demo
    Example:  haplomap demo --size 5000 --folder /tmp/demo
    """
    from engine.run.demo import demo_project, running
    from engine.run.plan import make_plan
    from engine.run.runner import Options, Runner

    with running(size) as simulators:
        school, secrets = demo_project(folder, simulators)
        for each in simulators:
            click.echo(f"    demo  simulated {each.name} listens at {each.url}", err=True)
        project = sound_project(folder)
        progress = Progress(verbose)
        environ = {**os.environ, **secrets}
        try:
            report = Runner(project, make_plan(project, school), Options(fresh=True), environ, listener(progress)).run()
        finally:
            progress.close()
    click.echo(summary(report))
    name = program()
    click.echo(f"\nnext:\n  {name} preview {school} {report.entities[-1].entity} --project {folder}")
    click.echo(f"  {name} plan {school} --project {folder}\n  {name} init my-project")
