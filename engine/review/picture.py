"""Pictures of lineage: boxes in columns from left to right, lines between them; a template draws what is laid out here.

Names are set in a typeface of one width, so that it is known how wide a text is. Next: `review/pages/picture.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low
from typing import Final

LETTER: Final = 7.3
SMALL: Final = 6.1
MOST: Final = 46
"""Of a longer name the beginning is shown; the whole stands in what pointing at the box tells."""
MOST_SMALL: Final = 30
GAP: Final = 52
ROW, TALL, BETWEEN, THIN = 24, 38, 6, 8


Spot = tuple[str, int]
"""What takes room, and in which column."""
Joint = tuple[Spot, Spot]


@dataclass(frozen=True)
class Box:
    """What is to be drawn of a node: `group` stands above the boxes of a column that share it."""

    id: str
    kind: str
    label: str
    url: str
    sub: str = ""
    title: str = ""
    group: str = ""
    group_url: str = ""
    here: bool = False


@dataclass(frozen=True)
class Line:
    """From one box to another; `aside`: it only decides something."""

    origin: str
    target: str
    aside: bool = False


@dataclass(frozen=True)
class Placed:
    """A box in its place; `number` is what lines name it by."""

    box: Box
    number: int
    x: float
    y: float
    width: float
    height: float

    @property
    def label(self) -> str:
        return shortened(self.box.label)

    @property
    def sub(self) -> str:
        return shortened(self.box.sub, int((self.width - 18) / SMALL))


@dataclass(frozen=True)
class Heading:
    """The name of a group of boxes, in its place."""

    text: str
    url: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """A line in its place; `ends` are the numbers of its boxes."""

    path: str
    ends: str
    aside: bool


@dataclass
class Picture:
    """A picture, laid out."""

    title: str
    width: float = 0
    height: float = 0
    boxes: list[Placed] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    lines: list[Drawn] = field(default_factory=list)


def shortened(text: str, most: int = MOST) -> str:
    """Return a text, or the beginning of a long one."""
    return text if len(text) <= most else text[: max(most - 1, 1)] + "…"


def ranked(boxes: Sequence[Box], lines: Iterable[Line], first: Iterable[str], last: Iterable[str]) -> list[list[Box]]:
    """Return the columns of boxes: each behind all that leads to it, and as near as can be to what it leads to.

    `first` are those that stand in the first column, `last` those in the last.
    """
    into: dict[str, list[str]] = {box.id: [] for box in boxes}
    out: dict[str, list[str]] = {box.id: [] for box in boxes}
    for line in lines:
        into[line.target].append(line.origin)
        out[line.origin].append(line.target)
    depth: dict[str, int] = {}

    def deep(name: str) -> int:
        if name not in depth:
            depth[name] = 0  # a loop, which a mapping cannot have, would end here
            depth[name] = max((deep(other) + 1 for other in into[name]), default=0)
        return depth[name]

    most, begin, end = max((deep(box.id) for box in boxes), default=0), set(first), set(last)
    at = {box.id: most if box.id in end else deep(box.id) for box in boxes}
    for box in sorted(boxes, key=lambda each: -at[each.id]):
        if box.id not in begin and out[box.id] and box.id not in end:
            at[box.id] = min(at[other] for other in out[box.id]) - 1
    columns = [[box for box in boxes if at[box.id] == number] for number in range(most + 1)]
    return [column for column in columns if column]


def lay_out(title: str, columns: Sequence[Sequence[Box]], lines: Sequence[Line]) -> Picture:
    """Return the picture of boxes in columns: each box as near as can be to the height of what it is joined to."""
    stacks, joined = _stacks(columns, lines)
    tops = _tops(stacks, joined)
    widths = [_width([item.box for item in stack if item.box is not None]) for stack in stacks]
    picture = Picture(title, sum(widths) + GAP * (len(widths) - 1) + 2, max(map(_height, stacks), default=0) + 2)
    places: dict[Spot, tuple[float, float, float]] = {}
    x, numbers = 1.0, {box.id: number for number, box in enumerate(box for column in columns for box in column)}
    for number, (stack, width) in enumerate(zip(stacks, widths, strict=True)):
        for item in stack:
            y = tops[item.key, number] + 1
            if item.heading:
                picture.headings.append(Heading(item.heading, item.url, x, round(y + 15, 1)))
            elif item.box is not None:
                picture.boxes.append(
                    Placed(item.box, numbers[item.box.id], round(x, 1), round(y, 1), width, item.height)
                )
            places[item.key, number] = (x, y + item.height / 2, width)
        x += width + GAP
    at = {box.id: number for number, column in enumerate(columns) for box in column}
    for line in dict.fromkeys(lines):
        ends = f"{numbers[line.origin]} {numbers[line.target]}"
        picture.lines.append(Drawn(_path(line, at, places), ends, line.aside))
    return picture


def _tops(stacks: Sequence[Sequence[_Item]], joined: Sequence[Joint]) -> dict[Spot, float]:
    """Return how high each box stands: the tallest column is filled, the others follow it, outwards."""
    room = max(map(_height, stacks), default=0)
    base = max(range(len(stacks)), key=lambda number: _height(stacks[number]), default=0)
    tops: dict[Spot, float] = {}
    for number in [*range(base, -1, -1), *range(base + 1, len(stacks))]:
        beside = number + 1 if number < base else number - 1
        wanted = {} if number == base else _wanted(number, beside, tops, joined)
        free = 0.0
        for item in stacks[number]:
            tops[item.key, number] = free = max(free, wanted.get(item.key, 0.0))
            free += item.height + BETWEEN
        limit = room
        for item in reversed(stacks[number]):
            limit = tops[item.key, number] = min(tops[item.key, number], limit - item.height)
            limit -= BETWEEN
    return tops


def _wanted(number: int, beside: int, tops: Mapping[Spot, float], joined: Sequence[Joint]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for one, other in joined:
        for here, there in ((one, other), (other, one)):
            if (here[1], there[1]) == (number, beside):
                found.setdefault(here[0], []).append(tops[there])
    return {key: median_low(heights) for key, heights in found.items()}


@dataclass
class _Item:
    """What takes room in a column: a box, a heading, or nothing but a line that passes."""

    key: str
    height: float
    box: Box | None = None
    heading: str = ""
    url: str = ""


def _stacks(columns: Sequence[Sequence[Box]], lines: Sequence[Line]) -> tuple[list[list[_Item]], list[Joint]]:
    at = {box.id: number for number, column in enumerate(columns) for box in column}
    stacks = [[_Item(box.id, TALL if box.sub else ROW, box) for box in column] for column in columns]
    joined: list[Joint] = []
    for line in dict.fromkeys(lines):
        for number in range(at[line.origin] + 1, at[line.target]):
            stacks[number].append(_Item(_passing(line), THIN))
        steps = [line.origin, *[_passing(line)] * (at[line.target] - at[line.origin] - 1), line.target]
        joined += [
            ((one, at[line.origin] + n), (other, at[line.origin] + n + 1))
            for n, (one, other) in enumerate(pairwise(steps))
        ]
    _untangle(stacks, joined)
    return [_with_headings(stack) for stack in stacks], joined


def _untangle(stacks: list[list[_Item]], joined: Sequence[Joint]) -> None:
    """Put the boxes of each column into the order of what they are joined to: from the right, then from the left."""
    for number in [*reversed(range(len(stacks) - 1)), *range(1, len(stacks))]:
        beside = number + 1 if number < len(stacks) - 1 else number - 1
        order = {item.key: index for index, item in enumerate(stacks[beside])}
        means = _means(number, beside, order, joined)
        grouped = _group_means(stacks[number], means)
        stacks[number].sort(key=lambda item: (grouped[item.key], means.get(item.key, 0.0)))


def _means(number: int, beside: int, order: Mapping[str, int], joined: Sequence[Joint]) -> dict[str, float]:
    found: dict[str, list[int]] = {}
    for (one, left), (other, right) in joined:
        if (left, right) == (number, beside):
            found.setdefault(one, []).append(order[other])
        elif (left, right) == (beside, number):
            found.setdefault(other, []).append(order[one])
    return {key: sum(places) / len(places) for key, places in found.items()}


def _group_means(stack: Sequence[_Item], means: Mapping[str, float]) -> dict[str, tuple[float, str]]:
    """Return by what boxes are sorted first: those of a group stay together, where the first of them would be."""
    first: dict[str, float] = {}
    for item in stack:
        group = item.box.group if item.box is not None else ""
        mean = means.get(item.key, 0.0)
        if group:
            first[group] = min(first.get(group, mean), mean)
    found = {}
    for item in stack:
        group = item.box.group if item.box is not None else ""
        found[item.key] = (first[group], group) if group else (means.get(item.key, 0.0), "")
    return found


def _with_headings(stack: Sequence[_Item]) -> list[_Item]:
    found: list[_Item] = []
    last = ""
    for item in stack:
        group = item.box.group if item.box is not None else last
        if group != last and item.box is not None:
            found.append(_Item(f"\0{group}", 20, heading=group, url=item.box.group_url))
        last = group
        found.append(item)
    return found


def _passing(line: Line) -> str:
    return f"\0{line.origin}\0{line.target}"


def _width(boxes: Sequence[Box]) -> float:
    labels = [len(shortened(box.label)) * LETTER for box in boxes]
    subs = [min(len(box.sub), MOST_SMALL) * SMALL for box in boxes]
    heads = [len(box.group) * LETTER for box in boxes]
    return round(max([60.0, *labels, *subs, *heads]) + 22, 1)


def _height(stack: Sequence[_Item]) -> float:
    return sum(item.height for item in stack) + BETWEEN * max(len(stack) - 1, 0)


def _path(line: Line, at: Mapping[str, int], places: Mapping[Spot, tuple[float, float, float]]) -> str:
    begin, end = at[line.origin], at[line.target]
    x, y, width = places[line.origin, begin]
    path, x = f"M{x + width:.1f} {y:.1f}", x + width
    for number in range(begin + 1, end + 1):
        key = line.target if number == end else _passing(line)
        to_x, to_y, to_width = places[key, number]
        half = (to_x - x) / 2
        path += f"C{x + half:.1f} {y:.1f} {to_x - half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
        if number < end:
            path, x = path + f"H{to_x + to_width:.1f}", to_x + to_width
    return path
