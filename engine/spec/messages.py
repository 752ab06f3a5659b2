"""Pydantic's findings in our words: one table from its error types to our codes. Its own sentences are never shown.

`problems_of` walks each finding's location against the document, so that it points at the key or the value.
Next: `spec/load`.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.document import Document
from engine.errors import Problem
from engine.problem_text import did_you_mean

Path = tuple[str | int, ...]

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "none_required": "null",
}
_RANGE = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} of them",
}
MAPPED = frozenset(
    {
        *_EXPECTED,
        *_RANGE,
        "extra_forbidden",
        "missing",
        "literal_error",
        "string_pattern_mismatch",
        "union_tag_invalid",
        "union_tag_not_found",
        "haplomap",
    }
)
"""The pydantic error types that have words of ours; a test holds that no model can give another."""


def problems_of(document: Document, model: type[BaseModel], errors: Iterable[ErrorDetails]) -> list[Problem]:
    """Return one problem for each place that is wrong; what the members of a union each say is put together."""
    places: dict[Path, list[tuple[ErrorDetails, bool]]] = {}
    for error in errors:
        path, skipped = _walk(document.data, error)
        places.setdefault(path, []).append((error, skipped))
    found = []
    for path, at in places.items():
        best = _best(path, at, places)
        if best is not None:
            found.append(_problem(document, model, path, best, [error for error, _ in at]))
    return found


def _best(path: Path, at: list[tuple[ErrorDetails, bool]], places: dict[Path, Any]) -> ErrorDetails | None:
    """Return the finding to show for a place; None where a deeper place says it better."""
    deeper = [p for p in places if len(p) > len(path) and p[: len(path)] == path]
    if deeper and all(error["type"] in _EXPECTED for error, _ in at):
        return None
    ranked = sorted(at, key=lambda item: item[0]["type"] in _EXPECTED)
    return ranked[0][0]


def _walk(data: Any, error: ErrorDetails) -> tuple[Path, bool]:
    """Return the part of a location that stands in the document, and whether parts of it do not."""
    path: list[str | int] = []
    skipped = False
    parts = error["loc"]
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if isinstance(data, dict) and str(part) in data:
            path.append(str(part))
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path.append(part)
            data = data[part]
        elif last and error["type"] == "missing":
            path.append(str(part))
        else:
            skipped = True
    if path and path[-1] == "[key]":
        path.pop()
    return tuple(path), skipped


def _problem(
    document: Document, model: type[BaseModel], path: Path, error: ErrorDetails, together: list[ErrorDetails]
) -> Problem:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = keys_at(model, path[:-1], document.data)
        what = f"unknown key '{path[-1]}'{_where(path[:-1])}"
        why = f"known here: {', '.join(known)}" if known else ""
        return Problem("unknown-key", what, document.key_place(path), why, did_you_mean(str(path[-1]), known))
    if kind == "missing":
        what = f"missing key '{path[-1]}'{_where(path[:-1])}"
        return Problem("missing-key", what, document.key_place(path[:-1]), fix=f"add {path[-1]}:")
    if kind == "haplomap":
        return Problem(context["code"], context["what"], document.place(path), fix=context["fix"])
    what, code, fix = _of_value(kind, context, error, together)
    return Problem(code, f"{_subject(path)} {what}", document.place(path), fix=fix)


def _of_value(kind: str, context: Any, error: ErrorDetails, together: list[ErrorDetails]) -> tuple[str, str, str]:
    if kind == "literal_error":
        words = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        return f"is none of {', '.join(words)}", "bad-value", did_you_mean(str(error["input"]), words)
    if kind == "union_tag_invalid":
        words = [word.strip(" '") for word in str(context["expected_tags"]).split(",")]
        return f"has no kind '{context['tag']}'", "unknown-kind", did_you_mean(str(context["tag"]), words)
    if kind == "union_tag_not_found":
        return "does not say its kind", "missing-key", "add kind:"
    if kind == "string_pattern_mismatch":
        return f"does not have the form {context['pattern']}", "bad-name", ""
    if kind in _RANGE:
        return f"must be {_RANGE[kind].format(**context)}", "out-of-range", ""
    expected = list(dict.fromkeys(_EXPECTED[e["type"]] for e in together if e["type"] in _EXPECTED))
    return f"must be {' or '.join(expected)}, and is {_found(error['input'])}", "wrong-type", _quote_it(error)


def _quote_it(error: ErrorDetails) -> str:
    wants_text = error["type"] == "string_type" and isinstance(error["input"], bool | int | float)
    return "put it in quotes" if wants_text else ""


def _found(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a map"}
    return names.get(type(value), "nothing")


def _subject(path: Path) -> str:
    return f"'{path[-1]}'" if path and isinstance(path[-1], str) else "this item"


def _where(path: Path) -> str:
    named = [str(part) for part in path if isinstance(part, str)]
    return f" in {' > '.join(named[-3:])}" if named else ""


def keys_at(model: type[BaseModel], path: Path, data: Any) -> list[str]:
    """Return the keys that may stand at a path of a document of this model."""
    found: list[Any] = [model]
    for part in path:
        if isinstance(data, dict) or (isinstance(data, list) and isinstance(part, int)):
            data = data[part]  # type: ignore[index]  # the part is a key of this very map, or an index of this list
        found = [inner for annotation in found for inner in _step(annotation, part, data)]
    models = [m for annotation in found for m in _models(annotation)]
    kind = data.get("kind") if isinstance(data, dict) else None
    fitting = [m for m in models if "kind" not in m.model_fields or kind in get_args(m.model_fields["kind"].annotation)]
    return list(dict.fromkeys(key for m in fitting or models for key in _keys(m)))


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [model for member in get_args(annotation) for model in _models(member)]
    return []


def _step(annotation: Any, part: str | int, data: Any) -> list[Any]:
    del data
    origin = get_origin(annotation)
    if origin is Annotated:
        return _step(get_args(annotation)[0], part, None)
    if origin in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _step(member, part, None)]
    if origin is dict:
        return [get_args(annotation)[1]]
    if origin is list:
        return [get_args(annotation)[0]]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return [field.annotation for name, field in fields.items() if part in (field.alias, name)]
    return []
