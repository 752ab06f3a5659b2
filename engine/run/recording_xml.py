"""Answers of XML made anew for a recording, as those of JSON are: only what is declared of the records that are kept.

A document is read element by element, and records that are not kept are let go at once. A home of lxml.
Next: `run/recorder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.kinds.element import ElementPath, element_path
from engine.run.recording_answer import Remade
from engine.stages.xml_tree import local

Steps = tuple[str, ...]


def remade_xml(file: Path, remade: Remade) -> bytes:
    """Return an answer that is the only page of its request."""
    from lxml import etree

    reducing = _Reducing(remade)
    with file.open("rb") as stream:
        parser = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
            huge_tree=True,
        )
        for event, element in parser:
            reducing.see(event, element)
        reducing.finish()
        root = parser.root
    _Pruning(remade, reducing.kept, root).prune()
    etree.indent(root, " ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8")) + b"\n"


class _Reducing:
    """Counts records as they come, and takes out those that are not kept."""

    def __init__(self, remade: Remade) -> None:
        self._rows = {name: remade.rows[name].get(1, set()) for name in remade.sets}
        self._at: dict[Steps, list[str]] = {}
        for name, each in remade.sets.items():
            self._at.setdefault(element_path(each.records).steps, []).append(name)
        self._way: list[str] = []
        self._counts: Counter[Steps] = Counter()
        self._numbers: list[int] = []
        self.kept: dict[str, list[Any]] = {name: [] for name in remade.sets}
        self._holding: set[Any] = set()
        self._gone: list[Any] = []
        """Elements to be taken out; an element must not be while the parser stands at its end."""

    def see(self, event: str, element: Any) -> None:
        """Take in that an element begins or ends."""
        self.finish()
        if event == "start":
            self._way.append(local(element.tag))
            steps = tuple(self._way[1:])
            if steps in self._at:
                self._counts[steps] += 1
                self._numbers.append(self._counts[steps])
            return
        steps = tuple(self._way[1:])
        self._way.pop()
        if steps not in self._at:
            return
        number = self._numbers.pop()
        wanted = [name for name in self._at[steps] if number in self._rows[name]]
        for name in wanted:
            self.kept[name].append(element)
        if wanted or element in self._holding:
            self._holding.update(element.iterancestors())
        else:
            element.clear()
            self._gone.append(element)

    def finish(self) -> None:
        """Take out what is to go."""
        for element in self._gone:
            if element.getparent() is not None:
                element.getparent().remove(element)
        self._gone.clear()


class _Pruning:
    """Takes out what is not declared, and disguises the rest."""

    def __init__(self, remade: Remade, kept: dict[str, list[Any]], root: Any) -> None:
        self._remade, self._kept, self._root = remade, kept, root
        self._stay: dict[Any, str] = {}
        self._texts: dict[Any, str | None] = {}
        self._attributes: dict[Any, dict[str, str]] = {}

    def prune(self) -> None:
        """Leave what is declared."""
        for name, records in self._kept.items():
            for container in self._containers(name):
                self._hold(container, "")
            for record in records:
                self._hold(record, name)
                self._mark(record, name)
        self._clean(self._root, "")

    def _containers(self, name: str) -> Iterator[Any]:
        """Yield the elements that show, by being there, that records could be."""
        steps = element_path(self._remade.sets[name].records).steps[:-1]
        found = [self._root]
        for step in steps:
            found = [child for element in found for child in element if local(child.tag) == step]
            yield from found

    def _hold(self, element: Any, about: str) -> None:
        if about or element not in self._stay:
            self._stay[element] = about
        for above in element.iterancestors():
            self._stay.setdefault(above, "")

    def _mark(self, record: Any, name: str) -> None:
        for field_name, spec in self._remade.sets[name].fields.items():
            lost = self._remade.lost.get((name, field_name), frozenset())
            for where in map(element_path, spec.element_paths(field_name)):
                for element in _at(record, where):
                    text = element.get(_attribute(element, where)) if where.attribute is not None else element.text
                    if where.attribute is not None and text is None:
                        continue
                    made = None if text is None else str(self._remade.value(name, field_name, text))
                    if text is not None and text.strip().casefold() in lost:
                        continue
                    self._hold(element, "")
                    if where.attribute is None:
                        self._put(self._texts, element, text, made)
                    else:
                        self._put(self._attributes.setdefault(element, {}), _attribute(element, where), text, made)

    def _put(self, into: dict[Any, Any], key: Any, text: str | None, made: str | None) -> None:
        if key not in into or into[key] == text:  # what is replaced in one set is so in all
            into[key] = made

    def _clean(self, element: Any, about: str) -> None:
        about = self._stay.get(element) or about
        attributes = self._attributes.get(element, {})
        for key in list(element.attrib):
            if key in attributes:
                element.set(key, attributes[key])
            else:
                del element.attrib[key]
                self._told(about, f"@{local(key)}")
        element.text = self._texts.get(element)
        element.tail = None
        for child in list(element):
            if child in self._stay:
                self._clean(child, about)
            else:
                self._told(about, local(child.tag))
                element.remove(child)

    def _told(self, about: str, name: str) -> None:
        if about:
            self._remade.drop(about, name)


def _at(record: Any, where: ElementPath) -> list[Any]:
    """Return the elements at a path, seen from a record."""
    found = [record]
    for _ in range(where.up):
        found = [above for each in found if (above := each.getparent()) is not None]
    for step in where.steps:
        found = [child for each in found for child in each if isinstance(child.tag, str) and local(child.tag) == step]
    return found


def _attribute(element: Any, where: ElementPath) -> str:
    """Return the name of an attribute as it is written there."""
    return next((key for key in element.attrib if local(key) == where.attribute), where.attribute or "")
