"""Sentences for what a YAML parser refuses: what is wrong, in words for people, and how to mend it.

Stands on the standard library only. Both parsers of PyYAML (libyaml and pure Python) are covered.
Next: `document`.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Sentence(NamedTuple):
    """What to say about one complaint; `at_context`: point at where the construct began."""

    pattern: str
    what: str
    fix: str = ""
    at_context: bool = False


_SENTENCES = (
    Sentence(
        r"mapping values are not allowed",
        "a ': ' stands where no key can be",
        "put a text that holds ': ' in quotes, or mend the indentation of this line and the one above",
    ),
    Sentence(r"could not find expected ':'", "a key has no ':' after it", "write `key: value`", True),
    Sentence(r"end of stream", "a quote is opened here and never closed", "close the quote", True),
    Sentence(
        r"unknown escape",
        "a backslash in double quotes stands before a character that needs none",
        "use single quotes, or write the backslash twice",
    ),
    Sentence(
        r"cannot start any token",
        "a text cannot begin with this character",
        "put the text in quotes",
    ),
    Sentence(
        r"alphabetic or numeric",
        "'*' and '&' begin an alias or an anchor here, and no name follows",
        "put the text in quotes",
    ),
    Sentence(r"expected ',' or '\]'", "a list that began with '[' does not go on or end here", "add ',' or ']'"),
    Sentence(r"expected ',' or '\}'", "a map that began with '{' does not go on or end here", "add ',' or '}'"),
    Sentence(
        r"sequence entries are not allowed",
        "a list item '- ' cannot stand here",
        "begin the list on a line of its own",
    ),
    Sentence(r"undefined alias", "this alias has no anchor"),
    Sentence(r"tag", "a tag ('!') stands here", "put a text that begins with '!' in quotes"),
    Sentence(
        r"expected key|<block end>|'-' indicator|document start",
        "this line does not fit the ones above it",
        "mend the indentation, close the quotes, or write `key: value`",
    ),
)
_OTHER = Sentence("", "YAML cannot be read from here on", "mend the line, or put its text in quotes")


def sentence(problem: str) -> Sentence:
    """Return what to say for a parser's complaint."""
    return next((each for each in _SENTENCES if re.search(each.pattern, problem)), _OTHER)
