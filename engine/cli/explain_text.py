"""An explanation as text: steps in the order in which they are taken, each with its value and its line.

Next: `run/explained`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.cli.show import table

if TYPE_CHECKING:
    from engine.run.explained import Came, Explained, FieldCame

_LONGEST: Final = 100
_LONG_INSTRUCTION: Final = 300
_INDENT: Final = "  "


def explain_text(found: Explained, field: str | None, *, personal: bool) -> str:
    """Return an explanation for people: all fields in a table, or one field step by step."""
    from engine.run.explained import masked

    lines = [f"{found.entity} {found.key} in the run {found.run}: {found.said}"]
    hidden = found.keys_personal and not personal
    others = {
        "known as {}: the key under which it was first sent": found.known_as,
        "it is {} now": found.merged_into,
    }
    lines += [said.format(masked(key, hidden=hidden)) for said, key in others.items() if key]
    lines += [f"note: {note}" for note in found.notes]
    for title, steps in (("records", found.records), ("why", found.reasons)):
        lines += ["", title, *_lines(steps, 1, personal=personal, hidden=False)] if steps else []
    if field is None:
        rows = [
            [each.name, _said(masked(each.value, hidden=each.personal and not personal)), str(each.place or "")]
            for each in found.fields
        ]
        lines += ["", table(("field", "value", "mapped at"), rows)] if rows else []
        noted = [f"{each.name}: {each.note}" for each in found.fields if each.note]
        lines += noted
        lines += [f"Haplo would say: {whole if personal else summary}" for summary, whole in found.refused]
        lines += ["", "add a field's name to see how it is made"] if rows else []
    else:
        for each in found.fields:
            lines += ["", *_field(each, personal=personal)]
    if not personal and _hides(found):
        lines.append("personal values are masked; --show-personal shows them")
    return "\n".join(lines)


def _field(came: FieldCame, *, personal: bool) -> Iterator[str]:
    from engine.run.explained import masked

    hidden = came.personal and not personal
    yield came.name
    yield from _lines(came.steps, 1, personal=personal, hidden=hidden)
    yield f"{_INDENT}row  {_said(masked(came.value, hidden=hidden))}{'   ' + came.note if came.note else ''}"
    for name in came.haplo:
        yield f"{_INDENT}Haplo  {name.name}   {name.place}"
        for at, instruction in name.instructions:
            yield f"{_INDENT * 2}{at}"
            yield f"{_INDENT * 3}{_instruction(instruction)}"
        values = [masked(value, hidden=hidden) for value in name.values]
        said = ", ".join(_said(value) for value in values) or "nothing is set"
        yield f"{_INDENT * 2}becomes  {said}"
        for summary, whole in name.messages:
            yield f"{_INDENT * 2}Haplo would say: {whole if personal else summary}"


def _lines(steps: Sequence[Came], depth: int, *, personal: bool, hidden: bool) -> Iterator[str]:
    """Yield a line for each step: what it stands on goes before it, further in."""
    from engine.run.explained import masked

    for step in steps:
        if step.what == "record":
            yield f"{_INDENT * depth}record  {step.said}"
        yield from _lines(step.parts, depth + 1, personal=personal, hidden=hidden)
        if step.what == "record":
            continue
        value = ""
        if step.valued:
            value = f" = {_said(masked(step.value, hidden=hidden or (step.personal and not personal)))}"
        place = f"   {step.place}" if step.place is not None else ""
        note = f"   ({step.note})" if step.note else ""
        yield f"{_INDENT * depth}{step.what}  {_cut(step.said)}{value}{note}{place}"


def _instruction(instruction: dict[str, Any]) -> str:
    """Return an instruction; one that is long has, in place of its branches, how many instructions they have."""
    whole = json.dumps(instruction, ensure_ascii=False)
    if len(whole) <= _LONG_INSTRUCTION:
        return whole
    short = {
        k: f"{len(v)} instructions" if isinstance(v, list) and k != "values" else v for k, v in instruction.items()
    }
    return json.dumps(short, ensure_ascii=False)


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return _cut(json.dumps(value, ensure_ascii=False)) if _odd(value) else _cut(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return _cut(json.dumps(value, ensure_ascii=False, default=str))
    return str(value)


def _odd(text: str) -> bool:
    """Say whether a text does not show what is in it unless it is quoted."""
    return text != text.strip() or not text.isprintable() or text in ("", "–")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _hides(found: Explained) -> bool:
    steps = [each for step in (*found.records, *found.reasons) for each in step.walk()]
    steps += [each for field in found.fields for each in field.walk()]
    return any(each.personal and each.value is not None for each in steps) or any(
        each.personal and each.value is not None for each in found.fields
    )
