"""The comments of a YAML file, and where its lines are blank: what the tree of a document leaves out.

Stands on the standard library and `document_tree`. Next: `document_format`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.document_text import Lines
from engine.document_tree import Node

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*", re.MULTILINE)
BLOCKS = ("literal", "folded")


@dataclass(frozen=True)
class Comment:
    """One comment; `alone` on its line, or after something that stands there."""

    index: int
    line: int
    column: int
    text: str
    alone: bool
    after_blank: bool


def comments(text: str, root: Node, lines: Lines) -> list[Comment]:
    """Return all comments in their order; line ends are LF."""
    found, at = [], 0
    for start, end in sorted([*_scalars(root, text), (len(text), len(text))]):
        found += [_comment(text, match, lines) for match in _COMMENT.finditer(text, at, start)]
        at = max(at, end)
    return found


def _comment(text: str, match: re.Match[str], lines: Lines) -> Comment:
    line, column = lines.position(match.start())
    alone = not lines.line(line)[: column - 1].strip()
    return Comment(match.start(), line, column, match.group().rstrip(), alone, alone and blank_before(lines, line))


def blank_before(lines: Lines, line: int) -> bool:
    """Say whether the line above is blank."""
    return line > 1 and not lines.line(line - 1).strip()


def _scalars(node: Node, text: str) -> Iterator[tuple[int, int]]:
    """Yield where letters are no comments: scalars, but not what follows the header of a block."""
    if node.kind in ("map", "list"):
        for key in node.keys.values():
            yield from _scalars(key, text)
        for child in node.items.values():
            yield from _scalars(child, text)
    elif node.style in BLOCKS:
        header_end = text.find("\n", node.start)
        yield node.start, node.start + 1
        if header_end >= 0:
            yield header_end, max(header_end, node.end)
    else:
        yield node.start, node.end
