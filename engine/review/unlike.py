"""Where two normal forms differ, and which kind of finding that is: by tables of paths, one for each kind of unit.

Next: `review/meaning`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.review.unit import ORDER, Path, Unit


class _Nothing:
    """What stands where a version has no such part."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


@dataclass(frozen=True)
class Ways:
    """The kinds of a part that is added, removed, or changed."""

    added: str
    removed: str
    changed: str

    def of(self, before: Any, after: Any) -> str:
        """Return the kind of a difference."""
        return self.added if before is NOTHING else self.removed if after is NOTHING else self.changed


@dataclass(frozen=True)
class Unlike:
    """One difference of two units: at which path, of which kind, what was there and what is; NOTHING for neither."""

    kind: str
    path: Path
    before: Any
    after: Any


def _all(kind: str) -> Ways:
    return Ways(kind, kind, kind)


def _each(name: str) -> Ways:
    return Ways(f"{name}-added", f"{name}-removed", f"{name}-changed")


_TESTS: Final = ("max", "min", "pattern", "after", "before")
_WHOLE: Final[Mapping[str, Ways]] = {
    "mapping": _each("mapping"),
    "schema": _each("entity"),
    "lookup": _each("lookup"),
    "setting": _each("setting"),
    "binding": _each("binding"),
    "school": _each("school"),
    "application": _all("application-changed"),
    "source": _each("source"),
    "endpoint": _each("endpoint"),
}
"""What a whole unit is that only one version has."""
_PARTS: Final[Mapping[str, tuple[tuple[str, Ways], ...]]] = {
    "mapping": (
        ("fields.*", _each("field")),
        (f"where.{ORDER}", _all("filter-reordered")),
        (f"tables.*.where.{ORDER}", _all("filter-reordered")),
        ("where.*", _each("filter")),
        ("tables.*.where.*", _each("filter")),
        ("join.*", _each("join")),
        ("tables.*.join.*", _each("join")),
        ("tables.*.fields.*", _each("step")),
        ("tables.*.from", _all("records-changed")),
        ("tables.*.when", _all("switch-changed")),
        ("tables.*.unless", _all("switch-changed")),
        ("tables.*", _each("step")),
        ("from", _all("records-changed")),
        ("one_per", _all("merging-changed")),
        ("known_by", _all("identity-changed")),
        ("when", _all("switch-changed")),
        ("**", _all("records-changed")),
    ),
    "schema": (
        ("**.required", Ways("required-added", "required-dropped", "required-added")),
        ("fields.*", _each("entity-field")),
        ("fields.**.fields.*", _all("type-changed")),
        ("**.type", _all("type-changed")),
        ("**.ref", _all("reference-changed")),
        ("**.values", _all("values-changed")),
        *((f"**.{name}", _all("rule-changed")) for name in _TESTS),
        ("**.pii", _all("pii-tag-changed")),
        ("fields.**.of", _all("type-changed")),
        ("key", _all("key-changed")),
        ("sort", _all("order-changed")),
        ("unique.*", _each("unique")),
        ("**", _all("type-changed")),
    ),
    "lookup": (("values.*", _each("lookup-entry")), ("**", _all("lookup-changed"))),
    "setting": (
        ("default", _all("setting-default-changed")),
        ("type", _all("setting-type-changed")),
        ("**", _all("setting-changed")),
    ),
    "binding": (
        ("names.*", _each("instruction")),
        ("removed.*.*", _all("removed-changed")),
        ("removed.*", _all("removed-changed")),
        ("removed", _all("removed-changed")),
        ("**", _all("destination-changed")),
    ),
    "school": (
        ("settings.*.*", _all("school-setting-changed")),
        ("override.*.fields.*", _all("override-changed")),
        ("override.*.remove", _all("override-changed")),
        ("entities", _all("entities-changed")),
        ("deliver", _all("delivery-changed")),
        ("guards", _all("guards-changed")),
        ("runs.*", _all("school-changed")),
        ("config.*", _all("school-changed")),
        ("**", _all("school-changed")),
    ),
    "application": (("*.*", _all("application-changed")), ("**", _all("application-changed"))),
    "source": (
        ("config.*", _all("config-changed")),
        ("formats.*", _all("formats-changed")),
        ("apis.*.auth", _all("auth-changed")),
        ("apis.*.rates", _all("rates-changed")),
        ("apis.*.retry", _all("rates-changed")),
        ("apis.*.errors", _all("errors-changed")),
        *((f"apis.*.{name}", _all("request-changed")) for name in ("base_url", "headers", "params", "methods")),
        *((f"apis.*.{name}", _all("request-changed")) for name in ("options_asked", "fields_asked")),
        *((f"apis.*.{name}", _all("consent-changed")) for name in ("consent", "standing", "status", "wait")),
        ("**", _all("source-changed")),
    ),
    "endpoint": (
        ("**.scope", _all("scope-changed")),
        ("**.pii", _all("pii-tag-changed")),
        ("sets.*.fields.*", _each("source-field")),
        ("sets.*.fields.*.*", _all("source-field-changed")),
        ("sets.*", _each("set")),
        ("sets.*.*", _all("set-changed")),
        ("pages", _all("paging-changed")),
        ("changes", _all("changes-changed")),
        *((name, _all("endpoint-changed")) for name in ("momentary", "partial", "fresh_for", "deprecated", "filters")),
        ("**", _all("request-changed")),
    ),
}
"""By kind of unit: paths, the first that fits counts; `*` is one step, `**` any number of them."""
_FURTHER: Final[Mapping[str, tuple[str, ...]]] = {
    "mapping": ("tables.*",),
    "schema": ("fields.*", "fields.**.of", "fields.**.fields.*"),
    "endpoint": ("sets.*", "sets.*.fields", "sets.*.fields.*"),
    "binding": ("removed", "removed.*"),
}
"""Paths at which parts that both versions have are looked into."""


