"""Whatever the YAML, each key and value is found where it was written; no text keeps a secret.

The YAML is written here, letter by letter, and notes down where it puts things: an independent way.
"""

import base64
import json
from pathlib import Path
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.document import parse
from engine.secret import Redactor, Secret

PLAIN = st.from_regex(r"[a-z][a-z0-9_]{2,8}( [a-z0-9é🙂]{1,5})?", fullmatch=True).filter(
    lambda text: text not in ("null", "true", "false", "yes", "off")
)
KEYS = PLAIN.map(lambda text: text.replace(" ", "_"))
FREE = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12)
TEXT_LINES = st.lists(st.from_regex(r"[a-z(][ a-z0-9'\"#:{}]{0,12}", fullmatch=True), min_size=1, max_size=4)


@st.composite
def scalars(draw):
    style = draw(st.sampled_from(["plain", "single", "double", "literal", "number"]))
    if style == "literal":
        return style, "\n".join(draw(TEXT_LINES)) + "\n"
    if style == "number":
        return style, draw(st.integers(-999, 999))
    return style, draw(PLAIN if style == "plain" else FREE)


TREES = st.dictionaries(
    KEYS,
    st.recursive(
        scalars(),
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
        max_leaves=8,
    ),
    min_size=1,
    max_size=4,
)


class Writer:
    """Writes block YAML and remembers the line and column of all it writes."""

    def __init__(self) -> None:
        self.text = ""
        self.keys, self.values, self.marks = {}, {}, {}

    def here(self) -> tuple[int, int]:
        return self.text.count("\n") + 1, len(self.text) - (self.text.rfind("\n") + 1) + 1

    def write(self, tree, path, indent):
        if isinstance(tree, dict):
            for key, child in tree.items():
                self.text += " " * indent
                self.keys[(*path, key)] = self.here()
                self.text += f"{key}:"
                self.child(child, (*path, key), indent)
            return tree
        for number, child in enumerate(tree):
            self.text += " " * indent + "-"
            self.child(child, (*path, number), indent)
        return tree

    def child(self, tree, path, indent):
        if isinstance(tree, tuple):
            self.text += " "
            self.scalar(*tree, path, indent + 2)
        else:
            self.text += "\n"
            line, _ = self.here()
            self.values[path] = (line, indent + 3)
            self.write(tree, path, indent + 2)

    def scalar(self, style, value, path, indent):
        self.values[path] = self.here()
        if style == "literal":
            self.text += "|\n"
            for number, line in enumerate(value.splitlines(), start=1):
                self.text += " " * indent
                first_line, first_column = self.here()
                for column in range(1, len(line) + 1):
                    self.marks[(path, number, column)] = (first_line, first_column + column - 1)
                self.text += line + "\n"
            return
        quote_mark = {"single": "'", "double": '"'}.get(style, "")
        self.text += quote_mark
        for column, letter in enumerate(str(value), start=1):
            if style != "number":
                self.marks[(path, 1, column)] = self.here()
            self.text += written(letter, style)
        self.text += quote_mark + "\n"


def written(letter: str, style: str) -> str:
    if style == "single":
        return letter.replace("'", "''")
    if style == "double":
        return {'"': '\\"', "\\": "\\\\", "é": "\\u00e9", "a": "\\x61"}.get(letter, letter)
    return letter


def plain_data(tree):
    if isinstance(tree, tuple):
        return tree[1]
    if isinstance(tree, dict):
        return {key: plain_data(child) for key, child in tree.items()}
    return [plain_data(child) for child in tree]


@settings(max_examples=80, deadline=None)
@given(TREES)
def test_every_key_value_and_letter_is_found_where_it_was_written(tree):
    writer = Writer()
    writer.write(tree, (), 0)
    found, problems = parse(writer.text, Path("x.yaml"))
    assert problems == []
    assert found is not None
    assert found.data == plain_data(tree)
    for path, expected in writer.keys.items():
        place = found.key_place(path)
        assert (place.line, place.column, place.width) == (*expected, len(path[-1]))
    for path, expected in writer.values.items():
        place = found.place(path)
        assert (place.line, place.column) == expected
    for (path, line, column), expected in writer.marks.items():
        place = found.block_place(path, line, column)
        assert (place.line, place.column) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_document_or_problems_never_a_crash(text):
    found, problems = parse(text, Path("x.yaml"))
    assert found is not None or problems


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="a:-[]{}&*!|>'\"#?, \n\t~<", max_size=40))
def test_any_yaml_like_text_gives_a_document_or_problems_never_a_crash(text):
    found, problems = parse(text, Path("x.yaml"))
    assert found is not None or problems


@settings(max_examples=80, deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=1, max_size=20),
    st.text(max_size=10),
    st.text(max_size=10),
    st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=5),
)
def test_no_secret_gets_through_in_any_form(value, before, after, user):
    redactor = Redactor()
    redactor.add(Secret(value), user=user)
    forms = [
        value,
        quote(value, safe=""),
        quote(value, safe="").lower() if value.islower() else quote(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        base64.b64encode(value.encode()).decode(),
        base64.b64encode(f"{user}:{value}".encode()).decode(),
    ]
    for form in forms:
        redacted = redactor.redact(before + form + after)
        assert form not in redacted
        assert value not in redacted
