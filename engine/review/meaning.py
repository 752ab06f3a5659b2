"""What differs in meaning between two versions of a project: every finding, said once, with whom it concerns.

Next: `review/effect`, which looks at what it does to data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from engine.review.concern import concerns
from engine.review.finding import Finding, Spot
from engine.review.flow import flow_of
from engine.review.flowing import flowing
from engine.review.kind import WEIGHTS
from engine.review.lineage import Lineage
from engine.review.normal import words
from engine.review.revision import Version
from engine.review.tracing import lineage
from engine.review.unit import ORDER, Key, Path, Unit, units_of
from engine.review.unlike import NOTHING, Unlike, unlike, whole
from engine.spec.load import Loaded
from engine.spec.project import Project


@dataclass(frozen=True)
class Side:
    """One version, with what is made of it once."""

    version: Version

    @cached_property
    def units(self) -> dict[Key, Unit]:
        return units_of(self.version.project, self.version.kept.units)

    @cached_property
    def graphs(self) -> dict[tuple[str, str], Lineage]:
        project, kept = self.version.project, self.version.kept.graphs
        named = sorted(project.of("mapping"), key=lambda loaded: loaded.name)
        return {_pair(loaded): each for loaded in named for each in kept.of(project, loaded, _lineage_of)}

    @property
    def has_schools(self) -> bool:
        return any(True for _ in self.version.project.of("school"))


def _pair(loaded: Loaded) -> tuple[str, str]:
    source, _, entity = loaded.name.partition("/")
    return source, entity


def _lineage_of(project: Project, loaded: Loaded) -> list[Lineage]:
    return [lineage(project, *_pair(loaded))]


def differing(before: Side, after: Side) -> list[Key]:
    """Return the units in which two versions differ in meaning."""
    keys = dict.fromkeys([*before.units, *after.units])
    return [key for key in keys if _form(before, key) != _form(after, key)]


def _form(side: Side, key: Key) -> object:
    unit = side.units.get(key)
    return None if unit is None else unit.form


def meaning(before: Side, after: Side) -> list[Finding]:
    """Return all that differs, the heaviest first."""
    keys = differing(before, after)
    if not keys:
        return []
    found = [finding for key in keys for finding in _of_unit(before, after, key)]
    found = list(_merged(_renamed(found)))
    renamed = {
        (finding.subject.partition(" ")[0], finding.before or ""): finding.after or ""
        for finding in found
        if finding.kind == "instruction-renamed"
    }
    by_school = before.has_schools or after.has_schools
    flows = [flow_of(side.version.project, side.graphs, by_school=by_school) for side in (before, after)]
    return in_order([*found, *flowing(flows[0], flows[1], before.units, after.units, renamed)])


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by weight, then by where they stand."""
    weights = list(WEIGHTS)

    def rank(finding: Finding) -> tuple[int, Spot, str, str]:
        spot = finding.new or finding.old or Spot("", 0)
        return weights.index(finding.its_kind.weight), spot, finding.kind, finding.subject

    return sorted(findings, key=rank)


def _of_unit(before: Side, after: Side, key: Key) -> Iterator[Finding]:
    old, new = before.units.get(key), after.units.get(key)
    if old is None or new is None:
        yield _of_whole(old, new)
        return
    for each in unlike(old.kind, old.form, new.form):
        yield _finding(before, after, (old, new), each)


def _of_whole(old: Unit | None, new: Unit | None) -> Finding:
    """Return the finding of a unit that only one version has."""
    one = old or new
    assert one is not None
    kind, said = whole(one.kind, old, new), _summary(one)
    if old is not None:
        return Finding(kind, _name(one), said, None, old.spot())
    return Finding(kind, _name(one), None, said, None, one.spot())


def _finding(before: Side, after: Side, units: tuple[Unit, Unit], each: Unlike) -> Finding:
    old, new = (_place(side, unit, each.path) for side, unit in zip((before, after), units, strict=True))
    was, now = (_form_there(each, where, value) for where, value in ((old, each.before), (new, each.after)))
    touched = [*concerns(*old, before.graphs), *concerns(*new, after.graphs)]
    return Finding(
        each.kind,
        _subject(units[0 if each.after is NOTHING else 1], each.path),
        None if was is NOTHING else words(was),
        None if now is NOTHING else words(now),
        None if _is_new(each, "-added") else _spot(before, *old),
        None if _is_new(each, "-removed") else _spot(after, *new),
        tuple(dict.fromkeys(touched)),
        _lineage(before, after, *new),
        note=_note(each),
    )


def _place(side: Side, unit: Unit, path: Path) -> tuple[Unit, Path]:
    """Return where something stands: what a school does not map otherwise stands in the mapping of all."""
    match path:
        case ("override", entity, "fields", name):
            shared = side.units.get(("mapping", f"{unit.form['source']}/{entity}"))
            if shared is not None and name not in unit.form.get("override", {}).get(entity, {}).get("fields", {}):
                return shared, ("fields", name)
    return unit, path


