"""The text of an XML answer as UTF-8, whatever its bytes and its declaration say.

A byte order mark counts first; then the bytes themselves: what is declared as utf-16 is often ASCII. Bytes that are not
UTF-8 are read as the declared one-byte encoding, or as Windows-1252 where none is declared; a text that mixes both is
refused. The declaration is left out, line ends become line feeds, and a run of text without a tag, or a part that does
not end, has a bound. Stands on the standard library and `envelope`. Next: `stages/xml_fast`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from engine.stages.envelope import UnreadableError

CHUNK = 1 << 18
LONGEST_TEXT = 10_000_000
"""Bytes of text between two tags; more is refused."""
MOST_ATTRIBUTES = 100_000
_ATTRIBUTE = re.compile(rb"=\s*[\"']")
_DECLARATION = re.compile(rb"\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ONE_BYTE = {"iso-8859-1": "cp1252", "windows-1252": "cp1252", "iso-8859-15": "iso-8859-15"}
_AS_IT_IS = {"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "unicode"}
_MARKS = (
    (b"\xff\xfe\x00\x00", ""),
    (b"\x00\x00\xfe\xff", ""),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_BARE = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the text of a document in UTF-8, without its declaration; raises `UnreadableError`."""
    return _with_bounds(_with_line_feeds(_without_declaration(_decoded(stream))))


def _decoded(stream: BinaryIO) -> Iterator[bytes]:
    head = stream.read(CHUNK)
    if not head.strip():
        raise UnreadableError("is empty")
    for mark, name in _MARKS:
        if head.startswith(mark):
            if not name:
                raise UnreadableError("is in UTF-32, not in UTF-8", heals=False)
            head = head[len(mark) :]
            return _utf8(head, stream, "") if name == "utf-8" else _through(name, head, stream)
    for start, name in _BARE:
        if head.startswith(start):
            return _through(name, head, stream)
    if not head.lstrip().startswith(b"<"):
        raise UnreadableError("is not XML: it does not begin with a tag", heals=False)
    return _utf8(head, stream, _declared(head))


def _declared(head: bytes) -> str:
    """Return the one-byte encoding that a document declares; '' for none."""
    declaration = _DECLARATION.match(head)
    found = _ENCODING.search(declaration[0]) if declaration else None
    name = found[1].decode("ascii").lower() if found else "utf-8"
    if name in _AS_IT_IS:
        return ""
    if name not in _ONE_BYTE:
        raise UnreadableError("declares an encoding that is not read: UTF-8 and UTF-16 are", heals=False)
    return _ONE_BYTE[name]


def _through(name: str, head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    decoder, at = codecs.getincrementaldecoder(name)(), 0
    chunk = head
    while True:
        try:
            yield decoder.decode(chunk, final=not chunk).encode("utf-8")
        except UnicodeDecodeError as error:
            if not chunk:
                raise UnreadableError("is cut short") from None
            raise UnreadableError(f"is not in {name.upper()} (byte {at + error.start})", heals=False) from None
        if not chunk:
            return
        at += len(chunk)
        chunk = stream.read(CHUNK)


def _utf8(chunk: bytes, stream: BinaryIO, declared: str) -> Iterator[bytes]:
    """Yield bytes as long as they are UTF-8; where they begin not to be, and were ASCII before, in one byte each."""
    if declared:
        yield from _through(declared, chunk, stream)
        return
    at, plain, left = 0, True, b""
    while chunk:
        data = left + chunk
        left = b""
        if not data.isascii():
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                cut = error.reason == "unexpected end of data" and error.end == len(data)
                if not cut:
                    if not plain or _MULTIBYTE.search(data):
                        raise UnreadableError(f"is not in UTF-8 (byte {at + error.start})", heals=False) from None
                    yield from _one_byte(data, stream, at)
                    return
                data, left = data[: error.start], data[error.start :]
            plain = plain and data.isascii()
        yield data
        at += len(data)
        chunk = stream.read(CHUNK)
    if left:
        raise UnreadableError("is cut short")


def _one_byte(chunk: bytes, stream: BinaryIO, at: int) -> Iterator[bytes]:
    left = b""
    while chunk:
        mixed = _MULTIBYTE.search(left + chunk)
        if mixed:
            raise UnreadableError(
                f"is not in UTF-8, nor all in Windows-1252 (byte {at - len(left) + mixed.start()})", heals=False
            )
        try:
            yield chunk.decode("cp1252").encode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableError(f"is not in UTF-8 (byte {at + error.start})", heals=False) from None
        at += len(chunk)
        left = chunk[-3:]
        chunk = stream.read(CHUNK)


def _without_declaration(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"").lstrip()
    found = _DECLARATION.match(first)
    yield first[found.end() :] if found else first
    yield from chunks


def _with_line_feeds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        if held or b"\r" in chunk:
            data = held + chunk
            held = b"\r" if data.endswith(b"\r") else b""
            chunk = data.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield chunk
    if held:
        yield b"\n"


def _with_bounds(chunks: Iterator[bytes]) -> Iterator[bytes]:
    run = attributes = 0
    for chunk in chunks:
        first = chunk.find(b"<")
        run = run + len(chunk) if first < 0 else run + first
        attributes = attributes + len(_ATTRIBUTE.findall(chunk)) if first < 0 else 0
        if attributes > MOST_ATTRIBUTES:
            raise UnreadableError(f"has a tag of more than {MOST_ATTRIBUTES:,} attributes", heals=False)
        if run > LONGEST_TEXT:
            raise UnreadableError(f"has more than {LONGEST_TEXT:,} bytes of text without a tag", heals=False)
        if first >= 0:
            run = len(chunk) - chunk.rfind(b"<")
        yield chunk
