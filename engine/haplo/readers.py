"""Readers: a data file's bytes become records. JSON and XML are checked whole before the first record of any file.

A reader is opened for every file first, as Haplo does, so that one bad JSON or XML file means that nothing is
imported; what was parsed for that check is not kept, so that memory holds one file at a time.
Stands on `javascript` and `markup`. Next: `interpret`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import StorageError
from engine.haplo.javascript import in_order, is_true, parse_json, text, walk
from engine.haplo.markup import check_xml, read_attributes, read_text_of_children
from engine.haplo.outcome import StopError

TEXT_LIMIT: Final = 16 * 1024 * 1024
_TOO_BIG: Final = "org.haplo.javascript.OAPIException: Uploaded data is too big to read into a String"
_PIECE: Final = 1 << 16
_CHARSET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.:_-]*")
_ONLY_IN_PYTHON: Final = frozenset(
    {
        *("charmap", "idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7", "utf-8-sig"),
        *("latin", "latin-1", "latin_1", "u8", "utf", "utf_8"),
    }
)
"""Names that Java does not know; the last ones are other names of charsets that it does know."""
_MARKS: Final = {
    "utf-16": (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE),
    "utf-32": (codecs.BOM_UTF32_BE, codecs.BOM_UTF32_LE),
}
"""Charsets that are told apart by their byte order marks, and are big-endian without one."""
_LINE_ENDS: Final = re.compile(r"[\r\n]+")

Options = Mapping[str, Any]
Data = bytes | Path
Records = Callable[[], Iterator[Any]]
"""Gives the records of one file, when its turn comes."""
Open = Callable[[Data, Options, bool], Records]
"""Opens a file, by its entry in the control file; told whether it is the only file."""


def open_files(control: Mapping[str, Any], files: Mapping[str, Data]) -> list[Records]:
    """One reader for each file, in Haplo's order; StopError when a file can't be read at all."""
    entries = control["files"]
    opened = []
    for name in in_order(files):
        options = entries.get(name, entries.get("DEFAULT"))
        if not isinstance(options, dict):
            raise StopError(
                f"Could not find file specification in control file for file {name} "
                "(and DEFAULT file entry does not exist)"
            )
        opened.append(READERS[options["read"]](files[name], options, len(files) == 1))
    return opened


def _chunks(data: Data, size: int) -> Iterator[bytes]:
    """The data in pieces of at most that many bytes."""
    if isinstance(data, bytes):
        yield from (data[at : at + size] for at in range(0, len(data), size))
        return
    try:
        with data.open("rb") as opened:
            while chunk := opened.read(size):
                yield chunk
    except OSError as error:
        raise StorageError(f"{data} cannot be read: {error.strerror}") from error


def _text(data: Data, charset: Any) -> str:
    """A file's text; bytes that are not in the charset become U+FFFD, and a byte order mark stays."""
    held = next(_chunks(data, TEXT_LIMIT + 1), b"")
    if len(held) > TEXT_LIMIT:
        raise StopError(_TOO_BIG)
    codec = _codec(charset)
    if codec in _MARKS and not held.startswith(_MARKS[codec]):
        codec += "-be"
    return held.decode(codec, "replace")


def _codec(charset: Any) -> str:
    name = text(charset) if is_true(charset) else "utf-8"
    try:
        codec = codecs.lookup(name).name
        known = _CHARSET.fullmatch(name) is not None and _ONLY_IN_PYTHON.isdisjoint((codec, name.lower()))
        # Refused for codecs that are not charsets, such as base64.
        b" ".decode(codec, "replace")
    except (LookupError, ValueError):
        known = False
    if not known:
        raise StopError(f"org.haplo.javascript.OAPIException: Invalid charset: {name}")
    return codec


def _open_json(data: Data, options: Options, keep: bool) -> Records:
    def parse() -> Any:
        try:
            return parse_json(_text(data, "utf-8"))
        except ValueError:
            raise StopError(None, "the file is not JSON") from None

    kept = [parse()]
    if not keep:
        kept.clear()

    def records() -> Iterator[Any]:
        document = kept.pop() if kept else parse()
        if is_true(options.get("singleRecord")):
            yield document
        elif isinstance(document, list):
            # Taken off the end, so that memory shrinks as records are done with.
            document.reverse()
            while document:
                yield document.pop()
        else:
            yield from walk(document)

    return records


def _open_tsv(data: Data, options: Options, _: bool) -> Records:
    def records() -> Iterator[dict[str, str]]:
        given = options.get("separator")
        separator = text(given) if is_true(given) else "\t"
        lines = _LINE_ENDS.split(_text(data, options.get("charset")))
        columns = _cells(lines[0], separator)
        for at in range(1, len(lines)):
            # No quoting of any kind; a cell past the named columns is dropped, an empty one left out.
            cells = zip(columns, _cells(lines[at], separator), strict=False)
            yield {column: cell for column, cell in cells if cell}

    return records


def _cells(line: str, separator: str) -> list[str]:
    # A list for a separator may come to no text at all, by which the script cuts between characters.
    return line.split(separator) if separator else list(line)


def _open_xml(read: Callable[[Iterator[bytes], bool], Iterator[dict[str, str]]]) -> Open:
    def open_file(data: Data, options: Options, _: bool) -> Records:
        if not check_xml(_chunks(data, _PIECE)):
            raise StopError(None, "the file is not well-formed XML")
        return lambda: read(_chunks(data, _PIECE), is_true(options.get("singleRecord")))

    return open_file


READERS: Final[Mapping[str, Open]] = {
    "json": _open_json,
    "tsv-with-name-row": _open_tsv,
    "xml-text-of-children": _open_xml(read_text_of_children),
    "xml-attributes": _open_xml(read_attributes),
}
"""Readers by name."""
