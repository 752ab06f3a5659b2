"""The form of documents, on examples that are written down by hand; any YAML: tests/property/test_formatted."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import document_format
from engine.document import parse
from engine.document_format import FormatRefused, formatted

LONG = "x" * 60

EXAMPLES = {
    "what is in brackets stays there where it fits": (
        "a: {b:   1,c: [ 1,2 ] }\n",
        "a: {b: 1, c: [1, 2]}\n",
    ),
    "what does not fit becomes a block": (
        f"a: {{b: {LONG}, c: {{d: [1]}}, e: {LONG}}}\n",
        f"a:\n  b: {LONG}\n  c: {{d: [1]}}\n  e: {LONG}\n",
    ),
    "brackets over several lines are joined": ("a: [\n  1,\n  'two',\n]\n", "a: [1, 'two']\n"),
    "brackets with comments become a block": (
        "a: { # all\n  b: 1, # one\n  # two\n  c: 2\n  # end\n}\n",
        "a: # all\n  b: 1 # one\n  # two\n  c: 2\n  # end\n",
    ),
    "blocks stay blocks": ("a:\n    b: 1\n    c:\n    - 2\n    -   3\n", "a:\n  b: 1\n  c:\n    - 2\n    - 3\n"),
    "maps in lists begin at the dash": ("a:\n-\n   b: 1\n   c: 2\n", "a:\n  - b: 1\n    c: 2\n"),
    "quotes stay as they are": ("a: 'NO'\nb: \"x\"\nc: NO\nd: '1'\n", "a: 'NO'\nb: \"x\"\nc: NO\nd: '1'\n"),
    "one blank line is kept of several": ("\n\na: 1\n\n\n\nb:\n\n  c: 2\n\n\n", "a: 1\n\nb:\n  c: 2\n"),
    "comments stay with what they are about": (
        "#first\n\n# of a\na:   # beside\n      # of b\n      b: 1   # one\n      # after b\n# of c\nc: 2\n  # end\n",
        "#first\n\n# of a\na: # beside\n  # of b\n  b: 1 # one\n  # after b\n# of c\nc: 2\n# end\n",
    ),
    "text in a block moves as a whole": (
        "a:\n    b: |\n          select\n            x # y\n\n    c: 1\n",
        "a:\n  b: |\n    select\n      x # y\n\n  c: 1\n",
    ),
    "text over several lines keeps them": (
        "a: one\n      two\nb:\n  'three\n\n   four'\n",
        "a: one\n  two\nb:\n  'three\n\n  four'\n",
    ),
    "nothing stays nothing": ("a:\nb: {}\nc: []\nd: {e: , f}\n", "a:\nb: {}\nc: []\nd: {e: null, f: null}\n"),
}


def form(text: str, first: str | None = None) -> str:
    document, problems = parse(text, Path("x.yaml"))
    assert document is not None
    assert problems == []
    return formatted(document, first)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_form_of_an_example(name: str) -> None:
    text, wanted = EXAMPLES[name]
    assert form(text) == wanted
    assert form(wanted) == wanted


def test_a_line_of_120_columns_fits_and_one_of_121_does_not() -> None:
    fits = "a: {b: " + "x" * 112 + "}\n"
    assert len(fits) == 121
    assert form(fits) == fits
    assert form(fits.replace("x}", "xx}")).startswith("a:\n  b: x")


def test_a_key_can_be_put_first_with_its_comments_below_those_of_the_file() -> None:
    text = "# yaml-language-server: $schema=x.json\ntitle: T # t\n\n# which\nschool: s\nsource: x\n"
    wanted = "# yaml-language-server: $schema=x.json\n# which\nschool: s\ntitle: T # t\n\nsource: x\n"
    assert form(text, "school") == wanted
    assert form(wanted, "school") == wanted


def test_a_text_that_would_mean_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for lost, kept in (("a: 2\n", "a: 1 # c\n"), ("a: 1\n", "a: 1 # c\n"), ("a: [\n", "a: 1 # c\n")):
        monkeypatch.setattr(document_format._Writer, "written", lambda self, lost=lost: lost)
        with pytest.raises(FormatRefused, match=r"x\.yaml cannot be formatted"):
            form(kept)
