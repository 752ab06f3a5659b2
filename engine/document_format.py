"""A document in the one form that all have: two spaces, one line where a map or list in brackets fits, else a block.

Every scalar stays letter by letter as it was written, every comment stays with what it is about, single blank lines
stay; what was written as a block stays one. A text that would come out with another meaning is refused.

Own code, not ruamel.yaml: that folds long texts at other places, breaks maps in brackets in the middle of a line,
and writes nothing where `null` stood. Stands on `document` and its parts. Next: `spec/form`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from engine.document import Document, parse
from engine.document_comment import BLOCKS, Comment, blank_before, comments
from engine.document_text import Lines
from engine.document_tree import Node
from engine.errors import EngineError

WIDTH = 120
STEP = 2
_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)")
_CONTINUED = re.compile(r"[ \t]*\n[ \t]*(?=[^\s])")


class FormatRefused(EngineError):
    """What we would write does not say what was written."""

    code = "format-refused"


def formatted(document: Document, first: str | None = None) -> str:
    """Return the text of a sound document in its form; its key `first` is put before the others."""
    text = _Writer(_with_lf(document)).written()
    if first is not None:
        text = _put_first(text, first, document.file)
    if _meaning(parse(text, document.file)[0]) != _meaning(document):
        fix = "leave the file as it is, and report this with its text: it is a bug"
        raise FormatRefused(f"{document.file} cannot be formatted without a change of what it says", fix=fix)
    return text.replace("\n", "\r\n") if "\r\n" in document.text else text


def _meaning(document: Document | None) -> tuple[str, list[str]] | None:
    """Return what must not change: the data, letter by letter, and the comments."""
    if document is None:
        return None
    plain = _with_lf(document)
    said = comments(plain.text, plain.root, Lines(plain.text))
    return json.dumps(document.data, sort_keys=True), sorted(comment.text for comment in said)


def _with_lf(document: Document) -> Document:
    """Return a document whose lines end in LF: the same one, if they do."""
    if "\r\n" not in document.text:
        return document
    plain, _ = parse(document.text.replace("\r\n", "\n"), document.file)
    assert plain is not None
    return plain


def _put_first(text: str, name: str, file: Path) -> str:
    """Return a formatted text with one entry, and the comments above it, before the others."""
    document, _ = parse(text, file)
    assert document is not None
    rows = text.split("\n")[:-1]
    keys = list(document.data)
    begins = [document.key_place((key,)).line - 1 for key in keys]
    at = keys.index(name)
    for index in range(1, len(begins)):
        while rows[begins[index] - 1].startswith("#"):
            begins[index] -= 1
    end = begins[at + 1] if at + 1 < len(keys) else len(rows)
    own, others = rows[begins[at] : end], [*rows[begins[0] : begins[at]], *rows[end:]]
    return "\n".join([*rows[: begins[0]], *own, *others]).rstrip("\n") + "\n"


class _Writer:
    """Writes one document, whose lines end in LF; comments are taken in their order, each once."""

    def __init__(self, document: Document) -> None:
        self.text, self.root, self.lines = document.text, document.root, Lines(document.text)
        self.comments = comments(self.text, self.root, self.lines)
        self.out: list[str] = []
        self._begun = False  # a block has just begun, and no blank line may follow
        self._lead = ""  # dashes that the next line begins with

    def written(self) -> str:
        """Return the whole text."""
        self._block(self.root, 0, 0, len(self.text))
        self._alone(self._take(len(self.text) + 1), 0)
        return "\n".join(self.out) + "\n"

    def _block(self, node: Node, indent: int, column: int, limit: int) -> None:
        """Write a map or a list entry by entry; `column` is that of what it stands in."""
        own = self.lines.position(node.start)[1]
        children = list(node.items.values())
        keys = list(node.keys.values()) if node.kind == "map" else children
        end = node.end if node.style == "flow" else limit
        for index, (key, child) in enumerate(zip(keys, children, strict=True)):
            after = keys[index + 1].start if index + 1 < len(keys) else end
            if node.kind == "map":
                self._entry(key, child, indent, own, after)
            else:
                self._item(child, indent, own, after)
        if node.style == "flow":
            self._alone(self._take(node.end), indent)
        else:
            least = max(own, column + 1)
            while self.comments and self.comments[0].index < limit and self.comments[0].column >= least:
                self._alone([self.comments.pop(0)], indent)

    def _entry(self, key: Node, child: Node, indent: int, column: int, limit: int) -> None:
        head = f"{self._anchor(key)}{self.text[key.start : key.end]}:"
        self._lines_of(key, child, head, indent, column, limit)

    def _item(self, child: Node, indent: int, column: int, limit: int) -> None:
        self._lines_of(child, child, "-", indent, column, limit)

    def _lines_of(self, start: Node, child: Node, head: str, indent: int, column: int, limit: int) -> None:
        """Write a key or a dash with what follows it."""
        line = self.lines.position(start.end if start is not child else start.start)[0]
        blank = blank_before(self.lines, self.lines.position(start.start)[0])
        above = self._take(start.start)
        self._alone([each for each in above if each.alone], indent)
        beside = [each for each in above if not each.alone]
        flat = self._flat(child, indent + len(head) + 1)
        if flat is None and child.kind in ("map", "list") and child.items:
            beside += self._take(self._inside(child), line)
            self._open(child, head, beside, indent, blank)
            self._block(child, indent + STEP, column, limit)
            self._alone(self._take(limit, self.lines.position(child.end)[0]) if child.style == "flow" else [], indent)
            return
        beside += self._take(child.start)
        last = self._last_line(child)
        beside += self._take(limit, last)
        shown = beside[-1:] if beside and not beside[-1].alone else []
        self._alone([each for each in beside if each not in shown], indent, plain=True, blank=blank)
        self._value(child, head, flat, shown, indent, column, blank and len(beside) == len(shown))

    def _open(self, child: Node, head: str, beside: Sequence[Comment], indent: int, blank: bool) -> None:
        """Write the line above a block; a map in a list begins on the line of its dash."""
        anchor = self._anchor(child).rstrip()
        if head == "-" and not anchor:
            self._alone(beside, indent, plain=True, blank=blank)
            self._blank(blank and not beside)
            self._lead = self._lead or " " * indent
            self._lead += "- "
            return
        more = [each for each in beside if not each.alone]
        self._alone([*more[1:], *(each for each in beside if each.alone)], indent, plain=True)
        said = f"{head} {anchor}".rstrip()
        self._line(said + (f" {more[0].text}" if more else ""), indent, blank)
        self._begun = True

    def _value(
        self, child: Node, head: str, flat: str | None, beside: Sequence[Comment], indent: int, column: int, blank: bool
    ) -> None:
        """Write a key or a dash with a scalar, an alias, or what is written in brackets."""
        comment = f" {beside[0].text}" if beside else ""
        anchor = self._anchor(child)
        if flat is not None:
            self._line(f"{head} {anchor}{flat}".rstrip() + comment, indent, blank)
            return
        raw = self.text[child.start : child.end]
        if child.style in BLOCKS:
            header, content = self._literal(child, indent, column)
            self._line(f"{head} {anchor}{header}{comment}", indent, blank)
            self.out += content
            return
        parts = [part.lstrip(" \t") for part in raw.split("\n")]
        parts = [part if part.rstrip(" \t").endswith("\\") else part.rstrip(" \t") for part in parts]
        if self._on_own_line(child) and not anchor:
            self._line(head, indent, blank)
        else:
            self._line(f"{head} {anchor}{parts.pop(0)}" + (comment if not parts else ""), indent, blank)
        rest = [" " * (indent + STEP) + part if part else "" for part in parts]
        if rest:
            rest[-1] += comment
        self.out += rest

    def _literal(self, node: Node, indent: int, column: int) -> tuple[str, list[str]]:
        """Return the header and the lines of a block of text, at its new indentation."""
        match = _HEADER.match(self.text, node.start)
        assert match is not None
        first = self.lines.position(node.start)[0] + 1
        last, at = self.lines.position(node.end)
        whole = [self.lines.line(number) for number in range(first, last + (at > 1))]
        filled = next((line for line in whole if line.strip(" ")), "")
        taken = column - 1 + int(match[3]) if match[3] else len(filled) - len(filled.lstrip(" "))
        header = f"{match[1]}{STEP if match[3] else ''}{match[2] or match[4]}"
        shifted = [" " * (indent + STEP) + line[taken:] if line[taken:] else "" for line in whole]
        while shifted and not shifted[-1] and "+" not in match.group():
            shifted.pop()
        return header, shifted

    def _flat(self, node: Node, used: int) -> str | None:
        """Return a value on one line, if it fits there with nothing lost; else None."""
        text = self._one_line(node)
        if text is None:
            return None
        if node.kind in ("map", "list"):
            inside = any(node.start < comment.index < node.end for comment in self.comments)
            return None if inside or (node.items and used + len(text) > WIDTH) else text
        several = "\n" in self.text[node.start : node.end]
        return None if several or (used + len(text) > WIDTH and self._on_own_line(node)) else text

    def _on_own_line(self, node: Node) -> bool:
        """Say whether a scalar was written below its key."""
        row, column = self.lines.position(node.start)
        return node.end > node.start and not self.lines.line(row)[: column - 1].strip()

    def _one_line(self, node: Node) -> str | None:
        if node.kind in ("map", "list"):
            if node.style != "flow":
                return None
            parts = [self._part(node, key) for key in node.items]
            if any(part is None for part in parts):
                return None
            inner = ", ".join(part for part in parts if part is not None)
            return f"{{{inner}}}" if node.kind == "map" else f"[{inner}]"
        raw = self.text[node.start : node.end]
        if node.style in BLOCKS or "\n\n" in re.sub(r"[ \t]", "", raw) or "\\\n" in raw:
            return None
        return _CONTINUED.sub(" ", raw)

    def _part(self, node: Node, key: str | int) -> str | None:
        child = node.items[key]
        text = self._one_line(child)
        if text is None or node.kind == "list":
            return text and self._anchor(child) + text
        name = node.keys[str(key)]
        said = self._anchor(child) + text
        return f"{self._anchor(name)}{self.text[name.start : name.end]}: {said or 'null'}"

    def _anchor(self, node: Node) -> str:
        return f"&{node.anchor} " if node.anchor and self.text[node.start : node.start + 1] != "&" else ""

    def _inside(self, node: Node) -> int:
        """Return where the first entry of a map or list begins."""
        nodes = node.keys if node.kind == "map" else node.items
        return next(iter(nodes.values())).start

    def _last_line(self, node: Node) -> int:
        """Return the line beside which a comment of a value may stand."""
        return self.lines.position(node.start if node.style in BLOCKS else node.end)[0]

    def _take(self, before: int, line: int | None = None) -> list[Comment]:
        """Take the comments before an index; with `line`, only those beside something on that line."""
        taken: list[Comment] = []
        while self.comments and self.comments[0].index < before:
            if line is not None and (self.comments[0].alone or self.comments[0].line != line):
                break
            taken.append(self.comments.pop(0))
        return taken

    def _alone(self, found: Sequence[Comment], indent: int, plain: bool = False, blank: bool = False) -> None:
        """Write comments on lines of their own; `plain`: blank lines are those of `blank`, before the first."""
        for index, comment in enumerate(found):
            if self._lead:  # above the dashes: beside them it would be read as being about something else
                self.out.append(" " * self._lead.index("-") + comment.text)
            else:
                self._line(comment.text, indent, (blank and index == 0) if plain else comment.after_blank)

    def _line(self, text: str, indent: int, blank: bool) -> None:
        self._blank(blank)
        self.out.append((self._lead or " " * indent) + text)
        self._lead, self._begun = "", False

    def _blank(self, wanted: bool) -> None:
        if wanted and self.out and self.out[-1] and not self._begun and not self._lead:
            self.out.append("")
