"""The tree of a YAML file: nodes with their places, built from a parser's events, and what we refuse.

Stands on the standard library only; `document` gives the events and knows the parser.
Next: `document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

MOST_DEPTH = 100
MOST_ALIASES = 100
MOST_EXPANDED = 100_000
_LONGEST_NUMBER = 40
_TRAPS = frozenset({"on", "off", "yes", "no", "y", "n"})
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?")
_HEADER = re.compile(r"[|>][-+0-9]*")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s|(?<=\s)#[^\r\n]*)*)+")
_TAG = re.compile(r"![^\s,\[\]{}]*")
_CONSTANTS = {"": None, "null": None, "true": True, "false": False}


class Event(NamedTuple):
    """One step of a parser; `kind` is start, scalar, alias, map, list, end or stop."""

    kind: str
    start: int
    end: int
    text: str = ""
    style: str = ""  # of a scalar: plain, single, double, literal, folded; of a map or list: flow, block
    anchor: str = ""
    tag: str = ""


class Report(Protocol):
    """Takes a finding about the text between two indexes."""

    def __call__(self, code: str, start: int, end: int, what: str, why: str = "", fix: str = "") -> None: ...


class Stop(Exception):
    """Reading cannot go on; the reason is reported already."""


@dataclass(slots=True)
class Node:
    """A value: `start` to `end` is all of it, `start` to `shown` is what to underline."""

    kind: str
    start: int
    end: int
    shown: int
    text: str = ""
    style: str = ""
    keys: dict[str, Node] = field(default_factory=dict)
    items: dict[str | int, Node] = field(default_factory=dict)
    target: Node | None = None  # of an alias
    anchor: str = ""
    size: int = 1
    height: int = 1
    whole: bool = False

    def meant(self) -> Node:
        """Return the node itself, or what an alias stands for."""
        return self.target or self

    def adopt(self, child: Node) -> None:
        """Count a child in."""
        self.size += child.size
        self.height = max(self.height, child.height + 1)


def value(node: Node) -> Any:
    """Return plain data: each alias gets a copy of its own."""
    node = node.meant()
    if node.kind == "map":
        return {str(key): value(child) for key, child in node.items.items()}
    if node.kind == "list":
        return [value(child) for child in node.items.values()]
    return scalar(node.text, node.style)


def scalar(text: str, style: str) -> str | int | float | bool | None:
    """Return what a scalar means: text, unless it is plain null, true, false or a plain decimal number."""
    if style != "plain":
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) <= _LONGEST_NUMBER and (number := _NUMBER.fullmatch(text)):
        return float(text) if number[1] else int(text)
    return text


class Tree:
    """Builds the nodes of one file; findings go to `report`, and building goes on where it can."""

    def __init__(self, text: str, events: Iterator[Event], report: Report) -> None:
        self._text, self._events, self._report = text, events, report
        self._anchors: dict[str, Node] = {}
        self._aliases = 0
        self._expanded = 0

    def build(self) -> Node | None:
        """Return the root; None for a file without content."""
        root = None
        for event in self._events:
            if event.kind != "start":
                continue
            if root is not None:
                self._report(
                    "several-documents", event.start, event.end, "a second document begins in the same file",
                    fix="give each document a file of its own, or take out the '---'",
                )  # fmt: skip
                raise Stop
            root = self._node(next(self._events), 1)
        return root

    def _node(self, event: Event, depth: int) -> Node:
        if depth > MOST_DEPTH:
            self._too_deep(event)
        if event.kind == "alias":
            return self._alias(event, depth)
        node = self._begin(event)
        if event.kind == "map":
            self._map(node, depth, flow=event.style == "flow")
        elif event.kind == "list":
            self._list(node, depth, flow=event.style == "flow")
        node.whole = True
        return node

    def _begin(self, event: Event) -> Node:
        start = event.start
        if event.tag:
            tag = _TAG.search(self._text, start)
            first, last = tag.span() if tag else (start, start + 1)
            self._report(
                "yaml-tag", first, last, "tags ('!') have no meaning here",
                "values get their types from what they are for",
                "take the tag out; put a text that begins with '!' in quotes",
            )  # fmt: skip
        if (event.anchor or event.tag) and (event.kind != "scalar" or event.text or event.style != "plain"):
            match = _PROPERTIES.match(self._text, start)
            start = match.end() if match else start
        shown = max(start, event.end)
        if event.style in ("literal", "folded") and (header := _HEADER.match(self._text, start)):
            shown = header.end()
        elif event.kind != "scalar":
            shown = start + 1
        node = Node(event.kind, start, max(start, event.end), shown, event.text, event.style, anchor=event.anchor)
        if event.anchor:
            if event.anchor in self._anchors:
                self._report(
                    "yaml-alias", event.start, event.start + len(event.anchor) + 1,
                    f"the anchor '&{event.anchor}' is there twice", fix="give it another name",
                )  # fmt: skip
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Event, depth: int) -> Node:
        target = self._anchors.get(event.anchor)
        self._aliases += 1
        what = ""
        if target is None:
            what = f"the alias '*{event.anchor}' has no anchor above it"
        elif not target.whole:
            what = f"the alias '*{event.anchor}' stands inside what it repeats"
        elif self._aliases > MOST_ALIASES:
            what = f"more than {MOST_ALIASES} aliases in a file"
        elif self._expanded + target.size > MOST_EXPANDED:
            what = f"the aliases of this file stand for more than {MOST_EXPANDED} values"
        elif depth + target.height > MOST_DEPTH + 1:
            self._too_deep(event)
        if what:
            fix = "" if target else f"write &{event.anchor} before the value it repeats, or quote the text"
            self._report("yaml-alias", event.start, event.end, what, fix=fix)
        if what or target is None:
            if target is not None and target.whole:
                raise Stop
            return Node("scalar", event.start, event.end, event.end, style="plain")
        self._expanded += target.size
        target = target.meant()
        return Node("alias", event.start, event.end, event.end, target=target, size=target.size, height=target.height)

    def _too_deep(self, event: Event) -> None:
        self._report("too-deep", event.start, event.start + 1, f"more than {MOST_DEPTH} levels inside each other")
        raise Stop

    def _list(self, node: Node, depth: int, *, flow: bool) -> None:
        while (event := next(self._events)).kind != "end":
            child = node.items[len(node.items)] = self._node(event, depth + 1)
            node.adopt(child)
        self._finish(node, event, flow=flow)

    def _map(self, node: Node, depth: int, *, flow: bool) -> None:
        first = None
        while (event := next(self._events)).kind != "end":
            key = self._node(event, depth + 1)
            first = first or key
            kept = self._key_is_good(key)
            child = self._node(next(self._events), depth + 1)
            node.adopt(key)
            node.adopt(child)
            if kept and key.text not in node.items:
                node.items[key.text], node.keys[key.text] = child, key
            elif kept:
                self._duplicate(key, node.keys[key.text])
        self._finish(node, event, flow=flow)
        if not flow and first is not None:
            node.shown = first.shown

    def _finish(self, node: Node, event: Event, *, flow: bool) -> None:
        node.end = event.end
        if flow:
            node.shown = event.end

    def _duplicate(self, key: Node, first: Node) -> None:
        line = 1 + len(re.findall(r"\r\n|\n|\r", self._text[: first.start]))
        self._report(
            "duplicate-key", key.start, key.shown, f"the key '{key.text}' is there twice",
            f"it is there first in line {line}", "take one of the two out, or give it another name",
        )  # fmt: skip

    def _key_is_good(self, key: Node) -> bool:
        """Report a key that is not to be had; say whether it is kept all the same."""
        start, end, text = key.start, key.shown, key.text
        if key.kind == "map" and key.style == "flow" and self._text[max(0, start - 1) : start + 1] == "{{":
            self._report(
                "key-not-text", start - 1, start + 1, "a template must be in quotes",
                "YAML reads '{{' as the beginning of a map", "write '{{ name }}' with the quotes",
            )  # fmt: skip
            return False
        if key.kind != "scalar" or key.style in ("literal", "folded"):
            self._report("key-not-text", start, end, "a key must be a text on one line", fix="write `key: value`")
            return False
        if key.style != "plain":
            return True
        if not text:
            self._report("key-not-text", start, end, "a ':' without a key before it", fix="write `key: value`")
        elif text == "<<":
            self._report(
                "merge-key", start, end, "merge keys ('<<') are not read",
                "what a document says must stand where it is read", "write the keys out",
            )  # fmt: skip
        elif text.lower() in _TRAPS:
            self._report(
                "trap-key", start, end, f"the key '{text}' is read as true or false by other YAML tools",
                "on, off, yes, no, y, n are no keys", f"write '{text}' in quotes, or choose a word",
            )  # fmt: skip
            return True
        else:
            return True
        return False
