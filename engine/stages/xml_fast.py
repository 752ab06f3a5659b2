"""Reads the record sets of an XML document in one pass: natively where that can be, with lxml where not.

xml2arrow takes flat sets (each field one value within its record) at the speed of the bare parse. By experiment, it

- gives null for an empty element as for a missing one: `xml_marks` marks what is there, and the mark is taken out here;
- fails where the text of an element stands twice, and then lxml reads the document; joins attributes that do, so those
  of elements below a record are lxml's, and so are documents with prefixes, which could make two of one;
- loses fields of a record below which another table begins, starts its numbers of parents anew in each block of a
  collection, and takes no two tables of one path: lists, nested sets and second sets of a path are lxml's;
- takes a document that is cut between two tags, has two roots or text behind the root, or is in UTF-16 for a short one,
  and does not look at what it does not read: so libxml2 parses the same bytes beside it, keeping nothing, and decides
  whether they are XML at all; no DTD, no entity, nothing from elsewhere;
- leaves line ends as they are, which `xml_text` sees to; and has messages with values in them, which nobody sees.

The document goes through a pipe, so its threads never wait for Python. Homes of xml2arrow, pyarrow, lxml.
Imports `xml_text`, `xml_marks`, `xml_plan`, `xml_tree`, `envelope`. Next: `stages/xml_answer`.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from engine.stages.envelope import UnreadableError
from engine.stages.xml_marks import MARK, LeftToPlainError, marked, without_parts
from engine.stages.xml_plan import SetPlan, Sink, Steps
from engine.stages.xml_text import LONGEST_TEXT, chunks_of
from engine.stages.xml_tree import Tree

_PIPES = Path("/dev/fd")
_ROOT = re.compile(rb"<(?:[^\s<>/!?:]+:)?([^\s<>/!?:]+)")
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_BATCH_BYTES = 16_000_000
_TOO_DEEP = 114  # XML_ERR_RESOURCE_LIMIT, which lxml's table of errors does not name


def read_sets(stream: BinaryIO, plans: Iterable[SetPlan], files: Mapping[str, Path], *, fast: bool = True) -> Read:
    """Write the records of each set to its file; raises `UnreadableError` where the document is not good XML.

    `fast` false has lxml read all: the same records, slower.
    """
    plans = list(plans)
    if fast and _PIPES.exists():
        with suppress(_OtherReaderError, LeftToPlainError):
            return _Pass(stream, plans, files, quick=choose_flat(plans)).run()
        stream.seek(0)
    return _Pass(stream, plans, files, quick=[]).run()


def choose_flat(plans: Iterable[SetPlan]) -> list[SetPlan]:
    """Return the sets that xml2arrow can read side by side."""
    chosen: list[SetPlan] = []
    for plan in plans:
        if plan.flat and not any(_entangled(plan, other) or _entangled(other, plan) for other in chosen):
            chosen.append(plan)
    return chosen


def _entangled(plan: SetPlan, other: SetPlan) -> bool:
    outer: Steps = other.steps
    return plan.container == other.container or plan.container[: len(outer)] == outer


class _OtherReaderError(Exception):
    """xml2arrow does not take this document; whether lxml does is not known yet."""


class Read:
    """What a pass found: the name of the root element, and the sets."""

    def __init__(self, root: str, sinks: Mapping[str, Sink]) -> None:
        self.root, self.sinks = root, sinks


class _Pass:
    def __init__(self, stream: BinaryIO, plans: list[SetPlan], files: Mapping[str, Path], quick: list[SetPlan]) -> None:
        self._root, self._chunks = prolog(chunks_of(stream))
        self._sinks = {plan.name: Sink(plan, files[plan.name]) for plan in plans}
        self._quick = [self._sinks[plan.name] for plan in quick]
        for sink in self._sinks.values():
            sink.reached = not sink.plan.container
        full = [sink for sink in self._sinks.values() if sink not in self._quick]
        self._tree: Tree | None = Tree(self._root, full, self._quick)
        self._check = None if full else _nothing_kept()

    def run(self) -> Read:
        try:
            for sink in self._sinks.values():
                sink.open()
            if self._quick:
                self._side_by_side()
            else:
                for chunk in self._checked():
                    del chunk
            for sink in self._sinks.values():
                sink.close()
        except BaseException:
            for sink in self._sinks.values():
                sink.drop()
            raise
        return Read(self._root, self._sinks)

    def _checked(self) -> Iterator[bytes]:
        """Yield the document's text, each chunk once libxml2 has read it."""
        from lxml import etree

        closing = False
        try:
            for chunk in self._chunks:
                for parser in (self._check, self._tree):
                    if parser is not None:
                        parser.feed(chunk)
                if self._tree is not None and self._check is not None and self._tree.done:
                    self._tree = None
                yield chunk
            closing = True
            for parser in (self._check, self._tree):
                if parser is not None:
                    parser.close()
        except etree.XMLSyntaxError as error:
            raise _refused(error, closing) from None

    # Two threads: one reads and checks, and feeds the other

    def _side_by_side(self) -> None:
        import pyarrow as pa
        import xml2arrow

        out, into = _wide_pipe()
        tell_empty = any(sink.plan.tell_empty for sink in self._quick)
        feeding = _Feeding(marked(self._checked(), tell_empty=tell_empty), into)
        failed = False
        try:
            try:
                stream = _parser(self._root, self._quick, self._quick[0].file.parent).parse_batches(
                    f"{_PIPES}/{out}", max_rows_per_batch=8192, max_bytes_per_batch=_BATCH_BYTES
                )
            finally:
                os.close(out)
            feeding.start()
            for name, batch in stream:
                _take(self._quick[int(name)], batch)
        except (xml2arrow.Xml2ArrowError, pa.ArrowException, TypeError, RuntimeError):
            failed = True
        finally:
            stream = None
            feeding.end()
        if feeding.error is not None:
            raise feeding.error
        if failed:
            raise _OtherReaderError


