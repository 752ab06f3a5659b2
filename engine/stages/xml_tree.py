"""Reads records out of an XML document with lxml, one record's tree at a time.

What the quick reader can't is read here: lists, parts that stay together, fields of the elements above, names with
prefixes; and, for the sets that it can, the names in a sample of records. Of a document only what is open is kept.
A home of lxml. Imports `xml_plan`, `xml_text`, `envelope`. Next: `stages/xml_fast`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from engine.kinds.element import ElementPath
from engine.stages.envelope import UnreadableError
from engine.stages.xml_plan import SAMPLE, Column, SetPlan, Sink, Steps

LARGEST_RECORD: Final = 100_000_000
"""Bytes of memory that one record, or the element above it that is looked at, may take."""
_TAG: Final = 120
"""Bytes that libxml2 takes for what one tag begins: an element, or a text."""


class RepeatedError(UnreadableError):
    """A record has a part several times that is declared as one value."""


class Tree:
    """The reader. `full` are the sets whose records are taken, `sampled` those that only show their names."""

    def __init__(self, root: str, full: Iterable[Sink], sampled: Iterable[Sink]) -> None:
        from lxml import etree

        self._full = [(sink, _Taker(sink.plan)) for sink in full]
        self._sampled = list(sampled)
        sinks = [*(sink for sink, _ in self._full), *self._sampled]
        self._anchors = {sink.plan.anchor for sink in sinks}
        self._outermost = {
            steps for steps in self._anchors if not any(steps[:length] in self._anchors for length in range(len(steps)))
        }
        self._containers = {sink.plan.container for sink in sinks}
        names = {steps[-1] for steps in self._anchors | self._containers if steps} | {root}
        self._parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in sorted(names)],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._root: Any = None
        self._sinks, self._weight = sinks, 0

    @property
    def done(self) -> bool:
        """Say whether nothing more is looked for."""
        return not self._full and all(sink.sampled >= SAMPLE for sink in self._sampled)

    def feed(self, chunk: bytes) -> None:
        """Take more of the document."""
        self._parser.feed(chunk)
        self._take()
        self._weight += len(chunk) + _TAG * chunk.count(b"<")
        self._prune()

    def close(self) -> None:
        """End the document; raises what lxml raises where it has not ended."""
        self._parser.close()
        self._take()

    def _take(self) -> None:
        for event, element in self._parser.read_events():
            if self._root is None:
                self._root = element
            steps = _steps_to(element)
            if event == "start":
                if steps in self._containers:
                    self._reach(steps)
            elif steps in self._anchors:
                self._take_anchor(element, steps)
                self._weight = 0 if steps in self._outermost else self._weight

    def _reach(self, steps: Steps) -> None:
        for sink in self._sinks:
            sink.reached = sink.reached or sink.plan.container == steps

    def _take_anchor(self, element: Any, steps: Steps) -> None:
        for sink in self._sampled:
            if sink.plan.anchor == steps:
                _sample(sink, element)
        for sink, taker in self._full:
            if sink.plan.anchor == steps:
                for record in _below(element, sink.plan.steps[len(steps) :]):
                    _sample(sink, record)
                    sink.add(taker.row(record))

    def _prune(self) -> None:
        """Forget what has ended, down to the record that is open."""
        element = self._root
        steps: Steps = ()
        while element is not None and len(element) and steps not in self._anchors:
            del element[:-1]
            element = element[-1]
            steps = (*steps, local(element.tag))
        if steps not in self._anchors:
            self._weight = 0
        elif self._weight > LARGEST_RECORD:
            raise UnreadableError(f"has a record that would take more than {LARGEST_RECORD:,} bytes", heals=False)


def local(tag: str) -> str:
    """Return a name without its namespace."""
    return tag.rpartition("}")[2]


def _steps_to(element: Any) -> Steps:
    names = [local(element.tag), *(local(above.tag) for above in element.iterancestors())]
    return tuple(reversed(names[:-1]))


def _below(element: Any, steps: Steps) -> Iterator[Any]:
    if not steps:
        yield element
        return
    for child in element:
        if local(child.tag) == steps[0]:
            yield from _below(child, steps[1:])


def _sample(sink: Sink, record: Any) -> None:
    if sink.sampled < SAMPLE:
        sink.sampled += 1
        sink.keys.update(f"@{name}" for name in record.keys() if "}" not in name)  # noqa: SIM118
        sink.keys.update(local(child.tag) for child in record)


# One record


@dataclass
class _Node:
    """What is taken at an element on the way to values; numbers are those of slots."""

    text: list[int] = field(default_factory=list)
    attributes: dict[str, list[int]] = field(default_factory=dict)
    holds: list[int] = field(default_factory=list)
    below: dict[str, _Node] = field(default_factory=dict)


class _Taker:
    """Takes the values of columns out of an element, each element on the way once."""

    def __init__(self, plan: SetPlan) -> None:
        self._columns, self._about, self._tell_empty = plan.columns, plan.name, plan.tell_empty
        self._slots: list[list[int]] = []
        self._above: dict[int, _Node] = {}
        self._count = 0
        for column in plan.columns:
            self._slots.append([self._slot(column, spelling) for spelling in column.spellings])

    def _slot(self, column: Column, spelling: ElementPath) -> int:
        slot, node = self._count, self._above.setdefault(spelling.up, _Node())
        self._count += 1
        for index, step in enumerate(spelling.steps):
            if column.many and index == 1:  # with the first element on the way there is a list, if an empty one
                node.holds.append(slot)
            node = node.below.setdefault(step, _Node())
        if spelling.attribute is not None:
            node.attributes.setdefault(spelling.attribute, []).append(slot)
        else:
            node.text.append(slot)
        return slot

    def row(self, element: Any) -> tuple[str | None, ...]:
        """Return the values of a record: of each column the first spelling that is there; lists as JSON."""
        found: list[list[str] | None] = [None] * self._count
        for up, node in self._above.items():
            above = element
            for _ in range(up):
                above = above.getparent()
            _walk(above, node, found)
        return tuple(
            self._value(column, slots, found) for column, slots in zip(self._columns, self._slots, strict=True)
        )

    def _value(self, column: Column, slots: list[int], found: list[list[str] | None]) -> str | None:
        there = [values for slot in slots if (values := found[slot]) is not None]
        if column.many:
            return json.dumps(there[0], ensure_ascii=False) if there else None
        if not self._tell_empty:
            there = [values for values in ([value for value in each if value] for each in there) if values]
        if any(len(values) > 1 for values in there):
            what = f"has '{column.name}' several times in one record of set '{self._about}'"
            raise RepeatedError(f"{what}: it is no single value; say type: list", heals=False)
        return there[0][0] if there else None


def _walk(element: Any, node: _Node, found: list[list[str] | None]) -> None:
    for name, slots in node.attributes.items():
        value = element.get(name)
        if value is not None:
            _put(found, slots, value)
    if node.text:
        tails = [child.tail for child in element if child.tail]
        _put(found, node.text, "".join([element.text or "", *tails]))
    for slot in node.holds:
        found[slot] = found[slot] or []
    if node.below:
        for child in element:
            further = node.below.get(local(child.tag))
            if further is not None:
                _walk(child, further, found)


def _put(found: list[list[str] | None], slots: list[int], value: str) -> None:
    for slot in slots:
        values = found[slot]
        if values is None:
            found[slot] = [value]
        else:
            values.append(value)
