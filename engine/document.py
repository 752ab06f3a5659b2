"""Strict YAML with the position of every key and value. The only home of PyYAML.

Stands on the standard library, PyYAML (imported when the first file is read) and `errors`.
Scalars are text, unless they are plain `null`, `true`, `false` or plain decimal numbers (of at most
40 characters); keys are text. `document_tree` builds the nodes, `document_text` knows lines and
columns, `document_syntax` has the sentences. Next: one file of `kinds/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.document_syntax import sentence
from engine.document_text import Lines, inline_offsets, literal_indent, strange_character
from engine.document_tree import Event, Node, Report, Stop, Tree, value
from engine.errors import Place, Problem

MOST_BYTES = 2_000_000
CODES = (
    "bad-character",
    "duplicate-key",
    "empty-document",
    "file-too-large",
    "file-unreadable",
    "key-not-text",
    "merge-key",
    "not-a-mapping",
    "not-utf8",
    "several-documents",
    "too-deep",
    "trap-key",
    "yaml-alias",
    "yaml-syntax",
    "yaml-tab",
    "yaml-tag",
)
_STYLES = {None: "plain", "": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}
_TAB = re.compile(r"^ *\t[ \t]*(?=\S)", re.MULTILINE)
_WORD = re.compile(r"\w+")

Route = Sequence[str | int]


@dataclass(frozen=True, eq=False)
class Document:
    """One file of YAML, read: `data` is plain dict, list, str, int, float, bool and None.

    A path is a sequence of keys and list indexes, `()` for the whole document.
    """

    file: Path
    text: str = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    _root: Node = field(repr=False)
    _lines: Lines = field(repr=False)

    @property
    def root(self) -> Node:
        """The tree that `data` was made of, for those who look at how it was written."""
        return self._root

    def has(self, path: Route) -> bool:
        """Say whether the document has a value at this path."""
        return len(self._walk(path)) == len(path) + 1

    def place(self, path: Route) -> Place:
        """Return where the value at `path` stands, or its nearest ancestor that exists."""
        node = self._walk(path)[-1]
        return self._at(node.start, node.shown)

    def key_place(self, path: Route) -> Place:
        """Return where the key of `path` stands; for a list's item its value; else the nearest ancestor's."""
        nodes = self._walk(path)
        node = nodes[-1]
        if len(nodes) > 1:
            node = nodes[-2].meant().keys.get(str(path[len(nodes) - 2]), node)
        return self._at(node.start, node.shown)

    def block_place(self, path: Route, line: int, column: int) -> Place:
        """Return the place of a line and column (from 1) inside the text at `path`, a word wide.

        Exact for literal blocks, plain and quoted text; a folded block gives its first line.
        """
        node = self._scalar(path)
        if node is None or node.style == "folded":
            return self.place(path)
        lines = node.text.split("\n")
        line = min(max(line, 1), len(lines))
        column = min(max(column, 1), len(lines[line - 1]) + 1)
        word = _WORD.match(lines[line - 1], column - 1)
        width = len(word.group()) if word else 1
        if node.style == "literal":
            header = self._lines.position(node.start)[0]
            indent = literal_indent(self._lines, header, node.text)
            return Place(self.file, header + line, indent + column, width)
        offsets = inline_offsets(self.text[node.start : node.end], node.style)
        if len(offsets) != len(node.text) + 1:
            return self.place(path)
        index = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
        return self._at(node.start + offsets[index], node.start + offsets[index + width] if word else None)

    def span(self, path: Route) -> tuple[int, int]:
        """Return where what is written at `path` begins and ends in `text`, without what merely follows it."""
        node = self._walk(path)[-1]
        return node.start, len(self.text[: _end(node)].rstrip())

    def is_flow(self, path: Route) -> bool:
        """Say whether a map or a list is written in brackets."""
        return self._walk(path)[-1].meant().style == "flow"

    def style(self, path: Route) -> str:
        """Return 'plain', 'single', 'double', 'literal' or 'folded'; '' where no scalar stands."""
        node = self._scalar(path)
        return node.style if node else ""

    def written(self, path: Route) -> str:
        """Return a scalar as it was written, quotes and escapes undone: '1.50' where `data` has 1.5."""
        node = self._scalar(path)
        return node.text if node else ""

    def source_line(self, line: int) -> str:
        """Return a line of the file (from 1) without its line end; '' where there is none."""
        return self._lines.line(line)

    def _scalar(self, path: Route) -> Node | None:
        nodes = self._walk(path)
        node = nodes[-1].meant()
        return node if len(nodes) == len(path) + 1 and node.kind == "scalar" else None

    def _walk(self, path: Route) -> list[Node]:
        """Return the nodes from the root along `path`, as far as they exist."""
        nodes = [self._root]
        for step in path:
            parent = nodes[-1].meant()
            child = parent.items.get(str(step) if parent.kind == "map" else step)
            if child is None:
                break
            nodes.append(child)
        return nodes

    def _at(self, start: int, end: int | None = None) -> Place:
        return _place(self.file, self._lines, start, start + 1 if end is None else end)


def load(file: Path, shown: Path | None = None) -> tuple[Document | None, list[Problem]]:
    """Read a file; messages name it as `shown`. See `parse` for what comes back."""
    name = shown or file
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        reason = "it is not there" if isinstance(error, FileNotFoundError) else (error.strerror or "no access")
        return None, [Problem("file-unreadable", "the file cannot be read", Place(name), f"reason: {reason}")]
    return parse_bytes(raw, name)


def parse_bytes(raw: bytes, name: Path) -> tuple[Document | None, list[Problem]]:
    """Read what a file holds, as `parse` does; `name` is its name for messages."""
    if len(raw) > MOST_BYTES:
        return None, [_too_large(name)]
    try:
        return parse(raw.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        line, column = Lines(before).position(len(before))
        what = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        fix = "save the file as UTF-8"
        return None, [Problem("not-utf8", what, Place(name, line, column), "documents are UTF-8", fix)]


def parse(text: str, file: Path) -> tuple[Document | None, list[Problem]]:
    """Read YAML from text; `file` is the name for messages.

    Gives all problems, in order, and the document wherever its tree is whole, so that more can be checked;
    None where it could not be read to its end. A document with problems must not be run.
    """
    text = text.removeprefix("\ufeff")
    lines = Lines(text)
    problems: list[Problem] = []

    def report(code: str, start: int, end: int, what: str, why: str = "", fix: str = "") -> None:
        problems.append(Problem(code, what, _place(file, lines, start, end), why, fix))

    if len(text) > MOST_BYTES:
        return None, [_too_large(file)]
    if (at := strange_character(text)) is not None:
        what = f"the invisible character U+{ord(text[at]):04X} stands here"
        fix = "take it out, or write it as an escape in double quotes"
        report("bad-character", at, at + 1, what, "YAML tools read or refuse it differently", fix)
        return None, problems
    for tab in _TAB.finditer(text):
        at = text.index("\t", tab.start())
        report("yaml-tab", at, tab.end(), "a tab in the indentation", "YAML is indented by spaces", "use spaces")
    root = _build(text, lines, report, problems)
    problems.sort(key=Problem.sort_key)
    if root is None:
        return None, problems
    return Document(file, text, value(root), root, lines), problems


def _build(text: str, lines: Lines, report: Report, problems: list[Problem]) -> Node | None:
    """Return the root where it is whole and a map; what is wrong goes to `report`."""
    import yaml

    try:
        root = Tree(text, _events(text), report).build()
    except Stop:
        return None
    except yaml.MarkedYAMLError as error:
        _report_syntax(error, lines, report, {each.place.line for each in problems if each.place})
        return None
    if root is None or (root.kind == "scalar" and not root.text and root.style == "plain"):
        fix = "its first key says what it is: `source: name`, `mapping: name`, `school: name`"
        report("empty-document", 0, 1, "the file says nothing", fix=fix)
        return None
    if root.kind != "map":
        is_list = "a list" if root.kind == "list" else "a text"
        why = f"this is {is_list}"
        report(
            "not-a-mapping",
            root.start,
            root.shown,
            "a document must be a map of keys",
            why,
            "write `key: value`",
        )
        return None
    return root


def _events(text: str) -> Iterator[Event]:
    """Parse with libyaml where PyYAML has it, else in Python."""
    import yaml

    kinds: dict[type, str] = {
        yaml.DocumentStartEvent: "start",
        yaml.ScalarEvent: "scalar",
        yaml.AliasEvent: "alias",
        yaml.MappingStartEvent: "map",
        yaml.SequenceStartEvent: "list",
        yaml.MappingEndEvent: "end",
        yaml.SequenceEndEvent: "end",
    }
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    event: Any
    for event in yaml.parse(text, Loader=loader):
        kind = kinds.get(type(event), "stop")
        if kind == "scalar":
            words, style = event.value, _STYLES[event.style]
        else:
            words, style = "", "flow" if getattr(event, "flow_style", False) else "block"
        anchor, tag = getattr(event, "anchor", None) or "", getattr(event, "tag", None) or ""
        yield Event(kind, event.start_mark.index, event.end_mark.index, words, style, anchor, tag)


def _report_syntax(error: Any, lines: Lines, report: Report, seen: set[int]) -> None:
    """Say a parser's complaint in our words, unless something better is said of the same line."""
    said = sentence(error.problem or "")
    begun, mark = error.context_mark, error.problem_mark
    at = (begun if said.at_context and begun else mark or begun).index
    if lines.position(at)[0] in seen:
        return
    why = f"what it stands in began in line {lines.position(begun.index)[0]}" if begun else ""
    report("yaml-syntax", at, at + 1, said.what, "" if said.at_context else why, said.fix)


def _end(node: Node) -> int:
    """Return where a node ends; a parser ends a block where the next thing begins."""
    if node.style != "block":
        return node.end
    return max((_end(child) for child in (*node.keys.values(), *node.items.values())), default=node.end)


def _place(file: Path, lines: Lines, start: int, end: int) -> Place:
    line, column = lines.position(start)
    return Place(file, line, column, lines.width(start, end))


def _too_large(file: Path) -> Problem:
    why = f"a document has at most {MOST_BYTES // 1_000_000} MB"
    return Problem("file-too-large", "the file is too large", Place(file), why, "split it, or move data out of it")
