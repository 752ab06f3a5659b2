"""Types of values, and the wire formats in which sources write them, as DuckDB expressions.

A source declares its formats once (`Formats`); a field names its type (`SourceField`); a target schema names
the type that comes out (`TargetField`). `convert` joins them: an expression that gives NULL for what cannot be
read, so that "text was there, nothing came out" is a bad value that the run reports, never a silent null.
Next: `kinds/value`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from engine.expression import pattern_problem, regex_problem
from engine.kinds.element import PlaceText
from engine.kinds.scope import Scope
from engine.kinds.word import Name, Texts, Word, problem

ScalarType = Literal["text", "integer", "number", "boolean", "date", "datetime", "time", "enum"]
SQL_TYPES = {
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
}


def quote(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | float | bool | list[str] | None) -> str:
    """Return a constant of a document as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return "'" + value.replace("'", "''") + "'"


class BooleanWords(Word):
    """The words that stand for true and for false on the wire."""

    true: Annotated[Texts, Field(description="words for true")] = ["true", "1"]
    false: Annotated[Texts, Field(description="words for false")] = ["false", "0"]


def parquet(file: Path) -> str:
    """Return a Parquet file, as SQL reads it."""
    return f"read_parquet({literal(str(file.resolve()))})"


def _check_pattern(text: str) -> str:
    wrong = pattern_problem(text)
    if wrong is not None:
        raise problem("bad-format", f"{text!r} is no pattern of a date or a time: {wrong}")
    return text


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Patterns = Annotated[
    list[Annotated[str, AfterValidator(_check_pattern)]],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
]


class Formats(Word):
    """How a source writes values of each type. Date patterns are those of strftime."""

    date: Annotated[Patterns, Field(description="patterns of dates, as in strftime; the first that fits counts")] = [
        "%Y-%m-%d"
    ]
    datetime: Annotated[Patterns, Field(description="patterns of dates with a time")] = [
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%SZ",
    ]
    time: Annotated[Patterns, Field(description="patterns of times")] = ["%H:%M:%S", "%H:%M"]
    boolean: Annotated[BooleanWords, Field(description="words for true and false")] = BooleanWords()
    blank: Annotated[Literal["null", "keep"], Field(description="what a blank text is: no value, or itself")] = "null"
    omits_null: Annotated[
        bool,
        Field(description="records leave out fields that have no value; a missing key is null, not absent"),
    ] = False


class SourceField(Word):
    """A field of a record, as the source sends it."""

    type: Annotated[ScalarType | Literal["list"], Field(description="what the text on the wire is read as")] = "text"
    at: Annotated[
        list[PlaceText] | PlaceText | None,
        Field(description="where the value is, if not under the field's own name"),
    ] = None
    split: Annotated[str | None, Field(description="a list sent as one text: what separates its items")] = None
    values: Annotated[list[str] | None, Field(description="the values that are known, for the reader")] = None
    pii: Annotated[str | None, Field(description="the kind of personal data this is")] = None
    scope: Annotated[Scope | None, Field(description="the consent that opens this field, beside that of its set")] = (
        None
    )
    option: Annotated[str | None, Field(description="the option to ask for to get this field")] = None
    link: Annotated[
        Texts | None,
        Field(description="SET.FIELD, or several: where else in the source this value stands, in one of them"),
    ] = None
    note: Annotated[str, Field(description="for the reader")] = ""
    assumed: Annotated[str | None, Field(description="why this is not known for certain")] = None

    def links(self) -> list[tuple[str, str]]:
        """Return the sets that its value links to, each with the field there."""
        return [(text.partition(".")[0], text.partition(".")[2]) for text in self.link or []]

    def paths(self, name: str) -> list[str]:
        """Return the spellings under which the value may stand, in order of preference."""
        if self.at is None:
            return [f"['{name}']"]
        return [self.at] if isinstance(self.at, str) else self.at

    def element_paths(self, name: str) -> list[str]:
        """Return the same for XML, where a field's own name is that of an element."""
        return [name] if self.at is None else self.paths(name)


def _check_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise problem("bad-value", f"{text!r} is no date of the form yyyy-mm-dd") from None


def _check_regex(text: str) -> str:
    wrong = regex_problem(text)
    if wrong is not None:
        raise problem("bad-regex", f"not a regular expression: {wrong}")
    return text


DateText = Annotated[str, AfterValidator(_check_date)]
Regex = Annotated[str, AfterValidator(_check_regex)]
"""A regular expression as DuckDB reads them."""
_RULES_OF = {
    "max": ("text", "enum", "list"),
    "min": ("text", "enum", "list"),
    "pattern": ("text",),
    "after": ("date", "datetime"),
    "before": ("date", "datetime"),
}


