"""The reference of the YAML language, as Markdown, made from the models that read it.

`python -m engine.spec.json_schema` writes it to `schemas/language.md`; a test holds it current.
Next: `spec/json_schema`.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.spec.load import KINDS

HEAD = """# The language

Every document, every word, every key. This file is made from the models that read the documents
(`python -m engine.spec.json_schema`); what it says is what `haplomap check` holds.

The first key of a document says what it is. Plain scalars are text, unless they are `null`, `true`, `false` or
plain decimal numbers: `NO`, `0123`, `7E1`, `12:30` and `2024-09-01` stay text. Unknown and duplicate keys are
errors. Templates (`{{ config.name }}`) stand only where the type says *template*, SQL only where it says *SQL*.
"""


def language() -> str:
    """Return the whole reference."""
    parts = [HEAD]
    told: set[type[BaseModel]] = set()
    for kind, model in KINDS.items():
        parts.append(f"## A document that begins with `{kind}`\n")
        for word in _reachable(model, told):
            parts.append(_section(word, word is model))
    return "\n".join(parts)


def _reachable(model: type[BaseModel], told: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield a model and those that it is made of, each once in the whole reference."""
    if model in told:
        return
    told.add(model)
    yield model
    for field in model.model_fields.values():
        for part in _models(field.annotation):
            yield from _reachable(part, told)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _section(model: type[BaseModel], whole: bool) -> str:
    lines = [] if whole else [f"### {model.__name__}\n"]
    lines += [" ".join((model.__doc__ or "").split()), "", "| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        cells = (f"`{field.alias or name}`", said_type(field), _default(field), field.description or "")
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or isinstance(value, BaseModel) or value in ([], {}, ""):
        return ""
    words = {True: "true", False: "false"}
    return f"`{words[value] if isinstance(value, bool) else value}`"


def said_type(field: FieldInfo) -> str:
    """Return the type of a key in words."""
    extra = field.json_schema_extra
    marks = [mark for mark in _MARKS if isinstance(extra, dict) and mark in extra]
    if marks:
        return _MARKS[marks[0]]
    return _said(field.annotation)


_MARKS = {
    "template": "template",
    "sql": "SQL",
    "path": "JSONPath",
    "element": "element path",
    "place": "JSONPath or element path",
}
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true/false", object: "anything", Any: "anything"}


def _said(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Annotated:
        marked = next((item for item in parts[1:] if isinstance(item, FieldInfo) and item.json_schema_extra), None)
        return (
            said_type(marked) if marked and marked.annotation is None and marked.json_schema_extra else _said(parts[0])
        )
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_said(part) for part in parts if part is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{part}`" for part in parts)
    if origin is list:
        return f"list of {_said(parts[0])}"
    if origin is dict:
        return f"map of {_said(parts[1])}"
    return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