def _form_there(each: Unlike, where: tuple[Unit, Path], value: object) -> object:
    """Return what is there: for a school that does not map a field otherwise, what the mapping of all has."""
    unit, path = where
    return unit.form["fields"].get(path[1], NOTHING) if unit.kind == "mapping" and path != each.path else value


def _is_new(each: Unlike, end: str) -> bool:
    """Say whether a part is in one version only; what is there by default is in both, and so is `required`."""
    return each.kind.endswith(end) and each.kind != f"required{end}"


def _spot(side: Side, unit: Unit, path: Path) -> Spot:
    """Return where a part of a unit stands; what an endpoint does not say of itself, its api says."""
    inherited = unit.kind == "endpoint" and path[0] in ("pages", "changes")
    if inherited and not unit.loaded.document.has((*unit.at, path[0])):
        source = side.units["source", unit.name.partition("/")[0]]
        return source.spot(("apis", str(unit.form.get("api", "main")), path[0]))
    return unit.spot(path)


def _lineage(before: Side, after: Side, unit: Unit, path: Path) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the source fields of a target field in both versions, where they differ."""
    if unit.kind != "mapping" or path[0] != "fields":
        return None
    source, _, entity = unit.name.partition("/")
    was, now = (_sources(side.graphs[source, entity], f"field:{path[1]}") for side in (before, after))
    return None if was == now else (was, now)


def _sources(graph: Lineage, node: str) -> tuple[str, ...]:
    return tuple(sorted(f"{name}.{field}" for name, field in graph.sources(node))) if node in graph.nodes else ()


def _note(each: Unlike) -> str:
    """Say what a rule does that wants something of a join: it leaves out records without one."""
    rule = each.after if each.kind == "filter-added" else None
    if isinstance(rule, dict) and str(rule.get("present")) == "true" and "." in str(rule.get("field", "")):
        return f"records for which '{rule['field'].partition('.')[0]}' finds none are left out"
    return ""


def _name(unit: Unit) -> str:
    bare = unit.kind in ("mapping", "schema", "binding")
    return unit.name if bare else f"{unit.kind} {unit.name}"


def _subject(unit: Unit, path: Path) -> str:
    """Return what a finding is about, as people would say it."""
    rest = ".".join(step for step in path if step != ORDER)
    if unit.kind in ("mapping", "schema") and path[0] == "fields":
        return f"{unit.name}.{'.'.join(path[1:])}"
    if unit.kind == "binding" and path[0] == "names":
        return f"{unit.name} {path[1]}"
    if unit.kind == "lookup" and path[0] == "values":
        return f"{_name(unit)} {unit.written(path)[1]}"
    return f"{_name(unit)} {rest}"


def _summary(unit: Unit) -> str:
    """Return in a few words what a whole unit holds."""
    for key, what in (("fields", "field"), ("values", "code"), ("names", "name"), ("sets", "record set")):
        count = len(unit.form.get(key, ()))
        if count and unit.kind != "setting":
            return f"{count} {what}{'s' if count != 1 else ''}"
    return words(unit.form) if unit.kind == "setting" else f"{unit.kind} {unit.name}"


def _renamed(findings: list[Finding]) -> Iterator[Finding]:
    """Make one of an attribute that is no more filled and another that is, in the very same way."""
    gone = [each for each in findings if each.kind == "instruction-removed"]
    taken: set[int] = set()
    pairs: dict[int, Finding] = {}
    for each in findings:
        if each.kind != "instruction-added":
            continue
        entity = each.subject.partition(" ")[0]
        same = [old for old in gone if old.before == each.after and old.subject.partition(" ")[0] == entity]
        other = next((old for old in same if id(old) not in taken), None)
        if other is not None:
            taken |= {id(other), id(each)}
            names = (other.subject.partition(" ")[2], each.subject.partition(" ")[2])
            pairs[id(each)] = Finding(
                "instruction-renamed", f"{entity} {names[0]}", *names, other.old, each.new, note=each.after or ""
            )
    for each in findings:
        if id(each) in pairs:
            yield pairs[id(each)]
        elif id(each) not in taken:
            yield each


def _merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Say once what is the same in several endpoints of a source, with all of them."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        source, name, rest = _endpoint_of(each)
        same = (each.kind, source, rest, each.before, each.after) if name and rest else (id(each),)
        groups.setdefault(same, []).append(each)
    for group in groups.values():
        source, _, rest = _endpoint_of(group[0])
        subject = f"{len(group)} endpoints of {source} {rest}"
        names = tuple(_endpoint_of(each)[1] for each in group)
        yield group[0] if len(group) == 1 else replace(group[0], subject=subject, concerns=names)


def _endpoint_of(finding: Finding) -> tuple[str, str, str]:
    """Return the source and the endpoint that a finding is about, and the part of it; blanks where it is of another."""
    kind, _, said = finding.subject.partition(" ")
    name, _, rest = said.partition(" ")
    source, _, endpoint = name.partition("/")
    return (source, endpoint, rest) if kind == "endpoint" else ("", "", "")
