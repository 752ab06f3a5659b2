"""References: values that a filter has made into one, and the mappings of a control file (`refMapping`).

Stands on `use` and `store`. Next: `values`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.haplo.application import TITLE
from engine.haplo.filters import Ref
from engine.haplo.javascript import is_true, text, walk
from engine.haplo.outcome import StopError
from engine.haplo.structured import person_title
from engine.haplo.use import NOTHING, Conversion, Use

_TITLES_AT_MOST: Final = 4096

Lookup = Callable[[Any], str | None]


def ref_value(ref: str) -> dict[str, str]:
    """A reference in its stored form."""
    return {"type": "ref", "ref": ref}


def ref_conversion(use: Use) -> Conversion:
    """References as they are; other values by the instruction's mapping, or not at all."""
    name = use.given.get("refMapping")
    find = _mapping(use, text(name)) if is_true(name) else None

    def convert(value: Any) -> Any:
        if isinstance(value, Ref):
            return ref_value(value.written)
        found = find(value) if find is not None else None
        return NOTHING if found is None else ref_value(found)

    return convert


def _mapping(use: Use, name: str) -> Lookup | None:
    mapping = use.mappings.get(name)
    if not isinstance(mapping, dict):
        use.report(f"Unknown mapping: {name}")
        return None
    if mapping.get("using") == "behaviour":
        return _by_behaviour(use, name, mapping)
    if mapping.get("using") == "title":
        return _by_title(use, name, mapping)
    return None


def _by_behaviour(use: Use, name: str, mapping: Mapping[str, Any]) -> Lookup:
    known: dict[str, str] = {}

    def find(value: Any) -> str | None:
        key = text(value)
        if key in known:
            return known[key]
        values = _values(name, mapping)
        if not is_true(values.get(key)):
            _report_unmapped(use, key)
            return None
        behaviour = text(values[key])
        ref = use.store.by_behaviour(behaviour)
        if ref is None:
            raise StopError(f"Unknown behaviour: {behaviour}")
        known[key] = ref
        return ref

    return find


def _by_title(use: Use, name: str, mapping: Mapping[str, Any]) -> Lookup | None:
    types = _known_types(use, name, mapping)
    titles = _titles(use, types) if types else {}
    if titles is None:
        use.report(f"Mapping {name} uses title mapping, but too many objects in store to use this method.")
    if not types or titles is None:
        return None

    def find(value: Any) -> str | None:
        key = text(value)
        values = _values(name, mapping)
        if not is_true(values.get(key)):
            return None
        ref = titles.get(text(values[key]))
        if ref is None:
            _report_unmapped(use, key)
        return ref

    return find


def _known_types(use: Use, name: str, mapping: Mapping[str, Any]) -> list[str]:
    if not is_true(mapping.get("types")):
        use.report(f"Mapping {name} does not specify types")
        return []
    listed = [text(code) for code in walk(mapping["types"])]
    for code in listed:
        if code not in use.application.types:
            use.report(f"Mapping {name} refers to unknown type {code}")
    known = [code for code in listed if code in use.application.types]
    if not known:
        use.report(f"No types for mapping {name}")
    return known


def _titles(use: Use, types: list[str]) -> dict[str, str] | None:
    """References by title; None when there are too many objects to read."""
    wanted = frozenset(code for code in use.application.types if set(use.application.lineage(code)) & set(types))
    titles: dict[str, str] = {}
    for count, (ref, values) in enumerate(use.store.of_types(wanted), 1):
        if count > _TITLES_AT_MOST:
            return None
        for value in values.get(TITLE, ()):
            bare = value.get("value", value) if isinstance(value, dict) else value
            titles[bare.get("text") or person_title(bare) if isinstance(bare, dict) else text(bare)] = ref
    return titles


def _values(name: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    values = mapping.get("values")
    if not isinstance(values, dict):
        raise StopError(None, f"the mapping {name} has no values")
    return values


def _report_unmapped(use: Use, key: str) -> None:
    summary = f"Value in input data cannot be mapped for {use.source}"
    use.report(summary, f"{summary}: {key}")
