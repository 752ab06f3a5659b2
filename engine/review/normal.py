"""The normal form of a part of a document: what it means and nothing else, so that two that mean the same are equal.

Defaults are left out, shorthands are what they stand for, remarks for readers are gone, lists whose order says
nothing are sorted, expressions in SQL are compared by their trees. What is left is plain data under YAML keys.
Next: `review/unit`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.expression import meaning
from engine.kinds.answer import ErrorRule
from engine.kinds.guard import Limits
from engine.kinds.request import Filter
from engine.kinds.rule import TESTS, Rule
from engine.kinds.scope import ScopeRule
from engine.kinds.standing import StandingList
from engine.kinds.types import SourceField, TargetField
from engine.kinds.value import ORIGINS, Value
from engine.kinds.word import Word
from engine.spec.binding import AttributeSpec, BoundName, PersonName, Removed, TypeSpec
from engine.spec.mapping import From
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.schema import Schema, Unique
from engine.spec.school import KeyGiven, NamedRun, Override, School
from engine.spec.settings import Setting
from engine.spec.source import Endpoint, RecordSet

_FOR_READERS: Final = frozenset({"note", "description", "title", "assumed", "tests", "known"})
_OWN_READERS: Final[Mapping[type[Word], frozenset[str]]] = {
    School: frozenset({"note"}),  # a school's title is seen by expressions: `run.title`
    SourceField: frozenset({"note", "assumed", "values"}),
    Filter: frozenset({"note", "values"}),
    ErrorRule: frozenset({"assumed", "say", "fix"}),
    StandingList: frozenset({"say", "fix"}),
    PersonName: frozenset(),  # its title is a field
    AttributeSpec: frozenset(),
    TypeSpec: frozenset(),
}
_UNORDERED: Final[Mapping[type[Word], frozenset[str]]] = {
    Rule: frozenset({"in_", "not_in"}),
    ScopeRule: frozenset({"all_", "any_"}),
    SourceField: frozenset({"link"}),
    TargetField: frozenset({"values"}),
    Setting: frozenset({"values", "apart_from"}),
    Schema: frozenset({"unique"}),
    Unique: frozenset({"fields"}),
    Removed: frozenset({"clear"}),
    School: frozenset({"entities"}),
    NamedRun: frozenset({"entities"}),
    KeyGiven: frozenset({"methods"}),
    Override: frozenset({"remove"}),
    RecordSet: frozenset({"apart_from"}),
    Endpoint: frozenset({"needs_filter"}),
    AttributeSpec: frozenset({"links_to", "qualifiers"}),
    TypeSpec: frozenset({"attributes", "hides", "annotations", "behaviour"}),
}
_ALWAYS: Final[Mapping[type[Word], frozenset[str]]] = {
    Value: frozenset({*ORIGINS, "default"}),
    Rule: frozenset(TESTS),
    BoundName: frozenset({"from_", "value", "person_name", "postal_address"}),
    Limits: frozenset(Limits.model_fields),
}
"""Keys that say something by being there, also where they say what is so without them."""
_BRACES: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)


@dataclass(frozen=True)
class Plain:
    """A number or a truth word: 1, 1.0 and true are three, and equal to Python."""

    text: str
    kind: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sql:
    """An expression: two are equal that DuckDB reads as the same."""

    text: str = field(compare=False)
    tree: str

    def __str__(self) -> str:
        return " ".join(self.text.split())


def normal(value: Any) -> Any:
    """Return a value of a document in its normal form."""
    if isinstance(value, Word):
        special = _SPECIAL.get(type(value))
        return _word(value) if special is None else special(value)
    if isinstance(value, Mapping):
        return {str(key): normal(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [normal(each) for each in value]
    if isinstance(value, bool | int | float):
        return Plain(str(value).lower(), type(value).__name__)
    return _BRACES.sub(r"{{ \1 }}", value) if isinstance(value, str) else value


def _word(word: Word) -> dict[str, Any]:
    kind = type(word)
    skipped, always = _OWN_READERS.get(kind, _FOR_READERS), _ALWAYS.get(kind, frozenset())
    unordered, found = _UNORDERED.get(kind, frozenset()), {}
    for name, field_info in kind.model_fields.items():
        value = getattr(word, name)
        said = name in always and name in word.model_fields_set
        if name in skipped or (value == field_info.default and not said):
            continue
        form = Sql(value, meaning(value)) if name == "sql" else normal(value)
        found[field_info.alias or name] = ordered(form) if name in unordered and isinstance(form, list) else form
    return found


def ordered(items: Iterable[Any]) -> list[Any]:
    """Return items in an order that hangs on nothing but themselves."""
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))


def _from(word: From) -> dict[str, Any]:
    """A union of one is that one; the name of an item says something only where there are items."""
    found = _word(word)
    if word.union is not None and len(word.union) == 1:
        found = {"set": word.union[0], **{key: each for key, each in found.items() if key != "union"}}
    return found if word.each is not None else {key: each for key, each in found.items() if key != "name"}


def _source_field(word: SourceField) -> dict[str, Any]:
    found = _word(word)
    if isinstance(found.get("at"), str):
        found["at"] = [found["at"]]
    return found


def _mapping(word: MappingDocument) -> dict[str, Any]:
    """The order of natural keys says which is trusted most."""
    found = _word(word)
    if word.known_by:
        found["known_by"] = [{name: normal(value)} for name, value in word.known_by.items()]
    return found


_SPECIAL: Final[Mapping[type[Word], Callable[[Any], dict[str, Any]]]] = {
    From: _from,
    SourceField: _source_field,
    MappingDocument: _mapping,
}


def words(form: Any) -> str:
    """Return a normal form as one would write it in YAML on one line, in the shortest way."""
    if isinstance(form, Mapping):
        keys = list(form)
        if len(keys) == 1 and keys[0] in _PLAIN and isinstance(form[keys[0]], str):
            return _text(form[keys[0]])
        return "{" + ", ".join(f"{_text(key)}: {words(each)}" for key, each in form.items()) + "}"
    if isinstance(form, list):
        return "[" + ", ".join(words(each) for each in form) + "]"
    if form is None:
        return "null"
    return _text(form) if isinstance(form, str) else str(form)


_PLAIN: Final = ("from", "set", "by")
"""Keys that may be left out where nothing else is said."""
_SAFE: Final = re.compile(r"[^\s,\[\]{}:#'\"&*!|>%@`-][^,\[\]{}#'\"\n]*")


def _text(text: str) -> str:
    """Return a text, in quotes where it would not read as one without."""
    plain = (
        _SAFE.fullmatch(text) and ": " not in text and text == text.strip() and text not in ("null", "true", "false")
    )
    if plain and not text.replace(".", "", 1).isdecimal():
        return text
    return "'" + text.replace("'", "''") + "'"
