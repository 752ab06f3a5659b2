"""Strict YAML: what values mean, where they stand, and what is refused. Places are counted by hand."""

from pathlib import Path

import pytest
import yaml

from engine import document
from engine.document import CODES, Document, load, parse
from engine.errors import Problem

FILE = Path("a.yaml")


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request, monkeypatch):
    """Run everything with both parsers."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")


def good(text: str) -> Document:
    found, problems = parse(text, FILE)
    assert problems == []
    assert found is not None
    return found


def seen(problems: list[Problem]) -> list[tuple[str, int, int, int]]:
    return [(p.code, p.place.line, p.place.column, p.place.width) for p in problems if p.place]


def problems_of(text: str) -> list[tuple[str, int, int, int]]:
    return seen(parse(text, FILE)[1])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", None), ("null", None), ("true", True), ("false", False),
        ("0", 0), ("-12", -12), ("15", 15), ("1.50", 1.5), ("-0.25", -0.25),
        ("~", "~"), ("Null", "Null"), ("True", "True"), ("NO", "NO"), ("yes", "yes"), ("on", "on"),
        ("0123", "0123"), ("7E1", "7E1"), ("12:30", "12:30"), ("2024-09-01", "2024-09-01"),
        ("1_000", "1_000"), ("0x1F", "0x1F"), (".5", ".5"), ("5.", "5."), ("+4", "+4"), (".inf", ".inf"),
        ("٣", "٣"), ("9" * 41, "9" * 41),
        ("'15'", "15"), ('"true"', "true"), ("''", ""),
    ],
)  # fmt: skip
def test_scalars_are_text_unless_plainly_something_else(written, meant):
    value = good(f"a: {written}\n").data["a"]
    assert value == meant
    assert type(value) is type(meant)


def test_numbers_keep_the_form_they_were_written_in():
    found = good("a: 1.50\nb: [007, 10]\n")
    assert found.written(("a",)) == "1.50"
    assert found.written(("b", 0)) == "007"
    assert found.written(("b", 1)) == "10"
    assert found.written(("b",)) == ""


def test_keys_are_text():
    assert good("7: x\ntrue: y\nnull: z\n1.0: [a]\n").data == {
        "7": "x",
        "true": "y",
        "null": "z",
        "1.0": ["a"],
    }


TREE = """\
source: acme # a note
apis:
  main: {url: 'a b', size: 15}
list:
- one
- two: 2
  three:
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (1, 1, 6), (1, 1, 6)),
        (("source",), (1, 9, 4), (1, 1, 6)),
        (("apis",), (3, 3, 4), (2, 1, 4)),
        (("apis", "main"), (3, 9, 22), (3, 3, 4)),
        (("apis", "main", "url"), (3, 15, 5), (3, 10, 3)),
        (("apis", "main", "size"), (3, 28, 2), (3, 22, 4)),
        (("list",), (5, 1, 1), (4, 1, 4)),
        (("list", 0), (5, 3, 3), (5, 3, 3)),
        (("list", 1), (6, 3, 3), (6, 3, 3)),
        (("list", 1, "two"), (6, 8, 1), (6, 3, 3)),
        (("list", 1, "three"), (7, 9, 1), (7, 3, 5)),
        (("apis", "gone", "deep"), (3, 3, 4), (2, 1, 4)),
        (("list", 9), (5, 1, 1), (4, 1, 4)),
    ],
)
def test_every_key_and_value_has_its_place(path, value, key):
    found = good(TREE)
    place, named = found.place(path), found.key_place(path)
    assert (place.line, place.column, place.width) == value
    assert (named.line, named.column, named.width) == key


def test_a_path_is_there_or_not():
    found = good(TREE)
    assert found.has(())
    assert found.has(("list", 1, "two"))
    assert not found.has(("list", 2))
    assert not found.has(("source", "x"))


def test_lines_are_given_without_their_ends():
    found = good("a: 1\r\nb: 2\n")
    assert [found.source_line(n) for n in (0, 1, 2, 3, 9)] == ["", "a: 1", "b: 2", "", ""]
    assert (found.place(("b",)).line, found.place(("b",)).column) == (2, 4)


