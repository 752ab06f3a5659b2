"""What every word of the language stands on, and the small types that words share.

`Word` is the base class: unknown keys are errors, nothing is coerced, nothing changes once read.
Values with a unit (`30s`, `16MB`, `10%`) are checked here and read through their functions.
Next: `kinds/select`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from engine.template import Template, TemplateProblem


class Word(BaseModel):
    """The base of every part of a document."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_by_name=True, validate_by_alias=True)


def problem(code: str, what: str, fix: str = "") -> PydanticCustomError:
    """Return the error a validator raises: `what` must be one line and never hold a secret."""
    return PydanticCustomError("haplomap", "{what}", {"code": code, "what": what, "fix": fix})


_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_REFILL = re.compile(r"([1-9][0-9]{0,5}) per ([1-9][0-9]*(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]+)(B|kB|MB|GB)")
_SIZE_UNITS = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}


def _matching(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise problem("bad-unit", f"{text!r} is not {what}")
        return text

    return check


Duration = Annotated[
    str,
    AfterValidator(_matching(_DURATION, "a duration such as 500ms, 30s, 5m, 2h or 7d")),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
Refill = Annotated[
    str,
    AfterValidator(_matching(_REFILL, "a rate such as 1 per 5s, 12 per 1m or 5000 per 1d")),
    WithJsonSchema({"type": "string", "pattern": f"^{_REFILL.pattern}$"}),
]
Size = Annotated[
    str,
    AfterValidator(_matching(_SIZE, "a size such as 512kB, 16MB or 1GB")),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE.pattern}$"}),
]


def seconds_each(refill: str) -> float:
    """Return how many seconds pass from one to the next at a rate such as `12 per 1m`."""
    match = _REFILL.fullmatch(refill)
    assert match is not None
    return float(match[2]) * _DURATION_UNITS[match[3]] / int(match[1])


def is_duration(text: str) -> bool:
    """Say whether a text is a duration."""
    return _DURATION.fullmatch(text) is not None


def seconds(duration: str) -> float:
    """Return a duration in seconds."""
    match = _DURATION.fullmatch(duration)
    assert match is not None
    return float(match[1]) * _DURATION_UNITS[match[2]]


def size_in_bytes(size: str) -> int:
    """Return a size in bytes."""
    match = _SIZE.fullmatch(size)
    assert match is not None
    return int(match[1]) * _SIZE_UNITS[match[2]]


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise problem("bad-regex", f"not a regular expression: {error.msg}") from None
    return text


def _check_template(text: str) -> str:
    try:
        Template.parse(text)
    except TemplateProblem as error:
        raise problem("bad-template", error.message) from None
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str | int | bool) else value


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


TemplateText = Annotated[str, AfterValidator(_check_template), Field(json_schema_extra={"template": True})]
"""Text that may hold `{{ ... }}`; names that are not defined are errors."""

SqlText = Annotated[str, Field(json_schema_extra={"sql": True})]
"""A DuckDB expression over the fields in view."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""snake_case, as all our names."""

Pattern = Annotated[str, AfterValidator(_check_pattern)]
"""A regular expression of Python's."""

Text = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int | float | bool)]
"""Text; a number or a truth word stands for its written form."""

Texts = Annotated[
    list[Text], BeforeValidator(_one_or_more, json_schema_input_type=str | int | bool | list[str | int | bool])
]
"""One text or a list of them."""
