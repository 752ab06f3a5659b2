"""What is newly asked of schools, and which personal data newly get to Haplo. Next: `review/meaning`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.review.finding import Finding, Spot
from engine.review.flow import Asked, Flow, Way
from engine.review.unit import Key, Unit

_MOST: Final = 40
Units = Mapping[Key, Unit]


def flowing(before: Flow, after: Flow, old: Units, new: Units, renamed: Mapping[tuple[str, str], str]) -> list[Finding]:
    """Return the findings; `renamed` are names of bindings by entity and the name before."""
    found = [*_asked(before, after, old, new)]
    return [*found, *_personal(before, after, renamed)]


def _asked(before: Flow, after: Flow, old: Units, new: Units) -> Iterator[Finding]:
    for name in ("requests", "asked", "scopes"):
        for kind, here, there, units in (("added", after, before, new), ("removed", before, after, old)):
            only = {asked: who for asked, who in _of(here, name).items() if asked not in _of(there, name)}
            known = {part for asked in _of(there, name) for part in _wholes(asked)}
            groups: dict[Asked, list[Asked]] = {}
            for asked in only:
                whole = next((part for part in _wholes(asked) if part not in known), asked)
                groups.setdefault(whole, []).append(asked)
            for whole, members in groups.items():
                if whole in members:
                    yield _one(name, whole, here, units, after=kind == "added")
                else:
                    yield _several(f"{name}-{kind}", whole, {each: only[each] for each in members}, units)


def _wholes(asked: Asked) -> tuple[Asked, ...]:
    """Return what something asked is a part of: all of its source, and of a field its record set."""
    source, what = asked
    set_name, dot, _ = what.partition(".")
    return ((source, ""), (source, f"{set_name}.*")) if dot else ((source, ""),)


def _several(kind: str, whole: Asked, members: Mapping[Asked, Mapping[str, None]], units: Units) -> Finding:
    """Return one finding of all that is asked of a source, or a record set, of which one version asks nothing."""
    source, what = whole
    set_name = what.removesuffix(".*")
    names = [own.removeprefix(f"{set_name}.") if set_name else own for _, own in members]
    who = tuple(dict.fromkeys(each for whom in members.values() for each in whom))
    spot = _declared(units, source, f"{set_name}.") if set_name else units["source", source].spot()
    subject = f"{source} {set_name or 'as a whole'}"
    return _sided(kind, subject, f"{len(names)}: {_listed(names)}", spot, who, after=kind.endswith("added"))


def _listed(names: Sequence[str]) -> str:
    left = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {left} more" if left > 0 else "")


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
    mapped = [{(way[0], way[2]) for way in flow.personal} for flow in (before, after)]
    new = {end: now[end] for end in sorted(now.keys() - was.keys()) if after.personal[now[end]].pii}
    gone = {end: was[end] for end in sorted(was.keys() - now.keys()) if before.personal[was[end]].pii}
    yield from _of_whole_mappings("pii-added", new, mapped[1] - mapped[0], after)
    yield from _of_whole_mappings("pii-removed", gone, mapped[0] - mapped[1], before)
    for end, way in new.items():
        if (way[0], way[2]) in mapped[0]:
            yield _flow("pii-moved" if end[:2] in came else "pii-added", way, after, after=True)
    for end, way in gone.items():
        if (way[0], way[2]) in mapped[1] and end[:2] not in comes:
            yield _flow("pii-removed", way, before, after=False)


def _of_whole_mappings(
    kind: str, ways: Mapping[tuple[str, ...], Way], pairs: set[tuple[str, str]], flow: Flow
) -> Iterator[Finding]:
    """Yield once all personal data of an entity that only one version makes of a source."""
    for source, entity in sorted(pairs):
        own = [way for way in ways.values() if (way[0], way[2]) == (source, entity)]
        if own:
            said = list(dict.fromkeys(f"{way[1]} ({flow.personal[way].pii})" for way in own))
            names = tuple(dict.fromkeys(f"{entity} {way[4]}" for way in own))
            spot, after = flow.personal[own[0]].spot, kind.endswith("added")
            yield _sided(kind, f"{source}/{entity}", f"{len(said)}: {_listed(said)}", spot, names, after=after)


def _ends(way: Way, renamed: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
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