STYLES = """\
plain: select a
single: 'it''s b'
double: "a\\tb \\u00e9 c"
literal: |
    select x,

      y from t
kept: |2+
     deep
folded: >-
  one
  two
long: one
  two
  three
joined: "one \\
  two"
"""


@pytest.mark.parametrize(
    ("path", "line", "column", "expected"),
    [
        ("plain", 1, 8, (1, 15, 1)),
        ("single", 1, 1, (2, 10, 2)),
        ("single", 1, 6, (2, 16, 1)),
        ("double", 1, 3, (3, 13, 1)),
        ("double", 1, 5, (3, 15, 6)),
        ("double", 1, 7, (3, 22, 1)),
        ("literal", 1, 1, (5, 5, 6)),
        ("literal", 1, 8, (5, 12, 1)),
        ("literal", 3, 3, (7, 7, 1)),
        ("literal", 3, 10, (7, 14, 1)),
        ("literal", 99, 1, (8, 5, 1)),
        ("kept", 1, 4, (9, 6, 4)),
        ("folded", 1, 5, (10, 9, 2)),
        ("long", 1, 1, (13, 7, 3)),
        ("long", 1, 5, (14, 3, 3)),
        ("long", 1, 10, (15, 4, 4)),
        ("joined", 1, 5, (17, 3, 3)),
    ],
)
def test_a_place_inside_a_text_is_a_place_in_the_file(path, line, column, expected):
    place = good(STYLES).block_place((path,), line, column)
    assert (place.line, place.column, place.width) == expected


def test_styles_are_known():
    found = good(STYLES)
    names = ["plain", "single", "double", "literal", "folded"]
    assert [found.style((name,)) for name in names] == names
    assert found.style(()) == ""
    assert found.style(("gone",)) == ""


def test_an_alias_stands_where_it_is_used_and_its_content_where_it_was_written():
    found = good("a: &x\n  b: [1]\nc: *x\nd: &y 'text'\ne: *y\n")
    assert found.data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": "text", "e": "text"}
    assert found.data["a"]["b"] is not found.data["c"]["b"]
    assert str(found.place(("a",))) == "a.yaml:2:3"
    assert str(found.place(("c",))) == "a.yaml:3:4"
    assert str(found.place(("c", "b"))) == "a.yaml:2:6"
    assert str(found.place(("d",))) == "a.yaml:4:7"
    assert str(found.block_place(("e",), 1, 1)) == "a.yaml:4:8"
    assert found.style(("e",)) == "single"


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{n}: &{n} [{','.join([f'*{p}'] * 10)}]\n" for p, n in zip("abcde", "bcdef", strict=True)
)
NESTED = "a: &a1 " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 60 + "*a1" + "]" * 60 + "\n"

