"""The texts that mappings tell values apart by: codes of lookups, words in rules, joins, SQL and settings.

A record whose code is another one would be mapped otherwise, so an anonymised recording leaves these as they are.
Next: `run/disguising`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.kinds.value import Value
from engine.run.plan import Plan
from engine.spec.lookup import Lookup
from engine.spec.mapping import Mapping as MappingDocument
from engine.spec.mapping import Table
from engine.spec.project import Project
from engine.spec.relation import Use
from engine.spec.school import School

SQL_TEXT: Final = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class KnownCodes:
    """`anywhere`: what some mapping of the source compares with; `of_field`: the codes that a field is looked up in."""

    anywhere: frozenset[str]
    of_field: Mapping[Use, frozenset[str]]

    def holds(self, use: Use, text: str) -> bool:
        """Say whether a text is a code of a lookup that the field goes into."""
        return folded(text) in self.of_field.get(use, frozenset())


def own_texts(project: Project, school: School) -> set[str]:
    """Return the texts in the settings of a school that are no codes: anything may stand there, such as a name."""
    declared = project.settings()
    return {
        value
        for group, members in school.settings.items()
        for name, value in members.items()
        if isinstance(value, str) and declared[group][name].values is None and len(value) > 3
    }


def folded(text: str) -> str:
    """Return a text as it is compared: in any case, and however its words are spaced."""
    return " ".join(text.split()).casefold()


def known_codes(project: Project, plan: Plan) -> KnownCodes:
    """Return the codes that the mappings of a plan's source know, for its school."""
    source, school = plan.source.source, plan.school
    lookups = project.lookups(source)
    texts: set[str] = {code for lookup in lookups.values() for code in _codes(lookup)}
    told = own_texts(project, school)
    texts |= {text for text in _texts(project.values(school)) if text not in told}
    by_field: dict[Use, set[str]] = {}
    for loaded in project.of("mapping"):
        if isinstance(loaded.content, MappingDocument) and loaded.content.source == source:
            texts |= set(_compared(loaded.content.model_dump(by_alias=True, exclude={"tests"})))
    for entity, query in plan.queries.items():
        mapping = project.mapping(source, entity, school)
        for target, value in mapping.fields.items():
            codes = {code for name in _lookups(value) if name in lookups for code in _codes(lookups[name])}
            for use in query.lineage.get(target, ()) if codes else ():
                by_field.setdefault(use, set()).update(codes)
    return KnownCodes(
        frozenset(map(folded, texts)), {use: frozenset(map(folded, codes)) for use, codes in by_field.items()}
    )


def _codes(lookup: Lookup) -> Iterator[str]:
    yield from lookup.values or {}


def _lookups(value: Value | Table) -> Iterator[str]:
    """Yield the names of the lookups in a value, however deep."""
    if isinstance(value, Value):
        if value.lookup is not None:
            yield value.lookup
        for inner in [*(value.fields or {}).values(), *([value.item] if value.item is not None else [])]:
            yield from _lookups(inner)


def _compared(data: Any, key: str = "") -> Iterator[str]:
    """Yield the texts that a part of a mapping compares values with."""
    if isinstance(data, dict):
        if key == "map":
            yield from map(str, data)
        elif key == "where":
            yield from (text for text in data.values() if isinstance(text, str))
        for name, inner in data.items():
            yield from _compared(inner, str(name))
    elif isinstance(data, list):
        for inner in data:
            yield from _compared(inner, key)
    elif isinstance(data, str):
        if key == "sql":
            yield from (found.replace("''", "'") for found in SQL_TEXT.findall(data))
        elif key in ("in", "not_in", "equals", "default"):
            yield data


def _texts(data: Any) -> Iterator[str]:
    """Yield all texts of settings."""
    if isinstance(data, Mapping):
        for name, inner in data.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(data, list | tuple):
        for inner in data:
            yield from _texts(inner)
    elif isinstance(data, str):
        yield data
