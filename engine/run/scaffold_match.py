"""Which field of a record is likely to be a field of an entity: by the words of their names, their types and values.

The words are general ones of English; `_SAME` says which of them mean the same. Next: `run/scaffold_mapping`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.kinds.types import SourceField, TargetField
from engine.run.scaffold_guess import singular, snake, words_of
from engine.spec.lookup import Lookup

LEAST = 0.5
"""Below this confidence nothing is proposed."""

_SAME: tuple[tuple[str, str], ...] = (
    (r"date of birth|birth date|birthday|dob|born", "birth date"),
    (r"forename|first name|firstname|first|given", "given"),
    (r"surname|last name|lastname|family", "family"),
    (r"middlename|middle", "middle"),
    (r"e mail|mail", "email"),
    (r"telephone|mobile|cell|tel", "phone"),
    (r"post code|zip code|zip|postal code", "postcode"),
    (r"city|locality", "town"),
    (r"sex", "gender"),
    (r"form|tutor group|tutor", "registration group"),
    (r"joining|joined|start|admission date|enrolment date|entry", "entry"),
    (r"left|leave|leaver|exit|end", "leaving"),
    (r"street", "address line 1"),
)
"""Words, as a name has them, and the words that stand for all that mean the same."""

_SILENT = frozenset({"of", "the", "is", "has", "a", "at", "on"})
_ADDRESSES = r"[;,\s]+"
_ITEMS = r"\s*[;,]\s*"
_ALIKE: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text", "enum", "integer", "number"}),
    "integer": frozenset({"integer"}),
    "number": frozenset({"integer", "number"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"datetime"}),
    "time": frozenset({"time"}),
    "enum": frozenset({"enum", "text"}),
    "list": frozenset({"list", "text"}),
}
"""By the type of a target, the types of fields that can become it without anything being said about how."""


@dataclass(frozen=True)
class Match:
    """One proposal: the field, how sure it is (0 to 1), why, and the value as a mapping writes it."""

    target: str
    name: str
    sure: float
    why: str
    value: Any = field(compare=False)


@dataclass(frozen=True)
class Entity:
    """What is known when a field is looked for: the words to pass over, and the lookups there are."""

    passed_over: frozenset[str]
    lookups: Mapping[str, Lookup]


def match(
    target: str, wanted: TargetField, name: str, given: SourceField, samples: Sequence[str], entity: Entity
) -> Match | None:
    """Return the proposal that a field makes for a target; None where it makes none."""
    if _refers(wanted) or given.type not in _ALIKE.get(wanted.type, frozenset()):
        return None
    sure, why = _by_name(target, name, entity.passed_over)
    if not sure:
        return None
    value, more, told = _value(wanted, name, given, samples, entity.lookups)
    if value is None:
        return None
    if wanted.pii is not None and wanted.pii == given.pii and sure < 0.9:
        more += 0.1
    sure = min(0.95, round(sure + more + _by_values(wanted, samples), 2)) if sure < 1 else sure
    return Match(target, name, sure, ", ".join(filter(None, (why, told))), value) if sure >= LEAST else None


def _refers(wanted: TargetField) -> bool:
    return wanted.ref is not None or wanted.type == "record" or (wanted.of is not None and _refers(wanted.of))


def _by_name(target: str, name: str, passed_over: frozenset[str]) -> tuple[float, str]:
    """Return how much two names have in common, and in which way."""
    if target.lower() == name.lower():
        return 1.0, "same name"
    ours, theirs = _plain(target, frozenset()), _plain(name, passed_over)
    if ours == theirs:
        return 0.9, "same words"
    if len(ours) == 1 and next(iter(ours)) == "".join(word[0] for word in words_of(name)):
        return 0.8, "its initials"
    ours, theirs = _meaning(target, frozenset()), _meaning(name, passed_over)
    if ours == theirs:
        return 0.8, "words that mean the same"
    if not ours & theirs or not (ours < theirs or theirs < ours):
        return 0.0, ""
    shared = len(ours & theirs) / len(ours | theirs)
    return (0.4 if ours < theirs else 0.3) + 0.4 * shared, f"shares {' and '.join(sorted(ours & theirs))}"


def _listed(name: str) -> list[str]:
    """Return the words of a name, numbers apart, none in the plural."""
    parted = re.sub(r"(?<=[^\W\d_])(?=\d)", " ", " ".join(words_of(name)))
    return [singular(word) for word in parted.split()]


def _plain(name: str, passed_over: frozenset[str]) -> frozenset[str]:
    words = [word for word in _listed(name) if word not in _SILENT]
    return frozenset(word for word in words if word not in passed_over) or frozenset(words)


def _meaning(name: str, passed_over: frozenset[str]) -> frozenset[str]:
    """Return the words that a name comes to; `name` says nothing beside others."""
    text = " ".join(_listed(name))
    for words, same in _SAME:
        text = re.sub(rf"\b(?:{words})\b", same, text)
    found = frozenset(word for word in text.split() if word not in _SILENT | passed_over)
    return found - {"name"} or found


def _value(
    wanted: TargetField, name: str, given: SourceField, samples: Sequence[str], lookups: Mapping[str, Lookup]
) -> tuple[Any, float, str]:
    """Return the value as a mapping writes it, what that adds to the confidence, and why; None where it is unknown."""
    if wanted.type == "enum":
        return _enum(wanted, name, given.values or list(dict.fromkeys(samples)), lookups)
    if wanted.type == "list" and given.type != "list":
        if given.split is not None:
            return name, 0.0, ""
        return {"from": name, "split": _ADDRESSES if "email" in _meaning(name, frozenset()) else _ITEMS}, 0.0, ""
    return name, 0.0, ""


def _enum(
    wanted: TargetField, name: str, codes: Sequence[str], lookups: Mapping[str, Lookup]
) -> tuple[Any, float, str]:
    """Return how codes become the values of an enum: as they are, in lower case, or by a lookup that has them all."""
    known = set(wanted.values or [])
    if not codes:
        return None, 0.0, ""
    if set(codes) <= known:
        return name, 0.2, "its values are those of the field"
    if {code.lower() for code in codes} <= known:
        return {"from": name, "clean": "lower"}, 0.15, "its values are those of the field, in lower case"
    for lookup_name, lookup in lookups.items():
        values = {lookup.folded(code): str(meaning) for code, meaning in (lookup.values or {}).items()}
        if all(lookup.folded(code) in values for code in codes) and set(values.values()) <= known:
            return {"from": name, "lookup": lookup_name}, 0.1, f"the lookup {lookup_name} has all its values"
    return None, 0.0, ""


def _by_values(wanted: TargetField, samples: Sequence[str]) -> float:
    """Return what values seen add to the confidence: they fit the target's rules, or they do not."""
    rules = wanted.of if wanted.of is not None else wanted
    if not samples or (rules.pattern is None and rules.max is None):
        return 0.0
    fit = all(
        (rules.pattern is None or re.fullmatch(rules.pattern, value)) and (rules.max is None or len(value) <= rules.max)
        for value in samples
    )
    return -0.3 if not fit else 0.1 if rules.pattern is not None else 0.0


def best(matches: Iterable[Match]) -> dict[str, Match]:
    """Return one proposal for each target, the surest first; a field is proposed for one target only."""
    found: dict[str, Match] = {}
    used: set[str] = set()
    for each in sorted(matches, key=lambda match: (-match.sure, match.target, match.name)):
        if each.target not in found and each.name not in used:
            found[each.target] = each
            used.add(each.name)
    return found


def passed_over(entity: str, record_set: str) -> frozenset[str]:
    """Return the words that say nothing in the names of fields: what the records are called."""
    return frozenset(singular(word) for each in (entity, record_set) for word in snake(each).split("_"))
