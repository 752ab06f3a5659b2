"""What is sent to Haplo for one entity: a control file and data files in parts. Stands on the standard library.

Next: `stages/emit`, which writes them, and `stages/deliver`, which sends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

LARGEST: Final = 16_777_215
"""Haplo reads a data file as one text, which must be smaller than 16 MiB."""


@dataclass(frozen=True)
class Part:
    """One data file. `name` is what Haplo is told; `sha256` is what it must answer."""

    name: str
    path: Path
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Emitted:
    """The files of one entity. No rows, no parts. `gone`: how many of the rows are gone at the source."""

    control: Path
    parts: tuple[Part, ...]
    rows: int
    gone: int = 0
