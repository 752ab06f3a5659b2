"""What an entity becomes in Haplo: its code, and each name of its binding; of what, and by which instructions.

Next: `review/tracing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.haplo.application import BEHAVIOUR
from engine.haplo.compile import compile_control, instruction_at, instructions_of_code, instructions_of_names
from engine.haplo.record import CODE, structure_parts
from engine.review.lineage import Bound
from engine.review.words import said_constant
from engine.run.dry_run import said_place
from engine.spec.binding import Binding, BoundName
from engine.spec.project import Project
from engine.spec.schema import Schema


def bound_names(project: Project, binding: Binding) -> dict[str, Bound]:
    """Return what the code and each name of a binding become, where no application says more of data types."""
    schema = project.schema(binding.binding)
    control = compile_control(schema, project.schemas(), binding)
    paths = {CODE: instructions_of_code(control), **instructions_of_names(control, schema, binding)}
    loaded = project.get("binding", binding.binding)
    assert loaded is not None
    found = {CODE: _code(project, binding, schema)}
    for name, one in binding.names.items():
        place = loaded.document.key_place(("names", name))
        found[name] = Bound(name, binding.attribute_of(name), said_bound(one), tuple(parts_of(one)), place)
    return {
        name: replace(
            each,
            paths=tuple(said_place(control, path) for path in paths.get(name, ())),
            instructions=tuple(instruction_at(control, path) for path in paths.get(name, ())),
        )
        for name, each in found.items()
    }


def _code(project: Project, binding: Binding, schema: Schema) -> Bound:
    """Return the code, which every record has, whatever the binding says; an account does not keep it."""
    said = f"the object's code: {schema.key}, after the school's prefix and '{schema.schema_}'"
    said += "; references to the object hold it too"
    loaded = project.get("schema", schema.schema_)
    place = None if loaded is None else loaded.document.key_place(("fields", schema.key))
    if binding.of_accounts:
        return Bound(CODE, CODE, f"in every record, and not kept: {schema.key}", ((schema.key, "", ""),), place)
    return Bound(CODE, BEHAVIOUR, said, ((schema.key, "", ""),), place)


def parts_of(bound: BoundName) -> Iterator[tuple[str, str, str]]:
    """Yield the fields that a name is made of: each with the part of it that is sent, and as what it is taken."""
    structure = bound.person_name or bound.postal_address
    if structure is not None:
        word = "person_name" if bound.person_name is not None else "postal_address"
        yield from ((name, "", f"{word}.{part}") for part, name in structure_parts(structure).items())
    elif bound.from_ is not None:
        yield bound.from_, bound.part or "", "first" if bound.first else ""


def said_bound(bound: BoundName) -> str:
    """Return how a name is filled, in words."""
    words = [_said_origin(bound)]
    words += [f"as {_said_map(bound.map)}"] if bound.map is not None else []
    words += [f"as the list entry {_said_map(bound.list_)}"] if bound.list_ is not None else []
    words += [f"under the qualifier {bound.qualifier}"] if bound.qualifier is not None else []
    return ", ".join(words) + ("; where there is none, that in Haplo is taken away" if bound.clear else "")


def _said_origin(bound: BoundName) -> str:
    if bound.from_ is None and bound.person_name is None and bound.postal_address is None:
        return f"always {said_constant(bound.value)}"
    structured = [f"{as_.partition('.')[2]}: {name}" for name, _, as_ in parts_of(bound) if "." in as_]
    if structured:
        return f"{'a name' if bound.person_name else 'an address'} of {'; '.join(structured)}"
    of = f"{bound.from_}.{bound.part}" if bound.part else str(bound.from_)
    return f"the first of {of}" if bound.first else of


def _said_map(words: Mapping[str, str]) -> str:
    return "; ".join(f"{word} → {each}" for word, each in words.items())