REFUSED = {
    "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n": [("duplicate-key", 4, 3, 1), ("duplicate-key", 5, 1, 1)],
    "a: 1\n'a': 2\n": [("duplicate-key", 2, 1, 3)],
    "a: {x: 1, x: 2}\n": [("duplicate-key", 1, 11, 1)],
    "on: 1\nYes: 2\n'no': 3\n": [("trap-key", 1, 1, 2), ("trap-key", 2, 1, 3)],
    "a:\n  <<: {b: 1}\n": [("merge-key", 2, 3, 2)],
    "a: !foo 1\nb: !!python/object:os.system x\n": [("yaml-tag", 1, 4, 4), ("yaml-tag", 2, 4, 25)],
    "a: !e!x 1\n": [("yaml-syntax", 1, 4, 1)],
    "? [a]\n: 1\n": [("key-not-text", 1, 3, 3)],
    "a: {{ x }}\n": [("key-not-text", 1, 4, 2)],
    "a: {{ x }}/y\nb: 1\n": [("key-not-text", 1, 4, 2)],
    "?\n: 1\nb: &b !t 1\n": [("key-not-text", 1, 2, 1), ("yaml-tag", 3, 7, 2)],
    "a: *x\n": [("yaml-alias", 1, 4, 2)],
    "a: &x [*x]\n": [("yaml-alias", 1, 8, 2)],
    "a: &x 1\nb: &x 2\n": [("yaml-alias", 2, 4, 2)],
    # a is 11 values; 110 more in b, 1,110 in c, 11,110 in d; in e the eighth 11,111 is too many
    BOMB: [("yaml-alias", 5, 29, 2)],
    "a: &x 1\nb: [" + "*x, " * 101 + "]\n": [("yaml-alias", 2, 405, 2)],
    NESTED: [("too-deep", 2, 64, 1)],
    "a: " + "[" * 100 + "]" * 100 + "\n": [("too-deep", 1, 103, 1)],
    "a: 1\n---\nb: 2\n": [("several-documents", 2, 1, 3)],
    "a:\n\tb: 1\n": [("yaml-tab", 2, 1, 1)],
    "a: |\n  x\n  \ty\n": [("yaml-tab", 3, 3, 1)],
    "a: x\u2028\n": [("bad-character", 1, 5, 1)],
    "a: \x00\n": [("bad-character", 1, 4, 1)],
    "a: \ud800\n": [("bad-character", 1, 4, 1)],
    "- a\n": [("not-a-mapping", 1, 1, 1)],
    "text\n": [("not-a-mapping", 1, 1, 4)],
    "": [("empty-document", 1, 1, 1)],
    "# nothing\n---\n": [("empty-document", 1, 1, 1)],
    "a: b: c\n": [("yaml-syntax", 1, 5, 1)],
    "a: 1\na: 2\nb: 'x\nc: 1\n": [("duplicate-key", 2, 1, 1), ("yaml-syntax", 3, 4, 1)],
    "a: [1, 2\nb: 3\n": [("yaml-syntax", 2, 2, 1)],
    "a: {b: 1\nc: 2\n": [("yaml-syntax", 2, 2, 1)],
    "a: @x\n": [("yaml-syntax", 1, 4, 1)],
    "a:\n  - 1\n  b: 2\n": [("yaml-syntax", 3, 3, 1)],
    "a: 1\nb\nc: 2\n": [("yaml-syntax", 2, 1, 1)],
    "a: 1\nb\n": [("yaml-syntax", 2, 1, 1)],
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_refused_is_pointed_at(text, expected):
    assert problems_of(text) == expected


def test_a_duplicate_key_names_the_first():
    (problem,) = parse("a: 1\n\nb: 2\na: 3\n", FILE)[1]
    assert problem.what == "the key 'a' is there twice"
    assert problem.why == "it is there first in line 1"


def test_a_document_with_findings_can_still_be_checked_further():
    found, problems = parse("a: 1\na: 2\nb: 3\n", FILE)
    assert found is not None
    assert found.data == {"a": 1, "b": 3}
    assert len(problems) == 1


def test_a_syntax_error_has_a_sentence_a_reason_and_a_way_out():
    (problem,) = parse("a: [1, 2\nb: 3\n", FILE)[1]
    assert problem.what == "a list that began with '[' does not go on or end here"
    assert problem.why == "what it stands in began in line 1"
    assert problem.fix == "add ',' or ']'"


def test_files_are_read_under_the_name_shown(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: \xc3\xa9\r\n")
    found, problems = load(file, Path("shown.yaml"))
    assert problems == []
    assert found is not None
    assert found.data == {"a": "é"}
    assert str(found.place(("a",))) == "shown.yaml:1:4"


def test_files_that_cannot_be_read_are_findings(tmp_path, monkeypatch):
    assert seen(load(tmp_path / "gone.yaml")[1]) == [("file-unreadable", 1, 1, 1)]
    assert seen(load(tmp_path)[1]) == [("file-unreadable", 1, 1, 1)]
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"a: 1\nbc: \xe9t\xe9\n")
    assert seen(load(latin)[1]) == [("not-utf8", 2, 5, 1)]
    monkeypatch.setattr(document, "MOST_BYTES", 10)
    large = tmp_path / "large.yaml"
    large.write_bytes("a: éééé".encode())
    assert seen(load(large)[1]) == [("file-too-large", 1, 1, 1)]
    assert problems_of("a: 12345678") == [("file-too-large", 1, 1, 1)]


def test_every_code_is_listed():
    given = {code for found in REFUSED.values() for code, *_ in found}
    assert given | {"file-unreadable", "not-utf8", "file-too-large"} == set(CODES)
    assert list(CODES) == sorted(CODES)
