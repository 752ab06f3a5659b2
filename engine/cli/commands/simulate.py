"""`haplomap simulate`: the simulators, for anyone who wants to point something else at them."""

from __future__ import annotations

import os
import sys

import click


@click.command("simulate", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("name", metavar="NAME")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(name: str, arguments: tuple[str, ...]) -> None:
    """Start the simulator NAME on loopback, until Ctrl-C; its first line says where it listens.

    What follows NAME goes to the simulator: --port N, --seed N, --today DAY, and more that
    `haplomap simulate NAME --help` lists. A NAME that is not there gets the list of those that are.

    A simulated source lives from day to day: people come, go and change, and nights can be bad. Its clock
    is moved while it runs with PUT /__control__/today, a day or +1.

    \b
    Example:  haplomap simulate haplo --port 8702 --today 2026-09-03
    """
    from engine.run.demo import simulator_command

    found, environ = simulator_command(name, arguments)
    sys.stdout.flush()
    os.execve(found[0], found, environ)  # noqa: S606 (no shell)
