"""What several commands share: their options, opening a sound project, hearing a run. Next: `cli/commands/run`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.cli.show import Progress, time_left

if TYPE_CHECKING:
    from engine.spec.project import Project
    from engine.stages.events import Event

Command = TypeVar("Command", bound=Callable[..., Any])

project_option = click.option(
    "--project",
    "project_folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project's folder.  [default: this folder]",
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs."
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Tell of every answer and step.")


def sound_project(folder: Path, *, tests: bool = False) -> Project:
    """Open a project whose documents have no problems; stop with all of them otherwise."""
    from engine.run import soundness

    return soundness.sound_project(folder, tests=tests)


def listener(progress: Progress) -> Callable[[Event], None]:
    """Return what shows the events of a run."""

    def tell(event: Event) -> None:
        if event.kind in ("answer", "resumed"):
            more = time_left(event.left, more=event.more) if event.left >= 60 else ""
            progress.count(event.about, f"page {event.done:,}", event.done, event.total, more)
        elif event.kind in ("landed", "made", "checked", "sent", "run", "consent", "not-ready"):
            progress.line(f"{event.kind:>8}  {event.text}")
        else:
            progress.line(f"    note  {event.about + ': ' if event.about else ''}{event.text}")

    return tell
