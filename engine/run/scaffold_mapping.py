"""A mapping begun: a line for each field of an entity that a field of the source is likely to be. Nothing is invented.

Each line has its confidence and the reason in a comment. What has no candidate is listed, what is required first.
Next: `cli/commands/scaffold_mapping`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.kinds.types import SourceField
from engine.problem_text import did_you_mean
from engine.run.scaffold import Begun, schema_line, write_new
from engine.run.scaffold_guess import singular
from engine.run.scaffold_match import Entity, Match, best, match, passed_over
from engine.run.scaffold_sample import draft_of_sample
from engine.run.scaffold_text import flow
from engine.run.soundness import all_problems
from engine.run.updating import written
from engine.spec.project import NotFoundError, Project, open_project
from engine.spec.schema import Schema
from engine.spec.source import RecordSet, Source

_NOTE = "begun by `haplomap scaffold`; look at each line, and take its comment away"


def begin_mapping(
    folder: Path, system: str, entity: str, set_name: str | None, sample: Path | None, *, force: bool
) -> Begun:
    """Write `mappings/SYSTEM/ENTITY.yaml`."""
    project = open_project(folder)
    others = {loaded.document.file for loaded in project.of("mapping")}  # one that is begun is not finished
    project.require_sound([each for each in all_problems(project) if not each.place or each.place.file not in others])
    _require(project, "source", system, "source")
    _require(project, "schema", entity, "entity")
    source, schema = project.source(system), project.schema(entity)
    sets = {name: spec for _, name, spec in source.sets()}
    if set_name is not None and set_name not in sets:
        fix = did_you_mean(set_name, sets)
        raise NotFoundError(f"the source '{system}' has no set '{set_name}'", fix=fix or f"it has {', '.join(sets)}")
    chosen = set_name or _likely_set(entity, schema, sets, project, source)
    found = _matches(entity, schema, chosen, sets[chosen], sample, project, source)
    home = folder / "mappings" / system
    text = _text(entity, source, schema, chosen, found, schema_line(home, "mapping"))
    told = [f"from {chosen}: {len(found)} of {len(schema.fields)} fields have a candidate; each says how sure it is"]
    files = write_new({home / f"{entity}.yaml": text}, force=force)
    return Begun(files, [f"{name} is required, and has no candidate" for name in _required(schema, found)], told)


def _require(project: Project, kind: str, name: str, called: str) -> None:
    names = project.names(kind)
    if name not in names:
        fix = did_you_mean(name, names) or f"known: {', '.join(names)}"
        raise NotFoundError(f"there is no {called} '{name}'", fix=fix)


def _likely_set(entity: str, schema: Schema, sets: Mapping[str, RecordSet], project: Project, source: Source) -> str:
    """Return the set that is called like the entity; else the one with the most likely fields."""
    named = [name for name in sets if "_".join(map(singular, name.split("_"))) == entity]
    if named:
        return named[0]
    sums = {
        name: sum(each.sure for each in _matches(entity, schema, name, spec, None, project, source).values())
        for name, spec in sets.items()
    }
    likely = max(sums, key=lambda name: sums[name], default=None)
    if likely is None or not sums[likely]:
        raise NotFoundError(f"no set of '{source.source}' looks like '{entity}'", fix="name one by --set")
    return likely


def _matches(
    entity: str,
    schema: Schema,
    set_name: str,
    spec: RecordSet,
    sample: Path | None,
    project: Project,
    source: Source,
) -> dict[str, Match]:
    """Return the best proposals; the key of the entity is that of the set."""
    samples = _samples(sample, spec) if sample is not None else {}
    known = Entity(passed_over(entity, set_name), project.lookups(source.source))
    found = [
        proposal
        for target, wanted in schema.fields.items()
        for name, given in spec.fields.items()
        if (proposal := match(target, wanted, name, given, samples.get(_where(name, given), ()), known)) is not None
    ]
    if spec.key is not None and len(spec.key) == 1 and spec.key[0] in spec.fields:
        found = [each for each in found if each.target != schema.key and each.name != spec.key[0]]
        found.append(Match(schema.key, spec.key[0], 0.9, "the key of its set", spec.key[0]))
    return best(found)


def _where(name: str, given: SourceField) -> str:
    return name if given.at is None else given.at if isinstance(given.at, str) else given.at[0]


def _samples(file: Path, spec: RecordSet) -> dict[str, Sequence[str]]:
    """Return the values that an answer has, by where they stand in a record."""
    (drafted,) = draft_of_sample("sample", file, spec.records).sets()
    return {str(each.spec.get("at", each.name)): each.shape.samples for each in drafted.fields}


def _required(schema: Schema, found: Mapping[str, Match]) -> list[str]:
    return [name for name, wanted in schema.fields.items() if wanted.required and name not in found]


def _text(entity: str, source: Source, schema: Schema, chosen: str, found: Mapping[str, Match], head: str) -> str:
    lines = [head, f"mapping: {entity}", f"source: {source.source}", f"note: {written(_NOTE)}"]
    lines += [f"from: {written(chosen)}", "fields:" if found else "fields: {}"]
    lines += [
        f"  {name}: {flow(each.value)} # {each.sure:g}: {each.why}"
        for name in schema.fields
        if (each := found.get(name)) is not None
    ]
    missing = _required(schema, found)
    lines += [f"  # {name}: # required, to be filled in: {schema.fields[name].description}" for name in missing]
    others = [name for name in schema.fields if name not in found and name not in missing]
    if others:
        lines += ["  # without a candidate:"]
        lines += [f"  #   {name}: {schema.fields[name].description}".rstrip(": ") for name in others]
    used = {each.name for each in found.values()}
    unused = [name for name in source.find(chosen)[2].fields if name not in used]
    if unused:
        lines += [f"  # fields of {chosen} that nothing is made of: {', '.join(unused)}"]
    return "\n".join(lines) + "\n"
