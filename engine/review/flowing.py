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
    return [*found, *_personal(before, after, renamed)]


def _asked(before: Flow, after: Flow, old: Units, new: Units) -> Iterator[Finding]:
    for name in ("requests", "asked", "scopes"):
        was, now = _of(before, name), _of(after, name)
        for asked in now.keys() - was.keys():
            yield _one(name, asked, after, new, after=True)
        for asked in was.keys() - now.keys():
            yield _one(name, asked, before, old, after=False)


def _of(flow: Flow, name: str) -> Mapping[Asked, Mapping[str, None]]:
    return {"requests": flow.endpoints, "asked": flow.fields, "scopes": flow.scopes}[name]


def _one(name: str, asked: Asked, flow: Flow, units: Units, *, after: bool) -> Finding:
    source, what = asked
    kind, who = f"{name}-{'added' if after else 'removed'}", tuple(_of(flow, name)[asked])
    if name == "requests":
        unit = units["endpoint", f"{source}/{what}"]
        said = f"GET {unit.form['get']}" if "get" in unit.form else f"POST {unit.form['post']}"
        return _sided(kind, f"{source} {what}", said, unit.spot(), who, after=after)
    spot = _declared(units, source, flow.needing[asked] if name == "scopes" else what)
    return _sided(kind, f"{source} {what}", what, spot, who, after=after)


def _declared(units: Units, source: str, field: str) -> Spot | None:
    """Return where a field of a record set is declared."""
    set_name, _, name = field.partition(".")
    for (kind, unit_name), unit in units.items():
        if kind == "endpoint" and unit_name.startswith(f"{source}/") and set_name in unit.form["sets"]:
            return unit.spot(("sets", set_name, "fields", name))
    return None


def _personal(before: Flow, after: Flow, renamed: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    was = {_ends(way, renamed): way for way in before.personal}
    now = {_ends(way, {}): way for way in after.personal}
    came, comes = ({end[:2] for end in ends} for ends in (was, now))
    for end in sorted(now.keys() - was.keys()):
        if after.personal[now[end]].pii:
            yield _flow("pii-moved" if end[:2] in came else "pii-added", now[end], after, after=True)
    for end in sorted(was.keys() - now.keys()):
        if before.personal[was[end]].pii and end[:2] not in comes:
            yield _flow("pii-removed", was[end], before, after=False)


def _ends(way: Way, renamed: Mapping[tuple[str, str], str]) -> tuple[str, str, str, str]:
    """Return where a value comes from, and where in Haplo it gets."""
    source, field, entity, _, name = way
    return source, field, entity, renamed.get((entity, name), name)


def _flow(kind: str, way: Way, flow: Flow, *, after: bool) -> Finding:
    source, field, entity, target, name = way
    sent = flow.personal[way]
    said = f"{field} ({sent.pii}) → {entity}.{target} → {name}"
    return _sided(kind, f"{source} {field}", said, sent.spot, (f"{entity} {name}",), after=after)


def _sided(kind: str, subject: str, said: str, spot: Spot | None, who: tuple[str, ...], *, after: bool) -> Finding:
    """Return a finding of what only one version has."""
    if after:
        return Finding(kind, subject, None, said, None, spot, who)
    return Finding(kind, subject, said, None, spot, None, who)
