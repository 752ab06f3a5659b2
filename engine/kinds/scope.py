"""Consent: which scopes open a field, a set or an endpoint, and where a source tells what it has granted.

A scope is a name, or several of which all or any are needed. What was granted lives in the run and in the state,
never here. Next: `kinds/standing`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import Field, model_validator

from engine.kinds.select import PathText
from engine.kinds.word import TemplateText, Word, problem


class ScopeRule(Word):
    """Several scopes, of which `all` or `any` must be granted."""

    all_: Annotated[list[str | ScopeRule] | None, Field(description="all of them are needed", alias="all")] = None
    any_: Annotated[list[str | ScopeRule] | None, Field(description="one of them is enough", alias="any")] = None

    @model_validator(mode="after")
    def _one(self) -> ScopeRule:
        if (self.all_ is None) == (self.any_ is None):
            raise problem("one-scope", "scopes are needed all together, or any of them", "write all: or any:")
        if not (self.all_ or self.any_):
            raise problem("one-scope", "a list of scopes names at least one")
        return self


Scope = str | ScopeRule
"""A scope by its name, or a rule of several."""


def opens(scope: Scope | None, granted: Collection[str]) -> bool:
    """Say whether what was granted (names in small letters) opens what needs this; nothing needed is always open."""
    if scope is None:
        return True
    if isinstance(scope, str):
        return scope.lower() in granted
    if scope.all_ is not None:
        return all(opens(each, granted) for each in scope.all_)
    return any(opens(each, granted) for each in scope.any_ or [])


def said(scope: Scope | None) -> str:
    """Return a scope as people read it, such as `Contact and (Student or StudentLite)`."""
    if scope is None:
        return ""
    if isinstance(scope, str):
        return scope
    word, members = (" and ", scope.all_) if scope.all_ is not None else (" or ", scope.any_)
    parts = [said(each) for each in members or []]
    return word.join(f"({part})" if " " in part and len(parts) > 1 else part for part in parts)


def names(scope: Scope | None) -> Iterator[str]:
    """Yield every scope that is named."""
    if isinstance(scope, str):
        yield scope
    elif scope is not None:
        for each in [*(scope.all_ or []), *(scope.any_ or [])]:
            yield from names(each)


class Consent(Word):
    """Where a source tells which scopes it has granted us; it is asked before anything is read."""

    get: Annotated[TemplateText, Field(description="the path, below the base URL")]
    params: Annotated[dict[str, TemplateText], Field(description="its parameters")] = {}
    scopes: Annotated[PathText, Field(description="where the names of the scopes stand, as a list or as one text")]
    split: Annotated[str, Field(min_length=1, description="what separates the names in one text")] = ","
    note: Annotated[str, Field(description="for the reader")] = ""
