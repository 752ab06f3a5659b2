"""XML prepared for a reader that cannot tell a missing element from an empty one, and knows no more than elements.

Comments and instructions are left out, and sections of character data become text. Where empty values are to be told,
an empty tag becomes two, and between two tags that touch stands MARK, which no XML may hold: whoever reads takes it
out of the values, and a value that was only MARK is empty. Exact for well-formed text, where `<` begins nothing but
tags and those parts. Stands on the standard library and `envelope`. Next: `stages/xml_fast`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engine.stages.envelope import UnreadableError

MARK = "\x01"
_LONGEST_PART = 10_000_000
_PART = re.compile(rb"<!--|<\?|<!\[CDATA\[")
_ENDS = {b"<!--": b"-->", b"<?": b"?>", b"<![CDATA[": b"]]>"}
_OPEN = re.compile(rb"<[!?]")
_EMPTY_TAG = re.compile(rb"([^\s<>/!?\"'=]+)(?:\s+[^\s=<>\"']+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*")
_PLAIN_TAG = re.compile(rb"[^\s<>/!?\"'=]+\s*")
_PREFIX = re.compile(rb"\s(?:xmlns|xml):")


class LeftToPlainError(Exception):
    """The document has what is left to the other reader: prefixes of names, `/>` beside quotes."""


def marked(chunks: Iterator[bytes], *, tell_empty: bool = True) -> Iterator[bytes | memoryview]:
    """Yield the same document prepared; raises `UnreadableError`, `LeftToPlainError`."""
    held = b""
    for chunk in chunks:
        data = held + chunk
        special = b"!" in data or b"?" in data
        if special:
            data = _without_parts(data, _as_text)
        end = _whole_until(data, special=special)
        held = data[end:]
        if len(held) > _LONGEST_PART:
            raise UnreadableError(f"has a tag or a comment of more than {_LONGEST_PART:,} bytes", heals=False)
        _refuse_prefixes(data, end)
        yield (
            _tags(_closed(data[:end])) if tell_empty else memoryview(data)[:end]
        )  # a copy would cost as much as a look
    _refuse_prefixes(held, len(held))
    yield _tags(held) if tell_empty else held


def _closed(data: bytes) -> bytes:
    return data + b"\x01" if data.endswith(b">") else data


def without_parts(data: bytes) -> bytes:
    """Return a text without its comments, instructions and sections of character data."""
    return _without_parts(data, lambda text: b"")


def _without_parts(data: bytes, put: Callable[[bytes], bytes]) -> bytes:
    """Leave out what is no tag and no text, and put what is made of sections; a part that may go on stays.

    Each byte is looked at once, whatever begins and does not end.
    """
    kept, at = [], 0
    while (found := _PART.search(data, at)) is not None:
        ending = _ENDS[found[0]]
        end = data.find(ending, found.end())
        if end < 0:
            break
        kept.append(data[at : found.start()])
        if ending == b"]]>":
            kept.append(put(data[found.end() : end]))
        at = end + len(ending)
    return b"".join((*kept, data[at:]))


def _whole_until(data: bytes, *, special: bool) -> int:
    """Return where the last part begins that may go on: a tag, or, where there are such, what begins as a comment."""
    if special:
        open_part = _OPEN.search(data)  # whole ones are gone
        if open_part:
            return open_part.start()
    return max(data.rfind(b"<"), 0)


def _as_text(text: bytes) -> bytes:
    return text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")


def _refuse_prefixes(data: bytes, end: int) -> None:
    if data.find(b"xml", 0, end) >= 0 and _PREFIX.search(data, 0, end):
        raise LeftToPlainError


def _tags(data: bytes) -> bytes:
    if b"/>" in data:
        data = _doubled(data)
    return data.replace(b"><", b">\x01<")


def _doubled(data: bytes) -> bytes:
    parts = data.split(b"/>")
    for index, part in enumerate(parts[:-1]):
        start = part.rfind(b"<")
        tag = part[start + 1 :]
        if start >= 0 and (_PLAIN_TAG.fullmatch(tag) or _EMPTY_TAG.fullmatch(tag)):
            parts[index] = b"".join((part, b"></", tag.split(None, 1)[0], b">"))
        elif b'"' in tag or b"'" in tag:  # perhaps the value of an attribute
            raise LeftToPlainError
        else:
            parts[index] = part + b"/>"
    return b"".join(parts)
