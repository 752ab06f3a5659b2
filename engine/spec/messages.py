"""Pydantic's findings in our words: one table from its error types to our codes. Its own sentences are never shown.

`problems_of` walks each finding's location against the document, so that it points at the key or the value.
Next: `spec/load`.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.document import Document
from engine.errors import Problem
from engine.problem_text import did_you_mean, suggest

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
_FORMS = {
    r"^[a-z][a-z0-9_]*$": "must be small letters, digits and '_', and begin with a letter",
    r"^[a-z][a-z0-9-]*$": "must be small letters, digits and '-', and begin with a letter",
    r"^[a-z0-9][a-z0-9-]*$": "must be small letters, digits and '-', and not begin with '-'",
    r"^[a-zA-Z0-9_-]+$": "must be letters, digits, '-' and '_'",
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


@dataclass
class _Found:
    """One of pydantic's findings at its path of the document; `union` is where the members of a union part."""

    error: ErrorDetails
    path: Path
    on_key: bool = False
    union: Path | None = None
    member: str = ""
    members: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        return self.error["type"]


def problems_of(document: Document, model: type[BaseModel], errors: Iterable[ErrorDetails]) -> list[Problem]:
    """Return one problem for each mistake; what the members of a union each say is put together."""
    found = _of_unions([_locate(document.data, model, error) for error in errors])
    problems: list[Problem] = []
    missing: dict[Path, list[str]] = {}
    for each in found:
        if each.kind == "missing":
            missing.setdefault(each.path[:-1], []).append(str(each.path[-1]))
        else:
            problems.append(_problem(document, model, each))
    for path, names in missing.items():
        misspelt = [str(each.path[-1]) for each in found if each.kind == "extra_forbidden" and each.path[:-1] == path]
        names = [name for name in names if not any(name in suggest(word, [name]) for word in misspelt)]
        if names:
            problems.append(_missing(document, path, names))
    return problems


def _locate(data: Any, model: type[BaseModel], error: ErrorDetails) -> _Found:
    """Walk a location down the document and the models: tags and names of unions' members are no keys."""
    found = _Found(error, ())
    at: list[Any] = [model]
    chosen = False
    for index, part in enumerate(error["loc"]):
        members = [member for annotation in at for member in _members(annotation)]
        models = [inner for member in members for inner in _models(member)]
        if len(members) > 1 and not chosen:
            chosen = True
            tagged = bool(models) and all("kind" in inner.model_fields for inner in models)
            if not tagged and found.union is None:
                found.union, found.member, found.members = found.path, str(part), tuple(members)
            at = [inner for inner in models if part in (inner.__name__, *_kinds(inner))] or members
        elif part == "[key]":
            found.on_key = True
        elif isinstance(data, dict | list) and _is_in(part, data):
            key = part if isinstance(data, list) else str(part)
            at, chosen = [inner for annotation in at for inner in _step(annotation, part)], False
            data = data[key]  # type: ignore[index]  # it is an index of a list, or a key of a map
            found.path = (*found.path, key)
        elif index == len(error["loc"]) - 1 and error["type"] == "missing":
            found.path = (*found.path, str(part))
    if error["type"] == "union_tag_invalid":
        found.path = (*found.path, "kind")
    return found


def _is_in(part: str | int, data: dict[str, Any] | list[Any]) -> bool:
    return str(part) in data if isinstance(data, dict) else isinstance(part, int) and part < len(data)


def _kinds(model: type[BaseModel]) -> tuple[Any, ...]:
    return get_args(model.model_fields["kind"].annotation) if "kind" in model.model_fields else ()


def _of_unions(found: list[_Found]) -> list[_Found]:
    """Keep, of what the members of a union say, what the member says that was meant; or one finding for them all."""
    kept = [each for each in found if each.union is None]
    unions: dict[Path, dict[str, list[_Found]]] = {}
    for each in found:
        if each.union is not None:
            unions.setdefault(each.union, {}).setdefault(each.member, []).append(each)
    for at, members in unions.items():
        shaped = [group for group in members.values() if not any(e.path == at and e.kind in _EXPECTED for e in group)]
        if len(shaped) > 1:
            strange = [any(e.kind == "extra_forbidden" and e.path[:-1] == at for e in group) for group in shaped]
            shaped = [group for group, is_strange in zip(shaped, strange, strict=True) if not is_strange]
        literals = [each for group in members.values() for each in group if each.kind == "literal_error"]
        if len(shaped) == 1:
            kept += shaped[0]
        elif len(literals) == len(members):
            words = ", ".join(str(each.error["ctx"]["expected"]) for each in literals)
            kept.append(replace(literals[0], error={**literals[0].error, "ctx": {"expected": words}}))
        else:
            first = next(iter(members.values()))[0]
            kept.append(replace(first, path=at, error={**first.error, "type": "haplomap_union"}))
    return kept


