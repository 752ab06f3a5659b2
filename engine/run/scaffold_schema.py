"""Schemas of an OpenAPI document, led back to shapes: references, `allOf`, alternatives, enums, formats, examples.

Next: `run/scaffold_openapi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.run.scaffold_guess import type_of
from engine.run.scaffold_shape import Shape, merged

_TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
_FORMATS = {"date": "date", "date-time": "datetime", "time": "time"}
_DEEPEST = 6
_MOST = 5_000
"""How many references may lead on from one another, and how many schemas are read for one answer."""


class Schemas:
    """Reads the schemas of one document; references lead within it only, so that nothing is fetched."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._read = 0

    def target(self, value: Any) -> dict[str, Any]:
        """Return an object, or what its `$ref` leads to; an empty one where that is not in this document."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(ref := value.get("$ref"), str):
            if ref in seen or not ref.startswith("#/"):
                return {}
            seen.add(ref)
            value = self._at(ref)
        return value if isinstance(value, dict) else {}

    def _at(self, ref: str) -> Any:
        value: Any = self._document
        for part in ref[2:].split("/"):
            value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        return value

    def answer(self, schema: Any) -> Shape:
        """Return the shape of what an answer is described as."""
        self._read = 0
        return self.shape(schema)

    def shape(self, schema: Any, way: tuple[str, ...] = ()) -> Shape:
        """Return the shape of what a schema describes; `way` are the references that led here."""
        ref = str(schema.get("$ref", "")) if isinstance(schema, dict) else ""
        self._read += 1
        if ref in way:
            return Shape("text", assumed="the description leads back into itself here: its text is JSON")
        if len(way) > _DEEPEST or self._read > _MOST:
            return Shape("text", assumed="the description goes on from here: its text is JSON")
        way = (*way, ref) if ref else way
        schema = self.target(schema)
        shapes = [self.shape(each, way) for each in _list(schema.get("allOf"))]
        either = [each for key in ("oneOf", "anyOf") for each in _list(schema.get(key)) if not self._is_null(each)]
        others = [self.shape(each, way) for each in either]
        for other in others if len(others) > 1 else ():
            other.assumed = "one of several forms that are described"
        shapes += others
        if (own := self._own(schema, way)) is not None:
            shapes.append(own)
        whole = shapes[0] if shapes else Shape("text")
        for each in shapes[1:]:
            whole = merged(whole, each)
        return whole

    def _is_null(self, schema: Any) -> bool:
        return self.target(schema).get("type") == "null"

    def _own(self, schema: Mapping[str, Any], way: tuple[str, ...]) -> Shape | None:
        """Return what a schema says itself; None where it only names others."""
        kinds = schema.get("type")
        kind = next((each for each in kinds if each != "null"), None) if isinstance(kinds, list) else kinds
        properties = schema.get("properties")
        if isinstance(properties, dict) and kind in (None, "object"):
            return Shape("object", {str(name): self.shape(each, way) for name, each in properties.items()})
        if kind == "array" or "items" in schema:
            return Shape("list", item=self.shape(schema.get("items", {}), way), note=_note(schema))
        if kind is None and not schema.get("enum"):
            return None
        if kind == "object":
            named = any(key in schema for key in ("allOf", "oneOf", "anyOf"))
            return None if named else Shape("text", note=_note(schema) or "an object of any keys: its text is JSON")
        return _value(schema, _TYPES.get(str(kind), "text"))


def _value(schema: Mapping[str, Any], kind: str) -> Shape:
    """Return the shape of a single value."""
    shape = Shape(kind, note=_note(schema))
    examples = [schema["example"]] if "example" in schema else _list(schema.get("examples"))
    shape.samples = [str(each) for each in examples if isinstance(each, str | int | float) and each != ""]
    if kind != "text":
        return shape
    if isinstance(schema.get("enum"), list):
        values = [str(each) for each in schema["enum"] if each is not None and each != ""]
        return Shape("enum", values=values, note=shape.note) if values else shape
    if (stated := _FORMATS.get(str(schema.get("format")))) is not None:
        shape.kind = stated
    elif schema.get("format") is None and (found := type_of("id", shape.samples)[0]) in _FORMATS.values():
        shape.kind, shape.assumed = found, "described as text; the example looks like this"
    return shape


def _note(schema: Mapping[str, Any]) -> str:
    """Return the first sentence of a description, in one line."""
    return first_sentence(schema.get("description"))


def first_sentence(text: Any) -> str:
    """Return the first sentence of a text of others, in one line and without its full stop."""
    return " ".join(str(text or "").split()).partition(". ")[0].rstrip(".")[:200]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
