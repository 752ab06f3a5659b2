"""Tests of a mapping: given records, what was sent before, and what must come of them.

They stand in the mapping (`tests:`), or in documents of their own beside it (`tests_of: <source>/<entity>`).
Next: `spec/tabled`, which reads their records and rows.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from engine.kinds.types import DateText
from engine.kinds.word import Name, Text, Texts, Word
from engine.spec.settings import SettingValue

FOLDER = "tests"
"""Folders of this name, below `mappings`, hold the documents of tests and their CSV files."""

Rows = list[dict[str, Any]] | str
"""Maps of fields; or CSV with a header, as the name of a file beside the document, or as a text of several lines."""

Given = Annotated[
    dict[Name, Rows],
    Field(
        description="the records that come, by record set, as the source writes them: text, or a list of texts. A "
        "field left out has no value, a set left out has no records. Maps, or CSV: a file beside this one, or a text"
    ),
]
FromRecording = Annotated[
    str | None,
    Field(
        description="the folder of a recording, seen from this document: its records come, but for the sets of "
        "`given`; the day is that of the recording, if `today` says no other"
    ),
]
SettingsGiven = Annotated[
    dict[Name, dict[Name, SettingValue]],
    Field(description="values of settings, by group and name, where they are not the defaults"),
]
Today = Annotated[DateText | None, Field(description="the day of the run; 2026-09-01 if nothing says it")]
Became = Literal["new", "changed", "returned", "unchanged", "held", "gone", "merged", "kept", "past"]


class Mark(Word):
    """What is held back or left out of one record; keys left out are not looked at, but for `record`."""

    record: Annotated[Text, Field(description="the record's key at the source, or its number, from 1")]
    set: Annotated[str | None, Field(description="the record set that it is of")] = None
    field: Annotated[str | None, Field(description="the target field that it is about")] = None
    rule: Annotated[str | None, Field(description="why: `required`, `type`, `code`, `duplicate-key`, …")] = None


class Before(Word):
    """What was sent before, and is in Haplo."""

    current: Annotated[Rows, Field(description="rows of the entity; fields left out were sent without a value")] = []
    gone: Annotated[Rows, Field(description="rows that were sent once, and then were gone at the source")] = []
    known_by: Annotated[
        dict[Name, dict[str, Text]],
        Field(
            description="by a name of the mapping's `known_by`, the natural keys that led to a row, each with its key"
        ),
    ] = {}


class Expect(Word):
    """What must come of the records."""

    rows: Annotated[
        Rows | None,
        Field(
            description="every row that goes out, each with its key; of a row the fields that are written are looked "
            "at. Records that are quarantined, and values held back, must then be named too"
        ),
    ] = None
    whole: Annotated[bool, Field(description="fields that are left out of `rows` must have no value")] = False
    filtered: Annotated[
        dict[str, Texts] | None, Field(description="by rule, the keys of all records that it leaves out")
    ] = None
    quarantined: Annotated[list[Mark] | None, Field(description="every record that is held back, and why")] = None
    withheld: Annotated[
        list[Mark] | None, Field(description="every value of a row that is bad, so that Haplo keeps what it has")
    ] = None
    absent: Annotated[
        Texts | None,
        Field(description="every field that is told to Haplo of no row, since no answer carried what it is made of"),
    ] = None
    told: Annotated[
        list[Mark] | None, Field(description="every item that is left out of a list, and every code never seen")
    ] = None
    merged: Annotated[
        Texts | None, Field(description="the keys of records for which another one of their key stands")
    ] = None
    changes: Annotated[
        dict[Became, Texts] | None,
        Field(description="what becomes of rows beside those of `sent`: the keys of all that are so"),
    ] = None
    objects: Annotated[
        dict[str, dict[str, Any]] | None,
        Field(description="what Haplo saves, by key: attributes with a value, or a list of values; null for none"),
    ] = None
    fails: Annotated[
        str | None, Field(description="the code of the error that ends the run, such as `field-not-sent`")
    ] = None


class Case(Word):
    """One test."""

    test: Annotated[str, Field(description="what it shows, in a few words; no two of a mapping are called the same")]
    note: Annotated[str, Field(description="for the reader")] = ""
    given: Given = {}
    recorded: FromRecording = None
    absent: Annotated[
        dict[Name, list[str]],
        Field(description="by record set, fields that no answer carried; Haplo keeps what is made of them alone"),
    ] = {}
    settings: SettingsGiven = {}
    today: Today = None
    school: Annotated[str, Field(description="the school's name, in `run.school` and in Haplo's codes")] = "school"
    title: Annotated[str, Field(description="the school's title, in `run.title`")] = ""
    time_zone: Annotated[str, Field(description="the school's time zone, in `run.time_zone`")] = "Europe/London"
    known: Annotated[
        dict[Name, Texts],
        Field(description="by entity, keys that references may hold; those to an entity left out are not looked at"),
    ] = {}
    sent: Annotated[Before | None, Field(description="what was sent before")] = None
    expect: Annotated[Expect, Field(description="what must come of it")] = Expect()


class Tests(Word):
    """Tests of one mapping, in a document of their own: `mappings/<source>/tests/*.yaml`."""

    tests_of: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$"),
        Field(description="the mapping that is tested, as SOURCE/ENTITY"),
    ]
    note: Annotated[str, Field(description="for the reader")] = ""
    given: Given = {}
    recorded: FromRecording = None
    settings: SettingsGiven = {}
    today: Today = None
    tests: Annotated[list[Case], Field(min_length=1, description="the tests; what they give goes before what is above")]

    def whole(self, case: Case) -> Case:
        """Return a test with what all tests of this document are given: a set of its own replaces a shared one."""
        groups = {*self.settings, *case.settings}
        settings = {name: {**self.settings.get(name, {}), **case.settings.get(name, {})} for name in groups}
        given = {**self.given, **case.given}
        own = {"given": given, "settings": settings}
        shared = {"today": case.today or self.today, "recorded": case.recorded or self.recorded}
        return case.model_copy(update={**own, **shared})
