"""The form of an answer, whether a description or a sample tells it: objects, lists and values, and the fields within.

A `Shape` is a tree. `fields_of` lays one out as the fields of a record; `lists_of` finds where records stand.
Next: `run/scaffold_draft`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.run.scaffold_guess import ambiguous, personal, type_of

MOST_SAMPLES = 200
_STEP = re.compile(r"[\w@-]+")


@dataclass
class Shape:
    """One value: `kind` is object, list, a type of the language, or unknown, where nothing but samples tells it."""

    kind: str = "unknown"
    members: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    values: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    note: str = ""
    assumed: str = ""


@dataclass
class Drafted:
    """One field of a record, with what was found out about it; `form` is how its dates are written."""

    name: str
    spec: dict[str, Any]
    form: str = ""
    shape: Shape = field(default_factory=Shape)


def merged(one: Shape, other: Shape) -> Shape:
    """Return what fits both: several records of one kind, or several descriptions of one."""
    if "unknown" in (one.kind, other.kind) and (one.kind, other.kind) != ("unknown", "unknown"):
        known, bare = (other, one) if one.kind == "unknown" else (one, other)
        if not bare.samples or known.kind in ("object", "list"):
            return known
    kind = one.kind if one.kind == other.kind else _common(one.kind, other.kind)
    members = dict(one.members)
    for name, shape in other.members.items():
        members[name] = merged(members[name], shape) if name in members else shape
    item = merged(one.item, other.item) if one.item and other.item else one.item or other.item
    values = list(dict.fromkeys([*one.values, *other.values]))
    samples = [*one.samples, *other.samples][:MOST_SAMPLES]
    return Shape(kind, members, item, values, samples, one.note or other.note, one.assumed or other.assumed)


def _common(one: str, other: str) -> str:
    return "number" if {one, other} == {"integer", "number"} else "text"


def step(name: str) -> str:
    """Return one step of a JSONPath."""
    return name if _STEP.fullmatch(name) else f"['{name}']"


def joined(path: str, name: str) -> str:
    """Return a JSONPath with one more step."""
    return f"{path}.{step(name)}" if _STEP.fullmatch(name) else f"{path}{step(name)}"


def lists_of(shape: Shape, path: str = "$") -> Iterator[tuple[str, Shape]]:
    """Yield where lists of objects stand that are not within records, and what their items are like."""
    if shape.kind == "list" and shape.item is not None and shape.item.kind in ("object", "unknown"):
        yield path, shape.item
    elif shape.kind == "object":
        for name, member in shape.members.items():
            yield from lists_of(member, joined(path, name))


def singles_of(shape: Shape, path: str = "$") -> Iterator[tuple[str, str, Shape]]:
    """Yield the path, the name and the shape of each single value outside of lists."""
    if shape.kind == "object":
        for name, member in shape.members.items():
            if member.kind == "object":
                yield from singles_of(member, joined(path, name))
            elif member.kind != "list":
                yield joined(path, name), name, member


def fields_of(shape: Shape, xml: bool = False, way: tuple[str, ...] = ()) -> Iterator[Drafted]:
    """Yield the fields of a record; what stands within objects gets a name of all steps, and its path."""
    for name, member in shape.members.items():
        steps = (*way, name)
        if member.kind == "object":
            yield from fields_of(member, xml, steps)
        elif not (xml and member.kind == "list" and member.item and member.item.kind == "object"):
            yield _field(steps, member, xml)


def _field(steps: tuple[str, ...], shape: Shape, xml: bool) -> Drafted:
    name = re.sub(r"\W+", "_", "_".join(each.lstrip("@") for each in steps if each != ".")).strip("_") or "value"
    is_list = shape.kind == "list"
    inner = shape.item if is_list and shape.item else shape
    kind, form = (inner.kind, "") if inner.kind not in ("unknown", "object", "list") else ("text", "")
    if inner.kind == "unknown" or (inner.kind in ("date", "datetime", "time") and inner.samples):
        found, form = type_of(name, inner.samples)
        kind = found if inner.kind == "unknown" else inner.kind
        form = form if found == kind else ""
    spec: dict[str, Any] = {} if kind == "text" and not is_list else {"type": "list" if is_list else kind}
    if (at := _at(steps, xml)) is not None and at != name:
        spec["at"] = at
    if inner.values and not is_list:
        spec["values"] = inner.values
    if (pii := personal(name, inner.samples, shape.note)) is not None:
        spec["pii"] = pii
    return Drafted(name, {**spec, **_remarks(shape, inner, form, at or name)}, form, inner)


def _remarks(shape: Shape, inner: Shape, form: str, at: str) -> dict[str, str]:
    told = {}
    note = shape.note or ("its items are JSON" if inner.kind == "object" else "")
    if inner.kind == "object" and shape.kind == "list" and inner.members:
        note = f"{note}; at: '{at}[*].{step(next(iter(inner.members)))}' would take one field of each item"
    if note:
        told["note"] = note
    if form and ambiguous(form, inner.samples):
        told["assumed"] = "all days seen could be months too: taken for day before month"
    elif shape.assumed:
        told["assumed"] = shape.assumed
    return told


def _at(steps: tuple[str, ...], xml: bool) -> str | None:
    if xml:
        return "/".join(steps)
    if len(steps) == 1 and re.fullmatch(r"\w+", steps[0]):
        return None
    path = step(steps[0])
    for each in steps[1:]:
        path = joined(path, each)
    return path