class _Feeding:
    """Writes a document into a pipe, in a thread of its own; what went wrong is kept in `error`."""

    def __init__(self, chunks: Iterator[bytes | memoryview], into: int) -> None:
        self._chunks, self._into = chunks, into
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="xml", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Wait until the thread has ended; nobody reads the pipe any more."""
        if self._thread.ident is None:
            os.close(self._into)
        else:
            self._thread.join()

    def _run(self) -> None:
        try:
            with os.fdopen(self._into, "wb", buffering=0) as pipe:
                for chunk in self._chunks:
                    view = memoryview(chunk)
                    while view:
                        view = view[pipe.write(view) :]
        except BrokenPipeError:
            pass  # the reader has given up, and says why
        except BaseException as error:  # any kind: the other thread raises it
            self.error = error


def _wide_pipe() -> tuple[int, int]:
    """Return a pipe that holds a chunk, where the system lets us: threads take turns less often."""
    out, into = os.pipe()
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 1 << 20)
    return out, into


def prolog(chunks: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    """Return the name of the root element, and the whole text; refuse what may not stand before it."""
    head, held = b"", []
    for chunk in chunks:
        held.append(chunk)
        head = without_parts(head + chunk)
        start = head.lstrip()[:100].lower()
        if start.startswith((b"<!doctype html", b"<html")):
            raise UnreadableError("is a page of HTML, not XML", heals=True)
        if b"<!DOCTYPE" in head:
            raise UnreadableError("has a DOCTYPE, which is not read", heals=False)
        found = _ROOT.search(head)
        if found and found.end() < len(head):
            name = found[1].decode("utf-8", "replace")
            if not _NAME.fullmatch(name):
                raise UnreadableError("is not well-formed XML (its first tag)")
            return name, _again(held, chunks)
        if len(head) > LONGEST_TEXT:
            break
    raise UnreadableError("has no root element", heals=True)


def _again(held: list[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    while held:
        yield held.pop(0)
    yield from chunks


class _Nothing:
    """Builds nothing of a document."""

    def close(self) -> None:
        """End the document."""


def _nothing_kept() -> Any:
    """Return libxml2 as it says whether a text is XML, and keeps nothing."""
    from lxml import etree

    target: Any = _Nothing()
    return etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)


def _parser(root: str, sinks: list[Sink], folder: Path) -> Any:
    import xml2arrow

    tables = [
        {
            "name": str(index),
            "xml_path": "/" + "/".join([root, *sink.plan.container]),
            "levels": [],
            "fields": [
                {
                    "name": f"{at}.{nth}",
                    "xml_path": _path(root, sink.plan, spelling),
                    "data_type": "Utf8",
                    "nullable": True,
                }
                for at, column in enumerate(sink.plan.columns)
                for nth, spelling in enumerate(column.spellings)
            ],
        }
        for index, sink in enumerate(sinks)
    ]
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".xml-", suffix=".yaml", encoding="utf-8") as config:
        json.dump({"tables": tables}, config, ensure_ascii=False)  # JSON is YAML
        config.flush()
        return xml2arrow.XmlToArrowParser(config.name)


def _path(root: str, plan: SetPlan, spelling: Any) -> str:
    end = [f"@{spelling.attribute}"] if spelling.attribute is not None else []
    return "/" + "/".join([root, *plan.steps, *spelling.steps, *end])


def _take(sink: Sink, batch: Any) -> None:
    """Take the marks out of a batch, choose among spellings, and pass it on."""
    import pyarrow.compute as pc

    found = {batch.schema.names[index]: batch.column(index) for index in range(batch.num_columns)}
    columns = []
    for at, column in enumerate(sink.plan.columns):
        spellings = []
        for nth, spelling in enumerate(column.spellings):
            values = found[f"{at}.{nth}"]
            if sink.plan.tell_empty:
                values = pc.replace_substring(values, MARK, "")
            elif spelling.attribute is not None:  # an empty element is null already
                values = pc.if_else(pc.equal(values, ""), None, values)
            spellings.append(values)
        columns.append(spellings[0] if len(spellings) == 1 else pc.coalesce(*spellings))
    sink.add_batch(columns, batch.num_rows)


def _refused(error: Any, closing: bool) -> UnreadableError:
    """Return what is wrong, in our words: libxml2's hold names and values."""
    from lxml import etree

    codes = etree.ErrorTypes
    if error.code == _TOO_DEEP:
        return UnreadableError("has elements too deep in each other", heals=False)
    cut = error.code in (codes.ERR_TAG_NOT_FINISHED, codes.ERR_DOCUMENT_END, codes.ERR_GT_REQUIRED)
    cut = cut or (closing and error.code != codes.ERR_INTERNAL_ERROR)  # that is an entity that nobody declared
    if cut and "Extra content" not in (error.msg or ""):
        return UnreadableError("is XML that is cut short")
    line, column = error.position
    return UnreadableError(f"is not well-formed XML (line {line}, column {column})")
