"""Whatever the YAML, its formatted text says the same, keeps every comment, and is left alone the second time.

The YAML is written here in many ways of writing, and each comment is noted down: an independent way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.document import Document, parse
from engine.document_comment import comments
from engine.document_format import WIDTH, formatted
from engine.document_text import Lines

WORDS = [
    "a",
    "b c",
    "0123",
    "7E1",
    "NO",
    "1.50",
    "-4",
    "null",
    "true",
    "~",
    "http://x/y",
    "it's",
    "x" * 50,
    "é🙂",
    "a#b",
]
PLAIN = st.sampled_from(WORDS)
QUOTED = st.text(st.sampled_from("ab :#,{}[]'\"\\é-?|>&*!%@`\t"), max_size=12)
KEYS = st.sampled_from(["a", "b", "k-1", "xs", "'quoted: key'", '"é"', "0", "null", "school:attribute:x"])
LINES = st.lists(
    st.sampled_from(["select x", "  deeper # no comment", "", "- y: z", "{{ t }}"]), min_size=1, max_size=4
)


class Writer:
    """Writes YAML as people do, not as it should be."""

    def __init__(self, draw: Any) -> None:
        self.draw, self.said = draw, []

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def comment(self) -> str:
        self.said.append(f"# {len(self.said)}{self.one_of('', ': {x', ' - y', ' |')}")
        return self.said[-1]

    def above(self, indent: int) -> str:
        """Return blank lines and comments before an entry."""
        text = ""
        while self.draw(st.integers(0, 3)) == 3:
            text += self.one_of("\n", "  \n\n", "") or " " * indent + self.comment() + "\n"
        return text

    def end(self) -> str:
        return self.one_of("", " ", "") + self.maybe("   ") + "\n"

    def maybe(self, gap: str) -> str:
        """Return a comment after a gap, or nothing."""
        return gap + self.comment() if self.draw(st.integers(0, 3)) == 3 else ""

    def scalar(self) -> str:
        text = self.draw(QUOTED)
        double = json.dumps(text, ensure_ascii=False).replace("\t", "\\t")
        return self.one_of(self.draw(PLAIN), "'" + text.replace("'", "''").replace("\t", "") + "'", double)

    def flow(self, depth: int) -> str:
        kind = self.one_of("scalar", "scalar", *(["map", "list"] if depth else []))
        if kind == "scalar":
            return self.scalar().replace("{{ t }}", "t")
        gap, pad = self.one_of(", ", ",", " , "), self.one_of("", "  ")
        parts = [self.flow(depth - 1) for _ in range(self.draw(st.integers(0, 4)))]
        if kind == "list":
            return "[" + pad + gap.join(parts) + "]"
        keys = self.draw(st.lists(KEYS, min_size=len(parts), max_size=len(parts), unique=True))
        return "{" + pad + gap.join(f"{key}: {part}" for key, part in zip(keys, parts, strict=True)) + pad + "}"

    def broken_flow(self, indent: int) -> str:
        """Return a list in brackets over several lines, with comments in it."""
        inner = " " * (indent + self.one_of(1, 4))
        items = [f"{inner}{self.flow(1)},{self.maybe(' ')}\n" for _ in range(self.one_of(1, 3))]
        return "[" + self.maybe(" ") + "\n" + "".join(items) + inner + "]" + self.end()

    def block(self, indent: int, depth: int) -> str:
        """Return a map or a list as a block."""
        size = self.draw(st.integers(1, 3))
        if self.one_of(True, False):
            keys = self.draw(st.lists(KEYS, min_size=size, max_size=size, unique=True))
            entries = [f"{key}:" for key in keys]
        else:
            entries = ["-"] * size
        return "".join(self.above(indent) + " " * indent + entry + self.value(indent, depth) for entry in entries)

    def value(self, indent: int, depth: int) -> str:
        kind = self.one_of("flow", "flow", "none", "literal", "plain", "below", "broken", *["block"] * 2 * bool(depth))
        step = indent + self.one_of(1, 2, 3)
        if kind == "block":
            return self.end() + self.block(step, depth - 1)
        if kind == "literal":
            lines = ["first", *self.draw(LINES), self.one_of("last", "last", "")]
            header = self.one_of("|", "|-", ">", "|+")
            body = "".join(" " * step + line + "\n" if line else "\n" for line in lines)
            return f" {header}{self.maybe(' ')}\n{body}"
        if kind == "plain":
            return f" first words{self.one_of('', ' ')}\n{' ' * step}and more\n{' ' * step}and the end{self.end()}"
        if kind == "below":
            return f"{self.end()}{self.above(step)}{' ' * step}{self.scalar()}{self.end()}"
        if kind == "broken":
            return " " + self.broken_flow(indent)
        return (" " + self.flow(2) if kind == "flow" else "") + self.end()


@st.composite
def documents(draw: Any) -> tuple[str, list[str]]:
    writer = Writer(draw)
    entries = ["school: x" + writer.end()]
    for number in range(draw(st.integers(1, 3))):
        entries.append(f"{writer.above(0)}part_{number}:{writer.value(0, 3)}")
    return writer.above(0) + "".join(entries) + writer.above(0), writer.said


def read(text: str) -> Document:
    document, problems = parse(text, Path("x.yaml"))
    assert document is not None, text
    assert problems == [], text
    return document


@settings(max_examples=300, deadline=None)
@given(documents())
@example(("school: x\na:\n- b: |2\n     two\n    zero\n\n# end\n", ["# end"]))
@example(("school: x\na: &anchor\n  b: &c [1]\nd: [*anchor, *c]\n", []))
def test_what_is_formatted_says_the_same_and_stays(written: tuple[str, list[str]]) -> None:
    text, said = written
    before = read(text)
    once = formatted(before)
    after = read(once)
    assert json.dumps(after.data) == json.dumps(before.data)
    assert sorted(each.text for each in comments(once, after.root, Lines(once))) == sorted(said)
    assert formatted(after) == once
    assert formatted(read(text.replace("\n", "\r\n"))) == once.replace("\n", "\r\n")
    assert once.endswith("\n")
    for line in once.splitlines():
        assert len(line) <= WIDTH or not line.split("#")[0].rstrip().endswith(("]", "}")) or "'" in line or '"' in line
