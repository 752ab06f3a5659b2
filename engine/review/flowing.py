"""What is newly asked of schools, and which personal data newly get to Haplo. Next: `review/meaning`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.review.finding import Finding, Spot
from engine.review.flow import Asked, Flow, Way
from engine.review.unit import Key, Unit

Units = Mapping[Key, Unit]


def flowing(before: Flow, after: Flow, old: Units, new: Units, renamed: Mapping[tuple[str, str], str]) -> list[Finding]:
    """Return the findings; `renamed` are names of bindings by entity and the name before."""
    found = [*_asked(before, after, old, new)]
    return [*found, *_personal(before, after, old, new, renamed)]


def _asked(before: Flow, after: Flow, old: Units, new: Units) -> Iterator[Finding]:
    kinds = (
        ("requests", before.endpoints, after.endpoints),
        ("asked", before.fields, after.fields),
        ("scopes", before.scopes, after.scopes),
    )
    for name, was, now in kinds:
        for asked in now.keys() - was.keys():
            yield _one(f"{name}-added", asked, now[asked], new, after=True)
        for asked in was.keys() - now.keys():
            yield _one(f"{name}-removed", asked, was[asked], old, after=False)


def _one(kind: str, asked: Asked, who: Mapping[str, None], units: Units, *, after: bool) -> Finding:
    source, what = asked
    said = what if not kind.startswith("requests") else _path(units, asked)
    spot = _spot(units, source, what, kind)
    return _sided(kind, f"{source} {what}", said, spot, tuple(who), after=after)


def _path(units: Units, asked: Asked) -> str:
    unit = units.get(("endpoint", "/".join(asked)))
    if unit is None:
        return asked[1]
    return f"GET {unit.form['get']}" if "get" in unit.form else f"POST {unit.form['post']}"


def _spot(units: Units, source: str, what: str, kind: str) -> Spot | None:
    """Return where an endpoint, a field, or the first part that needs a scope, is declared."""
    for (unit_kind, name), unit in units.items():
        if unit_kind != "endpoint" or not name.startswith(f"{source}/"):
            continue
        if kind.startswith("requests") and name == f"{source}/{what}":
            return unit.spot()
        set_name, _, field = what.partition(".")
        if kind.startswith("asked") and set_name in unit.form["sets"]:
            return unit.spot(("sets", set_name, "fields", field))
    return None


def _personal(
    before: Flow, after: Flow, old: Units, new: Units, renamed: Mapping[tuple[str, str], str]
) -> Iterator[Finding]:
    was = {_ends(way, renamed): (way, kind) for way, kind in before.personal.items()}
    now = {_ends(way, {}): (way, kind) for way, kind in after.personal.items()}
    came, comes = ({end[:2] for end in ends} for ends in (was, now))
    for end in sorted(now.keys() - was.keys()):
        way, kind = now[end]
        if kind:
            yield _flow("pii-moved" if end[:2] in came else "pii-added", way, kind, new, after=True)
    for end in sorted(was.keys() - now.keys()):
        way, kind = was[end]
        if kind and end[:2] not in comes:
            yield _flow("pii-removed", way, kind, old, after=False)


def _ends(way: Way, renamed: Mapping[tuple[str, str], str]) -> tuple[str, str, str, str]:
    """Return where a value comes from, and where in Haplo it gets."""
    source, field, entity, _, name = way
    return source, field, entity, renamed.get((entity, name), name)


def _flow(kind: str, way: Way, pii: str, units: Units, *, after: bool) -> Finding:
    source, field, entity, target, name = way
    said = f"{field} ({pii}) → {entity}.{target} → {name}"
    unit = units.get(("mapping", f"{source}/{entity}")) or units.get(("binding", entity))
    spot = None if unit is None else unit.spot(("fields", target.partition(".")[0]))
    return _sided(kind, f"{source} {field}", said, spot, (f"{entity} {name}",), after=after)


def _sided(kind: str, subject: str, said: str, spot: Spot | None, who: tuple[str, ...], *, after: bool) -> Finding:
    """Return a finding of what only one version has."""
    if after:
        return Finding(kind, subject, None, said, None, spot, who)
    return Finding(kind, subject, said, None, spot, None, who)
