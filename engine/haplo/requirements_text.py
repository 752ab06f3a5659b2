"""A `requirements.schema` text of an application: the same bytes for the same application.

What the platform has itself is opened again only where something is added to it. Stands on `spec` and its siblings.
Next: `declared`, which reads it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.haplo.application import PLATFORM
from engine.haplo.needed import of_platform
from engine.haplo.target import data_type
from engine.spec.binding import Application, AttributeSpec, TypeSpec

HEAD: Final = """\
# What a Haplo application needs, so that what haplomap sends finds its place.
# Made by `haplomap haplo requirements` from the bindings (schemas/haplo); make it anew when they change.
# An object is found again by its configured behaviour, so every type that is imported has that attribute.
"""


def requirements_text(application: Application) -> str:
    """Return the text: qualifiers, attributes, types, entries of lists, each by code."""
    blocks = [_block("qualifier", code, [("title", _words(code))]) for code in sorted(set(application.qualifiers))]
    blocks += [
        _block("attribute", code, lines)
        for code, one in sorted(application.attributes.items())
        if (lines := list(_attribute(code, one)))
    ]
    blocks += [_block("type", code, _type(code, one)) for code, one in sorted(application.types.items())]
    blocks += [
        _block("object", code, [("title", str(one.get("title", code))), ("type", str(one.get("type", "")))])
        for code, one in sorted(application.objects.items())
    ]
    return "\n".join([HEAD + _selected(application), *blocks])


def _selected(application: Application) -> str:
    """Which models an administrator selects cannot be declared, so it is said."""
    if not application.auto_models:
        return ""
    lines = [f"#   {code}\n" for code in sorted(application.auto_models)]
    return "# An administrator selects these types for a model of their own (automatic models):\n" + "".join(lines)


def _block(kind: str, code: str, lines: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> str:
    return f"{kind} {code}\n" + "".join(f"    {key}: {_one_line(value)}\n" for key, value in lines if value)


def _attribute(code: str, one: AttributeSpec) -> Iterator[tuple[str, str]]:
    kind = data_type(one.type)
    known = PLATFORM.get(code)
    if known is None:
        yield "title", one.title
    if known != kind:
        yield "data-type", "link" if kind == "ref" else kind
    yield from (("linked-type", linked) for linked in one.links_to)
    yield from (("qualifier", qualifier) for qualifier in one.qualifiers)


def _type(code: str, one: TypeSpec) -> Iterator[tuple[str, str]]:
    if not of_platform(code):
        yield "title", one.title
    if one.parent is not None:
        yield "parent-type", one.parent
    yield from (("behaviour", behaviour) for behaviour in one.behaviour)
    yield from (("annotation", annotation) for annotation in one.annotations)
    yield from (("attribute", attribute) for attribute in one.attributes)
    yield from (("attribute-hide", hidden) for hidden in one.hides)


def _words(code: str) -> str:
    return code.rpartition(":")[2].replace("-", " ").capitalize()


def _one_line(value: str) -> str:
    return " ".join(value.split())