def _problem(document: Document, model: type[BaseModel], found: _Found) -> Problem:
    error, path = found.error, found.path
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = keys_at(model, path[:-1], document.data)
        what = f"unknown key '{path[-1]}'{_where(path[:-1])}"
        why = f"known here: {', '.join(known)}" if known else ""
        return Problem("unknown-key", what, document.key_place(path), why, did_you_mean(str(path[-1]), known))
    if kind == "haplomap":
        return Problem(context["code"], context["what"], document.place(path), fix=context["fix"])
    if kind == "haplomap_union":
        forms = list(dict.fromkeys(_form(member) for member in found.members))
        what = f"must be {', '.join(forms[:-1])} or {forms[-1]}, and is {_said(document.data, path)}"
        return Problem("wrong-type", f"{_subject(path)} {what}", document.place(path))
    what, code, fix = _of_value(kind, context, error)
    subject = _subject(path[:-1] if kind == "union_tag_invalid" else path)
    place = document.key_place(path) if found.on_key or kind == "union_tag_not_found" else document.place(path)
    return Problem(code, f"{subject} {what}", place, fix=fix)


def _missing(document: Document, path: Path, names: list[str]) -> Problem:
    listed = " and ".join(f"'{name}'" for name in names)
    what = f"missing key{'s' if names[1:] else ''} {listed}{_where(path)}"
    return Problem("missing-key", what, document.key_place(path), fix=f"add {' and '.join(f'{n}:' for n in names)}")


def _form(member: Any) -> str:
    """Return what a member of a union looks like."""
    models = _models(member)
    if models:
        needed = [field.alias or name for name, field in models[0].model_fields.items() if field.is_required()]
        return "{" + ", ".join(f"{name}: …" for name in needed) + "}"
    bare = get_args(member)[0] if get_origin(member) is Annotated else member
    if get_origin(bare) is dict and _models(get_args(bare)[1]):
        return "{NAME: " + _form(get_args(bare)[1]) + "}"
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
    return names.get(get_origin(bare) or bare, "a map")


def _said(data: Any, path: Path) -> str:
    for part in path:
        data = data[part]
    return _found(data)


def _of_value(kind: str, context: Any, error: ErrorDetails) -> tuple[str, str, str]:
    if kind == "literal_error":
        words = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        return f"is none of {', '.join(words)}", "bad-value", did_you_mean(str(error["input"]), words)
    if kind == "union_tag_invalid":
        words = [word.strip(" '") for word in str(context["expected_tags"]).split(",")]
        return f"has no kind '{context['tag']}'", "unknown-kind", did_you_mean(str(context["tag"]), words)
    if kind == "union_tag_not_found":
        return "does not say its kind", "missing-key", "add kind:"
    if kind == "string_pattern_mismatch":
        return _FORMS.get(context["pattern"], f"does not have the form {context['pattern']}"), "bad-name", ""
    if kind in _RANGE:
        return f"must be {_RANGE[kind].format(**context)}", "out-of-range", ""
    return f"must be {_EXPECTED[kind]}, and is {_found(error['input'])}", "wrong-type", _quote_it(error)


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
        found = [inner for annotation in found for inner in _step(annotation, part)]
    models = [m for annotation in found for m in _models(annotation)]
    kind = data.get("kind") if isinstance(data, dict) else None
    fitting = [m for m in models if "kind" not in m.model_fields or kind in get_args(m.model_fields["kind"].annotation)]
    return list(dict.fromkeys(key for m in fitting or models for key in _keys(m)))


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _members(annotation: Any) -> list[Any]:
    """Return the members of a union, None left out; of anything else itself."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0]) if _is_union(get_args(annotation)[0]) else [annotation]
    if _is_union(annotation):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return [inner for member in members for inner in _members(member)]
    return [annotation]


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation, or a member of it, is."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is Annotated:
        return _models(get_args(annotation)[0])
    if _is_union(annotation):
        return [model for member in get_args(annotation) for model in _models(member)]
    return []


def _step(annotation: Any, part: str | int) -> list[Any]:
    """Return what stands below a key, or an index, of an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _step(get_args(annotation)[0], part)
    if _is_union(annotation):
        return [inner for member in get_args(annotation) for inner in _step(member, part)]
    if origin is dict:
        return [get_args(annotation)[1]]
    if origin is list:
        return [get_args(annotation)[0]]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return [field.annotation for name, field in fields.items() if part in (field.alias, name)]
    return []
