"""Lines in blocks of text become files, each as full as it may be: cut by their ends, not looked at one by one.

Shared by stages. Imports `haplo/layout`, `haplo/part`. Next: `stages/emit`.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.errors import TransformError
from engine.haplo.layout import Layout
from engine.haplo.part import Part
from engine.journal import cannot_write
from engine.sql import Block


class _Draft:
    """A part that is being filled."""

    def __init__(self) -> None:
        self.chunks: list[memoryview] = []
        self.rows = self.size = 0

    def take(self, block: Block, first: int, last: int) -> None:
        """Take some lines of a block."""
        self.chunks.append(block.text[block.ends[first] : block.ends[last]])
        self.size += block.ends[last] - block.ends[first]
        self.rows += last - first

    def write(self, name: str, layout: Layout, out: Path) -> Part:
        """Write the part: what stands between lines does not stand after the last one."""
        *before, last = self.chunks
        end = last[: len(last) - len(layout.between)]
        pieces: list[bytes | memoryview] = [layout.head.encode(), *before, end, layout.tail.encode()]
        path, digest = out / f"{name}.{layout.form}", hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        write_whole(path, pieces)
        return Part(name, path, self.rows, sum(map(len, pieces)), digest.hexdigest())


def cut(blocks: Iterable[Block], entity: str, layout: Layout, out: Path, limit: int) -> Iterator[Part]:
    """Write part after part: each takes as many lines as fit into `limit` bytes."""
    room = limit - layout.around + len(layout.between)
    draft, number = _Draft(), 1
    for block in blocks:
        first, count = 0, len(block.ends) - 1
        while first < count:
            last = bisect_right(block.ends, block.ends[first] + room - draft.size, first) - 1
            if last > first:
                draft.take(block, first, last)
                first = last
            elif draft.rows:
                yield draft.write(f"{entity}-{number:03}", layout, out)
                draft, number = _Draft(), number + 1
            else:
                raise _too_large(entity, limit)
    if draft.rows:
        yield draft.write(f"{entity}-{number:03}", layout, out)


def _too_large(entity: str, limit: int) -> TransformError:
    return TransformError(
        f"a row of {entity} is larger than a file may be",
        why=f"its record has more than {limit} bytes, and Haplo reads a file as one text",
        fix=f"limit its long fields with 'max' in schemas/{entity}.yaml",
        code="row-too-large",
    )


def write_whole(path: Path, pieces: Sequence[bytes | memoryview]) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.writelines(pieces)
        draft.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from None
