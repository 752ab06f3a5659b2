"""What is known of the reads of Xporter: the names in `reads.json`, which is made from the service's catalogue.

A scope is written as in the service's own list: a comma means any of, `&` all of. Next: `seed`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Link = tuple[str, str, str]
"""A read, a set of it, and a column of that."""


@dataclass(frozen=True)
class SetFact:
    """A set of rows as it is on the wire: columns in their order, what opens them, and where they point."""

    name: str
    columns: tuple[str, ...]
    option: str
    scope: str
    scopes: dict[str, str]
    options: dict[str, str]
    links: dict[str, Link]
    types: dict[str, str]


@dataclass(frozen=True)
class ReadFact:
    """A read: its filters in lower case, those that it wants, and its sets, the main one first."""

    name: str
    scope: str
    filters: dict[str, str]
    required: tuple[str, ...]
    one_of: tuple[str, ...]
    sets: dict[str, SetFact]


@cache
def read_facts() -> dict[str, ReadFact]:
    """All reads, by the names of their paths in lower case."""
    text = Path(__file__).with_name("reads.json").read_text(encoding="utf-8")
    return {name.lower(): _read(name, each) for name, each in json.loads(text).items()}


@cache
def all_scopes() -> frozenset[str]:
    """Every scope that opens a read, a set or a column."""
    found: set[str] = set()
    for read in read_facts().values():
        for text in (
            read.scope,
            *(scope for each in read.sets.values() for scope in (each.scope, *each.scopes.values())),
        ):
            found |= set(text.replace("&", ",").split(","))
    return frozenset(found - {""})


def _read(name: str, given: dict[str, Any]) -> ReadFact:
    return ReadFact(
        name,
        given.get("scope", ""),
        {each.lower(): each for each in given.get("filters", [])},
        tuple(given.get("required", ())),
        tuple(given.get("one_of", ())),
        {each: _set(each, content) for each, content in given["sets"].items()},
    )


def _set(name: str, given: dict[str, Any]) -> SetFact:
    return SetFact(
        name,
        tuple(given.get("columns", "Id Name").split()),
        given.get("option", "").lower(),
        given.get("scope", ""),
        _by_column(given.get("scopes", {})),
        {column: option.lower() for column, option in _by_column(given.get("options", {})).items()},
        {column: _link(text) for column, text in given.get("links", {}).items()},
        _by_column(given.get("types", {})),
    )


def _by_column(groups: dict[str, str]) -> dict[str, str]:
    return {column: group for group, columns in groups.items() for column in columns.split()}


def _link(text: str) -> Link:
    read, name, column = text.split()
    return read.lower(), name, column
