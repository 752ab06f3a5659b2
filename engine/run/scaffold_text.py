"""Documents as text: what `haplomap scaffold` writes, in the manner of those that are written by hand.

Next: `run/scaffold`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from engine.run.updating import written

WIDEST = 118
_SPREAD = frozenset({"sets", "fields", "base_url", "source", "endpoints_of"})
"""A map with one of these keys is never written in one line."""

Comments = Mapping[tuple[str, ...], str]
"""By the path of a key, what stands above it."""


def yaml_text(document: Mapping[str, Any], head: str, comments: Comments) -> str:
    """Return a document as YAML: maps in one line where they fit, long texts folded, comments above their keys."""
    lines = [head, *_map(document, (), comments)]
    return "\n".join(lines) + "\n"


def _map(content: Mapping[str, Any], path: tuple[str, ...], comments: Comments) -> Iterator[str]:
    indent = "  " * len(path)
    for name, value in content.items():
        if (comment := comments.get((*path, name))) is not None:
            width = WIDEST - len(indent) - 2
            yield from (f"{indent}# {line}" for line in textwrap.wrap(comment, width, break_long_words=False))
        yield from _entry(f"{indent}{written(name)}:", value, (*path, name), comments)


def _entry(head: str, value: Any, path: tuple[str, ...], comments: Comments) -> Iterator[str]:
    if isinstance(value, Mapping):
        line = f"{head} {flow(value)}"
        if path[-1] in _SPREAD or _SPREAD & value.keys() or len(line) > WIDEST or _commented(path, comments):
            yield head
            yield from _map(value, path, comments)
        else:
            yield line
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield head
        yield from (f"{'  ' * len(path)}- {flow(item)}" for item in value)
    else:
        yield from _folded(f"{head} {flow(value)}", "  " * len(path), value)


def _folded(line: str, indent: str, value: Any) -> Iterator[str]:
    """Break a long text at its blanks; YAML reads each break as one blank."""
    if len(line) <= WIDEST or not isinstance(value, str) or "  " in value or not value.isprintable():
        yield line
        return
    begin = len(line) - len(line.lstrip())
    yield from textwrap.wrap(
        line[begin:],
        WIDEST,
        initial_indent=line[:begin],
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _commented(path: tuple[str, ...], comments: Comments) -> bool:
    return any(each[: len(path)] == path and len(each) > len(path) for each in comments)


def flow(value: Any) -> str:
    """Return a value in one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{written(name)}: {flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return written(value)
