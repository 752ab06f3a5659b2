"""`haplomap test`: the tests of mappings, what differs, and what of a mapping no test reaches."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.options import format_option, project_option, sound_project, verbose_option


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@project_option
@click.option("--only", default="", metavar="TEXT", help="Only tests whose names hold this text.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML too.")
@click.option("--update", "rewrite", is_flag=True, help="Write the rows that come into the tests, marked for review.")
@format_option
@verbose_option
def command(
    paths: tuple[Path, ...],
    project_folder: Path,
    only: str,
    junit_file: Path | None,
    rewrite: bool,
    form: str,
    verbose: bool,
) -> int:
    """Try the tests of mappings: given records, and the rows that must come of them. Needs no network, no secrets.

    PATHS are tests, mappings or folders of them; without any, all that stand in the project are tried. Each difference
    is told at the line that expects it, and so is what of a mapping no test reaches. Exit code 1: something differs.

    \b
    Example:  haplomap test
    Example:  haplomap test mappings/SYSTEM/student.yaml --junit report.xml
    """
    from engine.cli.junit import write_junit
    from engine.cli.test_text import show_tested, show_updated
    from engine.run.testing import trials_of, try_all
    from engine.run.updating import update
    from engine.spec.project import NotFoundError

    if len(paths) == 1 and project_folder == Path() and (paths[0] / "mappings").is_dir():
        project_folder, paths = paths[0], ()
    tested = try_all(trials_of(sound_project(project_folder, tests=True), paths, only), branches=not only)
    if not tested.results:
        fix = "write them in a mapping, under tests:, or beside it, in tests/ENTITY.yaml"
        raise NotFoundError("there are no tests here", fix=fix)
    if junit_file is not None:
        write_junit(junit_file, tested)
    show_tested(tested, form, verbose=verbose, reached=not only)
    if rewrite:
        show_updated(update(tested.failed))
    return 1 if tested.failed else 0