class TargetField(Word):
    """A field of an entity: its type, its rules and what it means."""

    type: Annotated[ScalarType | Literal["list", "record"], Field(description="what kind of value it is")] = "text"
    ref: Annotated[Name | None, Field(description="the entity whose key this is")] = None
    of: Annotated[TargetField | None, Field(description="what a list is a list of")] = None
    fields: Annotated[dict[Name, TargetField] | None, Field(description="the parts of a record")] = None
    values: Annotated[list[str] | None, Field(description="the values of an enum")] = None
    required: Annotated[bool, Field(description="a row without a good value is quarantined")] = False
    max: Annotated[int | None, Field(description="longest text, or most items of a list", gt=0)] = None
    min: Annotated[int | None, Field(description="shortest text, or fewest items of a list", ge=0)] = None
    pattern: Annotated[Regex | None, Field(description="a regular expression that the whole text must match")] = None
    after: Annotated[DateText | None, Field(description="the first date allowed, yyyy-mm-dd")] = None
    before: Annotated[DateText | None, Field(description="the last date allowed, yyyy-mm-dd")] = None
    pii: Annotated[str | None, Field(description="the kind of personal data this is")] = None
    description: Annotated[str, Field(description="what it means")] = ""

    @model_validator(mode="after")
    def _fits(self) -> TargetField:
        if (self.type == "list") != (self.of is not None):
            raise problem("bad-type", "a list, and only a list, says what it is a list of", "add of: {type: text}")
        if (self.type == "record") != (self.fields is not None):
            raise problem("bad-type", "a record, and only a record, has fields")
        if (self.type == "enum") != (self.values is not None):
            raise problem("bad-type", "an enum, and only an enum, lists its values")
        if self.ref is not None and self.type != "text":
            raise problem("bad-type", "a reference holds a key, so its type is text")
        for rule, kinds in _RULES_OF.items():
            if getattr(self, rule) is not None and self.type not in kinds:
                raise problem("bad-type", f"'{rule}' is a rule of {' or '.join(kinds)} fields, and this is {self.type}")
        return self

    def sql_type(self) -> str:
        """Return the DuckDB type of the value."""
        if self.type == "list":
            assert self.of is not None
            return self.of.sql_type() + "[]"
        if self.type == "record":
            assert self.fields is not None
            parts = ", ".join(f"{quote(name)} {part.sql_type()}" for name, part in self.fields.items())
            return f"STRUCT({parts})"
        return SQL_TYPES[self.type]

    def refs(self) -> list[str]:
        """Return the entities that this field, or a part of it, points to."""
        own = [self.ref] if self.ref else []
        parts = [self.of] if self.of else list((self.fields or {}).values())
        return own + [entity for part in parts for entity in part.refs()]

    def personal(self) -> bool:
        """Say whether this field, or a part of it, is personal data."""
        return bool(self.kinds())

    def kinds(self) -> list[str]:
        """Return the kinds of personal data that this field, or its parts, are."""
        parts = [self.of] if self.of else list((self.fields or {}).values())
        own = [self.pii] if self.pii is not None else []
        return list(dict.fromkeys([*own, *(kind for part in parts for kind in part.kinds())]))


def filled(raw: str, formats: Formats) -> str:
    """Return the expression of a wire text in which a blank one is NULL, where the source says so.

    A text that begins with a visible ASCII character is never blank; to trim costs ten times the look.
    """
    if formats.blank == "keep":
        return raw
    return f"CASE WHEN {raw} BETWEEN '!' AND '~' OR trim({raw}, ' \t\r\n\u00a0') <> '' THEN {raw} END"


def convert(raw: str, kind: str, formats: Formats) -> str:
    """Return the expression that reads a wire text as a value of a type; NULL where it cannot be read."""
    text = f"trim({raw})"
    if kind == "integer":
        whole = f"try_cast({text} AS BIGINT)"  # which reads 1.5 and 1e3 too
        return f"CASE WHEN {whole}::VARCHAR = {text} OR regexp_full_match({text}, '[+-]?[0-9]+') THEN {whole} END"
    if kind == "number":
        number = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
        cast = f"try_cast({text} AS DOUBLE)"
        return f"CASE WHEN regexp_full_match({text}, '{number}') AND isfinite({cast}) THEN {cast} END"
    if kind == "boolean":
        true, false = (f"list_contains({literal(list(words))}, {text})" for words in _words(formats))
        return f"CASE WHEN {true} THEN TRUE WHEN {false} THEN FALSE END"
    if kind in ("date", "datetime", "time"):
        patterns = literal(list(getattr(formats, kind)))
        return f"try_strptime({text}, {patterns})::{SQL_TYPES[kind]}"
    return raw


def _words(formats: Formats) -> tuple[list[str], list[str]]:
    return formats.boolean.true, formats.boolean.false