def whole(kind: str, before: Unit | None, after: Unit | None) -> str:
    """Return the kind of a unit that only one version has."""
    return _WHOLE[kind].of(NOTHING if before is None else before, NOTHING if after is None else after)


def unlike(kind: str, before: Any, after: Any, path: Path = ()) -> Iterator[Unlike]:
    """Yield the differences of two forms of a kind of unit."""
    if before == after:
        return
    if _is_told(kind, path, before, after):
        if path[-1] != ORDER or _same_names(before, after):
            yield Unlike(_ways(kind, path).of(before, after), path, before, after)
        return
    old, new = (each if isinstance(each, dict) else {} for each in (before, after))
    for key in {**old, **new}:
        yield from unlike(kind, old.get(key, NOTHING), new.get(key, NOTHING), (*path, key))


def _is_told(kind: str, path: Path, before: Any, after: Any) -> bool:
    """Say whether a difference is told here, and not part by part."""
    if not path:
        return False
    if not all(isinstance(each, dict | _Nothing) for each in (before, after)):
        return True
    both = isinstance(before, dict) and isinstance(after, dict)
    if both and any(fits(path, pattern) for pattern in _FURTHER.get(kind, ())):
        return False
    own = [pattern for pattern, _ in _PARTS[kind] if pattern != "**"]
    return any(fits(path, pattern) for pattern in own) or not any(_leads_to(path, pattern) for pattern in own)


def _leads_to(path: Path, pattern: str) -> bool:
    """Say whether a pattern is of something within a path."""
    steps = pattern.split(".")
    return len(steps) > len(path) and all(step in ("*", own) for step, own in zip(steps, path, strict=False))


def _same_names(before: Any, after: Any) -> bool:
    """Say whether two orders are of the same names; where they are not, the rules themselves tell."""
    return isinstance(before, list) and isinstance(after, list) and sorted(before) == sorted(after)


def _ways(kind: str, path: Path) -> Ways:
    return next(ways for pattern, ways in _PARTS[kind] if fits(path, pattern))


def fits(path: Path, pattern: str) -> bool:
    """Say whether a path is of a pattern."""
    return _fits(path, tuple(pattern.split(".")))


def _fits(path: Path, steps: tuple[str, ...]) -> bool:
    if not steps:
        return not path
    if steps[0] == "**":
        return any(_fits(path[at:], steps[1:]) for at in range(len(path) + 1))
    return bool(path) and steps[0] in ("*", path[0]) and _fits(path[1:], steps[1:])
