"""Places in the text of a YAML file: lines and columns, and the way from a value back to its letters.

Stands on the standard library only. Next: `document_tree`.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_BREAK = re.compile(r"\r\n|\n|\r")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))*[ \t]*")
_ESCAPE = re.compile(r"\\(?:x.{2}|u.{4}|U.{8}|(?P<joined>[ \t]*(?:\r\n|\n|\r)[ \t]*)|.)")
_STRANGE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class Lines:
    """A text as lines; line ends are LF, CRLF and CR, as an editor counts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def position(self, index: int) -> tuple[int, int]:
        """Return line and column, both from 1, of an index into the text."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return a line (from 1) without its line end; '' where there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r\n")

    def width(self, start: int, end: int) -> int:
        """Return how many columns of the first line lie between two indexes; at least 1."""
        match = _BREAK.search(self.text, start, end)
        return max(1, len(self.text[start : match.start() if match else end].rstrip()))


def strange_character(text: str) -> int | None:
    """Return the index of the first character that YAML tools disagree on or refuse, if any."""
    match = _STRANGE.search(text)
    return match.start() if match else None


def literal_indent(lines: Lines, header: int, value: str) -> int:
    """Return how many columns were taken off a `|` block that begins after line `header`."""
    for number, line in enumerate(value.split("\n"), start=header + 1):
        if line.strip():
            return len(lines.line(number)) - len(line)
    return 0


def inline_offsets(raw: str, style: str) -> list[int]:
    """Return for each character of a plain or quoted scalar its offset in `raw`, and one more for the end."""
    edge = 0 if style == "plain" else 1
    at, end, offsets = edge, len(raw) - edge, []
    while at < end:
        if fold := _FOLD.match(raw, at, end):
            breaks = len(_BREAK.findall(fold.group()))
            offsets += [at] * max(1, breaks - 1)
            at = fold.end()
        elif style == "double" and (escape := _ESCAPE.match(raw, at, end)):
            if escape["joined"] is None:
                offsets.append(at)
            at = escape.end()
        else:
            offsets.append(at)
            at += 2 if style == "single" and raw.startswith("''", at) else 1
    return [*offsets, end]
