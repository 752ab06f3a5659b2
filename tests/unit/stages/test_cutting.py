"""Blocks of lines become parts: whole lines, in their order, as many in each as fit."""

from __future__ import annotations

import hashlib
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TransformError
from engine.haplo.layout import Layout
from engine.haplo.part import Part
from engine.sql import Block
from engine.stages.cutting import cut

LAYOUTS = {
    "json": Layout("json", "", "", "[\n", "\n]\n", ",\n"),
    "tsv": Layout("tsv", "", "", "a\tb\n", ""),
    "xml": Layout("xml", "", "", "<rows>\n", "\n</rows>\n"),
}


def blocks(lines: list[str], layout: Layout, rows: int) -> list[Block]:
    """Return lines as DuckDB gives them: each with what stands between, so many rows at a time."""
    found = []
    for start in range(0, len(lines), rows):
        texts = [(line + layout.between).encode() for line in lines[start : start + rows]]
        ends = memoryview(b"".join(end.to_bytes(4, "little") for end in accumulate(map(len, texts), initial=0)))
        found.append(Block(ends.cast("i"), memoryview(b"".join(texts))))
    return found


def parts(lines: list[str], layout: Layout, limit: int, rows: int = 3) -> list[tuple[Part, str]]:
    with TemporaryDirectory() as folder:
        found = cut(blocks(lines, layout, rows), "pet", layout, Path(folder), limit)
        return [(part, part.path.read_bytes().decode()) for part in found]


@given(
    st.lists(st.text("aé€", min_size=1, max_size=12), max_size=30),
    st.sampled_from(list(LAYOUTS.values())),
    st.integers(60, 200),
    st.integers(1, 7),
)
def test_parts_hold_every_line_once_and_no_part_could_take_the_next(
    lines: list[str], layout: Layout, limit: int, rows: int
) -> None:
    found = parts(lines, layout, limit, rows)
    inner = [text.removeprefix(layout.head)[: len(text) - len(layout.head) - len(layout.tail)] for _, text in found]
    split = [text.split(layout.between) for text in inner]
    assert [line for each in split for line in each] == lines
    for part, text in found:
        assert part.bytes == len(text.encode()) <= limit
        assert part.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert [part.rows for part, _ in found] == list(map(len, split))
    assert [part.name for part, _ in found] == [f"pet-{number:03}" for number in range(1, len(found) + 1)]
    for (part, _), following in pairwise(zip((each for each, _ in found), split, strict=True)):
        assert part.bytes + len((layout.between + following[1][0]).encode()) > limit


def test_a_line_that_fits_alone_is_taken_and_one_byte_more_is_refused() -> None:
    layout = LAYOUTS["json"]
    [(part, text)] = parts(["x" * 20], layout, 20 + len("[\n\n]\n"))
    assert (part.rows, text) == (1, "[\n" + "x" * 20 + "\n]\n")
    with pytest.raises(TransformError) as refused:
        parts(["x" * 21], layout, 20 + len("[\n\n]\n"))
    assert refused.value.code == "row-too-large"


def test_no_line_makes_no_part() -> None:
    assert parts([], LAYOUTS["json"], 100) == []
