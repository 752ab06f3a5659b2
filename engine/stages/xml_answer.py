"""Reads answers of XML: the records of each set beside the answer, as Parquet, and what documents of errors say.

A home of lxml. Imports `kinds`, `spec`, and the shared pieces `envelope`, `xml_fast`, `xml_plan`, `xml_text`. Next:
`stages/books`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.kinds.element import ElementPath, element_path
from engine.stages.envelope import Envelope, UnreadableError
from engine.stages.xml_fast import prolog, read_sets
from engine.stages.xml_plan import plan_of, records_file
from engine.stages.xml_text import chunks_of
from engine.stages.xml_tree import local

if TYPE_CHECKING:
    from typing import Any

    from engine.spec.source import RecordSet

_LONGEST_OF_ERRORS = 1_000_000
"""Bytes of a document of errors that are looked into."""


class XmlReader:
    """Reads the answers of one endpoint: these fields of these record sets; of other documents, what the paths lead to.

    `root` is the name of the root element of an answer that is no failure; `tell_empty`: an empty value is one.
    """

    def __init__(
        self,
        root: str,
        sets: Mapping[str, RecordSet],
        wanted: Mapping[str, Collection[str] | None],
        paths: Iterable[str],
        *,
        tell_empty: bool = True,
    ) -> None:
        self._root, self._paths = root, list(paths)
        self._plans = [plan_of(name, each, wanted.get(name), tell_empty=tell_empty) for name, each in sets.items()]
        self._optional = {name for name, each in sets.items() if each.optional}

    def read_from(self, stream: BinaryIO, file: Path) -> Envelope:
        """Read an answer that is spooled in a file; raises `UnreadableError` where it is no answer."""
        name, _ = prolog(chunks_of(stream))
        stream.seek(0)
        if name != self._root:
            what = f"is not a document '{self._root}', and none of the errors that the source document names"
            raise UnreadableError(what, heals=False, facts=self._facts(stream))
        files = {plan.name: records_file(file, plan.name) for plan in self._plans}
        read = read_sets(stream, self._plans, files)
        sets = {name: sink.seen(empty=name in self._optional) for name, sink in read.sinks.items()}
        return Envelope({}, sets)

    def _facts(self, stream: BinaryIO) -> dict[str, str]:
        """Return what stands at the paths, below the root; a document that is long or broken says nothing."""
        from lxml import etree

        data = b"".join(_first(chunks_of(stream), _LONGEST_OF_ERRORS))
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            root = etree.fromstring(data, parser)
        except etree.XMLSyntaxError:
            return {}
        return {path: text for path in self._paths if (text := _at(root, element_path(path))) is not None}


def _first(chunks: Iterable[bytes], most: int) -> Iterable[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            return
        yield chunk


def _at(element: Any, where: ElementPath) -> str | None:
    for step in where.steps:
        element = next((child for child in element if isinstance(child.tag, str) and local(child.tag) == step), None)
        if element is None:
            return None
    found = element.get(where.attribute) if where.attribute is not None else "".join(element.itertext())
    return None if found is None else str(found).strip()
