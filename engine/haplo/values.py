"""Conversion of a raw value to the type of a name: one maker for each type, in one table.

A conversion gives the value in its stored form, NOTHING when there is nothing to store, or None where Haplo
stores a null (which an object does not take). Stands on `javascript`, `dates`, `structured`, `references`.
Next: `instructions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.haplo.application import type_value
from engine.haplo.countries import COUNTRIES
from engine.haplo.dates import PatternError, compile_pattern
from engine.haplo.filters import Ref, find_filter
from engine.haplo.javascript import as_read, is_true, number, number_text, read_number, same, text, walk
from engine.haplo.moment import iso_date, iso_instant
from engine.haplo.outcome import StopError
from engine.haplo.references import ref_conversion, ref_value
from engine.haplo.structured import person_name, postal_address
from engine.haplo.use import NOTHING, Conversion, Use

_SPACE: Final = re.compile(r"[ \t\r\n\f\v]+")
_SCHEME: Final = re.compile(r"[a-zA-Z+.\-]+:")
_CONFIGURATION_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+:[:a-zA-Z0-9_-]+\Z")
_INTEGER: Final = re.compile(r"-?[0-9]+\Z")
_REMEMBERED_DATES: Final = 10_000


def make_conversion(kind: str, use: Use) -> Conversion | None:
    """The whole way of a value: `mapInputValue`, filters, type. None when it can't be prepared."""
    convert = TYPES.get(kind, _unsupported)(use)
    if convert is None:
        return None
    filters = [find_filter(name, use.directory) for name in walk(use.given.get("filters"))]
    mapped = _input_mapping(use.given)
    if mapped is None and not filters:
        return convert

    def run(value: Any) -> Any:
        if mapped is not None:
            value = mapped(value)
        for apply in filters:
            value = apply(value)
        return convert(value)

    return run


def _input_mapping(given: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    mapping = given.get("mapInputValue")
    if not isinstance(mapping, dict):
        return None
    if "mapInputValueDefault" in given:
        default = given["mapInputValueDefault"]
        return lambda value: mapping.get(text(value), default)
    return lambda value: mapping.get(text(value), value)


def _text(_: Use) -> Conversion:
    def convert(value: Any) -> Any:
        if type(value) is str:
            return value
        return text(value) if isinstance(value, (int, float)) else NOTHING

    return convert


def _boolean(use: Use) -> Conversion:
    words = [
        (use.given[key] if is_true(use.given.get(key)) else usual, meaning)
        for key, usual, meaning in (("trueValue", "true", True), ("falseValue", "false", False))
    ]
    summary = f"Invalid boolean value for {use.source}"

    def convert(value: Any) -> Any:
        if value is True or value is False:
            return value
        for word, meaning in words:
            if same(value, word):
                return meaning
        use.report(summary, f"{summary}: {text(value)}")
        return NOTHING

    return convert


def _datetime(use: Use) -> Conversion | None:
    pattern = use.given.get("dateFormat")
    if not isinstance(pattern, str):
        use.report(f"Date format not specified for {use.source}")
        return None
    try:
        read = compile_pattern(pattern, today=use.today)
    except PatternError as error:
        raise StopError(f"java.lang.IllegalArgumentException: {error}") from None
    form, show = ("date", iso_date) if use.for_object else ("instant", iso_instant)
    summary = f"Invalid date value for {use.source}"
    # The same days come again and again.
    known: dict[str, dict[str, str]] = {}

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return NOTHING
        if value in known:
            return known[value]
        instant = read(value)
        if instant is None:
            use.report(summary, f"{summary}: {value}")
            return None
        if len(known) >= _REMEMBERED_DATES:
            known.clear()
        known[value] = {"type": "datetime", form: show(instant)}
        return known[value]

    return convert


def _object_type(use: Use) -> Conversion:
    known = {code: type_value(code) for code in use.application.types}
    return lambda value: known.get(value, NOTHING) if isinstance(value, str) else NOTHING


def _email_address(use: Use) -> Conversion:
    summary = f"Invalid email address for {use.source}"

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return NOTHING
        if value.find("@") <= 0:
            use.report(summary, f"{summary}: {value}")
            return NOTHING
        return {"type": "email-address", "text": _SPACE.sub("", value)}

    return convert


def _url(use: Use) -> Conversion:
    summary = f"Invalid URL for {use.source}"

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return NOTHING
        if not _SCHEME.match(value):
            use.report(summary, f"{summary}: {value}")
            return NOTHING
        return {"type": "url", "text": value}

    return convert


def _telephone_number(use: Use) -> Conversion:
    given = use.given.get("country")
    country = text(given) if is_true(given) else "GB"

    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return NOTHING
        if country not in COUNTRIES:
            raise StopError(None, f"no country has the code {country}, which a telephone number is given")
        return {"type": "telephone-number", "guess_number": value, "guess_country": country}

    return convert


def _typed_text(kind: str) -> Callable[[Use], Conversion]:
    def convert(value: Any) -> Any:
        return {"type": kind, "text": text(value)} if is_true(value) else NOTHING

    return lambda _: convert


def _configuration_name(_: Use) -> Conversion:
    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return NOTHING
        if not _CONFIGURATION_NAME.match(value):
            raise StopError(
                "O.text(O.T_IDENTIFIER_CONFIGURATION_NAME,...) must be formed of a-zA-Z0-9_ "
                "and contain at least one : separator."
            )
        return {"type": "configuration-name", "text": value}

    return convert


def _integer(use: Use) -> Conversion:
    summary = f"Invalid integer for {use.source}"

    def convert(value: Any) -> Any:
        written = text(value)
        found = number(int(written)) if _INTEGER.match(written) and len(written) < 24 else None
        # Only the usual form: no zeros in front, no sign but a minus, nothing lost in a double.
        if found is None or number_text(found) != written:
            use.report(summary, f"{summary}: {written}")
            return NOTHING
        return found

    return convert


def _number(use: Use) -> Conversion:
    summary = f"Invalid number for {use.source}"

    def convert(value: Any) -> Any:
        found = read_number(text(value))
        if found is None:
            use.report(summary, f"{summary}: {text(value)}")
            return NOTHING
        return number(found)

    return convert


def _person_name(_: Use) -> Conversion:
    def convert(value: Any) -> Any:
        made = person_name(value)
        return NOTHING if made is None else made

    return convert


def _postal_address(use: Use) -> Conversion:
    def convert(value: Any) -> Any:
        made = postal_address(value, use.report)
        return NOTHING if made is None else made

    return convert


def _unsupported(use: Use) -> Conversion:
    """Objects and lists as they are, which an object does not take; references too; anything else is passed over."""

    def convert(value: Any) -> Any:
        if isinstance(value, Ref):
            return ref_value(value.written)
        if not isinstance(value, (dict, list)):
            return NOTHING
        return None if use.for_object else {"type": "json", "value": as_read(value)}

    return convert


TYPES: Final[Mapping[str, Callable[[Use], Conversion | None]]] = {
    "text": _text,
    "boolean": _boolean,
    "datetime": _datetime,
    "ref": ref_conversion,
    "object-type": _object_type,
    "json": _unsupported,
    "email-address": _email_address,
    "url": _url,
    "telephone-number": _telephone_number,
    "text-paragraph": _typed_text("text-paragraph"),
    "text-multiline": _typed_text("text-multiline"),
    "isbn": _typed_text("isbn"),
    "configuration-name": _configuration_name,
    "integer": _integer,
    "number": _number,
    "person-name": _person_name,
    "postal-address": _postal_address,
}
