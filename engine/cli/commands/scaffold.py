"""`haplomap scaffold`: a new system begun. Its commands stand in files of their own."""

from __future__ import annotations

import click

from engine.cli.lazy import Commands

KNOWN = ("source", "mapping")


@click.group("scaffold", cls=Commands, known=KNOWN, within="scaffold")
def command() -> None:
    """Begin a new system: a source document out of its description or an answer, then a mapping of it.

    \b
    Example:  haplomap scaffold source SYSTEM --openapi openapi.yaml
    Example:  haplomap scaffold mapping SYSTEM student --sample students.json
    """
