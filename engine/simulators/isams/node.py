"""Records as elements, and how they are written: as XML, or as JSON made from the XML by rote.

What is absent is left out, what is empty is `<X/>`, and of text that is all blanks the last blank is written `&#x20;`.
In JSON an attribute is `@Id`, all values are text, one child is an object, several are an array, none are null.
Next: `setting`, `roll`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Union

Value = Union[str, int, None, "Legacy", Mapping[str, "Value"], Sequence["Node"]]
"""Text, nothing, further fields, or a list of records."""


Attributes = dict[str, str | int | None]


class Legacy(str):
    """Text of an element that is marked as legacy."""

    __slots__ = ()


class Node(NamedTuple):
    """A record: the name of its element, its attributes, and its children by name."""

    name: str
    attributes: Mapping[str, str | int | None]
    fields: Mapping[str, Value]


class Block(NamedTuple):
    """What one method gives: the way to a collection, and its records."""

    path: tuple[str, ...]
    nodes: list[Node]


def escape(text: str) -> str:
    """Text as it stands in an element."""
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text if text.strip() else text[:-1] + "&#x20;"


def escape_attribute(value: str | int) -> str:
    """Text as it stands in an attribute."""
    if type(value) is int:
        return str(value)
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def write_xml(nodes: Iterable[Node]) -> str:
    """Records one after the other."""
    out: list[str] = []
    for node in nodes:
        _write_node(node, out)
    return "".join(out)


def _write_node(node: Node, out: list[str]) -> None:
    out.append(f"<{node.name}")
    for name, value in node.attributes.items():
        if value is not None:
            out.append(f' {name}="{escape_attribute(value)}"')
    start = len(out)
    out.append(">")
    _write_fields(node.fields, out)
    if len(out) == start + 1:
        out[start] = "/>"
    else:
        out.append(f"</{node.name}>")


def _write_fields(fields: Mapping[str, Value], out: list[str]) -> None:
    for name, value in fields.items():
        if value is None:
            continue
        if isinstance(value, str) and not isinstance(value, Legacy):
            out.append(f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>")
        elif isinstance(value, int):
            out.append(f"<{name}>{value}</{name}>")
        elif isinstance(value, Legacy):
            out.append(f'<{name} Legacy="True">{escape(value)}</{name}>' if value else f'<{name} Legacy="True"/>')
        elif isinstance(value, Mapping):
            _write_node(Node(name, {}, value), out)
        else:
            out.append(f"<{name}>{write_xml(value)}</{name}>" if value else f"<{name}/>")


def to_data(node: Node) -> Any:
    """A record as the JSON endpoint has it, ready to be encoded."""
    data: dict[str, Any] = {f"@{name}": str(value) for name, value in node.attributes.items() if value is not None}
    for name, value in node.fields.items():
        if value is None:
            continue
        if isinstance(value, Legacy):
            data[name] = {"@Legacy": "True", **({"#text": str(value)} if value else {})}
        elif isinstance(value, str | int):
            data[name] = str(value) or None
        elif isinstance(value, Mapping):
            data[name] = to_data(Node(name, {}, value))
        else:
            data[name] = gather(value)
    return data or None


def gather(nodes: Iterable[Node]) -> dict[str, Any] | None:
    """Records as members of their container: an object for one, an array for several, null for none."""
    found: dict[str, list[Any]] = {}
    for node in nodes:
        found.setdefault(node.name, []).append(to_data(node))
    return {name: many[0] if len(many) == 1 else many for name, many in found.items()} or None


def write_json(nodes: Iterable[Node]) -> str:
    """A container of records as text."""
    return json.dumps(gather(nodes), ensure_ascii=False, separators=(",", ":"))
