"""Records out of XML, with the blind spots of Haplo's readers: no CDATA, and nothing before the root element.

Uses expat, which loads nothing external, limits the growth of entities, and tells CDATA from text.
Next: `readers`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final
from xml.parsers import expat

Record = dict[str, str]
Chunks = Iterable[bytes]

_DECLARED: Final = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")


def check_xml(chunks: Chunks) -> bool:
    """Whether the data is well-formed XML with namespaces."""
    chunks, charset = _readable(chunks)
    # A separator makes expat look at prefixes as well.
    parser = expat.ParserCreate(charset, namespace_separator=" ")
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):
        return False
    return True


def read_attributes(chunks: Chunks, single: bool) -> Iterator[Record]:
    """Records from the attributes of the root's children, or of the root itself."""
    return _records(chunks, _AttributesOfRows(0 if single else 1))


def read_text_of_children(chunks: Chunks, single: bool) -> Iterator[Record]:
    """Records from the text of the children of the root's children, or of the root's own children."""
    return _records(chunks, _TextOfFields(0 if single else 1))


def _records(chunks: Chunks, reading: _Reading) -> Iterator[Record]:
    chunks, charset = _readable(chunks)
    parser = expat.ParserCreate(charset)
    parser.buffer_text = True
    reading.watch(parser)
    for chunk in chunks:
        parser.Parse(chunk, False)
        yield from reading.take()
    # Newer releases of expat hold the last pieces back until they are told that it was all.
    parser.Parse(b"", True)
    yield from reading.take()
    if reading.hidden and reading.row_depth == 0:
        # The one record is asked of a root that is not found.
        yield {}


def _readable(chunks: Chunks) -> tuple[Chunks, str | None]:
    """The data as expat can read it, and its charset where that is not the one it says: expat knows few by itself."""
    rest = iter(chunks)
    first = next(rest, b"")
    declared = _DECLARED.match(first)
    name = declared[1].decode("ascii") if declared else "utf-8"
    try:
        b" ".decode(name)
    except (LookupError, UnicodeError):
        return chain([first], rest), None
    if codecs.lookup(name).name.startswith(("utf", "ascii")):
        return chain([first], rest), None
    decoder = codecs.getincrementaldecoder(name)("replace")
    return (decoder.decode(chunk).encode("utf-8", "replace") for chunk in chain([first], rest)), "utf-8"


class _Reading:
    """Counts depth and collects records; `row_depth` is how deep a record's element stands."""

    def __init__(self, row_depth: int) -> None:
        self.row_depth = row_depth
        self.depth = 0
        self.hidden = False
        self.seen_root = False
        self.done: list[Record] = []

    def watch(self, parser: expat.XMLParserType) -> None:
        parser.StartElementHandler = self.begin
        parser.EndElementHandler = self.end
        parser.CommentHandler = self._before_root
        parser.ProcessingInstructionHandler = self._before_root
        parser.StartDoctypeDeclHandler = self._before_root

    def take(self) -> list[Record]:
        done, self.done = self.done, []
        return [] if self.hidden else done

    def _before_root(self, *_: object) -> None:
        # Haplo looks for the root as the document's first child, whatever that is.
        if self.depth == 0 and not self.seen_root:
            self.hidden = True

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.seen_root = True
        self.depth += 1

    def end(self, name: str) -> None:
        self.depth -= 1


class _AttributesOfRows(_Reading):
    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == self.row_depth:
            self.done.append(attributes)
        super().begin(name, attributes)


class _TextOfFields(_Reading):
    def __init__(self, row_depth: int) -> None:
        super().__init__(row_depth)
        self.row: Record = {}
        self.pieces: list[str] = []
        self.in_cdata = False

    def watch(self, parser: expat.XMLParserType) -> None:
        super().watch(parser)
        parser.CharacterDataHandler = self.characters
        parser.StartCdataSectionHandler = self.begin_cdata
        parser.EndCdataSectionHandler = self.end_cdata

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == self.row_depth:
            self.row = {}
        elif self.depth == self.row_depth + 1:
            self.pieces.clear()
        super().begin(name, attributes)

    def characters(self, data: str) -> None:
        if self.depth > self.row_depth + 1 and not self.in_cdata:
            self.pieces.append(data)

    def end(self, name: str) -> None:
        super().end(name)
        if self.depth == self.row_depth + 1:
            self.row[name.rpartition(":")[2]] = "".join(self.pieces)
        elif self.depth == self.row_depth:
            self.done.append(self.row)

    def begin_cdata(self) -> None:
        self.in_cdata = True

    def end_cdata(self) -> None:
        self.in_cdata = False
